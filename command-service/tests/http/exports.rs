//! Exports are recorded by those who take them.

use serde_json::{Value, json};

use super::harness::App;

const EXPORT: &str = "/v1/exports";

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_recorded_once_with_who_and_what() {
    let app = App::start().await;
    let body = json!({
        "what": "tickets", "form": "ndjson", "position": 1,
        "parameters": [{"name": "q", "value": "Carla's printer"}],
    });
    let carla = app.customer();
    let recorded = carla.post_as_service(EXPORT, body.clone(), "k").await.expect(201);
    let id = recorded.body["id"].as_str().unwrap().to_owned();
    assert_eq!(recorded.header("location"), format!("{EXPORT}/{id}"));
    assert_eq!(recorded.version(), 1);
    let again = carla.post_as_service(EXPORT, body.clone(), "k").await.expect(201);
    assert_eq!((again.header("idempotency-replayed"), &again.body["id"]), ("true", &json!(id)));
    let (kind, payload, actor): (String, Value, String) = sqlx::query_as(
        "SELECT event_type, payload, metadata->'actor'->>'id' FROM events \
         WHERE aggregate_type = 'export' AND aggregate_id = $1",
    )
    .bind(&id)
    .fetch_one(&app.owner)
    .await
    .unwrap();
    assert_eq!((kind.as_str(), payload, actor.as_str()), ("DataExported", body, "carla"));
    // The same again is another export.
    let other = json!({"what": "queues", "form": "csv"});
    for key in ["a", "b"] {
        app.agent().post_as_service(EXPORT, other.clone(), key).await.expect(201);
    }
    assert_eq!(app.count("SELECT count(*) FROM events WHERE aggregate_type = 'export'").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_it_is_named() {
    let app = App::start().await;
    let good = json!({"what": "tickets", "form": "csv"});
    for (name, value, error) in [
        ("what", json!("All of it"), ("/what", "invalid")),
        ("what", json!(""), ("/what", "required")),
        ("position", json!(-1), ("/position", "out_of_range")),
        (
            "parameters",
            json!([{"name": "q", "value": "a\u{1}b"}]),
            ("/parameters/0/value", "invalid_character"),
        ),
        ("form", json!("xlsx"), ("/form", "unknown_value")),
        ("colour", json!("red"), ("/colour", "unknown_field")),
    ] {
        let mut body = good.clone();
        body[name] = value;
        let refused = app.agent().post_as_service(EXPORT, body, name).await.expect(422);
        assert_eq!(refused.errors(), [error]);
    }
    assert_eq!(app.count("SELECT count(*) FROM events WHERE aggregate_type = 'export'").await, 0);
}

/// Nobody writes into the audit trail what didn't happen, whatever their role.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_records_an_export_by_themselves() {
    let app = App::start().await;
    let body = json!({"what": "tickets", "form": "csv"});
    let (name, stolen) = super::harness::peer_key().sign(EXPORT, "another-request").unwrap();
    for role in domain::identity::Role::BUILT_IN {
        let somebody = app.client(role.name, "eve");
        somebody.post(EXPORT, body.clone()).await.problem(403, "forbidden");
        let header = (name.as_str(), stolen.to_str().unwrap());
        somebody.post_with(EXPORT, body.clone(), header).await.problem(403, "forbidden");
    }
    assert_eq!(app.count("SELECT count(*) FROM events WHERE aggregate_type = 'export'").await, 0);
}
