//! Tags by which figures are counted: `VIP` and `vip` are one, shown as it was written first.

use std::collections::HashMap;

use domain::search::caseless;

use crate::snapshot::Snapshot;

/// How each tag was written first, by its key, and where.
#[derive(Debug, Default)]
pub(super) struct Spellings(HashMap<String, (i64, String)>);

impl Spellings {
    /// How a tag is shown. One that isn't known yet is shown as the first of its key that is asked for.
    pub(super) fn shown(&mut self, tag: &str) -> String {
        let known = self.0.entry(caseless(tag)).or_insert_with(|| (i64::MAX, tag.to_owned()));
        known.1.clone()
    }
}

/// Adds those of the tenant that is looked at.
pub(super) async fn spellings(snapshot: &mut Snapshot, known: &mut Spellings) -> Result<(), sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT DISTINCT ON (key) key AS "key!", spelling AS "spelling!", position AS "position!"
           FROM read.tags ORDER BY key, position, spelling"#
    )
    .fetch_all(&mut *snapshot.tx)
    .await?;
    for row in rows {
        let first = known.0.entry(row.key).or_insert_with(|| (row.position, row.spelling.clone()));
        if row.position < first.0 {
            *first = (row.position, row.spelling);
        }
    }
    Ok(())
}
