use super::*;
use crate::identity::Principal;
use crate::ids::AttachmentId;
use crate::tenant::{PROFILES, Status, profile};
use crate::ticket::commands::AddNote;
use crate::ticket::commands::testing::*;
use crate::ticket::event::{StatusChanged, TicketReopened};

fn reply() -> Reply {
    Reply { body: Personal::new("Hello".to_owned()), ..Reply::default() }
}

fn with_status(status: &str) -> Reply {
    Reply { status: Some(status.to_owned()), ..reply() }
}

fn said(author: &Principal, first_response: bool) -> TicketEvent {
    ReplyAdded {
        message_id: message(1),
        author: author.actor(),
        body: Personal::new("Hello".to_owned()),
        html: None,
        attachments: vec![],
        canned_response: None,
        first_response,
    }
    .into()
}

fn reopened() -> TicketEvent {
    TicketReopened {
        from: "resolved".to_owned(),
        from_category: StatusCategory::Resolved,
        to: "open".to_owned(),
        to_category: StatusCategory::Open,
        reason: None,
        count: 1,
    }
    .into()
}

#[test]
fn the_first_of_an_agent_is_the_first_response() {
    given([opened()]).when(agent(), reply()).then([said(&agent(), true)]);
    given([opened(), reply_by(&customer(), 9)]).when(agent(), reply()).then([said(&agent(), true)]);
    given([opened(), note_by(&agent(), 9)]).when(agent(), reply()).then([said(&agent(), true)]);
    given([opened(), reply_by(&lead(), 9)]).when(agent(), reply()).then([said(&agent(), false)]);
}

#[test]
fn neither_the_customer_nor_a_machine_gives_the_first_response() {
    given([opened()]).when(customer(), reply()).then([said(&customer(), false)]);
    let machine = Principal::system(user("docket"), customer().tenant);
    given([opened()]).when(machine.clone(), reply()).then([said(&machine, false)]);
    // An agent who asks for support is a customer there.
    let own = with_roles("carla", &["support_agent"]);
    given([opened()]).when(own.clone(), reply()).then([said(&own, false)]);
}

#[test]
fn a_customers_reply_reopens_a_resolved_ticket() {
    given([opened(), resolved()]).when(customer(), reply()).then([said(&customer(), false), reopened()]);
    given([opened(), resolved()]).when(agent(), reply()).then([said(&agent(), true)]);
}

/// In every profile, from every status that waits for the customer.
#[test]
fn a_customers_reply_ends_the_wait_for_the_customer() {
    let mut waits = 0;
    for name in PROFILES {
        let settings = profile(name).unwrap();
        let waiting =
            settings.statuses.iter().filter(|status| status.category == StatusCategory::PendingCustomer);
        for waiting in waiting {
            waits += 1;
            let allowed = settings.allowed_from(&waiting.key);
            let open =
                |status: &&Status| status.category == StatusCategory::Open && allowed.contains(&&*status.key);
            let to = settings.statuses.iter().find(open).unwrap();
            let before: TicketEvent = StatusChanged {
                from: "new".to_owned(),
                from_category: StatusCategory::New,
                to: waiting.key.clone(),
                to_category: waiting.category,
                reason: None,
            }
            .into();
            let ticket = ticket_of([opened(), before]);
            let moved: TicketEvent = StatusChanged {
                from: waiting.key.clone(),
                from_category: waiting.category,
                to: to.key.clone(),
                to_category: to.category,
                reason: None,
            }
            .into();
            let replied = |actor: &Principal, reply| decide_with(&settings, &ticket, actor, reply).unwrap();
            assert_eq!(replied(&customer(), reply()), [said(&customer(), false), moved.clone()], "{name}");
            let other = with_roles("carl", &["client_user"]);
            assert_eq!(replied(&other, reply()), [said(&other, false), moved.clone()], "{name}");
            let own = with_roles("carla", &["support_agent"]);
            assert_eq!(replied(&own, reply()), [said(&own, false), moved], "{name}");
            assert_eq!(replied(&agent(), reply()), [said(&agent(), true)], "{name}");
            assert_eq!(replied(&own, with_status(&waiting.key)), [said(&own, false)], "{name}: as they say");
        }
    }
    assert_eq!(waits, 3);
}

#[test]
fn a_wait_that_leads_nowhere_takes_the_reply() {
    let mut settings = settings();
    settings.transitions.insert("waiting_customer".to_owned(), vec!["resolved".to_owned()]);
    let waiting = StatusChanged {
        from: "new".to_owned(),
        from_category: StatusCategory::New,
        to: "waiting_customer".to_owned(),
        to_category: StatusCategory::PendingCustomer,
        reason: None,
    };
    let ticket = ticket_of([opened(), waiting.into()]);
    let events = decide_with(&settings, &ticket, &customer(), reply()).unwrap();
    assert_eq!(events, [said(&customer(), false)]);
}

