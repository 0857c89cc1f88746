//! Exports.

pub(super) mod record;
