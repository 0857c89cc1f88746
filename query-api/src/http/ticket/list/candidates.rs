//! What words and tags find, before the list is read.
//!
//! Under row-level security Postgres uses no index for either, so functions of the database do it. A
//! rare word is a set of ids. For a frequent one there is no set: a page of the list is found by walking
//! it in its order (`walk`).

use domain::identity::Principal;
use domain::search::caseless;
use uuid::Uuid;

use super::filter::Filter;
use crate::snapshot::Snapshot;

/// Up to here a set of ids is quicker than walking: at a million tickets, a walk meets one match in
/// 200 tickets beyond it.
const MOST: i32 = 5000;

/// Tickets that come into question.
#[derive(Clone, Debug)]
pub(crate) enum Candidates {
    /// These, and no others.
    These(Vec<Uuid>),
    /// More than anybody wants to name.
    Many,
}

/// What the words and the tags of a filter find; `None` where it has none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    pub(crate) worded: Option<Candidates>,
    pub(crate) tagged: Option<Candidates>,
    /// The tags that are meant, in every way in which they are written.
    pub(crate) tags: Vec<String>,
}

impl Found {
    /// Whether the words are frequent.
    pub(crate) fn is_by_frequent_words(&self) -> bool {
        matches!(self.worded, Some(Candidates::Many))
    }

    /// The same with these instead of what the words find, or with all.
    pub(crate) fn with(&self, found: Option<Vec<Uuid>>) -> Self {
        Self { worded: found.map(Candidates::These), tagged: self.tagged.clone(), tags: self.tags.clone() }
    }

    pub(crate) async fn look(
        snapshot: &mut Snapshot,
        caller: &Principal,
        filter: &Filter,
    ) -> Result<Self, sqlx::Error> {
        let mut found = Self::default();
        if let Some(query) = &filter.search {
            let ids = sqlx::query_scalar!(
                "SELECT read.find_tickets($1::text[]::tsquery[], $2::text[]::tsquery[], $3, $4) AS ids",
                &query.wanted,
                &query.unwanted,
                caller.sees_notes(),
                MOST,
            )
            .fetch_one(&mut *snapshot.tx)
            .await?;
            found.worded = Some(ids.into());
        }
        if !filter.tag.is_empty() {
            found.tags = spellings(snapshot, &filter.tag).await?;
            let ids = sqlx::query_scalar!("SELECT read.tagged_tickets($1, $2) AS ids", &found.tags, MOST)
                .fetch_one(&mut *snapshot.tx)
                .await?;
            found.tagged = Some(ids.into());
        }
        Ok(found)
    }
}

/// How these tags are written on tickets, whatever their case.
async fn spellings(snapshot: &mut Snapshot, tags: &[String]) -> Result<Vec<String>, sqlx::Error> {
    let keys: Vec<String> = tags.iter().map(|tag| caseless(tag)).collect();
    sqlx::query_scalar!(
        r#"SELECT DISTINCT spelling AS "spelling!" FROM read.tags WHERE key = ANY($1)"#,
        &keys
    )
    .fetch_all(&mut *snapshot.tx)
    .await
}

impl From<Option<Vec<Uuid>>> for Candidates {
    fn from(ids: Option<Vec<Uuid>>) -> Self {
        ids.map_or(Self::Many, Self::These)
    }
}
