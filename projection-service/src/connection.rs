//! Connections that apply.

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, PgConnection, PgPool};

/// A connection of its own for writing into `schema`, as the role that owns the read models.
///
/// `synchronous_commit` is off: rows and checkpoint are one transaction, so a crash of Postgres that
/// loses the last moments loses both, and they are applied again from the log, which is durable.
/// The planner is held to index probes: batches bring their keys, and a plan made while the tables
/// were empty would scan them as they grow. So one plan is right for every batch, and is made once.
pub(crate) async fn connect(pool: &PgPool, schema: &str) -> Result<PgConnection, sqlx::Error> {
    options(pool, schema)
        .options([
            ("synchronous_commit", "off"),
            ("enable_seqscan", "off"),
            ("enable_hashjoin", "off"),
            ("enable_mergejoin", "off"),
            ("plan_cache_mode", "force_generic_plan"),
            ("statement_timeout", "60s"),
            ("lock_timeout", "5s"),
            ("idle_in_transaction_session_timeout", "5s"),
        ])
        .connect()
        .await
}

/// A connection for what an operator asked for: it may take its time.
pub(crate) async fn connect_unhurried(pool: &PgPool, schema: &str) -> Result<PgConnection, sqlx::Error> {
    options(pool, schema)
        .options([
            ("synchronous_commit", "off"),
            ("statement_timeout", "0"),
            ("lock_timeout", "5s"),
            ("idle_in_transaction_session_timeout", "0"),
            ("maintenance_work_mem", "128MB"),
        ])
        .connect()
        .await
}

fn options(pool: &PgPool, schema: &str) -> PgConnectOptions {
    let search_path = format!("{schema},public");
    pool.connect_options().as_ref().clone().options([
        ("role", "docket_projection"),
        ("search_path", search_path.as_str()),
        ("timezone", "UTC"),
        ("jit", "off"),
    ])
}
