//! Events that can't be applied, and what operators do about them.

use domain::ticket::event::{TagAdded, TicketOpened};
use domain::ticket::upcast::Upcasters;
use event_store::parked::{self, Request};

use crate::database::{Database, Running, eventually};
use crate::story::{Story, Written, history};

async fn parked_count(database: &Database) -> i64 {
    database.number("SELECT count(*) FROM parked_streams").await
}

/// Three events of one ticket, the second of which is as `spoil` makes it; and another's.
fn spoiled(spoil: impl FnOnce(&mut Written)) -> (String, Vec<Written>) {
    let mut story = Story::new(20);
    let (mut ticket, opened) = story.open("one");
    let actor = domain::metadata::Actor {
        id: crate::story::user("ada"),
        kind: domain::metadata::ActorKind::Agent,
        name: None,
    };
    let mut second = story.write(&mut ticket, TagAdded { tag: "second".into() }, actor.clone());
    let third = story.write(&mut ticket, TagAdded { tag: "third".into() }, actor);
    spoil(&mut second);
    let id = ticket.id.to_string();
    let mut events = vec![opened, second, third];
    events.extend(history(21, 100, &["two"]));
    (id, events)
}

fn tags(id: &str) -> String {
    format!("SELECT array_to_string(tags, ' ') FROM read.tickets WHERE id = '{id}'")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_event_parks_its_ticket_alone() {
    let database = Database::new().await;
    let (id, events) = spoiled(|event| event.event_version = "99".into());
    database.append(&events).await;
    let running = Running::start(database.options());
    database.settled().await;
    assert_eq!(parked_count(&database).await, 9, "once for each projection");
    assert_eq!(
        database.text(&tags(&id)).await.unwrap(),
        "first",
        "what came before is there, what came after waits"
    );
    let others = "SELECT count(DISTINCT position) FROM read.activity WHERE position > 3";
    assert_eq!(database.number(others).await, 100);
    database.assert_equal_to_the_log().await;
    let errors = "SELECT count(*) FROM parked_streams WHERE position = 2 AND error LIKE '%version \"99\"%'";
    assert_eq!(database.number(errors).await, 9);
    eventually("the status says so", async || {
        let status = running.runtime.status().await.unwrap();
        status.iter().all(|each| each.state == "parked" && each.parked == 1).then_some(())
    })
    .await;
    running.stop().await;

    // After a restart it still waits, and so does what comes later.
    database.settle().await;
    assert_eq!(parked_count(&database).await, 9);
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_applies_what_waited_in_order() {
    let database = Database::new().await;
    let (id, events) = spoiled(|event| event.event_version = "0".into());
    database.append(&events).await;
    let running = Running::start(database.options());
    database.settled().await;
    assert_eq!(parked_count(&database).await, 9);
    parked::request(&database.pool, None, &id, Request::Retry).await.unwrap();
    eventually("the retry fails", async || {
        let tried = "SELECT count(*) FROM parked_streams WHERE attempts = 2 AND requested IS NULL";
        (database.number(tried).await == 9).then_some(())
    })
    .await;
    running.stop().await;

    // A program that can read it.
    let upcasters = Upcasters::default().with("TagAdded", "0", "1", |value| value);
    let running = Running::start(database.options_with(upcasters));
    parked::request(&database.pool, None, &id, Request::Retry).await.unwrap();
    eventually("nothing is parked", async || (parked_count(&database).await == 0).then_some(())).await;
    assert_eq!(database.text(&tags(&id)).await.unwrap(), "first second third");
    let upcasters = std::sync::Arc::new(Upcasters::default().with("TagAdded", "0", "1", |value| value));
    let differences = projection_service::verify_with(&database.pool, &upcasters).await.unwrap();
    assert!(differences.is_empty(), "{differences:#?}");
    running.stop().await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_skip_leaves_the_event_out_for_good() {
    let database = Database::new().await;
    let (id, events) = spoiled(|event| event.payload = "{\"nonsense\": true}".into());
    database.append(&events).await;
    let running = Running::start(database.options());
    database.settled().await;
    parked::request(&database.pool, None, &id, Request::Skip).await.unwrap();
    eventually("nothing is parked", async || (parked_count(&database).await == 0).then_some(())).await;
    assert_eq!(database.text(&tags(&id)).await.unwrap(), "first third");
    database.assert_equal_to_the_log().await;
    running.runtime.rebuild("ticket_list").await.unwrap();
    assert_eq!(database.text(&tags(&id)).await.unwrap(), "first third", "a rebuild leaves it out too");
    database.append(&history(22, 50, &["three"])).await;
    database.settled().await;
    database.assert_equal_to_the_log().await;
    running.stop().await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_postgres_refuses_is_found_within_its_batch() {
    let database = Database::new().await;
    let mut events = history(23, 400, &["one"]);
    // Its number is that of the first of these.
    let mut story = Story::new(24);
    let (mut ticket, poison) = story.open("one");
    let actor = domain::metadata::Actor {
        id: crate::story::user("ada"),
        kind: domain::metadata::ActorKind::Agent,
        name: None,
    };
    let later = story.write(&mut ticket, TagAdded { tag: "later".into() }, actor);
    for (place, event) in [(200, poison), (300, later)] {
        events.insert(place, event);
    }
    database.append(&events).await;
    let running = Running::start(database.options());
    database.settled().await;
    let parked: Vec<String> = sqlx::query_scalar("SELECT projection FROM parked_streams ORDER BY 1")
        .fetch_all(&database.pool)
        .await
        .unwrap();
    assert_eq!(parked, ["ticket_list"], "the one that keeps numbers apart");
    let shown = format!("SELECT count(*) FROM read.tickets WHERE id = '{}'", ticket.id);
    assert_eq!(database.number(&shown).await, 0);
    let error = database.text("SELECT min(error) FROM parked_streams").await.unwrap();
    assert!(error.contains("23505") && !error.contains("TKT-"), "{error}");
    database.assert_equal_to_the_log().await;
    running.stop().await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_violated_constraint_parks_too() {
    let database = Database::new().await;
    let mut story = Story::new(25);
    let (_, first) = story.open("one");
    let (_, mut second) = story.open("one");
    let mut opened: TicketOpened = serde_json::from_str(&second.payload).unwrap();
    opened.number = "TKT-00000001".into();
    second.payload = serde_json::to_string(&opened).unwrap();
    database.append(&[first, second]).await;
    let running = Running::start(database.options());
    database.settled().await;
    let error =
        database.text("SELECT error FROM parked_streams WHERE projection = 'ticket_list'").await.unwrap();
    assert!(error.contains("tickets_number"), "{error}");
    assert_eq!(parked_count(&database).await, 1);
    running.stop().await;
    database.drop().await;
}
