//! Query strings that are made to cost more than their length, in every parameter of every query.
//!
//! The queries and their parameters are those of the OpenAPI document, so the next one is tried without
//! anybody remembering to.

use domain::identity::Operation;
use serde_json::Value;

use crate::app::App;
use crate::ticket::Ticket;

/// As long as an address can be: what is read ahead of a connection.
const LONGEST: usize = 60_000;

/// Makes a query of a parameter's name.
type Query = fn(&str) -> String;

/// What a parameter's value may be, already in an address's form.
const VALUES: &[(&str, Query)] = &[
    ("long", |name| format!("{name}={}", "x".repeat(LONGEST))),
    ("commas", |name| format!("{name}={}", ",".repeat(LONGEST))),
    ("many by commas", |name| {
        format!("{name}={}", (0..LONGEST / 6).map(|n| format!("v{n}")).collect::<Vec<_>>().join(","))
    }),
    ("repeated", |name| format!("{name}=x&").repeat(LONGEST / (name.len() + 3))),
    ("repeated as often as may be", |name| {
        (0..900).map(|n| format!("{name}={n}&")).collect::<Vec<_>>().concat()
    }),
    ("encoded", |name| format!("{name}={}", "%F0%9F%91%A9".repeat(LONGEST / 12))),
    ("invisible", |name| format!("{name}={}", "%E2%80%8B".repeat(LONGEST / 9))),
    ("digits", |name| format!("{name}={}", "9".repeat(LONGEST))),
    ("dashes", |name| format!("{name}={}", "2026-".repeat(LONGEST / 5))),
    ("signs", |name| format!("{name}={}", "-".repeat(LONGEST))),
    ("quotes", |name| format!("{name}={}", "%22".repeat(LONGEST / 3))),
    ("words", |name| format!("{name}={}", "a+or+".repeat(LONGEST / 5))),
    ("broken", |name| format!("{name}={}", "%".repeat(LONGEST))),
    ("names", |name| {
        (0..LONGEST / (name.len() + 7)).map(|n| format!("{name}{n}&")).collect::<Vec<_>>().concat()
    }),
];

#[tokio::test(flavor = "multi_thread")]
async fn no_parameter_of_any_query_costs_more_than_its_length() {
    let app = App::start().await;
    let ticket = Ticket::open(&app, "TKT-1", "carla").await;
    let document = serde_json::to_value(query_api::openapi()).unwrap();
    let lead = app.as_user("lena", "tenant_admin");
    let mut tried = 0;
    for (_, path, operation) in query_api::routes() {
        if matches!(operation, Operation::OpenSocket | Operation::StreamEvents | Operation::FollowDashboard) {
            continue;
        }
        let documented = document["paths"][path]["get"]["parameters"].as_array().cloned().unwrap_or_default();
        let mut names: Vec<String> = documented
            .iter()
            .filter(|parameter| parameter["in"] == "query")
            .filter_map(|parameter| parameter["name"].as_str().map(str::to_owned))
            .collect();
        names.push("unknown".to_owned());
        let key = if path.contains("calendars") { "office" } else { "critical" };
        let home =
            path.replace("{id}", &ticket.id.to_string()).replace("{key}", key).replace("{tenant}", "self");
        for name in names {
            for (what, make) in VALUES {
                let query = make(&name);
                let length = query.len();
                for accept in ["application/json", "text/csv"] {
                    let answer = lead.get_with(&format!("{home}?{query}"), &[("accept", accept)]).await;
                    assert!(answer.status.as_u16() < 500, "{operation:?} {name}, {what}: {}", answer.status);
                    let said = if answer.body == Value::Null { 0 } else { answer.body.to_string().len() };
                    assert!(said < 100_000 + 4 * length, "{operation:?} {name}, {what}: {said} bytes");
                }
                tried += 1;
            }
        }
    }
    assert!(tried > 1_000, "{tried} are fewer than there are");
    app.stop().await;
}
