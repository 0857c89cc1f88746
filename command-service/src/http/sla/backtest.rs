//! Try policies and calendars on the past.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::identity::Operation;
use domain::sla::SlaError;
use domain::sla::backtest::{Compared, Detail, Period};
use domain::sla::commands::ChangeSla;
use domain::sla::policy::Rules;
use serde::Deserialize;
use service_kit::http::{POSITION, parse, position_header};
use service_kit::problem::{FieldError, Problem};
use utoipa::ToSchema;

use super::change::SlaPatch;
use crate::backtest::{ReplayError, Replayed, Trial, replay};
use crate::executor::{CommandError, CommandRequest};
use crate::http::asked::Asked;
use crate::http::configuration::Fields;
use crate::http::document::Document;
use crate::http::{Endpoint, on};
use crate::service::CommandService;

/// The most tickets that an answer lists.
const LISTED: usize = 1_000;
/// The most tickets that it is tried on: some 4 kB each.
const TRIED: usize = 200_000;

pub(super) fn endpoint() -> Endpoint {
    let operation = Operation::BacktestSla;
    let accepted = [(200, "What happened, and what would have; nothing is written")];
    let summary =
        "Try policies and calendars on the past: what they would have warned of, missed and escalated";
    Endpoint {
        operation,
        handler: on(operation, backtest),
        document: Document::new::<NewBacktest, Compared>(summary, "Service levels", &accepted)
            .unversioned()
            .without_key(),
    }
}

/// What is to be tried.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewBacktest {
    /// The draft: a patch on what the tenant has at present.
    #[schema(value_type = SlaPatch)]
    draft: Fields,
    /// From then on; from the first event, if nothing is said.
    #[serde(default)]
    from: Option<DateTime<Utc>>,
    /// Up to then, not including it; up to now, if nothing is said.
    #[serde(default)]
    to: Option<DateTime<Utc>>,
    /// Whether the tickets are listed, 1,000 for each column at most.
    #[serde(default = "listed")]
    #[schema(default = true)]
    tickets: bool,
}

fn listed() -> bool {
    true
}

async fn backtest(State(service): State<CommandService>, request: Request) -> Result<Response, Problem> {
    let Asked { request, body, .. } = Asked::read(&service, Operation::BacktestSla, request).await?;
    let new: NewBacktest = parse(&body.0)?;
    let _share = service.capacity().backtest(&request.principal).await?;
    let trial = trial(&service, &request, new).await?;
    let Replayed { compared, position } =
        replay(&service.log().reader(), request.principal.tenant, trial).await.map_err(refusal)?;
    let mut response = (StatusCode::OK, axum::Json(compared)).into_response();
    response.headers_mut().insert(POSITION, position_header(position));
    Ok(response)
}

/// What is to be tried, or everything that is wrong with it.
async fn trial(
    service: &CommandService,
    request: &CommandRequest,
    new: NewBacktest,
) -> Result<Trial, Problem> {
    let sla = service.executor().sla(request.principal.tenant).await?;
    let period = Period {
        from: new.from.unwrap_or(DateTime::UNIX_EPOCH),
        to: new.to.unwrap_or_else(|| service.executor().now()),
    };
    let mut errors = Vec::new();
    let draft = match (ChangeSla { patch: new.draft }).rules(&sla) {
        Ok(rules) => rules,
        Err(SlaError::Invalid(faults)) => {
            let fault = |fault: domain::input::FieldError| {
                FieldError::new(format!("/draft{}", fault.pointer), fault.code, fault.detail)
            };
            errors.extend(faults.into_iter().map(fault));
            Rules::default()
        }
        Err(error) => return Err(CommandError::from(error).into()),
    };
    if period.from >= period.to {
        errors.push(FieldError::new("/from", "out_of_range", "it must be before the end of the period"));
    }
    if !errors.is_empty() {
        return Err(Problem::validation(errors));
    }
    let detail = Detail { tickets: if new.tickets { LISTED } else { 0 }, clocks: false };
    Ok(Trial { draft: Arc::new(draft), period, detail, most: TRIED })
}

fn refusal(error: ReplayError) -> Problem {
    match error {
        ReplayError::TooMany(_) => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "too_many_tickets",
            "There are too many tickets to try it on here",
        )
        .detail(format!("{error}; an operator can use `docket sla backtest`")),
        ReplayError::Log(_) | ReplayError::Interrupted => Problem::unavailable(1),
        ReplayError::Event(_) | ReplayError::Ticket(_) => {
            tracing::error!(error = &error as &dyn std::error::Error, "a backtest failed");
            Problem::internal()
        }
    }
}
