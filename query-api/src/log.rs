//! Reading the log, one tenant at a time.

use chrono::{DateTime, Utc};
use domain::disclosure::{Reader, ticket_events};
use domain::event::{EXPORT, Event, SLA, TENANT, TICKET, decode};
use domain::ids::{Position, TenantId, UserId};
use domain::metadata::{Actor, ActorKind, Metadata};
use domain::ticket::TicketEvent;
use domain::ticket::event::{MessageEdited, MessageRead, MessageRedacted};
use domain::ticket::upcast::Upcasters;
use uuid::Uuid;

use crate::snapshot::Snapshot;

/// The kinds of things that events are about.
pub(crate) const AGGREGATES: &[&str] = &[TICKET, TENANT, SLA, EXPORT];

/// An event as the log keeps it.
#[derive(Clone, Debug)]
pub(crate) struct Logged {
    pub(crate) position: i64,
    pub(crate) event_id: Uuid,
    pub(crate) aggregate_type: String,
    pub(crate) aggregate_id: String,
    pub(crate) sequence: i64,
    pub(crate) event_type: String,
    pub(crate) event_version: String,
    pub(crate) payload: String,
    pub(crate) metadata: String,
    pub(crate) command_id: Uuid,
    pub(crate) recorded_at: DateTime<Utc>,
}

/// A statement that gives [`Logged`]: the columns of `events AS e`, then what follows them.
macro_rules! logged {
    ($from:literal, $($bound:expr),+ $(,)?) => {
        sqlx::query_as!(
            Logged,
            r#"SELECT e.position, e.event_id, e.aggregate_type, e.aggregate_id, e.sequence, e.event_type,
                      e.event_version, e.payload::text AS "payload!", e.metadata::text AS "metadata!",
                      e.command_id, e.recorded_at
               FROM "#
                + $from,
            $($bound),+
        )
    };
}

mod window;

pub(crate) use window::{Most, growth, span, window, window_of};

/// An event that was read: in its present form, if this program knows it.
#[derive(Debug)]
pub(crate) struct Fact {
    pub(crate) logged: Logged,
    pub(crate) metadata: Metadata,
    pub(crate) event: Option<Event>,
}

impl Logged {
    /// Reads the circumstances, and the payload through the upcasters. What can't be read stays in
    /// its place, as an event that nobody knows.
    pub(crate) fn read(self, upcasters: &Upcasters) -> Fact {
        let event =
            decode(&self.aggregate_type, &self.event_type, &self.event_version, &self.payload, upcasters);
        let metadata = serde_json::from_str(&self.metadata);
        let (event, metadata) = match metadata {
            Ok(metadata) => (event.ok(), metadata),
            Err(_) => (None, unknown_circumstances(self.recorded_at)),
        };
        Fact { logged: self, metadata, event }
    }
}

fn unknown_circumstances(recorded_at: DateTime<Utc>) -> Metadata {
    #[expect(clippy::expect_used, reason = "the text is a constant and fit for an id")]
    let id = UserId::new("unknown").expect("a fit id");
    Metadata {
        actor: Actor { id, kind: ActorKind::System, name: None },
        occurred_at: recorded_at,
        request_id: None,
        traceparent: None,
        ip: None,
        user_agent: None,
        causation_id: None,
        import: None,
    }
}

impl Fact {
    /// The event, if it is a ticket's and can be read.
    pub(crate) fn ticket(&self) -> Option<&TicketEvent> {
        match &self.event {
            Some(Event::Ticket(event)) => Some(event),
            _ => None,
        }
    }
}

/// The whole history of one thing; empty if the tenant has none of this type and id.
pub(crate) async fn history(
    snapshot: &mut Snapshot,
    aggregate_type: &str,
    id: &str,
) -> Result<Vec<Logged>, sqlx::Error> {
    logged!(
        "events AS e WHERE e.aggregate_type = $1 AND e.aggregate_id = $2 ORDER BY e.sequence",
        aggregate_type,
        id,
    )
    .fetch_all(&mut *snapshot.tx)
    .await
}

