//! A policy tried on the past: what would have been warned, breached and escalated.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Timelike, Utc};
use serde::Serialize;

use super::clock::{Alarm, Cause, ClockState, Moment};
use super::policy::{Metric, Rules};
use super::watch::Watch;
use crate::ids::TicketId;
use crate::ticket::TicketEvent;

/// Replays tickets under some rules.
#[derive(Debug)]
pub struct Backtest {
    rules: Rules,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    tickets: HashMap<TicketId, Tried>,
    report: Report,
}

/// A ticket under trial.
#[derive(Debug, Default)]
struct Tried {
    number: String,
    priority_rank: i32,
    team: Option<String>,
    watch: Watch,
    raised: Vec<Raised>,
}

/// What would have happened in a period.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Tickets that were there before its end.
    pub tickets: usize,
    /// Everything that would have been raised.
    pub total: Counts,
    /// By what was promised.
    pub by_metric: BTreeMap<Metric, Counts>,
    /// By the rank of the priority that the ticket had then.
    pub by_priority: BTreeMap<i32, Counts>,
    /// By the team that had the ticket then; `""` for none.
    pub by_team: BTreeMap<String, Counts>,
    /// By the hour of the day, in UTC.
    pub by_hour: BTreeMap<u32, Counts>,
    /// How the clocks stand at its end, by what was promised.
    pub outcomes: BTreeMap<Metric, Outcomes>,
    /// The tickets for which something would have been raised, by number.
    pub affected: Vec<Affected>,
    /// Every clock, by the ticket's number.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clocks: Vec<ClockLine>,
}

/// How often something would have been raised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Counts {
    pub warnings: u64,
    pub breaches: u64,
    pub escalations: u64,
}

/// How many clocks stand how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Outcomes {
    pub running: u64,
    pub paused: u64,
    pub met: u64,
    pub missed: u64,
    pub cancelled: u64,
}

/// A ticket for which something would have been raised.
#[derive(Debug, Serialize)]
pub struct Affected {
    /// Its number.
    pub number: String,
    /// What, in order of time.
    pub raised: Vec<Raised>,
}

/// Something that would have been raised.
#[derive(Clone, Debug, Serialize)]
pub struct Raised {
    /// When.
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

impl Backtest {
    /// Begins a trial. Only what falls within the period is counted.
    pub fn new(rules: Rules, from: DateTime<Utc>, to: DateTime<Utc>) -> Self {
        Self { rules, from, to, tickets: HashMap::new(), report: Report::default() }
    }

    /// Takes in an event. Those of one ticket come in their order; after the period they are left out.
    pub fn take(&mut self, ticket: TicketId, event: &TicketEvent, moment: Moment) {
        if moment.at >= self.to {
            return;
        }
        let tried = self.tickets.entry(ticket).or_default();
        for alarm in tried.watch.apply(event, moment, &self.rules) {
            self.report.count(tried, &alarm, self.from);
        }
        match event {
            TicketEvent::TicketOpened(event) => {
                tried.number.clone_from(&event.number);
                tried.priority_rank = event.priority_rank;
                tried.team = event.assignment.team.as_ref().map(ToString::to_string);
            }
            TicketEvent::PriorityChanged(event) => tried.priority_rank = event.to_rank,
            TicketEvent::TicketAssigned(event) => {
                tried.team = event.to.team.as_ref().map(ToString::to_string);
            }
            TicketEvent::TicketUnassigned(_) => tried.team = None,
            _ => {}
        }
    }

