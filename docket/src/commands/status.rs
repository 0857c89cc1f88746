//! `docket status`: how the running instance is.

use crate::print::say;
use std::path::Path;

use event_store::{parked, reader::LogReader, relay};
use projection_service::{Cost, ProjectionStatus};
use serde::Serialize;

use crate::data_dir::DataDir;
use crate::database;
use crate::failure::{Outcome, While};
use crate::instance::Instance;

#[derive(Serialize)]
struct Status {
    url: String,
    pid: u32,
    data_dir: String,
    cell: String,
    log: Log,
    relay: Relay,
    projections: Vec<Projection>,
    postgres: Engine,
    nats: Engine,
    parked: i64,
}

#[derive(Serialize)]
struct Log {
    head: i64,
}

#[derive(Serialize)]
struct Relay {
    position: i64,
    epoch: i64,
    leader: Option<String>,
}

#[derive(Serialize)]
struct Projection {
    name: String,
    version: i32,
    position: i64,
    lag_events: i64,
    lag_seconds: f64,
    state: String,
    lane: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<Cost>,
}

/// Without a process id it is somebody else's.
#[derive(Serialize)]
struct Engine {
    pid: Option<u32>,
    url: String,
}

pub(crate) async fn run(data_dir: &Path, json: bool) -> Outcome {
    let (dir, instance) = Instance::find(data_dir)?;
    let status = read(&dir, instance).await?;
    if json {
        let text =
            serde_json::to_string_pretty(&status).while_doing("the status cannot be written as JSON")?;
        say!("{text}");
    } else {
        print(&status);
    }
    Ok(())
}

async fn read(dir: &DataDir, instance: Instance) -> Result<Status, crate::failure::Failure> {
    let pool = database::connect(&instance.database_url, 1).await?;
    let failed = "the status cannot be read from the database";
    let head = LogReader::new(pool.clone()).head().await.while_doing(failed)?;
    let relay = relay::status(&pool, &instance.cell).await.while_doing(failed)?;
    let projections = projection_service::status(&pool).await.while_doing(failed)?;
    let parked = parked::count(&pool).await.while_doing(failed)?;
    pool.close().await;
    Ok(Status {
        url: instance.url,
        pid: instance.pid,
        data_dir: dir.path().display().to_string(),
        cell: instance.cell,
        log: Log { head: head.0 },
        relay: relay.map_or(Relay { position: 0, epoch: 0, leader: None }, |relay| Relay {
            position: relay.position,
            epoch: relay.epoch,
            leader: relay.leader,
        }),
        projections: projections.into_iter().map(Projection::from).collect(),
        postgres: Engine { pid: pid(dir, instance.own_postgres, "postgres"), url: instance.database_url },
        nats: Engine { pid: pid(dir, instance.own_nats, "nats-server"), url: instance.nats_url },
        parked,
    })
}

fn pid(dir: &DataDir, own: bool, program: &str) -> Option<u32> {
    if own { dir.noted_pid(program) } else { None }
}

impl From<ProjectionStatus> for Projection {
    fn from(status: ProjectionStatus) -> Self {
        let ProjectionStatus { name, version, position, lag_events, lag_seconds, state, lane, cost, .. } =
            status;
        Self { name, version, position, lag_events, lag_seconds, state, lane, cost }
    }
}

fn print(status: &Status) {
    let engine = |engine: &Engine| match engine.pid {
        Some(pid) => format!("own, process {pid}"),
        None => "not docket's own".to_owned(),
    };
    say!("address    {}", status.url);
    say!("process    {}", status.pid);
    say!("data       {}", status.data_dir);
    say!("postgres   {}", engine(&status.postgres));
    say!("nats       {}", engine(&status.nats));
    say!("log        head {}", status.log.head);
    let leader = status.relay.leader.as_deref().unwrap_or("nobody");
    say!("relay      position {}, epoch {}, led by {leader}", status.relay.position, status.relay.epoch);
    for Projection { name, version, position, lag_events, lag_seconds, state, lane, cost } in
        &status.projections
    {
        say!(
            "{name:<16} version {version}, position {position}, {lag_events} events and {lag_seconds:.1} s behind, \
             {state}, lane {lane}"
        );
        if let Some(cost) = cost {
            say!(
                "{:<16} each event: {:.1} rows, {:.0} bytes of WAL at most, {:.0} µs; {:.0} events at once",
                "",
                cost.rows_per_event,
                cost.wal_bytes_per_event,
                cost.micros_per_event,
                cost.events_per_batch
            );
        }
    }
    say!("parked     {}", status.parked);
}
