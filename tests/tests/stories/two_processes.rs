//! Two `docket up` on the same Postgres and NATS: one relay leads.

use std::sync::Arc;

use docket_tests::{Client, Docket, Options, eventually, signal};

use crate::crash::{acknowledged_at_least, load};
use crate::log::{assert_log_holds, assert_read_models_equal_the_log, assert_stream_equals_the_log};

/// A second process on the first one's engines.
async fn beside(first: &Docket) -> Docket {
    let status = first.status();
    let url = |engine: &str| status[engine]["url"].as_str().expect("a url").to_owned();
    let args = ["--database-url".into(), url("postgres"), "--nats-url".into(), url("nats")];
    Docket::up_with(Options { args: args.into(), ..Options::default() }).await
}

async fn leader(docket: &Docket) -> Option<String> {
    docket.status()["relay"]["leader"].as_str().map(str::to_owned)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_leader_is_followed_and_fenced() {
    // The engines belong to a third, so that pausing a leader doesn't pause them.
    let off = vec![("DOCKET_RELAY".to_owned(), "off".to_owned())];
    let engines = Docket::up_with(Options { env: off, ..Options::default() }).await;
    let first = beside(&engines).await;
    let second = beside(&engines).await;
    let all = [&engines, &first, &second];

    let acknowledged = Arc::default();
    let mut writers = Vec::new();
    for docket in all {
        // Each process trusts its own development issuer.
        writers.push(load(&docket.client("customer", "carla"), 4, &acknowledged));
    }
    acknowledged_at_least(&acknowledged, 100).await;

    let leading = eventually("one leads", || leader(&second)).await;
    let pid = eventually("the leader is one of the three", || async {
        let mut found = None;
        for docket in all {
            let metrics = Client::new(docket.url(), None).get("/metrics").await.body.to_string();
            if metrics.contains("docket_relay_leader 1") {
                found = Some(docket.pid());
            }
        }
        found
    })
    .await;
    assert_ne!(pid, engines.pid(), "whose engines these are can't be paused: start it again");
    let paused_is_first = first.pid() == pid;
    signal(pid, "STOP");
    let watcher = if paused_is_first { &second } else { &first };
    let next =
        eventually("another leads", || async { leader(watcher).await.filter(|next| *next != leading) }).await;
    let so_far = acknowledged.lock().expect("the list").len();
    acknowledged_at_least(&acknowledged, so_far + 100).await;
    signal(pid, "CONT");
    let so_far = acknowledged.lock().expect("the list").len();
    acknowledged_at_least(&acknowledged, so_far + 100).await;
    for mut each in writers {
        each.shutdown().await;
    }
    assert_eq!(leader(watcher).await.as_ref(), Some(&next), "the paused one doesn't lead again");

    let acknowledged = acknowledged.lock().expect("the list").clone();
    assert_log_holds(&engines, &acknowledged).await;
    assert_stream_equals_the_log(&engines).await;
    assert_read_models_equal_the_log(&engines).await;
}
