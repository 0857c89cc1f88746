//! Rebuilds beside the live read models.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use projection_service::RebuildError;
use sqlx::{Connection, Executor};

use crate::database::{Database, Running, eventually};
use crate::story::history;

const ALL: [&str; 9] = [
    "ticket_list",
    "conversation",
    "activity",
    "queue_counts",
    "agent_load",
    "search",
    "sla",
    "stats",
    "tenants",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_is_switched_to_while_events_come_and_readers_read() {
    let database = Database::new().await;
    database.append(&history(30, 3_000, &["one"])).await;
    let running = Running::start(database.options());
    database.settled().await;

    let done = AtomicBool::new(false);
    let writing = async {
        for batch in history(31, 1_500, &["two"]).chunks(20) {
            database.append(batch).await;
            tokio::task::yield_now().await;
        }
    };
    let reading = async {
        let mut reader = database.reader_of("one").await;
        let mut reads = 0;
        let expected = database.number("SELECT count(*) FROM read.tickets t WHERE t.position <= 3000").await;
        while !done.load(Ordering::Relaxed) {
            let found: i64 =
                sqlx::query_scalar("SELECT count(*) FROM read.tickets").fetch_one(&mut reader).await.unwrap();
            assert_eq!(found, expected, "no read is lost");
            reads += 1;
        }
        reader.close().await.unwrap();
        reads
    };
    let rebuilding = async {
        for name in ALL {
            let rebuilt = running.runtime.rebuild(name).await.unwrap();
            assert!(rebuilt.position.0 >= 3_000);
        }
        done.store(true, Ordering::Relaxed);
    };
    let ((), reads, ()) = tokio::join!(writing, reading, rebuilding);
    assert!(reads > 10);
    database.settled().await;
    database.assert_equal_to_the_log().await;

    let left = "SELECT count(*) FROM pg_namespace WHERE nspname ~ '_(next|old|scratch)'";
    assert_eq!(database.number(left).await, 0, "nothing is left behind");
    let open = "SELECT count(*) FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace \
                WHERE relkind = 'r' AND nspname ~ '_v[0-9]+$' AND NOT (relrowsecurity AND EXISTS ( \
                    SELECT FROM pg_policy WHERE polrelid = pg_class.oid AND polname = 'tenant'))";
    assert_eq!(database.number(open).await, 0, "the new tables are as guarded as the old");
    running.stop().await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_mends_what_was_tampered_with() {
    let database = Database::new().await;
    database.append(&history(32, 500, &["one"])).await;
    database.settle().await;
    let spoil = [
        "UPDATE ticket_list_v3.tickets SET subject = 'something else' WHERE number = 'TKT-00000001'",
        "DELETE FROM activity_v2.activity WHERE position = 7",
        "UPDATE queue_counts_v1.counts SET count = count + 1 WHERE dimension = 'total'",
    ];
    for sql in spoil {
        database.pool.execute(sql).await.unwrap();
    }
    let differences = projection_service::verify(&database.pool).await.unwrap();
    let tables: Vec<_> = differences.iter().map(|each| each.table).collect();
    assert_eq!(tables, ["tickets", "activity", "counts"], "{differences:#?}");
    assert!(differences[0].only_live[0].contains("something else"));
    let options = database.options();
    for name in ["ticket_list", "activity", "queue_counts"] {
        projection_service::rebuild(&options.pool, &options.reader, &options.upcasters, name).await.unwrap();
    }
    database.assert_equal_to_the_log().await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rebuilds_are_refused_by_name_and_one_at_a_time() {
    let database = Database::new().await;
    let options = database.options();
    let unknown = projection_service::rebuild(&options.pool, &options.reader, &options.upcasters, "tickets")
        .await
        .unwrap_err();
    assert!(matches!(unknown, RebuildError::Unknown(_)));
    assert!(unknown.to_string().contains("ticket_list"), "{unknown}");
    database.append(&history(33, 4_000, &["one"])).await;
    let rebuild = || {
        let options = options.clone();
        tokio::spawn(async move {
            projection_service::rebuild(&options.pool, &options.reader, &options.upcasters, "ticket_list")
                .await
        })
    };
    let (first, second) = (rebuild(), rebuild());
    let outcomes = [first.await.unwrap(), second.await.unwrap()];
    let done = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert!(done >= 1);
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(_) | Err(RebuildError::Running(_)))));
    database.settle().await;
    database.assert_equal_to_the_log().await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_version_is_replaced_by_the_programs_own() {
    let database = Database::new().await;
    database.append(&history(34, 300, &["one"])).await;
    database.settle().await;
    // As an earlier program left it: other columns, another version.
    database
        .pool
        .execute(
            "BEGIN; DROP VIEW read.queue_counts; ALTER SCHEMA queue_counts_v1 RENAME TO queue_counts_v0; \
             CREATE VIEW read.queue_counts AS SELECT tenant_id, count AS was FROM queue_counts_v0.counts; \
             ALTER VIEW read.queue_counts OWNER TO docket_projection; \
             UPDATE read.checkpoints SET version = 0 WHERE projection = 'queue_counts'; COMMIT",
        )
        .await
        .unwrap();
    let running = Running::start(database.options());
    eventually("the new version", async || {
        let version = "SELECT version::bigint FROM read.checkpoints WHERE projection = 'queue_counts'";
        (database.number(version).await == 1).then_some(())
    })
    .await;
    database.append(&history(35, 100, &["two"])).await;
    database.settled().await;
    database.assert_equal_to_the_log().await;
    assert!(
        database.number("SELECT sum(count)::bigint FROM read.queue_counts WHERE dimension = 'total'").await
            > 0
    );
    running.stop().await;
    eventually("the old tables are dropped", async || {
        (database.number("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'queue_counts_v0%'").await
            == 0)
            .then_some(())
    })
    .await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn installing_twice_and_at_once_does_nothing() {
    let database = Database::new().await;
    let pool = Arc::new(database.pool.clone());
    let again = (0..4).map(|_| {
        let pool = pool.clone();
        tokio::spawn(async move {
            event_store::migrate(&pool).await.unwrap();
            projection_service::migrate(&pool).await.unwrap();
        })
    });
    for each in again.collect::<Vec<_>>() {
        each.await.unwrap();
    }
    assert_eq!(database.number("SELECT count(*) FROM read.checkpoints").await, 9);
    drop(pool);
    database.drop().await;
}
