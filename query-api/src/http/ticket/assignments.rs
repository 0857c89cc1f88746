//! `GET /v1/tickets/{id}/assignments`: who had a ticket, from when until when.

mod export;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use domain::disclosure::may_read;
use domain::identity::Principal;
use serde::Serialize;
use service_kit::http::Path;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Reference, TicketPath};
use crate::QueryApi;
use crate::answer::Answer;
use crate::asking::{Asked, Asking, Freshness};
use crate::cursor::{self, Binding};
use crate::error::QueryError;
use crate::export::{self as exports, Accepted};
use crate::http::person::Person;
use crate::http::refusals::Refusals;
use crate::page::{Page, PageQuery};
use crate::snapshot::{ReadModel, Snapshot, Source};
use crate::time::Time;
use crate::total::Total;

#[derive(Debug, sqlx::FromRow)]
struct AssignmentRow {
    position: i64,
    agent: Option<String>,
    team: Option<String>,
    organization: Option<String>,
    assigned_from: Time,
    assigned_until: Option<Time>,
    assigned_by: String,
    assigned_by_kind: String,
    assigned_by_name: Option<String>,
    reason: Option<String>,
}

/// Who had a ticket for a while.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Assignment)]
pub(crate) struct AssignmentView {
    /// The agent.
    #[schema(example = "amir")]
    agent: Option<String>,
    /// The team.
    team: Option<String>,
    /// The organisation.
    organization: Option<String>,
    /// Since when.
    from: Time,
    /// Until when; null for who has it now.
    until: Option<Time>,
    /// Who made it so.
    assigned_by: Person,
    /// Why; for staff, and for oneself.
    reason: Option<String>,
    /// The position of the event that made it so.
    #[schema(example = 4711)]
    position: i64,
}

/// Who had a ticket, from when until when, the first at the beginning.
///
/// `Accept: text/csv` or `Accept: application/x-ndjson` gets all of it as a file; `limit`, `cursor` and
/// `count` aren't taken then.
#[utoipa::path(
    get, path = "/v1/tickets/{id}/assignments", operation_id = "get_assignments", tag = "Tickets",
    params(TicketPath, PageQuery, Freshness),
    responses(
        (status = 200, description = "A page of assignments; or all of it, as a file.", content(
            (Page<AssignmentView> = "application/json"),
            (String = "text/csv", example = "agent,team,organization,…\r\namir,,,…\r\n"),
            (AssignmentView = "application/x-ndjson"),
        )),
        Refusals,
    ),
)]
pub(crate) async fn get_assignments(
    State(api): State<QueryApi>,
    asking: Asking,
    Path(id): Path<String>,
    Accepted(file): Accepted,
    Asked(query): Asked<PageQuery>,
) -> Result<Response, QueryError> {
    let reference = Reference::parse(id)?;
    let models = Source::Models(&[ReadModel::TicketList, ReadModel::Activity]);
    if let Some(file) = file {
        query.whole()?;
        let asking = api.awaiting(asking, models, &reference).await?;
        return exports::answer(&api, asking, models, export::Whole { reference }, file).await;
    }
    let (mut snapshot, ticket) = api.find(&asking, models, &reference).await?;
    let (caller, ticket) = (&*asking.principal, ticket.id);
    let binding = Binding::new("assignments", &(asking.view(), ticket));
    let after: i64 = query.after(&api.0.cursor_key, &binding)?.unwrap_or(0);

    let rows = sqlx::query_as!(
        AssignmentRow,
        r#"SELECT position AS "position!", agent, team, organization, assigned_from AS "assigned_from!",
                  assigned_until AS "assigned_until: Time", assigned_by AS "assigned_by!",
                  assigned_by_kind AS "assigned_by_kind!", assigned_by_name, reason
           FROM read.assignments WHERE ticket_id = $1 AND position > $2 ORDER BY position LIMIT $3"#,
        ticket,
        after,
        query.limit.probe(),
    )
    .fetch_all(&mut *snapshot.tx)
    .await?;
    let total = if query.count { Some(Total::Exactly(count(&mut snapshot, ticket).await?)) } else { None };
    let position = snapshot.position;
    snapshot.close().await?;
    let page =
        Page::cut(rows, query.limit, total, |last| cursor::seal(&api.0.cursor_key, &binding, &last.position));
    Ok(Answer::at(position, page.map(|row| AssignmentView::new(row, caller))).into_response())
}

async fn count(snapshot: &mut Snapshot, ticket: Uuid) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT count(*) AS "total!" FROM read.assignments WHERE ticket_id = $1"#, ticket)
        .fetch_one(&mut *snapshot.tx)
        .await
}

impl AssignmentView {
    fn new(row: AssignmentRow, caller: &Principal) -> Self {
        let reason =
            may_read(caller, &row.assigned_by, domain::ticket::event::TicketAssigned::NAME, "reason");
        Self {
            agent: row.agent,
            team: row.team,
            organization: row.organization,
            from: row.assigned_from,
            until: row.assigned_until,
            assigned_by: Person {
                id: row.assigned_by,
                kind: row.assigned_by_kind,
                name: row.assigned_by_name,
            },
            reason: row.reason.filter(|_| reason),
            position: row.position,
        }
    }
}
