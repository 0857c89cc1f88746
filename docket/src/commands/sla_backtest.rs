//! `docket sla backtest`: policies tried on the real past. Reads the log, and writes nothing.

use crate::print::say;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use chrono::DateTime;
use command_service::{Replayed, Trial, replay};
use domain::sla::Configuration;
use domain::sla::backtest::{Compared, Counts, Detail, Period, Report};
use domain::sla::policy::{Metric, Rules};
use domain::time::Clock;
use event_store::reader::LogReader;
use service_kit::clock::SystemClock;

use crate::cli::BacktestArgs;
use crate::failure::{Failure, Outcome, While};
use crate::instance::Target;
use crate::settings::Settings;
use crate::{database, tenants};

pub(crate) async fn run(settings: &Settings, args: BacktestArgs) -> Outcome {
    let draft = match &args.policy {
        Some(file) => read(file)?,
        None => Configuration::starting().clone(),
    };
    let period = Period {
        from: args.from.unwrap_or(DateTime::UNIX_EPOCH),
        to: args.to.unwrap_or_else(|| SystemClock.now()),
    };
    if period.from >= period.to {
        return Err(Failure::said("--from must be before --to"));
    }
    let detail = Detail { tickets: usize::MAX, clocks: args.clocks };
    let trial = Trial { draft: Arc::new(rules(&draft)?), period, detail, most: usize::MAX };
    let target = Target::of(settings)?;
    let pool = database::connect(&target.database_url, 1).await?;
    let tenant = tenants::find(&pool, &args.tenant).await?;
    let Replayed { compared, .. } =
        replay(&LogReader::new(pool), tenant, trial).await.while_doing("the past cannot be replayed")?;
    if args.json {
        let text = serde_json::to_string_pretty(&compared).while_doing("the report cannot be written")?;
        say!("{text}");
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

fn tell(compared: &Compared) {
    let Compared { from, to, tickets, events, happened, configured, draft } = compared;
    say!("{tickets} tickets, {events} events; from {from} to {to}");
    say!("{:<32} {:>26}   {:>26}   {:>26}", "", "happened", "as configured", "draft");
    let columns = format!("{:>8} {:>8} {:>8}", "warned", "missed", "escal.");
    say!("{:<32} {columns}   {columns}   {columns}", "");
    let reports = [happened, configured, draft];
    line("all", reports.map(|report| report.total));
    lines(reports.map(|report| &report.by_metric), |metric: &Metric| metric.as_str().to_owned());
    lines(reports.map(|report| &report.by_priority), |rank| format!("priority {rank}"));
    lines(reports.map(|report| &report.by_hour), |hour| format!("{hour:02}:00 UTC"));
    lines(reports.map(|report| &report.by_team), |team| {
        if team.is_empty() { "no team".into() } else { team.clone() }
    });
    outcomes("as configured", configured);
    outcomes("draft", draft);
}

fn outcomes(name: &str, report: &Report) {
    for (metric, outcome) in &report.outcomes {
        say!(
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

fn lines<K: Ord>(columns: [&BTreeMap<K, Counts>; 3], name: impl Fn(&K) -> String) {
    let keys: BTreeSet<&K> = columns.iter().flat_map(|counts| counts.keys()).collect();
    for key in keys {
        line(&name(key), columns.map(|counts| counts.get(key).copied().unwrap_or_default()));
    }
}

fn line(name: &str, columns: [Counts; 3]) {
    let columns = columns.map(|Counts { warnings, breaches, escalations }| {
        format!("{warnings:>8} {breaches:>8} {escalations:>8}")
    });
    say!("{name:<32} {}", columns.join("   "));
}
