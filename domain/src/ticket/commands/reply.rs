//! Reply, for the customer to read.

use serde::Deserialize;
use utoipa::ToSchema;

use super::parts::{AttachmentInput, attachments};
use super::status::ChangeStatus;
use crate::ids::MessageId;
use crate::input::{Check, MAX_NAME, Markup};
use crate::metadata::ActorKind;
use crate::personal::Personal;
use crate::tenant::StatusCategory;
use crate::ticket::event::ReplyAdded;
use crate::ticket::workflow::Words;
use crate::ticket::{Context, Ticket, TicketError, TicketEvent};

/// Adds a public reply. A customer's reply reopens a resolved ticket, and takes one that waits for the
/// customer back to work.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// The text.
    #[schema(value_type = String, min_length = 1)]
    pub body: Personal<String>,
    /// The text with its markup; it is made safe. Markup that would take too much to make safe is refused.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub html: Option<Markup>,
    /// Files.
    #[serde(default)]
    pub attachments: Vec<AttachmentInput>,
    /// The canned response that it was made from; from staff alone.
    #[serde(default)]
    pub canned_response: Option<String>,
    /// The status to set with it: a key of the tenant's workflow. From those who may set it by itself.
    #[serde(default)]
    pub status: Option<String>,
}

impl Reply {
    /// Decides.
    pub fn decide(&self, ticket: &Ticket, context: &Context<'_>) -> Result<Vec<TicketEvent>, TicketError> {
        let actor = context.actor;
        let from_customer = actor.kind() == ActorKind::Customer || ticket.is_requested_by(&actor.user);
        if actor.kind() == ActorKind::Customer
            && matches!(ticket.status_category, StatusCategory::Closed | StatusCategory::Cancelled)
        {
            return Err(TicketError::Ended { status: ticket.status.clone() });
        }
        let limits = &context.settings.limits;
        let mut check = Check::new();
        let body = check.text("/body", self.body.expose(), limits.body);
        let html = check.html("/html", self.html.as_ref(), limits.body);
        let canned_response =
            check.optional_line("/canned_response", self.canned_response.as_ref(), MAX_NAME);
        let attachments = attachments(&mut check, &self.attachments, ticket, context);
        check.finish()?;
        let moved = self.moved(ticket, context, from_customer)?;
        let first_response =
            actor.kind() == ActorKind::Agent && !from_customer && !ticket.first_response_given;
        let reply = ReplyAdded {
            message_id: MessageId(context.ids.next()),
            author: actor.actor(),
            body: Personal::new(body),
            html,
            attachments,
            canned_response,
            first_response,
        };
        Ok(std::iter::once(reply.into()).chain(moved).collect())
    }

    /// Where the reply moves the ticket: where it says, or back to work if the customer wrote.
    fn moved(
        &self,
        ticket: &Ticket,
        context: &Context<'_>,
        from_customer: bool,
    ) -> Result<Option<TicketEvent>, TicketError> {
        if let Some(status) = &self.status {
            let change = ChangeStatus { status: status.clone(), reason: None };
            return Ok(change.decide(ticket, context)?.pop());
        }
        if !from_customer {
            return Ok(None);
        }
        let settings = context.settings;
        Ok(match ticket.status_category {
            StatusCategory::Resolved => {
                let to = settings.status(&settings.reopened_status);
                to.map(|to| ticket.moved_to(to, Words::default()))
            }
            // A workflow that leads to no open status from there leaves it waiting: the reply is taken anyway.
            StatusCategory::PendingCustomer => {
                ticket.go_to_category(StatusCategory::Open, settings, Words::default()).unwrap_or_default()
            }
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests;
