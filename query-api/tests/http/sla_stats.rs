//! How many promises were kept.

use domain::time::Ids as _;
use serde_json::{Value, json};
use service_kit::clock::RandomIds;

use crate::app::{App, tenant};
use crate::sla_rows::{Outcome, outcome, sum_up};

/// Promises of two agents, around the night in which clocks are put back in Berlin; one of another
/// tenant.
async fn promises(app: &App) {
    app.create_tenant("other").await;
    let amir = || Outcome { agent: Some("amir"), team: Some("first"), ..Outcome::default() };
    let olga = || Outcome { agent: Some("olga"), policy: "high", priority: "high", ..Outcome::default() };
    for one in [
        Outcome { decided_at: "2026-10-24T21:59:59Z", ..amir() },
        Outcome { decided_at: "2026-10-25T00:30:00Z", missed: true, ..amir() },
        Outcome { decided_at: "2026-10-25T01:30:00Z", metric: "first_response", ..amir() },
        Outcome { decided_at: "2026-10-25T23:00:00Z", organization: Some("acme"), ..olga() },
        Outcome { decided_at: "2026-11-01T08:00:00Z", metric: "next_reply", missed: true, ..olga() },
        Outcome { decided_at: "2026-11-01T08:00:00Z", metric: "next_reply", ..Outcome::default() },
        Outcome { tenant: "other", missed: true, ..Outcome::default() },
    ] {
        outcome(app, RandomIds.next(), &one).await;
    }
}

