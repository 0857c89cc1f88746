//! How an accepted command is answered.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::ids::{MessageId, Position, Version};
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
    /// Its version now: the number of its events.
    #[schema(value_type = i64)]
    version: Version,
    /// The position of the command's last event in the log.
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
            position: answer.position,
            number: answer.extra.number.as_deref(),
            message_id: answer.extra.message_id,
        }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&AnswerBody::of(&self)).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or_default();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::ETAG, etag(self.version));
        headers.insert(POSITION, position_header(self.position));
        if self.status == StatusCode::CREATED.as_u16()
            && let Ok(location) = HeaderValue::try_from(format!("/v1/tickets/{}", self.id))
        {
            headers.insert(header::LOCATION, location);
        }
        if self.replayed {
            headers.insert("idempotency-replayed", HeaderValue::from_static("true"));
        }
        response
    }
}
