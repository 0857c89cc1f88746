//! `GET /v1/events/socket`: the stream over a WebSocket (RFC 6455), one CloudEvent a message.
//!
//! A browser can't set headers on a WebSocket, so the token may come as a subprotocol; never in the
//! address, which ends up in logs. It is shown by the page itself, and nothing else lets anybody in: no
//! cookie that a stranger's page could make a browser send along. So any `Origin` may ask.

use std::pin::pin;
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures::SinkExt as _;
use service_kit::auth::{AuthError, bearer};
use service_kit::http::{POSITION, position_header};
use service_kit::problem::Problem;
use tokio::time::{Instant, interval, timeout};
use tokio_tungstenite::tungstenite;

use super::filter::EventFilter;
use super::stream::StreamEvents;
use crate::QueryApi;
use crate::asking::{Asked, Asking, Freshness};
use crate::error::QueryError;
use crate::follow::Follower;
use crate::http::event_view::CloudEvent;
use crate::http::refusals::{Refusals, TooMany};
use crate::live::{Ending, Place, StreamLimits, ending};
use crate::snapshot::Source;

/// The subprotocol that is spoken here.
const PROTOCOL: &str = "docket.v1";
/// What stands before a token among the subprotocols.
const BEARER: &str = "bearer.";
/// The longest message that is taken. None is expected: what a peer sends besides is control frames.
const LONGEST: usize = 4 * 1024;
/// What a connection buffers either way. The usual is 128 kB each, for everyone who just listens.
const BUFFER: usize = 4 * 1024;
/// How long saying goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);
/// The token is over.
const TOKEN_OVER: u16 = 4401;
/// The peer answers no pings.
const SILENT: u16 = 4408;

/// The token of a request for a socket: in `Authorization`, or among the subprotocols.
pub(crate) fn token(headers: &HeaderMap) -> Result<&str, AuthError> {
    match bearer(headers) {
        Err(AuthError::Missing) => {
            offered(headers).find_map(|protocol| protocol.strip_prefix(BEARER)).ok_or(AuthError::Missing)
        }
        answer => answer,
    }
}

fn offered(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).map(str::trim)
}

/// Events as they come, over a WebSocket.
///
/// Each message is one CloudEvent as JSON. With `after` it first sends what was missed: no event is left
/// out or sent twice; without, it begins with what comes next. Where no header can be set, as in
/// browsers, the token goes along as a subprotocol: `docket.v1, bearer.<token>`.
///
/// It takes no messages. It closes with 1001 (the service stops), 4401 (the token is over), 4408 (no
/// ping was answered for 30 s), 1003 (a message came), 1009 (a large one came), 1002 (what came isn't
/// the protocol). A peer that takes nothing for 30 s is cut off without a word.
#[utoipa::path(
    get, path = "/v1/events/socket", operation_id = "open_event_socket", tag = "Events",
    params(
        StreamEvents, EventFilter, Freshness,
        ("Sec-WebSocket-Protocol" = Option<String>, Header, description = "`docket.v1, bearer.<token>`"),
    ),
    responses(
        (status = 101, description = "The socket; each text message is a CloudEvent.", body = CloudEvent),
        (status = 426, description = "The request doesn't ask for a WebSocket.",
         body = service_kit::problem::ProblemSchema, content_type = "application/problem+json"),
        Refusals, TooMany,
    ),
)]
pub(crate) async fn open_event_socket(
    State(api): State<QueryApi>,
    asking: Asking,
    headers: HeaderMap,
    Asked(query): Asked<StreamEvents>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, QueryError> {
    let mut upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return Ok(not_a_socket(&rejection)),
    };
    let place = api.place(&asking, "websocket")?;
    let mut snapshot = api.snapshot(&asking, Source::Log).await?;
    let filter = query.filter.resolve(&api, &mut snapshot, &asking.principal).await?;
    let head = snapshot.position;
    snapshot.close().await?;
    if offered(&headers).any(|protocol| protocol == PROTOCOL) {
        upgrade.set_selected_protocol(HeaderValue::from_static(PROTOCOL));
    }
    let mut response = upgrade
        .max_message_size(LONGEST)
        .max_frame_size(LONGEST)
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .on_upgrade(move |socket| async move {
            let follower = Follower::new(api.clone(), asking.principal, filter, query.after.unwrap_or(head));
            let mut line = Line { socket, limits: api.0.streams, heard: Instant::now() };
            let end = line.carry(follower, ending(&api, asking.token)).await;
            line.end(end, &place).await;
        });
    response.headers_mut().insert(POSITION, position_header(head));
    Ok(response)
}

fn not_a_socket(rejection: &WebSocketUpgradeRejection) -> Response {
    let problem = Problem::new(StatusCode::UPGRADE_REQUIRED, "upgrade_required", "This is a WebSocket")
        .detail(format!("{rejection}. Connect with a WebSocket client, or use /v1/events/stream."));
    let mut response = problem.into_response();
    response.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    response
}

