//! The slow and obvious way: for every minute, what was the ticket, and did the clock run?

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use super::story::*;
use crate::ids::Position;
use crate::sla::clock::{Alarm, AlarmKey, ClockState, Moment};
use crate::sla::policy::{Metric, Rules};
use crate::sla::watch::Watch;
use crate::tenant::StatusCategory::{self, *};
use crate::ticket::TicketEvent;
use crate::ticket::commands::testing::{deleted, spam};
use crate::ticket::event::{TicketRestored, TicketUnmarkedSpam};

#[derive(Clone, Copy, Debug)]
enum Happening {
    Status(StatusCategory),
    Priority(i32),
    Answer,
    Ask,
    Note,
    Spam(bool),
    Deleted(bool),
}

impl Happening {
    fn event(self) -> TicketEvent {
        match self {
            Self::Status(category) => status(category),
            Self::Priority(rank) => priority(rank),
            Self::Answer => answer(),
            Self::Ask => ask(),
            Self::Note => note(),
            Self::Spam(true) => spam(),
            Self::Spam(false) => TicketUnmarkedSpam { reason: None }.into(),
            Self::Deleted(true) => deleted(),
            Self::Deleted(false) => TicketRestored { reason: None }.into(),
        }
    }
}

fn histories() -> impl Strategy<Value = Vec<(i64, Happening)>> {
    let happening = prop_oneof![
        4 => prop::sample::select(vec![Open, PendingCustomer, PendingInternal, Resolved, Closed, Cancelled])
            .prop_map(Happening::Status),
        2 => (1..=4).prop_map(Happening::Priority),
        2 => Just(Happening::Answer),
        2 => Just(Happening::Ask),
        1 => Just(Happening::Note),
        1 => any::<bool>().prop_map(Happening::Spam),
        1 => any::<bool>().prop_map(Happening::Deleted),
    ];
    // Steps of up to a working day and a night, in whole minutes; some at the same minute.
    prop::collection::vec((prop_oneof![Just(0_i64), 1..30_i64, 1..1_000_i64], happening), 0..14)
}

/// What the minutes of one clock came to.
#[derive(Debug, Default, PartialEq)]
struct Counted {
    used: i64,
    /// The end of the minute in which the target was used up, had there been another to use.
    late: bool,
}

/// Response and resolution, minute by minute, under the priority that held last.
struct Reference {
    category: StatusCategory,
    spam: bool,
    deleted: bool,
    answered: bool,
    response: Counted,
    resolution: Counted,
}

impl Reference {
    fn of(
        events: &[(DateTime<Utc>, Happening)],
        begin: DateTime<Utc>,
        end: DateTime<Utc>,
        targets: (i64, i64),
    ) -> Self {
        let mut this = Self {
            category: New,
            spam: false,
            deleted: false,
            answered: false,
            response: Counted::default(),
            resolution: Counted::default(),
        };
        let works = |minute: DateTime<Utc>| {
            let hour = minute.format("%H").to_string().parse::<u32>().unwrap();
            !["Sat", "Sun"].contains(&minute.format("%a").to_string().as_str()) && (9..17).contains(&hour)
        };
        let mut minute = begin;
        while minute < end {
            for (_, happening) in events.iter().filter(|(at, _)| *at == minute) {
                this.take(*happening);
            }
            let runs = !this.spam
                && !this.deleted
                && !matches!(this.category, Resolved | Closed | Cancelled | PendingCustomer);
            for (counted, target, runs) in [
                (&mut this.response, targets.0, runs && !this.answered),
                (&mut this.resolution, targets.1, runs),
            ] {
                // It ran on beyond the moment when everything was used: it is overdue.
                counted.late |= runs && counted.used >= target;
                counted.used += i64::from(runs && works(minute));
            }
            minute += TimeDelta::minutes(1);
        }
        this
    }

    fn take(&mut self, happening: Happening) {
        match happening {
            Happening::Status(category) => self.category = category,
            Happening::Answer if !self.void() => self.answered = true,
            Happening::Spam(spam) => self.spam = spam,
            Happening::Deleted(deleted) => self.deleted = deleted,
            _ => {}
        }
    }

