//! What is asked in two ways is answered in one: a ticket by its number and by its id, a moment on the
//! border of a period in lists, counts, files and statistics. Both go by the served document, so whatever
//! names a ticket or a period is tried.

use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::app::{App, Caller};
use crate::sla_rows::{self, Outcome};
use crate::ticket::{Ticket, at};

/// By this example the document marks what takes a ticket's number or id.
const NUMBER: &str = "TKT-00000001";

/// Every path, with `{ticket}` where a ticket is named, and the operation that it is.
fn naming_tickets() -> Vec<(String, String)> {
    let mut paths = Vec::new();
    for (path, get) in document() {
        let name = get["operationId"].as_str().unwrap().to_owned();
        let parameters = get["parameters"].as_array().cloned().unwrap_or_default();
        let takes = |name: &str| parameters.iter().any(|one| one["name"] == name);
        for parameter in &parameters {
            let marked = parameter["example"] == NUMBER;
            let named = ["id", "ticket", "subject"].contains(&parameter["name"].as_str().unwrap());
            assert_eq!(named, marked, "{name}: {parameter}");
            if !marked {
                continue;
            }
            let filled = match parameter["in"].as_str().unwrap() {
                "path" => path.replace("{id}", "{ticket}"),
                "query" => format!("{path}?{}={{ticket}}", parameter["name"].as_str().unwrap()),
                other => panic!("a ticket is named in {other}"),
            };
            if takes("as_of") {
                paths.push((format!("{filled}?as_of={{position}}"), name.clone()));
            }
            paths.push((filled, name.clone()));
        }
    }
    assert!(paths.len() >= 12, "{paths:?}");
    paths
}

/// Every query of the document, with its path.
fn document() -> Vec<(String, Value)> {
    let document = serde_json::to_value(query_api::openapi()).unwrap();
    let paths = document["paths"].as_object().unwrap().clone();
    let routed: Vec<_> = query_api::routes().into_iter().map(|(_, path, _)| path).collect();
    paths
        .into_iter()
        .filter(|(path, _)| routed.contains(&path.as_str()))
        .map(|(path, mut item)| (path, item["get"].take()))
        .collect()
}

/// Status and body; of a stream, which doesn't end, the status alone.
async fn ask(
    caller: &Caller<'_>,
    path: &str,
    operation: &str,
    headers: &[(&str, &str)],
) -> (StatusCode, Value) {
    if ["stream_events", "open_event_socket"].contains(&operation) {
        let response = caller.app.send(caller.request(path, headers)).await;
        return (response.status(), Value::Null);
    }
    let mut answer = caller.get_with(path, headers).await;
    if let Some(body) = answer.body.as_object_mut() {
        // The moment of the answer, and the request's own.
        for own in ["now", "request_id", "next_cursor"] {
            body.remove(own);
        }
    }
    (answer.status, answer.body)
}