/// Why a socket ended.
#[derive(Debug)]
enum End {
    /// We close it.
    Close(u16, &'static str),
    /// The peer takes nothing.
    Stuck,
    /// It is closed, or broken.
    Gone,
}

struct Line {
    socket: WebSocket,
    limits: StreamLimits,
    heard: Instant,
}

impl Line {
    async fn carry(&mut self, mut follower: Follower, over: impl Future<Output = Ending>) -> End {
        let mut over = pin!(over);
        let mut pings = interval(self.limits.heartbeat);
        pings.reset();
        loop {
            // Not begun anew for each thing that is heard: a peer could keep it from ever ending.
            let mut next = pin!(follower.next());
            let events = loop {
                tokio::select! {
                    biased;
                    ending = &mut over => return match ending {
                        Ending::TokenOver => End::Close(TOKEN_OVER, "the token is over"),
                        Ending::Stopping => End::Close(close_code::AWAY, "going away; come again"),
                    },
                    _ = pings.tick() => {
                        if let Err(end) = self.ping().await {
                            return end;
                        }
                    }
                    events = &mut next => break events,
                    heard = self.socket.recv() => {
                        self.heard = Instant::now();
                        if let Some(end) = hear(heard) {
                            return end;
                        }
                    }
                }
            };
            if let Err(end) = self.send(events.iter().map(text)).await {
                return end;
            }
        }
    }

    async fn ping(&mut self) -> Result<(), End> {
        if self.heard.elapsed() >= self.limits.patience {
            return Err(End::Close(SILENT, "no ping was answered"));
        }
        self.send([Message::Ping(Bytes::new())]).await
    }

    /// Sends messages, if the peer takes them in time.
    async fn send(&mut self, messages: impl IntoIterator<Item = Message>) -> Result<(), End> {
        for message in messages {
            match timeout(self.limits.patience, self.socket.feed(message)).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Err(End::Gone),
                Err(_) => return Err(End::Stuck),
            }
        }
        match timeout(self.limits.patience, self.socket.flush()).await {
            Ok(flushed) => flushed.map_err(|_| End::Gone),
            Err(_) => Err(End::Stuck),
        }
    }

    async fn end(mut self, end: End, place: &Place) {
        match end {
            End::Gone => {}
            End::Stuck => place.cut_off(),
            End::Close(code, reason) => {
                if code == SILENT {
                    place.cut_off();
                }
                let frame = CloseFrame { code, reason: reason.into() };
                // Until the peer has said goodbye too, what it was sent last might be lost.
                let goodbye = async {
                    let closed = self.socket.send(Message::Close(Some(frame))).await;
                    while closed.is_ok() && self.socket.recv().await.is_some_and(|heard| heard.is_ok()) {}
                };
                let _ = timeout(GOODBYE, goodbye).await;
            }
        }
    }
}

fn text(event: &CloudEvent) -> Message {
    Message::text(serde_json::to_string(event).unwrap_or_default())
}

/// What to make of what the peer sent.
fn hear(heard: Option<Result<Message, axum::Error>>) -> Option<End> {
    match heard {
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => None,
        Some(Ok(Message::Text(_) | Message::Binary(_))) => {
            Some(End::Close(close_code::UNSUPPORTED, "no messages are taken here"))
        }
        Some(Ok(Message::Close(_))) | None => Some(End::Gone),
        Some(Err(error)) => Some(match error.into_inner().downcast_ref::<tungstenite::Error>() {
            Some(tungstenite::Error::Capacity(_)) => {
                End::Close(close_code::SIZE, "no messages are taken here, least of all large ones")
            }
            Some(tungstenite::Error::Protocol(
                tungstenite::error::ProtocolError::ResetWithoutClosingHandshake,
            )) => End::Gone,
            Some(tungstenite::Error::Protocol(_) | tungstenite::Error::Utf8(_)) => {
                End::Close(close_code::PROTOCOL, "that isn't the protocol")
            }
            _ => End::Gone,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_comes_in_a_header_or_among_the_subprotocols() {
        let read = |pairs: &[(header::HeaderName, &str)]| {
            let headers: HeaderMap =
                pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
            token(&headers).map(str::to_owned)
        };
        let protocol = header::SEC_WEBSOCKET_PROTOCOL;
        assert_eq!(read(&[(protocol.clone(), "docket.v1, bearer.a.b.c")]).unwrap(), "a.b.c");
        let both = [(header::AUTHORIZATION, "Bearer x"), (protocol.clone(), "bearer.y")];
        assert_eq!(read(&both).unwrap(), "x");
        assert_eq!(read(&[(protocol, "docket.v1")]).unwrap_err(), AuthError::Missing);
        assert_eq!(read(&[]).unwrap_err(), AuthError::Missing);
    }
}
