//! Tenants.

mod change;
mod create;

use super::Endpoint;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![create::endpoint(), change::endpoint()]
}
