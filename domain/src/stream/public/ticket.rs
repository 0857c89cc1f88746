//! What others learn of tickets.

mod conversation;
mod lifecycle;
mod opened;
mod properties;
mod sla;

pub use conversation::*;
pub use lifecycle::*;
pub use opened::*;
pub use properties::*;
pub use sla::*;
