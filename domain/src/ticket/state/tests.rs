use super::*;
use crate::ticket::commands::testing::*;
use crate::ticket::event::{TicketAssigned, TicketUnassigned};

#[test]
fn who_has_worked_on_it_is_kept_in_order() {
    let handed_on = TicketAssigned {
        from: assignment(Some("bob"), Some("desk")),
        to: assignment(Some("eve"), Some("desk")),
        reason: Some("on leave".to_owned()),
    };
    let dropped = TicketUnassigned { from: assignment(Some("eve"), Some("desk")), reason: None };
    let ticket = ticket_of([opened(), assigned("bob", "desk"), handed_on.into(), dropped.into()]);
    let agents: Vec<_> = ticket
        .assignments
        .iter()
        .map(|change| change.to.agent.as_ref().map_or("nobody", UserId::as_str))
        .collect();
    assert_eq!(agents, ["bob", "eve", "nobody"]);
    assert_eq!(ticket.assignments[1].reason.as_deref(), Some("on leave"));
    assert!(ticket.assignment.is_empty());
}

/// What is internal is nothing that a customer could count, whatever it is.
#[test]
fn only_what_customers_may_know_of_moves_their_version() {
    let events = [opened(), reply_by(&customer(), 1), note_by(&agent(), 2), spam(), redacted(1)];
    let versions: Vec<_> = (0..=events.len())
        .map(|count| ticket_of(events[..count].iter().cloned()).public_version().0)
        .collect();
    assert_eq!(versions, [0, 1, 2, 2, 2, 3]);
}

#[test]
fn each_sees_what_their_role_lets_them() {
    let ticket = ticket_of([opened()]);
    for (id, role, sees) in [
        ("carla", "customer", true),
        ("stefan", "customer", false),
        ("stefan", "client_user", true),
        ("stefan", "client_admin", true),
        ("stefan", "support_agent", true),
        ("stefan", "auditor", true),
        ("stefan", "org_support", false),
        ("carla", "org_support", true),
        ("stefan", "nobody", false),
    ] {
        assert_eq!(ticket.visible_to(&with_roles(id, &[role])), sees, "{id} as {role}");
    }
}

#[test]
fn staff_of_an_organisation_see_what_is_assigned_to_it() {
    let mut theirs = with_roles("olga", &["org_support"]);
    let to = Assignment { organization: Some(organization("choir")), ..Assignment::default() };
    let ticket =
        ticket_of([opened(), TicketAssigned { from: Assignment::default(), to, reason: None }.into()]);
    assert!(!ticket.visible_to(&theirs), "whoever names no organisation belongs to none");
    theirs.organization = Some(organization("choir"));
    assert!(ticket.visible_to(&theirs));
    theirs.organization = Some(organization("stage"));
    assert!(!ticket.visible_to(&theirs));
}

#[test]
fn notes_are_for_those_who_may_read_them() {
    let ticket = ticket_of([opened(), reply_by(&agent(), 1), note_by(&agent(), 2)]);
    let seen =
        |somebody: &Principal| [1, 2].map(|number| ticket.message_for(message(number), somebody).is_some());
    assert_eq!(seen(&customer()), [true, false]);
    assert_eq!(seen(&with_roles("anna", &["analyst"])), [true, false]);
    assert_eq!(seen(&with_roles("otto", &["auditor"])), [true, true]);
    assert_eq!(seen(&agent()), [true, true]);
}
