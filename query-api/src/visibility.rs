//! Who may see what, beyond what row-level security says: one place for tickets, one for events.
//!
//! The rules are `domain`'s: `Ticket::visible_to` in SQL, and `TicketEvent::is_internal`. What is
//! internal reaches nobody without `notes.read`. What a customer gets of the rest says nothing of
//! others' addresses and programs, nor of the reasons that staff gave each other.

mod tickets;

pub(crate) use tickets::Tickets;

use std::collections::HashSet;

use domain::event::{Event, TICKET};
use domain::identity::{Principal, Visibility};
use domain::metadata::Metadata;
use domain::stream::public::{Contract, PublicEvent};
use domain::ticket::TicketEvent;
use domain::ticket::upcast::Upcasters;
use serde_json::Value;
use serde_json::value::RawValue;
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use crate::error::QueryError;
use crate::log::{self, Fact};
use crate::snapshot::Snapshot;

/// Leaves only those tickets that the caller may know of.
pub(crate) fn push_visibility<'a>(caller: &'a Principal, sql: &mut QueryBuilder<'a, Postgres>) {
    let me = caller.user.as_str();
    match (caller.visibility(), &caller.organization) {
        (Visibility::Tenant, _) => {}
        (Visibility::Organization, Some(organization)) => {
            sql.push(" AND (t.requester_id = ").push_bind(me);
            sql.push(" OR t.assigned_organization = ").push_bind(organization.as_str());
            sql.push(" OR (t.routing <> 'internal' AND t.routed_organization = ");
            sql.push_bind(organization.as_str()).push("))");
        }
        (Visibility::Own | Visibility::Organization, _) => {
            sql.push(" AND t.requester_id = ").push_bind(me);
        }
    }
    if !caller.is_staff() {
        sql.push(" AND NOT t.deleted");
    }
}

/// What a caller gets of an event.
pub(crate) struct Shown {
    /// The fact, in its public form, as JSON.
    pub(crate) data: Box<RawValue>,
    /// What is promised of that form. None if nobody here can read the event.
    pub(crate) contract: Option<&'static Contract>,
    /// The circumstances.
    pub(crate) metadata: Metadata,
}

/// Shows an event of a ticket that the caller sees, or of the tenant; `None` if it isn't for them.
/// `redacted` are messages whose text was taken out of sight since.
pub(crate) fn show(fact: &Fact, caller: &Principal, redacted: &HashSet<Uuid>) -> Option<Shown> {
    let internal = match &fact.event {
        Some(Event::Ticket(event)) => event.is_internal(),
        // What can't be read might be internal; and how a tenant is set up and who took what is for
        // staff.
        Some(Event::Tenant(_) | Event::Sla(_) | Event::Export(_)) | None => true,
    };
    if internal && !caller.sees_notes() {
        return None;
    }
    let (data, contract) = payload(fact);
    let others = !caller.is_staff() && fact.metadata.actor.id != caller.user;
    let hidden = Hidden {
        text: fact.ticket().and_then(message_of).is_some_and(|message| redacted.contains(&message)),
        reason: others,
        // What the channel knows may be about more than its sender.
        channel: !caller.is_staff(),
    };
    let mut metadata = fact.metadata.clone();
    if others {
        metadata.ip = None;
        metadata.user_agent = None;
        metadata.request_id = None;
        metadata.traceparent = None;
    }
    Some(Shown { data: hidden.out_of(data), contract, metadata })
}

/// The fact as JSON on one line: in its public form, or as it stands if nobody can read it.
fn payload(fact: &Fact) -> (String, Option<&'static Contract>) {
    let public = fact.event.as_ref().map(PublicEvent::of);
    let said =
        public.and_then(|public| Some((serde_json::to_string(&public).ok()?, Some(public.contract()))));
    said.unwrap_or_else(|| {
        let stored = serde_json::from_str(&fact.logged.payload);
        (stored.map_or_else(|_| "null".to_owned(), |data: Value| data.to_string()), None)
    })
}

/// What of a payload isn't for somebody.
#[derive(Clone, Copy)]
struct Hidden {
    text: bool,
    reason: bool,
    channel: bool,
}

