//! The read models, one file each.
//!
//! A projection has a name, a version and tables, and folds facts over their rows. What it writes
//! depends on the log alone, not on how the log is cut into batches; so a rebuild gives the same rows.
//! A change of tables or fold is a new version: its SQL lies in `migrations/read/projections`.

mod activity;
mod agent_load;
mod conversation;
mod queue_counts;
mod search;
mod sla;
mod stats;
mod tally;
mod tenants;
mod ticket_list;
mod words;

use async_trait::async_trait;
use sqlx::PgConnection;

use crate::entry::Fact;
use crate::lane::Lane;

/// The SQL that makes a projection's tables. Names are without schema: `search_path` has it.
pub(crate) struct Sql {
    /// Tables, with what the fold itself needs to find rows.
    pub(crate) tables: &'static str,
    /// What only readers need; made after loading.
    pub(crate) indexes: &'static str,
    /// The stable views in schema `read`, and which they are.
    pub(crate) views: &'static str,
}

/// A read model.
#[async_trait]
pub(crate) trait Projection: Send + Sync {
    /// Its name: in checkpoints, metrics, and `docket rebuild`.
    fn name(&self) -> &'static str;

    /// Goes up with each change of its tables or its fold.
    fn version(&self) -> i32;

    /// What makes its tables.
    fn sql(&self) -> Sql;

    /// Its tables: what a comparison with a rebuild looks at.
    fn tables(&self) -> &'static [&'static str];

    /// Its views in schema `read`.
    fn views(&self) -> &'static [&'static str];

    /// What it is kept up together with.
    fn lane(&self) -> Lane;

    /// Whether it makes anything of the fact at all. What it doesn't isn't passed to `apply`.
    fn concerns(&self, fact: &Fact<'_>) -> bool {
        let _ = fact;
        true
    }

    /// Writes what follows from the facts, which come in the log's order.
    async fn apply(&self, db: &mut PgConnection, facts: &[Fact<'_>]) -> Result<(), sqlx::Error>;
}

/// All read models.
pub(crate) static ALL: [&dyn Projection; 9] = [
    &ticket_list::TicketList,
    &conversation::Conversation,
    &activity::Activity,
    &queue_counts::QueueCounts,
    &agent_load::AgentLoad,
    &search::Search,
    &sla::Sla,
    &stats::Stats,
    &tenants::Tenants,
];

/// The projection with this name.
pub(crate) fn named(name: &str) -> Option<&'static dyn Projection> {
    ALL.into_iter().find(|projection| projection.name() == name)
}

/// The name of the schema that holds the projection's tables.
pub(crate) fn schema(projection: &dyn Projection) -> String {
    format!("{}_v{}", projection.name(), projection.version())
}

/// The SQL of one projection version.
macro_rules! sql {
    ($schema:literal) => {
        $crate::projections::Sql {
            tables: include_str!(concat!("../../../migrations/read/projections/", $schema, ".tables.sql")),
            indexes: include_str!(concat!("../../../migrations/read/projections/", $schema, ".indexes.sql")),
            views: include_str!(concat!("../../../migrations/read/projections/", $schema, ".views.sql")),
        }
    };
}
use sql;
