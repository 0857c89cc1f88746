//! The ticket as cqrs-es knows aggregates.

use std::sync::Arc;

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;

use super::{Context, Ticket, TicketCommand, TicketError, TicketEvent};
use crate::identity::Principal;
use crate::tenant::TenantSettings;
use crate::time::{Clock, Ids};

/// A command with everything about it that the ticket doesn't know.
#[derive(Clone, Debug)]
pub struct TicketRequest {
    /// What is to be done.
    pub command: TicketCommand,
    /// Who asks.
    pub actor: Arc<Principal>,
    /// The tenant's settings.
    pub settings: Arc<TenantSettings>,
    /// The number that was set aside, to open a ticket.
    pub number: Option<String>,
}

/// Time and ids.
#[derive(Clone)]
pub struct TicketServices {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub ids: Arc<dyn Ids>,
}

impl Aggregate for Ticket {
    const TYPE: &'static str = crate::event::TICKET;
    type Command = TicketRequest;
    type Event = TicketEvent;
    type Error = TicketError;
    type Services = TicketServices;

    async fn handle(
        &mut self,
        request: TicketRequest,
        services: &TicketServices,
        sink: &EventSink<Self>,
    ) -> Result<(), TicketError> {
        let context = Context {
            now: services.clock.now(),
            actor: &request.actor,
            settings: &request.settings,
            ids: &*services.ids,
            number: request.number.as_deref(),
        };
        for event in request.command.decide(self, &context)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: TicketEvent) {
        self.apply(event);
    }
}
