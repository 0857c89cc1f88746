//! Names in NATS.

use crate::envelope::RecordedEvent;

/// The subject of an event: `docket.<cell>.events.<tenant>.<aggregate type>.<aggregate id>.<event type>`.
pub fn of_event(cell: &str, event: &RecordedEvent) -> String {
    format!(
        "docket.{cell}.events.{}.{}.{}.{}",
        event.tenant_id,
        token(&event.aggregate_type),
        token(&event.aggregate_id),
        token(&event.event_type)
    )
}

/// The subjects of all events of a cell.
pub fn all_events(cell: &str) -> String {
    format!("docket.{cell}.events.>")
}

/// Where other instances tell the relay that there is something to do.
pub fn poke(cell: &str) -> String {
    format!("docket.{cell}.poke")
}

/// The stream that keeps a cell's events.
pub fn stream(cell: &str) -> String {
    format!("DOCKET_{}", cell.to_uppercase())
}

/// A text as one token of a subject: what would end or widen it is replaced.
fn token(text: &str) -> String {
    let unsafe_in_token = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '.' | '*' | '>');
    if text.is_empty() {
        "_".to_owned()
    } else if text.contains(unsafe_in_token) {
        text.replace(unsafe_in_token, "_")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use domain::ids::{CommandId, EventId, Position, TenantId, Version};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_token_stays_one_token() {
        assert_eq!(token("019a-b"), "019a-b");
        assert_eq!(token("a.b *>\n"), "a_b____");
        assert_eq!(token(""), "_");
    }

    #[test]
    fn an_event_is_where_others_are_told_that_it_is() {
        let event = RecordedEvent {
            position: Position(1),
            event_id: EventId(Uuid::nil()),
            tenant_id: TenantId(Uuid::nil()),
            aggregate_type: "ticket".to_owned(),
            aggregate_id: "a".to_owned(),
            sequence: Version(1),
            event_type: "TagAdded".to_owned(),
            event_version: "1".to_owned(),
            payload: String::new(),
            metadata: String::new(),
            command_id: CommandId(Uuid::nil()),
            recorded_at: DateTime::default(),
        };
        let filled = domain::stream::ADDRESS
            .replace("{cell}", "main")
            .replace("{tenant}", &Uuid::nil().to_string())
            .replace("{aggregateType}", "ticket")
            .replace("{aggregateId}", "a")
            .replace("{eventType}", "TagAdded");
        assert_eq!(of_event("main", &event), filled);
    }

    #[test]
    fn names_bear_the_cell() {
        assert_eq!(stream("main"), "DOCKET_MAIN");
        assert_eq!(all_events("eu-1"), "docket.eu-1.events.>");
        assert_eq!(poke("main"), "docket.main.poke");
    }
}
