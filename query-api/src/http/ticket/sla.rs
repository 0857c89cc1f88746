//! `GET /v1/tickets/{id}/sla`: what was promised for a ticket, and how it is kept, with the events that
//! made each figure.

use axum::extract::State;
use chrono::{DateTime, TimeDelta, Utc};
use domain::event::Event;
use domain::ids::Position;
use domain::sla::Governing;
use domain::sla::clock::{Change, Clock, Moment, SlaState, Step, TicketClocks};
use serde::Serialize;
use service_kit::http::Path;
use utoipa::ToSchema;

use super::{Reference, TicketPath, past};
use crate::QueryApi;
use crate::answer::Answer;
use crate::as_of::{AsOf, AsOfParameter};
use crate::asking::{Asked, Asking, Freshness};
use crate::error::QueryError;
use crate::http::refusals::Refusals;
use crate::http::sla::{changes, take};
use crate::log::Fact;
use crate::snapshot::Source;
use crate::time::Time;

/// What was promised for a ticket.
#[derive(Serialize, ToSchema)]
pub(crate) struct SlaView {
    /// The moment that it is told for; of a position, when the last thing happened that is told.
    now: Time,
    /// How the ticket stands, by what was raised for it: `on_track`, `response_warning`,
    /// `response_breached`, `resolution_warning`, `resolution_breached`, `paused`, `met`, `missed`. Null
    /// if nothing is promised, or nothing of it counts.
    #[schema(example = "on_track")]
    state: Option<&'static str>,
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
    /// It was raised that it is nearly due, under this promise.
    warned: bool,
    /// It was raised that it is overdue, under this promise.
    breached: bool,
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
/// They are folded from the ticket's events, under the policies and calendars that held at each of
/// them; a change of these is a step in the trace as well. With `as_of` they are as they were at that
/// moment: 404 before the ticket was opened, 422 `as_of_in_future` for a moment that hasn't come.
#[utoipa::path(
    get, path = "/v1/tickets/{id}/sla", operation_id = "get_sla", tag = "Tickets",
    params(TicketPath, AsOfParameter, Freshness),
    responses(
        (status = 200, description = "The clocks.", body = SlaView),
        (status = 422, description = "`as_of_in_future`", body = service_kit::problem::ProblemSchema,
         content_type = "application/problem+json"),
        Refusals,
    ),
)]
pub(crate) async fn get_sla(
    State(api): State<QueryApi>,
    asking: Asking,
    Path(id): Path<String>,
    Asked(as_of): Asked<AsOf>,
) -> Result<Answer<SlaView>, QueryError> {
    let reference = Reference::parse(id)?;
    let mut snapshot = api.snapshot(&asking, Source::Log).await?;
    let now = api.0.clock.now();
    as_of.check(now, snapshot.position)?;
    let (_, mut facts) = past(&api, &mut snapshot, &asking.principal, &reference).await?;
    facts.extend(changes(&api, &mut snapshot, asking.principal.tenant).await?);
    let position = snapshot.position;
    snapshot.close().await?;

    facts.retain(|fact| as_of.includes(fact));
    facts.sort_by_key(|fact| fact.logged.position);
    let clocks = fold(&facts);
    if clocks.opened().is_none() {
        return Err(QueryError::NotFound);
    }
    let last = facts.iter().map(|fact| fact.metadata.occurred_at).max();
    Ok(Answer::at(position, SlaView::new(&clocks, as_of.time(now, last))))
}

/// The clocks, from a ticket's events and those of the tenant's policies and calendars, in the order of
/// the log.
fn fold(facts: &[Fact]) -> TicketClocks {
    let mut clocks = TicketClocks::default();
    let mut governing = Governing::default();
    for fact in facts {
        let moment = Moment { at: fact.metadata.occurred_at, position: Position(fact.logged.position) };
        match &fact.event {
            Some(Event::Ticket(event)) => clocks.apply(event, moment, governing.rules()),
            Some(Event::Sla(_)) if take(&mut governing, fact) => {
                clocks.rules_changed(moment, governing.rules());
            }
            Some(Event::Sla(_) | Event::Tenant(_) | Event::Export(_)) | None => {}
        }
    }
    clocks
}

impl SlaView {
    fn new(clocks: &TicketClocks, now: DateTime<Utc>) -> Self {
        Self {
            now: Time(now),
            state: clocks.state().map(SlaState::as_str),
            clocks: clocks.clocks().iter().filter_map(|clock| ClockView::new(clock, now)).collect(),
        }
    }
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
            warned: clock.warned,
            breached: clock.breached,
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
