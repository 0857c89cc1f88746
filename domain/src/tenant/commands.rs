//! What can be done to a tenant.

use super::{ChangeReporting, CreateTenant, Tenant, TenantError, TenantEvent};

/// A command of any verb.
#[derive(Clone, Debug, PartialEq)]
pub enum TenantCommand {
    /// See [`CreateTenant`].
    Create(CreateTenant),
    /// See [`ChangeReporting`].
    ChangeReporting(ChangeReporting),
}

impl TenantCommand {
    /// Decides what the command does. Nothing to do is an empty list.
    pub fn decide(&self, tenant: &Tenant) -> Result<Vec<TenantEvent>, TenantError> {
        match self {
            Self::Create(command) => command.decide(tenant),
            Self::ChangeReporting(command) => command.decide(tenant),
        }
    }
}
