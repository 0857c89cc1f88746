use serde_json::{Value, json};

use super::*;
use crate::ids::{Position, Version};
use crate::sla::Sla;
use crate::sla::commands::{ChangePolicy, ChangeSla};
use crate::sla::event::SlaEvent;
use crate::sla::policy::Metric;
use crate::tenant::StatusCategory;
use crate::ticket::commands::testing::{opened, resolved};
use crate::ticket::event::{PriorityChanged, SlaWarned, StatusChanged};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn day() -> Period {
    Period { from: at("2026-11-20T00:00:00Z"), to: at("2026-11-21T00:00:00Z") }
}

fn ticket(number: u128) -> TicketId {
    TicketId(uuid::Uuid::from_u128(number))
}

fn moment(time: &str, position: i64) -> Moment {
    Moment { at: at(time), position: Position(position) }
}

/// What the change of one policy comes to.
fn change(key: &str, patch: Value) -> Vec<SlaEvent> {
    let Value::Object(patch) = patch else { unreachable!() };
    ChangePolicy::read(key.into(), patch).unwrap().decide(&Sla::default()).unwrap()
}

/// The rules that tenants start with, changed.
fn draft(patch: Value) -> Arc<Rules> {
    let Value::Object(patch) = patch else { unreachable!() };
    Arc::new(ChangeSla { patch }.rules(&Sla::default()).unwrap())
}

/// What was raised for the first ticket of a report.
fn told(report: &Report) -> Vec<(String, &'static str, &'static str)> {
    let raised = report.affected.first().map_or(&[][..], |ticket| &ticket.raised);
    let line = |raised: &Raised| (raised.at.format("%H:%M").to_string(), raised.metric.as_str(), raised.kind);
    raised.iter().map(line).collect()
}

const EVERYTHING: Detail = Detail { tickets: usize::MAX, clocks: true };

#[test]
fn tells_what_fell_into_the_period_under_what_held_then() {
    let mut backtest = Backtest::new(Rules::starting().clone(), day());
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
    let report = backtest.finish(EVERYTHING);
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

/// A quarter of an hour for everything, and nothing else is said.
fn strict() -> Arc<Rules> {
    draft(json!({"policies": [{"key": "strict", "name": "Strict", "first_response": 15}]}))
}

#[test]
fn rules_that_change_hold_for_what_is_there_and_for_what_comes() {
    let mut backtest = Backtest::new(Rules::starting().clone(), day());
    backtest.take(ticket(1), &opened(), moment("2026-11-20T09:00:00Z", 1));
    // A warning was due at 12:12 under the old promise; the new one was broken from the start.
    backtest.rules_changed(strict(), moment("2026-11-20T12:30:00Z", 2));
    let report = backtest.finish(EVERYTHING);
    let response = |time: &str, kind| (time.to_owned(), "first_response", kind);
    assert_eq!(told(&report), [response("12:12", "warning"), response("09:15", "breach")]);
    assert_eq!(report.clocks[0].policy, "strict");
}

#[test]
fn a_change_after_the_period_holds_for_history_that_is_imported_later_alone() {
    let mut backtest = Backtest::new(Rules::starting().clone(), day());
    backtest.take(ticket(1), &opened(), moment("2026-11-20T09:00:00Z", 1));
    backtest.rules_changed(strict(), moment("2026-12-01T00:00:00Z", 2));
    let mut imported = opened();
    if let TicketEvent::TicketOpened(opened) = &mut imported {
        opened.number.push('9');
    }
    backtest.take(ticket(2), &imported, moment("2026-11-20T16:00:00Z", 3));
    let report = backtest.finish(EVERYTHING);
    let policies: Vec<_> = report.clocks.iter().map(|clock| clock.policy.as_str()).collect();
    assert_eq!(policies, ["medium", "medium", "strict"]);
    assert_eq!(report.total, Counts { warnings: 1, breaches: 2, escalations: 1 });
}

#[test]
fn a_draft_stands_beside_what_is_configured_and_what_happened() {
    let mut comparison = Comparison::new(strict(), day());
    comparison.take(ticket(1), &opened(), moment("2026-11-20T09:00:00Z", 1));
    // 100 minutes to answer, with a warning at 80 %.
    let changes = change("medium", json!({"first_response": 100, "escalation": []}));
    for (event, number) in changes.into_iter().zip(1..) {
        comparison.take_change(event, Version(number), moment("2026-11-20T09:30:00Z", 1 + number));
    }
    // What was raised late counts when it was due; what was due on another day doesn't.
    for (position, due) in [(5, "2026-11-20T10:20:00Z"), (6, "2026-11-19T10:20:00Z")] {
        let warned = SlaWarned {
            metric: Metric::FirstResponse,
            instance: 1,
            generation: position as u32,
            policy: "medium".into(),
            warning_at: at(due),
            due_at: None,
            raised_at: at("2026-11-21T08:00:00Z"),
        };
        comparison.take(ticket(1), &warned.into(), moment("2026-11-21T08:00:00Z", position));
    }
    let compared = comparison.finish(EVERYTHING);
    let response = |time: &str, kind| (time.to_owned(), "first_response", kind);
    assert_eq!((compared.tickets, compared.events), (1, 3));
    assert_eq!(told(&compared.happened), [response("10:20", "warning")]);
    assert_eq!(told(&compared.configured), [response("10:20", "warning"), response("10:40", "breach")]);
    assert_eq!(told(&compared.draft), [response("09:15", "breach")]);
    assert_eq!(compared.happened.outcomes, compared.configured.outcomes);
    assert_eq!(compared.draft.by_hour.keys().copied().collect::<Vec<_>>(), [9]);
}

#[test]
fn as_many_tickets_are_listed_as_are_asked_for_and_all_are_counted() {
    let mut backtest = Backtest::new(strict(), day());
    for number in 1..=5 {
        backtest.take(ticket(number), &opened(), moment("2026-11-20T09:00:00Z", number as i64));
    }
    let report = backtest.finish(Detail { tickets: 2, clocks: false });
    assert_eq!((report.affected_tickets, report.affected.len(), report.clocks.len()), (5, 2, 0));
}
