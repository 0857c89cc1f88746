//! The feed and the stream.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::app::{App, Caller};
use crate::sse::Stream;
use crate::ticket::Ticket;

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_has_each_event_once_in_order() {
    let app = App::start().await;
    app.create_tenant("other").await;
    let mut expected = vec![1];
    for number in 0..7 {
        let mut ticket = Ticket::open(&app, &format!("TKT-{number}"), "carla").await;
        expected.push(ticket.position);
        Ticket::open_with(&app, "other", &format!("TKT-{number}"), "x", json!({})).await;
        expected.push(ticket.event("TagAdded", json!({"tag": "a"}), "amir", "agent").await);
    }
    let agent = app.as_user("mona", "support_manager");
    let (mut seen, mut after) = (Vec::new(), 0);
    loop {
        let page = agent.get(&format!("/v1/events?after={after}&limit=4")).await.ok();
        seen.extend(
            page["items"].as_array().unwrap().iter().map(|event| event["position"].as_i64().unwrap()),
        );
        let next = page["next_after"].as_i64().unwrap();
        if next == after {
            break;
        }
        after = next;
    }
    assert_eq!(seen, expected);
    let tags = agent.get("/v1/events?type=TagAdded&limit=200").await.each("type");
    assert_eq!(tags, vec![json!("TagAdded"); 7]);
    let beyond = agent.get("/v1/events?after=1000000").await.ok();
    assert_eq!((&beyond["items"], &beyond["next_after"]), (&json!([]), &json!(1_000_000)));
    for (query, parameter) in [("after=-1", "after"), ("after=x", "after"), ("limit=0", "limit")] {
        let refused = agent.get(&format!("/v1/events?{query}")).await.refused(400, "invalid_parameter");
        assert_eq!(refused["parameter"], parameter);
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_shows_each_what_they_may_see() {
    let app = App::start().await;
    let mut ticket = Ticket::open(&app, "TKT-1", "carla").await;
    ticket.note("amir", "inside").await;
    ticket.reply("amir", "agent", "outside").await;
    let mut gone = Ticket::open(&app, "TKT-2", "carla").await;
    gone.event("TicketDeleted", json!({}), "amir", "agent").await;
    let other = Ticket::open(&app, "TKT-3", "stefan").await;
    // So that the read model knows of all of them.
    app.agent().get_at("/v1/tickets", other.position).await.ok();
    // Where it doesn't yet, the opening says whose a ticket is.
    for (user, role, expected) in [
        ("mona", "support_manager", &[1, 2, 3, 4, 5, 6, 7][..]),
        // What isn't a ticket's is for those with `audit.read`.
        ("amir", "support_agent", &[2, 3, 4, 5, 6, 7]),
        ("ann", "analyst", &[2, 4, 5, 7]),
        ("carla", "customer", &[2, 4]),
        ("stefan", "customer", &[7]),
        ("nobody", "customer", &[]),
        ("cli", "client_admin", &[2, 4, 7]),
    ] {
        let caller = app.as_user(user, role);
        let feed = caller.get_at("/v1/events", other.position).await;
        assert_eq!(feed.each("position"), expected, "{role} {user}");
        let mut stream = Stream::open(&caller, "/v1/events/stream?after=0", &[]).await;
        assert_eq!(stream.ids(expected.len()).await, expected, "{role} {user}");
    }
    let first = app.customer("carla").get("/v1/events?limit=1").await.ok();
    assert_eq!((&first["items"][0]["position"], &first["next_after"]), (&json!(2), &json!(2)));
    let customer = app.customer("carla").get("/v1/events").await.ok();
    for event in customer["items"].as_array().unwrap() {
        assert_eq!(event.get("ip").is_some(), event["actorid"] == "carla", "{event:#}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_no_read_model_knows_yet_is_its_requesters() {
    let app = App::without_projections().await;
    let mut ticket = Ticket::open(&app, "TKT-1", "carla").await;
    ticket.note("amir", "inside").await;
    for (user, expected) in [("carla", &[2][..]), ("stefan", &[])] {
        assert_eq!(app.customer(user).get("/v1/events").await.each("position"), expected, "{user}");
    }
    let mut stream = Stream::open(&app.customer("carla"), "/v1/events/stream?after=0", &[]).await;
    assert_eq!(stream.ids(1).await, [2]);
    let next = ticket.event("TagAdded", json!({"tag": "a"}), "amir", "agent").await;
    assert_eq!(stream.ids(1).await, [next]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_goes_on_where_it_was_without_gap_or_double() {
    let app = App::without_projections().await;
    let agent = app.agent();
    let mut ticket = Ticket::open(&app, "TKT-1", "carla").await;
    let mut live = Stream::open(&agent, "/v1/events/stream", &[]).await;
    let first = ticket.event("TagAdded", json!({"tag": "a"}), "amir", "agent").await;
    let sent = live.next().await.unwrap();
    assert_eq!((sent.id, sent.name.as_str()), (first, "TagAdded"));
    assert_eq!((&sent.data["position"], &sent.data["data"]), (&json!(first), &json!({"tag": "a"})));
    drop(live);
    // More than one batch while nobody listens.
    let mut expected = Vec::new();
    for number in 0..230 {
        let tag = if number % 2 == 0 { "TagAdded" } else { "TagRemoved" };
        expected.push(ticket.event(tag, json!({"tag": "b"}), "amir", "agent").await);
    }
    let last = first.to_string();
    let headers = [("last-event-id", last.as_str())];
    // What the header says goes before what the address says.
    let mut resumed = Stream::open(&agent, "/v1/events/stream?after=0", &headers).await;
    assert_eq!(resumed.ids(expected.len()).await, expected);
    let next = ticket.event("TagAdded", json!({"tag": "c"}), "amir", "agent").await;
    assert_eq!(resumed.ids(1).await, [next]);
    let path = format!("/v1/events/stream?after={first}&type=TagRemoved");
    let mut filtered = Stream::open(&agent, &path, &[]).await;
    let odd: Vec<_> = expected.iter().skip(1).step_by(2).copied().collect();
    assert_eq!(filtered.ids(odd.len()).await, odd);
    agent.get_with("/v1/events/stream", &[("last-event-id", "x")]).await.refused(400, "invalid_parameter");
    app.stop().await;
}

/// Live, what is shared by all who follow is counted for each.
#[tokio::test(flavor = "multi_thread")]
async fn customers_count_what_they_may_know_of_live_too() {
    let app = App::start().await;
    let mut ticket = Ticket::open(&app, "TKT-1", "carla").await;
    let (carla, agent) = (app.customer("carla"), app.agent());
    let mut theirs = Stream::open(&carla, "/v1/events/stream", &[]).await;
    let mut ours = Stream::open(&agent, "/v1/events/stream", &[]).await;
    for round in 0..3_i64 {
        ticket.note("amir", "inside").await;
        ticket.reply("amir", "agent", "outside").await;
        assert_eq!(theirs.next().await.unwrap().data["version"], 2 + round);
        for version in [2 + 2 * round, 3 + 2 * round] {
            assert_eq!(ours.next().await.unwrap().data["version"], version);
        }
    }
    let path = format!("{}/history", ticket.path());
    assert_eq!(carla.get_at(&path, ticket.position).await.each("version"), [1, 2, 3, 4]);
    let page = carla.get(&format!("{path}?limit=2")).await.ok();
    let next = page["next_cursor"].as_str().unwrap();
    assert_eq!(carla.get(&format!("{path}?limit=2&cursor={next}")).await.each("version"), [3, 4]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_its_token() {
    let app = App::without_projections().await;
    let token = app.token("mona", "support_manager", "default", Duration::from_secs(1));
    let caller = Caller { app: &app, token: Some(token) };
    let mut stream = Stream::open(&caller, "/v1/events/stream?after=0", &[]).await;
    assert_eq!(stream.next().await.unwrap().name, "TenantCreated");
    assert!(stream.next().await.is_none());
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_choose_by_type_kind_and_thing() {
    let app = App::start().await;
    let agent = app.as_user("mona", "support_manager");
    let mut first = Ticket::open(&app, "TKT-1", "carla").await;
    let second = Ticket::open(&app, "TKT-2", "stefan").await;
    let (opened, other) = (first.position, second.position);
    let tagged = first.event("TagAdded", json!({"tag": "a"}), "amir", "agent").await;
    agent.get_at("/v1/tickets", tagged).await.ok();
    for (query, expected) in [
        ("aggregate=tenant", vec![1]),
        ("aggregate=ticket", vec![opened, other, tagged]),
        ("aggregate=ticket,tenant&type=TenantCreated,TagAdded", vec![1, tagged]),
        (&format!("subject={}", first.id), vec![opened, tagged]),
        ("subject=TKT-1", vec![opened, tagged]),
        ("subject=TKT-1,TKT-2&type=TicketOpened", vec![opened, other]),
        (&format!("subject={}&aggregate=tenant", first.id), vec![]),
        (&format!("subject=TKT-1&after={opened}"), vec![tagged]),
        ("type=NoSuchThing", vec![]),
    ] {
        let feed = agent.get(&format!("/v1/events?{query}")).await;
        assert_eq!(feed.each("position"), expected, "{query}");
        let after = if query.contains("after") { "" } else { "&after=0" };
        let mut stream = Stream::open(&agent, &format!("/v1/events/stream?{query}{after}"), &[]).await;
        assert_eq!(stream.ids(expected.len()).await, expected, "{query}");
    }
    for path in ["/v1/events", "/v1/events/stream"] {
        agent.get(&format!("{path}?aggregate=planet")).await.refused(400, "invalid_parameter");
        agent.get(&format!("{path}?subject=TKT-9")).await.refused(404, "not_found");
        // What one may not know of is what isn't there.
        app.customer("carla").get(&format!("{path}?subject=TKT-2")).await.refused(404, "not_found");
    }
    let theirs = format!("/v1/events?subject={}", second.id);
    app.customer("carla").get(&theirs).await.refused(404, "not_found");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_waits_where_it_is_asked_to() {
    let app = App::without_projections().await;
    let agent = app.as_user("mona", "support_manager");
    let mut ticket = Ticket::open(&app, "TKT-1", "carla").await;
    let head = ticket.position;
    let start = Instant::now();
    // Without the header, and where there is something, at once.
    let answer = agent.get(&format!("/v1/events?after={head}")).await;
    assert!(!answer.headers.contains_key("preference-applied"));
    assert_eq!(answer.each("position"), [0; 0]);
    let there = agent.get_with("/v1/events", &[("prefer", "wait=10")]).await;
    assert_eq!(there.each("position"), [1, head]);
    let at = head.to_string();
    let wanted = [("prefer", "wait=10"), ("docket-min-position", &*at)];
    assert_eq!(agent.get_with(&format!("/v1/events?after={head}"), &wanted).await.each("position"), [0; 0]);
    assert!(start.elapsed() < Duration::from_secs(5));
    let nothing = agent.get_with(&format!("/v1/events?after={head}"), &[("prefer", "wait=1")]).await;
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert_eq!(nothing.headers["preference-applied"], "wait=1");
    let nothing = nothing.ok();
    assert_eq!((&nothing["items"], &nothing["next_after"]), (&json!([]), &json!(head)));
    // For what isn't the caller's, nobody is woken.
    let path = format!("/v1/events?after={head}&type=TagRemoved");
    let wait = [("prefer", "wait=10")];
    let waiting = agent.get_with(&path, &wait);
    let write = async {
        ticket.event("TagAdded", json!({"tag": "a"}), "amir", "agent").await;
        ticket.event("TagRemoved", json!({"tag": "a"}), "amir", "agent").await
    };
    let (answer, removed) = tokio::join!(waiting, write);
    let answer = answer.ok();
    assert_eq!((&answer["items"][0]["position"], &answer["next_after"]), (&json!(removed), &json!(removed)));
    for (limit, status) in [("1000", 200), ("1001", 400), ("0", 400)] {
        assert_eq!(agent.get(&format!("/v1/events?limit={limit}")).await.status, status, "{limit}");
    }
    agent.get("/v1/tickets?limit=201").await.refused(400, "invalid_parameter");
    app.stop().await;
}
