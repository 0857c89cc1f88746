//! How tickets stand with what was promised: shown, filtered, sorted and counted.

use serde_json::{Value, json};

use crate::app::App;
use crate::sla_rows::{NEVER, clear, count, recount, standing};
use crate::ticket::Ticket;

const SOON: &str = "2026-03-02T10:00:00Z";

/// Seven tickets: three due at the same time, one later, two without anything due, one of another tenant.
async fn seven(app: &App) -> Vec<Ticket<'_>> {
    app.create_tenant("other").await;
    let mut tickets = Vec::new();
    for number in 1..=6 {
        let more = json!({"status": if number == 6 { "open" } else { "new" }});
        tickets.push(Ticket::open_with(app, "default", &format!("TKT-{number}"), "carla", more).await);
    }
    tickets.push(Ticket::open_with(app, "other", "TKT-7", "stefan", json!({})).await);
    // The projection has its say first.
    app.agent().get_at("/v1/tickets", tickets[6].position).await.ok();
    clear(app).await;
    let later = "2026-03-02T11:00:00Z";
    for (ticket, tenant, state, due_at) in [
        (&tickets[0], "default", Some("on_track"), SOON),
        (&tickets[1], "default", Some("response_breached"), SOON),
        (&tickets[2], "default", Some("on_track"), SOON),
        (&tickets[3], "default", Some("met"), NEVER),
        (&tickets[4], "default", None, NEVER),
        (&tickets[5], "default", Some("resolution_warning"), later),
        (&tickets[6], "other", Some("on_track"), SOON),
    ] {
        standing(app, tenant, ticket.id, state, due_at).await;
    }
    tickets
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_see_how_a_ticket_stands() {
    let app = App::start().await;
    let tickets = seven(&app).await;
    let (agent, carla) = (app.agent(), app.customer("carla"));
    let list = agent.get("/v1/tickets?sort=number").await.ok();
    let breached = json!({
        "state": "response_breached", "policy": "medium", "due_at": "2026-03-02T10:00:00.000000Z",
        "response_state": null, "response_due_at": null, "resolution_state": "response_breached",
        "resolution_due_at": "2026-03-02T10:00:00.000000Z",
    });
    assert_eq!(list["items"][1]["sla"], breached);
    assert_eq!(
        (&list["items"][3]["sla"]["state"], &list["items"][3]["sla"]["due_at"]),
        (&json!("met"), &Value::Null)
    );
    assert_eq!(list["items"][4]["sla"]["state"], Value::Null);
    assert_eq!(agent.get(&tickets[1].path()).await.ok()["sla"], breached);
    assert_eq!(agent.get(&format!("{}?as_of=9", tickets[1].path())).await.ok().get("sla"), None);

    assert_eq!(carla.get(&tickets[1].path()).await.ok().get("sla"), None);
    assert_eq!(carla.get("/v1/tickets").await.each("sla"), vec![Value::Null; 6]);
    for (query, parameter) in [
        ("sla=met", "sla"),
        ("sort=sla_due_at", "sort"),
        ("sort=-sla_due_at", "sort"),
        ("sla=met&sort=sla_due_at", "sla"),
    ] {
        let refused = carla.get(&format!("/v1/tickets?{query}")).await.refused(403, "forbidden");
        assert_eq!(refused["parameter"], parameter, "{query}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_filtered_by_state_and_sorted_by_what_is_due_next() {
    let app = App::start().await;
    seven(&app).await;
    recount(&app).await;
    let agent = app.agent();
    for (query, numbers) in [
        ("sort=sla_due_at", &["TKT-1", "TKT-2", "TKT-3", "TKT-6", "TKT-4", "TKT-5"][..]),
        ("sort=-sla_due_at", &["TKT-5", "TKT-4", "TKT-6", "TKT-3", "TKT-2", "TKT-1"]),
        ("sla=on_track&sort=number", &["TKT-1", "TKT-3"]),
        ("sla=on_track,met&sort=number", &["TKT-1", "TKT-3", "TKT-4"]),
        ("sla=response_breached&sla=resolution_warning&sort=-sla_due_at", &["TKT-6", "TKT-2"]),
        ("sla=resolution_warning&status=new", &[]),
        ("sla=missed", &[]),
        ("sort=sla_due_at&status=open", &["TKT-6"]),
        ("sort=sla_due_at&q=subject&limit=2", &["TKT-1", "TKT-2"]),
    ] {
        let found = agent.get(&format!("/v1/tickets?{query}")).await.each("number");
        assert_eq!(found, numbers, "{query}");
    }
    let counted = agent.get("/v1/tickets?sla=on_track&count=true&limit=1").await.ok();
    assert_eq!(counted["total"], 2);
    assert_eq!(agent.get("/v1/tickets?sort=sla_due_at&count=true&limit=1").await.ok()["total"], 6);
    let refused = agent.get("/v1/tickets?sla=on_track,late").await.refused(400, "invalid_parameter");
    assert_eq!(refused["parameter"], "sla");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_by_due_time_show_each_ticket_once() {
    let app = App::start().await;
    let tickets = seven(&app).await;
    let agent = app.agent();
    for sort in ["sla_due_at", "-sla_due_at"] {
        let whole = agent.get(&format!("/v1/tickets?sort={sort}")).await.each("number");
        for limit in [1, 2, 4] {
            let (mut seen, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = agent.get(&format!("/v1/tickets?sort={sort}&limit={limit}{cursor}")).await.ok();
                seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["number"].clone()));
                match page["next_cursor"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            assert_eq!(seen, whole, "{sort}, {limit}");
        }
    }
    // What a page has shown may move: the page after it begins where that one ended.
    let page = agent.get("/v1/tickets?sort=sla_due_at&limit=2").await.ok();
    standing(&app, "default", tickets[1].id, Some("met"), NEVER).await;
    let next = page["next_cursor"].as_str().unwrap();
    let rest = agent.get(&format!("/v1/tickets?sort=sla_due_at&cursor={next}")).await.each("number");
    assert_eq!(rest, ["TKT-3", "TKT-6", "TKT-2", "TKT-4", "TKT-5"]);
    let other = format!("/v1/tickets?sort=-sla_due_at&cursor={next}");
    agent.get(&other).await.refused(400, "invalid_cursor");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn queues_count_by_state() {
    let app = App::start().await;
    let tickets = seven(&app).await;
    for (tenant, state, tickets) in
        [("default", "on_track", 2), ("default", "met", 3), ("default", "paused", 0), ("other", "missed", 1)]
    {
        count(&app, tenant, state, tickets).await;
    }
    let queues = app.agent().get("/v1/queues").await.ok();
    assert_eq!(
        queues["by_sla"],
        json!([{"key": "met", "count": 3, "open": 0}, {"key": "on_track", "count": 2, "open": 2}])
    );
    // Somebody of an organisation gets counts of what they see: here, what they asked for themselves.
    let carla = app.as_user("carla", "org_support");
    let queues = carla.get("/v1/queues").await.ok();
    assert_eq!(
        queues["by_sla"],
        json!([
            {"key": "on_track", "count": 2, "open": 2},
            {"key": "met", "count": 1, "open": 0},
            {"key": "resolution_warning", "count": 1, "open": 1},
            {"key": "response_breached", "count": 1, "open": 1},
        ])
    );
    assert_eq!(queues["total"], 6);
    assert_eq!(app.as_user("otto", "org_support").get("/v1/queues").await.ok()["by_sla"], json!([]));
    drop(tickets);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_reaches_as_far_as_the_least_of_what_it_is_read_from() {
    let app = App::without_projections().await;
    for (projection, position) in [("ticket_list", 1), ("queue_counts", 1), ("sla", 0)] {
        sqlx::query(
            "INSERT INTO read.checkpoints (projection, version, position) VALUES ($1, 1, $2) \
             ON CONFLICT (projection) DO UPDATE SET position = excluded.position",
        )
        .bind(projection)
        .bind(position)
        .execute(&app.owner)
        .await
        .unwrap();
    }
    let agent = app.agent();
    for path in ["/v1/tickets", "/v1/queues"] {
        assert_eq!(agent.get(path).await.position(), 0, "{path}");
    }
    // Customers aren't told how it stands, so they don't wait for it either.
    assert_eq!(app.customer("carla").get("/v1/tickets").await.position(), 1);
    app.stop().await;
}
