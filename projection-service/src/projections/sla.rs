//! How tickets stand with what was promised for them.

use async_trait::async_trait;
use sqlx::PgConnection;

use super::{Projection, Sql, sql};
use crate::entry::Fact;

/// Standings, outcomes, and what is to be raised next.
pub(super) struct Sla;

#[async_trait]
impl Projection for Sla {
    fn name(&self) -> &'static str {
        "sla"
    }

    fn version(&self) -> i32 {
        1
    }

    fn sql(&self) -> Sql {
        sql!("sla_v1")
    }

    fn tables(&self) -> &'static [&'static str] {
        &["standings", "outcomes", "state_counts", "configurations"]
    }

    fn views(&self) -> &'static [&'static str] {
        &["sla", "sla_outcomes", "sla_counts", "sla_timers"]
    }

    fn concerns(&self, _: &Fact<'_>) -> bool {
        false
    }

    async fn apply(&self, _: &mut PgConnection, _: &[Fact<'_>]) -> Result<(), sqlx::Error> {
        Ok(())
    }
}
