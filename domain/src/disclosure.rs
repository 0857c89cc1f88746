//! Who may read what of an event: the one table that every view, format and stream goes by.
//!
//! A row for each type of event says who may know that it happened at all, and for each of its fields who may
//! read that. What nobody on the customers' side may know of is internal: it moves no version, position or time
//! that they get ([`crate::ticket::Ticket::public_version`]). `domain/tests/contracts/disclosure.rs` holds the table
//! against every schema that was ever stored or published: a field without a row doesn't pass.

mod table;

pub use table::{DISCLOSURES, METADATA};

use serde_json::Value;

use crate::event::{Event, TICKET};
use crate::identity::{Permission, Principal};
use crate::ticket::TicketEvent;

/// Who may read something of a ticket that they see, or of the tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reader {
    /// Whoever sees the ticket.
    Everyone,
    /// Staff, and whoever did it.
    Actor,
    /// Staff.
    Staff,
    /// Staff with `notes.read`.
    Notes,
    /// Staff with `audit.read`.
    Audit,
}

impl Reader {
    /// Whether this is somebody who may read it. `actor` is who did it.
    pub fn admits(self, somebody: &Principal, actor: &str) -> bool {
        match self {
            Self::Everyone => true,
            Self::Actor => somebody.is_staff() || somebody.user.as_str() == actor,
            Self::Staff => somebody.is_staff(),
            Self::Notes => somebody.sees_notes(),
            Self::Audit => somebody.is_staff() && somebody.has(Permission::AuditRead),
        }
    }

    /// As documents name them.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Everyone => "everyone",
            Self::Actor => "staff, and who did it",
            Self::Staff => "staff",
            Self::Notes => "`notes.read`",
            Self::Audit => "`audit.read`",
        }
    }
}

/// A row of the table: a type of event, whatever its version.
#[derive(Clone, Copy, Debug)]
pub struct Disclosure {
    /// The kind of thing that it happens to.
    pub aggregate: &'static str,
    /// The type's name.
    pub event: &'static str,
    /// Who may know that it happened.
    pub reader: Reader,
    /// Its fields by who may read them: paths, with dots between names, and nothing for the elements of a list. A
    /// path that only `audit.read` opens stands for all that is below it.
    pub fields: &'static [(Reader, &'static [&'static str])],
    /// The fields that are gone for everyone once the message is redacted, with all that is below them.
    pub texts: &'static [&'static str],
}

/// What a schema promises to be there is emptied where it may not be read; anything else is left out.
pub const EMPTIED: &[&str] = &["body", "former_body"];

impl Disclosure {
    /// The row of a type of event. `None` if nobody here knows the type.
    pub fn of(aggregate: &str, event: &str) -> Option<&'static Self> {
        DISCLOSURES.iter().find(|row| row.event == event && row.aggregate == aggregate)
    }

    /// Who may read a field; `None` if there is none of this path.
    pub fn field(&self, path: &str) -> Option<Reader> {
        self.fields.iter().find(|(_, paths)| paths.contains(&path)).map(|(reader, _)| *reader)
    }

    /// The fields that somebody may not read, of an event that they may know of.
    pub fn hidden<'a>(
        &'static self,
        somebody: &'a Principal,
        actor: &'a str,
    ) -> impl Iterator<Item = &'static str> + use<'a> {
        let closed = self.fields.iter().filter(|(reader, _)| !reader.admits(somebody, actor));
        closed.flat_map(|(_, paths)| paths.iter().copied())
    }
}

/// Whether somebody may read a field of a ticket's event, by whoever did it. What has no row is nobody's.
pub fn may_read(somebody: &Principal, actor: &str, event: &str, field: &str) -> bool {
    Disclosure::of(TICKET, event)
        .and_then(|row| row.field(field))
        .is_some_and(|reader| reader.admits(somebody, actor))
}

/// Whether somebody may read a circumstance of what somebody did: a path of [`crate::metadata::Metadata`].
pub fn may_read_metadata(somebody: &Principal, actor: &str, field: &str) -> bool {
    METADATA
        .iter()
        .find(|(_, paths)| paths.contains(&field))
        .is_some_and(|(reader, _)| reader.admits(somebody, actor))
}

