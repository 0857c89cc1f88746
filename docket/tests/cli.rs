//! The `docket` command as people and scripts use it.

#[path = "cli/running.rs"]
mod running;

use std::process::Command;

use running::{BINARY, Running, eventually};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn starts_serves_stops_and_keeps_what_it_had() {
    let mut docket = Running::up().await;
    let status = docket.status();
    assert!(status["url"].as_str().unwrap().starts_with("http://127.0.0.1:"));
    assert!(status["postgres"]["pid"].is_u64() && status["nats"]["pid"].is_u64(), "{status}");
    assert_eq!(status["parked"], 0);
    let names: Vec<_> = status["projections"].as_array().unwrap().iter().map(|each| &each["name"]).collect();
    assert!(!names.is_empty() && names.iter().all(|name| name.is_string()), "{status}");
    assert!(docket.printed().contains("#token="), "{}", docket.printed());

    let other = docket.fails(&["up", "--port", "0"]);
    assert!(other.contains("another `docket up` runs"), "{other}");

    let id = docket.prints(&["tenant", "create", "desk", "--profile", "saas"]);
    assert_eq!(id, docket.prints(&["tenant", "create", "desk", "--profile", "saas"]));
    let opened = docket.open("desk", "The lift stands still").await;
    assert_eq!(opened["version"], 1);
    let number = opened["number"].as_str().unwrap().to_owned();

    let replayed: Value =
        serde_json::from_str(&docket.prints(&["replay", &number, "--tenant", "desk"])).unwrap();
    assert_eq!(replayed["id"], opened["id"]);
    assert_eq!(replayed["events"][0]["type"], "TicketOpened");
    let before = docket.fails(&["replay", &number, "--tenant", "desk", "--as-of", "2001-01-01T00:00:00Z"]);
    assert!(before.contains("not opened yet"), "{before}");

    let head = docket.status()["log"]["head"].clone();
    assert!(docket.interrupt().await.success());
    let stopped = docket.fails(&["status"]);
    assert!(stopped.contains("docket up"), "{stopped}");

    docket.up_again().await;
    assert_eq!(docket.status()["log"]["head"], head);
    assert_eq!(docket.ticket("desk", &number).await["id"], opened["id"]);
    assert_eq!(docket.prints(&["parked", "list"]), "nothing is parked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_engine_is_started_again_and_work_goes_on() {
    let docket = Running::up().await;
    docket.open("default", "Before").await;
    for engine in ["nats", "postgres"] {
        let pid = docket.status()[engine]["pid"].clone();
        running::signal(pid.as_u64().unwrap(), "KILL");
        eventually(&format!("{engine} runs again"), || async {
            let status = docket.try_status()?;
            (status[engine]["pid"].is_u64() && status[engine]["pid"] != pid).then_some(())
        })
        .await;
        eventually("commands are taken again", || docket.try_open("default", "After")).await;
        assert!(docket.printed().contains("an engine ended by itself"), "{}", docket.printed());
    }
    eventually("read models and relay are at the head", || async { docket.is_settled().then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_by_force_it_starts_again_with_what_it_answered() {
    let mut docket = Running::up().await;
    let opened = docket.open("default", "Acknowledged").await;
    let number = opened["number"].as_str().unwrap().to_owned();
    docket.kill().await;
    docket.up_again().await;
    assert_eq!(docket.ticket("default", &number).await["id"], opened["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_made_while_nothing_runs_and_for_tenants_that_are_there_alone() {
    let mut docket = Running::up().await;
    let refused = docket.fails(&["token", "--tenant", "nowhere", "--role", "customer", "--sub", "a"]);
    assert!(refused.contains("docket tenant create nowhere"), "{refused}");
    let refused = docket.fails(&["token", "--tenant", "default", "--role", "king", "--sub", "a"]);
    assert!(refused.contains("support_agent"), "{refused}");
    assert!(docket.interrupt().await.success());
    let token = docket.prints(&["token", "--tenant", "default", "--role", "customer", "--sub", "a"]);
    assert_eq!(token.split('.').count(), 3, "{token}");
    let refused = docket.fails(&["token", "--tenant", "nowhere", "--role", "customer", "--sub", "a"]);
    assert!(refused.contains("docket tenant create nowhere"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn history_and_demo_come_in_once_however_often_they_are_told() {
    // What is overdue in the demo would be raised between two looks at the log's head.
    let docket = Running::up_with(&[("DOCKET_TIMERS", "off")]).await;
    let file = docket.dir().join("incidents.csv");
    std::fs::write(&file, include_str!("cli/incidents.csv")).unwrap();
    let import = ["import", "servicenow", file.to_str().unwrap()];
    let report = docket.prints(&import);
    assert!(report.contains("2 tickets added") && report.contains("from Closed to Active"), "{report}");
    let ticket = docket.ticket("default", "INC0000002").await;
    assert_eq!(ticket["status"], "closed", "{ticket}");
    assert_eq!(ticket["reopen_count"], 1, "{ticket}");
    docket.prints(&["demo", "--tickets", "40", "--seed", "7"]);
    let head = docket.status()["log"]["head"].clone();
    assert!(head.as_i64().unwrap() > 100, "{head}");

    let report = docket.prints(&import);
    assert!(report.contains("0 tickets added"), "{report}");
    docket.prints(&["demo", "--tickets", "40", "--seed", "7"]);
    assert_eq!(docket.status()["log"]["head"], head);

    // The file has grown, by an update of its last incident.
    let rows = include_str!("cli/incidents.csv");
    let last = rows.lines().last().unwrap();
    let more = last.replace(",Closed,", ",Active,").replace("8/3/2016", "9/3/2016");
    std::fs::write(&file, format!("{rows}{more}\n")).unwrap();
    let report = docket.prints(&import);
    assert!(report.contains("1 tickets added with 1 events, 1 were there"), "{report}");
    assert_eq!(docket.ticket("default", "INC0000002").await["reopen_count"], 2);
    let head = docket.status()["log"]["head"].clone();

    docket.prints(&["relay", "reset"]);
    eventually("the stream was built anew", || async {
        let status = docket.try_status()?;
        (status["relay"]["epoch"].as_i64()? > 1 && docket.is_settled()).then_some(())
    })
    .await;
    let rebuilt = docket.prints(&["rebuild", docket.status()["projections"][0]["name"].as_str().unwrap()]);
    assert!(rebuilt.contains(&format!("up to position {head}")), "{rebuilt}");
}

#[test]
fn wrong_usage_is_two_and_failure_is_one_line_and_one() {
    let dir = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| Command::new(BINARY).args(args).current_dir(dir.path()).output().unwrap();
    assert_eq!(run(&["fly"]).status.code(), Some(2));
    assert_eq!(run(&["token"]).status.code(), Some(2));
    let failed = run(&["status"]);
    assert_eq!(failed.status.code(), Some(1));
    assert_eq!(String::from_utf8(failed.stderr).unwrap().lines().count(), 1);
    assert!(failed.stdout.is_empty());

    std::fs::write(dir.path().join("docket.toml"), "prot = 80\n").unwrap();
    let failed = run(&["status"]);
    assert_eq!(failed.status.code(), Some(1));
    let line = String::from_utf8(failed.stderr).unwrap();
    assert!(line.contains("`prot`"), "{line}");
    assert_eq!(json!(line.lines().count()), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn history_goes_on_where_a_breach_was_raised_meanwhile() {
    let docket = Running::up().await;
    let file = docket.dir().join("incidents.csv");
    let rows: Vec<&str> = include_str!("cli/incidents.csv").lines().collect();
    let import = ["import", "servicenow", file.to_str().unwrap()];
    std::fs::write(&file, rows[..2].join("\n")).unwrap();
    docket.prints(&import);
    eventually("an open ticket of long ago is overdue", || async {
        let ticket = docket.ticket("default", "INC0000001").await;
        (ticket["sla"]["state"] == "resolution_breached").then_some(())
    })
    .await;
    std::fs::write(&file, rows[..4].join("\n")).unwrap();
    let report = docket.prints(&import);
    assert!(!report.contains("went on here"), "{report}");
    let ticket = eventually("its history goes on", || async {
        let ticket = docket.ticket("default", "INC0000001").await;
        (ticket["status"] == "closed").then_some(ticket)
    })
    .await;
    assert_eq!(ticket["sla"]["state"], "missed", "{ticket}");
}
