//! Appending: order, conflicts, batches.

use std::sync::Arc;

use domain::ids::{TenantId, Version};
use event_store::{Claim, LogError, Outcome};
use futures::future::join_all;

use crate::cell::{Cell, append, appended, id, keyed, new_events, tag};

#[tokio::test(flavor = "multi_thread")]
async fn positions_have_no_gaps_under_64_writers_and_two_processes() {
    let cell = Cell::new().await;
    let logs = [cell.log().await, cell.log().await];
    let writers = (0..64).map(|i| {
        let log = logs[i % 2].clone();
        tokio::spawn(async move {
            let ticket = id();
            for version in 0..20 {
                let outcome = log.append(append(&ticket, version)).await.expect("appended");
                assert_eq!(appended(&outcome).0, version + 1);
            }
        })
    });
    for writer in join_all(writers).await {
        writer.expect("a writer");
    }
    assert_eq!(cell.sound_events().await.len(), 64 * 20);
    cell.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_64_writers_on_one_ticket_each_gets_through_once() {
    let cell = Cell::new().await;
    let log = cell.log().await;
    let ticket = Arc::new(id());
    let writers = (0..64).map(|_| {
        let (log, ticket) = (log.clone(), Arc::clone(&ticket));
        tokio::spawn(async move {
            let mut expected = 0;
            loop {
                match log.append(append(&ticket, expected)).await.expect("an answer") {
                    Outcome::Conflict { actual } => {
                        assert!(actual.0 > expected);
                        expected = actual.0;
                    }
                    outcome => return appended(&outcome).0,
                }
            }
        })
    });
    let mut versions: Vec<i64> =
        join_all(writers).await.into_iter().map(|version| version.expect("a writer")).collect();
    versions.sort_unstable();
    assert_eq!(versions, (1..=64).collect::<Vec<_>>());
    assert_eq!(cell.sound_events().await.len(), 64);
    cell.end().await;
}

#[tokio::test]
async fn in_one_batch_only_the_stale_ones_conflict() {
    let cell = Cell::new().await;
    let log = cell.log().await;
    let tickets: Vec<String> = (0..64).map(|_| id()).collect();
    for (i, ticket) in tickets.iter().enumerate() {
        log.append(append(ticket, 0)).await.expect("appended");
        if i % 4 == 0 {
            log.append(append(ticket, 1)).await.expect("appended");
        }
    }
    let outcomes = join_all(tickets.iter().map(|ticket| log.append(append(ticket, 1)))).await;
    for (i, outcome) in outcomes.into_iter().enumerate() {
        match outcome.expect("an answer") {
            Outcome::Conflict { actual } => assert_eq!((i % 4, actual), (0, Version(2))),
            outcome => {
                assert_ne!(i % 4, 0);
                assert_eq!(appended(&outcome).0, 2);
            }
        }
    }
    assert_eq!(cell.sound_events().await.len(), 64 + 16 + 48);
    cell.end().await;
}

#[tokio::test]
async fn commands_for_one_stream_in_one_batch_follow_each_other() {
    let cell = Cell::new().await;
    let log = cell.log().await;
    let ticket = id();
    // Right, stale, right on top of the first, too far ahead; and a neighbour.
    let appends = [append(&ticket, 0), append(&ticket, 0), append(&ticket, 1), append(&ticket, 5)];
    let mut all: Vec<_> = appends.into_iter().map(|append| log.append(append)).collect();
    let neighbour = id();
    all.push(log.append(append(&neighbour, 0)));
    let outcomes: Vec<Outcome> = join_all(all).await.into_iter().map(|o| o.expect("an answer")).collect();
    assert_eq!(appended(&outcomes[0]), (1, 1));
    assert_eq!(outcomes[1], Outcome::Conflict { actual: Version(1) });
    assert_eq!(appended(&outcomes[2]), (2, 2));
    assert_eq!(outcomes[3], Outcome::Conflict { actual: Version(2) });
    assert_eq!(appended(&outcomes[4]), (1, 3));
    assert_eq!(cell.sound_events().await.len(), 3);
    cell.end().await;
}

#[tokio::test]
async fn the_events_of_a_command_stand_together() {
    let cell = Cell::new().await;
    let log = cell.log().await;
    let ticket = id();
    let mut three = append(&ticket, 0);
    three.events = new_events(&[tag("a"), tag("b"), tag("c")]);
    let command = three.command_id;
    let mut none = append(&ticket, 3);
    none.events.clear();
    assert_eq!(appended(&log.append(three).await.expect("appended")), (3, 3));
    assert_eq!(appended(&log.append(none.clone()).await.expect("checked")), (3, 3));
    none.expected = Version(2);
    assert_eq!(log.append(none).await.expect("checked"), Outcome::Conflict { actual: Version(3) });
    let events = cell.sound_events().await;
    assert!(events.iter().all(|event| event.command_id == command));
    assert_eq!(events[1].payload, r#"{"tag":"b"}"#);
    cell.end().await;
}

#[tokio::test]
async fn another_tenants_stream_is_not_appended_to() {
    let cell = Cell::new().await;
    let log = cell.log().await;
    let ticket = id();
    log.append(append(&ticket, 0)).await.expect("appended");
    let mut foreign = append(&ticket, 1);
    foreign.tenant = TenantId::of_key("other");
    let outcome = log.append(foreign).await.expect("an answer");
    assert_eq!(outcome, Outcome::Conflict { actual: Version(1) });
    cell.end().await;
}

#[tokio::test]
async fn data_that_postgres_refuses_fails_alone() {
    let cell = Cell::new().await;
    let log = cell.log().await;
    let appends = (0..20).map(|i| {
        let mut append = append(&id(), 0);
        if i == 7 {
            append.events[0].payload = "{".to_owned();
        }
        log.append(append)
    });
    for (i, outcome) in join_all(appends).await.into_iter().enumerate() {
        match outcome {
            Ok(outcome) => drop(appended(&outcome)),
            Err(error) => assert!(i == 7 && matches!(error, LogError::Refused(_)), "{i}: {error}"),
        }
    }
    assert_eq!(cell.sound_events().await.len(), 19);
    cell.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_is_had_by_one() {
    let cell = Cell::new().await;
    let log = cell.log().await;
    let claim = |value: &str| Claim { kind: "ticket_number", value: value.to_owned() };
    let opens = (0..50).map(|i| {
        let mut open = append(&id(), 0);
        open.claims.push(claim("TKT-000001"));
        if i % 2 == 0 {
            open = keyed(open, &format!("key {i}"), 1);
        }
        log.append(open)
    });
    let outcomes: Vec<Outcome> = join_all(opens).await.into_iter().map(|o| o.expect("an answer")).collect();
    let won = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Appended { .. })).count();
    assert_eq!(won, 1);
    let events = cell.sound_events().await;
    let holder = &events[0].aggregate_id;
    for outcome in &outcomes {
        if let Outcome::ClaimTaken { kind, value, holder: named } = outcome {
            assert_eq!((kind.as_str(), value.as_str(), named), ("ticket_number", "TKT-000001", holder));
        }
    }
    let found = log.find_claim(crate::cell::tenant(), "ticket_number", "TKT-000001").await.expect("a look");
    assert_eq!(found.as_ref(), Some(holder));
    let other = TenantId::of_key("other");
    assert_eq!(log.find_claim(other, "ticket_number", "TKT-000001").await.expect("a look"), None);
    // Later, in a batch of its own.
    let mut late = append(&id(), 0);
    late.claims.push(claim("TKT-000001"));
    let outcome = log.append(late.clone()).await.expect("an answer");
    assert!(matches!(outcome, Outcome::ClaimTaken { .. }), "{outcome:?}");
    late.claims[0].value = "TKT-000002".to_owned();
    appended(&log.append(late).await.expect("an answer"));
    cell.end().await;
}

#[tokio::test]
async fn a_shutdown_answers_what_is_queued() {
    let cell = Cell::new().await;
    let log = cell.log().await;
    let waiting: Vec<_> = (0..200)
        .map(|_| {
            let log = log.clone();
            tokio::spawn(async move { log.append(append(&id(), 0)).await })
        })
        .collect();
    tokio::task::yield_now().await;
    cell.shutdown.cancel();
    log.stopped().await;
    let mut landed = 0;
    for waiting in waiting {
        landed += usize::from(waiting.await.expect("a task").is_ok());
    }
    assert_eq!(cell.sound_events().await.len(), landed);
    cell.end().await;
}

/// The writer's connection is cut again and again under load: nothing acknowledged is lost,
/// nothing is told to be a conflict with itself, and nothing is appended twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_is_made_good() {
    let cell = Cell::new().await;
    let log = cell.log().await;
    let callers: Vec<_> = (0..32)
        .map(|_| {
            let log = log.clone();
            tokio::spawn(async move {
                let ticket = id();
                for version in 0..60 {
                    let outcome = log.append(append(&ticket, version)).await.expect("appended");
                    assert_eq!(appended(&outcome).0, version + 1);
                }
            })
        })
        .collect();
    while callers.iter().any(|caller| !caller.is_finished()) {
        // Only once a batch was sent: a batch that finds no connection is refused at once, which
        // is another story.
        sqlx::query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
              WHERE datname = current_database() AND application_name = 'docket-writer'
                AND query LIKE '%append_events%'",
        )
        .execute(&cell.pool)
        .await
        .expect("terminated");
        crate::cell::until("there is a writer again", || async {
            let writers: i64 = sqlx::query_scalar(
                "SELECT count(*) FROM pg_stat_activity
                  WHERE datname = current_database() AND application_name = 'docket-writer'",
            )
            .fetch_one(&cell.pool)
            .await
            .expect("a count");
            writers > 0 || callers.iter().all(tokio::task::JoinHandle::is_finished)
        })
        .await;
    }
    for caller in callers {
        caller.await.expect("a caller");
    }
    assert_eq!(cell.sound_events().await.len(), 32 * 60);
    cell.end().await;
}
