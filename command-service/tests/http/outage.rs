//! Postgres away: an answer soon, and work again when it is back.

use std::time::{Duration, Instant};

use serde_json::json;
use service_kit::wait;

use super::harness::App;

/// The database refuses connections for a while, and those that there are are cut.
#[tokio::test(flavor = "multi_thread")]
async fn commands_are_503_while_the_log_is_away_and_go_on_by_themselves() {
    let app = App::start().await;
    let customer = app.customer();
    let open = json!({"subject": "x", "description": "y"});
    customer.post("/v1/tickets", open.clone()).await.expect(201);
    app.cut_off(true).await;
    let start = Instant::now();
    let refused = customer.post("/v1/tickets", open.clone()).await.expect(503);
    assert!(!refused.header("retry-after").is_empty());
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
    let ready = customer.send(customer.request(reqwest::Method::GET, "/readyz")).await;
    assert_eq!(ready.status, 503);
    app.cut_off(false).await;
    let opened = wait::until(Duration::from_secs(30), Duration::from_millis(50), || async {
        let answer = customer.post("/v1/tickets", open.clone()).await;
        (answer.status == 201).then_some(answer)
    });
    opened.await.expect("it goes on");
    let ready = wait::until(Duration::from_secs(30), Duration::from_millis(50), || async {
        let answer = customer.send(customer.request(reqwest::Method::GET, "/readyz")).await;
        (answer.status == 200).then_some(())
    });
    ready.await.expect("ready again");
}
