//! `GET /v1/tickets/{id}/sla`: what was promised for a ticket, and how it is kept, with the events that
//! made each figure.

use axum::extract::State;
use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::Position;
use domain::sla::clock::{Change, Clock, Moment, Step, TicketClocks};
use domain::sla::policy::Rules;
use serde::Serialize;
use service_kit::http::Path;
use utoipa::ToSchema;

use super::{Reference, TicketPath, past};
use crate::QueryApi;
use crate::answer::Answer;
use crate::asking::{Asking, Freshness};
use crate::error::QueryError;
use crate::http::refusals::Refusals;
use crate::snapshot::Source;
use crate::time::Time;

/// What was promised for a ticket.
#[derive(Serialize, ToSchema)]
pub(crate) struct SlaView {
    /// The moment that it is told for.
    now: Time,
    /// The clocks, in the order in which they were started.
    clocks: Vec<ClockView>,
}

/// One promise, and how it is kept. Times used and left are working time, where the policy counts that.
#[derive(Serialize, ToSchema)]
#[schema(as = SlaClock)]
struct ClockView {
    /// `first_response`, `next_reply` or `resolution`.
    metric: &'static str,
    /// Which of the ticket's clocks of this metric, from 1.
    instance: u32,
    /// How often it was put under another promise, from 1.
    generation: u32,
    /// The policy that promises it.
    policy: String,
    /// `running`, `paused`, `met`, `missed` or `cancelled`.
    #[schema(value_type = String)]
    state: domain::sla::clock::ClockState,
    /// Its due time has passed, or had when it was stopped.
    overdue: bool,
    /// What is promised.
    target_seconds: i64,
    /// What of that is used.
    used_seconds: f64,
    /// What is left; negative when it is overdue.
    left_seconds: f64,
    /// When it is, or was, due; none while it is paused before that.
    due_at: Option<Time>,
    /// When it warns, or would have.
    warns_at: Option<Time>,
    /// What happened to it, and by which event.
    trace: Vec<StepView>,
}

/// What an event did to a clock.
#[derive(Serialize, ToSchema)]
#[schema(as = SlaStep)]
struct StepView {
    /// When.
    at: Time,
    /// The event's place in the log.
    position: i64,
    /// `started`, `paused`, `resumed`, `stopped`, `cancelled` or `promised` (another policy holds).
    change: &'static str,
    /// The time used by then.
    used_seconds: f64,
    /// The policy that holds from here on.
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
}

/// A ticket's service-level clocks, each with the events that started, paused and stopped it.
///
/// They are folded from the ticket's events under the promises that tenants start with.
#[utoipa::path(
    get, path = "/v1/tickets/{id}/sla", operation_id = "get_sla", tag = "Tickets",
    params(TicketPath, Freshness),
    responses((status = 200, description = "The clocks.", body = SlaView), Refusals),
)]
pub(crate) async fn get_sla(
    State(api): State<QueryApi>,
    asking: Asking,
    Path(id): Path<String>,
) -> Result<Answer<SlaView>, QueryError> {
    let reference = Reference::parse(id)?;
    let mut snapshot = api.snapshot(&asking, Source::Log).await?;
    let (_, facts) = past(&api, &mut snapshot, &asking.principal, &reference).await?;
    let position = snapshot.position;
    snapshot.close().await?;

    let mut clocks = TicketClocks::default();
    for fact in &facts {
        if let Some(event) = fact.ticket() {
            let moment = Moment { at: fact.metadata.occurred_at, position: Position(fact.logged.position) };
            clocks.apply(event, moment, Rules::starting());
        }
    }
    let now = api.0.clock.now();
    let clocks = clocks.clocks().iter().filter_map(|clock| ClockView::new(clock, now)).collect();
    Ok(Answer::at(position, SlaView { now: Time(now), clocks }))
}

impl ClockView {
    /// None if nothing is promised.
    fn new(clock: &Clock, now: DateTime<Utc>) -> Option<Self> {
        Some(Self {
            metric: clock.metric.as_str(),
            instance: clock.instance,
            generation: clock.generation,
            policy: clock.policy.as_ref()?.spec.key.clone(),
            state: clock.state(now)?,
            overdue: clock.is_overdue(now),
            target_seconds: clock.target()?.num_seconds(),
            used_seconds: seconds(clock.used(now)),
            left_seconds: seconds(clock.left(now)?),
            due_at: clock.due_at().map(Time),
            warns_at: clock.warns_at().map(Time),
            trace: clock.steps.iter().map(|step| StepView::new(step, clock)).collect(),
        })
    }
}

impl StepView {
    fn new(step: &Step, clock: &Clock) -> Self {
        let (change, policy) = match &step.change {
            Change::Started => ("started", None),
            Change::Paused => ("paused", None),
            Change::Resumed => ("resumed", None),
            Change::Stopped => ("stopped", None),
            Change::Cancelled => ("cancelled", None),
            Change::Promised { policy, .. } => ("promised", policy.clone()),
        };
        let used_seconds = seconds(clock.used(step.moment.at));
        Self { at: Time(step.moment.at), position: step.moment.position.0, change, used_seconds, policy }
    }
}

/// Exact to the microsecond.
fn seconds(time: TimeDelta) -> f64 {
    time.num_microseconds().unwrap_or(i64::MAX) as f64 / 1e6
}
