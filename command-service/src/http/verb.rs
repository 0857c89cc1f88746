//! What all commands on a ticket have in common: who, may they, on what, with which body.

use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request, State};
use axum::http::request::Parts;
use domain::identity::Operation;
use domain::ids::MessageId;
use domain::ticket::TicketCommand;
use serde::de::DeserializeOwned;
use service_kit::http::{IfMatch, Payload, RequestInfo, parse};
use service_kit::problem::Problem;
use utoipa::ToSchema;

use super::headers::idempotency_key;
use crate::executor::{Answer, CommandError, CommandRequest, IdempotencyKey, Target, TicketRef};
use crate::service::CommandService;

/// A command on a ticket, as an endpoint.
pub(super) trait Verb: 'static {
    /// The operation, which has the path and the permission.
    const OPERATION: Operation;
    /// What it does, in a line.
    const SUMMARY: &'static str;
    /// The body.
    type Body: DeserializeOwned + ToSchema;

    /// The command that body and path make.
    fn command(body: Self::Body, place: &Place) -> Result<TicketCommand, Problem>;
}

/// What the path says.
pub(super) struct Place {
    ticket: Option<TicketRef>,
    message: Option<MessageId>,
}

impl Place {
    /// The message that the path names.
    pub(super) fn message(&self) -> Result<MessageId, Problem> {
        self.message.ok_or_else(Problem::not_found)
    }

    async fn read(parts: &mut Parts, operation: Operation) -> Result<Self, Problem> {
        let mut place = Self { ticket: None, message: None };
        if operation == Operation::OpenTicket {
            return Ok(place);
        }
        let params = RawPathParams::from_request_parts(parts, &()).await;
        for (name, value) in &params.map_err(|_| Problem::not_found())? {
            match name {
                "id" => place.ticket = TicketRef::parse(value),
                _ => place.message = Some(value.parse().map_err(|_| Problem::not_found())?),
            }
        }
        if place.ticket.is_none() {
            return Err(Problem::not_found());
        }
        Ok(place)
    }
}

/// Carries out a command that came over HTTP. The permission is looked at before the body is, and a
/// ticket that the caller may not know of is 404 whatever the body.
pub(super) async fn handle<V: Verb>(
    State(service): State<CommandService>,
    request: Request,
) -> Result<Answer, Problem> {
    let (mut parts, body) = request.into_parts();
    let principal = service.authenticator().authenticate(&parts.headers).await?;
    principal.may(V::OPERATION).map_err(CommandError::from)?;
    let Ok(info) = RequestInfo::from_request_parts(&mut parts, &()).await;
    let mut request = CommandRequest::new(principal, info);
    request.if_match = IfMatch::from_request_parts(&mut parts, &()).await?.0;
    let key = idempotency_key(&parts.headers)?;
    let place = Place::read(&mut parts, V::OPERATION).await?;
    let path = parts.uri.path().to_owned();
    let Payload(bytes) = Payload::from_request(Request::from_parts(parts, body), &()).await?;
    let executor = service.executor();
    let command = match parse(&bytes).and_then(|body| V::command(body, &place)) {
        Ok(command) => command,
        Err(problem) => {
            return Err(match &place.ticket {
                Some(ticket) if !executor.is_visible(&request, ticket).await? => Problem::not_found(),
                _ => problem,
            });
        }
    };
    request.idempotency = key.map(|key| IdempotencyKey::new(key, V::OPERATION.method(), &path, &bytes));
    let target = place.ticket.map_or(Target::New, Target::Ticket);
    Ok(executor.execute(&request, &target, &command).await?)
}