impl Hidden {
    /// Takes it out. Where there is nothing to take out, the JSON stays as it is, unread.
    fn out_of(self, json: String) -> Box<RawValue> {
        // What an event's type writes has its names as they are; what has none is for staff alone.
        let touched = self.text
            || (self.reason && json.contains("\"reason\""))
            || (self.channel && json.contains("\"channel_metadata\""));
        if !touched {
            return RawValue::from_string(json).unwrap_or_else(|_| RawValue::NULL.to_owned());
        }
        let mut data: Value = serde_json::from_str(&json).unwrap_or(Value::Null);
        if self.text {
            blank(&mut data);
        }
        if self.reason {
            remove(&mut data, &["reason"]);
        }
        if self.channel {
            remove(&mut data, &["channel_metadata"]);
        }
        serde_json::value::to_raw_value(&data).unwrap_or_else(|_| RawValue::NULL.to_owned())
    }
}

/// The message whose text an event bears.
pub(crate) fn message_of(event: &TicketEvent) -> Option<Uuid> {
    match event {
        TicketEvent::ReplyAdded(event) => Some(event.message_id.0),
        TicketEvent::NoteAdded(event) => Some(event.message_id.0),
        TicketEvent::MessageEdited(event) => Some(event.message_id.0),
        _ => None,
    }
}

fn blank(data: &mut Value) {
    remove(data, &["html", "former_html", "attachments"]);
    for name in ["body", "former_body"] {
        if let Some(text) = data.get_mut(name) {
            *text = Value::String(String::new());
        }
    }
}

fn remove(data: &mut Value, names: &[&str]) {
    if let Some(members) = data.as_object_mut() {
        for name in names {
            members.remove(*name);
        }
    }
}

/// The messages whose text was taken out of sight, of the tickets that these events are about. The log
/// says so, not the read model, which may be behind: what was redacted is never shown again.
pub(crate) async fn redacted(
    snapshot: &mut Snapshot,
    upcasters: &Upcasters,
    facts: &[Fact],
) -> Result<HashSet<Uuid>, QueryError> {
    let with_texts = facts.iter().filter(|fact| fact.ticket().and_then(message_of).is_some());
    let tickets: HashSet<String> = with_texts.map(|fact| fact.logged.aggregate_id.clone()).collect();
    if tickets.is_empty() {
        return Ok(HashSet::new());
    }
    let redactions = log::redactions(snapshot, tickets.into_iter().collect()).await?;
    Ok(redactions
        .into_iter()
        .filter_map(|one| match one.read(upcasters).event {
            Some(Event::Ticket(TicketEvent::MessageRedacted(event))) => Some(event.message_id.0),
            _ => None,
        })
        .collect())
}

/// Whether every ticket of the tenant is visible, the deleted ones too.
pub(crate) fn sees_all(caller: &Principal) -> bool {
    caller.is_staff() && caller.visibility() == Visibility::Tenant
}

/// The tickets that these events are about.
pub(crate) fn tickets_of(facts: &[Fact]) -> Vec<String> {
    let ids: HashSet<&str> = facts
        .iter()
        .filter(|fact| fact.logged.aggregate_type == TICKET)
        .map(|fact| fact.logged.aggregate_id.as_str())
        .collect();
    ids.into_iter().map(str::to_owned).collect()
}

/// Leaves only events of what the caller may know of.
pub(crate) async fn keep_visible(
    snapshot: &mut Snapshot,
    upcasters: &Upcasters,
    caller: &Principal,
    mut facts: Vec<Fact>,
) -> Result<Vec<Fact>, QueryError> {
    if facts.is_empty() || sees_all(caller) {
        return Ok(facts);
    }
    let tickets = Tickets::read(snapshot, upcasters, tickets_of(&facts)).await?;
    facts.retain(|fact| knows_of(fact, caller, &tickets));
    Ok(facts)
}

/// Whether the caller may know of what an event is about.
pub(crate) fn knows_of(fact: &Fact, caller: &Principal, tickets: &Tickets) -> bool {
    fact.logged.aggregate_type != TICKET || tickets.visible(&fact.logged.aggregate_id, caller)
}

