//! Ids that follow from what an event is about, so that the same one never has two.

use domain::ids::{CommandId, EventId, NAMESPACE, TicketId, Version};
use domain::ticket::TicketEvent;
use uuid::Uuid;

/// The execution that follows a ticket's version.
pub(super) fn command(ticket: TicketId, after: Version) -> CommandId {
    CommandId(of(&format!("{ticket}:{after}")))
}

/// The event: by what is raised once for ever; what follows from it by its place after the version.
pub(super) fn event(ticket: TicketId, after: Version, nth: usize, event: &TicketEvent) -> EventId {
    EventId(of(&match event {
        TicketEvent::SlaWarned(event) => {
            format!("{ticket}:{}:{}:{}:warned", event.metric.as_str(), event.instance, event.generation)
        }
        TicketEvent::SlaBreached(event) => {
            format!("{ticket}:{}:{}:{}:breached", event.metric.as_str(), event.instance, event.generation)
        }
        TicketEvent::TicketEscalated(event) => match &event.rule {
            Some(rule) => format!(
                "{ticket}:{}:{}:{}:{}:escalated",
                rule.metric.as_str(),
                rule.instance,
                rule.policy,
                rule.step
            ),
            None => format!("{ticket}:{after}:{nth}"),
        },
        _ => format!("{ticket}:{after}:{nth}"),
    }))
}

fn of(name: &str) -> Uuid {
    Uuid::new_v5(&NAMESPACE, format!("sla_timers:{name}").as_bytes())
}
