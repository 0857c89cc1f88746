//! Reading the log, one tenant at a time.

use chrono::{DateTime, Utc};
use domain::event::{Event, TENANT, TICKET, decode};
use domain::ids::{Position, TenantId, UserId};
use domain::metadata::{Actor, ActorKind, Metadata};
use domain::ticket::TicketEvent;
use domain::ticket::upcast::Upcasters;
use uuid::Uuid;

use crate::snapshot::Snapshot;

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

/// The tenant's events among the positions after `after`, up to and with `until`; the first `limit`.
///
/// A window of positions, not a number of rows alone: however few of them are the tenant's, the
/// statement reads no more than the window, by the index on the position.
pub(crate) async fn window(
    snapshot: &mut Snapshot,
    after: Position,
    until: Position,
    types: &[String],
    limit: i64,
) -> Result<Vec<Logged>, sqlx::Error> {
    logged!(
        "events AS e WHERE e.position > $1 AND e.position <= $2 \
         AND ($3::text[] IS NULL OR e.event_type = ANY($3)) ORDER BY e.position LIMIT $4",
        after.0,
        until.0,
        (!types.is_empty()).then_some(types),
        limit,
    )
    .fetch_all(&mut *snapshot.tx)
    .await
}

/// The first events of these tickets: what says whose they are.
pub(crate) async fn openings(
    snapshot: &mut Snapshot,
    tickets: &[String],
) -> Result<Vec<Logged>, sqlx::Error> {
    logged!(
        "unnest($2::text[]) AS wanted (id) \
         JOIN events AS e ON e.aggregate_type = $1 AND e.aggregate_id = wanted.id AND e.sequence = 1",
        TICKET,
        tickets,
    )
    .fetch_all(&mut *snapshot.tx)
    .await
}

/// The redactions of these tickets' messages.
pub(crate) async fn redactions(
    snapshot: &mut Snapshot,
    tickets: Vec<String>,
) -> Result<Vec<Logged>, sqlx::Error> {
    logged!(
        "events AS e WHERE e.aggregate_type = $1 AND e.aggregate_id = ANY($2) \
         AND e.event_type = 'MessageRedacted'",
        TICKET,
        &tickets,
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
