//! One file per command.

pub(crate) mod consumer_create;
pub(crate) mod consumer_list;
pub(crate) mod consumer_revoke;
pub(crate) mod demo;
pub(crate) mod export;
pub(crate) mod import_servicenow;
pub(crate) mod migrate;
pub(crate) mod parked;
pub(crate) mod rebuild;
pub(crate) mod relay_reset;
pub(crate) mod replay;
pub(crate) mod sla_backtest;
pub(crate) mod stats_verify;
pub(crate) mod status;
pub(crate) mod tenant_create;
pub(crate) mod token;
pub(crate) mod up;
