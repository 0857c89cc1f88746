//! The runtime: batches, repeats, processes beside each other, a database that goes away.

use domain::ids::Position;
use sqlx::Executor;

use crate::database::{Database, Running, eventually};
use crate::story::{Chance, history};

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_batches_the_rows_are_the_same() {
    let database = Database::new().await;
    let running = Running::start(database.options());
    let events = history(1, 3_000, &["one", "two"]);
    let mut chance = Chance::new(2);
    let mut rest = events.as_slice();
    while !rest.is_empty() {
        let (batch, later) = rest.split_at((1 + chance.below(60)).min(rest.len()));
        database.append(batch).await;
        rest = later;
    }
    database.settled().await;
    // The comparison builds from zero, in the largest batches, by COPY.
    database.assert_equal_to_the_log().await;
    assert!(database.number("SELECT count(*) FROM read.tickets").await > 100);
    running.stop().await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_applied_is_not_applied_again() {
    let database = Database::new().await;
    database.append(&history(3, 500, &["one"])).await;
    database.settle().await;
    // As after a crash that forgot how far one projection was in comparison with the others.
    database.settle().await;
    let more = history(4, 100, &["two"]);
    database.append(&more).await;
    database.settle().await;
    assert_eq!(database.number("SELECT count(DISTINCT position) FROM read.activity").await, 600);
    database.assert_equal_to_the_log().await;
    let stopped = "SELECT count(*) FROM read.checkpoints WHERE state = 'stopped' AND owner IS NULL";
    assert_eq!(database.number(stopped).await, 9);
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_one_database_apply_each_event_once() {
    let database = Database::new().await;
    let (first, second) = (Running::start(database.options()), Running::start(database.options()));
    let events = history(5, 2_000, &["one"]);
    for batch in events.chunks(25) {
        database.append(batch).await;
    }
    let head = Position(2_000);
    for running in [&first, &second] {
        // Both know how far the read models are, whoever wrote them.
        let mut position = running.runtime.position();
        tokio::time::timeout(std::time::Duration::from_secs(60), position.wait_for(|at| *at >= head))
            .await
            .expect("in time")
            .unwrap();
    }
    database.assert_equal_to_the_log().await;
    first.stop().await;
    database.append(&history(6, 200, &["two"])).await;
    database.settled().await;
    database.assert_equal_to_the_log().await;
    second.stop().await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_makes_no_headway_is_relieved() {
    let database = Database::new().await;
    // As a process that was paused in the middle of its life: it is on record as the writer, holds
    // the lock, and does nothing.
    database.pool.execute("UPDATE read.checkpoints SET owner = gen_random_uuid()").await.unwrap();
    let paused = database.pool_as("docket_projection");
    let mut holder = paused.acquire().await.unwrap();
    holder
        .execute("SELECT pg_try_advisory_lock(hashtextextended(projection, 54)) FROM read.checkpoints")
        .await
        .unwrap();
    let running = Running::start(database.options());
    database.append(&history(7, 50, &["one"])).await;
    database.settled().await;
    database.assert_equal_to_the_log().await;
    running.stop().await;
    drop(holder);
    paused.close().await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_break_are_made_anew() {
    let database = Database::new().await;
    let running = Running::start(database.options());
    for (round, batch) in history(8, 900, &["one"]).chunks(300).enumerate() {
        database.append(batch).await;
        let kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                    WHERE datname = current_database() AND pid <> pg_backend_pid() \
                      AND application_name <> 'owner'";
        let killed = database.number(kill).await;
        assert!(killed > 0, "round {round}");
    }
    database.settled().await;
    database.assert_equal_to_the_log().await;
    running.stop().await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_model_that_fell_back_is_brought_up_again() {
    let database = Database::new().await;
    let running = Running::start(database.options());
    database.append(&history(9, 200, &["one"])).await;
    database.settled().await;
    // As after a crash of Postgres that lost the last transactions, which weren't on disk yet: the
    // tables are as they were at an earlier position.
    database
        .pool
        .execute(
            "BEGIN; TRUNCATE queue_counts_v1.counts, queue_counts_v1.counted; \
             UPDATE read.checkpoints SET position = 0 WHERE projection = 'queue_counts'; COMMIT",
        )
        .await
        .unwrap();
    database.append(&history(10, 10, &["two"])).await;
    database.settled().await;
    database.assert_equal_to_the_log().await;
    running.stop().await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn status_tells_how_far_each_is() {
    let database = Database::new().await;
    database.append(&history(11, 30, &["one"])).await;
    let before = projection_service::status(&database.pool).await.unwrap();
    assert_eq!(before.len(), 9);
    assert!(before.iter().all(|each| each.lag_events == 30 && each.state == "stopped" && each.position == 0));
    let running = Running::start(database.options());
    eventually("all live", async || {
        let now = running.runtime.status().await.unwrap();
        now.iter()
            .all(|each| each.state == "live" && each.lag_events == 0 && each.lag_seconds == 0.0)
            .then_some(())
    })
    .await;
    assert!(running.runtime.positions().iter().all(|(_, position)| *position == Position(30)));
    running.stop().await;
    let stopped = projection_service::status(&database.pool).await.unwrap();
    assert!(stopped.iter().all(|each| each.state == "stopped"));
    // Started again, with nothing to do.
    let running = Running::start(database.options());
    eventually("all live again", async || {
        let now = running.runtime.status().await.unwrap();
        now.iter().all(|each| each.state == "live").then_some(())
    })
    .await;
    running.stop().await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_look_at_never_waits_for_search_and_statistics() {
    let database = Database::new().await;
    // Neither can write anything.
    let mut held = database.pool.begin().await.unwrap();
    let later = "SELECT schemaname, tablename FROM pg_tables AS t JOIN read.checkpoints AS c \
                 ON t.schemaname = c.projection || '_v' || c.version WHERE c.lane <> 'interactive'";
    let tables: Vec<(String, String)> = sqlx::query_as(later).fetch_all(&mut *held).await.unwrap();
    assert!(tables.len() > 3, "{tables:?}");
    for (schema, table) in tables {
        let lock = format!("LOCK TABLE {schema}.{table} IN EXCLUSIVE MODE");
        held.execute(lock.as_str()).await.unwrap();
    }
    let running = Running::start(database.options());
    let head = database.append(&history(12, 3_000, &["one"])).await;
    eventually("the first lane at the head", async || {
        let behind = format!(
            "SELECT count(*) FROM read.checkpoints WHERE lane = 'interactive' AND position < {}",
            head.0
        );
        (database.number(&behind).await == 0).then_some(())
    })
    .await;
    let behind =
        "SELECT count(*) FROM read.checkpoints WHERE projection IN ('search', 'stats') AND position < 3000";
    assert_eq!(database.number(behind).await, 2);
    held.rollback().await.unwrap();
    database.settled().await;
    database.assert_equal_to_the_log().await;
    let measured = running.runtime.status().await.unwrap();
    assert!(
        measured.iter().any(|each| each.lane == "analytics")
            && measured.iter().any(|each| each.lane == "search")
    );
    running.stop().await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_event_costs_is_measured() {
    let database = Database::new().await;
    let running = Running::start(database.options());
    database.append(&history(13, 500, &["one"])).await;
    let cost = eventually("the list's cost", async || {
        let now = running.runtime.status().await.unwrap();
        now.into_iter().find(|each| each.name == "ticket_list").and_then(|each| each.cost)
    })
    .await;
    assert!(
        cost.rows_per_event > 0.0 && cost.wal_bytes_per_event > 0.0 && cost.micros_per_event > 0.0,
        "{cost:?}"
    );
    running.stop().await;
    database.drop().await;
}
