//! `GET /v1/events`: the feed for machines.

mod export;

pub(crate) use self::export::Whole as WholeFeed;

use std::time::Instant;

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use domain::ids::Position;
use serde::Serialize;
use service_kit::wait::pause;
use utoipa::{IntoParams, ToSchema};

use super::filter::EventFilter;
use crate::QueryApi;
use crate::answer::Answer;
use crate::asking::{Asked, Asking, Freshness};
use crate::error::QueryError;
use crate::export::{self as exports, Accepted};
use crate::follow::{self, Follower};
use crate::http::event_view::CloudEvent;
use crate::http::refusals::{Refusals, TooMany};
use crate::log::Most;
use crate::parameters::{BadParameter, FromParameters, Parameters};
use crate::snapshot::Source;
use crate::visibility;

/// How many spans of positions one request goes over, when few events in them are wanted.
const MOST_SPANS: usize = 20;
/// How many positions of the log one request goes over, of those to whom not all of it is shown.
const STRETCH: i64 = 20_000;
/// The most events of a page, which is for machines.
const MOST_EVENTS: u16 = 1_000;
/// A page of large events ends early, after so many bytes of them.
const MOST_BYTES: usize = 4 * 1024 * 1024;
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// After which position, how many.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReadEvents {
    /// The position after which to begin: 0, or the `next_after` of the answer before.
    #[param(value_type = Option<i64>, minimum = 0, default = 0)]
    after: Position,
    /// How many events at most. A page of large events has fewer.
    #[param(required = false, default = 50, minimum = 1, maximum = 1000)]
    limit: u16,
    #[param(ignore)]
    filter: EventFilter,
    /// The caller has said how many.
    #[param(ignore)]
    limited: bool,
}

impl FromParameters for ReadEvents {
    fn take(parameters: &mut Parameters) -> Result<Self, BadParameter> {
        Ok(Self {
            limited: parameters.first_of(&["limit"]).is_some(),
            after: position(parameters)?.unwrap_or(Position::START),
            limit: limit(parameters)?,
            filter: EventFilter::take(parameters)?,
        })
    }
}

fn limit(parameters: &mut Parameters) -> Result<u16, BadParameter> {
    let what = format!("a whole number from 1 to {MOST_EVENTS}");
    match parameters.one("limit", &what)?.unwrap_or(50) {
        limit @ 1..=MOST_EVENTS => Ok(limit),
        _ => Err(BadParameter::invalid("limit", format!("it should be {what}"))),
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
/// read. Go on with `next_after` until it doesn't grow; it says nothing of events that aren't for the caller. `items` may be empty before the end, when
/// nothing on a long stretch is for the caller.
///
/// With `Prefer: wait=N` (10 at most) and nothing to show, the answer comes when there is something, or
/// after N seconds; `Preference-Applied` says that it did. With `Docket-Min-Position` the wait is for
/// that position alone.
///
/// `Accept: text/csv` or `Accept: application/x-ndjson` gets all events after the position, up to the
/// log's present end, as a file; `limit` isn't taken then. An answer that doesn't end well isn't whole.
#[utoipa::path(
    get, path = "/v1/events", operation_id = "read_events", tag = "Events",
    params(ReadEvents, EventFilter, Freshness),
    responses(
        (status = 200, description = "Some events; or all of them, as a file.", content(
            (EventPage = "application/json"),
            (String = "text/csv", example = "specversion,id,source,type,…\r\n"),
            (CloudEvent = "application/x-ndjson"),
        ), headers(("Preference-Applied" = String, description = "That the wait was as `Prefer` asked."))),
        Refusals,
        TooMany,
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
        let whole = export::Whole::new(&api, query.after, query.filter);
        return exports::answer(&api, asking, Source::Log, whole, file).await;
    }
    let asked = Instant::now();
    let mut snapshot = api.snapshot(&asking, Source::Log).await?;
    let filter = query.filter.resolve(&api, &mut snapshot, &asking.principal).await?;
    let limit = usize::from(query.limit);
    let everything = visibility::sees_everything(&asking.principal);
    // How far one goes says nothing of what is there but not for them.
    let end = if everything { snapshot.position } else { snapshot.position.min(query.after.plus(STRETCH)) };
    let (mut items, mut reached, mut spans) = (Vec::<CloudEvent>::new(), query.after, 0);
    let full = loop {
        let most = Most { events: (limit - items.len()) as i64, bytes: MOST_BYTES };
        let stretch = (reached, end);
        let batch = follow::read(&api, &mut snapshot, &asking.principal, stretch, &filter, most).await?;
        items.extend(batch.events);
        let ended = batch.reached <= reached;
        reached = batch.reached;
        spans += 1;
        if items.len() == limit || (batch.heavy && !items.is_empty()) {
            break true;
        }
        if ended || (everything && spans == MOST_SPANS) {
            break false;
        }
    };
    reached = match items.last() {
        Some(last) if full => Position(last.position),
        _ if everything => reached,
        _ => end.max(query.after),
    };
    let mut position = snapshot.position;
    snapshot.close().await?;
    let wait = asking.asked_to_wait.filter(|_| items.is_empty() && asking.min_position.is_none());
    if let Some(wait) = wait {
        let left = wait.saturating_sub(asked.elapsed());
        let _place = api.place(&asking, "poll")?;
        let mut follower = Follower::new(api.clone(), asking.principal.clone(), filter, reached);
        tokio::select! {
            next = follower.next() => items = next,
            () = pause(left) => {}
            () = api.0.shutdown.cancelled() => {}
        }
        items.truncate(limit);
        let last = items.last().map(|last| Position(last.position));
        position = position.max(last.unwrap_or(reached)).max(follower.position());
        reached = last.unwrap_or(if everything { follower.position() } else { reached });
    }
    let mut response = Answer::at(position, EventPage { items, next_after: reached.0 }).into_response();
    if let Some(wait) = wait
        && let Ok(applied) = HeaderValue::from_str(&format!("wait={}", wait.as_secs()))
    {
        response.headers_mut().insert(PREFERENCE_APPLIED, applied);
    }
    Ok(response)
}
