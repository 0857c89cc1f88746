//! Data taken out: over HTTP and by `docket export`, and the trail that this leaves.

use std::io::Write as _;
use std::process::{Command, Stdio};

use docket_tests::{Client, Docket, Options};
use reqwest::Method;
use serde_json::{Value, json};

use crate::python::{self, here};

/// Incidents of a service desk over three months, in no order of time.
const INCIDENTS: &str = "\
number,incident_state,opened_by,opened_at,caller_id,sys_updated_by,sys_updated_at,contact_type,location,\
category,subcategory,u_symptom,cmdb_ci,impact,urgency,priority,assignment_group,assigned_to,closed_code
INC1,New,Opened by  8,29/3/2016 01:16,Caller 1,Updated by 2,29/3/2016 02:16,Phone,L 1,C 1,S 1,?,?,2 - Medium,2 - Medium,3 - Moderate,Group 56,?,code 5
INC1,Resolved,Opened by  8,29/3/2016 01:16,Caller 1,Updated by 2,2/4/2016 02:16,Phone,L 1,C 1,S 1,?,?,2 - Medium,2 - Medium,3 - Moderate,Group 56,?,code 5
INC2,New,Opened by  8,1/5/2016 00:00,Caller 1,Updated by 2,1/5/2016 01:00,Phone,L 1,C 1,S 1,?,?,2 - Medium,2 - Medium,3 - Moderate,Group 56,?,code 5
INC3,New,Opened by  8,31/3/2016 23:59,Caller 2,Updated by 2,1/4/2016 00:01,Phone,L 1,C 1,S 1,?,?,2 - Medium,2 - Medium,3 - Moderate,Group 56,?,code 5
";

async fn desk() -> Docket {
    let docket = Docket::up().await;
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(INCIDENTS.as_bytes()).expect("its rows");
    let path = file.path().to_str().expect("a path");
    docket.run_ok(&["import", "servicenow", path]);
    docket
}