#[cfg(test)]
mod tests {
    use domain::ids::{OrganizationId, TenantId, UserId};
    use serde_json::json;

    use super::*;
    use crate::log::Logged;

    fn caller(role: &str) -> Principal {
        Principal::new(UserId::new("carla").unwrap(), TenantId::of_key("t"), vec![role.to_owned()])
    }

    fn fact(event_type: &str, payload: &Value) -> Fact {
        let metadata = json!({
            "actor": {"id": "amir", "kind": "agent"}, "occurred_at": "2026-01-01T00:00:00Z",
            "ip": "192.0.2.1", "user_agent": "curl", "request_id": "r",
        });
        let logged = Logged {
            position: 1,
            event_id: Uuid::nil(),
            aggregate_type: TICKET.to_owned(),
            aggregate_id: Uuid::nil().to_string(),
            sequence: 1,
            event_type: event_type.to_owned(),
            event_version: "1".to_owned(),
            payload: payload.to_string(),
            metadata: metadata.to_string(),
            command_id: Uuid::nil(),
            recorded_at: "2026-01-01T00:00:00Z".parse().unwrap(),
        };
        logged.read(&Upcasters::default())
    }

    fn data(shown: &Shown) -> Value {
        serde_json::from_str(shown.data.get()).unwrap()
    }

    fn note() -> Fact {
        let author = json!({"id": "amir", "kind": "agent"});
        fact("NoteAdded", &json!({"message_id": Uuid::nil(), "author": author, "body": "secret"}))
    }

    #[test]
    fn sql_says_what_the_domain_says() {
        let sql = |caller: &Principal| {
            let mut sql = QueryBuilder::new("");
            push_visibility(caller, &mut sql);
            sql.into_sql()
        };
        assert_eq!(sql(&caller("customer")), " AND t.requester_id = $1 AND NOT t.deleted");
        assert_eq!(sql(&caller("client_user")), " AND NOT t.deleted");
        assert_eq!(sql(&caller("support_agent")), "");
        let mut staff = caller("org_support");
        assert_eq!(sql(&staff), " AND t.requester_id = $1");
        staff.organization = Some(OrganizationId::new("acme").unwrap());
        assert!(sql(&staff).ends_with("AND t.routed_organization = $3))"));
    }

    #[test]
    fn notes_are_for_those_who_may_read_them() {
        let none = HashSet::new();
        assert!(show(&note(), &caller("support_agent"), &none).is_some());
        for role in ["customer", "client_admin", "analyst"] {
            assert!(show(&note(), &caller(role), &none).is_none(), "{role}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_kept_from_customers() {
        let odd = fact("TicketFlown", &json!({"to": "the moon"}));
        assert!(show(&odd, &caller("customer"), &HashSet::new()).is_none());
        let shown = show(&odd, &caller("support_agent"), &HashSet::new()).unwrap();
        assert_eq!((data(&shown), shown.contract), (json!({"to": "the moon"}), None));
    }

    #[test]
    fn customers_learn_neither_addresses_nor_reasons_of_others() {
        let change = fact(
            "PriorityChanged",
            &json!({"from": "low", "from_rank": 4, "to": "high", "to_rank": 2, "reason": "VIP"}),
        );
        let shown = show(&change, &caller("customer"), &HashSet::new()).unwrap();
        assert_eq!(data(&shown).get("reason"), None);
        assert!(shown.metadata.ip.is_none() && shown.metadata.user_agent.is_none());
        let shown = show(&change, &caller("support_agent"), &HashSet::new()).unwrap();
        assert_eq!(data(&shown)["reason"], "VIP");
        assert_eq!(shown.contract, Contract::of(TICKET, "PriorityChanged"));
        assert!(shown.metadata.ip.is_some());
    }

    #[test]
    fn redacted_texts_are_blank() {
        let shown = show(&note(), &caller("support_agent"), &HashSet::from([Uuid::nil()])).unwrap();
        assert_eq!(data(&shown)["body"], "");
    }
}
