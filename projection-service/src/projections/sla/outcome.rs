//! What became of promises: one row for each clock of which that is decided.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::sla::policy::Metric;
use domain::sla::promises::Outcome;
use sqlx::PgConnection;
use uuid::Uuid;

use super::standing::Ticket;

/// What is to be written: a row, or that there is none any more.
#[derive(Default)]
pub(super) struct Outcomes(BTreeMap<Key, Option<Told>>);

/// Ticket and clock.
type Key = (Uuid, Metric, u32);
/// Whose ticket, and what became of the promise.
type Told = (Uuid, Outcome);

impl Outcomes {
    /// Notes what is decided of a ticket now and wasn't, or otherwise.
    pub(super) fn decide(&mut self, id: Uuid, ticket: &mut Ticket) {
        let tenant = ticket.tenant;
        for ((metric, instance), outcome) in ticket.promises.decide() {
            self.0.insert((id, metric, instance), outcome.map(|outcome| (tenant, outcome)));
        }
    }

    /// Writes them.
    pub(super) async fn write(self, db: &mut PgConnection) -> Result<(), sqlx::Error> {
        let (gone, there): (Vec<_>, Vec<_>) = self.0.into_iter().partition(|(_, outcome)| outcome.is_none());
        remove(db, gone.into_iter().map(|(key, _)| key).collect()).await?;
        add(db, there.into_iter().filter_map(|(key, outcome)| Some((key, outcome?))).collect()).await
    }
}

async fn remove(db: &mut PgConnection, gone: Vec<Key>) -> Result<(), sqlx::Error> {
    if gone.is_empty() {
        return Ok(());
    }
    let tickets: Vec<Uuid> = gone.iter().map(|key| key.0).collect();
    let metrics: Vec<&str> = gone.iter().map(|key| key.1.as_str()).collect();
    let instances: Vec<i32> = gone.iter().map(|key| key.2 as i32).collect();
    sqlx::query!(
        "DELETE FROM outcomes AS o \
         USING unnest($1::uuid[], $2::text[], $3::int4[]) AS gone (ticket_id, metric, instance) \
         WHERE o.ticket_id = gone.ticket_id AND o.metric = gone.metric AND o.instance = gone.instance",
        &tickets,
        metrics as _,
        &instances,
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn add(db: &mut PgConnection, there: Vec<(Key, Told)>) -> Result<(), sqlx::Error> {
    if there.is_empty() {
        return Ok(());
    }
    let tickets: Vec<Uuid> = there.iter().map(|(key, _)| key.0).collect();
    let metrics: Vec<&str> = there.iter().map(|(key, _)| key.1.as_str()).collect();
    let instances: Vec<i32> = there.iter().map(|(key, _)| key.2 as i32).collect();
    let tenants: Vec<Uuid> = there.iter().map(|(_, (tenant, _))| *tenant).collect();
    let texts = |of: fn(&Outcome) -> Option<&String>| -> Vec<Option<&str>> {
        there.iter().map(|(_, (_, outcome))| of(outcome).map(String::as_str)).collect()
    };
    let missed: Vec<bool> = there.iter().map(|(_, (_, outcome))| outcome.missed).collect();
    let times: Vec<DateTime<Utc>> = there.iter().map(|(_, (_, outcome))| outcome.at).collect();
    sqlx::query!(
        "INSERT INTO outcomes (ticket_id, metric, instance, tenant_id, policy, priority, agent, team, \
                               organization, missed, decided_at) \
         SELECT v.* FROM unnest($1::uuid[], $2::text[], $3::int4[], $4::uuid[], $5::text[], $6::text[], \
                                $7::text[], $8::text[], $9::text[], $10::bool[], $11::timestamptz[]) AS v \
         ON CONFLICT (ticket_id, metric, instance) DO UPDATE SET \
             policy = EXCLUDED.policy, priority = EXCLUDED.priority, agent = EXCLUDED.agent, \
             team = EXCLUDED.team, organization = EXCLUDED.organization, missed = EXCLUDED.missed, \
             decided_at = EXCLUDED.decided_at",
        &tickets,
        metrics as _,
        &instances,
        &tenants,
        texts(|outcome| Some(&outcome.policy)) as _,
        texts(|outcome| Some(&outcome.priority)) as _,
        texts(|outcome| outcome.agent.as_ref()) as _,
        texts(|outcome| outcome.team.as_ref()) as _,
        texts(|outcome| outcome.organization.as_ref()) as _,
        &missed,
        &times,
    )
    .execute(db)
    .await?;
    Ok(())
}
