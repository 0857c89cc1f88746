//! The tenant and its settings.

pub mod event;
mod settings;

pub use event::{TenantCreated, TenantEvent};
pub use settings::*;
