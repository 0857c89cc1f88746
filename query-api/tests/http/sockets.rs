//! Events over WebSockets.

use std::time::Duration;

use query_api::StreamLimits;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::app::{App, Caller};
use crate::socket::Socket;
use crate::ticket::Ticket;

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_goes_on_where_it_was_without_gap_or_double() {
    let app = App::without_projections().await;
    let (address, agent) = (app.listen().await, app.as_user("mona", "support_manager"));
    let mut ticket = Ticket::open(&app, "TKT-1", "carla").await;
    let mut live = Socket::open(address, &agent, "").await;
    assert_eq!(live.headers["docket-position"].to_str().unwrap(), ticket.position.to_string());
    let first = ticket.event("TagAdded", json!({"tag": "a"}), "amir", "agent").await;
    let event = live.next().await.unwrap();
    assert_eq!((&event["specversion"], &event["position"]), (&json!("1.0"), &json!(first)));
    assert_eq!((&event["type"], &event["data"]), (&json!("TagAdded"), &json!({"tag": "a"})));
    drop(live);
    let mut expected = Vec::new();
    for number in 0..130 {
        let tag = if number % 2 == 0 { "TagAdded" } else { "TagRemoved" };
        expected.push(ticket.event(tag, json!({"tag": "b"}), "amir", "agent").await);
    }
    let mut resumed = Socket::open(address, &agent, &format!("after={first}")).await;
    assert_eq!(resumed.ids(expected.len()).await, expected);
    let next = ticket.event("TagAdded", json!({"tag": "c"}), "amir", "agent").await;
    assert_eq!(resumed.ids(1).await, [next]);
    let mut filtered = Socket::open(address, &agent, &format!("after={first}&type=TagRemoved")).await;
    let odd: Vec<_> = expected.iter().skip(1).step_by(2).copied().collect();
    assert_eq!(filtered.ids(odd.len()).await, odd);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_shows_its_token_as_a_subprotocol() {
    let app = App::without_projections().await;
    let address = app.listen().await;
    let token = app.as_user("mona", "support_manager").token.unwrap();
    let protocols = format!("docket.v1, bearer.{token}");
    let headers = [("sec-websocket-protocol", &*protocols), ("origin", "https://desk.example")];
    let mut socket = Socket::try_open(address, "after=0", &headers).await.unwrap();
    // The token isn't repeated.
    assert_eq!(socket.headers["sec-websocket-protocol"], "docket.v1");
    assert_eq!(socket.ids(1).await, [1]);
    let forged = format!("docket.v1, bearer.{token}x");
    for (query, headers, status) in [
        ("", &[][..], 401),
        ("", &[("sec-websocket-protocol", "docket.v1")], 401),
        ("", &[("sec-websocket-protocol", &*forged)], 401),
        ("after=-1", &[("sec-websocket-protocol", &*protocols)], 400),
        ("token=x", &[("sec-websocket-protocol", &*protocols)], 400),
        ("subject=TKT-9", &[("sec-websocket-protocol", &*protocols)], 404),
    ] {
        let refused = Socket::try_open(address, query, headers).await.err().unwrap();
        assert_eq!(refused, status, "{query} {headers:?}");
    }
    let plain = app.as_user("mona", "support_manager").get("/v1/events/socket").await;
    assert_eq!(plain.headers["upgrade"], "websocket");
    plain.refused(426, "upgrade_required");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_ends_with_its_token_and_takes_no_messages() {
    let app = App::without_projections().await;
    let address = app.listen().await;
    let token = app.token("mona", "support_manager", "default", Duration::from_secs(1));
    let brief = Caller { app: &app, token: Some(token) };
    let mut socket = Socket::open(address, &brief, "after=0").await;
    assert_eq!(socket.ids(1).await, [1]);
    assert_eq!(socket.next().await, Err(Some(4401)));
    for (message, code) in [
        (Message::text("hello"), 1003),
        (Message::binary(vec![1, 2, 3]), 1003),
        (Message::text("x".repeat(5000)), 1009),
    ] {
        let mut socket = Socket::open(address, &app.as_user("mona", "support_manager"), "").await;
        socket.send(message).await;
        assert_eq!(socket.next().await, Err(Some(code)));
    }
    // What is no message is no harm.
    let mut socket = Socket::open(address, &app.as_user("mona", "support_manager"), "").await;
    socket.send(Message::Ping(vec![1].into())).await;
    let ticket = Ticket::open(&app, "TKT-1", "carla").await;
    assert_eq!(socket.ids(1).await, [ticket.position]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_answers_no_pings_is_cut_off() {
    let patience = Duration::from_millis(400);
    let limits = StreamLimits { patience, heartbeat: patience / 4, per_user: 1, ..StreamLimits::default() };
    let app = App::with_limits(limits).await;
    let (address, agent) = (app.listen().await, app.as_user("mona", "support_manager"));
    // It doesn't read, so it answers nothing.
    let _silent = Socket::open(address, &agent, "").await;
    let headers = format!("Bearer {}", agent.token.as_deref().unwrap());
    // Its place is free again once it is cut off.
    let mut next = loop {
        match Socket::try_open(address, "", &[("authorization", &headers)]).await {
            Ok(socket) => break socket,
            Err(status) => assert_eq!(status, 429),
        }
    };
    // One that reads answers pings by itself, and stays.
    let opened = tokio::time::Instant::now();
    while opened.elapsed() < patience * 4 {
        if let Ok(event) = tokio::time::timeout(patience, next.next()).await {
            panic!("{event:?}");
        }
    }
    let ticket = Ticket::open(&app, "TKT-1", "carla").await;
    assert_eq!(next.ids(1).await, [ticket.position]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_stops_says_so() {
    let app = App::without_projections().await;
    let mut socket =
        Socket::open(app.listen().await, &app.as_user("mona", "support_manager"), "after=0").await;
    assert_eq!(socket.ids(1).await, [1]);
    app.stop().await;
    assert_eq!(socket.next().await, Err(Some(1001)));
}
