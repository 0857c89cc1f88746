//! Loading aggregates: whole, from the cache, by what came after.

use std::sync::Arc;

use cqrs_es::{AggregateContext, EventStore};
use domain::ids::{TenantId, Version};
use domain::ticket::Ticket;
use domain::ticket::upcast::Upcasters;
use domain::time::Ids;
use event_store::store::{Circumstances, Store};
use event_store::{LogError, LogOptions, Outcome};
use serde_json::Value;
use uuid::Uuid;

use crate::cell::{Cell, METADATA, append, appended, fresh, id, new_events, tag, tenant, untag};

struct RandomIds;

impl Ids for RandomIds {
    fn next(&self) -> Uuid {
        fresh()
    }
}

#[tokio::test]
async fn the_cache_follows_and_a_conflict_reads_what_came_after() {
    let cell = Cell::new().await;
    let (here, there) = (cell.log().await, cell.log().await);
    let store = Store::<Ticket>::new(here.clone(), tenant(), Arc::new(RandomIds));
    let ticket = id();
    let nothing = here.load::<Ticket>(tenant(), &ticket).await.unwrap();
    assert_eq!((nothing.version, nothing.fresh), (Version(0), true));
    let circumstances = Circumstances::default;
    let outcome =
        store.append(&ticket, &nothing, &[tag("a"), tag("b")], METADATA.into(), circumstances()).await;
    appended(&outcome.unwrap());

    let cached = here.load::<Ticket>(tenant(), &ticket).await.unwrap();
    assert_eq!((cached.version, cached.fresh), (Version(2), false));
    assert_eq!(cached.aggregate.tags, ["a", "b"]);

    // Another process appends; this one doesn't know, and its append finds out.
    let mut more = append(&ticket, 2);
    more.events = new_events(&[tag("c"), untag("a")]);
    appended(&there.append(more).await.unwrap());
    let outcome =
        store.append(&ticket, &cached, &[tag("d")], METADATA.into(), circumstances()).await.unwrap();
    assert_eq!(outcome, Outcome::Conflict { actual: Version(4) });
    let loaded = here.load::<Ticket>(tenant(), &ticket).await.unwrap();
    assert_eq!((loaded.version, loaded.fresh), (Version(4), true));
    assert_eq!(loaded.aggregate.tags, ["b", "c"]);
    appended(&store.append(&ticket, &loaded, &[tag("d")], METADATA.into(), circumstances()).await.unwrap());

    // What was read whole is the same.
    let whole = there.load::<Ticket>(tenant(), &ticket).await.unwrap();
    assert_eq!(whole.version, Version(5));
    assert_eq!(*whole.aggregate, *here.load::<Ticket>(tenant(), &ticket).await.unwrap().aggregate);

    // For another tenant there is no such ticket.
    let foreign = here.load::<Ticket>(TenantId::of_key("other"), &ticket).await.unwrap();
    assert_eq!(foreign.version, Version(0));
    cell.end().await;
}

#[tokio::test]
async fn it_is_an_event_store_of_cqrs_es() {
    let cell = Cell::new().await;
    let store = Store::<Ticket>::new(cell.log().await, tenant(), Arc::new(RandomIds));
    let ticket = id();
    let metadata = || [("metadata".to_owned(), METADATA.to_owned())].into();
    let context = store.load_aggregate(&ticket).await.unwrap();
    let committed = store.commit(vec![tag("a"), tag("b")], context, metadata()).await.unwrap();
    assert_eq!(committed.iter().map(|event| event.sequence).collect::<Vec<_>>(), [1, 2]);
    let stale = store.load_aggregate(&ticket).await.unwrap();
    let mut context = store.load_aggregate(&ticket).await.unwrap();
    assert_eq!(context.aggregate().tags, ["a", "b"]);
    store.commit(vec![tag("c")], context, metadata()).await.unwrap();
    let conflict = store.commit(vec![tag("d")], stale, metadata()).await.unwrap_err();
    assert!(matches!(conflict, cqrs_es::AggregateError::AggregateConflict), "{conflict}");
    let events = store.load_events(&ticket).await.unwrap();
    assert_eq!(events.len(), 3);
    assert_eq!(events[2].payload, tag("c"));
    cell.end().await;
}

fn lift(mut value: Value) -> Value {
    if let Some(members) = value.as_object_mut()
        && let Some(name) = members.remove("name")
    {
        members.insert("tag".to_owned(), name);
    }
    value
}

#[tokio::test]
async fn old_versions_are_read_and_unreadable_ones_are_named() {
    let cell = Cell::new().await;
    let upcasters = Upcasters::default().with("TagAdded", "0", "1", lift);
    let log = cell.log_with(LogOptions { upcasters: upcasters.clone(), ..LogOptions::default() }).await;
    let ticket = id();
    let mut old = append(&ticket, 0);
    old.events[0].event_version = "0";
    old.events[0].payload = r#"{"name":"vip"}"#.to_owned();
    appended(&log.append(old).await.unwrap());
    let loaded = log.load::<Ticket>(tenant(), &ticket).await.unwrap();
    assert_eq!(loaded.aggregate.tags, ["vip"]);
    let recorded = &cell.events().await[0];
    assert_eq!(recorded.payload, r#"{"name":"vip"}"#, "the stored bytes stay");
    recorded.decode(&upcasters).unwrap();
    recorded.decode(&Upcasters::default()).unwrap_err();

    let mut unreadable = append(&ticket, 1);
    unreadable.events[0].event_version = "99";
    appended(&log.append(unreadable).await.unwrap());
    log.forget(tenant(), "ticket", &ticket);
    let error = log.load::<Ticket>(tenant(), &ticket).await.unwrap_err();
    assert!(matches!(error, LogError::Unreadable(_)), "{error}");
    cell.end().await;
}
