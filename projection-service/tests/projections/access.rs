//! Who sees what: row-level security on everything that docket_query can read.

use sqlx::{Connection, Executor, PgConnection};

use crate::database::Database;
use crate::story::history;

/// Of the cell and not of a tenant, though a column says whose: what is parked, which the state of read models counts.
const OF_THE_CELL: [&str; 1] = ["public.parked_streams"];

/// Everything of tenants that docket_query may read, as Postgres has it: a new table or view is among them.
async fn readable(database: &Database) -> Vec<String> {
    let sql = "SELECT format('%I.%I', nspname, relname)
                 FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace
                WHERE relkind IN ('r', 'p', 'v', 'm') AND nspname !~ '^pg_|^information'
                  AND has_schema_privilege('docket_query', n.oid, 'USAGE')
                  AND has_table_privilege('docket_query', c.oid, 'SELECT')
                  AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = 'tenant_id')
                ORDER BY 1";
    let mut found: Vec<String> = sqlx::query_scalar(sql).fetch_all(&database.pool).await.unwrap();
    found.retain(|relation| !OF_THE_CELL.contains(&relation.as_str()));
    assert!(found.len() > 20 && found.contains(&"public.events".to_owned()), "{found:?}");
    found
}

async fn count(reader: &mut PgConnection, relation: &str) -> i64 {
    sqlx::query_scalar(&format!("SELECT count(*) FROM {relation}")).fetch_one(reader).await.unwrap()
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
    let mut seen = 0;
    for relation in readable(&database).await {
        let all = database.number(&format!("SELECT count(*) FROM {relation}")).await;
        let (first, second) = (count(&mut one, &relation).await, count(&mut two, &relation).await);
        assert_eq!(first + second, all, "{relation}");
        seen += usize::from(first > 0 && second > 0);
        for unset in ["RESET docket.tenant", "SET docket.tenant = ''"] {
            nobody.execute(unset).await.unwrap();
            assert_eq!(count(&mut nobody, &relation).await, 0, "{relation} after {unset}");
        }
        // What a login could try, whatever its session says.
        for become_another in
            ["SET ROLE docket_projection", "SET ROLE docket_command", "SET row_security = off"]
        {
            let mut transaction = one.begin().await.unwrap();
            let tried = async {
                transaction.execute(become_another).await?;
                transaction.execute(format!("SELECT count(*) FROM {relation}").as_str()).await
            };
            assert!(tried.await.is_err(), "{relation} after {become_another}");
            transaction.rollback().await.unwrap();
        }
    }
    assert!(seen > 15, "both have rows in most of them: {seen}");
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
        "DELETE FROM ticket_list_v3.tickets",
        "UPDATE read.checkpoints SET position = 0",
        "INSERT INTO search_v2.texts VALUES (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), false, '')",
        "SELECT * FROM read.search_texts",
        "CREATE TABLE read.mine (x int)",
        "SELECT read.secure('ticket_list_v3')",
    ] {
        let error = reader.execute(sql).await.expect_err(sql);
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code).unwrap();
        assert_eq!(code, "42501", "{sql}: {error}");
    }
    reader.close().await.unwrap();
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_as_its_owner_is_for_those_it_was_made_for_and_looks_things_up_where_it_is_told_to() {
    let database = Database::new().await;
    let open: Vec<String> = sqlx::query_scalar(
        "SELECT p.oid::regprocedure::text FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = pronamespace
          WHERE nspname !~ '^pg_|^information' AND prosecdef
            AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = p.oid AND deptype = 'e')
            AND (NOT EXISTS (SELECT FROM unnest(proconfig) AS setting WHERE setting LIKE 'search_path=%')
                 OR has_function_privilege('public', p.oid, 'EXECUTE'))",
    )
    .fetch_all(&database.pool)
    .await
    .unwrap();
    assert_eq!(open, [""; 0]);
    database.drop().await;
}
