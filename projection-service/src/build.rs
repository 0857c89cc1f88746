//! Builds a projection from the log into a schema that nobody reads yet.

use domain::ids::Position;
use domain::ticket::upcast::Upcasters;
use event_store::reader::LogReader;
use futures::{StreamExt, TryStreamExt, stream};
use sqlx::{Connection, Executor, PgConnection, PgPool};
use std::sync::Arc;

use crate::applier::{Applier, Claim, Refused};
use crate::connection::connect;
use crate::cost::Meter;
use crate::entry::{Batch, LogEntry};
use crate::install::{make_tables, secure};
use crate::parking::Parking;
use crate::projections::Projection;

/// How many events are read at once, and how many such reads are under way.
const READ: i64 = 5_000;
const READERS: usize = 3;

/// A projection under construction.
pub(crate) struct Build {
    pub(crate) schema: String,
    applier: Applier,
    position: Position,
}

impl Build {
    /// Makes the schema with empty tables, in the place of what an earlier attempt may have left.
    pub(crate) async fn begin(
        pool: &PgPool,
        projection: &'static dyn Projection,
        schema: String,
        parking: Parking,
    ) -> Result<Self, sqlx::Error> {
        let mut db = connect(pool, &schema).await?;
        let mut transaction = db.begin().await?;
        drop_schema(&mut transaction, &schema).await?;
        make_tables(&mut transaction, &schema, projection).await?;
        transaction.commit().await?;
        let claim = Claim::Build { refused: Vec::new() };
        let applier = Applier { projection, db, parking, claim, meter: Meter::new() };
        Ok(Self { schema, applier, position: Position::START })
    }

    /// Applies the log up to and including `until`. Reading goes on in parallel while rows are written.
    pub(crate) async fn go_to(
        &mut self,
        reader: &LogReader,
        upcasters: &Arc<Upcasters>,
        until: Position,
    ) -> Result<(), sqlx::Error> {
        let starts = (self.position.0..until.0).step_by(READ as usize);
        let reads = stream::iter(starts).map(|after| {
            let limit = READ.min(until.0 - after);
            read(reader.clone(), upcasters.clone(), Position(after), limit)
        });
        let mut reads = std::pin::pin!(reads.buffered(READERS));
        while let Some(batch) = reads.try_next().await? {
            let entries: Vec<&LogEntry> = batch.iter().collect();
            self.applier.apply(&entries).await?;
            if let Some(last) = entries.last() {
                self.position = last.position();
            }
        }
        Ok(())
    }

    /// Puts the tables under row-level security.
    pub(crate) async fn secure(&mut self) -> Result<(), sqlx::Error> {
        secure(&mut self.applier.db, &self.schema).await
    }

    /// Makes what only readers need, and tells the planner what is in the tables.
    pub(crate) async fn finish_tables(&mut self) -> Result<(), sqlx::Error> {
        let db = &mut self.applier.db;
        db.execute("SET statement_timeout = 0").await?;
        db.execute(self.applier.projection.sql().indexes).await?;
        for table in self.applier.projection.tables() {
            db.execute(format!("ANALYZE {}.{table}", self.schema).as_str()).await?;
        }
        db.execute("RESET statement_timeout").await?;
        Ok(())
    }

    /// The last position that was applied.
    pub(crate) fn position(&self) -> Position {
        self.position
    }

    /// What couldn't be applied, by the first entry of each stream.
    pub(crate) fn refused(&self) -> &[Refused] {
        match &self.applier.claim {
            Claim::Build { refused } => refused,
            Claim::Live { .. } => &[],
        }
    }

    /// Gives the connection back.
    pub(crate) async fn close(self) {
        // Saying goodbye can fail only if the connection is gone already.
        let _ = self.applier.db.close().await;
    }
}

/// Reads on a thread of the runtime, so that stretches are read in parallel.
async fn read(
    reader: LogReader,
    upcasters: Arc<Upcasters>,
    after: Position,
    limit: i64,
) -> Result<Batch, sqlx::Error> {
    let work = tokio::spawn(async move {
        let events = reader.read(after, limit).await?;
        Ok(events.iter().map(|event| LogEntry::read(event, &upcasters)).collect())
    });
    work.await.unwrap_or_else(|error| Err(sqlx::Error::Protocol(format!("a reader ended badly: {error}"))))
}

/// Drops a schema with all that is in it, if it is there.
pub(crate) async fn drop_schema(db: &mut PgConnection, schema: &str) -> Result<(), sqlx::Error> {
    // Schemas are named by this crate's constants.
    db.execute(format!("DROP SCHEMA IF EXISTS {schema} CASCADE").as_str()).await?;
    Ok(())
}
