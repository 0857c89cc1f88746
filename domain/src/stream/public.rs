//! Events as they are published: types of their own, with versions of their own, made from the stored ones.
//!
//! So the log can change how it keeps a fact, and who follows events doesn't notice. What a public type says
//! is kept in `contracts/public`, as what is stored is in `contracts`, and by the same rules.
//!
//! Most of what is stored has the public form already, byte for byte. [`Contract::as_stored`] says which
//! versions, and those aren't even parsed: the relay publishes tens of thousands of events a second.

pub mod export;
mod from_stored;
mod listing;
mod metadata;
mod schema;
pub mod sla;
pub mod tenant;
pub mod ticket;

pub(super) use listing::subschemas;
pub use listing::{CONTRACTS, Contract, PublicEvent};
pub use metadata::{Actor, ActorKind, Metadata};
pub use schema::{PublicSchema, schemas};

use std::borrow::Cow;

use crate::event::decode;
use crate::ticket::upcast::Upcasters;

/// What goes out for a stored event.
#[derive(Debug, PartialEq)]
pub struct Published<'a> {
    /// What the body is. None if this program can't read the event: it goes out as it is stored.
    pub contract: Option<&'static Contract>,
    /// The fact, as JSON: borrowed if it is the stored bytes.
    pub body: Cow<'a, str>,
}

/// The public form of a stored event.
///
/// What passes through isn't looked at, so a payload that is damaged in the log is published as such. What
/// this program can't read (it is newer, or damaged) goes out as it is stored: it must not hold up the others,
/// and its place can't be left empty.
pub fn publish<'a>(
    aggregate_type: &str,
    event_type: &str,
    stored_version: &str,
    payload: &'a str,
    upcasters: &Upcasters,
) -> Published<'a> {
    if let Some(contract) = Contract::of(aggregate_type, event_type)
        && contract.as_stored.contains(&stored_version)
    {
        return Published { contract: Some(contract), body: Cow::Borrowed(payload) };
    }
    converted(aggregate_type, event_type, stored_version, payload, upcasters)
        .unwrap_or(Published { contract: None, body: Cow::Borrowed(payload) })
}

fn converted<'a>(
    aggregate_type: &str,
    event_type: &str,
    stored_version: &str,
    payload: &str,
    upcasters: &Upcasters,
) -> Option<Published<'a>> {
    let event = decode(aggregate_type, event_type, stored_version, payload, upcasters).ok()?;
    let public = PublicEvent::of(&event);
    let body = serde_json::to_string(&public).ok()?;
    Some(Published { contract: Some(public.contract()), body: Cow::Owned(body) })
}
