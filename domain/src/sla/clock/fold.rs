//! From a ticket's events to its clocks.
//!
//! - The response clock runs from the opening to an agent's first public reply. A note, the customer's
//!   own words and automatic messages don't stop it.
//! - The next-reply clock runs from the oldest message of the customer that no agent has answered, once
//!   there was a first response: what the customer adds before that is answered by it.
//! - The resolution clock runs from the opening to the resolving, or closing. A reopening has it go on
//!   with the time used, or starts another.
//! - Waiting for the customer pauses all that run. A message that comes while the desk waits starts a
//!   next-reply clock all the same: it is what was waited for.
//! - Nothing runs while a ticket is resolved or closed. Cancelling, deleting, and marking as spam make
//!   void what runs; taking that back has it go on.

use std::sync::Arc;

use super::{Clock, End, Moment};
use crate::ids::UserId;
use crate::metadata::ActorKind;
use crate::sla::policy::{Metric, Policy, Reopen, Rules, Subject};
use crate::tenant::StatusCategory;
use crate::ticket::TicketEvent;
use crate::ticket::event::{ReplyAdded, TicketOpened};

/// A ticket's clocks, and what of the ticket they depend on.
#[derive(Clone, Debug, Default)]
pub struct TicketClocks {
    pub(in crate::sla) subject: Subject,
    pub(in crate::sla) requester: Option<UserId>,
    pub(in crate::sla) category: StatusCategory,
    pub(in crate::sla) spam: bool,
    pub(in crate::sla) deleted: bool,
    /// Since when the desk waits for the customer.
    pub(in crate::sla) waiting: Option<Moment>,
    /// Since when it is resolved.
    pub(in crate::sla) resolved: Option<Moment>,
    pub(in crate::sla) opened: Option<Moment>,
    pub(in crate::sla) last: Option<Moment>,
    pub(in crate::sla) clocks: Vec<Clock>,
}

impl TicketClocks {
    /// The clocks, by metric in the order in which they were started.
    pub fn clocks(&self) -> &[Clock] {
        &self.clocks
    }

    /// Whether nothing is to be done any more.
    pub fn is_done(&self) -> bool {
        self.category.is_done()
    }

    /// Since when it is resolved; none if it isn't, or nothing counts.
    pub fn resolved(&self) -> Option<Moment> {
        self.resolved.filter(|_| !self.is_void())
    }

    /// When the ticket was opened.
    pub fn opened(&self) -> Option<Moment> {
        self.opened
    }

    /// Whether an event can change anything about clocks.
    pub fn concerns(event: &TicketEvent) -> bool {
        matches!(
            event,
            TicketEvent::TicketOpened(_)
                | TicketEvent::ReplyAdded(_)
                | TicketEvent::PriorityChanged(_)
                | TicketEvent::CategoryChanged(_)
                | TicketEvent::RequestTypeChanged(_)
                | TicketEvent::TagAdded(_)
                | TicketEvent::TagRemoved(_)
                | TicketEvent::StatusChanged(_)
                | TicketEvent::TicketResolved(_)
                | TicketEvent::TicketClosed(_)
                | TicketEvent::TicketReopened(_)
                | TicketEvent::TicketCancelled(_)
                | TicketEvent::TicketMarkedSpam(_)
                | TicketEvent::TicketUnmarkedSpam(_)
                | TicketEvent::TicketDeleted(_)
                | TicketEvent::TicketRestored(_)
                | TicketEvent::SlaWarned(_)
                | TicketEvent::SlaBreached(_)
        )
    }

    /// Takes in an event, under the rules that held then.
    pub fn apply(&mut self, event: &TicketEvent, moment: Moment, rules: &Rules) {
        let moment = match event {
            // What was raised changes no clock but says so, whatever the clock of who raised it said.
            TicketEvent::SlaWarned(event) => {
                return self
                    .told(event.metric, event.instance, event.generation, |clock| clock.warned = true);
            }
            TicketEvent::SlaBreached(event) => {
                return self
                    .told(event.metric, event.instance, event.generation, |clock| clock.breached = true);
            }
            _ if !Self::concerns(event) => return,
            _ => self.in_order(moment),
        };
        let was_void = self.is_void();
        let was_done = self.category.is_done();
        match event {
            TicketEvent::TicketOpened(event) => self.open(event, moment),
            TicketEvent::ReplyAdded(_) => {}
            TicketEvent::PriorityChanged(event) => self.subject.priority_rank = event.to_rank,
            TicketEvent::CategoryChanged(event) => self.subject.category.clone_from(&event.to),
            TicketEvent::RequestTypeChanged(event) => self.subject.request_type.clone_from(&event.to),
            TicketEvent::TagAdded(event) => self.subject.tags.push(event.tag.clone()),
            TicketEvent::TagRemoved(event) => self.subject.tags.retain(|tag| *tag != event.tag),
            TicketEvent::StatusChanged(event) => self.category = event.to_category,
            TicketEvent::TicketResolved(event) => self.category = event.to_category,
            TicketEvent::TicketClosed(event) => self.category = event.to_category,
            TicketEvent::TicketReopened(event) => self.category = event.to_category,
            TicketEvent::TicketCancelled(event) => self.category = event.to_category,
            TicketEvent::TicketMarkedSpam(_) => self.spam = true,
            TicketEvent::TicketUnmarkedSpam(_) => self.spam = false,
            TicketEvent::TicketDeleted(_) => self.deleted = true,
            TicketEvent::TicketRestored(_) => self.deleted = false,
            _ => {}
        }
        match self.category {
            StatusCategory::PendingCustomer => drop(self.waiting.get_or_insert(moment)),
            _ => self.waiting = None,
        }
        match self.category {
            StatusCategory::Resolved => drop(self.resolved.get_or_insert(moment)),
            _ => self.resolved = None,
        }
        let policy = rules.policy_for(&self.subject).cloned();
        if let TicketEvent::ReplyAdded(event) = event {
            self.replied(event, moment, policy.as_ref());
        }
        if was_void && !self.is_void() {
            self.revive();
        }
        if was_done && !self.category.is_done() {
            self.reopen(policy.as_ref(), moment);
        }
        self.settle(policy.as_ref(), moment);
    }

