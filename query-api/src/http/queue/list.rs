//! `GET /v1/queues`: how many tickets there are, by what agents sort them by.

mod export;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use domain::identity::{Principal, Visibility};
use domain::ids::TenantId;
use serde::Serialize;
use sqlx::QueryBuilder;
use utoipa::ToSchema;

use self::export::QueueLine;
use crate::QueryApi;
use crate::answer::Answer;
use crate::asking::{Asked, Asking, Freshness};
use crate::error::QueryError;
use crate::export::Accepted;
use crate::http::refusals::Refusals;
use crate::parameters::{BadParameter, FromParameters, Parameters};
use crate::snapshot::{ReadModel, Snapshot, Source};
use crate::visibility::push_visibility;

/// Takes no parameters.
#[derive(Debug)]
pub(crate) struct Nothing;

impl FromParameters for Nothing {
    fn take(_: &mut Parameters) -> Result<Self, BadParameter> {
        Ok(Self)
    }
}

#[derive(Debug, sqlx::FromRow)]
struct CountRow {
    dimension: String,
    key: String,
    open: bool,
    count: i64,
}

/// How many tickets have a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "it is what the answer calls it")]
pub(crate) struct Count {
    /// The value; null for those that have none.
    #[schema(example = "open")]
    pub(crate) key: Option<String>,
    /// All of them.
    #[schema(example = 12)]
    count: i64,
    /// Those that somebody has to work on: neither resolved nor closed nor cancelled.
    #[schema(example = 12)]
    pub(crate) open: i64,
}

/// Counts of the tickets that the caller sees, without deleted ones and spam.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub(crate) struct Queues {
    /// All tickets.
    #[schema(example = 40)]
    pub(crate) total: i64,
    /// Those that somebody has to work on.
    #[schema(example = 12)]
    pub(crate) open: i64,
    /// Of those, the ones that no agent has.
    #[schema(example = 3)]
    pub(crate) unassigned: i64,
    /// By status.
    pub(crate) by_status: Vec<Count>,
    /// By what the status means.
    pub(crate) by_status_category: Vec<Count>,
    /// By priority.
    pub(crate) by_priority: Vec<Count>,
    /// By agent.
    pub(crate) by_assignee: Vec<Count>,
    /// By team.
    pub(crate) by_team: Vec<Count>,
    /// By organisation.
    pub(crate) by_organization: Vec<Count>,
    /// By category.
    pub(crate) by_category: Vec<Count>,
    /// By how they came in.
    pub(crate) by_source: Vec<Count>,
    /// By how they stand with what was promised for them: `on_track`, `response_warning`,
    /// `response_breached`, `resolution_warning`, `resolution_breached`, `paused`, `met`, `missed`; the
    /// last two aren't open. Tickets for which nothing is promised are in none.
    pub(crate) by_sla: Vec<Count>,
}

/// How many tickets there are: in all, and by status, priority, assignee and so on.
///
/// Those who don't see all of the tenant's tickets get counts of those that they see.
///
/// `Accept: text/csv` or `Accept: application/x-ndjson` gets them as a file, a line for each value.
#[utoipa::path(
    get, path = "/v1/queues", operation_id = "get_queues", tag = "Queues", params(Freshness),
    responses(
        (status = 200, description = "The counts.", content(
            (Queues = "application/json"),
            (String = "text/csv", example = "by,key,count,open\r\nstatus,open,12,12\r\n"),
            (QueueLine = "application/x-ndjson"),
        )),
        Refusals,
    ),
)]
pub(crate) async fn get_queues(
    State(api): State<QueryApi>,
    asking: Asking,
    Accepted(file): Accepted,
    Asked(Nothing): Asked<Nothing>,
) -> Result<Response, QueryError> {
    let caller = &*asking.principal;
    let (position, rows) = if caller.visibility() == Visibility::Tenant {
        let models = Source::Models(&[ReadModel::QueueCounts, ReadModel::Sla]);
        let mut snapshot = api.snapshot(&asking, models).await?;
        let rows = kept(&mut snapshot, caller.tenant).await?;
        let position = snapshot.position;
        snapshot.close().await?;
        (position, rows)
    } else {
        let models = Source::Models(&[ReadModel::TicketList, ReadModel::Sla]);
        let mut snapshot = api.snapshot(&asking, models).await?;
        let mut rows = counted(&mut snapshot, caller).await?;
        rows.extend(standing(&mut snapshot, caller).await?);
        let position = snapshot.position;
        snapshot.close().await?;
        (position, rows)
    };
    let queues = gather(rows);
    match file {
        Some(file) => export::answer(&api, file, position, &queues).await,
        None => Ok(Answer::at(position, queues).into_response()),
    }
}

/// How many tickets a tenant has, all of them.
pub(crate) async fn kept_of(snapshot: &mut Snapshot, tenant: TenantId) -> Result<Queues, sqlx::Error> {
    kept(snapshot, tenant).await.map(gather)
}