#[test]
fn a_customers_reply_on_a_closed_ticket_is_refused() {
    given([opened(), resolved(), closed()])
        .when(customer(), reply())
        .refused(TicketError::Ended { status: "closed".to_owned() });
    given([opened(), resolved(), closed()]).when(agent(), reply()).then([said(&agent(), true)]);
}

#[test]
fn a_status_is_set_with_it() {
    let moved = StatusChanged {
        from: "new".to_owned(),
        from_category: StatusCategory::New,
        to: "waiting_customer".to_owned(),
        to_category: StatusCategory::PendingCustomer,
        reason: None,
    };
    given([opened()])
        .when(agent(), with_status("waiting_customer"))
        .then([said(&agent(), true), moved.into()]);
    given([opened()]).when(agent(), with_status("new")).then([said(&agent(), true)]);
}

#[test]
fn a_wrong_status_refuses_the_whole() {
    let refused = given([opened()]).when(agent(), with_status("closed")).error();
    assert_eq!(refused.code(), "transition_not_allowed");
    given([opened()]).when(agent(), with_status("limbo")).invalid([("/status", "unknown_value")]);
}

#[test]
fn who_sets_no_status_sets_none_by_replying() {
    given([opened(), resolved()]).when(customer(), with_status("closed")).forbidden();
    let client = with_roles("carl", &["client_user"]);
    given([opened()]).when(client, with_status("open")).forbidden();
}

#[test]
fn text_markup_and_files_are_checked() {
    let html = |html: &str| Reply { html: Some(html.into()), ..reply() };
    let events = given([opened()]).when(agent(), html("<p>Hi<script>x()</script></p>")).events();
    let TicketEvent::ReplyAdded(said) = &events[0] else { panic!("{events:?}") };
    assert_eq!(said.html, Some(Personal::new("<p>Hi</p>".to_owned())));
    let open =
        (0..3_300).fold(String::new(), |all, id| all + &format!("<b id={id}>")) + &"<p>x".repeat(6_700);
    given([opened()]).when(agent(), html(&open)).invalid([("/html", "too_complex")]);

    let file = |name: &str, content_type: &str| AttachmentInput {
        id: None,
        name: Personal::new(name.to_owned()),
        content_type: content_type.to_owned(),
        size: 7,
    };
    let files = |files: Vec<AttachmentInput>| Reply { attachments: files, ..reply() };
    let events = given([opened()]).when(agent(), files(vec![file("a.png", "image/png")])).events();
    let TicketEvent::ReplyAdded(said) = &events[0] else { panic!("{events:?}") };
    assert_eq!(said.attachments[0].content_type, "image/png");
    given([opened()])
        .when(agent(), files(vec![file("../a", "")]))
        .invalid([("/attachments/0/name", "invalid_character"), ("/attachments/0/content_type", "required")]);
    given([opened()]).when(agent(), files(vec![file("a", "b"); 21])).invalid([("/attachments", "too_many")]);
    let blank = Reply { body: Personal::new("\n".to_owned()), ..reply() };
    given([opened()]).when(agent(), blank).invalid([("/body", "required")]);
}

#[test]
fn a_file_is_named_once_in_a_ticket_and_has_a_size_that_everybody_can_read() {
    let id = AttachmentId(uuid::Uuid::from_u128(7));
    let file = |id: Option<AttachmentId>, size: u64| AttachmentInput {
        id,
        name: Personal::new("a.png".to_owned()),
        content_type: "image/png".to_owned(),
        size,
    };
    let files = |files: Vec<AttachmentInput>| Reply { attachments: files, ..reply() };
    let named = file(Some(id), 7);
    given([opened()])
        .when(customer(), files(vec![named.clone(), named.clone()]))
        .invalid([("/attachments/1/id", "duplicate")]);
    for size in [1 << 53, u64::MAX] {
        given([opened()])
            .when(customer(), files(vec![file(None, size)]))
            .invalid([("/attachments/0/size", "out_of_range")]);
    }
    let before = given([opened()]).when(customer(), files(vec![named.clone()])).events();
    let events = [opened()].into_iter().chain(before).collect::<Vec<_>>();
    given(events.clone())
        .when(customer(), files(vec![named.clone()]))
        .invalid([("/attachments/0/id", "duplicate")]);
    let note = AddNote {
        body: Personal::new("Seen".to_owned()),
        attachments: vec![named.clone()],
        ..AddNote::default()
    };
    given(events.clone()).when(agent(), note.clone()).invalid([("/attachments/0/id", "duplicate")]);
    // What an internal note has says nothing to a customer.
    let noted = given([opened()]).when(agent(), note).events();
    let events_with_note: Vec<_> = [opened()].into_iter().chain(noted).collect();
    given(events_with_note.clone()).when(customer(), files(vec![file(named.id, 7)])).events();
    given(events_with_note)
        .when(agent(), files(vec![file(named.id, 7)]))
        .invalid([("/attachments/0/id", "duplicate")]);
    given(events).when(customer(), files(vec![file(None, 0), file(None, 0)])).events();
}