/// Where the log has the last event of one thing.
pub(crate) async fn last_position(
    snapshot: &mut Snapshot,
    aggregate_type: &str,
    id: &str,
) -> Result<Option<Position>, sqlx::Error> {
    let last = sqlx::query_scalar!(
        "SELECT position FROM events WHERE aggregate_type = $1 AND aggregate_id = $2 \
         ORDER BY sequence DESC LIMIT 1",
        aggregate_type,
        id,
    );
    Ok(last.fetch_optional(&mut *snapshot.tx).await?.map(Position))
}

/// Of these tickets, each after a version of its own, the events of these types, in order.
pub(crate) async fn decisive(
    snapshot: &mut Snapshot,
    tickets: &[String],
    after: &[i64],
    types: &[&str],
) -> Result<Vec<Logged>, sqlx::Error> {
    logged!(
        "unnest($2::text[], $3::bigint[]) AS wanted (id, version) \
         JOIN events AS e ON e.aggregate_type = $1 AND e.aggregate_id = wanted.id \
         AND e.sequence > wanted.version AND e.event_type = ANY($4) ORDER BY e.aggregate_id, e.sequence",
        TICKET,
        tickets,
        after,
        types as _,
    )
    .fetch_all(&mut *snapshot.tx)
    .await
}

/// Whether each of these is something of the tenant's that is no ticket.
pub(crate) async fn are_no_tickets(snapshot: &mut Snapshot, ids: &[String]) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT NOT EXISTS (
               SELECT FROM unnest($1::text[]) AS wanted (id) WHERE NOT EXISTS (
                   SELECT FROM events AS e
                    WHERE e.aggregate_type = ANY($2) AND e.aggregate_id = wanted.id AND e.sequence = 1))
           AS "so!""#,
        ids,
        &AGGREGATES.iter().filter(|one| **one != TICKET).map(|one| (*one).to_owned()).collect::<Vec<_>>(),
    )
    .fetch_one(&mut *snapshot.tx)
    .await
}

/// Of these tickets, each after a version and up to one, the places of the events that customers may not know of.
pub(crate) async fn internal(
    snapshot: &mut Snapshot,
    tickets: &[String],
    after: &[i64],
    upto: &[i64],
) -> Result<Vec<(String, i64)>, sqlx::Error> {
    let public = ticket_events(Reader::Everyone);
    // Only what is about messages says by itself whether it is internal, so nothing else is parsed.
    let rows = sqlx::query!(
        "SELECT e.aggregate_id, e.sequence
           FROM unnest($2::text[], $3::bigint[], $4::bigint[]) AS wanted (id, after, upto)
           JOIN events AS e ON e.aggregate_type = $1 AND e.aggregate_id = wanted.id
                           AND e.sequence > wanted.after AND e.sequence <= wanted.upto
          WHERE CASE WHEN e.event_type = ANY($6) THEN e.payload ->> 'internal' = 'true'
                     ELSE NOT e.event_type = ANY($5) END
          ORDER BY e.aggregate_id, e.sequence",
        TICKET,
        tickets,
        after,
        upto,
        &public as _,
        &ABOUT_MESSAGES as _,
    )
    .fetch_all(&mut *snapshot.tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.aggregate_id, row.sequence)).collect())
}

/// What happens to messages: to notes as well as to what customers read.
const ABOUT_MESSAGES: [&str; 3] = [MessageEdited::NAME, MessageRedacted::NAME, MessageRead::NAME];

/// The redactions and edits of these tickets' messages.
pub(crate) async fn changes_of_texts(
    snapshot: &mut Snapshot,
    tickets: Vec<String>,
) -> Result<Vec<Logged>, sqlx::Error> {
    logged!(
        "events AS e WHERE e.aggregate_type = $1 AND e.aggregate_id = ANY($2) \
         AND e.event_type = ANY($3)",
        TICKET,
        &tickets,
        &[MessageEdited::NAME, MessageRedacted::NAME] as _,
    )
    .fetch_all(&mut *snapshot.tx)
    .await
}

/// Whether the tenant was ever created.
pub(crate) async fn tenant_exists(snapshot: &mut Snapshot, tenant: TenantId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM events WHERE aggregate_type = $1 AND aggregate_id = $2 AND sequence = 1)
           AS "found!""#,
        TENANT,
        tenant.to_string(),
    )
    .fetch_one(&mut *snapshot.tx)
    .await
}