/// The counts that projections keep.
async fn kept(snapshot: &mut Snapshot, tenant: TenantId) -> Result<Vec<CountRow>, sqlx::Error> {
    sqlx::query_as!(
        CountRow,
        r#"SELECT dimension AS "dimension!", key AS "key!", open AS "open!", count AS "count!"
           FROM read.queue_counts WHERE tenant_id = $1 AND count > 0
           UNION ALL
           SELECT 'sla', state, state NOT IN ('met', 'missed'), count
           FROM read.sla_counts WHERE tenant_id = $1 AND count > 0"#,
        tenant.0,
    )
    .fetch_all(&mut *snapshot.tx)
    .await
}

/// The same, counted over the tickets that this caller sees.
async fn counted(snapshot: &mut Snapshot, caller: &Principal) -> Result<Vec<CountRow>, sqlx::Error> {
    let mut sql = QueryBuilder::new(
        "SELECT d.dimension, coalesce(d.key, '') AS key, \
                t.status_category NOT IN ('resolved', 'closed', 'cancelled') AS open, count(*) AS count \
         FROM read.tickets AS t CROSS JOIN LATERAL (VALUES ('total', ''), ('status', t.status), \
              ('status_category', t.status_category), ('priority', t.priority), ('category', t.category), \
              ('source', t.source), ('agent', t.agent), ('team', t.team), ('organization', t.organization)) \
              AS d (dimension, key) WHERE NOT t.deleted AND NOT t.spam AND t.tenant_id = ",
    );
    sql.push_bind(caller.tenant.0);
    push_visibility(caller, &mut sql);
    sql.push(" GROUP BY 1, 2, 3");
    sql.build_query_as().fetch_all(&mut *snapshot.tx).await
}

/// How they stand, counted over the tickets that this caller sees.
async fn standing(snapshot: &mut Snapshot, caller: &Principal) -> Result<Vec<CountRow>, sqlx::Error> {
    let mut sql = QueryBuilder::new(
        "SELECT 'sla' AS dimension, s.state AS key, s.state NOT IN ('met', 'missed') AS open, \
                count(*) AS count \
         FROM read.tickets AS t JOIN read.sla AS s ON s.ticket_id = t.id AND s.tenant_id = t.tenant_id \
         WHERE s.state IS NOT NULL AND NOT t.deleted AND NOT t.spam AND t.tenant_id = ",
    );
    sql.push_bind(caller.tenant.0);
    push_visibility(caller, &mut sql);
    sql.push(" GROUP BY 2");
    sql.build_query_as().fetch_all(&mut *snapshot.tx).await
}

fn gather(rows: Vec<CountRow>) -> Queues {
    let mut queues = Queues::default();
    for row in rows {
        let open = if row.open { row.count } else { 0 };
        let list = match row.dimension.as_str() {
            "total" => {
                queues.total += row.count;
                queues.open += open;
                continue;
            }
            "status" => &mut queues.by_status,
            "status_category" => &mut queues.by_status_category,
            "priority" => &mut queues.by_priority,
            "agent" => {
                if row.key.is_empty() {
                    queues.unassigned += open;
                }
                &mut queues.by_assignee
            }
            "team" => &mut queues.by_team,
            "organization" => &mut queues.by_organization,
            "category" => &mut queues.by_category,
            "source" => &mut queues.by_source,
            "sla" => &mut queues.by_sla,
            _ => continue,
        };
        let key = Some(row.key).filter(|key| !key.is_empty());
        match list.iter_mut().find(|one| one.key == key) {
            Some(one) => {
                one.count += row.count;
                one.open += open;
            }
            None => list.push(Count { key, count: row.count, open }),
        }
    }
    for list in [
        &mut queues.by_status,
        &mut queues.by_status_category,
        &mut queues.by_priority,
        &mut queues.by_assignee,
        &mut queues.by_team,
        &mut queues.by_organization,
        &mut queues.by_category,
        &mut queues.by_source,
        &mut queues.by_sla,
    ] {
        list.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| one.key.cmp(&other.key)));
    }
    queues
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(dimension: &str, key: &str, open: bool, count: i64) -> CountRow {
        CountRow { dimension: dimension.into(), key: key.into(), open, count }
    }

    #[test]
    fn open_and_done_are_one_line_the_largest_first() {
        let queues = gather(vec![
            row("total", "", true, 3),
            row("total", "", false, 4),
            row("priority", "low", true, 1),
            row("priority", "high", true, 2),
            row("priority", "high", false, 4),
            row("agent", "", true, 2),
        ]);
        assert_eq!((queues.total, queues.open, queues.unassigned), (7, 3, 2));
        assert_eq!(
            queues.by_priority,
            [
                Count { key: Some("high".into()), count: 6, open: 2 },
                Count { key: Some("low".into()), count: 1, open: 1 },
            ]
        );
        assert_eq!(queues.by_assignee[0].key, None);
    }
}