/// How many items a list has, by its pages.
async fn count(client: &Client, path: &str) -> u64 {
    let page = client.get(path).await.expect(200);
    page.body["total"].as_u64().expect("a total")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_leaves_is_in_the_trail_under_the_name_of_who_took_it() {
    let options = Options { args: vec!["--behind-proxy".to_owned()], ..Options::default() };
    let docket = Docket::up_with(options).await;
    let opened = docket.client("customer", "carla").open("No toner").await;
    let agent = docket.client("support_agent", "amir");
    agent.get_at("/v1/tickets", opened.position()).await.expect(200);
    let request = agent
        .request(Method::GET, "/v1/tickets?q=toner")
        .header("accept", "text/csv")
        .header("x-forwarded-for", "203.0.113.9")
        .header("user-agent", "a spreadsheet")
        .header("x-request-id", "export-1");
    let file = agent.send(request).await.expect(200);
    assert!(file.body.as_str().expect("text").contains("No toner"));

    let auditor = docket.client("auditor", "ada");
    docket.settled().await;
    let trail = auditor.get("/v1/audit?type=exported").await.expect(200);
    let line = &trail.body["items"][0];
    assert_eq!(line["actor"], json!({"id": "amir", "kind": "agent", "name": null}));
    assert_eq!((&line["ip"], &line["user_agent"]), (&json!("203.0.113.9"), &json!("a spreadsheet")));
    assert_eq!((&line["request_id"], &line["ticket_id"]), (&json!("export-1"), &Value::Null));
    assert_eq!((&line["field"], &line["event_type"]), (&json!("tickets"), &json!("DataExported")));
    let told: Value = serde_json::from_str(line["new_value"].as_str().expect("text")).expect("JSON");
    let position: i64 = file.position();
    let parameters = json!([{"name": "q", "value": "toner"}]);
    assert_eq!(
        told,
        json!({"what": "tickets", "form": "csv", "parameters": parameters, "position": position})
    );

    // The trail itself was taken: that is in the trail, too, and no customer's business.
    let request = auditor.request(Method::GET, "/v1/audit").header("accept", "application/x-ndjson");
    auditor.send(request).await.expect(200);
    docket.settled().await;
    let csv = auditor.request(Method::GET, "/v1/audit?type=exported").header("accept", "text/csv");
    let lines = auditor.send(csv).await.expect(200);
    assert_eq!(lines.body.as_str().expect("text").lines().count(), 3, "{:#}", lines.body);
    let feed = docket.client("customer", "carla").get("/v1/events").await.expect(200);
    assert!(!feed.body.to_string().contains("DataExported"), "{:#}", feed.body);
    let feed = auditor.get("/v1/events?type=DataExported").await.expect(200);
    assert_eq!(feed.body["items"].as_array().expect("items").len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn analysts_read_exported_folders_with_their_own_tools() {
    let docket = desk().await;
    let agent = docket.client("support_agent", "amir");
    let new = json!({
        "subject": "=Grüße 😀", "description": "No toner.", "tags": ["printer", "vip"],
        "custom_fields": {"room": "2.14"},
    });
    let opened = agent.post("/v1/tickets", new).await.expect(201);
    let number = opened.text("number");
    docket.settled().await;

    let out = tempfile::tempdir().expect("a folder");
    let to = out.path().to_str().expect("a path");
    for list in ["tickets", "events", "audit"] {
        docket.run_ok(&["export", list, "--out", to]);
    }
    let mut check = Command::new(python::with("requirements-exports.txt"))
        .arg("-I")
        .arg(here("python/check_exports.py"))
        .arg(out.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("Python runs");
    let sought = json!({"ticket": number}).to_string();
    check.stdin.take().expect("its input").write_all(sought.as_bytes()).expect("it reads it");
    let output = check.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read: Value = serde_json::from_slice(&output.stdout).expect("JSON");

    let total = |list: &str| -> u64 {
        let months = read["months"][list].as_object().expect("months");
        months.values().filter_map(Value::as_u64).sum()
    };
    let auditor = docket.client("auditor", "ada");
    assert_eq!(total("tickets"), count(&agent, "/v1/tickets?count=true").await);
    let tickets = &read["months"]["tickets"];
    assert_eq!((&tickets["2016-03"], &tickets["2016-05"]), (&json!(2), &json!(1)), "{read:#}");
    // Of the exports themselves, the first knew of none, the second of one, the third of two.
    docket.settled().await;
    assert_eq!(total("audit") + 1, count(&auditor, "/v1/audit?count=true").await);
    assert_eq!(read["exported"], 2);
    let feed = auditor.get("/v1/events?limit=200").await.expect(200);
    assert_eq!(total("events") as usize + 2, feed.body["items"].as_array().expect("items").len());
    assert_eq!(read["opened"], json!([number]));
    let ticket = agent.get(&format!("/v1/tickets/{number}")).await.expect(200);
    let created: chrono::DateTime<chrono::Utc> = ticket.text("created_at").parse().expect("a time");
    let told = json!([
        ticket.body["id"],
        "=Grüße 😀",
        ["printer", "vip"],
        ticket.body["priority_rank"],
        "2.14",
        created.timestamp_micros(),
        false,
        null,
    ]);
    assert_eq!(read["ticket"], told);
    let types = json!({
        "created_at": "TIMESTAMP WITH TIME ZONE", "tags": "VARCHAR[]", "priority_rank": "BIGINT",
        "spam": "BOOLEAN", "custom_fields": "VARCHAR", "subject": "VARCHAR",
    });
    assert_eq!(read["types"], types);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_there_whole_or_not_at_all_and_is_recorded_first() {
    let docket = desk().await;
    docket.settled().await;
    let out = tempfile::tempdir().expect("a folder");
    let to = out.path().to_str().expect("a path");
    let from_april = ["export", "events", "--format", "ndjson", "--out", to, "--from", "2016-04-01"];
    docket.run_ok(&[&from_april[..], &["--to", "2016-05-01"]].concat());
    let text =
        std::fs::read_to_string(out.path().join("events/month=2016-04/part-0.ndjson")).expect("the file");
    assert!(!out.path().join("events/month=2016-03").exists());
    let agent = docket.client("platform_admin", "ada");
    let feed = agent.get("/v1/events?limit=200").await.expect(200);
    let april = |event: &&Value| event["time"].as_str().is_some_and(|time| time.starts_with("2016-04"));
    let events: Vec<_> =
        feed.body["items"].as_array().expect("items").iter().filter(april).cloned().collect();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines, events);

    docket.run_ok(&["export", "tickets", "--format", "csv", "--out", to, "--to", "2016-04-01"]);
    let text =
        std::fs::read_to_string(out.path().join("tickets/month=2016-03/part-0.csv")).expect("the file");
    let numbers: Vec<_> = text.lines().map(|line| line.split(',').nth(1)).collect();
    assert_eq!(numbers, [Some("number"), Some("INC1"), Some("INC3")]);

    // What is there is left alone, and what isn't done leaves no record.
    let again = docket.run(&["export", "tickets", "--out", to]);
    assert_eq!(again.status.code(), Some(1));
    let said = String::from_utf8_lossy(&again.stderr);
    assert!(said.contains("is there already") && said.lines().count() == 1, "{said}");
    assert_eq!(docket.run(&["export", "tickets"]).status.code(), Some(2));
    assert_eq!(docket.run(&["export", "secrets", "--out", to]).status.code(), Some(2));
    let nowhere = docket.run(&["export", "audit", "--out", to, "--tenant", "nowhere"]);
    assert_eq!(nowhere.status.code(), Some(1));
    let unwritable = docket.run(&["export", "audit", "--out", "/proc/nowhere"]);
    assert_eq!(unwritable.status.code(), Some(1));
    docket.settled().await;
    let trail = agent.get("/v1/audit?type=exported").await.expect(200);
    let what: Vec<_> =
        trail.body["items"].as_array().expect("items").iter().map(|line| &line["field"]).collect();
    // The last one was recorded, and then had no place to go to.
    assert_eq!(what, ["audit", "tickets", "events"]);
    assert_eq!(trail.body["items"][1]["actor"]["kind"], "system");
    let told = trail.body["items"][1]["new_value"].as_str().expect("text");
    assert!(told.contains("\"form\":\"csv\"") && told.contains("2016-04-01"), "{told}");
    let left: Vec<_> = std::fs::read_dir(out.path()).expect("the folder").collect();
    assert_eq!(left.len(), 2, "{left:?}");
}