    /// Policies or calendars were changed.
    pub fn rules_changed(&mut self, moment: Moment, rules: &Rules) {
        // Not taken for the ticket's last: history that is imported afterwards keeps its times.
        let at = self.last.map_or(moment.at, |last| moment.at.max(last.at));
        let moment = Moment { at, ..moment };
        let policy = rules.policy_for(&self.subject).cloned();
        self.settle(policy.as_ref(), moment);
    }

    /// Events are in the order of the log; imported ones may bear times that aren't.
    fn in_order(&mut self, moment: Moment) -> Moment {
        let at = self.last.map_or(moment.at, |last| moment.at.max(last.at));
        let moment = Moment { at, ..moment };
        self.last = Some(moment);
        moment
    }

    fn told(&mut self, metric: Metric, instance: u32, generation: u32, tell: impl Fn(&mut Clock)) {
        let meant = |clock: &&mut Clock| {
            (clock.metric, clock.instance, clock.generation) == (metric, instance, generation)
        };
        self.clocks.iter_mut().filter(meant).for_each(tell);
    }

    /// Whether nothing that was promised counts: the ticket is cancelled, deleted, or spam.
    pub fn is_void(&self) -> bool {
        self.spam || self.deleted || self.category == StatusCategory::Cancelled
    }

    fn open(&mut self, event: &TicketOpened, moment: Moment) {
        self.opened = Some(moment);
        self.requester = Some(event.requester.id.clone());
        self.category = event.status_category;
        self.subject = Subject {
            priority_rank: event.priority_rank,
            category: event.category.clone(),
            request_type: event.request_type.clone(),
            organization: event.organization.as_ref().map(ToString::to_string),
            tags: event.tags.clone(),
        };
    }

    fn replied(&mut self, event: &ReplyAdded, moment: Moment, policy: Option<&Arc<Policy>>) {
        let by_customer =
            event.author.kind == ActorKind::Customer || self.requester.as_ref() == Some(&event.author.id);
        if by_customer {
            let unanswered = self.find(Metric::NextReply).is_some_and(|clock| clock.end.is_none());
            let answered_once = self.find(Metric::FirstResponse).is_some_and(|clock| clock.end.is_some());
            if answered_once && !unanswered {
                let instance = self.find(Metric::NextReply).map_or(1, |clock| clock.instance + 1);
                self.clocks.push(Clock::start(Metric::NextReply, instance, moment, policy.cloned()));
            }
        } else if event.author.kind == ActorKind::Agent {
            for metric in [Metric::FirstResponse, Metric::NextReply] {
                if let Some(clock) = self.find(metric).filter(|clock| clock.end.is_none()) {
                    clock.finish(End::Stopped(moment));
                }
            }
        }
    }

    /// The latest clock of a metric.
    fn find(&mut self, metric: Metric) -> Option<&mut Clock> {
        self.clocks.iter_mut().rev().find(|clock| clock.metric == metric)
    }

    /// What was void goes on.
    fn revive(&mut self) {
        for metric in Metric::ALL {
            if let Some(clock) = self.find(metric)
                && matches!(clock.end, Some(End::Cancelled(_)))
            {
                clock.end = None;
            }
        }
    }

    fn reopen(&mut self, policy: Option<&Arc<Policy>>, moment: Moment) {
        let Some(clock) = self.find(Metric::Resolution) else { return };
        if !matches!(clock.end, Some(End::Stopped(_))) {
            return;
        }
        if policy.is_some_and(|policy| policy.spec.reopen == Reopen::Anew) {
            let instance = clock.instance + 1;
            self.clocks.push(Clock::start(Metric::Resolution, instance, moment, policy.cloned()));
        } else {
            clock.end = None;
        }
    }

    /// Brings every clock that hasn't ended to what the ticket is now.
    fn settle(&mut self, policy: Option<&Arc<Policy>>, moment: Moment) {
        if self.clocks.is_empty() && self.opened.is_some() {
            for metric in [Metric::FirstResponse, Metric::Resolution] {
                self.clocks.push(Clock::start(metric, 1, moment, policy.cloned()));
            }
        }
        let (void, done, waiting) = (self.is_void(), self.category.is_done(), self.waiting);
        for clock in self.clocks.iter_mut().filter(|clock| clock.end.is_none()) {
            clock.promise_by(policy, moment);
            let started = clock.started().map(|started| started.position);
            let waits = waiting.is_some_and(|waiting| {
                clock.metric != Metric::NextReply || started.is_none_or(|started| waiting.position > started)
            });
            if void {
                clock.finish(End::Cancelled(moment));
            } else if done && clock.metric == Metric::Resolution {
                clock.finish(End::Stopped(moment));
            } else if done || waits {
                clock.pause(moment);
            } else {
                clock.run(moment);
            }
        }
    }
}
