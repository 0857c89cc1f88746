//! Lists as files.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::to_bytes;
use axum::http::HeaderMap;
use futures::StreamExt as _;
use serde_json::{Value, json};
use service_kit::wait::until;

use crate::app::{App, Caller};
use crate::sla_rows::{Outcome, outcome};
use crate::ticket::Ticket;

pub(crate) const CSV: [(&str, &str); 1] = [("accept", "text/csv")];
pub(crate) const NDJSON: [(&str, &str); 1] = [("accept", "application/x-ndjson")];

/// What files and spreadsheets stumble over.
const AWKWARD: [&str; 10] = [
    "a \"quoted\" word, and a comma",
    "two\nlines",
    "three\r\nlines\r",
    "=1+1",
    "+49 30 1234",
    "-1",
    "@SUM(A1:A9)",
    "\t=1",
    "Ärger mit dem Größenmaß 🖨",
    " 'round' ; and about ",
];

/// So many tickets, each with something awkward in it; gives the position that shows them all.
async fn awkward(app: &App, tickets: usize) -> i64 {
    let mut last = 0;
    for index in 0..tickets {
        let text = AWKWARD[index % AWKWARD.len()];
        let more = json!({
            "subject": text, "description": format!("{text}\n{index}\n{}", "toner ".repeat(100)),
            "tags": ["vip", text], "custom_fields": {"room": text, "floor": index},
            "requester": {"id": "carla", "name": text}, "priority": if index % 2 == 0 { "high" } else { "low" },
            "priority_rank": if index % 2 == 0 { 2 } else { 4 },
        });
        let number = format!("TKT-{index:05}");
        last = Ticket::open_with(app, "default", &number, "carla", more).await.position;
    }
    last
}

/// A whole file, as text.
pub(crate) async fn file(caller: &Caller<'_>, path: &str, accept: &[(&str, &str)]) -> (HeaderMap, String) {
    let (parts, body) = caller.app.send(caller.request(path, accept)).await.into_parts();
    assert_eq!(parts.status, 200, "{path}");
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    (parts.headers, String::from_utf8(bytes.to_vec()).unwrap())
}

/// The lines of a CSV file, by the names of their columns.
pub(crate) async fn records(caller: &Caller<'_>, path: &str) -> Vec<BTreeMap<String, String>> {
    let (_, text) = file(caller, path, &CSV).await;
    csv::Reader::from_reader(text.as_bytes()).deserialize().map(Result::unwrap).collect()
}

