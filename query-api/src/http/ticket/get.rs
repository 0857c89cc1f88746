//! `GET /v1/tickets/{id}`: one ticket, as it is or as it was.

use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::ids::{Position, Version};
use service_kit::http::Path;
use utoipa::IntoParams;
use uuid::Uuid;

use super::replay::Replay;
use super::view::TicketView;
use super::{Reference, TicketPath, find, past};
use crate::QueryApi;
use crate::answer::Answer;
use crate::asking::{Asked, Asking, Freshness};
use crate::error::QueryError;
use crate::http::refusals::Refusals;
use crate::log::Fact;
use crate::parameters::{BadParameter, FromParameters, Parameters, read_time};
use crate::snapshot::{ReadModel, Snapshot, Source};

/// A moment of the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    Time(DateTime<Utc>),
    Position(Position),
}

/// As of when.
#[derive(Debug)]
pub(crate) struct GetTicket(Option<Moment>);

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents what `GetTicket` reads")]
pub(crate) struct AsOfParameter {
    /// The ticket as it was at this time (by when things happened), or at this position of the log.
    #[param(example = "2026-01-31T08:00:00Z")]
    as_of: Option<String>,
}

impl FromParameters for GetTicket {
    fn take(parameters: &mut Parameters) -> Result<Self, BadParameter> {
        parameters.text("as_of")?.map(|text| moment(&text)).transpose().map(Self)
    }
}

fn moment(text: &str) -> Result<Moment, BadParameter> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // Beyond what fits is beyond every log.
        return Ok(Moment::Position(Position(text.parse().unwrap_or(i64::MAX))));
    }
    read_time("as_of", text).map(Moment::Time).map_err(|_| {
        BadParameter::invalid("as_of", "it should be a time as RFC 3339 writes it, or a position of the log")
    })
}

/// One ticket, as it is or as it was.
///
/// With `as_of` it is folded from the log, event by event, up to that moment: 404 before it was
/// opened, 422 `as_of_in_future` for a moment that hasn't come.
#[utoipa::path(
    get, path = "/v1/tickets/{id}", operation_id = "get_ticket", tag = "Tickets",
    params(TicketPath, AsOfParameter, Freshness),
    responses(
        (status = 200, description = "The ticket; `ETag` is its version.", body = TicketView,
         headers(("ETag" = String, description = "The version, for `If-Match`."))),
        (status = 422, description = "`as_of_in_future`", body = service_kit::problem::ProblemSchema,
         content_type = "application/problem+json"),
        Refusals,
    ),
)]
pub(crate) async fn get_ticket(
    State(api): State<QueryApi>,
    asking: Asking,
    Path(id): Path<String>,
    Asked(GetTicket(as_of)): Asked<GetTicket>,
) -> Result<Answer<TicketView>, QueryError> {
    let reference = Reference::parse(id)?;
    let (position, row) = match as_of {
        None => {
            let mut snapshot = api.snapshot(&asking, Source::Models(&[ReadModel::TicketList])).await?;
            let row = find(&mut snapshot, &asking.principal, &reference).await?;
            let position = snapshot.position;
            snapshot.close().await?;
            (position, row)
        }
        Some(moment) => {
            let mut snapshot = api.snapshot(&asking, Source::Log).await?;
            let (id, replay) = replayed(&api, &mut snapshot, &asking, &reference, moment).await?;
            let position = snapshot.position;
            snapshot.close().await?;
            (position, replay.row(id))
        }
    };
    let version = Version(row.version);
    Ok(Answer::at(position, TicketView::new(row, &asking.principal)).version(version))
}

async fn replayed(
    api: &QueryApi,
    snapshot: &mut Snapshot,
    asking: &Asking,
    reference: &Reference,
    moment: Moment,
) -> Result<(Uuid, Replay), QueryError> {
    let future = match moment {
        Moment::Time(time) => time > api.0.clock.now(),
        Moment::Position(position) => position > snapshot.position,
    };
    if future {
        return Err(QueryError::AsOfInFuture);
    }
    let (id, facts) = past(api, snapshot, &asking.principal, reference).await?;
    let mut then = Replay::default();
    for fact in facts.iter().filter(|fact| had_happened(fact, moment)) {
        then.take(fact);
    }
    if then.ticket.exists() { Ok((id, then)) } else { Err(QueryError::NotFound) }
}

fn had_happened(fact: &Fact, moment: Moment) -> bool {
    match moment {
        Moment::Time(time) => fact.metadata.occurred_at <= time,
        Moment::Position(position) => fact.logged.position <= position.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_time_or_a_position() {
        assert_eq!(moment("0").unwrap(), Moment::Position(Position(0)));
        assert_eq!(moment("99999999999999999999").unwrap(), Moment::Position(Position(i64::MAX)));
        assert!(matches!(moment("1999-01-01T00:00:00Z").unwrap(), Moment::Time(_)));
        for bad in ["", "-1", "yesterday", "1.5", "2026-01-01"] {
            assert_eq!(moment(bad).unwrap_err().name(), "as_of", "{bad}");
        }
    }
}
