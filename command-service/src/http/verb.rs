//! What all commands on a ticket have in common: on what, and with which body.

use axum::extract::{Request, State};
use domain::identity::Operation;
use domain::ids::MessageId;
use domain::ticket::TicketCommand;
use serde::de::DeserializeOwned;
use service_kit::http::parse;
use service_kit::problem::Problem;
use utoipa::ToSchema;

use super::asked::Asked;
use crate::executor::{Answer, Target, TicketRef};
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

    fn read(asked: &Asked, operation: Operation) -> Result<Self, Problem> {
        let mut place = Self { ticket: None, message: None };
        for (name, value) in &asked.params {
            match name.as_str() {
                "id" => place.ticket = TicketRef::parse(value),
                _ => place.message = Some(value.parse().map_err(|_| Problem::not_found())?),
            }
        }
        if place.ticket.is_none() && operation != Operation::OpenTicket {
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
    let asked = Asked::read(&service, V::OPERATION, request).await?;
    let place = Place::read(&asked, V::OPERATION)?;
    let executor = service.executor();
    let command = match parse(&asked.body.0).and_then(|body| V::command(body, &place)) {
        Ok(command) => command,
        Err(problem) => {
            return Err(match &place.ticket {
                Some(ticket) if !executor.is_visible(&asked.request, ticket).await? => Problem::not_found(),
                _ => problem,
            });
        }
    };
    let target = place.ticket.map_or(Target::New, Target::Ticket);
    Ok(executor.execute(&asked.request, &target, &command).await?)
}