/// The objects of an NDJSON file.
pub(crate) async fn objects(caller: &Caller<'_>, path: &str) -> Vec<Value> {
    let (_, text) = file(caller, path, &NDJSON).await;
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// All items of a list, page by page.
pub(crate) async fn items(caller: &Caller<'_>, path: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = caller.get(&format!("{path}limit=200{cursor}")).await.ok();
        all.extend(page["items"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

/// What a spreadsheet would run.
fn is_formula(text: &str) -> bool {
    text.starts_with(|first: char| first.is_control()) || text.trim_start().starts_with(['=', '+', '-', '@'])
}

/// What a line of CSV has of an item.
pub(crate) fn flat(item: &Value) -> BTreeMap<String, String> {
    let mut cells = BTreeMap::new();
    for (name, value) in item.as_object().unwrap() {
        let text = match value {
            Value::Object(fields) if name != "custom_fields" => {
                let inner =
                    flat(&json!(fields)).into_iter().map(|(inner, cell)| (format!("{name}_{inner}"), cell));
                cells.extend(inner);
                continue;
            }
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            Value::Array(texts) => {
                let texts = texts.iter().map(|text| text.as_str().unwrap()).enumerate();
                let guarded = texts.map(|(place, text)| {
                    if place > 0 && is_formula(text) { format!("'{text}") } else { text.to_owned() }
                });
                guarded.collect::<Vec<_>>().join(";")
            }
            other => other.to_string(),
        };
        cells.insert(name.clone(), if is_formula(&text) { format!("'{text}") } else { text });
    }
    cells
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_the_whole_list_as_it_is() {
    let app = App::start().await;
    let last = awkward(&app, 1000).await;
    let agent = app.agent();
    agent.get_at("/v1/tickets?q=toner", last).await.ok();
    let listed = items(&agent, "/v1/tickets?").await;
    assert_eq!(listed.len(), 1000);
    assert_eq!(objects(&agent, "/v1/tickets").await, listed);
    let lines = records(&agent, "/v1/tickets").await;
    assert_eq!(lines, listed.iter().map(flat).collect::<Vec<_>>());
    assert_eq!(lines[996]["subject"], "'=1+1");
    assert!(lines[0].contains_key("sla_state"), "{:?}", lines[0].keys());

    let (headers, text) = file(&agent, "/v1/tickets?tag=vip&sort=number", &CSV).await;
    assert!(text.starts_with("id,number,subject,description,status,"), "{}", &text[..80]);
    let position = headers["docket-position"].to_str().unwrap();
    assert_eq!(headers["content-type"], "text/csv; charset=utf-8; header=present");
    assert_eq!(
        headers["content-disposition"],
        format!("attachment; filename=\"tickets-{position}.csv\"").as_str()
    );
    assert_eq!(headers["cache-control"], "private, no-store");
    assert!(position.parse::<i64>().unwrap() >= last);

    for query in
        ["sort=-priority", "sort=number&priority=low", "q=toner&sort=-number", "sort=sla_due_at", "tag=none"]
    {
        let listed = items(&agent, &format!("/v1/tickets?{query}&")).await;
        assert_eq!(objects(&agent, &format!("/v1/tickets?{query}")).await, listed, "{query}");
    }
    let ada = app.as_user("ada", "auditor");
    let listed = items(&ada, "/v1/audit?").await;
    assert_eq!(objects(&ada, "/v1/audit").await, listed);
    assert_eq!(records(&ada, "/v1/audit").await, listed.iter().map(flat).collect::<Vec<_>>());
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_takes_away_what_they_see() {
    let app = App::start().await;
    awkward(&app, 3).await;
    let mut others = Ticket::open(&app, "TKT-9", "stefan").await;
    others.assign("amir").await;
    others.note("amir", "inside").await;
    app.agent().get_at("/v1/tickets", others.position).await.ok();
    for (caller, count, present, absent) in [
        (app.agent(), 4, &["routing", "note_count", "sla_state"][..], &[][..]),
        (app.as_user("ann", "analyst"), 4, &["routing", "sla_state"], &["note_count", "internal_updated_at"]),
        (app.customer("carla"), 3, &["requester_id"], &["routing", "spam", "note_count", "sla_state"]),
        (app.customer("nobody"), 0, &[], &[]),
        (app.as_user("otto", "org_support"), 0, &["routing"], &[]),
    ] {
        let listed = items(&caller, "/v1/tickets?").await;
        assert_eq!(listed.len(), count);
        assert_eq!(records(&caller, "/v1/tickets").await, listed.iter().map(flat).collect::<Vec<_>>());
        let (_, text) = file(&caller, "/v1/tickets", &CSV).await;
        let names: Vec<_> = text.lines().next().unwrap().split(',').collect();
        assert!(present.iter().all(|name| names.contains(name)), "{names:?}");
        assert!(!absent.iter().any(|name| names.contains(name)), "{names:?}");
    }
    // Whoever may look at the trail may not yet carry it away.
    let manager = app.as_user("mia", "support_manager");
    manager.get("/v1/audit").await.ok();
    let refused = manager.get_with("/v1/audit", &CSV).await.refused(403, "forbidden");
    assert!(refused["detail"].as_str().unwrap().contains("audit.export"), "{refused}");
    app.agent().get_with("/v1/audit", &NDJSON).await.refused(403, "forbidden");
    app.customer("carla").get_with("/v1/tickets?sort=sla_due_at", &CSV).await.refused(403, "forbidden");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_has_no_pages_and_is_there_for_those_who_ask_for_it() {
    let app = App::start().await;
    let last = awkward(&app, 1).await;
    let (agent, ada) = (app.agent(), app.as_user("ada", "auditor"));
    agent.get_at("/v1/tickets", last).await.ok();
    for name in ["limit=50", "cursor=x", "count=true"] {
        for (caller, path) in [(&agent, "/v1/tickets"), (&ada, "/v1/audit")] {
            let path = format!("{path}?{name}");
            let refused = caller.get_with(&path, &CSV).await.refused(400, "invalid_parameter");
            assert!(name.starts_with(refused["parameter"].as_str().unwrap()), "{refused}");
        }
    }
    agent.get_with("/v1/tickets?colour=red", &NDJSON).await.refused(400, "unknown_parameter");
    let late = [CSV[0], ("docket-min-position", "999999"), ("prefer", "wait=0")];
    agent.get_with("/v1/tickets", &late).await.refused(503, "not_yet_visible");
    for accept in ["application/json", "*/*", "text/html", "text/csv;q=0.1, application/json"] {
        let page = agent.get_with("/v1/tickets", &[("accept", accept)]).await;
        assert_eq!(page.headers["content-type"], "application/json", "{accept}");
        assert_eq!(page.each("number"), ["TKT-00000"]);
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_are_files_too() {
    let app = App::start().await;
    let ticket = Ticket::open(&app, "TKT-1", "carla").await;
    let lead = app.as_user("lea", "support_lead");
    lead.get_at("/v1/stats/sla", ticket.position).await.ok();
    outcome(&app, ticket.id, &Outcome { agent: Some("=amir"), ..Outcome::default() }).await;
    let late = Outcome { metric: "first_response", missed: true, ..Outcome::default() };
    outcome(&app, ticket.id, &late).await;
    let path = "/v1/stats/sla?group_by=month,agent";
    let (headers, text) = file(&lead, path, &CSV).await;
    assert_eq!(text, "month,agent,met,missed,compliance\r\n2026-03-01,'=amir,1,0,1\r\n2026-03-01,,0,1,0\r\n");
    assert!(headers["content-disposition"].to_str().unwrap().contains("sla-stats-"), "{headers:?}");
    assert_eq!(json!(objects(&lead, path).await), lead.get(path).await.ok()["items"]);
    app.stop().await;
}

/// How many transactions the queries of this database have open.
async fn open_transactions(app: &App) -> i64 {
    sqlx::query_scalar(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
         AND application_name = 'docket_query' AND xact_start IS NOT NULL",
    )
    .fetch_one(&app.owner)
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_or_is_left_half_way_learns_of_it() {
    let app = App::start().await;
    let last = awkward(&app, 1000).await;
    let agent = app.agent();
    agent.get_at("/v1/tickets", last).await.ok();

    // More is there than may lie ready, so after the first piece the rest isn't read yet.
    let mut body = app.send(agent.request("/v1/tickets", &NDJSON)).await.into_body().into_data_stream();
    body.next().await.unwrap().unwrap();
    assert_eq!(open_transactions(&app).await, 1);
    // A user takes one at a time.
    let busy = agent.get_with("/v1/tickets", &CSV).await;
    assert_eq!(busy.headers["retry-after"], "5");
    busy.refused(429, "too_many_exports");
    drop(body);
    let ended = || async { (open_transactions(&app).await == 0).then_some(()) };
    until(Duration::from_secs(10), Duration::from_millis(20), ended).await.unwrap();

    let mut body = app.send(agent.request("/v1/tickets", &CSV)).await.into_body().into_data_stream();
    body.next().await.unwrap().unwrap();
    sqlx::query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() \
         AND application_name = 'docket_query' AND xact_start IS NOT NULL",
    )
    .execute(&app.owner)
    .await
    .unwrap();
    let rest: Vec<_> = body.collect().await;
    assert!(rest.last().unwrap().is_err(), "what isn't whole ended well");
    assert_eq!(objects(&agent, "/v1/tickets").await.len(), 1000);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_read_gives_way_to_others() {
    let app = App::start().await;
    app.create_tenant("other").await;
    let last = awkward(&app, 1000).await;
    let (noisy, quiet) = (
        app.agent(),
        Caller {
            app: &app,
            token: Some(app.token("quinn", "support_agent", "other", Duration::from_secs(600))),
        },
    );
    noisy.get_at("/v1/tickets", last).await.ok();
    // The test's pool leaves room for one export, and this one is never read to its end.
    let mut body = app.send(noisy.request("/v1/tickets", &NDJSON)).await.into_body().into_data_stream();
    body.next().await.unwrap().unwrap();
    let file = quiet.get_with("/v1/queues", &NDJSON).await;
    assert_eq!(file.status, 200);
    let taken = app.send(quiet.request("/v1/tickets", &NDJSON)).await;
    assert_eq!(taken.status(), 200);
    let rest: Vec<_> = body.collect().await;
    assert!(rest.last().unwrap().is_err(), "it is cut off, and learns of it");
    drop(taken);
    app.stop().await;
}
