//! Somebody, as answers name them.

use serde::Serialize;
use utoipa::ToSchema;

/// Who did or wrote something.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Person {
    /// The user's id.
    #[schema(example = "amir")]
    pub(crate) id: String,
    /// On whose side: customer, agent, system.
    #[schema(example = "agent")]
    pub(crate) kind: String,
    /// The name to show.
    pub(crate) name: Option<String>,
}