/// The groups of an answer: the key's values, how many were met, how many missed.
fn groups(answer: &Value) -> Vec<Value> {
    let names = answer["group_by"].as_array().unwrap();
    let group = |item: &Value| {
        let key: Vec<_> = names.iter().map(|name| item["key"][name.as_str().unwrap()].clone()).collect();
        json!([key, item["met"], item["missed"]])
    };
    answer["items"].as_array().unwrap().iter().map(group).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn promises_are_counted_by_what_one_wants_to_know() {
    let app = App::start().await;
    promises(&app).await;
    let lead = app.as_user("lea", "support_lead");
    let all = lead.get("/v1/stats/sla").await.ok();
    assert_eq!(all["total"], json!({"met": 4, "missed": 2, "compliance": 0.6667}));
    assert_eq!(
        (&all["from"], &all["to"], &all["group_by"]),
        (&Value::Null, &Value::Null, &json!(["metric"]))
    );
    assert_eq!(
        all["items"][2],
        json!({"key": {"metric": "resolution"}, "met": 2, "missed": 1, "compliance": 0.6667})
    );
    for (query, expected) in [
        ("group_by=policy", json!([[["high"], 1, 1], [["medium"], 3, 1]])),
        ("group_by=priority", json!([[["high"], 1, 1], [["medium"], 3, 1]])),
        ("group_by=agent", json!([[["amir"], 2, 1], [["olga"], 1, 1], [[null], 1, 0]])),
        ("group_by=team", json!([[["first"], 2, 1], [[null], 2, 1]])),
        ("group_by=organization", json!([[["acme"], 1, 0], [[null], 3, 2]])),
        (
            "group_by=metric,agent",
            json!([
                [["first_response", "amir"], 1, 0],
                [["next_reply", "olga"], 0, 1],
                [["next_reply", null], 1, 0],
                [["resolution", "amir"], 1, 1],
                [["resolution", "olga"], 1, 0],
            ]),
        ),
        ("group_by=month&agent=amir", json!([[["2026-10-01"], 2, 1]])),
        (
            "metric=resolution,next_reply&group_by=metric",
            json!([[["next_reply"], 1, 1], [["resolution"], 2, 1]]),
        ),
        ("policy=high&priority=high&group_by=policy", json!([[["high"], 1, 1]])),
        ("team=none&agent=olga&agent=none&group_by=team", json!([[[null], 2, 1]])),
        // The first moment belongs to the period, the last doesn't.
        ("from=2026-10-25T23:00:00Z&to=2026-11-01T08:00:00Z", json!([[["resolution"], 1, 0]])),
        ("from=2026-11-01T08:00:00Z&group_by=metric", json!([[["next_reply"], 1, 1]])),
        ("from=2030-01-01T00:00:00Z", json!([])),
    ] {
        let answer = lead.get(&format!("/v1/stats/sla?{query}")).await.ok();
        assert_eq!(json!(groups(&answer)), expected, "{query}");
    }
    let nothing = lead.get("/v1/stats/sla?from=2030-01-01T00:00:00Z").await.ok();
    assert_eq!(nothing["total"], json!({"met": 0, "missed": 0, "compliance": null}));
    assert_eq!(nothing["from"], "2030-01-01T00:00:00.000000Z");
    let amir = app.as_user("amir", "support_lead");
    assert_eq!(amir.get("/v1/stats/sla?agent=me").await.ok()["total"]["met"], 2);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn periods_begin_where_the_time_zone_says() {
    let app = App::start().await;
    promises(&app).await;
    let lead = app.as_user("lea", "support_lead");
    for (query, expected) in [
        ("group_by=day", json!([[["2026-10-24"], 1, 0], [["2026-10-25"], 2, 1], [["2026-11-01"], 1, 1]])),
        (
            "group_by=day&time_zone=Europe/Berlin",
            json!([
                [["2026-10-24"], 1, 0],
                [["2026-10-25"], 1, 1],
                [["2026-10-26"], 1, 0],
                [["2026-11-01"], 1, 1]
            ]),
        ),
        ("group_by=week&time_zone=Europe/Berlin", json!([[["2026-10-19"], 2, 1], [["2026-10-26"], 2, 1]])),
        ("group_by=month", json!([[["2026-10-01"], 3, 1], [["2026-11-01"], 1, 1]])),
        // Two o'clock comes twice; these are two hours all the same.
        (
            "group_by=hour&time_zone=Europe/Berlin&agent=amir",
            json!([
                [["2026-10-24T21:00:00.000000Z"], 1, 0],
                [["2026-10-25T00:00:00.000000Z"], 0, 1],
                [["2026-10-25T01:00:00.000000Z"], 1, 0],
            ]),
        ),
        (
            "group_by=hour&time_zone=Asia/Kolkata&agent=olga",
            json!([[["2026-10-25T22:30:00.000000Z"], 1, 0], [["2026-11-01T07:30:00.000000Z"], 0, 1]]),
        ),
    ] {
        let answer = lead.get(&format!("/v1/stats/sla?{query}")).await.ok();
        assert_eq!(json!(groups(&answer)), expected, "{query}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_counted_is_named() {
    let app = App::start().await;
    let lead = app.as_user("lea", "support_lead");
    for (query, code, parameter) in [
        ("group_by=colour", "invalid_parameter", "group_by"),
        ("group_by=policy,", "invalid_parameter", "group_by"),
        ("time_zone=Mars/Olympus", "invalid_parameter", "time_zone"),
        ("metric=speed", "invalid_parameter", "metric"),
        ("from=yesterday", "invalid_parameter", "from"),
        ("from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "invalid_parameter", "to"),
        ("tag=vip", "unknown_parameter", "tag"),
    ] {
        let refused = lead.get(&format!("/v1/stats/sla?{query}")).await.refused(400, code);
        assert_eq!(refused["parameter"], parameter, "{query}");
    }
    for stranger in [app.customer("carla"), app.as_user("cli", "client_admin"), app.agent()] {
        stranger.get("/v1/stats/sla").await.refused(403, "forbidden");
    }
    sqlx::query(
        "INSERT INTO sla_v2.outcomes (ticket_id, metric, instance, tenant_id, policy, priority, missed, decided_at) \
         SELECT gen_random_uuid(), 'resolution', 1, $1, 'policy-' || n, 'low', false, now() \
         FROM generate_series(1, 10001) AS n",
    )
    .bind(tenant().0)
    .execute(&app.owner)
    .await
    .unwrap();
    sum_up(&app).await;
    let refused = lead.get("/v1/stats/sla?group_by=policy").await.refused(400, "invalid_parameter");
    assert_eq!(refused["parameter"], "group_by");
    assert!(refused["detail"].as_str().unwrap().contains("10000"), "{refused:#}");
    assert_eq!(lead.get("/v1/stats/sla?group_by=metric").await.ok()["total"]["met"], 10001);
    app.stop().await;
}
