//! Any event of the log, whatever it is about.

use crate::tenant::TenantEvent;
use crate::ticket::TicketEvent;

/// The aggregate type of tickets, as it stands in the log and in subjects.
pub const TICKET: &str = "ticket";
/// The aggregate type of tenants.
pub const TENANT: &str = "tenant";

/// An event that was read.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "the large variant is the frequent one"
)]
pub enum Event {
    /// Of a ticket.
    Ticket(TicketEvent),
    /// Of a tenant.
    Tenant(TenantEvent),
}
