//! What time makes happen to a ticket: the events for what is due, and for what follows from it.

use chrono::{DateTime, Utc};

use super::clock::{Alarm, Cause};
use super::policy::{After, Escalation, Rules, Whom};
use super::watch::Watch;
use crate::ids::{TeamId, UserId};
use crate::ticket::commands::Close;
use crate::ticket::event::{
    Assignment, EscalationRule, SlaBreached, SlaWarned, TicketAssigned, TicketEscalated,
};
use crate::ticket::{Context, Ticket, TicketError, TicketEvent};

/// What is to happen by now, in order. Raising it again, after these events, gives nothing.
pub fn raise(
    ticket: &Ticket,
    watch: &Watch,
    rules: &Rules,
    context: &Context<'_>,
) -> Result<Vec<TicketEvent>, TicketError> {
    let mut raising = Raising { ticket: ticket.clone(), events: Vec::new(), context };
    for alarm in watch.due(context.now) {
        raising.alarm(&alarm);
    }
    if watch.closes_at(rules).is_some_and(|at| at < context.now) {
        let days = rules.auto_close().map_or(0, |time| time.num_days());
        let close = Close { reason: Some(format!("resolved for {days} days")) };
        let closed = close.decide(&raising.ticket, context)?;
        raising.events.extend(closed);
    }
    Ok(raising.events)
}

/// A ticket as it becomes while one thing after the other is raised.
struct Raising<'a> {
    ticket: Ticket,
    events: Vec<TicketEvent>,
    context: &'a Context<'a>,
}

impl Raising<'_> {
    fn happens(&mut self, event: impl Into<TicketEvent>) {
        let event = event.into();
        self.ticket.apply(event.clone());
        self.events.push(event);
    }

    fn alarm(&mut self, alarm: &Alarm) {
        let Alarm { at, metric, instance, generation, due_at, .. } = *alarm;
        let (policy, raised_at) = (alarm.policy.spec.key.clone(), self.context.now);
        match alarm.cause {
            Cause::Warning => {
                let warning_at = at;
                self.happens(SlaWarned {
                    metric,
                    instance,
                    generation,
                    policy,
                    warning_at,
                    due_at,
                    raised_at,
                });
            }
            Cause::Breach => {
                self.happens(SlaBreached { metric, instance, generation, policy, due_at: at, raised_at });
            }
            Cause::Escalation(step) => {
                let rule = EscalationRule { policy, step, metric, instance, due_at: at, raised_at };
                if let Some(escalation) = alarm.policy.spec.escalation.get(step as usize) {
                    self.escalate(escalation, rule);
                }
            }
        }
    }

    fn escalate(&mut self, step: &Escalation, rule: EscalationRule) {
        let reason = reason(step, &rule);
        let mut escalated = TicketEscalated {
            level: self.ticket.escalation_level.saturating_add(1),
            to_role: None,
            to_agent: None,
            to_team: None,
            reason: reason.clone(),
            rule: Some(rule),
        };
        // What can be nobody's id was refused when the policy was made.
        match &step.to {
            Whom::Role(role) => escalated.to_role = Some(role.clone()),
            Whom::Agent(agent) => escalated.to_agent = UserId::new(agent).ok(),
            Whom::Team(team) => escalated.to_team = TeamId::new(team).ok(),
        }
        let to = Assignment {
            agent: escalated.to_agent.clone().or_else(|| self.ticket.assignment.agent.clone()),
            team: escalated.to_team.clone().or_else(|| self.ticket.assignment.team.clone()),
            organization: self.ticket.assignment.organization.clone(),
        };
        self.happens(escalated);
        if step.raise_priority
            && let Some(next) = self.context.settings.next_more_urgent(self.ticket.priority_rank)
        {
            let raised = self.ticket.prioritised(next, Some(reason.clone()));
            self.happens(raised);
        }
        if step.reassign && to != self.ticket.assignment {
            let from = self.ticket.assignment.clone();
            self.happens(TicketAssigned { from, to, reason: Some(reason) });
        }
    }
}

fn reason(step: &Escalation, rule: &EscalationRule) -> String {
    let due = |at: DateTime<Utc>| at.format("%Y-%m-%d %H:%M UTC");
    match step.after {
        After::Breach(metric) => format!("the {} was due at {}", metric.words(), due(rule.due_at)),
        After::PercentUsed(metric, percent) => {
            format!("{percent} % of the time for the {} was used at {}", metric.words(), due(rule.due_at))
        }
        After::OpenHours(hours) => format!("open for {hours} hours"),
    }
}
