//! Policies tried on the past: what was warned, breached and escalated, and what would have been.
//!
//! The past is taken as it is: where an escalation raised a priority or reassigned a ticket, that stands
//! in the log, whatever the policies that are tried would have done.

mod comparison;
mod happened;
mod report;
mod ticket;

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

pub use comparison::{Compared, Comparison};
pub use report::{Affected, ClockLine, Counts, Outcomes, Raised, Report};

use super::clock::{Alarm, Moment};
use super::policy::Rules;
use super::watch::Watch;
use crate::ids::TicketId;
use crate::ticket::TicketEvent;
use ticket::{Ticket, by_number};

/// The stretch of time that is told of; its end isn't within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// Its beginning.
    pub from: DateTime<Utc>,
    /// Its end.
    pub to: DateTime<Utc>,
}

/// How much reports tell of single tickets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detail {
    /// How many tickets are listed at most.
    pub tickets: usize,
    /// Whether every clock is told.
    pub clocks: bool,
}

/// Replays tickets under some rules, which may change as it goes on.
#[derive(Debug)]
pub struct Backtest {
    rules: Arc<Rules>,
    period: Period,
    tickets: HashMap<TicketId, (Ticket, Watch)>,
    report: Report,
}

impl Period {
    fn contains(&self, at: DateTime<Utc>) -> bool {
        (self.from..self.to).contains(&at)
    }
}

impl Backtest {
    /// Begins a trial. Only what falls within the period is counted.
    pub fn new(rules: Arc<Rules>, period: Period) -> Self {
        Self { rules, period, tickets: HashMap::new(), report: Report::default() }
    }

    /// Takes in an event. Those of one ticket come in their order; after the period they are left out.
    pub fn take(&mut self, ticket: TicketId, event: &TicketEvent, moment: Moment) {
        if moment.at >= self.period.to {
            return;
        }
        let (ticket, watch) = self.tickets.entry(ticket).or_default();
        let alarms = watch.apply(event, moment, &self.rules);
        count(&mut self.report, ticket, &alarms, self.period);
        ticket.apply(event);
        slim(watch);
    }

    /// Takes in other rules. They hold for every ticket from here on; after the period only for those
    /// that come later in the log, which are tickets that were imported.
    pub fn rules_changed(&mut self, rules: Arc<Rules>, moment: Moment) {
        if moment.at < self.period.to {
            // Where every clock has ended, nothing is promised anew.
            let live = |watch: &Watch| watch.clocks().clocks().iter().any(|clock| clock.end.is_none());
            for (ticket, watch) in self.tickets.values_mut().filter(|(_, watch)| live(watch)) {
                let alarms = watch.apply_rules(moment, &rules);
                count(&mut self.report, ticket, &alarms, self.period);
                slim(watch);
            }
        }
        self.rules = rules;
    }

    /// What would have happened.
    pub fn finish(mut self, detail: Detail) -> Report {
        for (mut ticket, mut watch) in by_number(self.tickets.into_values(), |(ticket, _)| ticket) {
            let alarms = watch.until(self.period.to);
            count(&mut self.report, &mut ticket, &alarms, self.period);
            self.report.outcomes(&ticket.number, watch.clocks(), self.period.to, detail);
            self.report.list(ticket, detail);
        }
        self.report
    }
}

fn count(report: &mut Report, ticket: &mut Ticket, alarms: &[Alarm], period: Period) {
    for alarm in alarms {
        report.count(ticket, (alarm.at, alarm.metric, alarm.cause), period);
    }
}

/// There may be many tickets, and all are kept until the end: without room to grow, and without what made
/// the clocks what they are, which nobody asks for here.
fn slim(watch: &mut Watch) {
    let clocks = &mut watch.clocks.clocks;
    for clock in clocks.iter_mut() {
        clock.steps = Vec::new();
        clock.spans.shrink_to_fit();
    }
    clocks.shrink_to_fit();
}

#[cfg(test)]
mod tests;
