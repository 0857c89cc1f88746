//! `docket import servicenow`: a service desk's history, with its own times.

use crate::print::say;
use std::time::{Duration, Instant};

use command_service::Backpressure;
use domain::event::TENANT;
use domain::ids::{Position, TenantId};
use domain::tenant::{Tenant, TenantSettings};
use domain::time::Clock;
use event_store::{EventLog, LogOptions};
use futures::StreamExt;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use service_kit::clock::SystemClock;
use sqlx::PgPool;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::cli::ServicenowArgs;
use crate::failure::{Failure, Outcome, While};
use crate::import::append::{self, AppendError, Done};
use crate::import::plan;
use crate::import::report::Report;
use crate::import::servicenow::{self, Incident, SOURCE, Survey};
use crate::instance::Target;
use crate::settings::Settings;
use crate::{database, nats, tenants};

/// Tickets on their way at a time: enough for the log to commit them in large groups.
const AT_A_TIME: usize = 256;
/// Tickets that were read and wait.
const WAITING: usize = 1_024;
/// How long read models may make no progress before we stop waiting for them.
const STANDSTILL: Duration = Duration::from_secs(30);

pub(crate) async fn run(settings: &Settings, args: &ServicenowArgs) -> Outcome {
    let target = Target::of(settings)?;
    let pool = database::connect_as(&target, "docket_command", 4).await?;
    let tenant = tenants::find(&pool, &args.tenant).await?;
    let progress = bar();
    // To its end, before anything is kept of it.
    let survey = {
        let (file, given, progress) = (args.file.clone(), args.given(), progress.clone());
        tokio::task::spawn_blocking(move || Survey::of(&file, &given, &progress)).await
    };
    let survey = survey.while_doing("reading the file broke off")?;
    let survey = survey.while_doing("the file cannot be imported, and nothing of it was")?;
    say!("{}", survey.to_string().trim_end());
    let shutdown = CancellationToken::new();
    let log = EventLog::start(pool.clone(), LogOptions::default(), shutdown.clone());
    let workflow = workflow(&log, tenant).await?;
    let began = Instant::now();
    let backpressure = Backpressure::new(pool);
    let (report, last) = bring(&log, &backpressure, &target, tenant, workflow, survey, &progress).await?;
    shutdown.cancel();
    log.stopped().await;
    let written = began.elapsed();
    say!("{}", report.to_string().trim_end());
    say!("in the log after {:.1} s: {:.0} rows/s", written.as_secs_f64(), rate(&report, written));
    if settings.database_url.is_none() {
        until_visible(&target, last).await?;
        let shown = began.elapsed();
        say!("visible after {:.1} s: {:.0} rows/s", shown.as_secs_f64(), rate(&report, shown));
    }
    if report.tickets_refused() > 0 {
        return Err(Failure::said("some tickets could not be taken; see the report"));
    }
    Ok(())
}

fn rate(report: &Report, took: Duration) -> f64 {
    report.rows as f64 / took.as_secs_f64().max(0.001)
}

async fn workflow(log: &EventLog, tenant: TenantId) -> Result<TenantSettings, Failure> {
    let loaded = log.load::<Tenant>(tenant, &tenant.to_string()).await;
    let loaded = loaded.while_doing(&format!("the {TENANT} cannot be read"))?;
    let settings = loaded.aggregate.settings.as_deref().cloned();
    settings.ok_or_else(|| Failure::said("the tenant was never created"))
}

/// Reads, plans and appends. Gives the report and the last position.
async fn bring(
    log: &EventLog,
    backpressure: &Backpressure,
    target: &Target,
    tenant: TenantId,
    workflow: TenantSettings,
    survey: Survey,
    progress: &ProgressBar,
) -> Result<(Report, Position), Failure> {
    let (sender, receiver) = mpsc::channel(WAITING);
    let reading = {
        let (workflow, progress) = (workflow.clone(), progress.clone());
        let now = SystemClock.now();
        tokio::task::spawn_blocking(move || {
            let send = |incident| sender.blocking_send(incident).is_ok();
            servicenow::read(&survey, &workflow, now, &progress, send)
        })
    };
    let incidents = futures::stream::unfold(receiver, |mut receiver| async {
        receiver.recv().await.map(|incident| (incident, receiver))
    });
    let taken = incidents
        .map(|incident| take(log, backpressure, tenant, &workflow, incident))
        .buffer_unordered(AT_A_TIME);
    let mut taken = std::pin::pin!(taken);
    let mut report = Report::default();
    let mut last = Position::START;
    let mut poked = Instant::now();
    while let Some(done) = taken.next().await {
        last = last
            .max(done.while_doing("the import broke off; run it again to go on")?.into_report(&mut report));
        if poked.elapsed() > Duration::from_secs(1) {
            poked = Instant::now();
            nats::poke(target).await;
        }
    }
    nats::poke(target).await;
    progress.finish_and_clear();
    reading.await.while_doing("reading the file broke off")?.while_doing("the file cannot be read on")?;
    Ok((report, last))
}

struct Taken {
    incident: Incident,
    /// What became of it, or why nothing did.
    done: Result<Done, String>,
}

async fn take(
    log: &EventLog,
    backpressure: &Backpressure,
    tenant: TenantId,
    workflow: &TenantSettings,
    mut incident: Incident,
) -> Result<Taken, AppendError> {
    let history = std::mem::replace(&mut incident.history, Err(String::new()));
    let planned = history
        .and_then(|history| plan::plan(SOURCE, tenant, workflow, history).map_err(|error| error.to_string()));
    let done = match planned {
        Ok(plan) => {
            backpressure.wait().await;
            Ok(append::append(log, tenant, plan).await?)
        }
        Err(why) => Err(why),
    };
    Ok(Taken { incident, done })
}

impl Taken {
    fn into_report(self, report: &mut Report) -> Position {
        report.rows += self.incident.rows;
        for judgement in self.incident.judgements {
            report.judged(judgement);
        }
        match self.done {
            Ok(Done::Added { events, position }) => {
                report.tickets_added += 1;
                report.events_added += events;
                return position;
            }
            Ok(Done::There) => report.tickets_there += 1,
            Ok(Done::Refused(why)) => report.refused(why.to_owned(), self.incident.number),
            Err(why) => report.refused(why, self.incident.number),
        }
        Position::START
    }
}

/// Waits until every read model shows the position.
async fn until_visible(target: &Target, last: Position) -> Outcome {
    let pool = database::connect(&target.database_url, 1).await?;
    let mut reached = (Position::START, Instant::now());
    while reached.0 < last {
        let least = least(&pool).await?;
        if least > reached.0 {
            reached = (least, Instant::now());
        }
        if reached.1.elapsed() > STANDSTILL {
            return Err(Failure::said(
                "all is in the log, but the read models stand still: see `docket status`",
            ));
        }
        service_kit::wait::pause(Duration::from_millis(50)).await;
    }
    Ok(())
}

async fn least(pool: &PgPool) -> Result<Position, Failure> {
    let status =
        projection_service::status(pool).await.while_doing("the read models' state cannot be read")?;
    Ok(Position(status.iter().map(|projection| projection.position).min().unwrap_or_default()))
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {percent:>3} % {elapsed} ({eta} left)") {
        bar.set_style(style);
    }
    bar
}
