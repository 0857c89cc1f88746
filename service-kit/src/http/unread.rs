//! Bodies that nobody read to their end.
//!
//! A request that is refused for its head leaves its body on the connection. The server can't find the next
//! request behind it, and closes the connection under a peer who was not told. So what is left of a body is read
//! and thrown away beside the answer, and where that would be too much the answer says that the connection ends.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use bytes::Bytes;
use futures::StreamExt;
use hyper::body::{Body as HttpBody, Frame, SizeHint};

/// Announced bodies up to this size, in bytes, are read to their end, and the connection goes on.
const SMALL: u64 = 64 * 1024;
/// How much of a larger one is read, in bytes, so that a peer who is still sending gets to see the answer.
const DISCARD: usize = 8 * 1024 * 1024;
/// How long a peer may take to send the rest.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where a body comes back to that was dropped before its end.
type Returned = Arc<Mutex<Option<Body>>>;

/// What is to be known of a request's body once it is answered.
pub(super) struct Loan {
    returned: Returned,
    /// Its end is near enough to be waited for.
    small: bool,
    /// The peer sends it only when asked to.
    on_request: bool,
}

/// Puts a body in the request's place that comes back unless it is read to its end. `None` without a body.
pub(super) fn lend(request: &mut Request) -> Option<Loan> {
    if request.body().is_end_stream() {
        return None;
    }
    let returned = Returned::default();
    let small = request.body().size_hint().upper().is_some_and(|bytes| bytes <= SMALL);
    let on_request = request.headers().contains_key(header::EXPECT);
    let body = std::mem::take(request.body_mut());
    *request.body_mut() = Body::new(Lent { body, ended: false, home: returned.clone() });
    Some(Loan { returned, small, on_request })
}

impl Loan {
    /// Looks after what came back unread.
    pub(super) fn settle(self, response: &mut Response) {
        let Some(body) = self.returned.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        if !self.small || self.on_request {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        if !self.on_request {
            tokio::spawn(tokio::time::timeout(PATIENCE, discard(body)));
        }
    }
}

/// Beside the answer, not before it: the peer may send the rest only once it has seen that.
async fn discard(body: Body) {
    let mut stream = body.into_data_stream();
    let mut left = DISCARD;
    while let Some(Ok(piece)) = stream.next().await {
        let Some(less) = left.checked_sub(piece.len()) else { return };
        left = less;
    }
}

struct Lent {
    body: Body,
    ended: bool,
    home: Returned,
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        // After an error there is no connection to look after.
        self.ended |= !matches!(frame, Some(Ok(_)));
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if !self.ended && !self.body.is_end_stream() {
            let body = std::mem::take(&mut self.body);
            *self.home.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::extract::FromRequestParts;
    use axum::http::request::Parts;
    use axum::routing::post;
    use serde_json::Value;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};
    use tokio_util::sync::CancellationToken;

    use crate::http::{HttpSettings, Json, layers};
    use crate::lifecycle;
    use crate::problem::Problem;

    /// Refuses for the head alone, as authentication does.
    struct Known;

    impl<S: Sync> FromRequestParts<S> for Known {
        type Rejection = Problem;

        async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
            parts.headers.contains_key("authorization").then_some(Self).ok_or_else(Problem::not_found)
        }
    }

    async fn connect() -> (TcpStream, CancellationToken) {
        let routes = Router::new()
            .route("/", post(|_: Known, Json(body): Json<Value>| async move { body.to_string() }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, shutdown) = (listener.local_addr().unwrap(), CancellationToken::new());
        let app = layers(routes, HttpSettings::default());
        tokio::spawn(lifecycle::serve(listener, app, shutdown.clone(), lifecycle::DRAIN));
        (TcpStream::connect(address).await.unwrap(), shutdown)
    }

    fn head(length: usize, more: &str) -> String {
        format!(
            "POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{more}\r\n"
        )
    }

    /// One answer: its status and whether it says that the connection ends.
    async fn answer(stream: &mut TcpStream) -> (u16, bool) {
        let mut text = String::new();
        while !text.ends_with("\r\n\r\n") {
            text.push(char::from(stream.read_u8().await.unwrap()));
        }
        let text = text.to_ascii_lowercase();
        let length = text.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        stream.read_exact(&mut body).await.unwrap();
        (text[9..12].parse().unwrap(), text.contains("connection: close"))
    }

    #[tokio::test]
    async fn a_connection_goes_on_after_commands_that_were_refused_for_their_head() {
        let (mut stream, _shutdown) = connect().await;
        for length in [2, 60_000].into_iter().cycle().take(50) {
            let body = format!("{:length$}", "{}");
            stream.write_all((head(length, "") + &body).as_bytes()).await.unwrap();
            assert_eq!(answer(&mut stream).await, (404, false));
        }
        // The body comes once the answer is there.
        stream.write_all(head(2, "").as_bytes()).await.unwrap();
        assert_eq!(answer(&mut stream).await, (404, false));
        stream.write_all(b"{}").await.unwrap();
        stream.write_all((head(2, "authorization: x\r\n") + "{}").as_bytes()).await.unwrap();
        assert_eq!(answer(&mut stream).await, (200, false));
    }

    #[tokio::test]
    async fn an_answer_says_that_the_connection_ends_where_too_much_was_not_read() {
        let chunked = "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n";
        for request in [head(100_000, "") + "{}", head(2, "expect: 100-continue\r\n"), chunked.to_owned()] {
            let (mut stream, _shutdown) = connect().await;
            stream.write_all(request.as_bytes()).await.unwrap();
            assert_eq!(answer(&mut stream).await, (404, true), "{request}");
        }
    }
}
