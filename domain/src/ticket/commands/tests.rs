//! What holds for every verb.

use serde_json::{Value, json};

use super::testing::*;
use super::*;

/// A body of each kind that the contract shows.
fn bodies() -> Vec<(&'static str, Value)> {
    vec![
        (
            "open",
            json!({"subject": "No toner", "description": "Second floor.", "category": "hardware",
            "priority": "high", "request_type": "incident", "source": "portal", "tags": ["vip"],
            "custom_fields": {"room": "2.14"}, "requester": {"id": "carla", "name": "Carla", "email": "c@x.example"},
            "channel_metadata": {"page": "/help"}}),
        ),
        ("assign", json!({"agent": "bob", "team": "desk", "organization": "choir", "reason": "x"})),
        ("unassign", json!({"reason": "x"})),
        (
            "reply",
            json!({"body": "b", "html": "<b>b</b>", "canned_response": "/welcome", "status": "open",
            "attachments": [{"name": "a.png", "content_type": "image/png", "size": 7}]}),
        ),
        ("note", json!({"body": "b", "html": "<b>b</b>", "attachments": [], "mentions": ["bob"]})),
        ("edit_message", json!({"body": "b", "html": "<b>b</b>"})),
        ("redact_message", json!({"reason": "x"})),
        ("read_message", json!({})),
        ("status", json!({"status": "open", "reason": "x"})),
        ("resolve", json!({"notes": "x"})),
        ("close", json!({"reason": "x"})),
        ("reopen", json!({"reason": "x"})),
        ("cancel", json!({"reason": "x"})),
        ("rate", json!({"rating": 5, "comment": "x"})),
        ("priority", json!({"priority": "high", "reason": "x"})),
        ("category", json!({"category": "hardware", "reason": "x"})),
        ("request_type", json!({"request_type": "incident", "reason": "x"})),
        ("subject", json!({"subject": "x", "reason": "x"})),
        ("tags", json!({"add": ["a"], "remove": ["b"]})),
        ("custom_fields", json!({"room": null})),
        ("escalate", json!({"to_role": "support_lead", "reason": "x"})),
        ("route", json!({"routing": "hybrid", "organization": "choir"})),
        ("spam", json!({"reason": "x"})),
        ("not_spam", json!({"reason": "x"})),
        ("delete", json!({"reason": "x"})),
        ("restore", json!({"reason": "x"})),
    ]
}

fn read(kind: &str, body: Value) -> Result<TicketCommand, String> {
    let read = TicketCommand::read(kind, Some(message(1)), body);
    read.expect("a known kind").map_err(|error| error.to_string())
}

/// Else it would be made safe on the threads that requests are answered on.
#[test]
fn whatever_takes_markup_has_it_made_safe_beforehand() {
    for (kind, mut body) in bodies() {
        body["html"] = "<b>b</b>".into();
        // Custom fields have whatever names they have.
        if let Ok(mut command) = read(kind, body) {
            let takes = kind != "custom_fields";
            assert_eq!((command.has_markup(), command.markup_mut().is_some()), (takes, takes), "{kind}");
        }
    }
}

#[test]
fn each_kind_is_read_as_the_contract_shows_it() {
    let kinds: Vec<_> = bodies().into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, TicketCommand::KINDS);
    for (kind, body) in bodies() {
        assert_eq!(read(kind, body).unwrap().kind(), kind);
    }
    assert!(TicketCommand::read("fly", None, json!({})).is_none());
}

#[test]
fn an_unknown_field_is_named() {
    for (kind, mut body) in bodies() {
        if kind == "custom_fields" {
            continue;
        }
        body["colour"] = json!("red");
        let error = read(kind, body).unwrap_err();
        assert!(error.contains("unknown field `colour`"), "{kind}: {error}");
    }
}

#[test]
fn a_verb_on_a_message_needs_its_id() {
    for kind in ["edit_message", "redact_message", "read_message"] {
        let read = TicketCommand::read(kind, None, json!({"body": "b"})).unwrap();
        assert!(read.unwrap_err().to_string().contains("missing field `message_id`"));
    }
}

#[test]
fn only_open_works_on_a_ticket_that_is_not_there() {
    for (kind, body) in bodies() {
        let answer = given([]).when(with_roles("root", &["platform_admin"]), read(kind, body).unwrap());
        if kind == "open" {
            assert_eq!(answer.events().len(), 1);
        } else {
            answer.refused(TicketError::NotFound);
        }
    }
}

#[test]
fn a_strangers_ticket_is_not_there_either() {
    let stranger = with_roles("stefan", &["customer"]);
    for (kind, body) in bodies().into_iter().filter(|(kind, _)| *kind != "open") {
        let answer = given([opened()]).when(stranger.clone(), read(kind, body).unwrap()).error();
        assert!(matches!(answer, TicketError::NotFound | TicketError::Denied(_)), "{kind}: {answer}");
    }
}

#[test]
fn what_was_decided_can_be_encoded_read_and_applied() {
    let settings = settings();
    for (kind, body) in bodies() {
        let before = match kind {
            "open" => ticket_of([]),
            "close" | "reopen" => ticket_of([opened(), resolved()]),
            "rate" => ticket_of([opened(), resolved()]),
            "not_spam" => ticket_of([opened(), spam()]),
            "restore" => ticket_of([opened(), deleted()]),
            "unassign" => ticket_of([opened(), assigned("bob", "desk")]),
            _ => ticket_of([opened(), reply_by(&agent(), 1)]),
        };
        let actor = match kind {
            "rate" | "read_message" => customer(),
            _ => lead(),
        };
        let command = read(kind, body).unwrap();
        let events = decide_with(&settings, &before, &actor, command).unwrap();
        let mut after = before.clone();
        for event in events {
            let payload = event.encode().unwrap();
            let again = TicketEvent::decode(event.name(), &payload).unwrap().unwrap();
            assert_eq!(again, event);
            after.apply(event);
        }
        if kind != "custom_fields" {
            assert_ne!(after, before, "{kind}");
        }
        let kept = serde_json::to_string(&after).unwrap();
        assert_eq!(serde_json::from_str::<Ticket>(&kept).unwrap(), after);
    }
}

#[test]
fn every_operation_on_a_ticket_has_its_command() {
    let reached: Vec<_> =
        bodies().into_iter().map(|(kind, body)| read(kind, body).unwrap().operation()).collect();
    let wanted = Operation::ALL.iter().filter(|operation| operation.is_command());
    for operation in wanted.filter(|operation| operation.path().starts_with("/v1/tickets")) {
        assert_eq!(reached.iter().filter(|one| *one == operation).count(), 1, "{operation:?}");
    }
}
