//! The audit trail: who changed what, when and from where; and who had a ticket when.

mod assignments;
mod changes;

use std::collections::BTreeSet;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::personal::Personal;
use domain::ticket::event::TicketEvent;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Projection, Sql, sql};
use crate::entry::Fact;
use crate::lane::Lane;
use crate::row::{self, row};

row! {
    /// One change.
    Line in "activity"
    key { tenant_id: Uuid, position: i64, ordinal: i16 }
    once {
        ticket_id: Option<Uuid>,
        event_id: Uuid,
        event_type: String,
        r#type: String,
        field: Option<String>,
        old_value: Option<String>,
        new_value: Option<String>,
        reason: Option<String>,
        message_id: Option<Uuid>,
        actor_id: String,
        actor_kind: String,
        actor_name: Option<String>,
        occurred_at: DateTime<Utc>,
        recorded_at: DateTime<Utc>,
        ip: Option<String>,
        user_agent: Option<String>,
        request_id: Option<String>,
        internal: bool,
    }
    value {}
}

/// The audit trail.
pub(super) struct Activity;

#[async_trait]
impl Projection for Activity {
    fn name(&self) -> &'static str {
        "activity"
    }

    fn version(&self) -> i32 {
        2
    }

    fn sql(&self) -> Sql {
        sql!("activity_v2")
    }

    fn tables(&self) -> &'static [&'static str] {
        &["activity", "assignments"]
    }

    fn views(&self) -> &'static [&'static str] {
        &["activity", "assignments"]
    }

    fn lane(&self) -> Lane {
        Lane::Interactive
    }

    async fn apply(&self, db: &mut PgConnection, facts: &[Fact<'_>]) -> Result<(), sqlx::Error> {
        let lines: Vec<Line> = facts.iter().flat_map(lines).collect();
        row::insert(db, lines.iter()).await?;
        forget_files(db, facts).await?;
        assignments::apply(db, facts).await
    }
}

/// The files of a message that was redacted have no names any more: that one was added is all that stays.
async fn forget_files(db: &mut PgConnection, facts: &[Fact<'_>]) -> Result<(), sqlx::Error> {
    let redacted = facts.iter().filter_map(|fact| match fact.ticket() {
        Some((_, TicketEvent::MessageRedacted(event))) => Some(event.message_id.0),
        _ => None,
    });
    let redacted: Vec<Uuid> = redacted.collect();
    if redacted.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "UPDATE activity SET new_value = NULL \
         WHERE message_id = ANY($1) AND type = 'attachment_added' AND tenant_id = ANY($2)",
        &redacted,
        &tenants(facts),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whose facts these are.
fn tenants(facts: &[Fact<'_>]) -> Vec<Uuid> {
    facts.iter().map(Fact::tenant).collect::<BTreeSet<_>>().into_iter().collect()
}

/// The lines of one fact, one per change in it.
fn lines(fact: &Fact<'_>) -> Vec<Line> {
    let metadata = &fact.content.metadata;
    let exposed = |value: &Option<Personal<String>>| value.clone().map(Personal::into_inner);
    let changes = changes::of(&fact.content.event);
    let line = |(ordinal, change): (usize, changes::Change)| Line {
        tenant_id: fact.tenant(),
        position: fact.position(),
        ordinal: ordinal as i16,
        ticket_id: fact.ticket().map(|(id, _)| id),
        event_id: fact.entry.envelope.event_id.0,
        event_type: fact.entry.envelope.event_type.clone(),
        r#type: change.kind.to_owned(),
        field: change.field,
        old_value: change.old,
        new_value: change.new,
        reason: change.reason,
        message_id: change.message,
        actor_id: metadata.actor.id.to_string(),
        actor_kind: metadata.actor.kind.as_str().to_owned(),
        actor_name: exposed(&metadata.actor.name),
        occurred_at: metadata.occurred_at,
        recorded_at: fact.entry.envelope.recorded_at,
        ip: exposed(&metadata.ip),
        user_agent: exposed(&metadata.user_agent),
        request_id: metadata.request_id.clone(),
        internal: change.internal,
    };
    changes.into_iter().enumerate().map(line).collect()
}
