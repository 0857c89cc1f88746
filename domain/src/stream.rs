//! What others can rely on where events are published: the names and forms of an event's message on
//! NATS, and the document that tells programs of it.
//!
//! It is here, beside the events, because those who publish and those who describe must say the same,
//! and both depend on this.

pub mod asyncapi;
pub mod header;
pub mod public;

/// The address of an event, with the names of what differs in braces.
pub const ADDRESS: &str = "docket.{cell}.events.{tenant}.{aggregateType}.{aggregateId}.{eventType}";
