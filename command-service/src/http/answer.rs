//! How an accepted command is answered.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::identity::Operation;
use domain::ids::{MessageId, Position, Version};
use domain::sla::commands::ImportReport;
use serde::Serialize;
use service_kit::http::{POSITION, etag, position_header};
use utoipa::ToSchema;

use crate::executor::Answer;

/// What an accepted command answers.
#[derive(Serialize, ToSchema)]
#[schema(as = CommandAnswer)]
pub(super) struct AnswerBody<'a> {
    /// The ticket.
    #[schema(value_type = Uuid)]
    id: &'a str,
    /// Its version now: the number of its events; to customers, of those that they may know of.
    #[schema(value_type = i64)]
    version: Version,
    /// The position of the command's last event in the log. If there was nothing to do: of the log's head; to
    /// customers, of the last of the ticket's events that they may know of.
    #[schema(value_type = i64)]
    position: Position,
    /// The ticket's number, when it was opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<&'a str>,
    /// The message's id, when one was added.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    message_id: Option<MessageId>,
}

impl<'a> AnswerBody<'a> {
    pub(super) fn of(answer: &'a Answer) -> Self {
        Self {
            id: &answer.id,
            version: answer.version,
            position: answer.known_position(),
            number: answer.extra.number.as_deref(),
            message_id: answer.extra.message_id,
        }
    }
}

/// What an accepted command on policies and calendars answers.
#[derive(Serialize, ToSchema)]
#[schema(as = ConfigurationAnswer)]
pub(super) struct ConfigurationBody<'a> {
    /// The key of the policy or calendar; `sla` for all of them.
    id: &'a str,
    /// The version of all of the tenant's policies and calendars: the number of their events.
    #[schema(value_type = i64)]
    version: Version,
    /// The position of the command's last event in the log.
    #[schema(value_type = i64)]
    position: Position,
    /// What came of a file of holidays.
    #[serde(skip_serializing_if = "Option::is_none")]
    holidays: Option<&'a ImportReport>,
}

impl<'a> ConfigurationBody<'a> {
    pub(super) fn of(answer: &'a Answer) -> Self {
        let holidays = answer.extra.holidays.as_ref();
        Self { id: &answer.id, version: answer.version, position: answer.position, holidays }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        accepted(&self, &AnswerBody::of(&self), Operation::OpenTicket.path())
    }
}

/// The response to an accepted command. What was made is found under `home`, by its id.
pub(super) fn accepted(answer: &Answer, body: &impl Serialize, home: &str) -> Response {
    let body = serde_json::to_vec(body).unwrap_or_default();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::ETAG, etag(answer.version));
    headers.insert(POSITION, position_header(answer.position));
    if answer.status == StatusCode::CREATED.as_u16()
        && let Ok(location) = HeaderValue::try_from(format!("{home}/{}", answer.id))
    {
        headers.insert(header::LOCATION, location);
    }
    if answer.replayed {
        headers.insert("idempotency-replayed", HeaderValue::from_static("true"));
    }
    response
}