    /// What would have happened. `clocks` says whether every clock is to be told as well.
    pub fn finish(mut self, clocks: bool) -> Report {
        let mut tried: Vec<Tried> = self.tickets.into_values().collect();
        tried.sort_by(|one, other| one.number.cmp(&other.number));
        self.report.tickets = tried.len();
        for mut ticket in tried {
            for alarm in ticket.watch.until(self.to) {
                self.report.count(&mut ticket, &alarm, self.from);
            }
            self.report.conclude(ticket, self.to, clocks);
        }
        self.report
    }
}

impl Report {
    fn count(&mut self, ticket: &mut Tried, alarm: &Alarm, from: DateTime<Utc>) {
        if alarm.at < from {
            return;
        }
        let team = ticket.team.clone().unwrap_or_default();
        self.total.add(alarm.cause);
        self.by_metric.entry(alarm.metric).or_default().add(alarm.cause);
        self.by_priority.entry(ticket.priority_rank).or_default().add(alarm.cause);
        self.by_team.entry(team).or_default().add(alarm.cause);
        self.by_hour.entry(alarm.at.hour()).or_default().add(alarm.cause);
        let (kind, step) = match alarm.cause {
            Cause::Warning => ("warning", None),
            Cause::Breach => ("breach", None),
            Cause::Escalation(step) => ("escalation", Some(step)),
        };
        ticket.raised.push(Raised { at: alarm.at, metric: alarm.metric, kind, step });
    }

    fn conclude(&mut self, ticket: Tried, end: DateTime<Utc>, clocks: bool) {
        for clock in ticket.watch.clocks().clocks() {
            let (Some(state), Some(policy)) = (clock.state(end), &clock.policy) else { continue };
            let outcomes = self.outcomes.entry(clock.metric).or_default();
            *match state {
                ClockState::Running => &mut outcomes.running,
                ClockState::Paused => &mut outcomes.paused,
                ClockState::Met => &mut outcomes.met,
                ClockState::Missed => &mut outcomes.missed,
                ClockState::Cancelled => &mut outcomes.cancelled,
            } += 1;
            if clocks {
                self.clocks.push(ClockLine {
                    number: ticket.number.clone(),
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
        if !ticket.raised.is_empty() {
            self.affected.push(Affected { number: ticket.number, raised: ticket.raised });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Position;
    use crate::tenant::StatusCategory;
    use crate::ticket::commands::testing::{opened, resolved};
    use crate::ticket::event::{PriorityChanged, StatusChanged};

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn tells_what_fell_into_the_period_under_what_held_then() {
        let rules = Rules::clone(Rules::starting());
        let mut backtest = Backtest::new(rules, at("2026-11-20T00:00:00Z"), at("2026-11-21T00:00:00Z"));
        let ticket = TicketId(uuid::Uuid::from_u128(1));
        let raise = PriorityChanged {
            from: "medium".into(),
            from_rank: 3,
            to: "critical".into(),
            to_rank: 1,
            reason: None,
        };
        let work = StatusChanged {
            from: "resolved".into(),
            from_category: StatusCategory::Resolved,
            to: "open".into(),
            to_category: StatusCategory::Open,
            reason: None,
        };
        // 240 minutes to answer, with a warning at 192; from 13:00 on, 15 minutes.
        for (position, (when, event)) in (1..).zip([
            ("2026-11-20T09:00:00Z", opened()),
            ("2026-11-20T13:00:00Z", raise.into()),
            ("2026-11-20T14:00:00Z", resolved()),
            ("2026-11-20T15:00:00Z", work.into()),
            ("2026-11-24T15:00:00Z", resolved()),
        ]) {
            backtest.take(ticket, &event, Moment { at: at(when), position: Position(position) });
        }
        let report = backtest.finish(true);
        let told: Vec<_> = report.affected[0]
            .raised
            .iter()
            .map(|raised| (raised.at.to_rfc3339(), raised.metric.as_str(), raised.kind))
            .collect();
        let line = |time: &str, metric, kind| (format!("2026-11-20T{time}+00:00"), metric, kind);
        assert_eq!(
            told,
            [
                line("12:12:00", "first_response", "warning"),
                // The new promise holds from the start: all of it was over when it was made.
                line("09:11:15", "first_response", "warning"),
                line("09:15:00", "first_response", "breach"),
                line("09:15:00", "first_response", "escalation"),
                line("10:30:00", "resolution", "warning"),
                line("11:00:00", "resolution", "breach"),
                line("11:00:00", "resolution", "escalation"),
            ]
        );
        assert_eq!(report.total, Counts { warnings: 3, breaches: 2, escalations: 2 });
        assert_eq!(report.by_priority.keys().copied().collect::<Vec<_>>(), [1, 3]);
        assert_eq!(report.outcomes[&Metric::Resolution], Outcomes { running: 1, ..Outcomes::default() });
        assert_eq!(report.clocks.len(), 2);
    }
}
