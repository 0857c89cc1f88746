//! Cases, each with its exact times. 20 November 2026 is a Friday.

use chrono::TimeDelta;

use super::story::*;
use crate::sla::clock::{Cause, ClockState};
use crate::sla::policy::{Metric, PolicySpec, Reopen, Warning};
use crate::tenant::StatusCategory;
use crate::ticket::commands::testing::{closed, deleted, spam};
use crate::ticket::event::{TicketRestored, TicketUnmarkedSpam};

const MONDAY_NOON: &str = "2026-11-23 12:00";

#[test]
fn due_over_a_weekend() {
    let story = Story::begin("2026-11-20 16:30").then("2026-11-20 16:30", priority(1));
    assert_eq!(story.response().due_at(), Some(at("2026-11-23 09:30")));
    assert_eq!(story.response().warns_at(), Some(at("2026-11-23 09:15")));
    assert_eq!(story.resolution().due_at(), Some(at("2026-11-23 10:30")));
}

#[test]
fn only_an_agents_public_reply_is_a_response() {
    let story = Story::begin("2026-11-20 09:00")
        .then("2026-11-20 10:00", note())
        .then("2026-11-20 11:00", ask())
        .then("2026-11-20 12:00", work());
    assert_eq!(story.response().state(at(MONDAY_NOON)), Some(ClockState::Running));
    assert!(story.response().is_overdue(at(MONDAY_NOON)));
    let story = story.then("2026-11-20 13:00", answer());
    assert_eq!(story.response().state(at(MONDAY_NOON)), Some(ClockState::Met), "at the very due time");
    let late = Story::begin("2026-11-20 09:00").then("2026-11-20 13:00:00.000001", answer());
    assert_eq!(late.response().state(at(MONDAY_NOON)), Some(ClockState::Missed));
}

#[test]
fn a_reply_and_waiting_in_one_command_both_count() {
    let story =
        Story::begin("2026-11-20 09:00").then("2026-11-20 09:30", answer()).then("2026-11-20 09:30", wait());
    assert_eq!(story.response().state(at(MONDAY_NOON)), Some(ClockState::Met));
    assert_eq!(story.resolution().state(at(MONDAY_NOON)), Some(ClockState::Paused));
    assert_eq!(story.resolution().used(at(MONDAY_NOON)), TimeDelta::minutes(30));
    assert_eq!(story.resolution().due_at(), None, "while it waits, nothing is due");
}

#[test]
fn after_hours_what_was_due_at_five_is_late() {
    let story = Story::begin("2026-11-20 13:00");
    assert_eq!(story.response().due_at(), Some(at("2026-11-20 17:00")));
    let late = story.then("2026-11-20 20:00", answer());
    assert_eq!(late.response().state(at(MONDAY_NOON)), Some(ClockState::Missed));
}

#[test]
fn two_pauses_within_a_minute() {
    let story = Story::begin("2026-11-20 09:00")
        .then("2026-11-20 10:00:10", wait())
        .then("2026-11-20 10:00:20", work())
        .then("2026-11-20 10:00:30", wait())
        .then("2026-11-20 10:00:45", work());
    assert_eq!(story.resolution().due_at(), Some(at("2026-11-23 09:00:25")));
    assert_eq!(story.resolution().spans.len(), 3);
}

#[test]
fn a_pause_at_the_due_time_is_in_time() {
    let story = Story::begin("2026-11-20 09:00").then("2026-11-20 17:00", wait());
    assert_eq!(story.resolution().left(at(MONDAY_NOON)), Some(TimeDelta::zero()));
    assert!(!story.resolution().is_overdue(at(MONDAY_NOON)));
    let story = story.then("2026-11-23 10:00", work());
    assert_eq!(story.resolution().due_at(), Some(at("2026-11-23 10:00")), "nothing is left then");
    let late = Story::begin("2026-11-20 09:00").then("2026-11-20 17:00:01", wait());
    assert!(late.resolution().is_overdue(at(MONDAY_NOON)), "a second later it was due");
}

