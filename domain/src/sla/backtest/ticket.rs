//! What a report says of a ticket.

use super::report::Raised;
use crate::ticket::TicketEvent;

/// A ticket, as far as reports tell of it, and what was raised for it.
#[derive(Debug, Default)]
pub(super) struct Ticket {
    pub(super) number: String,
    pub(super) priority_rank: i32,
    pub(super) team: Option<String>,
    pub(super) raised: Vec<Raised>,
}

impl Ticket {
    pub(super) fn apply(&mut self, event: &TicketEvent) {
        match event {
            TicketEvent::TicketOpened(event) => {
                self.number.clone_from(&event.number);
                self.priority_rank = event.priority_rank;
                self.team = event.assignment.team.as_ref().map(ToString::to_string);
            }
            TicketEvent::PriorityChanged(event) => self.priority_rank = event.to_rank,
            TicketEvent::TicketAssigned(event) => {
                self.team = event.to.team.as_ref().map(ToString::to_string);
            }
            TicketEvent::TicketUnassigned(_) => self.team = None,
            _ => {}
        }
    }
}

/// Tickets in the order in which reports tell of them.
pub(super) fn by_number<T>(tickets: impl Iterator<Item = T>, ticket: impl Fn(&T) -> &Ticket) -> Vec<T> {
    let mut tickets: Vec<T> = tickets.collect();
    tickets.sort_by(|one, other| ticket(one).number.cmp(&ticket(other).number));
    tickets
}
