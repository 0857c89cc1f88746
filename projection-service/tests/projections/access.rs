//! Who sees what: row-level security on everything that docket_query can read.

use sqlx::{Connection, Executor, PgConnection};

use crate::database::Database;
use crate::story::history;

const VIEWS: [&str; 9] = [
    "tickets",
    "messages",
    "message_edits",
    "message_reads",
    "attachments",
    "activity",
    "assignments",
    "queue_counts",
    "agent_load",
];

async fn count(reader: &mut PgConnection, view: &str) -> i64 {
    sqlx::query_scalar(&format!("SELECT count(*) FROM read.{view}")).fetch_one(reader).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_sees_its_own_rows_and_nobody_sees_none() {
    let database = Database::new().await;
    database.append(&history(40, 2_000, &["one", "two"])).await;
    database.settle().await;
    let mut one = database.reader_of("one").await;
    let mut two = database.reader_of("two").await;
    let nobody = database.pool_as("docket_query");
    let mut nobody = nobody.acquire().await.unwrap();
    for view in VIEWS {
        let all = database.number(&format!("SELECT count(*) FROM read.{view}")).await;
        let (first, second) = (count(&mut one, view).await, count(&mut two, view).await);
        assert!(first > 0 && second > 0, "{view}: {first} {second}");
        assert_eq!(first + second, all, "{view}");
        for unset in ["RESET docket.tenant", "SET docket.tenant = ''"] {
            nobody.execute(unset).await.unwrap();
            assert_eq!(count(&mut nobody, view).await, 0, "{view} after {unset}");
        }
    }
    nobody.close().await.unwrap();
    one.close().await.unwrap();
    two.close().await.unwrap();
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn docket_query_can_change_nothing() {
    let database = Database::new().await;
    let mut reader = database.reader_of("one").await;
    for sql in [
        "DELETE FROM read.tickets",
        "DELETE FROM ticket_list_v2.tickets",
        "UPDATE read.checkpoints SET position = 0",
        "INSERT INTO search_v1.texts VALUES (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), false, '')",
        "SELECT * FROM read.search_texts",
        "CREATE TABLE read.mine (x int)",
        "SELECT read.secure('ticket_list_v2')",
    ] {
        let error = reader.execute(sql).await.expect_err(sql);
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code).unwrap();
        assert_eq!(code, "42501", "{sql}: {error}");
    }
    reader.close().await.unwrap();
    database.drop().await;
}
