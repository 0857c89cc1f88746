//! Policies and calendars.

use domain::sla::calendar::CalendarSpec;
use domain::sla::event::*;
use domain::sla::policy::PolicySpec;
use serde_json::json;

pub(super) fn all() -> Vec<SlaEvent> {
    let (key, keys) = ("night".to_owned(), |keys: [&str; 2]| keys.map(str::to_owned).to_vec());
    vec![
        PolicyAdded { policy: policy(60), place: 1 }.into(),
        PolicyChanged { from: policy(60), to: policy(45) }.into(),
        PolicyRemoved { policy: policy(45) }.into(),
        PoliciesReordered { from: keys(["rest", "vip"]), to: keys(["vip", "rest"]) }.into(),
        CalendarAdded { key: key.clone(), calendar: calendar("Europe/Berlin") }.into(),
        CalendarChanged { key: key.clone(), from: calendar("Europe/Berlin"), to: calendar("UTC") }.into(),
        CalendarRemoved { key, calendar: calendar("UTC") }.into(),
        AutoCloseChanged { from_days: Some(7), to_days: Some(14) }.into(),
    ]
}

fn policy(first_response: i64) -> PolicySpec {
    serde_json::from_value(json!({
        "key": "vip",
        "name": "Very important",
        "when": {
            "priority_rank": [1, 2], "category": ["hardware"], "request_type": ["incident"],
            "organization": ["choir"], "tag": ["vip"],
        },
        "calendar": "night",
        "first_response": first_response,
        "next_reply": 120,
        "resolution": 480,
        "warning": {"minutes_before": 15},
        "reopen": "anew",
        "escalation": [
            {"after": {"breach": "first_response"}, "to": {"role": "support_lead"}, "raise_priority": true},
            {"after": {"percent_used": ["resolution", 150]}, "to": {"team": "night"}, "reassign": true},
            {"after": {"open_hours": 48}, "to": {"agent": "lena"}},
        ],
    }))
    .unwrap()
}

fn calendar(zone: &str) -> CalendarSpec {
    serde_json::from_value(json!({
        "name": "Night shift",
        "time_zone": zone,
        "weekly": {
            "monday": [{"from": "22:00", "to": "06:00"}, {"from": "12:00", "to": "12:30:30"}],
            "sunday": [{"from": "00:00", "to": "24:00"}],
        },
        "holidays": [{"date": "12-25", "name": "Christmas"}, {"date": "2026-04-06"}],
    }))
    .unwrap()
}
