//! The differences that a batch makes in how many promises were kept in each hour.

use std::collections::BTreeMap;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// Kept and not kept, by tenant, hour and metric.
#[derive(Default)]
pub(super) struct Hours(BTreeMap<(Uuid, DateTime<Utc>, String), (i64, i64)>);

impl Hours {
    /// One more (1) or one less (-1) was decided then.
    pub(super) fn add(&mut self, tenant: Uuid, metric: &str, at: DateTime<Utc>, missed: bool, sign: i64) {
        let hour = at.duration_trunc(TimeDelta::hours(1)).unwrap_or(at);
        let counts = self.0.entry((tenant, hour, metric.to_owned())).or_default();
        let count = if missed { &mut counts.1 } else { &mut counts.0 };
        *count += sign;
    }

    /// Adds them to what is there, and takes away the hours that came to nothing.
    pub(super) async fn write(mut self, db: &mut PgConnection) -> Result<(), sqlx::Error> {
        self.0.retain(|_, counts| *counts != (0, 0));
        if self.0.is_empty() {
            return Ok(());
        }
        let tenants: Vec<Uuid> = self.0.keys().map(|key| key.0).collect();
        let hours: Vec<DateTime<Utc>> = self.0.keys().map(|key| key.1).collect();
        let metrics: Vec<String> = self.0.keys().map(|key| key.2.clone()).collect();
        let (met, missed): (Vec<i64>, Vec<i64>) = self.0.into_values().unzip();
        let left = sqlx::query_scalar!(
            r#"INSERT INTO outcome_hours (tenant_id, hour, metric, met, missed)
               SELECT v.* FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::int8[], $5::int8[]) AS v
               ON CONFLICT (tenant_id, hour, metric) DO UPDATE
               SET met = outcome_hours.met + EXCLUDED.met, missed = outcome_hours.missed + EXCLUDED.missed
               RETURNING met + missed AS "left!""#,
            &tenants,
            &hours,
            &metrics,
            &met,
            &missed,
        )
        .fetch_all(&mut *db)
        .await?;
        if left.contains(&0) {
            sqlx::query!(
                "DELETE FROM outcome_hours AS o \
                 USING unnest($1::uuid[], $2::timestamptz[], $3::text[]) AS v (tenant_id, hour, metric) \
                 WHERE (o.tenant_id, o.hour, o.metric) = (v.tenant_id, v.hour, v.metric) \
                       AND o.met + o.missed = 0",
                &tenants,
                &hours,
                &metrics,
            )
            .execute(db)
            .await?;
        }
        Ok(())
    }
}
