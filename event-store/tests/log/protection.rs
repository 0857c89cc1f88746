//! What the log refuses, whoever asks.

use sqlx::Executor;

use crate::cell::{Cell, append, fill, id, tenant};

#[tokio::test]
async fn events_are_never_changed_not_even_by_the_owner() {
    let cell = Cell::new().await;
    let log = cell.log().await;
    fill(&log, 3).await;
    for statement in [
        "UPDATE events SET payload = '{}'",
        "UPDATE events SET payload = '{}' WHERE false",
        "DELETE FROM events",
        "TRUNCATE events",
        "TRUNCATE events CASCADE",
        "UPDATE log_head SET log_id = gen_random_uuid()",
        "DELETE FROM log_head",
    ] {
        let error = cell.pool.execute(statement).await.expect_err(statement);
        assert!(error.to_string().contains("the event log only grows"), "{statement}: {error}");
        let as_replica = format!("SET session_replication_role = replica; {statement}");
        let mut connection = cell.pool.acquire().await.unwrap();
        connection.execute(as_replica.as_str()).await.expect_err(statement);
        connection.execute("RESET session_replication_role").await.unwrap();
    }
    assert_eq!(cell.sound_events().await.len(), 3);
    cell.end().await;
}

#[tokio::test]
async fn the_services_may_insert_and_select_and_nothing_else() {
    let cell = Cell::new().await;
    let log = cell.log().await;
    fill(&log, 1).await;
    for role in ["docket_command", "docket_projection", "docket_query"] {
        let pool = cell.pool_as(role).await;
        for statement in ["UPDATE events SET payload = '{}'", "DELETE FROM events", "TRUNCATE events"] {
            let error = pool.execute(statement).await.expect_err(statement);
            assert!(error.to_string().contains("permission denied"), "{role}: {error}");
        }
        if role != "docket_command" {
            pool.execute("SELECT FROM events").await.unwrap();
            pool.execute("INSERT INTO claims VALUES (gen_random_uuid(), 'a', 'b', 'c')").await.unwrap_err();
        }
        pool.close().await;
    }
    cell.end().await;
}

#[tokio::test]
async fn without_a_tenant_a_query_sees_nothing() {
    let cell = Cell::new().await;
    let log = cell.log().await;
    fill(&log, 2).await;
    let mut other = append(&id(), 0);
    other.tenant = domain::ids::TenantId::of_key("other");
    log.append(other).await.unwrap();
    let pool = cell.pool_as("docket_query").await;
    let mut connection = pool.acquire().await.unwrap();
    let mut seen = async |tenant: Option<String>| -> i64 {
        if let Some(tenant) = tenant {
            sqlx::query("SELECT set_config('docket.tenant', $1, false)")
                .bind(tenant)
                .execute(&mut *connection)
                .await
                .unwrap();
        }
        sqlx::query_scalar("SELECT count(*) FROM events").fetch_one(&mut *connection).await.unwrap()
    };
    assert_eq!(seen(None).await, 0);
    assert_eq!(seen(Some(tenant().to_string())).await, 2);
    assert_eq!(seen(Some(String::new())).await, 0);
    assert_eq!(seen(Some(uuid::Uuid::nil().to_string())).await, 0);
    drop(connection);
    pool.close().await;
    cell.end().await;
}

#[tokio::test]
async fn an_owner_who_is_no_superuser_sees_the_log() {
    let cell = Cell::new().await;
    let policies: Vec<String> =
        sqlx::query_scalar("SELECT policyname::text FROM pg_policies WHERE tablename = 'events' ORDER BY 1")
            .fetch_all(&cell.pool)
            .await
            .unwrap();
    assert_eq!(policies, ["events_command", "events_owner", "events_projection", "events_query"]);
    cell.end().await;
}
