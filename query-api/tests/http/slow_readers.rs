//! Consumers who take nothing, and those who want too much.

use std::net::SocketAddr;
use std::time::Duration;

use axum::response::Response;
use query_api::StreamLimits;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::app::{App, Caller, tenant};
use crate::socket::Socket;
use crate::sse::Stream;
use crate::ticket::{Ticket, circumstances, new_event};

/// Asks and then doesn't read.
async fn stall(address: SocketAddr, caller: &Caller<'_>, path: &str, more: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(16 * 1024).unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    let token = caller.token.as_deref().unwrap();
    let request =
        format!("GET {path} HTTP/1.1\r\nhost: docket\r\nauthorization: Bearer {token}\r\n{more}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// A stream, once there is room for one.
async fn room(app: &App, caller: &Caller<'_>) -> Response {
    let open = async {
        loop {
            let response = app.send(caller.request("/v1/events/stream", &[])).await;
            match response.status().as_u16() {
                200 => return response,
                status => assert!(status == 429 || status == 503, "{status}"),
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(20), open).await.expect("room in time")
}

/// Everything that is still to come, until the end.
async fn drain(mut stream: TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    // An end by reset is an end.
    let _ = timeout(Duration::from_secs(20), stream.read_to_end(&mut all)).await.expect("an end");
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_nothing_is_cut_off_while_others_get_everything() {
    let patience = Duration::from_millis(700);
    let limits = StreamLimits { patience, per_user: 2, ..StreamLimits::default() };
    let app = App::with_limits(limits).await;
    let (address, agent) = (app.listen().await, app.as_user("mona", "support_manager"));
    let stuck = app.as_user("stuck", "support_manager");
    let stalled = stall(address, &stuck, "/v1/events/stream?after=0", "").await;
    let upgrade = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
                   sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let deaf = stall(address, &stuck, "/v1/events/socket?after=0", upgrade).await;
    let mut stream = Stream::open(&agent, "/v1/events/stream?after=0", &[]).await;
    let mut socket = Socket::open(address, &agent, "after=0").await;
    let mut ticket = Ticket::open(&app, "TKT-1", "carla").await;
    // Several megabytes: more than all buffers on the way hold.
    let text = "a long story ".repeat(6_000);
    let write = async {
        for _ in 0..60 {
            ticket.reply("carla", "customer", &text).await;
        }
    };
    let expected: Vec<i64> = (1..=62).collect();
    let ((), by_stream, by_socket) =
        tokio::join!(write, stream.ids(expected.len()), socket.ids(expected.len()));
    assert!(by_stream == expected && by_socket == expected, "{by_stream:?} {by_socket:?}");
    // Cut off is who has left their place.
    let _first = room(&app, &stuck).await;
    let _second = room(&app, &stuck).await;
    let cut = drain(stalled).await;
    // Broken off: a body in chunks ends with an empty one.
    assert!(cut.len() < 1024 * 1024 && !cut.ends_with(b"0\r\n\r\n"), "{} bytes", cut.len());
    assert!(drain(deaf).await.len() < 1024 * 1024);
    // It comes again, and goes on after what it has.
    let text = String::from_utf8_lossy(&cut);
    let whole = text.rsplit_once("\n\n").unwrap().0;
    let last = whole.lines().rev().find_map(|line| line.strip_prefix("id: ")).unwrap();
    let lea = app.as_user("lea", "support_lead");
    let mut again = Stream::open(&lea, "/v1/events/stream", &[("last-event-id", last)]).await;
    let last: i64 = last.parse().unwrap();
    assert_eq!(again.ids((ticket.position - last) as usize).await, expected[last as usize..]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_has_more_streams_than_their_share() {
    let limits = StreamLimits { per_user: 2, per_tenant: 3, in_all: 4, ..StreamLimits::default() };
    let app = App::with_limits(limits).await;
    app.create_tenant("other").await;
    let address = app.listen().await;
    let (amir, lea) = (app.agent(), app.as_user("lea", "support_lead"));
    let other =
        Caller { app: &app, token: Some(app.token("o", "auditor", "other", Duration::from_secs(60))) };
    let first = Stream::open(&amir, "/v1/events/stream", &[]).await;
    let second = Socket::open(address, &amir, "").await;
    let refused = amir.get("/v1/events/stream").await;
    assert_eq!(refused.headers["retry-after"], "5");
    refused.refused(429, "too_many_streams");
    // One that waits counts as well, and one that doesn't wait doesn't.
    amir.get_with("/v1/events?after=1000", &[("prefer", "wait=1")]).await.refused(429, "too_many_streams");
    amir.get("/v1/events?after=1000").await.ok();
    let third = Stream::open(&lea, "/v1/events/stream", &[]).await;
    lea.get("/v1/events/stream").await.refused(429, "too_many_streams");
    let fourth = Stream::open(&other, "/v1/events/stream", &[]).await;
    other.get("/v1/events/stream").await.refused(503, "too_many_streams");
    drop((second, third, fourth));
    // What has ended makes room, once the server has seen it.
    let opened = room(&app, &amir).await;
    drop((first, opened));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn large_events_leave_in_short_pages() {
    let app = App::without_projections().await;
    let id = domain::time::Ids::next(&service_kit::clock::RandomIds).to_string();
    let author = json!({"id": "amir", "kind": "agent"});
    for version in 0..12 {
        let payload = json!({
            "message_id": id, "author": author, "body": "x".repeat(900_000), "first_response": false,
        });
        let event = new_event("ReplyAdded", &payload, &circumstances("amir", "agent"));
        app.append(tenant(), "ticket", id.clone(), version, vec![event]).await;
    }
    let (mut after, mut pages, mut seen) = (0, 0, Vec::new());
    loop {
        let page = app
            .as_user("mona", "support_manager")
            .get(&format!("/v1/events?after={after}&limit=1000"))
            .await
            .ok();
        let next = page["next_after"].as_i64().unwrap();
        if next == after {
            break;
        }
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 7, "{} events", items.len());
        seen.extend(items.iter().map(|event| event["position"].as_i64().unwrap()));
        (after, pages) = (next, pages + 1);
    }
    assert!(pages > 1);
    assert_eq!(seen, (1..=13).collect::<Vec<_>>());
    app.stop().await;
}
