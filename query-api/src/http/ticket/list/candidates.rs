//! What words and tags find, before the list is read.
//!
//! Under row-level security Postgres uses no index for either, so functions of the database do it. A
//! rare word is a set of ids. For a frequent one there is no set: the list is walked in its order, and
//! each ticket looked at, until the page is full.

use domain::identity::Principal;
use uuid::Uuid;

use super::filter::Filter;
use crate::snapshot::Snapshot;

/// Up to here a set of ids is quicker than walking: at a million tickets, a walk meets one match in
/// 200 tickets beyond it.
const MOST: i32 = 5000;

/// Tickets that come into question.
#[derive(Debug)]
pub(crate) enum Candidates {
    /// These, and no others.
    These(Vec<Uuid>),
    /// More than anybody wants to name.
    Many,
}

/// What the words and the tags of a filter find; `None` where it has none.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) found: Option<Candidates>,
    pub(crate) tagged: Option<Candidates>,
}

impl Found {
    pub(crate) async fn look(
        snapshot: &mut Snapshot,
        caller: &Principal,
        filter: &Filter,
    ) -> Result<Self, sqlx::Error> {
        let mut found = Self::default();
        if let Some(words) = &filter.search {
            let ids = sqlx::query_scalar!(
                "SELECT read.find_tickets($1, $2, $3) AS ids",
                words,
                caller.sees_notes(),
                MOST,
            )
            .fetch_one(&mut *snapshot.tx)
            .await?;
            found.found = Some(ids.into());
        }
        if !filter.tag.is_empty() {
            let ids = sqlx::query_scalar!("SELECT read.tagged_tickets($1, $2) AS ids", &filter.tag, MOST)
                .fetch_one(&mut *snapshot.tx)
                .await?;
            found.tagged = Some(ids.into());
        }
        Ok(found)
    }
}

impl From<Option<Vec<Uuid>>> for Candidates {
    fn from(ids: Option<Vec<Uuid>>) -> Self {
        ids.map_or(Self::Many, Self::These)
    }
}
