//! Who may see what, beyond what row-level security says: one place for tickets, one for events.
//!
//! The rules are `domain`'s: `Ticket::visible_to` in SQL, and the table of `domain::disclosure`, which says event
//! by event and field by field who reads what.

mod tickets;
mod withdrawn;

pub(crate) use tickets::Tickets;
pub(crate) use withdrawn::Withdrawn;

use domain::disclosure::{Disclosure, Reader, may_read_metadata, take_out, ticket_events};
use domain::event::TICKET;
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
use crate::log::Fact;
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

/// Leaves only those lines of `read.activity AS a` that tell of what the caller may know of.
pub(crate) fn push_known(caller: &Principal, sql: &mut QueryBuilder<'_, Postgres>) {
    if !caller.is_staff() {
        sql.push(" AND NOT a.internal");
    } else if !caller.sees_notes() {
        sql.push(" AND (NOT a.internal OR a.event_type = ANY(");
        sql.push_bind(ticket_events(Reader::Staff)).push("))");
    }
    if !Reader::Audit.admits(caller, "") {
        sql.push(" AND a.ticket_id IS NOT NULL");
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
    /// The place among those events of the same thing that the caller may know of.
    pub(crate) version: i64,
}

/// Whether the caller may know of such an event, of whatever they see.
pub(crate) fn admits(fact: &Fact, caller: &Principal) -> bool {
    let reader = match &fact.event {
        Some(event) => event.reader(),
        // What can't be read might be internal.
        None if fact.logged.aggregate_type == TICKET => Reader::Notes,
        None => Reader::Audit,
    };
    reader.admits(caller, fact.metadata.actor.id.as_str())
}

/// Shows an event of a ticket that the caller sees, or of the tenant; `None` if it isn't for them.
/// `tickets` are those that the caller's events are about, for those who don't see all; `withdrawn` is what became
/// of texts since.
pub(crate) fn show(
    fact: &Fact,
    caller: &Principal,
    tickets: Option<&Tickets>,
    withdrawn: &Withdrawn,
) -> Option<Shown> {
    if !admits(fact, caller) {
        return None;
    }
    let version = match tickets {
        Some(tickets) if !caller.is_staff() => tickets.public_version(&fact.logged)?,
        _ => fact.logged.sequence,
    };
    let (data, contract) = payload(fact);
    let actor = fact.metadata.actor.id.as_str();
    let row = Disclosure::of(&fact.logged.aggregate_type, &fact.logged.event_type);
    let texts = withdrawn.hides(fact, row, caller);
    let hidden = row.into_iter().flat_map(|row| row.hidden(caller, actor)).chain(texts.iter().copied());
    Some(Shown { data: without(data, hidden), contract, metadata: circumstances(fact, caller), version })
}

/// The circumstances, as far as the caller may read them.
fn circumstances(fact: &Fact, caller: &Principal) -> Metadata {
    let Metadata { actor, occurred_at, request_id, traceparent, ip, user_agent, causation_id, import } =
        fact.metadata.clone();
    let may = |field| may_read_metadata(caller, fact.metadata.actor.id.as_str(), field);
    Metadata {
        actor,
        occurred_at,
        request_id: request_id.filter(|_| may("request_id")),
        traceparent: traceparent.filter(|_| may("traceparent")),
        ip: ip.filter(|_| may("ip")),
        user_agent: user_agent.filter(|_| may("user_agent")),
        causation_id: causation_id.filter(|_| may("causation_id")),
        import: import.filter(|_| may("import")),
    }
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

/// Takes fields out. Where there are none to take out, the JSON stays as it is, unread.
fn without(json: String, mut hidden: impl Iterator<Item = &'static str>) -> Box<RawValue> {
    let Some(first) = hidden.next() else {
        return RawValue::from_string(json).unwrap_or_else(|_| RawValue::NULL.to_owned());
    };
    let mut data: Value = serde_json::from_str(&json).unwrap_or(Value::Null);
    for path in std::iter::once(first).chain(hidden) {
        take_out(&mut data, path);
    }
    serde_json::value::to_raw_value(&data).unwrap_or_else(|_| RawValue::NULL.to_owned())
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

/// Whether every ticket of the tenant is visible, the deleted ones too.
pub(crate) fn sees_all(caller: &Principal) -> bool {
    caller.is_staff() && caller.visibility() == Visibility::Tenant
}

/// Whether nothing of the tenant's log is kept from the caller.
pub(crate) fn sees_everything(caller: &Principal) -> bool {
    sees_all(caller) && caller.sees_notes() && Reader::Audit.admits(caller, "")
}

/// Of these events, those that the caller may know of, with the tickets that they are about; none of these for
/// those who see all tickets.
pub(crate) async fn keep_visible(
    snapshot: &mut Snapshot,
    upcasters: &Upcasters,
    caller: &Principal,
    mut facts: Vec<Fact>,
) -> Result<(Vec<Fact>, Option<Tickets>), QueryError> {
    facts.retain(|fact| admits(fact, caller));
    if facts.is_empty() || sees_all(caller) {
        return Ok((facts, None));
    }
    let tickets = Tickets::of(snapshot, upcasters, &facts).await?;
    facts.retain(|fact| knows_of(fact, caller, &tickets));
    Ok((facts, Some(tickets)))
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
        let none = Withdrawn::default();
        assert!(show(&note(), &caller("support_agent"), None, &none).is_some());
        for role in ["customer", "client_admin", "analyst"] {
            assert!(show(&note(), &caller(role), None, &none).is_none(), "{role}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_kept_from_customers() {
        let odd = fact("TicketFlown", &json!({"to": "the moon"}));
        assert!(show(&odd, &caller("customer"), None, &Withdrawn::default()).is_none());
        let shown = show(&odd, &caller("support_agent"), None, &Withdrawn::default()).unwrap();
        assert_eq!((data(&shown), shown.contract), (json!({"to": "the moon"}), None));
    }

    #[test]
    fn customers_learn_neither_addresses_nor_reasons_of_others() {
        let change = fact(
            "PriorityChanged",
            &json!({"from": "low", "from_rank": 4, "to": "high", "to_rank": 2, "reason": "VIP"}),
        );
        let shown = show(&change, &caller("customer"), None, &Withdrawn::default()).unwrap();
        assert_eq!(data(&shown).get("reason"), None);
        assert!(shown.metadata.ip.is_none() && shown.metadata.user_agent.is_none());
        let shown = show(&change, &caller("support_agent"), None, &Withdrawn::default()).unwrap();
        assert_eq!(data(&shown)["reason"], "VIP");
        assert_eq!(shown.contract, Contract::of(TICKET, "PriorityChanged"));
        assert!(shown.metadata.ip.is_some());
    }

    #[test]
    fn what_an_edit_replaced_is_its_authors_and_for_staff() {
        let author = json!({"id": "amir", "kind": "agent"});
        let reply = |position| {
            let body = json!({"message_id": Uuid::nil(), "author": author, "body": "wrong"});
            let mut reply = fact("ReplyAdded", &body);
            reply.logged.position = position;
            reply
        };
        let mut edit = fact(
            "MessageEdited",
            &json!({"message_id": Uuid::nil(), "internal": false,
                                                     "former_body": "wrong", "body": "right"}),
        );
        edit.logged.position = 5;
        let mut withdrawn = Withdrawn::default();
        withdrawn.note(&edit);
        let seen = |fact: &Fact, role| {
            let shown = show(fact, &caller(role), None, &withdrawn).unwrap();
            data(&shown)["body"].as_str().unwrap().to_owned()
        };
        assert_eq!(
            (seen(&reply(4), "support_agent").as_str(), seen(&edit, "support_agent").as_str()),
            ("wrong", "right")
        );
        assert!(Withdrawn::default().is_empty() && !withdrawn.is_empty());
        let customer = caller("customer");
        let row = Disclosure::of(TICKET, "ReplyAdded");
        assert_eq!(withdrawn.hides(&reply(4), row, &customer), ["body", "html"]);
        assert!(withdrawn.hides(&reply(6), row, &customer).is_empty());
        assert!(withdrawn.hides(&edit, row, &customer).is_empty());
    }

    #[test]
    fn redacted_texts_are_blank() {
        let shown = show(&note(), &caller("support_agent"), None, &Withdrawn::redacted(Uuid::nil())).unwrap();
        assert_eq!(data(&shown)["body"], "");
    }
}
