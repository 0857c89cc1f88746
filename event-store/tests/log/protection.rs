//! What the log refuses, whoever asks.

use sqlx::{ConnectOptions, Connection, Executor, PgConnection};

use crate::cell::{Cell, append, fill, id, keyed, tenant};

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

/// What each service may change in the log's schema, and nothing else: a table that isn't here may be changed by none.
const MAY: [(&str, &str, &str); 8] = [
    ("docket_command", "number_sequences", "UPDATE"),
    ("docket_command", "process_leases", "DELETE"),
    ("docket_command", "process_leases", "UPDATE"),
    ("docket_command", "relay_state", "UPDATE"),
    ("docket_projection", "parked_events_skipped", "DELETE"),
    ("docket_projection", "parked_events_skipped", "UPDATE"),
    ("docket_projection", "parked_streams", "DELETE"),
    ("docket_projection", "parked_streams", "UPDATE"),
];
const ROLES: [&str; 3] = ["docket_command", "docket_projection", "docket_query"];

/// As the services log in, and not in their roles yet: from there they could take any that they may.
async fn login(cell: &Cell, role: &str) -> PgConnection {
    cell.options.clone().username(&format!("{role}_test")).connect().await.unwrap()
}

async fn names(cell: &Cell, sql: &str) -> Vec<String> {
    sqlx::query_scalar(sql).fetch_all(&cell.pool).await.unwrap()
}

/// Whether a statement is let through. It is taken back.
async fn passes(connection: &mut PgConnection, statement: &str) -> bool {
    let mut transaction = connection.begin().await.unwrap();
    let passed = transaction.execute(statement).await.is_ok();
    transaction.rollback().await.unwrap();
    passed
}

#[tokio::test]
async fn whoever_serves_can_become_nobody_and_change_nothing_of_the_log() {
    let cell = Cell::new().await;
    let log = cell.log().await;
    log.append(keyed(append(&id(), 0), "fresh", 1)).await.unwrap();
    let tables =
        names(&cell, "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')")
            .await;
    assert!(tables.contains(&"events".to_owned()) && tables.len() > 8, "{tables:?}");
    let roles = names(
        &cell,
        "SELECT rolname::text FROM pg_roles WHERE rolname !~ '_test$' AND rolname !~ '_[0-9a-f]{8}$'",
    )
    .await;
    let mut may = Vec::new();
    for role in ROLES {
        let mut connection = login(&cell, role).await;
        for other in roles.iter().filter(|other| *other != role) {
            assert!(!passes(&mut connection, &format!("SET ROLE {other}")).await, "{role} becomes {other}");
            let session = format!("SET SESSION AUTHORIZATION {other}");
            assert!(!passes(&mut connection, &session).await, "{role} becomes {other}");
            assert!(
                !passes(&mut connection, &format!("GRANT {other} TO CURRENT_USER")).await,
                "{role}, {other}"
            );
        }
        for table in &tables {
            let column = format!(
                "SELECT attname::text FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0 LIMIT 1"
            );
            let column = &names(&cell, &column).await[0];
            for acting in ["NONE", role] {
                connection.execute(format!("SET ROLE {acting}").as_str()).await.unwrap();
                for statement in [
                    format!("TRUNCATE {table}"),
                    format!("TRUNCATE {table} CASCADE"),
                    format!("ALTER TABLE {table} DISABLE TRIGGER ALL"),
                    format!("ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"),
                    format!("ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY"),
                    format!("ALTER TABLE {table} OWNER TO CURRENT_USER"),
                    format!("ALTER TABLE {table} ADD COLUMN more integer"),
                    format!("CREATE POLICY mine ON {table} USING (true)"),
                    format!("CREATE TRIGGER mine BEFORE INSERT ON {table} EXECUTE FUNCTION refuse_change()"),
                    format!("CREATE RULE mine AS ON INSERT TO {table} DO INSTEAD NOTHING"),
                    format!("DROP TABLE {table} CASCADE"),
                ] {
                    assert!(!passes(&mut connection, &statement).await, "{role}: {statement}");
                }
                for (verb, statement) in [
                    ("UPDATE", format!("UPDATE {table} SET {column} = {column} WHERE false")),
                    ("DELETE", format!("DELETE FROM {table} WHERE false")),
                ] {
                    if passes(&mut connection, &statement).await {
                        may.push((role, table.clone(), verb));
                    }
                }
            }
        }
        for statement in [
            "SET session_replication_role = replica",
            "CREATE TABLE public.mine (x int)",
            "CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT NULL::timestamptz'",
            "CREATE ROLE another SUPERUSER",
            "ALTER ROLE CURRENT_USER SUPERUSER",
            "ALTER ROLE CURRENT_USER BYPASSRLS",
            "DROP FUNCTION refuse_change() CASCADE",
            "COPY events TO PROGRAM 'cat'",
            "SELECT pg_read_file('/etc/passwd')",
        ] {
            assert!(!passes(&mut connection, statement).await, "{role}: {statement}");
        }
        connection.close().await.unwrap();
    }
    may.sort();
    may.dedup();
    let may: Vec<_> = may.iter().map(|(role, table, verb)| (*role, table.as_str(), *verb)).collect();
    assert_eq!(may, MAY);
    assert_eq!(cell.sound_events().await.len(), 1);
    cell.end().await;
}

#[tokio::test]
async fn what_runs_as_the_owner_is_for_nobody_else_and_looks_things_up_where_it_is_told_to() {
    let cell = Cell::new().await;
    let open = names(
        &cell,
        "SELECT proname::text FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = pronamespace
          WHERE nspname !~ '^pg_|^information' AND prosecdef
            AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = p.oid AND deptype = 'e')
            AND (NOT EXISTS (SELECT FROM unnest(proconfig) AS setting WHERE setting LIKE 'search_path=%pg_temp')
                 OR has_function_privilege('public', p.oid, 'EXECUTE'))",
    )
    .await;
    assert_eq!(open, [""; 0]);
    cell.end().await;
}

#[tokio::test]
async fn fresh_idempotency_keys_cannot_be_deleted() {
    let cell = Cell::new().await;
    let log = cell.log().await;
    log.append(keyed(append(&id(), 0), "fresh", 1)).await.unwrap();
    let mut connection = login(&cell, "docket_command").await;
    for age in ["0", "-1 day", "23 hours 59 minutes", "1 month -29 days -12 hours"] {
        let statement = format!("SELECT prune_idempotency_keys('{age}', 10)");
        assert!(!passes(&mut connection, &statement).await, "{age}");
    }
    assert!(!passes(&mut connection, "SELECT prune_idempotency_keys(NULL, 10)").await);
    connection.execute("SELECT prune_idempotency_keys('24 hours', 10)").await.unwrap();
    connection.close().await.unwrap();
    let kept: i64 =
        sqlx::query_scalar("SELECT count(*) FROM idempotency_keys").fetch_one(&cell.pool).await.unwrap();
    assert_eq!(kept, 1);
    for role in ["docket_projection", "docket_query"] {
        let mut connection = login(&cell, role).await;
        assert!(!passes(&mut connection, "SELECT prune_idempotency_keys('48 hours', 10)").await, "{role}");
        connection.close().await.unwrap();
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