#[test]
fn a_priority_raised_during_a_pause_keeps_what_was_used_and_paused() {
    let story = Story::begin("2026-11-20 09:00")
        .then("2026-11-20 10:30", wait())
        .then("2026-11-20 12:00", priority(1));
    let clock = story.resolution();
    assert_eq!((clock.generation, clock.used(at(MONDAY_NOON))), (2, TimeDelta::minutes(90)));
    let story = story.then("2026-11-20 15:00", work());
    assert_eq!(story.resolution().due_at(), Some(at("2026-11-20 15:30")), "90 of 120 minutes are used");
    let lowered = story.then("2026-11-20 15:10", priority(4));
    assert_eq!(lowered.resolution().due_at(), Some(at("2026-11-23 13:30")), "100 of 480 are used");
    assert_eq!(lowered.resolution().generation, 3);
}

#[test]
fn reopened_three_times_it_counts_on() {
    let mut story = Story::begin("2026-11-16 09:00");
    for day in [16, 17, 18] {
        // An hour of work, then some of rest.
        story = story
            .then(&format!("2026-11-{day} 10:00"), resolve())
            .then(&format!("2026-11-{} 09:00", day + 1), work());
    }
    assert_eq!(story.resolution().used(at("2026-11-19 09:00")), TimeDelta::hours(3));
    assert_eq!(story.resolution().due_at(), Some(at("2026-11-19 14:00")));
    assert_eq!(story.resolution().instance, 1);
    let in_time = story.then("2026-11-19 13:59", resolve()).then("2026-11-24 09:00", closed());
    assert_eq!(in_time.resolution().state(at("2026-12-01 00:00")), Some(ClockState::Met));
}

#[test]
fn reopened_it_may_begin_anew() {
    let anew: Vec<PolicySpec> =
        policies().into_iter().map(|policy| PolicySpec { reopen: Reopen::Anew, ..policy }).collect();
    let story = Story::under(rules_with(&anew, office("UTC", &[])))
        .then("2026-11-20 09:00", open())
        .then("2026-11-20 16:00", resolve())
        .then("2026-11-23 09:00", work());
    assert_eq!(story.resolution().instance, 2);
    assert_eq!(story.resolution().due_at(), Some(at("2026-11-23 17:00")));
    assert_eq!(
        story.clocks.clocks()[1].state(at(MONDAY_NOON)),
        Some(ClockState::Met),
        "the first one stands"
    );
}

#[test]
fn the_zone_changed_in_mid_flight_holds_from_the_start() {
    let story = Story::begin("2026-11-20 09:00");
    assert_eq!(story.resolution().due_at(), Some(at("2026-11-20 17:00")));
    // In New York work begins at 14:00 UTC.
    let moved = story.rules("2026-11-20 10:00", rules_with(&policies(), office("America/New_York", &[])));
    assert_eq!(moved.resolution().due_at(), Some(at("2026-11-20 22:00")));
    assert_eq!(moved.resolution().used(at("2026-11-20 10:00")), TimeDelta::zero());
    assert_eq!(moved.resolution().generation, 2);
}

#[test]
fn a_holiday_added_after_the_start_counts() {
    let story = Story::begin("2026-11-20 16:00");
    assert_eq!(story.resolution().due_at(), Some(at("2026-11-23 16:00")));
    let free = story.rules("2026-11-20 16:30", rules_with(&policies(), office("UTC", &["2026-11-23"])));
    assert_eq!(free.resolution().due_at(), Some(at("2026-11-24 16:00")));
}

#[test]
fn a_target_shorter_than_the_warning_warns_at_the_start() {
    let early: Vec<PolicySpec> = policies()
        .into_iter()
        .map(|policy| PolicySpec { warning: Some(Warning::MinutesBefore(90)), ..policy })
        .collect();
    let story = Story::under(rules_with(&early, office("UTC", &[])))
        .then("2026-11-20 10:00", open())
        .then("2026-11-20 10:00", priority(1));
    assert_eq!(story.response().warns_at(), Some(at("2026-11-20 10:00")));
    assert_eq!(story.resolution().warns_at(), Some(at("2026-11-20 10:30")));
}

