use std::collections::BTreeMap;

use super::*;
use crate::sla::Configuration;
use crate::sla::calendar::CalendarSpec;

fn calendars(json: serde_json::Value) -> BTreeMap<String, CalendarSpec> {
    serde_json::from_value(json).unwrap()
}

fn policy(json: serde_json::Value) -> PolicySpec {
    serde_json::from_value(json).unwrap()
}

fn subject(rank: i32) -> Subject {
    Subject { priority_rank: rank, ..Subject::default() }
}

#[test]
fn profile_d_promises_what_is_required() {
    let rules = Rules::new(Configuration::starting()).unwrap();
    for (rank, response, resolution, percent, whom) in [
        (1, 15, 120, 75, "support_manager"),
        (2, 60, 480, 75, "support_manager"),
        (3, 240, 1440, 80, "support_lead"),
        (4, 1440, 4320, 85, "support_lead"),
    ] {
        let spec = &rules.policy_for(&subject(rank)).unwrap().spec;
        assert_eq!((spec.first_response, spec.resolution), (Some(response), Some(resolution)));
        assert_eq!(spec.warning, Some(Warning::Percent(percent)));
        assert!(spec.escalation.iter().all(|step| step.to == Whom::Role(whom.into())));
        assert_eq!(spec.calendar.as_deref(), Some("office"));
    }
}

#[test]
fn the_first_that_fits_holds() {
    let any = |key: &str, when: serde_json::Value| {
        policy(serde_json::json!({"key": key, "name": key, "when": when, "resolution": 60}))
    };
    let policies = [
        any("vip", serde_json::json!({"tag": ["vip"], "priority_rank": [1, 2]})),
        any("acme", serde_json::json!({"organization": ["acme"], "category": ["network"]})),
        any("all", serde_json::json!({})),
    ];
    let rules = Rules::new(&Configuration { policies: policies.into(), ..Configuration::default() }).unwrap();
    let key = |subject: &Subject| rules.policy_for(subject).unwrap().spec.key.clone();
    let tagged = Subject { tags: vec!["old".into(), "vip".into()], ..subject(2) };
    assert_eq!(key(&tagged), "vip");
    assert_eq!(key(&Subject { priority_rank: 3, ..tagged }), "all");
    let acme = Subject { organization: Some("acme".into()), category: Some("network".into()), ..subject(1) };
    assert_eq!(key(&acme), "acme");
    assert_eq!(key(&Subject { category: None, ..acme }), "all");
}

#[test]
fn bad_configuration_is_refused_whole_with_every_fault() {
    let policies = [
        policy(serde_json::json!({"key": "zero", "name": "Zero", "first_response": 0, "resolution": -5})),
        policy(
            serde_json::json!({"key": "long", "name": "", "resolution": 10 * 366 * 24 * 60 + 1, "calendar": "nowhere"}),
        ),
        policy(serde_json::json!({"key": "Two Words", "name": "x", "when": {"priority_rank": [2, 1]}})),
        policy(
            serde_json::json!({"key": "step", "name": "x", "when": {"priority_rank": [1, 2]}, "resolution": 60,
            "warning": {"percent": 100},
            "escalation": [
                {"after": {"breach": "resolution"}, "to": {"role": " "}},
                {"after": {"breach": "first_response"}, "to": {"team": "night"}},
                {"after": {"percent_used": ["resolution", 100]}, "to": {"agent": "ada"}},
                {"after": {"open_hours": 0}, "to": {"agent": "ada"}},
                {"after": {"open_hours": 1}, "to": {"role": "support_lead"}, "reassign": true}]}),
        ),
        policy(serde_json::json!({"key": "step", "name": "x", "when": {"tag": ["a"]}, "resolution": 60})),
    ];
    let bad = serde_json::json!({"moon": {"name": "Moon", "time_zone": "Moon/Base",
        "weekly": {"monday": [{"from": "09:00", "to": "17:00"}, {"from": "16:00", "to": "18:00"}]}}});
    let errors = Rules::new(&Configuration {
        policies: policies.into(),
        calendars: calendars(bad),
        auto_close_days: None,
    })
    .unwrap_err();
    let told: Vec<String> = errors.iter().map(ToString::to_string).collect();
    for wanted in [
        "calendar \"moon\": time_zone: there is no \"Moon/Base\"",
        "calendar \"moon\": weekly.Monday: the window from 16:00 overlaps",
        "policy \"zero\": first_response: from 1 minute to ten years (5270400 minutes), not 0",
        "policy \"zero\": resolution: from 1 minute",
        "policy \"long\": resolution: from 1 minute",
        "policy \"long\": name",
        "policy \"long\": calendar: there is no \"nowhere\"",
        "policies \"zero\" and \"long\" match alike",
        "\"Two Words\" is no key",
        "policy \"Two Words\": it has no target",
        "policies \"Two Words\" and \"step\" match alike",
        "policy \"step\" is there twice",
        "policy \"step\": warning",
        "policy \"step\": escalation 0: it is to nobody",
        "policy \"step\": escalation 1: the policy has no such target",
        "policy \"step\": escalation 2: percent_used",
        "policy \"step\": escalation 3: open_hours",
        "policy \"step\": escalation 4: a role can't be assigned to",
    ] {
        assert!(told.iter().any(|line| line.contains(wanted)), "{wanted}: {told:#?}");
    }
}
