//! One effect, one answer.

use domain::ids::{TenantId, UserId, Version};
use event_store::{Append, LogOptions, Outcome};
use futures::future::join_all;

use crate::cell::{Cell, append, appended, id, keyed, tenant};

#[tokio::test(flavor = "multi_thread")]
async fn fifty_at_once_have_one_effect_and_one_answer() {
    let cell = Cell::new().await;
    let logs = [cell.log().await, cell.log().await];
    let asked = (0..50).map(|i| {
        let log = logs[i % 2].clone();
        tokio::spawn(async move { log.append(keyed(append(&id(), 0), "k", 1)).await.expect("an answer") })
    });
    let outcomes: Vec<Outcome> = join_all(asked).await.into_iter().map(|o| o.expect("a task")).collect();
    let events = cell.sound_events().await;
    assert_eq!(events.len(), 1);
    let mut first = 0;
    for outcome in outcomes {
        match outcome {
            Outcome::Appended { .. } => first += 1,
            Outcome::Replayed { aggregate_id, version, position, status, answer } => {
                assert_eq!(aggregate_id, events[0].aggregate_id);
                assert_eq!((version.0, position.0, status), (1, 1, 201));
                assert_eq!(answer, serde_json::json!({"request": 1}));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(first, 1);
    // After a restart.
    let log = cell.log().await;
    let again = log.append(keyed(append(&id(), 0), "k", 1)).await.expect("an answer");
    assert!(matches!(again, Outcome::Replayed { .. }), "{again:?}");
    let stored = log.answer_for(tenant(), &UserId::new("ada").unwrap(), "k").await.unwrap().unwrap();
    assert_eq!((stored.request_hash, stored.status, stored.position.0), ([1; 32], 201, 1));
    assert_eq!(stored.aggregate_id, events[0].aggregate_id);
    cell.end().await;
}

#[tokio::test]
async fn a_key_is_for_one_request_of_one_user_of_one_tenant() {
    let cell = Cell::new().await;
    let log = cell.log().await;
    appended(&log.append(keyed(append(&id(), 0), "k", 1)).await.unwrap());
    let other_request = keyed(append(&id(), 0), "k", 2);
    assert_eq!(log.append(other_request).await.unwrap(), Outcome::KeyReused);
    let mut other_user = keyed(append(&id(), 0), "k", 2);
    if let Some(key) = &mut other_user.idempotency {
        key.user = UserId::new("bob").unwrap();
    }
    appended(&log.append(other_user).await.unwrap());
    let mut other_tenant = keyed(append(&id(), 0), "k", 2);
    other_tenant.tenant = TenantId::of_key("other");
    appended(&log.append(other_tenant).await.unwrap());
    // In one batch: the same key for two requests, beside others.
    let batch = [keyed(append(&id(), 0), "l", 1), keyed(append(&id(), 0), "l", 2), append(&id(), 0)];
    let outcomes = join_all(batch.map(|append| log.append(append))).await;
    let outcomes: Vec<Outcome> = outcomes.into_iter().map(|o| o.expect("an answer")).collect();
    appended(&outcomes[0]);
    assert_eq!(outcomes[1], Outcome::KeyReused);
    appended(&outcomes[2]);
    assert_eq!(cell.sound_events().await.len(), 5);
    cell.end().await;
}

#[tokio::test]
async fn a_refused_command_leaves_its_key_free() {
    let cell = Cell::new().await;
    let log = cell.log().await;
    let ticket = id();
    let batch = [append(&ticket, 0), keyed(append(&ticket, 0), "k", 1), keyed(append(&ticket, 1), "k", 1)];
    let outcomes = join_all(batch.map(|append| log.append(append))).await;
    let outcomes: Vec<Outcome> = outcomes.into_iter().map(|o| o.expect("an answer")).collect();
    appended(&outcomes[0]);
    assert_eq!(outcomes[1], Outcome::Conflict { actual: Version(1) });
    assert_eq!(appended(&outcomes[2]), (2, 2));
    cell.end().await;
}

#[tokio::test]
async fn nothing_to_do_is_remembered_too() {
    let cell = Cell::new().await;
    let log = cell.log().await;
    let ticket = id();
    log.append(append(&ticket, 0)).await.unwrap();
    let nothing = || Append { events: Vec::new(), ..keyed(append(&ticket, 1), "k", 1) };
    assert_eq!(appended(&log.append(nothing()).await.unwrap()), (1, 1));
    log.append(append(&ticket, 1)).await.unwrap();
    match log.append(nothing()).await.unwrap() {
        Outcome::Replayed { version, position, .. } => assert_eq!((version.0, position.0), (1, 1)),
        other => panic!("{other:?}"),
    }
    cell.end().await;
}

#[tokio::test]
async fn old_keys_go_and_young_ones_stay() {
    let cell = Cell::new().await;
    let log = cell.log_with(LogOptions::default()).await;
    log.append(keyed(append(&id(), 0), "young", 1)).await.unwrap();
    log.append(keyed(append(&id(), 0), "old", 1)).await.unwrap();
    sqlx::query("UPDATE idempotency_keys SET recorded_at = now() - interval '26 hours' WHERE key = 'old'")
        .execute(&cell.pool)
        .await
        .unwrap();
    assert_eq!(log.prune_keys().await.unwrap(), 1);
    let user = UserId::new("ada").unwrap();
    assert!(log.answer_for(tenant(), &user, "young").await.unwrap().is_some());
    assert!(log.answer_for(tenant(), &user, "old").await.unwrap().is_none());
    cell.end().await;
}
