//! What other figures are ratios to.

use std::process::Command;

use docket_tests::Docket;
use serde_json::json;

/// Transactions per second of `pgbench`, each inserting one event row of the size of that opening.
pub(crate) async fn pgbench(docket: &Docket, opening: &str) -> f64 {
    let pool = docket.postgres().await;
    for statement in [
        "CREATE SCHEMA IF NOT EXISTS bench",
        "CREATE TABLE bench.events (position bigint GENERATED ALWAYS AS IDENTITY UNIQUE, aggregate_type text, \
         aggregate_id text, sequence bigint, event_type text, event_version text, payload json, metadata json, \
         event_id uuid, tenant_id uuid, command_id uuid, recorded_at timestamptz, \
         PRIMARY KEY (aggregate_type, aggregate_id, sequence))",
    ] {
        sqlx::query(statement).execute(&pool).await.expect("the bench's table");
    }
    let payload = json!({"number": "TKT-00000001", "requester": {"id": "bench"}, "status": "new", "status_category": "new",
        "priority": "high", "priority_rank": 2, "source": "api", "body": serde_json::from_str::<serde_json::Value>(opening).expect("JSON")});
    let metadata = json!({"actor": {"id": "bench", "kind": "agent"}, "occurred_at": "2026-01-01T00:00:00.000000Z",
        "request_id": "0198c0de-0000-7000-8000-000000000000", "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"});
    let script = format!(
        "INSERT INTO bench.events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, \
         event_id, tenant_id, command_id, recorded_at) VALUES ('ticket', gen_random_uuid()::text, 1, 'TicketOpened', '1', \
         '{payload}', '{metadata}', gen_random_uuid(), '{tenant}', gen_random_uuid(), now());\n",
        tenant = uuid::Uuid::nil()
    );
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("open.sql");
    // pgbench takes `:name` for a variable of its own where one is defined; none is.
    std::fs::write(&path, script).expect("the script");
    let url = docket.status()["postgres"]["url"].as_str().expect("a url").to_owned();
    let output = Command::new("pgbench")
        .args(["-n", "-M", "prepared", "-c", "64", "-j", "2", "-T", "10", "-f"])
        .arg(&path)
        .arg(&url)
        .output()
        .expect("pgbench runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    sqlx::query("DROP SCHEMA bench CASCADE").execute(&pool).await.expect("dropped");
    let rate = text.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
    rate.unwrap_or_else(|| panic!("pgbench said no rate: {text}{}", String::from_utf8_lossy(&output.stderr)))
}
