//! Who may do what: permissions, the roles that bundle them, and the one table that says
//! which operation needs which.
//!
//! [`Principal::may`] is the single place where an operation is allowed or refused by role.
//! What depends on the thing itself (whose ticket it is, who wrote the message) is decided
//! where the ticket is known: `Ticket::visible_to` and the commands.

mod operation;
mod permission;
mod principal;
mod role;

pub use operation::{Audience, Operation};
pub use permission::{Permission, Permissions};
pub use principal::{Denied, Principal, Visibility};
pub use role::Role;
