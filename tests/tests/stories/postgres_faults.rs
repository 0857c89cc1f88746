//! Postgres goes away under load and comes back.

use std::process::Command;
use std::sync::Arc;

use docket_tests::{Docket, eventually, signal};

use crate::crash::{acknowledged_at_least, load};
use crate::log::{assert_log_holds, assert_read_models_equal_the_log};

#[tokio::test(flavor = "multi_thread")]
async fn an_immediate_stop_loses_nothing_and_service_resumes() {
    let docket = Docket::up().await;
    let client = docket.client("customer", "carla");
    let acknowledged = Arc::default();
    let mut tasks = load(&client, 16, &acknowledged);
    acknowledged_at_least(&acknowledged, 200).await;

    let before = docket.status()["postgres"]["pid"].as_u64().expect("a pid");
    // What `pg_ctl stop -m immediate` sends to the postmaster.
    signal(before as u32, "QUIT");
    eventually("a command is answered 503", || {
        let (client, docket) = (client.clone(), &docket);
        async move {
            let answer = client.try_open("Is anybody there?", "while-away").await.ok()?;
            if answer.status == 503 {
                assert!(!answer.header("retry-after").is_empty());
                answer.expect_problem(503, "unavailable");
                return Some(());
            }
            // It was back before we could see it gone; or it goes in this moment.
            let now = docket.status_if_running()?["postgres"]["pid"].as_u64();
            now.is_some_and(|now| now != before).then_some(())
        }
    })
    .await;
    let so_far = acknowledged.lock().expect("the list").len();
    acknowledged_at_least(&acknowledged, so_far + 200).await;
    tasks.shutdown().await;

    let acknowledged = acknowledged.lock().expect("the list").clone();
    assert_log_holds(&docket, &acknowledged).await;
    assert_read_models_equal_the_log(&docket).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_takes_no_change_even_from_its_owner() {
    let docket = Docket::up().await;
    docket.client("customer", "carla").open("For ever").await;
    let url = docket.status()["postgres"]["url"].as_str().expect("a url").to_owned();
    for statement in ["UPDATE events SET payload = '{}'", "DELETE FROM events", "TRUNCATE events"] {
        let output = Command::new("psql").args([&url, "-Xc", statement]).output().expect("psql runs");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(error.contains("only grows"), "{statement}: {error}");
    }
    let roles = ["docket_command", "docket_projection", "docket_query"];
    for role in roles {
        let statement = format!("SET ROLE {role}; DELETE FROM events");
        let output = Command::new("psql").args([&url, "-Xc", &statement]).output().expect("psql runs");
        assert!(String::from_utf8_lossy(&output.stderr).contains("permission denied"), "{role}");
    }
}
