//! What a decision needs besides the ticket and the command.

use chrono::{DateTime, Utc};

use crate::identity::Principal;
use crate::tenant::TenantSettings;
use crate::time::Ids;

/// The circumstances of a command.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The time.
    pub now: DateTime<Utc>,
    /// Who asks.
    pub actor: &'a Principal,
    /// The tenant's settings.
    pub settings: &'a TenantSettings,
    /// Where new ids come from.
    pub ids: &'a dyn Ids,
    /// The number that was set aside for a ticket to open; only that needs one.
    pub number: Option<&'a str>,
}
