//! `docket sla backtest`: policies tried on the real past. Reads the log, and writes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::{DateTime, Utc};
use domain::event::{Event, TICKET};
use domain::ids::{Position, TenantId};
use domain::sla::Configuration;
use domain::sla::backtest::{Backtest, Counts, Report};
use domain::sla::clock::Moment;
use domain::sla::policy::{Metric, Rules};
use domain::ticket::upcast::Upcasters;
use domain::time::Clock;
use event_store::reader::{Filter, LogReader};
use serde::Serialize;
use service_kit::clock::SystemClock;

use crate::cli::BacktestArgs;
use crate::failure::{Failure, Outcome, While};
use crate::instance::Target;
use crate::settings::Settings;
use crate::{database, tenants};

/// How many events are read at once.
const READ: i64 = 5_000;

/// What happened, and what would have.
#[derive(Serialize)]
struct Compared {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    events: usize,
    /// Under the policies that the tenant has.
    actual: Report,
    /// Under those that are tried.
    draft: Report,
}

pub(crate) async fn run(settings: &Settings, args: BacktestArgs) -> Outcome {
    let draft = match &args.policy {
        Some(file) => read(file)?,
        None => Configuration::starting().clone(),
    };
    let (from, to) =
        (args.from.unwrap_or(DateTime::UNIX_EPOCH), args.to.unwrap_or_else(|| SystemClock.now()));
    if from >= to {
        return Err(Failure::said("--from must be before --to"));
    }
    let mut trials =
        [Backtest::new(Rules::clone(Rules::starting()), from, to), Backtest::new(rules(&draft)?, from, to)];
    let target = Target::of(settings)?;
    let pool = database::connect(&target.database_url, None, 1).await?;
    let tenant = tenants::find(&pool, &args.tenant).await?;
    let events = replay(&LogReader::new(pool), tenant, &mut trials).await?;
    let [actual, draft] = trials.map(|trial| trial.finish(args.clocks));
    let compared = Compared { from, to, events, actual, draft };
    if args.json {
        let text = serde_json::to_string_pretty(&compared).while_doing("the report cannot be written")?;
        println!("{text}");
    } else {
        tell(&compared);
    }
    Ok(())
}

fn read(file: &Path) -> Result<Configuration, Failure> {
    let text = std::fs::read_to_string(file).while_doing(&format!("{} cannot be read", file.display()))?;
    Configuration::read(&text).while_doing(&format!("{} is no SLA configuration", file.display()))
}

fn rules(configuration: &Configuration) -> Result<Rules, Failure> {
    Rules::new(configuration).map_err(|errors| {
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        Failure::said(format!("the draft cannot be taken: {}", errors.join("; ")))
    })
}

async fn replay(reader: &LogReader, tenant: TenantId, trials: &mut [Backtest]) -> Result<usize, Failure> {
    let (upcasters, filter) = (Upcasters::default(), Filter { tenant: Some(tenant), types: &[] });
    let (mut after, mut count) = (Position::START, 0);
    loop {
        let events =
            reader.read_filtered(after, READ, &filter).await.while_doing("the log cannot be read")?;
        let Some(last) = events.last() else { return Ok(count) };
        after = last.position;
        for recorded in events.iter().filter(|event| event.aggregate_type == TICKET) {
            let id = recorded.aggregate_id.parse().while_doing("a ticket's id cannot be read")?;
            let decoded = recorded.decode(&upcasters).while_doing("an event cannot be read")?;
            let Event::Ticket(event) = decoded.event else { continue };
            let moment = Moment { at: decoded.metadata.occurred_at, position: recorded.position };
            for trial in &mut *trials {
                trial.take(id, &event, moment);
            }
            count += 1;
        }
    }
}

fn tell(compared: &Compared) {
    let Compared { from, to, events, actual, draft } = compared;
    println!("{} tickets, {events} events; from {from} to {to}", draft.tickets);
    println!("{:<32} {:>26}   {:>26}", "", "as it is", "draft");
    println!(
        "{:<32} {:>8} {:>8} {:>8}   {:>8} {:>8} {:>8}",
        "", "warned", "missed", "escal.", "warned", "missed", "escal."
    );
    line("all", actual.total, draft.total);
    let metric = |metric: &Metric| metric.as_str().to_owned();
    lines(&actual.by_metric, &draft.by_metric, metric);
    lines(&actual.by_priority, &draft.by_priority, |rank| format!("priority {rank}"));
    lines(&actual.by_hour, &draft.by_hour, |hour| format!("{hour:02}:00 UTC"));
    lines(
        &actual.by_team,
        &draft.by_team,
        |team| if team.is_empty() { "no team".into() } else { team.clone() },
    );
    for (name, outcomes) in [("as it is", &actual.outcomes), ("draft", &draft.outcomes)] {
        for (metric, outcome) in outcomes {
            println!(
                "{name}, {}: {} met, {} missed, {} running, {} paused, {} cancelled",
                metric.as_str(),
                outcome.met,
                outcome.missed,
                outcome.running,
                outcome.paused,
                outcome.cancelled
            );
        }
    }
}

fn lines<K: Ord>(actual: &BTreeMap<K, Counts>, draft: &BTreeMap<K, Counts>, name: impl Fn(&K) -> String) {
    let keys: BTreeSet<&K> = actual.keys().chain(draft.keys()).collect();
    for key in keys {
        let of = |counts: &BTreeMap<K, Counts>| counts.get(key).copied().unwrap_or_default();
        line(&name(key), of(actual), of(draft));
    }
}

fn line(name: &str, actual: Counts, draft: Counts) {
    println!(
        "{name:<32} {:>8} {:>8} {:>8}   {:>8} {:>8} {:>8}",
        actual.warnings,
        actual.breaches,
        actual.escalations,
        draft.warnings,
        draft.breaches,
        draft.escalations
    );
}
