//! `GET /v1/stats/agents`: how the work went by agent, and what each has at this moment.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use domain::stats::Measure;
use serde::Serialize;
use utoipa::ToSchema;

use super::figures::{Figures, GroupKey};
use super::find::Reading;
use super::overview::Overview;
use super::query::{Scope, StatsQuery};
use crate::QueryApi;
use crate::asking::{Asked, Asking, Freshness};
use crate::error::QueryError;
use crate::export::Accepted;
use crate::http::refusals::Refusals;
use crate::snapshot::Snapshot;
use crate::time::Time;

/// What an agent has at this moment.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct Load {
    /// Tickets that they have, the done ones too.
    #[schema(example = 312)]
    assigned: i64,
    /// Those that are to be worked on: neither resolved nor closed nor cancelled.
    #[schema(example = 14)]
    open: i64,
    /// Those of them that are in work: in a status of the category `open`.
    #[schema(example = 5)]
    in_progress: i64,
    /// Those that are resolved and not closed yet.
    #[schema(example = 8)]
    resolved: i64,
}

/// An agent's figures.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AgentGroup {
    /// Who, and what else it is grouped by; null: nobody's.
    #[schema(value_type = Object, example = json!({"agent": "amir"}))]
    key: GroupKey,
    /// What they have at this moment; null where it isn't by agent alone, of one tenant, as it is now.
    now: Option<Load>,
    #[serde(flatten)]
    figures: Overview,
}

/// How the work went, by agent and in all.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AgentStats {
    /// As asked.
    from: Option<Time>,
    /// As asked.
    to: Option<Time>,
    /// In which days begin.
    #[schema(example = "Europe/Berlin")]
    time_zone: &'static str,
    /// By what it is counted.
    #[schema(example = json!(["agent"]))]
    group_by: Vec<String>,
    /// The agents that have any figures or tickets, in the order of their ids.
    items: Vec<AgentGroup>,
    /// All of them.
    total: Overview,
}

/// How the work went, by agent: `/v1/stats` with `group_by=agent`, unless something else is said, and what each
/// agent has at this moment.
///
/// What agents did counts for who did it: replies for who wrote them, assignments for who got the ticket.
/// Everything else counts for the agent who has the ticket now.
#[utoipa::path(
    get, path = "/v1/stats/agents", operation_id = "get_agent_stats", tag = "Statistics",
    params(StatsQuery, Freshness),
    responses(
        (status = 200, description = "The figures; or a line for each group, as a file.", content(
            (AgentStats = "application/json"),
            (String = "text/csv"),
            (AgentGroup = "application/x-ndjson"),
        )),
        (status = 304, description = "As they were, by `If-None-Match`."),
        (status = 422, description = "`as_of_in_future`", body = service_kit::problem::ProblemSchema,
         content_type = "application/problem+json"),
        Refusals,
    ),
)]
pub(crate) async fn get_agent_stats(
    State(api): State<QueryApi>,
    asking: Asking,
    Accepted(file): Accepted,
    Asked(query): Asked<StatsQuery>,
) -> Result<Response, QueryError> {
    let query = query.or_by("agent");
    let mut reading = Reading::begin(&api, &asking, &query).await?;
    if let Some(unchanged) = reading.unchanged(&asking, file.as_ref()) {
        return Ok(unchanged);
    }
    let found = reading.find(&query, Measure::ALL).await?;
    let alone = query.group_by == ["agent"] && query.as_of.is_now() && query.scope == Scope::Tenant;
    let loads =
        if alone { loads(reading.own().await?, asking.principal.tenant.0).await? } else { BTreeMap::new() };
    let stats = AgentStats {
        from: query.from.map(Time),
        to: query.to.map(Time),
        time_zone: reading.zone(&query).name(),
        items: groups(found.groups, loads),
        group_by: query.group_by,
        total: Overview::of(&found.total),
    };
    reading.answer(&api, file, "agents", stats).await
}

/// The figures with what each has now, also of those who have tickets and no figures.
fn groups(found: Vec<(GroupKey, Figures)>, mut loads: BTreeMap<String, Load>) -> Vec<AgentGroup> {
    let group = |(key, figures): (GroupKey, Figures)| {
        let now = key.get("agent").and_then(Option::as_ref).and_then(|agent| loads.remove(agent));
        AgentGroup { key, now, figures: Overview::of(&figures) }
    };
    let mut groups: Vec<AgentGroup> = found.into_iter().map(group).collect();
    groups.extend(loads.into_iter().map(|(agent, load)| AgentGroup {
        key: [("agent".to_owned(), Some(agent))].into(),
        now: Some(load),
        figures: Overview::of(&Figures::default()),
    }));
    // Nobody's come last.
    groups.sort_by_key(|group| {
        let agent = group.key.get("agent").cloned().flatten();
        (agent.is_none(), agent)
    });
    groups
}

async fn loads(snapshot: &mut Snapshot, tenant: uuid::Uuid) -> Result<BTreeMap<String, Load>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT agent AS "agent!", assigned AS "assigned!", active AS "active!", open AS "open!",
                  resolved AS "resolved!"
           FROM read.agent_load WHERE tenant_id = $1"#,
        tenant,
    )
    .fetch_all(&mut *snapshot.tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let (assigned, open, in_progress, resolved) = (row.assigned, row.active, row.open, row.resolved);
            (row.agent, Load { assigned, open, in_progress, resolved })
        })
        .collect())
}
