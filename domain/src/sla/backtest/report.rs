//! What a trial tells.

use std::collections::BTreeMap;

use chrono::{DateTime, Timelike, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::ticket::Ticket;
use super::{Detail, Period};
use crate::sla::clock::{Cause, ClockState, TicketClocks};
use crate::sla::policy::Metric;

/// What was, or would have been, raised in a period.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = BacktestReport)]
pub struct Report {
    /// Everything.
    pub total: Counts,
    /// By what was promised.
    pub by_metric: BTreeMap<Metric, Counts>,
    /// By the rank of the priority that the ticket had then.
    #[schema(value_type = BTreeMap<String, Counts>)]
    pub by_priority: BTreeMap<i32, Counts>,
    /// By the team that had the ticket then; `""` for none.
    pub by_team: BTreeMap<String, Counts>,
    /// By the hour of the day, in UTC.
    #[schema(value_type = BTreeMap<String, Counts>)]
    pub by_hour: BTreeMap<u32, Counts>,
    /// How the clocks stand at its end, by what was promised.
    pub outcomes: BTreeMap<Metric, Outcomes>,
    /// For how many tickets something was raised.
    pub affected_tickets: usize,
    /// These tickets by number, as many as were asked for.
    pub affected: Vec<Affected>,
    /// Every clock, by the ticket's number; only if asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(ignore)]
    pub clocks: Vec<ClockLine>,
}

/// How often something was raised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = BacktestCounts)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Counts {
    pub warnings: u64,
    pub breaches: u64,
    pub escalations: u64,
}

/// How many clocks stand how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = BacktestOutcomes)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Outcomes {
    pub running: u64,
    pub paused: u64,
    pub met: u64,
    pub missed: u64,
    pub cancelled: u64,
}

/// A ticket for which something was raised.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BacktestTicket)]
pub struct Affected {
    /// Its number.
    pub number: String,
    /// What, in order of time.
    pub raised: Vec<Raised>,
}

/// Something that was raised.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = BacktestRaised)]
pub struct Raised {
    /// When it was due.
    pub at: DateTime<Utc>,
    /// What is promised.
    pub metric: Metric,
    /// `warning`, `breach` or `escalation`.
    pub kind: &'static str,
    /// Which step, of an escalation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<u32>,
}

/// One clock as it stands at the end.
#[derive(Debug, Serialize)]
pub struct ClockLine {
    /// The ticket's number.
    pub number: String,
    /// What is promised.
    pub metric: Metric,
    /// Which of them, from 1.
    pub instance: u32,
    /// The policy.
    pub policy: String,
    /// How it stands.
    pub state: ClockState,
    /// When it is, or was, due.
    pub due_at: Option<DateTime<Utc>>,
    /// The time used, in seconds.
    pub used_seconds: i64,
    /// Whether it is, or was when it ended, beyond its due time.
    pub overdue: bool,
}

impl Counts {
    fn add(&mut self, cause: Cause) {
        match cause {
            Cause::Warning => self.warnings += 1,
            Cause::Breach => self.breaches += 1,
            Cause::Escalation(_) => self.escalations += 1,
        }
    }
}

impl Report {
    /// Counts what fell due, if it was within the period, by what the ticket is at that time.
    pub(super) fn count(&mut self, ticket: &mut Ticket, due: (DateTime<Utc>, Metric, Cause), period: Period) {
        let (at, metric, cause) = due;
        if !period.contains(at) {
            return;
        }
        let team = ticket.team.clone().unwrap_or_default();
        self.total.add(cause);
        self.by_metric.entry(metric).or_default().add(cause);
        self.by_priority.entry(ticket.priority_rank).or_default().add(cause);
        self.by_team.entry(team).or_default().add(cause);
        self.by_hour.entry(at.hour()).or_default().add(cause);
        let (kind, step) = match cause {
            Cause::Warning => ("warning", None),
            Cause::Breach => ("breach", None),
            Cause::Escalation(step) => ("escalation", Some(step)),
        };
        ticket.raised.push(Raised { at, metric, kind, step });
    }

    /// Notes how a ticket's clocks stand at the end.
    pub(super) fn outcomes(
        &mut self,
        number: &str,
        clocks: &TicketClocks,
        end: DateTime<Utc>,
        detail: Detail,
    ) {
        for clock in clocks.clocks() {
            let (Some(state), Some(policy)) = (clock.state(end), &clock.policy) else { continue };
            let outcomes = self.outcomes.entry(clock.metric).or_default();
            *match state {
                ClockState::Running => &mut outcomes.running,
                ClockState::Paused => &mut outcomes.paused,
                ClockState::Met => &mut outcomes.met,
                ClockState::Missed => &mut outcomes.missed,
                ClockState::Cancelled => &mut outcomes.cancelled,
            } += 1;
            if detail.clocks {
                self.clocks.push(ClockLine {
                    number: number.to_owned(),
                    metric: clock.metric,
                    instance: clock.instance,
                    policy: policy.spec.key.clone(),
                    state,
                    due_at: clock.due_at(),
                    used_seconds: clock.used(end).num_seconds(),
                    overdue: clock.is_overdue(end),
                });
            }
        }
    }

    /// Lists a ticket, if something was raised for it.
    pub(super) fn list(&mut self, ticket: Ticket, detail: Detail) {
        if ticket.raised.is_empty() {
            return;
        }
        self.affected_tickets += 1;
        if self.affected.len() < detail.tickets {
            self.affected.push(Affected { number: ticket.number, raised: ticket.raised });
        }
    }
}