/// Takes a field out of an event's JSON, wherever it occurs.
pub fn take_out(data: &mut Value, path: &str) {
    let (name, below) = match path.split_once('.') {
        Some((name, below)) => (name, Some(below)),
        None => (path, None),
    };
    match data {
        Value::Array(elements) => elements.iter_mut().for_each(|element| take_out(element, path)),
        Value::Object(members) => match (below, members.get_mut(name)) {
            (Some(below), Some(value)) => take_out(value, below),
            (None, Some(value)) if EMPTIED.contains(&name) => *value = Value::String(String::new()),
            (None, Some(_)) => drop(members.remove(name)),
            (_, None) => {}
        },
        _ => {}
    }
}

/// The types of a ticket's events that these may know of, but for what happens to notes.
pub fn ticket_events(reader: Reader) -> Vec<&'static str> {
    let rows = DISCLOSURES.iter().filter(|row| row.aggregate == TICKET && row.reader == reader);
    rows.map(|row| row.event).collect()
}

impl Event {
    /// Who may know of it.
    pub fn reader(&self) -> Reader {
        match self {
            Self::Ticket(event) => event.reader(),
            Self::Tenant(_) | Self::Sla(_) | Self::Export(_) => Reader::Audit,
        }
    }
}

impl TicketEvent {
    /// Who of those that see the ticket may know of it. What happens to a note is for whom the note is.
    pub fn reader(&self) -> Reader {
        let internal = match self {
            Self::MessageEdited(event) => event.internal,
            Self::MessageRedacted(event) => event.internal,
            Self::MessageRead(event) => event.internal,
            _ => false,
        };
        if internal {
            return Reader::Notes;
        }
        Disclosure::of(TICKET, self.name()).map_or(Reader::Notes, |row| row.reader)
    }

    /// Never for a customer's eyes: what happens to notes, and how staff treat the ticket among themselves. Read
    /// models, history, feeds and streams all go by this.
    pub fn is_internal(&self) -> bool {
        self.reader() != Reader::Everyone
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::ids::{TenantId, UserId};

    fn somebody(role: &str) -> Principal {
        Principal::new(UserId::new("carla").unwrap(), TenantId::of_key("t"), vec![role.to_owned()])
    }

    #[test]
    fn each_reader_is_somebody() {
        let (other, own) = ("amir", "carla");
        for (role, admitted) in [
            ("customer", [true, false, false, false, false]),
            ("client_admin", [true, false, false, false, false]),
            ("analyst", [true, true, true, false, false]),
            ("org_support", [true, true, true, true, false]),
            ("support_agent", [true, true, true, true, false]),
            ("support_manager", [true; 5]),
            ("auditor", [true; 5]),
        ] {
            let readers = [Reader::Everyone, Reader::Actor, Reader::Staff, Reader::Notes, Reader::Audit];
            assert_eq!(readers.map(|reader| reader.admits(&somebody(role), other)), admitted, "{role}");
        }
        assert!(Reader::Actor.admits(&somebody("customer"), own));
    }

    #[test]
    fn what_is_hidden_is_left_out_or_empty() {
        let mut data =
            json!({"former_body": "a", "files": [{"name": "x", "size": 1}, {"name": "y"}], "reason": "r"});
        for path in ["former_body", "files.name", "reason", "missing.name"] {
            take_out(&mut data, path);
        }
        assert_eq!(data, json!({"former_body": "", "files": [{"size": 1}, {}]}));
    }

    #[test]
    fn a_field_without_a_row_is_nobodys() {
        let (auditor, actor) = (somebody("auditor"), "amir");
        assert!(may_read(&auditor, actor, "ReplyAdded", "canned_response"));
        assert!(!may_read(&somebody("customer"), actor, "ReplyAdded", "canned_response"));
        assert!(!may_read(&auditor, actor, "ReplyAdded", "colour"));
        assert!(!may_read_metadata(&somebody("customer"), actor, "ip"));
    }
}
