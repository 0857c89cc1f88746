use cqrs_es::test::TestFramework;
use serde_json::{Map, Value, json};

use super::*;
use crate::sla::Configuration;
use crate::sla::event::*;

fn body(value: Value) -> Map<String, Value> {
    let Value::Object(members) = value else { unreachable!() };
    members
}

fn decide(command: impl Into<SlaCommand>, before: &[SlaEvent]) -> Result<Vec<SlaEvent>, SlaError> {
    let mut sla = Sla::default();
    for event in before {
        sla.apply(event.clone());
    }
    command.into().decide(&sla)
}

fn names(events: &[SlaEvent]) -> Vec<&'static str> {
    events.iter().map(SlaEvent::name).collect()
}

fn faults(refused: Result<Vec<SlaEvent>, SlaError>) -> Vec<(String, &'static str)> {
    let Err(SlaError::Invalid(errors)) = refused else { panic!("{refused:?} isn't invalid") };
    errors.into_iter().map(|error| (error.pointer, error.code)).collect()
}

fn vip() -> AddPolicy {
    AddPolicy::read(body(json!({
        "key": "vip", "name": "VIP", "when": {"tag": ["vip"]}, "first_response": 5, "resolution": 60,
    })))
    .unwrap()
}

#[test]
fn a_new_policy_comes_first_unless_its_place_is_said() {
    let [SlaEvent::PolicyAdded(added)] = &decide(vip(), &[]).unwrap()[..] else { panic!() };
    assert_eq!((added.policy.key.as_str(), added.place), ("vip", 0));
    let last = AddPolicy { place: Some(99), ..vip() };
    let [SlaEvent::PolicyAdded(added)] = &decide(last, &[]).unwrap()[..] else { panic!() };
    assert_eq!(added.place, 4);
}

#[test]
fn a_policy_that_is_there_is_not_added_again() {
    let added = decide(vip(), &[]).unwrap();
    let exists = SlaError::Exists { what: "policy", key: "vip".into() };
    TestFramework::<Sla>::with(()).given(added).when(vip().into()).then_expect_error(exists);
}

#[test]
fn what_is_named_changes_and_null_goes() {
    let change = |patch: Value| ChangePolicy::read("critical".into(), body(patch)).unwrap();
    let events = decide(change(json!({"first_response": 10, "calendar": null})), &[]).unwrap();
    let [SlaEvent::PolicyChanged(changed)] = &events[..] else { panic!() };
    assert_eq!((changed.from.first_response, changed.to.first_response), (Some(15), Some(10)));
    assert_eq!(changed.to.calendar, None);
    assert_eq!(changed.to.resolution, Some(120));
    assert_eq!(decide(change(json!({"first_response": 15})), &[]).unwrap(), []);
    assert_eq!(names(&decide(change(json!({"place": 4})), &[]).unwrap()), ["PoliciesReordered"]);
    assert_eq!(faults(decide(change(json!({"key": "other"})), &[])), [("/key".into(), "immutable")]);
    assert_eq!(faults(decide(change(json!({"colour": 1})), &[])), [("/colour".into(), "unknown_field")]);
    let nobody = ChangePolicy::read("nobody".into(), Map::new()).unwrap();
    assert_eq!(decide(nobody, &[]), Err(SlaError::NotFound("policy")));
}

#[test]
fn every_fault_is_named_with_its_place() {
    let bad = AddPolicy::read(body(json!({
        "key": "bad", "name": "", "when": {"priority_rank": [1]}, "calendar": "moon",
        "first_response": 0, "resolution": 6_000_000, "warning": {"percent": 100},
        "escalation": [{"after": {"breach": "next_reply"}, "to": {"role": " "}}],
    })))
    .unwrap();
    assert_eq!(
        faults(decide(bad, &[])),
        [
            ("/name".into(), "invalid"),
            ("/calendar".into(), "unknown_value"),
            ("/first_response".into(), "out_of_range"),
            ("/resolution".into(), "out_of_range"),
            ("/warning".into(), "invalid"),
            ("/escalation/0/to".into(), "required"),
            ("/escalation/0".into(), "invalid"),
            ("/when".into(), "matches_alike"),
        ]
    );
    let error = AddPolicy::read(body(json!({"key": "x", "name": "X", "resolution": "soon"}))).unwrap_err();
    assert_eq!((error.pointer.as_str(), error.code), ("/resolution", "wrong_type"));
    let error = AddPolicy::read(body(json!({"place": 0}))).unwrap_err();
    assert_eq!(error.pointer, "/place");
}