    fn void(&self) -> bool {
        self.spam || self.deleted || self.category == Cancelled
    }
}

fn fold(events: &[(DateTime<Utc>, TicketEvent)], rules: &Arc<Rules>, cut: usize) -> Watch {
    let mut watch = Watch::default();
    for (index, (at, event)) in events.iter().enumerate() {
        if index == cut {
            // What was kept up to here goes on as if nothing had been.
            watch = watch.keep().wake(|_| Some(rules.clone()));
        }
        watch.follow(event, Moment { at: *at, position: Position(index as i64 + 1) }, false, rules);
    }
    watch
}

/// What [`Watch::apply`] raises by itself up to an end.
fn raised(events: &[(DateTime<Utc>, TicketEvent)], rules: &Rules, end: DateTime<Utc>) -> BTreeSet<AlarmKey> {
    let mut watch = Watch::default();
    let mut raised = Vec::new();
    for (index, (at, event)) in events.iter().enumerate() {
        raised.extend(watch.apply(event, Moment { at: *at, position: Position(index as i64 + 1) }, rules));
    }
    raised.extend(watch.until(end));
    raised.iter().map(Alarm::key).collect()
}

proptest! {
    #[test]
    fn the_fold_agrees_with_counting_minutes(history in histories(), begin in 0_i64..10_000, cut in 0_usize..14) {
        let rules = rules_with(&policies(), office("UTC", &[]));
        let begin = at("2026-11-16 00:00") + TimeDelta::minutes(begin);
        let mut now = begin;
        let mut happenings = Vec::new();
        for (after, happening) in history {
            now += TimeDelta::minutes(after);
            happenings.push((now, happening));
        }
        let end = now + TimeDelta::minutes(2_000);
        let mut events = vec![(begin, open())];
        events.extend(happenings.iter().map(|(at, happening)| (*at, happening.event())));
        let rules = Arc::new(rules);
        let watch = fold(&events, &rules, usize::MAX);
        let cut = fold(&events, &rules, cut);
        prop_assert_eq!(cut.keep(), watch.keep());
        // Whoever looks only at the end finds all that was to be raised on the way.
        let due = |watch: &Watch| -> BTreeSet<AlarmKey> { watch.due(end).iter().map(Alarm::key).collect() };
        prop_assert_eq!(due(&watch), raised(&events, &rules, end));
        prop_assert_eq!(due(&cut), due(&watch));
        let clocks = watch.clocks();

        // An ended response keeps the promise under which it ended.
        let rank = |until: usize| happenings[..until].iter().rev().find_map(|(_, happening)| match happening {
            Happening::Priority(rank) => Some(*rank),
            _ => None,
        }).unwrap_or(3);
        let target = |rank: i32| if rank == 1 { (60, 120) } else { (240, 480) };
        let response = &clocks.clocks()[0];
        let resolution = clocks.clocks().iter().find(|clock| clock.metric == Metric::Resolution).unwrap();
        let ended = |clock: &crate::sla::clock::Clock| clock.steps.last().map(|step| step.moment.position.0 as usize - 1);
        let until = |clock: &crate::sla::clock::Clock| if clock.end.is_some() { ended(clock).unwrap() } else { happenings.len() };
        let targets = (target(rank(until(response))).0, target(rank(until(resolution))).1);
        let counted = Reference::of(&happenings, begin, end, targets);
        for (clock, counted, target) in
            [(response, counted.response, targets.0), (resolution, counted.resolution, targets.1)]
        {
            prop_assert_eq!(clock.target(), Some(TimeDelta::minutes(target)));
            if clock.state(end) == Some(ClockState::Cancelled) {
                continue;
            }
            prop_assert_eq!(clock.used(end), TimeDelta::minutes(counted.used), "{:?}", clock.metric);
            prop_assert_eq!(clock.is_overdue(end), counted.late, "{:?} {:?}", clock.metric, clock.due_at());
        }
    }
}
