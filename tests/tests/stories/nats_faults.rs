//! The broker loses, doubles, reorders and forgets: every read model still ends equal to the log.

use async_nats::HeaderMap;
use async_nats::jetstream;
use docket_tests::{Docket, eventually, signal};
use serde_json::json;

use crate::log::{assert_read_models_equal_the_log, assert_stream_equals_the_log};

const STREAM: &str = "DOCKET_MAIN";

async fn some_tickets(docket: &Docket, count: usize) -> i64 {
    let client = docket.client("support_agent", "amir");
    let mut position = 0;
    for number in 0..count {
        let opened = client.open(&format!("Ticket {number}")).await;
        let path = format!("/v1/tickets/{}/reply", opened.text("id"));
        position = client.post(&path, json!({"body": "Seen."})).await.expect(200).position();
    }
    position
}

/// The read side goes on: what is written now is seen in the list.
async fn assert_goes_on(docket: &Docket) {
    let position = some_tickets(docket, 3).await;
    let list = docket.client("support_agent", "amir").get_at("/v1/tickets?limit=1", position).await;
    assert!(list.expect(200).position() >= position);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_is_restarted_and_nothing_waits_for_it() {
    let docket = Docket::up().await;
    some_tickets(&docket, 5).await;
    let before = docket.status()["nats"]["pid"].as_u64().expect("a pid");
    signal(before as u32, "KILL");
    assert_goes_on(&docket).await;
    eventually("nats-server is back", || {
        let now = docket.status()["nats"]["pid"].as_u64();
        async move { now.filter(|now| *now != before) }
    })
    .await;
    assert_goes_on(&docket).await;
    assert_stream_equals_the_log(&docket).await;
    assert_read_models_equal_the_log(&docket).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn its_directory_is_deleted() {
    let mut docket = Docket::up().await;
    some_tickets(&docket, 5).await;
    docket.settled().await;
    let store = docket.data_dir().join("nats");
    assert!(store.is_dir(), "nats-server's files are in {}", store.display());
    // While it runs: the server is killed with its files gone, as after a lost disk.
    let pid = docket.status()["nats"]["pid"].as_u64().expect("a pid");
    remove_jetstream(&store);
    signal(pid as u32, "KILL");
    assert_goes_on(&docket).await;
    assert_stream_equals_the_log(&docket).await;
    // And while everything is down.
    assert!(docket.interrupt().await.success());
    remove_jetstream(&store);
    docket.up_again().await;
    assert_goes_on(&docket).await;
    assert_stream_equals_the_log(&docket).await;
    assert_read_models_equal_the_log(&docket).await;
}

fn remove_jetstream(dir: &std::path::Path) {
    let mut found = false;
    for entry in std::fs::read_dir(dir).expect("the directory").flatten() {
        if entry.path().is_dir() {
            if entry.file_name() == "jetstream" {
                std::fs::remove_dir_all(entry.path()).expect("it goes");
                found = true;
            } else {
                remove_jetstream_below(&entry.path(), &mut found);
            }
        }
    }
    assert!(found, "a jetstream directory below {}", dir.display());
}

fn remove_jetstream_below(dir: &std::path::Path, found: &mut bool) {
    let jetstream = dir.join("jetstream");
    if jetstream.is_dir() {
        std::fs::remove_dir_all(jetstream).expect("it goes");
        *found = true;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stream_is_purged_and_deleted() {
    let docket = Docket::up().await;
    some_tickets(&docket, 5).await;
    docket.settled().await;
    let context = jetstream::new(docket.nats().await);
    context.get_stream(STREAM).await.expect("the stream").purge().await.expect("purged");
    assert_stream_equals_the_log(&docket).await;
    assert_goes_on(&docket).await;
    assert_stream_equals_the_log(&docket).await;
    context.delete_stream(STREAM).await.expect("deleted");
    assert_goes_on(&docket).await;
    assert_stream_equals_the_log(&docket).await;
    assert_read_models_equal_the_log(&docket).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn single_messages_are_deleted_doubled_and_out_of_order() {
    let docket = Docket::up().await;
    some_tickets(&docket, 10).await;
    docket.settled().await;
    let context = jetstream::new(docket.nats().await);
    let stream = context.get_stream(STREAM).await.expect("the stream");
    for sequence in [3, 4, 9] {
        stream.delete_message(sequence).await.expect("deleted");
    }
    assert_goes_on(&docket).await;
    // An old message again, then two in the wrong order, by somebody who may write to the stream.
    for sequence in [2, 8, 7, 7] {
        let message = stream.get_raw_message(sequence).await.expect("a message");
        let mut headers = HeaderMap::new();
        for (name, values) in message.headers.iter() {
            if name.as_ref() as &str != "Nats-Msg-Id" && !(name.as_ref() as &str).starts_with("Nats-Expected")
            {
                for value in values {
                    headers.append(name.clone(), value.clone());
                }
            }
        }
        let sent = context.publish_with_headers(message.subject.clone(), headers, message.payload.clone());
        sent.await.expect("sent").await.expect("stored");
    }
    // The relay goes on behind what isn't its own; whoever reads goes by position.
    assert_goes_on(&docket).await;
    assert_read_models_equal_the_log(&docket).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn relay_reset_makes_the_stream_anew() {
    let docket = Docket::up().await;
    some_tickets(&docket, 3).await;
    docket.settled().await;
    docket.run_ok(&["relay", "reset"]);
    assert_goes_on(&docket).await;
    assert_stream_equals_the_log(&docket).await;
}
