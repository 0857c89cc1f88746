//! What became of promises: one row for each clock of which that is decided.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::sla::policy::Metric;
use domain::sla::promises::Outcome;
use sqlx::PgConnection;
use uuid::Uuid;

use super::hours::Hours;
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

    /// Writes them, and what that changes in the hours' counts.
    pub(super) async fn write(self, db: &mut PgConnection) -> Result<(), sqlx::Error> {
        let mut hours = Hours::default();
        remove(db, self.0.keys().copied().collect(), &mut hours).await?;
        let there: Vec<(Key, Told)> =
            self.0.into_iter().filter_map(|(key, outcome)| Some((key, outcome?))).collect();
        for ((_, metric, _), (tenant, outcome)) in &there {
            hours.add(*tenant, metric.as_str(), outcome.at, outcome.missed, 1);
        }
        add(db, there).await?;
        hours.write(db).await
    }
}

/// Takes out what is there of these, to be written anew or not at all.
async fn remove(db: &mut PgConnection, gone: Vec<Key>, hours: &mut Hours) -> Result<(), sqlx::Error> {
    if gone.is_empty() {
        return Ok(());
    }
    let tickets: Vec<Uuid> = gone.iter().map(|key| key.0).collect();
    let metrics: Vec<&str> = gone.iter().map(|key| key.1.as_str()).collect();
    let instances: Vec<i32> = gone.iter().map(|key| key.2 as i32).collect();
    let rows = sqlx::query!(
        "DELETE FROM outcomes AS o \
         USING unnest($1::uuid[], $2::text[], $3::int4[]) AS gone (ticket_id, metric, instance) \
         WHERE o.ticket_id = gone.ticket_id AND o.metric = gone.metric AND o.instance = gone.instance \
         RETURNING o.tenant_id, o.metric, o.missed, o.decided_at",
        &tickets,
        metrics as _,
        &instances,
    )
    .fetch_all(db)
    .await?;
    for row in rows {
        hours.add(row.tenant_id, &row.metric, row.decided_at, row.missed, -1);
    }
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
                                $7::text[], $8::text[], $9::text[], $10::bool[], $11::timestamptz[]) AS v",
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