#[test]
fn the_next_reply_is_due_from_the_oldest_unanswered_message() {
    let story = Story::begin("2026-11-20 09:00")
        .then("2026-11-20 10:00", answer())
        .then("2026-11-20 10:00", wait())
        .then("2026-11-20 11:00", ask())
        .then("2026-11-20 11:30", ask());
    // The desk still waits by its status; but this is what it waited for.
    assert_eq!(story.last(Metric::NextReply).due_at(), Some(at("2026-11-20 12:00")));
    let story = story.then("2026-11-20 11:40", work()).then("2026-11-20 11:45", wait());
    assert_eq!(story.last(Metric::NextReply).due_at(), None, "the desk asked again, by telephone");
    let story = story.then("2026-11-20 14:00", answer()).then("2026-11-20 15:00", ask());
    assert_eq!(story.last(Metric::NextReply).instance, 2);
    assert_eq!(story.last(Metric::NextReply).due_at(), Some(at("2026-11-20 16:00")));
}

#[test]
fn what_is_cancelled_deleted_or_spam_is_void_until_that_is_taken_back() {
    let cancelled = status(StatusCategory::Cancelled);
    for (away, back) in [
        (spam(), TicketUnmarkedSpam { reason: None }.into()),
        (deleted(), TicketRestored { reason: None }.into()),
        (cancelled, work()),
    ] {
        let story = Story::begin("2026-11-20 09:00").then("2026-11-20 10:00", away);
        assert_eq!(story.resolution().state(at(MONDAY_NOON)), Some(ClockState::Cancelled));
        assert_eq!(story.resolution().due_at(), None);
        let story = story.then("2026-11-20 12:00", back);
        assert_eq!(story.resolution().due_at(), Some(at("2026-11-23 11:00")));
    }
}

#[test]
fn nothing_is_breached_on_a_closed_ticket() {
    let story = Story::begin("2026-11-20 09:00").then("2026-11-20 10:00", closed());
    assert_eq!(story.response().state(at(MONDAY_NOON)), Some(ClockState::Paused));
    assert!(story.clocks.alarms().iter().all(|alarm| alarm.cause != Cause::Breach));
    // Nobody answered, and now somebody has to.
    let story = story.then(MONDAY_NOON, work());
    assert_eq!(story.response().due_at(), Some(at("2026-11-23 15:00")));
}

#[test]
fn alarms_come_in_order_with_their_steps() {
    let mut specs = policies();
    specs[1].escalation = serde_json::from_value(serde_json::json!([
        {"after": {"breach": "resolution"}, "to": {"role": "support_lead"}},
        {"after": {"percent_used": ["resolution", 150]}, "to": {"team": "night"}, "reassign": true},
        {"after": {"open_hours": 6}, "to": {"agent": "ada"}, "raise_priority": true},
    ]))
    .unwrap();
    let story = Story::under(rules_with(&specs, office("UTC", &[]))).then("2026-11-20 09:00", open());
    let told: Vec<_> =
        story.clocks.alarms().iter().map(|alarm| (alarm.at, alarm.metric, alarm.cause)).collect();
    let (response, resolution) = (Metric::FirstResponse, Metric::Resolution);
    assert_eq!(
        told,
        [
            (at("2026-11-20 11:00"), response, Cause::Warning),
            (at("2026-11-20 13:00"), response, Cause::Breach),
            (at("2026-11-20 13:00"), resolution, Cause::Warning),
            (at("2026-11-20 15:00"), resolution, Cause::Escalation(2)),
            (at("2026-11-20 17:00"), resolution, Cause::Breach),
            (at("2026-11-20 17:00"), resolution, Cause::Escalation(0)),
            (at("2026-11-23 13:00"), resolution, Cause::Escalation(1)),
        ]
    );
}

#[test]
fn times_out_of_order_dont_run_backwards() {
    let story =
        Story::begin("2026-11-20 10:00").then("2026-11-20 09:00", wait()).then("2026-11-20 12:00", work());
    assert_eq!(story.resolution().used(at("2026-11-20 13:00")), TimeDelta::hours(1));
}
