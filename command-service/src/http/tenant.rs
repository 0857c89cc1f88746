//! Tenants.

pub(super) mod create;
