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

/// The schemas of events: each version that was ever published.
#[utoipa::path(
    get, path = "/schemas", operation_id = "list_schemas", tag = "Operation", security(()),
    responses((
        status = 200, description = "Each type and version, and where its schema is.", body = Object,
        example = json!({"items": [{
            "type": "TicketOpened", "version": "1", "current": true,
            "dataschema": "urn:docket:schema:TicketOpened:1", "href": "/schemas/TicketOpened/1",
        }]}),
    )),
)]
#[expect(dead_code, reason = "it documents what `documentation` answers")]
fn list_schemas() {}

/// The schema of a type of event: what `data` over HTTP and the body on NATS fit that name it by `dataschema`.
#[utoipa::path(
    get, path = "/schemas/{type}/{version}", operation_id = "get_schema", tag = "Operation", security(()),
    params(
        ("type" = String, Path, description = "What happened.", example = "TicketOpened"),
        ("version" = String, Path, description = "The version of the public form.", example = "1"),
    ),
    responses(
        (status = 200, description = "A JSON Schema (draft 2020-12), its `$id` the `dataschema`.", body = Object,
         content_type = "application/schema+json",
         example = json!({"$id": "urn:docket:schema:TicketOpened:1", "type": "object"})),
        (status = 404, description = "There is no such type, or no such version of it.",
         body = service_kit::problem::ProblemSchema, content_type = "application/problem+json"),
    ),
)]
#[expect(dead_code, reason = "it documents what `documentation` answers")]
fn get_schema() {}
