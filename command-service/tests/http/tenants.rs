//! Tenants over HTTP.

use domain::ids::TenantId;
use serde_json::json;

use super::harness::App;

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_is_created_once() {
    let app = App::start().await;
    let root = app.client("platform_admin", "root");
    let new = json!({"key": "events-desk", "profile": "events"});
    let created = root.post("/v1/tenants", new.clone()).await.expect(201);
    assert_eq!(created.body["id"], TenantId::of_key("events-desk").to_string());
    assert_eq!(created.header("etag"), "\"1\"");
    let again = root.post("/v1/tenants", new).await.expect(200);
    assert_eq!(again.body["id"], created.body["id"]);
    let other = json!({"key": "events-desk", "profile": "saas"});
    root.post("/v1/tenants", other).await.problem(409, "tenant_exists");

    let customer = app.anybody(Some(app.token("events-desk", "customer", "eva")));
    let opened = customer.post("/v1/tickets", json!({"subject": "x", "description": "y"})).await.expect(201);
    assert!(opened.body["number"].as_str().unwrap().ends_with("-00001"), "{:#}", opened.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_named() {
    let app = App::start().await;
    let root = app.client("platform_admin", "root");
    for (body, error) in [
        (json!({"key": "A b"}), ("/key", "invalid")),
        (json!({"key": "a", "profile": "golf"}), ("/profile", "unknown_value")),
        (json!({"key": "a", "parent": TenantId::of_key("nowhere")}), ("/parent", "unknown_value")),
        (json!({"key": "a", "colour": 1}), ("/colour", "unknown_field")),
    ] {
        let refused = root.post("/v1/tenants", body).await.expect(422);
        assert_eq!(refused.errors(), [error]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_has_the_parent_that_is_named() {
    let app = App::start().await;
    let desk = TenantId::of_key("desk");
    let new = json!({"key": "client-1", "profile": "msp", "parent": desk});
    app.client("platform_admin", "root").post("/v1/tenants", new.clone()).await.expect(201);
    let parent: String = sqlx::query_scalar(
        "SELECT payload->>'parent' FROM events WHERE aggregate_type = 'tenant' AND payload->>'key' = 'client-1'",
    )
    .fetch_one(&app.owner)
    .await
    .unwrap();
    assert_eq!(parent, desk.to_string());
    app.client("support_admin", "ada").post("/v1/tenants", new).await.problem(403, "forbidden");
}
