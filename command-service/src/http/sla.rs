//! Service levels: policies, and all that is configured at once.

mod backtest;
mod change;
mod policy;

use domain::sla::commands::{AddPolicy, ChangePolicy, ChangeSla, RemovePolicy};

use super::Endpoint;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::configures::<AddPolicy>(),
        Endpoint::configures::<ChangePolicy>(),
        Endpoint::configures::<RemovePolicy>(),
        Endpoint::configures::<ChangeSla>(),
        backtest::endpoint(),
    ]
}