#[test]
fn a_calendar_is_checked_as_a_whole() {
    let bad = AddCalendar::read(body(json!({
        "key": "night", "name": "Night", "time_zone": "Europe/Atlantis",
        "weekly": {"monday": [{"from": "22:00", "to": "06:00"}], "tuesday": [{"from": "05:00", "to": "07:00"}]},
        "holidays": [{"date": "2026-02-30"}],
    })))
    .unwrap();
    assert_eq!(
        faults(decide(bad, &[])),
        [
            ("/time_zone".into(), "unknown_value"),
            ("/weekly/tuesday".into(), "overlap"),
            ("/holidays".into(), "invalid"),
        ]
    );
    assert_eq!(AddCalendar::read(Map::new()).unwrap_err().pointer, "/key");
}

#[test]
fn a_calendar_in_use_stays() {
    let remove = RemoveCalendar { key: "office".into() };
    let Err(SlaError::InUse { policies, .. }) = decide(remove, &[]) else { panic!() };
    assert_eq!(policies, ["critical", "high", "medium", "low"]);
}

#[test]
fn holidays_are_taken_over_once() {
    let icalendar = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:x\r\nSUMMARY:Good Friday\r\n\
        DTSTART;VALUE=DATE:20270326\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let now = "2026-03-01T00:00:00Z".parse().unwrap();
    let of = |text: &str, strict: bool| {
        ImportHolidays::new("office".into(), ImportHolidaysBody { icalendar: text.into(), strict }, now)
    };
    let import = |text: &str| of(text, false);
    let events = decide(import(icalendar), &[]).unwrap();
    let [SlaEvent::CalendarChanged(changed)] = &events[..] else { panic!() };
    assert_eq!(changed.to.holidays[0].date, "2027-03-26");
    assert_eq!(decide(import(icalendar), &events).unwrap(), []);
    assert_eq!(import(icalendar).report(&events), ImportReport { added: 1, ..ImportReport::default() });
    assert_eq!(faults(decide(import("?"), &[])), [("/icalendar".into(), "invalid")]);
    let timed = icalendar.replace(
        "END:VCALENDAR",
        "BEGIN:VEVENT\r\nUID:half\r\nDTSTART:20270326T120000Z\r\nEND:VEVENT\r\nEND:VCALENDAR",
    );
    let read = of(&timed, false).read(&|| false);
    assert_eq!(decide(read.clone(), &[]).unwrap(), events);
    let report = read.report(&events);
    assert_eq!((report.added, report.left_out.len(), report.left_out[0].line), (1, 1, 9));
    assert_eq!(faults(decide(of(&timed, true), &[])), [("/icalendar".into(), "invalid")]);
    // A file of which nothing can be taken is no success.
    let nothing = timed.replace(";VALUE=DATE:20270326", ":20270326T080000Z");
    assert_eq!(faults(decide(of(&nothing, false), &[])).len(), 2);
}

