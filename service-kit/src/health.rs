//! Whether the process lives, and whether it can work.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Serialize;

type Probe =
    Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<Option<String>, String>> + Send>> + Send + Sync>;

/// How long one check may take.
const LIMIT: Duration = Duration::from_secs(2);

/// The checks that say whether a service can work.
#[derive(Clone, Default)]
pub struct Health {
    checks: Vec<(&'static str, Probe)>,
}

#[derive(Serialize)]
struct Report {
    status: &'static str,
    checks: Vec<Check>,
}

#[derive(Serialize)]
struct Check {
    name: &'static str,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

impl Health {
    /// Adds a check. Its error is shown to whoever asks: no addresses, no secrets.
    pub fn check<F, Fut>(self, name: &'static str, probe: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.note(name, move || {
            let probe = probe();
            async move { probe.await.map(|()| None) }
        })
    }

    /// Adds a check that may have something to say while it holds: what an operator has to see to, and the
    /// service works beside.
    pub fn note<F, Fut>(mut self, name: &'static str, probe: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Option<String>, String>> + Send + 'static,
    {
        self.checks.push((name, Arc::new(move || Box::pin(probe()))));
        self
    }

    /// Checks that the database answers.
    pub fn database(self, pool: sqlx::PgPool) -> Self {
        self.check("database", move || {
            let pool = pool.clone();
            async move {
                let probe = sqlx::query_scalar!("SELECT 1").fetch_one(&pool).await;
                probe.map(drop).map_err(|_| "no answer".to_owned())
            }
        })
    }

    async fn report(&self) -> Report {
        let checks = futures::future::join_all(self.checks.iter().map(|(name, probe)| async move {
            let outcome = tokio::time::timeout(LIMIT, probe()).await;
            match outcome.unwrap_or_else(|_| Err("no answer in time".to_owned())) {
                Ok(detail) => Check { name, ok: true, detail },
                Err(detail) => Check { name, ok: false, detail: Some(detail) },
            }
        }))
        .await;
        let ready = checks.iter().all(|check| check.ok);
        Report { status: if ready { "ready" } else { "not_ready" }, checks }
    }

    /// `/healthz` (the process lives), `/readyz` (every check holds, else 503) and `/metrics`.
    pub fn router(self) -> Router {
        let ready = move || {
            let health = self.clone();
            async move { answer(&health.report().await) }
        };
        Router::new()
            .route("/healthz", get(|| async { axum::Json(serde_json::json!({"status": "alive"})) }))
            .route("/readyz", get(ready))
            .route("/metrics", get(crate::metrics::get))
    }
}

fn answer(report: &Report) -> Response {
    let status = match report.status {
        "ready" => StatusCode::OK,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    let mut response = (status, axum::Json(report)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
