//! Answers that don't end by themselves: counted, paced, and over when they have to be.
//!
//! Whoever streams something takes a [`Place`] first, which counts it against the bounds of its user and
//! tenant, and hands its messages to [`respond`] (server-sent events). From there on each caller gets
//! what they take and no more is held for them than a few kilobytes; one who takes nothing is cut off,
//! so that they come again and go on where they were.

mod ending;
mod paced;
mod places;

use std::num::NonZeroUsize;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::stream::{self, Stream, StreamExt as _};
use service_kit::shares::Bounds;

pub(crate) use self::ending::{Ending, ending};
pub(crate) use self::places::Place;

use self::paced::Paced;
use crate::QueryApi;
use crate::answer::PRIVATE;
use crate::asking::Token;

/// Tells nginx, and those that took it over, not to hold the stream back.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// How many streams there may be, in this process, and how long they may do nothing.
#[derive(Clone, Copy, Debug)]
pub struct StreamLimits {
    /// Of one user at once.
    pub per_user: usize,
    /// Of one tenant at once; its customers have half of that together.
    pub per_tenant: usize,
    /// Of all at once.
    pub in_all: usize,
    /// Whoever takes nothing of what there is for so long is cut off.
    pub patience: Duration,
    /// After so long a silence something is sent: proxies close what is silent for long, 60 s mostly.
    pub heartbeat: Duration,
}

impl Default for StreamLimits {
    fn default() -> Self {
        Self {
            per_user: 50,
            per_tenant: 500,
            in_all: 5_000,
            patience: Duration::from_secs(30),
            heartbeat: Duration::from_secs(15),
        }
    }
}

impl StreamLimits {
    /// With other numbers of a tenant and of a user, where they are given.
    #[must_use]
    pub fn with(self, per_tenant: Option<NonZeroUsize>, per_user: Option<NonZeroUsize>) -> Self {
        let per_tenant = per_tenant.map_or(self.per_tenant, NonZeroUsize::get);
        let per_user = per_user.map_or(self.per_user, NonZeroUsize::get);
        Self { per_user, per_tenant, ..self }
    }
}

impl StreamLimits {
    /// The same as bounds of shares. Nobody waits for a place: streams last.
    pub(crate) fn bounds(&self) -> Bounds {
        Bounds {
            in_all: self.in_all,
            per_tenant: self.per_tenant,
            customers: (self.per_tenant / 2).max(1),
            per_user: self.per_user,
            waiting: 0,
        }
    }
}

/// One server-sent event. `data` is one line, as JSON without line breaks is.
pub(crate) fn message(id: Option<i64>, event: &str, data: &str) -> Bytes {
    let mut text = String::with_capacity(data.len() + event.len() + 48);
    if let Some(id) = id {
        text.push_str("id: ");
        text.push_str(&id.to_string());
        text.push('\n');
    }
    for part in ["event: ", event, "\ndata: ", data, "\n\n"] {
        text.push_str(part);
    }
    text.into()
}

/// Answers with these messages as server-sent events, until the token is over or the service stops. The
/// last thing sent then is a comment that says why, and when to come again.
pub(crate) fn respond(
    api: &QueryApi,
    place: Place,
    token: Token,
    messages: impl Stream<Item = Bytes> + Send + 'static,
) -> Response {
    let over = Box::pin(ending(api, token));
    let state = Some((Box::pin(messages), over));
    let ended = stream::unfold(state, |state| async move {
        let (mut messages, mut over) = state?;
        tokio::select! {
            biased;
            ending = &mut over => Some((farewell(ending), None)),
            message = messages.next() => Some((message?, Some((messages, over)))),
        }
    });
    let paced = Paced::new(Box::pin(ended), place, api.0.streams);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, PRIVATE),
        (X_ACCEL_BUFFERING, HeaderValue::from_static("no")),
    ];
    (headers, Body::from_stream(paced)).into_response()
}

fn farewell(ending: Ending) -> Bytes {
    match ending {
        Ending::TokenOver => Bytes::from_static(b": the token is over; come again with another\n\n"),
        Ending::Stopping => Bytes::from_static(b": going away; come again\nretry: 1000\n\n"),
    }
}
