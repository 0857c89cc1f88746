//! `GET /v1/events`: the feed for machines.

mod export;

pub(crate) use self::export::Whole as WholeFeed;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use domain::ids::Position;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::QueryApi;
use crate::answer::Answer;
use crate::asking::{Asked, Asking, Freshness};
use crate::error::QueryError;
use crate::export::{self as exports, Accepted};
use crate::follow;
use crate::http::event_view::CloudEvent;
use crate::http::refusals::Refusals;
use crate::page::Limit;
use crate::parameters::{BadParameter, FromParameters, Parameters};
use crate::snapshot::Source;

/// How many spans of positions one request goes over, when few events in them are for the caller.
const MOST_SPANS: usize = 20;

/// After which position, which events.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReadEvents {
    /// The position after which to begin: 0, or the `next_after` of the answer before.
    #[param(value_type = Option<i64>, minimum = 0, default = 0)]
    after: Position,
    /// How many events at most.
    #[param(value_type = u16, required = false, default = 50, minimum = 1, maximum = 200)]
    limit: Limit,
    /// Only these, for example `TicketOpened,TicketResolved`.
    #[param(required = false)]
    r#type: Vec<String>,
    /// The caller has said how many.
    #[param(ignore)]
    limited: bool,
}

impl FromParameters for ReadEvents {
    fn take(parameters: &mut Parameters) -> Result<Self, BadParameter> {
        Ok(Self {
            limited: parameters.first_of(&["limit"]).is_some(),
            after: position(parameters)?.unwrap_or(Position::START),
            limit: Limit::take(parameters)?,
            r#type: parameters.many("type")?,
        })
    }
}

/// The parameter `after`.
pub(super) fn position(parameters: &mut Parameters) -> Result<Option<Position>, BadParameter> {
    let what = "a position: a whole number, 0 or more";
    match parameters.one::<i64>("after", what)? {
        Some(negative) if negative < 0 => Err(BadParameter::invalid("after", format!("it should be {what}"))),
        position => Ok(position.map(Position)),
    }
}

/// Some events in the order of the log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventPage {
    /// The events, as CloudEvents 1.0.
    items: Vec<CloudEvent>,
    /// Where to go on. The feed's end is reached when this is what was asked for as `after`.
    #[schema(example = 4711)]
    next_after: i64,
}

/// The tenant's events after a position, in the order of the log.
///
/// Positions are the whole cell's, so a tenant's have gaps; nothing is ever put in before what was
/// read. Go on with `next_after` until it doesn't grow. `items` may be empty before the end, when
/// nothing on a long stretch is for the caller.
///
/// `Accept: text/csv` or `Accept: application/x-ndjson` gets all events after the position, up to the
/// log's present end, as a file; `limit` isn't taken then. An answer that doesn't end well isn't whole.
#[utoipa::path(
    get, path = "/v1/events", operation_id = "read_events", tag = "Events", params(ReadEvents, Freshness),
    responses(
        (status = 200, description = "Some events; or all of them, as a file.", content(
            (EventPage = "application/json"),
            (String = "text/csv", example = "specversion,id,source,type,…\r\n"),
            (CloudEvent = "application/x-ndjson"),
        )),
        Refusals,
    ),
)]
pub(crate) async fn read_events(
    State(api): State<QueryApi>,
    asking: Asking,
    Accepted(file): Accepted,
    Asked(query): Asked<ReadEvents>,
) -> Result<Response, QueryError> {
    if let Some(file) = file {
        if query.limited {
            return Err(BadParameter::invalid("limit", "an export is the whole feed").into());
        }
        let whole = export::Whole::new(&api, query.after, query.r#type);
        return exports::answer(&api, asking, Source::Log, whole, file).await;
    }
    let mut snapshot = api.snapshot(&asking, Source::Log).await?;
    let (mut items, mut reached) = (Vec::new(), query.after);
    for _ in 0..MOST_SPANS {
        let left = (query.limit.rows() - items.len()) as i64;
        let batch =
            follow::read(&api, &mut snapshot, &asking.principal, reached, &query.r#type, left).await?;
        items.extend(batch.events);
        let ended = batch.reached <= reached;
        reached = batch.reached;
        if ended || items.len() == query.limit.rows() {
            break;
        }
    }
    let position = snapshot.position;
    snapshot.close().await?;
    Ok(Answer::at(position, EventPage { items, next_after: reached.0 }).into_response())
}
