//! Whatever figures are read from, they are the same: from the sums of days, from all that happened, and from
//! the log folded anew.

use serde_json::{Value, json};

use crate::app::{App, Caller};
use crate::ticket::{Ticket, at};

const DIMENSIONS: [&str; 7] = ["", "priority", "category", "source", "team", "agent", "tag"];
const PERIODS: [&str; 4] = ["", "day", "week", "month"];
const PATHS: [&str; 4] = ["/v1/stats", "/v1/stats/volume", "/v1/stats/agents", "/v1/stats/satisfaction"];

fn status(to: &str, category: &str) -> Value {
    json!({"from": "open", "from_category": "open", "to": to, "to_category": category})
}

fn reply(author: &str, first: bool) -> Value {
    json!({
        "message_id": uuid::Uuid::nil(), "author": {"id": author, "kind": "agent"}, "body": "Seen.",
        "first_response": first,
    })
}

/// A ticket that is opened on a day of March, and what becomes of it.
async fn some_ticket(app: &App, number: usize) -> i64 {
    let day = |after: usize, hour: usize| {
        format!("2026-03-{:02}T{hour:02}:{:02}:00Z", 1 + number / 3 + after, number % 60)
    };
    let priority = ["critical", "high", "medium"][number % 3];
    let (source, category) = (["email", "portal"][number % 2], ["billing", "access"][number / 2 % 2]);
    let tags = [&["vip", "paper"][..], &["paper"], &[]][number % 3];
    let assignment =
        if number.is_multiple_of(4) { json!({}) } else { json!({"agent": "amir", "team": "desk"}) };
    let payload = json!({
        "number": format!("TKT-{number}"), "subject": "Printer", "description": "It smokes.",
        "requester": {"id": "carla"}, "status": "new", "status_category": "new",
        "priority": priority, "priority_rank": number % 3 + 1, "source": source, "category": category,
        "tags": tags, "assignment": assignment,
    });
    let mut ticket = Ticket::unopened(app, "default");
    ticket.event_of("TicketOpened", payload, &at(&day(0, 8), "carla", "customer")).await;
    ticket.event_of("StatusChanged", status("open", "open"), &at(&day(0, 9), "amir", "agent")).await;
    ticket.event_of("ReplyAdded", reply("amir", true), &at(&day(0, 11), "amir", "agent")).await;
    if number.is_multiple_of(3) {
        let to = json!({"from": {"agent": "amir"}, "to": {"agent": "lena", "team": "night"}});
        ticket.event_of("TicketAssigned", to, &at(&day(1, 7), "amir", "agent")).await;
        ticket.event_of("ReplyAdded", reply("lena", false), &at(&day(1, 8), "lena", "agent")).await;
    }
    if !number.is_multiple_of(5) {
        let resolved = status("resolved", "resolved");
        ticket.event_of("TicketResolved", resolved, &at(&day(1, 13), "lena", "agent")).await;
    }
    if number % 7 == 1 {
        let rated = json!({"rating": number % 5 + 1});
        ticket.event_of("TicketRated", rated, &at(&day(1, 15), "carla", "customer")).await;
    }
    if number % 11 == 2 {
        let mut reopened = status("open", "open");
        reopened["count"] = 1.into();
        ticket.event_of("TicketReopened", reopened, &at(&day(2, 8), "carla", "customer")).await;
    }
    if number % 13 == 3 {
        ticket.event_of("TicketDeleted", json!({}), &at(&day(2, 9), "amir", "agent")).await;
    }
    ticket.position
}

/// The answer without what says how it was asked.
async fn figures(caller: &Caller<'_>, path: &str) -> Value {
    let mut body = caller.get(path).await.ok();
    for name in ["time_zone", "from", "to"] {
        body.as_object_mut().unwrap().remove(name);
    }
    // What agents have now is of now.
    for item in body["items"].as_array_mut().unwrap() {
        item.as_object_mut().unwrap().remove("now");
    }
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_the_same_whatever_they_are_read_from() {
    let app = App::start().await;
    let rates = json!({
        "from": {"time_zone": "UTC"},
        "to": {"time_zone": "UTC", "currency": "EUR", "hourly_rate": 4_500, "team_hourly_rates": {"night": 9_000}},
    });
    app.tenant_event("default", 1, "ReportingChanged", &rates).await;
    let mut position = 0;
    for number in 0..40 {
        position = some_ticket(&app, number).await;
    }
    let lead = app.as_user("lea", "support_lead");
    lead.get_at("/v1/stats", position).await.ok();
    let span = "from=2026-03-02T00:00:00Z&to=2026-03-12T00:00:00Z";
    for path in PATHS {
        for dimension in DIMENSIONS {
            for period in PERIODS {
                let by = [dimension, period].into_iter().filter(|name| !name.is_empty());
                let by = by.collect::<Vec<_>>().join(",");
                for when in ["", span] {
                    let by = if by.is_empty() { String::new() } else { format!("&group_by={by}") };
                    let ask = |how: String| format!("{path}?{when}{by}{how}");
                    let days = figures(&lead, &ask(String::new())).await;
                    // The same zone by another name, of which no days are kept.
                    let facts = figures(&lead, &ask("&time_zone=Etc/UTC".into())).await;
                    let past = figures(&lead, &ask(format!("&as_of={position}"))).await;
                    assert_eq!(days, facts, "{}", ask(String::new()));
                    // Agents who have tickets and no figures in that time are there only now.
                    let told = |body: &Value| -> Vec<Value> {
                        let items = body["items"].as_array().unwrap().iter().cloned();
                        items.filter(|item| path != "/v1/stats/agents" || item["created"] != 0).collect()
                    };
                    assert_eq!(
                        (told(&days), &days["total"]),
                        (told(&past), &past["total"]),
                        "{}",
                        ask(String::new())
                    );
                }
            }
        }
    }
    for by in ["metric", "policy", "priority", "agent,metric", "team", "day", "week,metric", "month", "hour"]
    {
        for when in ["", span] {
            let path = format!("/v1/stats/sla?group_by={by}&{when}");
            let now = figures(&lead, &path).await;
            let past = figures(&lead, &format!("{path}&as_of={position}")).await;
            assert_eq!(now, past, "{path}");
            assert!(!now["items"].as_array().unwrap().is_empty(), "{path}");
        }
    }
    let all = lead.get("/v1/stats").await.ok();
    let total = &all["total"];
    assert_eq!((&total["created"], &total["replies"]), (&json!(37), &json!(50)), "{total:#}");
    assert!(total["cost"][0]["total"].as_i64().unwrap() > 0, "{total:#}");
    assert!(total["time_in_status"].as_array().unwrap().len() > 2);
    app.stop().await;
}
