//! What is published is the public form, whatever the log has; what is subscribed to here is what the log has.

use std::time::Duration;

use domain::ids::EventId;
use domain::ticket::upcast::Upcasters;
use event_store::subscription::SubscriptionOptions;
use event_store::{Append, NewEvent};
use serde_json::{Value, json};

use crate::cell::{Cell, METADATA, append, appended, fresh, id};
use crate::subscription::Follower;

/// As if the log had begun to keep tags in another form.
fn upcasters() -> Upcasters {
    Upcasters::default().with("TagAdded", "2", "1", |stored| json!({"tag": stored["label"]["text"]}))
}

fn stored(event_type: &'static str, event_version: &'static str, payload: &Value) -> Append {
    let event = NewEvent {
        event_id: EventId(fresh()),
        event_type,
        event_version,
        payload: payload.to_string(),
        metadata: METADATA.into(),
    };
    Append { events: vec![event], ..append(&id(), 0) }
}

#[tokio::test(flavor = "multi_thread")]
async fn storage_changes_and_neither_consumers_nor_our_own_subscriptions_notice() {
    let cell = Cell::new().await;
    let log = cell.log().await;
    cell.relay_with("a", &log, upcasters()).await;
    // Nothing but the stream tells this one that there is more, for as long as the test may take.
    let options = SubscriptionOptions { idle: Duration::from_secs(60), ..cell.live().await };
    let follower = Follower::start(options);
    appended(&log.append(append(&id(), 0)).await.expect("appended"));
    follower.has(&cell).await;

    for event in [
        stored("TagAdded", "1", &json!({"tag": "vip"})),
        stored("TagAdded", "2", &json!({"label": {"text": "vip", "shard": 7}})),
        stored("TicketEscalated", "1", &json!({"level": 1, "reason": "no progress"})),
        stored("TagAdded", "9", &json!({"tags": ["vip"]})),
        stored("TagAdded", "1", &json!({"tag": "vip"})),
    ] {
        appended(&log.append(event).await.expect("appended"));
        follower.has(&cell).await;
    }

    cell.relayed().await;
    let messages = cell.stored().await;
    let said: Vec<_> = messages[1..]
        .iter()
        .map(|stored| {
            let header = |name: &str| stored.message.headers.get(name).map(|value| value.as_str().to_owned());
            let body: Value = serde_json::from_slice(&stored.message.payload).expect("JSON");
            (header("docket-event-version"), header("ce-dataschema"), header("docket-stored-version"), body)
        })
        .collect();
    let some = |text: &str| Some(text.to_owned());
    let tagged = |stored| (some("1"), some("urn:docket:schema:TagAdded:1"), stored, json!({"tag": "vip"}));
    let escalated = json!({"level": 1, "reason": "no progress"});
    assert_eq!(
        said,
        [
            tagged(None),
            tagged(some("2")),
            (some("2"), some("urn:docket:schema:TicketEscalated:2"), some("1"), escalated),
            (some("9"), None, None, json!({"tags": ["vip"]})),
            tagged(None),
        ]
    );
    cell.end().await;
}
