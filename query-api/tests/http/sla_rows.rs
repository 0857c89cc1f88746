//! Rows of the read model of service levels as a test wants them, whatever the projection made.

use domain::ids::TenantId;
use uuid::Uuid;

use crate::app::App;

/// The due time of what isn't due.
pub(crate) const NEVER: &str = "9999-12-31T00:00:00Z";

/// Forgets what was projected so far.
pub(crate) async fn clear(app: &App) {
    sqlx::query("TRUNCATE sla_v2.standings, sla_v2.outcomes, sla_v2.outcome_hours, sla_v2.state_counts")
        .execute(&app.owner)
        .await
        .unwrap();
}

/// Has a ticket stand so.
pub(crate) async fn standing(app: &App, tenant: &str, ticket: Uuid, state: Option<&str>, due_at: &str) {
    sqlx::query(
        "INSERT INTO sla_v2.standings (ticket_id, tenant_id, state, policy, due_at, resolution_state, \
                                       resolution_due_at, live, memory) \
         VALUES ($1, $2, $3, 'medium', $4::timestamptz, $3, nullif($4::timestamptz, '9999-12-31T00:00:00Z'), \
                 false, '') \
         ON CONFLICT (ticket_id) DO UPDATE SET state = excluded.state, due_at = excluded.due_at",
    )
    .bind(ticket)
    .bind(TenantId::of_key(tenant).0)
    .bind(state)
    .bind(due_at)
    .execute(&app.owner)
    .await
    .unwrap();
}

/// Counts how they stand, as the projection does.
pub(crate) async fn recount(app: &App) {
    sqlx::raw_sql(
        "TRUNCATE sla_v2.state_counts; \
         INSERT INTO sla_v2.state_counts (tenant_id, state, count) \
         SELECT tenant_id, state, count(*) FROM sla_v2.standings WHERE state IS NOT NULL GROUP BY 1, 2",
    )
    .execute(&app.owner)
    .await
    .unwrap();
}

/// Has so many tickets of a tenant stand so.
pub(crate) async fn count(app: &App, tenant: &str, state: &str, count: i64) {
    sqlx::query(
        "INSERT INTO sla_v2.state_counts (tenant_id, state, count) VALUES ($1, $2, $3) \
         ON CONFLICT (tenant_id, state) DO UPDATE SET count = excluded.count",
    )
    .bind(TenantId::of_key(tenant).0)
    .bind(state)
    .bind(count)
    .execute(&app.owner)
    .await
    .unwrap();
}

/// A promise of which it is decided how it went.
pub(crate) struct Outcome<'a> {
    pub(crate) tenant: &'a str,
    pub(crate) metric: &'a str,
    pub(crate) policy: &'a str,
    pub(crate) priority: &'a str,
    pub(crate) agent: Option<&'a str>,
    pub(crate) team: Option<&'a str>,
    pub(crate) organization: Option<&'a str>,
    pub(crate) missed: bool,
    pub(crate) decided_at: &'a str,
}

impl Default for Outcome<'_> {
    fn default() -> Self {
        Self {
            tenant: "default",
            metric: "resolution",
            policy: "medium",
            priority: "medium",
            agent: None,
            team: None,
            organization: None,
            missed: false,
            decided_at: "2026-03-02T09:00:00Z",
        }
    }
}

/// Has a promise to a ticket be decided so.
pub(crate) async fn outcome(app: &App, ticket: Uuid, outcome: &Outcome<'_>) {
    sqlx::query(
        "INSERT INTO sla_v2.outcomes (ticket_id, metric, instance, tenant_id, policy, priority, agent, team, \
                                      organization, missed, decided_at) \
         VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10::timestamptz) \
         ON CONFLICT (ticket_id, metric, instance) DO NOTHING",
    )
    .bind(ticket)
    .bind(outcome.metric)
    .bind(TenantId::of_key(outcome.tenant).0)
    .bind(outcome.policy)
    .bind(outcome.priority)
    .bind(outcome.agent)
    .bind(outcome.team)
    .bind(outcome.organization)
    .bind(outcome.missed)
    .bind(outcome.decided_at)
    .execute(&app.owner)
    .await
    .unwrap();
    sum_up(app).await;
}

/// Counts what was decided in each hour, as the projection does.
pub(crate) async fn sum_up(app: &App) {
    sqlx::query(
        "INSERT INTO sla_v2.outcome_hours (tenant_id, hour, metric, met, missed) \
         SELECT tenant_id, date_trunc('hour', decided_at, 'UTC'), metric, count(*) FILTER (WHERE NOT missed), \
                count(*) FILTER (WHERE missed) \
         FROM sla_v2.outcomes GROUP BY 1, 2, 3 \
         ON CONFLICT (tenant_id, hour, metric) DO UPDATE SET met = EXCLUDED.met, missed = EXCLUDED.missed",
    )
    .execute(&app.owner)
    .await
    .unwrap();
}
