//! `docket export`: a tenant's list as files, a folder for each month.

use crate::print::say;
use std::sync::Arc;
use std::time::Instant;

use command_service::{CommandRequest, Executor};
use domain::export::{Form, Parameter, RecordExport};
use domain::ids::{Position, TenantId};
use domain::personal::Personal;
use domain::ticket::upcast::Upcasters;
use event_store::{EventLog, LogOptions};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use query_api::{CursorKey, Deps, List, QueryApi, Span, StreamLimits, Takeaway, Wake};
use service_kit::auth::{AuthConfig, Authenticator};
use service_kit::clock::{RandomIds, SystemClock};
use service_kit::http::RequestInfo;
use service_kit::lifecycle;
use tokio_util::sync::CancellationToken;

use crate::cli::{ExportArgs, ExportFormat, Exportable};
use crate::export::Folder;
use crate::failure::{Failure, Outcome, While};
use crate::instance::Target;
use crate::settings::Settings;
use crate::{database, nats, tenants};

pub(crate) async fn run(settings: &Settings, args: ExportArgs) -> Outcome {
    let target = Target::of(settings)?;
    let (list, form) = (list(args.list), form(args.format));
    // Before anything is recorded or read: a folder that is taken is told at once.
    Folder::room(&args.out, list.name()).while_doing("the export has no room")?;
    let owner = database::connect(&target.database_url, 1).await?;
    let tenant = tenants::find(&owner, &args.tenant).await?;
    owner.close().await;
    let shutdown = CancellationToken::new();
    let began = Instant::now();
    let api = queries(&target, &shutdown).await?;
    let span = Span::new(args.from, args.to);
    let taken = api.take_away(tenants::operator(tenant)?, list, span).await;
    let taken = taken.while_doing("the list cannot be read")?;
    let position = taken.position();
    record(&target, tenant, &args, list, form, position).await?;
    let folder = Folder::begin(&args.out, list.name(), form, taken.names(form), &taken.columns());
    let folder = folder.while_doing("the export cannot begin")?;
    // Whoever breaks it off finds nothing half of it: the folder goes with the work.
    let written = tokio::select! {
        written = pour(taken, form, folder) => written,
        _ = lifecycle::signal() => Err(Failure::said("the export was broken off; nothing is left of it")),
    };
    shutdown.cancel();
    let written = written?;
    let seconds = began.elapsed().as_secs_f64();
    say!(
        "{} rows in {} files of {} months in {}, as of position {position}: {:.0} rows/s",
        written.rows,
        written.files,
        written.months,
        args.out.join(list.name()).display(),
        written.rows as f64 / seconds.max(0.001),
    );
    Ok(())
}

fn list(list: Exportable) -> List {
    match list {
        Exportable::Tickets => List::Tickets,
        Exportable::Events => List::Events,
        Exportable::Audit => List::Audit,
    }
}

fn form(format: ExportFormat) -> Form {
    match format {
        ExportFormat::Csv => Form::Csv,
        ExportFormat::Ndjson => Form::Ndjson,
        ExportFormat::Parquet => Form::Parquet,
    }
}

/// The query API without callers: lists are read as they are answered.
async fn queries(target: &Target, shutdown: &CancellationToken) -> Result<QueryApi, Failure> {
    let clock = Arc::new(SystemClock);
    let nobody = AuthConfig::new(Vec::new());
    Ok(QueryApi::new(Deps {
        pool: database::connect_as(target, "docket_query", 2).await?,
        authenticator: Authenticator::start(nobody, clock.clone(), shutdown.clone()).await,
        cursor_key: CursorKey::new(crate::engines::password()),
        cell: target.cell.clone(),
        upcasters: Upcasters::default(),
        commands: None,
        clock,
        wake: Wake::polling(),
        streams: StreamLimits::default(),
        shutdown: shutdown.clone(),
    }))
}

/// Records it, as every export is, before there is a file.
async fn record(
    target: &Target,
    tenant: TenantId,
    args: &ExportArgs,
    list: List,
    form: Form,
    position: Position,
) -> Outcome {
    let pool = database::connect_as(target, "docket_command", 2).await?;
    let shutdown = CancellationToken::new();
    let log = EventLog::start(pool, LogOptions::default(), shutdown.clone());
    let executor = Executor::new(log.clone(), Arc::new(SystemClock), Arc::new(RandomIds));
    let times = [("from", args.from), ("to", args.to)];
    let times = times.into_iter().filter_map(|(name, time)| Some((name, time?.to_rfc3339())));
    let parameters = times
        .chain([("out", args.out.display().to_string())])
        .map(|(name, value)| Parameter { name: name.to_owned(), value: Personal::new(value) })
        .collect();
    let command = RecordExport { what: list.name().to_owned(), form, parameters, position: Some(position) };
    let operator = Arc::new(tenants::operator(tenant)?);
    let request = CommandRequest::new(operator, RequestInfo::internal());
    let recorded = executor.record_export(&request, &command).await;
    shutdown.cancel();
    log.stopped().await;
    recorded.while_doing("the export cannot be recorded, so there is none")?;
    nats::poke(target).await;
    Ok(())
}

async fn pour(
    mut taken: Takeaway,
    form: Form,
    mut folder: Folder,
) -> Result<crate::export::Written, Failure> {
    let progress = rows();
    while let Some(rows) = taken.next(form).await.while_doing("the list broke off; nothing is left of it")? {
        progress.inc(rows.len() as u64);
        for row in rows {
            folder.push(row).while_doing("the export broke off; nothing is left of it")?;
        }
    }
    let written = folder.finish().while_doing("the export broke off; nothing is left of it")?;
    progress.finish_and_clear();
    Ok(written)
}

fn rows() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{human_pos} rows {elapsed} ({per_sec})") {
        bar.set_style(style);
    }
    bar
}
