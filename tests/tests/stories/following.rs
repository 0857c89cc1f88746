//! Subscribers who follow events over HTTP through whatever goes wrong: each has every event once, in order.

use async_nats::jetstream;
use docket_tests::{Client, Docket, Subscriber, Way, eventually, signal};
use domain::ids::TenantId;
use serde_json::json;

/// Opens some tickets and replies to them.
async fn write(client: &Client, count: usize) {
    for number in 0..count {
        let opened = client.open(&format!("Ticket {number}")).await;
        let path = format!("/v1/tickets/{}/reply", opened.text("id"));
        client.post(&path, json!({"body": "Seen."})).await.expect(200);
    }
}

/// Each has what the log has of their tenant.
async fn all_have_the_log(docket: &Docket, subscribers: &[Subscriber]) {
    let sql = "SELECT position FROM events WHERE tenant_id = $1 ORDER BY position";
    let tenant = TenantId::of_key("default").0;
    let log: Vec<i64> =
        sqlx::query_scalar(sql).bind(tenant).fetch_all(&docket.postgres().await).await.expect("the log");
    for subscriber in subscribers {
        subscriber.has_exactly(&log).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_once_in_order_whatever_happens() {
    let mut docket = Docket::up().await;
    docket.run_ok(&["tenant", "create", "other"]);
    // An agent who reads the tenant's own events too.
    let token = docket.run_ok(&[
        "token",
        "--tenant",
        "default",
        "--role",
        "support_agent",
        "--role",
        "auditor",
        "--sub",
        "amir",
    ]);
    let client = Client::new(docket.url(), Some(&token));
    // The other tenant's events are none of theirs.
    let ways = [Way::Feed, Way::Stream, Way::Socket];
    let begun: Vec<Subscriber> = ways.map(|way| Subscriber::new(way, &client, &token)).into();
    write(&client, 5).await;
    all_have_the_log(&docket, &begun).await;

    // The server of the stream is killed, and the stream deleted, while events are written.
    let pid = docket.status()["nats"]["pid"].as_u64().expect("a pid");
    signal(pid as u32, "KILL");
    write(&client, 5).await;
    eventually("nats-server is back", || {
        let now = docket.status()["nats"]["pid"].as_u64();
        async move { now.filter(|now| *now != pid) }
    })
    .await;
    docket.settled().await;
    jetstream::new(docket.nats().await).delete_stream("DOCKET_MAIN").await.expect("deleted");
    write(&client, 5).await;
    all_have_the_log(&docket, &begun).await;

    // Docket is stopped and started, elsewhere.
    assert!(docket.interrupt().await.success());
    docket.up_again().await;
    let client = Client::new(docket.url(), Some(&token));
    write(&client, 5).await;
    for subscriber in &begun {
        subscriber.connect(Some(docket.url()));
    }
    write(&client, 5).await;

    // Killed as by a power cut, and away for long: much is written meanwhile.
    docket.kill().await;
    for subscriber in &begun {
        subscriber.connect(None);
    }
    docket.up_again().await;
    let client = Client::new(docket.url(), Some(&token));
    write(&client, 150).await;
    for subscriber in &begun {
        subscriber.connect(Some(docket.url()));
    }
    write(&client, 5).await;
    all_have_the_log(&docket, &begun).await;
}
