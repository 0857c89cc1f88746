use serde_json::json;

use super::*;
use crate::ticket::commands::testing::*;

fn open(body: Value) -> Open {
    let mut whole = json!({"subject": "No toner", "description": "Second floor."});
    let members = body.as_object().unwrap().clone();
    whole.as_object_mut().unwrap().extend(members);
    serde_json::from_value(whole).unwrap()
}

fn event(actor: crate::identity::Principal, body: Value) -> TicketOpened {
    match given([]).when(actor, open(body)).events().pop() {
        Some(TicketEvent::TicketOpened(event)) => event,
        other => panic!("{other:?}"),
    }
}

#[test]
fn with_the_tenants_defaults() {
    let expected = match opened() {
        TicketEvent::TicketOpened(event) => TicketOpened { number: "TKT-00000007".to_owned(), ..event },
        other => panic!("{other:?}"),
    };
    given([]).when(customer(), open(json!({"subject": "  No toner "}))).then([expected]);
}

#[test]
fn with_everything_said() {
    let event = event(
        agent(),
        json!({
            "category": " hardware ", "priority": "critical", "request_type": "incident",
            "source": "phone", "tags": ["vip", " vip"], "custom_fields": {"room": "2.14", "none": null},
            "requester": {"id": "dora", "name": "Dora", "email": "dora@x.example"},
            "channel_metadata": {"line": 3},
        }),
    );
    assert_eq!(event.category.as_deref(), Some("hardware"));
    assert_eq!((event.priority.as_str(), event.priority_rank), ("critical", 1));
    assert_eq!(event.source, Source::Phone);
    assert_eq!(event.tags, ["vip"]);
    assert_eq!(event.custom_fields, [("room".to_owned(), json!("2.14"))].into());
    assert_eq!(event.requester.id, user("dora"));
    assert_eq!(event.requester.name, Some(Personal::new("Dora".to_owned())));
    assert_eq!(event.channel_metadata, Some(Personal::new(json!({"line": 3}))));
}

#[test]
fn who_is_known_by_address_alone_gets_an_id_from_it() {
    let event = event(agent(), json!({"requester": {"email": "Dora@X.example"}}));
    assert_eq!(event.requester.id, user("email:dora@x.example"));
    given([])
        .when(agent(), open(json!({"requester": {"name": "Dora"}})))
        .invalid([("/requester", "required")]);
    given([])
        .when(agent(), open(json!({"requester": {"email": "nowhere"}})))
        .invalid([("/requester/email", "invalid_email")]);
}

#[test]
fn customers_open_for_themselves() {
    let mut carla = customer();
    carla.name = Some("Carla".to_owned());
    carla.email = Some("carla@x.example".to_owned());
    carla.organization = Some(organization("choir"));
    for requester in [json!({"id": "carla"}), json!({"email": "carla@x.example"}), json!({})] {
        let event = event(carla.clone(), json!({"requester": requester}));
        assert_eq!(event.requester.id, user("carla"));
        assert_eq!(event.requester.email, Some(Personal::new("carla@x.example".to_owned())));
        assert_eq!(event.organization, Some(organization("choir")));
    }
    for requester in [json!({"id": "dora"}), json!({"email": "dora@x.example"})] {
        let open = open(json!({"requester": requester}));
        given([]).when(carla.clone(), open).refused(TicketError::OnlyForSelf);
    }
}

#[test]
fn all_that_is_wrong_is_named_at_once() {
    let wrong = json!({
        "subject": " ", "description": "a\0b", "priority": "meteoric", "category": "x".repeat(256),
        "tags": [""], "custom_fields": {"a": "\0", "b": {}}, "channel_metadata": {"a": ["\0"]},
    });
    given([]).when(agent(), open(wrong)).invalid([
        ("/subject", "required"),
        ("/description", "invalid_character"),
        ("/category", "too_long"),
        ("/priority", "unknown_value"),
        ("/tags/0", "required"),
        ("/custom_fields/a", "invalid_character"),
        ("/custom_fields/b", "invalid_type"),
        ("/channel_metadata", "invalid_character"),
    ]);
    given([]).when(customer(), open(json!({"subject": "x".repeat(501)}))).invalid([("/subject", "too_long")]);
}

#[test]
fn the_same_ticket_is_not_opened_twice() {
    given([opened()]).when(customer(), open(json!({}))).refused(TicketError::AlreadyOpened);
}

#[test]
fn auditors_open_none() {
    given([]).when(with_roles("otto", &["auditor"]), open(json!({}))).forbidden();
}
