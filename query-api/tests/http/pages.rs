//! What is there without a token.

use serde_json::json;

use crate::app::{App, Caller};

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_there_and_keep_to_themselves() {
    let app = App::start().await;
    let anyone = Caller { app: &app, token: None };
    for path in query_api::public_paths() {
        let answer = anyone.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        let text = answer.body.to_string();
        assert!(!text.contains("http://") && !text.contains("cdn."), "{path} needs nothing from elsewhere");
        if ["/", "/docs"].contains(path) {
            let policy = answer.headers["content-security-policy"].to_str().unwrap();
            assert!(policy.starts_with("default-src 'none'; script-src 'self'"), "{policy}");
            assert!(
                !text.contains("<script>") && !text.contains("onclick") && !text.contains("style="),
                "{path}"
            );
        }
    }
    let document = anyone.get("/openapi.json").await.ok();
    let docs = anyone.get("/docs").await.body.to_string();
    for (_, path, operation) in query_api::routes() {
        assert_eq!(document["paths"][path]["get"]["operationId"], json!(operation.name()));
        assert!(docs.contains(&format!("id=\\\"{}\\\"", operation.name())), "{path} is on the page");
    }
    let events = anyone.get("/asyncapi.json").await.ok();
    assert_eq!(events, domain::stream::asyncapi::document());
    assert!(docs.contains("href=\\\"/asyncapi.json\\\""), "it is linked from the page");
    for one in anyone.get("/schemas").await.ok()["items"].as_array().unwrap() {
        let schema = anyone.get(one["href"].as_str().unwrap()).await;
        assert_eq!(schema.headers["content-type"], "application/schema+json");
        assert_eq!(schema.ok()["$id"], one["dataschema"]);
    }
    anyone.get("/schemas/TicketOpened/99").await.refused(404, "not_found");
    anyone.get("/schemas/TicketFlown/1").await.refused(404, "not_found");
    anyone.get("/nowhere").await.refused(404, "not_found");
    app.stop().await;
}