fn filled(path: &str, name: &str, position: i64) -> String {
    path.replace("{ticket}", name).replace("{position}", &position.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_answered_by_number_as_by_id_right_after_it_is_opened() {
    let app = App::start().await;
    let agent = app.as_user("olga", "platform_admin");
    for (index, (path, operation)) in naming_tickets().into_iter().enumerate() {
        let number = format!("TKT-{index:08}");
        let ticket = Ticket::open(&app, &number, "carla").await;
        let (position, id) = (ticket.position.to_string(), ticket.id.to_string());
        let headers = [("docket-min-position", &*position), ("prefer", "wait=10")];
        let (by_number, by_id) = tokio::join!(
            ask_of(&agent, &path, &operation, &number, &ticket, &headers),
            ask_of(&agent, &path, &operation, &id, &ticket, &headers),
        );
        assert_eq!(by_number, by_id, "{path}");
        let upgrade = operation == "open_event_socket";
        assert_eq!(by_number.0.as_u16(), if upgrade { 426 } else { 200 }, "{path}: {}", by_number.1);
    }
    app.stop().await;
}

async fn ask_of(
    caller: &Caller<'_>,
    path: &str,
    operation: &str,
    name: &str,
    ticket: &Ticket<'_>,
    headers: &[(&str, &str)],
) -> (StatusCode, Value) {
    ask(caller, &filled(path, name, ticket.position), operation, headers).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_visible_yet_is_not_missing() {
    let app = App::without_projections().await;
    let ticket = Ticket::open(&app, "TKT-1", "carla").await;
    let (agent, stranger) = (app.as_user("olga", "platform_admin"), app.customer("stefan"));
    let at_once = [("prefer", "wait=0")];
    for (path, operation) in naming_tickets() {
        for name in ["TKT-1", &ticket.id.to_string()] {
            let (status, body) = ask_of(&agent, &path, &operation, name, &ticket, &at_once).await;
            let told = status != StatusCode::NOT_FOUND
                && (status != StatusCode::SERVICE_UNAVAILABLE || body["code"] == "not_yet_visible");
            assert!(told, "{path} by {name}: {status} {body}");
            let (status, body) = ask_of(&stranger, &path, &operation, name, &ticket, &at_once).await;
            let hidden = matches!(status.as_u16(), 403 | 404 | 426);
            assert!(hidden, "{path} by {name} for a stranger: {status} {body}");
        }
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn values_with_commas_can_be_asked_for() {
    let app = App::start().await;
    let mut last = 0;
    for (number, category, agent, tag) in
        [("TKT-1", "Hardware, Printers", "Noor, Amir", "red, green"), ("TKT-2", "Hardware", "noor", "red")]
    {
        let more = json!({
            "category": category, "request_type": category, "tags": [tag],
            "assignment": {"agent": agent, "team": agent, "organization": agent},
        });
        last = Ticket::open_with(&app, "default", number, &format!("{agent} x"), more).await.position;
    }
    let agent = app.agent();
    agent.get_at("/v1/tickets", last).await.ok();
    for query in [
        "category=Hardware,%20Printers",
        "request_type=Hardware,%20Printers",
        "assignee=Noor,%20Amir",
        "team=Noor,%20Amir",
        "organization=Noor,%20Amir",
        "requester=Noor,%20Amir%20x",
        "tag=red,%20green",
    ] {
        assert_eq!(agent.get(&format!("/v1/tickets?{query}")).await.each("number"), ["TKT-1"], "{query}");
    }
    let both = "/v1/tickets?category=Hardware,%20Printers&category=Hardware&sort=number";
    assert_eq!(agent.get(both).await.each("number"), ["TKT-1", "TKT-2"]);
    app.stop().await;
}

/// `VIP` and `vip` are one tag, on whichever ticket it is written how.
#[tokio::test(flavor = "multi_thread")]
async fn a_tag_is_one_whatever_its_case() {
    let app = App::start().await;
    let mut last = 0;
    for (number, tags) in
        [("TKT-1", json!(["VIP"])), ("TKT-2", json!(["vip", "Cafe\u{301}"])), ("TKT-3", json!(["b"]))]
    {
        let ticket = Ticket::open_with(&app, "default", number, "carla", json!({"tags": tags})).await;
        last = ticket.position;
    }
    let caller = app.as_user("olga", "platform_admin");
    caller.get_at("/v1/stats", last).await.ok();
    for query in ["VIP", "vip", "Vip", "vip&tag=VIP"] {
        let found =
            caller.get_at(&format!("/v1/tickets?tag={query}&sort=number&count=true"), last).await.ok();
        assert_eq!((&found["items"][1]["number"], &found["total"]), (&json!("TKT-2"), &json!(2)), "{query}");
    }
    for query in ["caf%C3%A9", "CAFE%CC%81"] {
        assert_eq!(
            caller.get(&format!("/v1/tickets?tag={query}")).await.each("number"),
            ["TKT-2"],
            "{query}"
        );
    }
    let shown = caller.get_at("/v1/tickets/TKT-2", last).await.ok();
    assert_eq!(shown["tags"][0], "vip", "as it was written on the ticket");
    for path in ["/v1/stats?group_by=tag", "/v1/stats/volume?group_by=tag", "/v1/stats/top?by=tag"] {
        let stats = caller.get(path).await.ok();
        let lines: Vec<_> = stats["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| {
                let key = if path.contains("top") { &one["key"] } else { &one["key"]["tag"] };
                (key.as_str().unwrap().to_owned(), one["created"].as_i64().unwrap())
            })
            .collect();
        assert!(lines.contains(&("VIP".to_owned(), 2)) && lines.len() == 3, "{path}: {lines:?}");
    }
    app.stop().await;
}

/// A page of what a frequent word finds is the same as what looking at all tickets gives.
#[tokio::test(flavor = "multi_thread")]
async fn frequent_words_are_found_page_by_page() {
    let app = App::start().await;
    let mut last = 0;
    for number in 0..30 {
        let subject = if number % 3 == 0 { "printer jam" } else { "printer" };
        let more = json!({"subject": subject});
        last = Ticket::open_with(&app, "default", &format!("TKT-{number:02}"), "carla", more).await.position;
    }
    let agent = app.agent();
    agent.get_at("/v1/tickets?q=printer", last).await.ok();
    // So that even thirty are many.
    let body = "SELECT pg_get_functiondef('read.find_tickets(tsquery[], tsquery[], boolean, integer)'::regprocedure)";
    let function: String = sqlx::query_scalar(body).fetch_one(&app.owner).await.unwrap();
    let stricter = function.replace("most integer)", "most_ integer)").replace(
        "AS $function$\nDECLARE",
        "AS $function$\nDECLARE\n most integer := CASE WHEN most_ IS NULL THEN NULL ELSE 3 END;",
    );
    let drop = "DROP FUNCTION read.find_tickets(tsquery[], tsquery[], boolean, integer)";
    let grants = "ALTER FUNCTION read.find_tickets OWNER TO docket_projection; GRANT EXECUTE ON FUNCTION read.find_tickets TO docket_query";
    for sql in [drop, &stricter].into_iter().chain(grants.split("; ")) {
        sqlx::query(sql).execute(&app.owner).await.unwrap();
    }
    for (query, expected) in
        [("printer", 30), ("printer jam", 10), ("printer -jam", 20), ("printer nothing", 0)]
    {
        for sort in ["number", "-created_at", "priority", "-sla_due_at"] {
            let mut path = format!("/v1/tickets?q={}&sort={sort}&limit=7", query.replace(' ', "+"));
            let mut numbers = Vec::new();
            loop {
                let page = agent.get(&path).await.ok();
                numbers.extend(page["items"].as_array().unwrap().iter().map(|one| one["number"].to_string()));
                let Some(cursor) = page["next_cursor"].as_str() else { break };
                path = format!("{}&cursor={cursor}", path.split("&cursor").next().unwrap());
            }
            assert_eq!(numbers.len(), expected, "{query} by {sort}");
            numbers.sort();
            numbers.dedup();
            assert_eq!(numbers.len(), expected, "{query} by {sort}, each once");
        }
        let counted =
            agent.get(&format!("/v1/tickets?q={}&count=true&limit=1", query.replace(' ', "+"))).await.ok();
        assert_eq!(counted["total"], expected, "{query}");
    }
    app.stop().await;
}

/// Every list says whether a comma separates, and those that take free values say no.
#[test]
fn lists_say_how_they_are_written() {
    let fixed = [
        "aggregate",
        "group_by",
        "metric",
        "policy",
        "priority",
        "sla",
        "source",
        "status",
        "status_category",
        "subject",
        "ticket",
        "type",
    ];
    for (path, get) in document() {
        for parameter in get["parameters"].as_array().into_iter().flatten() {
            if parameter["schema"]["type"] == "array" {
                let by_comma = fixed.contains(&parameter["name"].as_str().unwrap());
                assert_eq!(parameter["explode"], !by_comma, "{path}: {parameter}");
            }
        }
    }
}

/// The operations that take a period, and how many of the three things at its border an answer has.
fn counted(operation: &str, body: &Value) -> i64 {
    let sum =
        |field: &str| body["items"].as_array().unwrap().iter().map(|one| one[field].as_i64().unwrap()).sum();
    match operation {
        "list_tickets" => body["total"].as_i64().unwrap(),
        "search_audit" => body["total"].as_i64().unwrap(),
        "get_stats" | "get_volume" | "get_agent_stats" => body["total"]["created"].as_i64().unwrap(),
        "get_satisfaction" => body["total"]["count"].as_i64().unwrap(),
        "get_busiest_hours" | "get_top" => sum("created"),
        "get_sla_stats" => body["total"]["met"].as_i64().unwrap(),
        other => panic!("{other} takes a period; say here how its answer is counted"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moment_on_the_border_is_in_or_out_everywhere() {
    let app = App::start().await;
    let border: DateTime<Utc> = "2026-03-03T12:00:00Z".parse().unwrap();
    let text = |time: DateTime<Utc>| time.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    let mut last = 0;
    for (index, micros) in [-1, 0, 1].into_iter().enumerate() {
        let time = text(border + TimeDelta::microseconds(micros));
        let mut ticket = Ticket::unopened(&app, "default");
        let opened = json!({
            "number": format!("TKT-{index}"), "subject": "s", "description": "d", "category": "it",
            "requester": {"id": "carla"}, "status": "resolved", "status_category": "resolved",
            "priority": "medium", "priority_rank": 3, "source": "portal",
        });
        ticket.event_of("TicketOpened", opened, &at(&time, "carla", "customer")).await;
        last = ticket.event_of("TicketRated", json!({"rating": 4}), &at(&time, "carla", "customer")).await;
        app.agent().get_at(&ticket.path(), last).await.ok();
        let outcome = Outcome { decided_at: &time, ..Outcome::default() };
        sla_rows::outcome(&app, ticket.id, &outcome).await;
    }
    let caller = app.as_user("olga", "platform_admin");
    caller.get_at("/v1/stats", last).await.ok();
    caller.get_at("/v1/audit", last).await.ok();
    let mut tried = 0;
    for (path, get) in document() {
        let operation = get["operationId"].as_str().unwrap();
        for parameter in get["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap();
            let expected = match name.rsplit('_').next().unwrap() {
                "from" => 2,
                "to" | "before" => 1,
                "after" if name != "after" => 1,
                _ => continue,
            };
            let more = match operation {
                "search_audit" => "&type=created&count=true",
                "list_tickets" => "&count=true",
                // 30 days, unless said.
                "get_top" if name == "from" => "&to=2026-03-04T00:00:00Z",
                _ => "",
            };
            let asked = format!("{path}?{name}={}{more}", text(border));
            let body = caller.get(&asked).await.ok();
            assert_eq!(counted(operation, &body), expected, "{asked}: {body}");
            tried += 1;
            // Listed, and as a file, as many as counted.
            if ["list_tickets", "search_audit"].contains(&operation) {
                assert_eq!(body["items"].as_array().unwrap().len() as i64, expected, "{asked}");
                let whole = asked.replace("&count=true", "");
                let file = caller.get_with(&whole, &[("accept", "text/csv")]).await;
                let lines = file.body.as_str().unwrap().lines().count() as i64;
                assert_eq!(lines, 1 + expected, "{whole}: {}", file.body);
            }
        }
    }
    assert!(tried >= 8 + 2 * 8, "{tried}");
    app.stop().await;
}
