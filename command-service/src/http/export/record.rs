//! Record an export. The query API does, before a file leaves, and nobody else: what is in the audit trail
//! happened.

use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::post;
use domain::export::{Form, RecordExport};
use domain::identity::Operation;
use serde::Serialize;
use service_kit::http::parse;
use service_kit::problem::Problem;
use utoipa::ToSchema;

use crate::http::Endpoint;
use crate::http::answer::accepted;
use crate::http::asked::Asked;
use crate::http::document::Document;
use crate::service::CommandService;

pub(in crate::http) fn endpoint() -> Endpoint {
    let accepted = [(201, "Recorded; the commit is durable")];
    let summary = "Record that the caller takes data out as a file. For the query service alone, which does so before a file leaves";
    Endpoint {
        operation: Operation::RecordExport,
        handler: post(record),
        document: Document::new::<NewExport, RecordedBody<'_>>(summary, "Audit", &accepted),
    }
}

/// An export, as it is described.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it documents what the domain reads")]
struct NewExport {
    /// What is exported: `tickets`, `audit`, …
    #[schema(max_length = 255, pattern = "^[a-z0-9_-]+$", example = "tickets")]
    what: String,
    /// In which form.
    form: Form,
    /// What was asked for, in the order in which it stood.
    #[schema(required = false, max_items = 200)]
    parameters: Vec<NewParameter>,
    /// The position of the log that the file reflects.
    #[schema(minimum = 0, example = 4711)]
    position: Option<i64>,
}

/// A parameter as it was asked.
#[derive(ToSchema)]
#[schema(as = ExportParameter)]
#[expect(dead_code, reason = "it documents what the domain reads")]
struct NewParameter {
    /// Its name.
    #[schema(max_length = 255, example = "status_category")]
    name: String,
    /// Its value.
    #[schema(max_length = 65536, example = "open,new")]
    value: String,
}

/// An export that is recorded.
#[derive(Serialize, ToSchema)]
#[schema(as = ExportAnswer)]
struct RecordedBody<'a> {
    /// The export.
    #[schema(value_type = Uuid)]
    id: &'a str,
    /// Its version.
    version: i64,
    /// The position of its event in the log.
    position: i64,
}

async fn record(State(service): State<CommandService>, request: Request) -> Result<Response, Problem> {
    let Asked { request, body, .. } = Asked::read(&service, Operation::RecordExport, request).await?;
    let command: RecordExport = parse(&body.0)?;
    let answer = service.executor().record_export(&request, &command).await?;
    let body = RecordedBody { id: &answer.id, version: answer.version.0, position: answer.position.0 };
    Ok(accepted(&answer, &body, Operation::RecordExport.path()))
}
