//! `pgbench`: the same row, one per transaction.

use std::process::Command;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{Executor, PgPool};

use crate::{METADATA, Measured, PAYLOAD};

pub(crate) async fn one_row(pool: &PgPool, database: &PgConnectOptions, length: Duration) -> Measured {
    pool.execute(
        "CREATE TABLE one_row (
             position bigint GENERATED ALWAYS AS IDENTITY UNIQUE, aggregate_type text NOT NULL,
             aggregate_id text NOT NULL, sequence bigint NOT NULL, event_type text NOT NULL,
             event_version text NOT NULL, payload json NOT NULL, metadata json NOT NULL,
             event_id uuid NOT NULL, tenant_id uuid NOT NULL, command_id uuid NOT NULL,
             recorded_at timestamptz NOT NULL, PRIMARY KEY (aggregate_type, aggregate_id, sequence))",
    )
    .await
    .expect("a table");
    let script = std::env::temp_dir().join(format!("docket-bench-{}.sql", std::process::id()));
    std::fs::write(
        &script,
        format!(
            "INSERT INTO one_row (aggregate_type, aggregate_id, sequence, event_type, event_version, payload,
             metadata, event_id, tenant_id, command_id, recorded_at) VALUES ('ticket', gen_random_uuid()::text, 1,
             'TicketOpened', '1', '{PAYLOAD}', '{METADATA}', gen_random_uuid(),
             '00000000-0000-0000-0000-000000000000', gen_random_uuid(), now());\n"
        ),
    )
    .expect("a script");
    let (host, port) = (database.get_host().to_owned(), database.get_port().to_string());
    let output = Command::new("pgbench")
        .args(["-n", "-M", "prepared", "-c", "64", "-j", "2", "-h", &host, "-p", &port])
        .args(["-U", database.get_username(), "-T", &length.as_secs().to_string(), "-f"])
        .arg(&script)
        .arg(database.get_database().unwrap_or("postgres"))
        .output()
        .expect("pgbench runs");
    let _ = std::fs::remove_file(&script);
    let text = String::from_utf8_lossy(&output.stdout);
    let rate = text.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
    let error = String::from_utf8_lossy(&output.stderr);
    Measured { per_second: rate.unwrap_or_else(|| panic!("pgbench: {text}{error}")), p99: None }
}
