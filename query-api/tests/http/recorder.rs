//! What stands in for the command service: it keeps what it is asked to record, or refuses.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// A record that was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Asked {
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

/// A command service that knows one command.
#[derive(Clone, Default)]
pub(crate) struct Recorder {
    asked: Arc<Mutex<Vec<Asked>>>,
    refusals: Arc<Mutex<VecDeque<u16>>>,
}

impl Recorder {
    /// Starts it; gives it and its address.
    pub(crate) async fn start(shutdown: CancellationToken) -> (Self, String) {
        let recorder = Self::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route("/v1/exports", post(record)).with_state(recorder.clone());
        let server = axum::serve(listener, router).with_graceful_shutdown(shutdown.cancelled_owned());
        tokio::spawn(async move { server.await });
        (recorder, address)
    }

    /// Refuses the next with these statuses.
    pub(crate) fn refuse(&self, statuses: &[u16]) {
        self.refusals.lock().unwrap().extend(statuses);
    }

    /// Everything that it was asked since the last time.
    pub(crate) fn take(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    /// The one thing that it was asked since the last time.
    #[track_caller]
    pub(crate) fn only(&self) -> Asked {
        let mut asked = self.take();
        assert_eq!(asked.len(), 1, "{asked:#?}");
        asked.remove(0)
    }
}

async fn record(State(recorder): State<Recorder>, headers: HeaderMap, body: axum::Json<Value>) -> Response {
    recorder.asked.lock().unwrap().push(Asked { headers, body: body.0 });
    match recorder.refusals.lock().unwrap().pop_front() {
        None => (StatusCode::CREATED, axum::Json(json!({"version": 1}))).into_response(),
        Some(status) => {
            (StatusCode::from_u16(status).unwrap(), axum::Json(json!({"code": "refused"}))).into_response()
        }
    }
}
