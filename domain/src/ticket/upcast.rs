//! Old versions of events, lifted to the present form when they are read. What is in the log is
//! never rewritten.

use std::collections::HashMap;

use cqrs_es::persist::{EventUpcaster, SerializedEvent};
use serde_json::Value;

use super::event::TicketEscalated;

/// Turns the payload of one version into that of the next.
pub type Lift = fn(Value) -> Value;

/// The ways up from every version that was ever written. `default()` knows those of this program.
#[derive(Clone, Debug)]
pub struct Upcasters {
    steps: HashMap<(String, String), (String, Lift)>,
}

impl Default for Upcasters {
    fn default() -> Self {
        // Version 2 says more, and nothing differently: a team, and the rule that was followed.
        Self { steps: HashMap::new() }.with(TicketEscalated::NAME, "1", "2", |value| value)
    }
}

impl Upcasters {
    /// Adds the step from one version of an event type to a later one.
    pub fn with(mut self, event_type: &str, from_version: &str, to_version: &str, lift: Lift) -> Self {
        let from = (event_type.to_owned(), from_version.to_owned());
        self.steps.insert(from, (to_version.to_owned(), lift));
        self
    }

    /// Goes up step by step. `None` if there is no way from the one version to the other.
    pub fn lift(&self, event_type: &str, from: &str, to: &str, mut value: Value) -> Option<Value> {
        let mut key = (event_type.to_owned(), from.to_owned());
        // As many steps as there are at most: a circle ends.
        for _ in 0..=self.steps.len() {
            if key.1 == to {
                return Some(value);
            }
            let (next, lift) = self.steps.get(&key)?;
            value = lift(value);
            key.1.clone_from(next);
        }
        None
    }
}

/// For stores that read through cqrs-es.
impl EventUpcaster for Upcasters {
    fn can_upcast(&self, event_type: &str, event_version: &str) -> bool {
        self.steps.contains_key(&(event_type.to_owned(), event_version.to_owned()))
    }

    fn upcast(&self, mut event: SerializedEvent) -> SerializedEvent {
        let mut key = (event.event_type.clone(), event.event_version.clone());
        for _ in 0..self.steps.len() {
            let Some((next, lift)) = self.steps.get(&key) else { break };
            event.payload = lift(event.payload);
            key.1.clone_from(next);
        }
        event.event_version = key.1;
        event
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::event::{Event, TICKET, decode};
    use crate::ticket::event::TagAdded;

    /// As if `TagAdded` had been `{"name"}` in version 0.8 and `{"label"}` in 0.9.
    fn upcasters() -> Upcasters {
        fn rename(mut value: Value, from: &str, to: &str) -> Value {
            if let Some(members) = value.as_object_mut()
                && let Some(found) = members.remove(from)
            {
                members.insert(to.to_owned(), found);
            }
            value
        }
        Upcasters::default().with("TagAdded", "0.8", "0.9", |value| rename(value, "name", "label")).with(
            "TagAdded",
            "0.9",
            "1",
            |value| rename(value, "label", "tag"),
        )
    }

    #[test]
    fn old_versions_are_read_step_by_step() {
        for (version, payload) in
            [("0.8", r#"{"name":"vip"}"#), ("0.9", r#"{"label":"vip"}"#), ("1", r#"{"tag":"vip"}"#)]
        {
            let read = decode(TICKET, "TagAdded", version, payload, &upcasters()).unwrap();
            assert_eq!(read, Event::Ticket(TagAdded { tag: "vip".to_owned() }.into()));
        }
    }

    #[test]
    fn a_circle_ends() {
        let circle = upcasters().with("TagAdded", "1", "0.8", |value| value);
        assert_eq!(circle.lift("TagAdded", "0.8", "2", json!({})), None);
    }

    #[test]
    fn cqrs_es_gets_the_same() {
        let old = SerializedEvent {
            aggregate_id: "t".to_owned(),
            sequence: 1,
            aggregate_type: TICKET.to_owned(),
            event_type: "TagAdded".to_owned(),
            event_version: "0.8".to_owned(),
            payload: json!({"name": "vip"}),
            metadata: json!({}),
        };
        assert!(upcasters().can_upcast("TagAdded", "0.8"));
        assert!(!upcasters().can_upcast("TagAdded", "1"));
        let new = upcasters().upcast(old);
        assert_eq!((new.event_version.as_str(), new.payload), ("1", json!({"tag": "vip"})));
    }
}
