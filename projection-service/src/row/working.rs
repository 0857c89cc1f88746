//! The rows that a batch works on.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use sqlx::PgConnection;
use sqlx::postgres::{PgHasArrayType, Postgres};
use sqlx::{Encode, Type};

use super::Row;

struct Slot<R> {
    row: R,
    /// It came from the table.
    stored: bool,
    changed: bool,
}

/// Rows by key: loaded set-wise, folded in memory, written back set-wise.
pub(crate) struct Working<K, R> {
    rows: HashMap<K, Slot<R>>,
}

impl<K, R> Working<K, R>
where
    K: Copy + Eq + Hash + Ord + Send + Sync + for<'q> Encode<'q, Postgres> + Type<Postgres> + PgHasArrayType,
    R: Row,
{
    /// Loads the rows with these keys, as far as there are any.
    pub(crate) async fn load(
        db: &mut PgConnection,
        mut keys: Vec<K>,
        key: fn(&R) -> K,
    ) -> Result<Self, sqlx::Error> {
        let mut working = Self { rows: HashMap::new() };
        if keys.is_empty() {
            return Ok(working);
        }
        keys.sort_unstable();
        keys.dedup();
        for row in sqlx::query(&R::statements().load).bind(&keys).fetch_all(db).await? {
            let row = R::load(&row)?;
            working.rows.insert(key(&row), Slot { row, stored: true, changed: false });
        }
        Ok(working)
    }

    /// A row to change.
    pub(crate) fn change(&mut self, key: K) -> Option<&mut R> {
        self.rows.get_mut(&key).map(|slot| {
            slot.changed = true;
            &mut slot.row
        })
    }

    /// A row to look at.
    pub(crate) fn get(&self, key: K) -> Option<&R> {
        self.rows.get(&key).map(|slot| &slot.row)
    }

    /// A new row, or a new content for the one that is there.
    pub(crate) fn put(&mut self, key: K, row: R) {
        match self.rows.entry(key) {
            Entry::Occupied(mut slot) => {
                slot.get_mut().row = row;
                slot.get_mut().changed = true;
            }
            Entry::Vacant(slot) => {
                slot.insert(Slot { row, stored: false, changed: true });
            }
        }
    }

    /// Writes what changed, in the order of keys, so that two writers can't deadlock.
    pub(crate) async fn write(self, db: &mut PgConnection) -> Result<(), sqlx::Error> {
        let mut changed: Vec<(&K, &Slot<R>)> = self.rows.iter().filter(|(_, slot)| slot.changed).collect();
        changed.sort_unstable_by_key(|(key, _)| **key);
        let (old, new): (Vec<_>, Vec<_>) =
            changed.into_iter().map(|(_, slot)| slot).partition(|slot| slot.stored);
        super::insert(db, new.iter().map(|slot| &slot.row)).await?;
        super::update(db, &old.iter().map(|slot| &slot.row).collect::<Vec<_>>()).await
    }
}
