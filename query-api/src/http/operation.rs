//! What operators ask, as the document tells it. `service-kit` answers; none of it needs a token.

/// Whether the process lives.
#[utoipa::path(
    get, path = "/healthz", operation_id = "healthz", tag = "Operation", security(()),
    responses((status = 200, description = "It does.", body = Object, example = json!({"status": "alive"}))),
)]
#[expect(dead_code, reason = "it documents what service-kit answers")]
fn healthz() {}

/// Whether it can work: every check holds.
#[utoipa::path(
    get, path = "/readyz", operation_id = "readyz", tag = "Operation", security(()),
    responses(
        (status = 200, description = "It can.", body = Object,
         example = json!({"status": "ready", "checks": [{"name": "database", "ok": true}]})),
        (status = 503, description = "It can't, and why.", body = Object,
         example = json!({"status": "not_ready", "checks": [{"name": "database", "ok": false, "detail": "no answer"}]})),
    ),
)]
#[expect(dead_code, reason = "it documents what service-kit answers")]
fn readyz() {}

/// Metrics in Prometheus' text form.
#[utoipa::path(
    get, path = "/metrics", operation_id = "metrics", tag = "Operation", security(()),
    responses((status = 200, description = "The metrics.", body = String, content_type = "text/plain")),
)]
#[expect(dead_code, reason = "it documents what service-kit answers")]
fn metrics() {}

/// The OpenAPI document of the whole API.
#[utoipa::path(
    get, path = "/openapi.json", operation_id = "openapi", tag = "Operation", security(()),
    responses((status = 200, description = "The document.", body = Object, example = json!({"openapi": "3.1.0"}))),
)]
#[expect(dead_code, reason = "it documents what `documentation` answers")]
fn openapi() {}

/// The AsyncAPI document of the events on NATS.
#[utoipa::path(
    get, path = "/asyncapi.json", operation_id = "asyncapi", tag = "Operation", security(()),
    responses((status = 200, description = "The document.", body = Object, example = json!({"asyncapi": "3.0.0"}))),
)]
#[expect(dead_code, reason = "it documents what `documentation` answers")]
fn asyncapi() {}
