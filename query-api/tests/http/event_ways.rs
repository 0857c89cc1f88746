//! The three ways to follow events over HTTP show the same.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use domain::ids::OrganizationId;
use domain::time::Ids as _;
use event_store::NewEvent;
use serde_json::{Value, json};
use service_kit::clock::RandomIds;

use crate::app::{App, Caller, tenant};
use crate::socket::Socket;
use crate::sse::Stream;
use crate::ticket::{Ticket, circumstances, new_event};

/// Somebody who follows on one of the ways.
enum Way<'a> {
    Feed { caller: &'a Caller<'a>, after: i64, ready: std::collections::VecDeque<Value> },
    Stream(Box<Stream>),
    Socket(Box<Socket>),
}

impl<'a> Way<'a> {
    async fn all(caller: &'a Caller<'a>, address: SocketAddr, after: i64) -> [Self; 3] {
        let query = format!("after={after}");
        [
            Way::Feed { caller, after, ready: Default::default() },
            Way::Stream(Box::new(Stream::open(caller, &format!("/v1/events/stream?{query}"), &[]).await)),
            Way::Socket(Box::new(Socket::open(address, caller, &query).await)),
        ]
    }

    /// The next event.
    async fn next(&mut self) -> Value {
        match self {
            Way::Feed { caller, after, ready } => loop {
                if let Some(event) = ready.pop_front() {
                    return event;
                }
                let path = format!("/v1/events?after={after}&limit=1000");
                let page = caller.get_with(&path, &[("prefer", "wait=5")]).await.ok();
                *after = page["next_after"].as_i64().unwrap();
                ready.extend(page["items"].as_array().unwrap().iter().cloned());
            },
            Way::Stream(stream) => stream.next().await.expect("the stream goes on").data,
            Way::Socket(socket) => socket.next().await.expect("the socket goes on"),
        }
    }

    async fn ids(&mut self, count: usize) -> Vec<i64> {
        let mut ids = Vec::new();
        while ids.len() < count {
            ids.push(self.next().await["position"].as_i64().unwrap());
        }
        ids
    }
}

