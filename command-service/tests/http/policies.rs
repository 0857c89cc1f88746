//! Policies and what is configured as a whole, over HTTP.

use domain::ids::TenantId;
use domain::sla::Sla;
use reqwest::Method;
use serde_json::{Value, json};

use super::harness::App;

const EVENTS: &str = "SELECT count(*) FROM events WHERE aggregate_type = 'sla'";

fn vip() -> Value {
    json!({"key": "vip", "name": "VIP", "when": {"tag": ["vip"]}, "first_response": 5, "resolution": 60})
}

/// The keys of a tenant's policies in their order.
async fn order(app: &App, tenant: &str) -> Vec<String> {
    let tenant = TenantId::of_key(tenant);
    let sla = app.service.log().load::<Sla>(tenant, &tenant.to_string()).await.unwrap().aggregate;
    sla.configuration.policies.iter().map(|policy| policy.key.clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policys_life() {
    let app = App::start().await;
    app.tenant("other", "platform").await;
    let manager = app.manager();
    // What tenants start with is version 0: no event says it.
    let added = manager.post_with("/v1/sla/policies", vip(), ("if-match", "\"0\"")).await.expect(201);
    assert_eq!((added.body["id"].as_str(), added.version()), (Some("vip"), 1));
    assert_eq!(added.header("etag"), "\"1\"");
    assert_eq!(added.header("location"), "/v1/sla/policies/vip");
    assert_eq!(added.header("docket-position"), added.body["position"].to_string());
    assert_eq!(order(&app, "desk").await, ["vip", "critical", "high", "medium", "low"]);

    let path = "/v1/sla/policies/vip";
    let changed = manager.patch(path, json!({"first_response": 10, "resolution": null})).await.expect(200);
    assert_eq!((changed.version(), changed.header("etag")), (2, "\"2\""));
    let merge_patch =
        manager.request(Method::PATCH, path).header("content-type", "application/merge-patch+json");
    let moved = manager.send(merge_patch.body(r#"{"place": 3}"#)).await.expect(200);
    assert_eq!(moved.version(), 3);
    assert_eq!(order(&app, "desk").await, ["critical", "high", "vip", "medium", "low"]);
    // What is so already is nothing to do.
    assert_eq!(manager.patch(path, json!({"place": 3, "name": "VIP"})).await.expect(200).version(), 3);

    assert_eq!(manager.delete(path).await.expect(200).body["id"], "vip");
    assert_eq!(order(&app, "desk").await, ["critical", "high", "medium", "low"]);
    manager.delete(path).await.problem(404, "not_found");
    manager.patch(path, json!({})).await.problem(404, "not_found");
    assert_eq!(app.count(EVENTS).await, 4);
    // Nobody else's is touched.
    assert_eq!(order(&app, "other").await, ["critical", "high", "medium", "low"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_has_the_first_effect_and_answer() {
    let app = App::start().await;
    let manager = app.manager();
    let key = ("idempotency-key", "add-vip");
    let first = manager.post_with("/v1/sla/policies", vip(), key).await.expect(201);
    manager.patch("/v1/sla", json!({"auto_close_days": 7})).await.expect(200);
    // Decided now it would be refused: it is there.
    manager.post("/v1/sla/policies", vip()).await.problem(409, "exists");
    let again = manager.post_with("/v1/sla/policies", vip(), key).await.expect(201);
    assert_eq!((again.header("idempotency-replayed"), &again.body), ("true", &first.body));
    assert_eq!(again.header("location"), "/v1/sla/policies/vip");
    let mut other = vip();
    other["resolution"] = json!(90);
    manager.post_with("/v1/sla/policies", other, key).await.problem(422, "idempotency_key_reused");
    assert_eq!(app.count(EVENTS).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn if_match_lets_one_of_many_through_and_without_it_all_are_decided_again() {
    let app = App::start().await;
    let manager = app.manager();
    let mut tasks = tokio::task::JoinSet::new();
    for days in 1..=6 {
        let manager = manager.clone();
        tasks.spawn(async move {
            let request = manager.request(Method::PATCH, "/v1/sla").json(&json!({"auto_close_days": days}));
            manager.send(request.header("if-match", "\"0\"")).await
        });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    for answer in answers.into_iter().filter(|answer| answer.status != 200) {
        assert_eq!(answer.problem(412, "version_mismatch").body["version"], 1);
    }
    let elsewhere = app.beside(app.token("desk", "support_manager", "mona")).await;
    let mut tasks = tokio::task::JoinSet::new();
    for index in 0..8 {
        let client = if index % 2 == 0 { manager.clone() } else { elsewhere.clone() };
        tasks.spawn(async move {
            let policy = json!({"key": format!("p{index}"), "name": "P", "resolution": 60,
                "when": {"tag": [format!("t{index}")]}});
            client.post("/v1/sla/policies", policy).await.expect(201)
        });
    }
    tasks.join_all().await;
    assert_eq!(app.count(EVENTS).await, 9);
}

/// Two processes on one log: what one remembers may be behind, and is no ground to refuse.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_refused_on_old_state() {
    let app = App::start().await;
    let here = app.manager();
    let there = app.beside(app.token("desk", "support_manager", "mona")).await;
    for round in 0..3 {
        here.post("/v1/sla/policies", vip()).await.expect(201);
        there.patch("/v1/sla/policies/vip", json!({"name": format!("VIP {round}")})).await.expect(200);
        there.delete("/v1/sla/policies/vip").await.expect(200);
    }
    let version = app.count(EVENTS).await;
    let patch = here.request(Method::PATCH, "/v1/sla").json(&json!({"auto_close_days": 3}));
    here.send(patch.header("if-match", format!("\"{version}\""))).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_is_named_and_nothing_is_taken() {
    let app = App::start().await;
    let manager = app.manager();
    let bad = json!({
        "key": "bad", "name": "", "when": {"priority_rank": [1]}, "calendar": "moon", "first_response": 0,
        "resolution": 6_000_000, "warning": {"percent": 100},
        "escalation": [{"after": {"breach": "first_response"}, "to": {"role": " "}}],
    });
    let refused = manager.post("/v1/sla/policies", bad).await.problem(422, "validation_failed");
    assert_eq!(
        refused.errors(),
        [
            ("/name", "invalid"),
            ("/calendar", "unknown_value"),
            ("/first_response", "out_of_range"),
            ("/resolution", "out_of_range"),
            ("/warning", "invalid"),
            ("/escalation/0/to", "required"),
            ("/when", "matches_alike"),
        ]
    );
    let patch = json!({
        "auto_close_days": 0,
        "calendars": {"void": {"name": "Void", "time_zone": "Europe/Atlantis", "weekly": {}}},
        "policies": [{"key": "a", "name": "A", "resolution": -1}],
    });
    let refused = manager.patch("/v1/sla", patch).await.problem(422, "validation_failed");
    assert_eq!(
        refused.errors(),
        [
            ("/auto_close_days", "invalid"),
            ("/calendars/void/time_zone", "unknown_value"),
            ("/calendars/void/weekly", "no_working_time"),
            ("/policies/0/resolution", "out_of_range"),
        ]
    );
    for (body, code, error) in [
        (json!({"colour": 1}), "unknown_field", ("/colour", "unknown_field")),
        (json!({"key": "other"}), "validation_failed", ("/key", "immutable")),
        (json!({"place": 0}), "validation_failed", ("/place", "wrong_type")),
        (json!({"name": null}), "validation_failed", ("/name", "required")),
        (json!([]), "validation_failed", ("", "wrong_type")),
    ] {
        let refused = manager.patch("/v1/sla/policies/critical", body).await.problem(422, code);
        assert_eq!(refused.errors(), [error], "{:#}", refused.body);
    }
    let delete = manager.request(Method::DELETE, "/v1/sla/policies/critical").json(&json!({"colour": 1}));
    manager.send(delete).await.problem(422, "unknown_field");
    let delete = manager.request(Method::DELETE, "/v1/sla/policies/nobody");
    let delete = delete.header("content-type", "application/json");
    manager.send(delete).await.problem(404, "not_found");
    assert_eq!(app.count(EVENTS).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_changes_at_once() {
    let app = App::start().await;
    let manager = app.manager();
    let patch = json!({
        "auto_close_days": 7,
        "calendars": {"office": null, "sunday": {"name": "Sundays", "time_zone": "Europe/Berlin",
            "weekly": {"sunday": [{"from": "00:00", "to": "24:00"}]}}},
        "policies": [{"key": "all", "name": "All", "resolution": 600, "calendar": "sunday"}],
    });
    let changed = manager.patch("/v1/sla", patch.clone()).await.expect(200);
    assert_eq!(changed.body["id"], "sla");
    assert_eq!(changed.version(), app.count(EVENTS).await);
    assert_eq!(order(&app, "desk").await, ["all"]);
    assert_eq!(manager.patch("/v1/sla", patch).await.expect(200).version(), changed.version());
    // All of one command are at its position or before, and know who did it.
    let actors = "SELECT count(DISTINCT command_id) FROM events WHERE aggregate_type = 'sla' \
        AND metadata->'actor'->>'id' = 'mona'";
    assert_eq!(app.count(actors).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_manage_service_levels_change_them_and_nobody_else() {
    let app = App::start().await;
    for role in ["customer", "support_agent", "support_lead", "auditor", "analyst"] {
        let refused = app.client(role, "rita").post("/v1/sla/policies", vip()).await;
        refused.problem(403, "forbidden");
    }
    app.anybody(Some(app.token("nowhere", "support_manager", "nemo")))
        .post("/v1/sla/policies", vip())
        .await
        .problem(403, "unknown_tenant");
    assert_eq!(app.count(EVENTS).await, 0);
    app.manager().post("/v1/sla/policies", vip()).await.expect(201);
}
