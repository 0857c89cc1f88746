//! `GET /v1/events/stream`: server-sent events, live, with resume.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName};
use axum::response::Response;
use bytes::Bytes;
use domain::ids::Position;
use futures::StreamExt as _;
use service_kit::http::{POSITION, position_header};
use utoipa::IntoParams;

use super::filter::EventFilter;
use super::list::position;
use crate::QueryApi;
use crate::asking::{Asked, Asking, Freshness};
use crate::error::QueryError;
use crate::follow::{Follower, follow};
use crate::http::event_view::CloudEvent;
use crate::http::refusals::{Refusals, TooMany};
use crate::live;
use crate::parameters::{BadParameter, FromParameters, Parameters};
use crate::snapshot::Source;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// From where.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct StreamEvents {
    /// The position after which to begin; without it, and without `Last-Event-ID`, the stream begins
    /// with what comes next.
    #[param(value_type = Option<i64>, minimum = 0)]
    pub(super) after: Option<Position>,
    #[param(ignore)]
    pub(super) filter: EventFilter,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it documents what the handler reads")]
pub(crate) struct Resume {
    /// The `id` of the last event that was received: the stream goes on after it. Goes before `after`,
    /// so that a browser that connects again isn't sent back.
    #[param(rename = "Last-Event-ID")]
    last_event_id: Option<i64>,
}

impl FromParameters for StreamEvents {
    fn take(parameters: &mut Parameters) -> Result<Self, BadParameter> {
        Ok(Self { after: position(parameters)?, filter: EventFilter::take(parameters)? })
    }
}

/// Events as they come, as server-sent events.
///
/// `id` is the position, `event` the type, `data` the CloudEvent. With `Last-Event-ID` or `after` it
/// first sends what was missed: no event is left out or sent twice. The stream ends when the token
/// expires, and breaks off when its reader takes nothing for 30 s; a comment is sent every 15 s so that
/// nobody takes it for dead.
#[utoipa::path(
    get, path = "/v1/events/stream", operation_id = "stream_events", tag = "Events",
    params(StreamEvents, EventFilter, Resume, Freshness),
    responses(
        (status = 200, description = "The stream.", body = String, content_type = "text/event-stream",
         headers(("Docket-Position" = String, description = "The position of the log that it begins at.")),
         example = "id: 4711\nevent: TicketOpened\ndata: {\"specversion\":\"1.0\",\"type\":\"TicketOpened\"}\n\n"),
        Refusals, TooMany,
    ),
)]
pub(crate) async fn stream_events(
    State(api): State<QueryApi>,
    asking: Asking,
    headers: HeaderMap,
    Asked(query): Asked<StreamEvents>,
) -> Result<Response, QueryError> {
    let last = last_event_id(&headers)?;
    let place = api.place(&asking, "sse")?;
    let mut snapshot = api.snapshot(&asking, Source::Log).await?;
    let filter = query.filter.resolve(&api, &mut snapshot, &asking.principal).await?;
    let head = snapshot.position;
    snapshot.close().await?;
    let after = last.or(query.after).unwrap_or(head);
    let events = follow(Follower::new(api.clone(), asking.principal, filter, after));
    let mut response = live::respond(&api, place, asking.token, events.map(|event| message(&event)));
    response.headers_mut().insert(POSITION, position_header(head));
    Ok(response)
}

fn message(event: &CloudEvent) -> Bytes {
    // JSON has no raw line breaks, so the data is always one line.
    let data = serde_json::to_string(event).unwrap_or_default();
    live::message(Some(event.position), event.event_type(), &data)
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<Position>, BadParameter> {
    let Some(value) = headers.get(LAST_EVENT_ID) else { return Ok(None) };
    // An empty one is what a browser has before the first event.
    match value.to_str().map(str::trim) {
        Ok("") => Ok(None),
        Ok(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            text.parse().map(|position| Some(Position(position))).map_err(|_| bad_id())
        }
        _ => Err(bad_id()),
    }
}

fn bad_id() -> BadParameter {
    BadParameter::invalid("Last-Event-ID", "it should be the id of an event: a position")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_id_is_a_position() {
        let read =
            |text: &str| last_event_id(&HeaderMap::from_iter([(LAST_EVENT_ID, text.parse().unwrap())]));
        assert_eq!(read("17").unwrap(), Some(Position(17)));
        assert_eq!(read("").unwrap(), None);
        for bad in ["-1", "abc", "1.5", "99999999999999999999"] {
            assert_eq!(read(bad).unwrap_err().name(), "Last-Event-ID", "{bad}");
        }
    }
}