/// What happens to two tickets, and who may know of it: one of Carla's with a note, and one of Stefan's
/// that an organisation gets.
async fn happenings(app: &App, round: &str) -> Vec<(i64, &'static [&'static str])> {
    const STAFF: &[&str] = &["amir", "aud"];
    let mut seen: Vec<(i64, &'static [&'static str])> = Vec::new();
    let mut carlas = Ticket::open(app, &format!("TKT-{round}1"), "carla").await;
    seen.push((carlas.position, &["amir", "aud", "ann", "carla"]));
    carlas.note("amir", "inside").await;
    seen.push((carlas.position, STAFF));
    carlas.reply("amir", "agent", "outside").await;
    seen.push((carlas.position, &["amir", "aud", "ann", "carla"]));
    let mut stefans = Ticket::open(app, &format!("TKT-{round}2"), "stefan").await;
    seen.push((stefans.position, &["amir", "aud", "ann", "stefan", "oskar"]));
    let routed = json!({"from": "internal", "to": "organization", "to_organization": "acme"});
    stefans.event("TicketRouted", routed, "amir", "agent").await;
    seen.push((stefans.position, &["amir", "aud", "ann", "oskar"]));
    stefans.note("oskar", "for us").await;
    seen.push((stefans.position, &["amir", "aud", "oskar"]));
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn each_sees_the_same_on_every_way_from_the_log_and_live() {
    let app = App::start().await;
    let address = app.listen().await;
    let mut expected = happenings(&app, "A").await;
    let head = expected.last().unwrap().0;
    app.agent().get_at("/v1/tickets", head).await.ok();
    let callers = [
        ("carla", app.customer("carla")),
        ("stefan", app.customer("stefan")),
        ("ann", app.as_user("ann", "analyst")),
        ("oskar", app.of_organization("oskar", "org_support", &OrganizationId::new("acme").unwrap())),
        ("amir", app.agent()),
        ("aud", app.as_user("aud", "auditor")),
    ];
    let mut ways = Vec::new();
    for (name, caller) in &callers {
        ways.push((*name, Way::all(caller, address, 1).await));
    }
    let mut positions: Vec<i64> = expected.iter().map(|(position, _)| *position).collect();
    for (name, ways) in &mut ways {
        let theirs: Vec<i64> =
            expected.iter().filter(|(_, who)| who.contains(name)).map(|(position, _)| *position).collect();
        for way in ways {
            assert_eq!(way.ids(theirs.len()).await, theirs, "{name}");
        }
    }
    // And live, when the read model may not have heard of it.
    let live = happenings(&app, "B").await;
    positions.extend(live.iter().map(|(position, _)| *position));
    expected = live;
    for (name, ways) in &mut ways {
        // Live, whoever gets a ticket by the routing hasn't seen what was before.
        let opened = expected[3].0;
        let theirs: Vec<i64> = expected
            .iter()
            .filter(|(position, who)| who.contains(name) && !(*name == "oskar" && *position == opened))
            .map(|(position, _)| *position)
            .collect();
        for way in ways {
            let mut ids = way.ids(theirs.len()).await;
            if *name == "oskar" && ids.first() == Some(&opened) {
                // Read after the routing.
                ids.remove(0);
                ids.extend(way.ids(1).await);
            }
            assert_eq!(ids, theirs, "{name}");
        }
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_was_taken_out_of_sight_is_shown_on_no_way() {
    let app = App::start().await;
    let address = app.listen().await;
    let agent = app.agent();
    let mut ticket = Ticket::open(&app, "TKT-1", "carla").await;
    let [mut feed, mut stream, mut socket] = Way::all(&agent, address, ticket.position).await;
    let message = ticket.reply("amir", "agent", "secret").await;
    ticket.event("MessageRedacted", json!({"message_id": message, "internal": false}), "lea", "agent").await;
    let last = ticket.position;
    let [mut late_feed, mut late_stream, mut late_socket] = Way::all(&agent, address, 1).await;
    for way in [&mut late_feed, &mut late_stream, &mut late_socket] {
        loop {
            let event = way.next().await;
            if event["type"] == "ReplyAdded" {
                assert_eq!(event["data"]["body"], "");
            }
            if event["position"] == last {
                break;
            }
        }
    }
    for way in [&mut feed, &mut stream, &mut socket] {
        assert_eq!(way.ids(2).await, [last - 1, last]);
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_first_event_to_live_while_writers_write() {
    const WRITERS: usize = 4;
    const EACH: usize = 150;
    let app = Arc::new(App::without_projections().await);
    let address = app.listen().await;
    // A backlog, so that they have to catch up.
    for number in 0..40 {
        Ticket::open(&app, &format!("TKT-{number}"), "carla").await;
    }
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let app = app.clone();
            tokio::spawn(async move {
                let id = RandomIds.next().to_string();
                for version in 0..EACH as i64 {
                    let event = tag(version);
                    app.append(tenant(), "ticket", id.clone(), version, vec![event]).await;
                }
            })
        })
        .collect();
    // One of those to whom everything is shown.
    let agent = app.as_user("mona", "support_manager");
    let total = 1 + 40 + WRITERS * EACH;
    let mut ways = Way::all(&agent, address, 0).await;
    let expected: Vec<i64> = (1..=total as i64).collect();
    let [feed, stream, socket] = &mut ways;
    let (feed, stream, socket) = tokio::join!(feed.ids(total), stream.ids(total), socket.ids(total));
    assert!(feed == expected && stream == expected && socket == expected);
    for writer in writers {
        writer.await.unwrap();
    }
    // One that connects at the end has the same.
    let mut late = Way::all(&agent, address, total as i64 - 10).await;
    for way in &mut late {
        let ids = tokio::time::timeout(Duration::from_secs(10), way.ids(10)).await.unwrap();
        assert_eq!(ids, expected[total - 10..]);
    }
    drop((ways, late));
    drop(agent);
    Arc::into_inner(app).unwrap().stop().await;
}

fn tag(number: i64) -> NewEvent {
    new_event("TagAdded", &json!({"tag": format!("t{number}")}), &circumstances("amir", "agent"))
}