#[test]
fn a_whole_configuration_changes_at_once() {
    let draft = json!({
        "auto_close_days": 7,
        "calendars": {"office": null, "always": {"name": "Always", "time_zone": "UTC",
            "weekly": {"sunday": [{"from": "00:00", "to": "24:00"}]}}},
        "policies": [
            {"key": "low", "name": "Low", "when": {"priority_rank": [4]}, "resolution": 60},
            {"key": "all", "name": "All", "resolution": 600, "calendar": "always"},
        ],
    });
    let events = decide(ChangeSla { patch: body(draft.clone()) }, &[]).unwrap();
    assert_eq!(
        names(&events),
        [
            "CalendarAdded",
            "PolicyRemoved",
            "PolicyRemoved",
            "PolicyRemoved",
            "PolicyChanged",
            "PolicyAdded",
            "CalendarRemoved",
            "AutoCloseChanged",
        ]
    );
    let mut sla = Sla::default();
    for event in &events {
        sla.apply(event.clone());
    }
    let mut wanted: Configuration = serde_json::from_value(json!({})).unwrap();
    wanted.auto_close_days = Some(7);
    assert_eq!(sla.configuration.auto_close_days, wanted.auto_close_days);
    assert_eq!(
        sla.configuration.policies.iter().map(|one| one.key.as_str()).collect::<Vec<_>>(),
        ["low", "all"]
    );
    assert_eq!(sla.configuration.calendars.keys().collect::<Vec<_>>(), ["always"]);
    assert_eq!(decide(ChangeSla { patch: body(draft) }, &events).unwrap(), []);
}

#[test]
fn a_whole_that_does_not_hold_together_is_refused_with_every_fault() {
    let twice = json!({"key": "a", "name": "A", "resolution": 60});
    let patch = json!({
        "auto_close_days": 0,
        "calendars": {"void": {"name": "Void", "time_zone": "UTC", "weekly": {}}},
        "policies": [twice, twice, {"key": "b", "name": "B", "resolution": -1, "when": {"tag": ["x"]}}],
    });
    assert_eq!(
        faults(decide(ChangeSla { patch: body(patch) }, &[])),
        [
            ("/auto_close_days".into(), "invalid"),
            ("/calendars/void/weekly".into(), "no_working_time"),
            ("/policies/0/key".into(), "duplicate"),
            ("/policies/0/when".into(), "matches_alike"),
            ("/policies/2/resolution".into(), "out_of_range"),
        ]
    );
}

#[test]
fn what_no_column_could_hold_is_refused_where_it_stands() {
    let add = |patch: Value| {
        let mut whole =
            body(json!({"key": "new", "name": "New", "when": {"tag": ["new"]}, "resolution": 60}));
        whole.extend(body(patch));
        faults(decide(AddPolicy::read(whole).unwrap(), &[]))
    };
    let step = |to: Value| json!({"escalation": [{"after": {"breach": "resolution"}, "to": to}]});
    for (patch, pointer, code) in [
        (json!({"name": "a\0b"}), "/name", "invalid"),
        (json!({"when": {"tag": ["ok", "a\0b"]}}), "/when/tag/1", "invalid"),
        (json!({"when": {"category": ["x".repeat(256)]}}), "/when/category/0", "invalid"),
        (json!({"when": {"organization": vec!["x"; 1_001]}}), "/when/organization", "too_many"),
        (
            json!({"when": {"priority_rank": (1..=1_001).collect::<Vec<i32>>()}}),
            "/when/priority_rank",
            "too_many",
        ),
        (step(json!({"role": "a\0b"})), "/escalation/0/to", "invalid"),
        (step(json!({"team": "x".repeat(256)})), "/escalation/0/to", "invalid"),
    ] {
        assert_eq!(add(patch), [(pointer.to_owned(), code)]);
    }
}

/// What was taken before there were bounds holds, and other changes go on beside it.
#[test]
fn what_was_taken_before_is_left_alone() {
    let [SlaEvent::PolicyAdded(added)] = &decide(vip(), &[]).unwrap()[..] else { panic!() };
    let mut old = added.clone();
    old.policy.when.tag = vec!["a\0b".to_owned()];
    let change = ChangePolicy::read("critical".into(), body(json!({"first_response": 10}))).unwrap();
    assert_eq!(names(&decide(change, &[old.clone().into()]).unwrap()), ["PolicyChanged"]);
    let change = ChangePolicy::read("vip".into(), body(json!({"first_response": 10}))).unwrap();
    assert_eq!(faults(decide(change, &[old.into()])), [("/when/tag/0".to_owned(), "invalid")]);
}
