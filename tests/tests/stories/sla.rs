//! The clocks of a real year, held against a reckoning of its own from the file's rows.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use chrono::{DateTime, NaiveDateTime, Utc};
use docket_tests::Docket;
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

/// After the last event of the file.
const END: &str = "2017-03-01T00:00:00Z";

/// What is said of one clock: minutes promised, minutes used, and when it was overdue, if it was.
type Said = (i64, i64, Option<DateTime<Utc>>);

#[tokio::test(flavor = "multi_thread")]
async fn a_tickets_clocks_tell_which_events_made_them() {
    let docket = Docket::up().await;
    let (customer, agent) = (docket.client("customer", "nadia"), docket.client("support_agent", "jonas"));
    let opened = customer.open("No toner").await.expect(201);
    let path = format!("/v1/tickets/{}", opened.text("id"));
    let replied = agent
        .post(&format!("{path}/reply"), json!({"body": "Which floor?", "status": "waiting_customer"}))
        .await
        .expect(200);
    let resolved = agent.post(&format!("{path}/resolve"), json!({})).await.expect(200);
    let sla = agent.get(&format!("{path}/sla")).await.expect(200).body;
    let clocks = sla["clocks"].as_array().expect("clocks");
    assert_eq!(clocks.len(), 2);
    let (response, resolution) = (&clocks[0], &clocks[1]);
    assert_eq!(response["metric"], "first_response");
    assert_eq!((&response["state"], &resolution["state"]), (&json!("met"), &json!("met")));
    assert_eq!(response["target_seconds"], 240 * 60);
    let trace = |clock: &Value| -> Vec<(String, i64)> {
        let steps = clock["trace"].as_array().expect("a trace").iter();
        let step = |step: &Value| (step["change"].as_str().map(str::to_owned), step["position"].as_i64());
        steps.map(step).map(|(change, at)| (change.expect("text"), at.expect("a position"))).collect()
    };
    let (open, reply, resolve) = (opened.position(), replied.position(), resolved.position());
    // The reply is the event before the status that came with it.
    assert_eq!(trace(response), [("started".into(), open), ("stopped".into(), reply - 1)]);
    assert_eq!(
        trace(resolution),
        [("started".into(), open), ("paused".into(), reply), ("stopped".into(), resolve)]
    );
    customer.get(&format!("{path}/sla")).await.expect(403);
    agent.get("/v1/tickets/0198c0de-0000-7000-8000-000000000000/sla").await.expect_problem(404, "not_found");
}

/// Every clock of the imported tickets says what the file's rows say.
pub(crate) async fn clocks_agree_with_the_file(docket: &Docket, tenant: &str, file: &Path) {
    let arguments = ["sla", "backtest", "--tenant", tenant, "--to", END, "--json", "--clocks"];
    let report: Value = serde_json::from_str(&docket.run_ok(&arguments)).expect("JSON");
    let told = told(&report["draft"]["clocks"]);
    let expected = reckoned(docket, file).await;
    assert_eq!(told.len(), 2 * 24_918);
    let different: Vec<_> = expected.iter().filter(|(clock, said)| told.get(*clock) != Some(said)).collect();
    let first = different.first().map(|(clock, said)| (clock, said, told.get(*clock)));
    assert!(different.is_empty() && told.len() == expected.len(), "{} differ: {first:?}", different.len());
    // What was missed is missed, and the rest is met: all were resolved in the end.
    let outcomes = &report["draft"]["outcomes"]["resolution"];
    let missed =
        expected.iter().filter(|((_, metric), said)| metric == "resolution" && said.2.is_some()).count();
    assert_eq!(outcomes["missed"], missed);
    assert_eq!(outcomes["met"], 24_918 - missed);
}

fn told(clocks: &Value) -> BTreeMap<(String, String), Said> {
    let targets = BTreeMap::from([
        (("first_response", "critical"), 15),
        (("first_response", "high"), 60),
        (("first_response", "medium"), 240),
        (("first_response", "low"), 1440),
        (("resolution", "critical"), 120),
        (("resolution", "high"), 480),
        (("resolution", "medium"), 1440),
        (("resolution", "low"), 4320),
    ]);
    let clocks = clocks.as_array().expect("clocks").iter().map(|clock| {
        let text = |name: &str| clock[name].as_str().expect("text");
        let overdue = clock["overdue"].as_bool().expect("whether it is overdue");
        let due = overdue.then(|| text("due_at").parse().expect("a time"));
        let used = clock["used_seconds"].as_i64().expect("seconds");
        assert_eq!(used % 60, 0, "whole minutes");
        let target = targets[&(text("metric"), text("policy"))];
        ((text("number").to_owned(), text("metric").to_owned()), (target, used / 60, due))
    });
    clocks.collect()
}

async fn reckoned(docket: &Docket, file: &Path) -> BTreeMap<(String, String), Said> {
    let url = docket.status()["postgres"]["url"].as_str().expect("a url").to_owned();
    let mut db = PgConnection::connect(&url).await.expect("a connection");
    sqlx::query(
        "CREATE TEMP TABLE incident_rows (number text, row int, state text, priority text, opened timestamp, \
         updated timestamp, PRIMARY KEY (number, row))",
    )
    .execute(&mut db)
    .await
    .expect("a table");
    load(&mut db, file).await;
    let end: DateTime<Utc> = END.parse().expect("a time");
    let rows: Vec<(String, String, i32, i64, Option<NaiveDateTime>)> =
        sqlx::query_as(include_str!("sla.sql"))
            .bind(end.naive_utc())
            .fetch_all(&mut db)
            .await
            .expect("the reckoning");
    rows.into_iter()
        .map(|(number, metric, target, used, due)| {
            ((number, metric), (i64::from(target), used, due.map(|due| due.and_utc())))
        })
        .collect()
}

async fn load(db: &mut PgConnection, file: &Path) {
    let mut bytes = Vec::new();
    GzDecoder::new(std::fs::File::open(file).expect("the file")).read_to_end(&mut bytes).expect("gzip");
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let header = reader.byte_headers().expect("a header").clone();
    let column = |name: &str| header.iter().position(|field| field == name.as_bytes()).expect("a column");
    let columns = ["number", "incident_state", "priority", "opened_at", "sys_updated_at"].map(column);
    let time = |text: &str| NaiveDateTime::parse_from_str(text, "%d/%m/%Y %H:%M").expect("a time");
    let (mut numbers, mut rows, mut states, mut priorities) = (vec![], vec![], vec![], vec![]);
    let (mut opened, mut updated) = (vec![], vec![]);
    let mut seen: BTreeMap<String, i32> = BTreeMap::new();
    for record in reader.byte_records() {
        let record = record.expect("a row");
        let [number, state, priority, opening, update] =
            columns.map(|column| String::from_utf8_lossy(&record[column]).into_owned());
        let row = seen.entry(number.clone()).and_modify(|row| *row += 1).or_insert(1);
        rows.push(*row);
        numbers.push(number);
        states.push(state);
        priorities.push(priority);
        opened.push(time(&opening));
        updated.push(time(&update));
    }
    sqlx::query("INSERT INTO incident_rows SELECT * FROM unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::timestamp[], $6::timestamp[])")
        .bind(numbers)
        .bind(rows)
        .bind(states)
        .bind(priorities)
        .bind(opened)
        .bind(updated)
        .execute(db)
        .await
        .expect("the rows");
}
