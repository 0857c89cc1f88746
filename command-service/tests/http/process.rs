//! The service as a process of its own, with the relay: started by settings, ended by a signal.

use std::process::Stdio;
use std::time::Duration;

use domain::time::Ids;
use serde_json::json;
use service_kit::clock::RandomIds;
use service_kit::wait;
use tokio::process::{Child, Command};

use super::harness::App;

fn nats_url() -> String {
    std::env::var("DOCKET_TEST_NATS_URL")
        .expect("DOCKET_TEST_NATS_URL is not set: run the tests by `make test`")
}

/// A port that nobody has at the moment.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn start(app: &App, cell: &str, port: u16) -> Child {
    Command::new(env!("CARGO_BIN_EXE_command-service"))
        .env("DOCKET_DATABASE_URL", app.database_url())
        .env("DOCKET_NATS_URL", nats_url())
        .env("DOCKET_LISTEN", format!("127.0.0.1:{port}"))
        .env("DOCKET_CELL", cell)
        .env("DOCKET_JWT_ISSUER", service_kit::auth::DEV_ISSUER)
        .env("DOCKET_JWT_KEYS", app.jwks_path())
        .env("DOCKET_CONFIG", "/nowhere/docket.toml")
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_takes_commands_relays_their_events_and_ends_in_order() {
    let app = App::start().await;
    let cell = format!("c{}", RandomIds.next().simple());
    let port = free_port();
    let process = start(&app, &cell, port);
    let token = app.token("desk", "customer", "carla");
    let client = app.elsewhere(format!("http://127.0.0.1:{port}"), token);
    let ready = wait::until(Duration::from_secs(60), Duration::from_millis(50), || async {
        let request = client.request(reqwest::Method::GET, "/readyz").send().await;
        request.is_ok_and(|answer| answer.status() == 200).then_some(())
    });
    ready.await.expect("it gets ready");
    let opened = client.post("/v1/tickets", json!({"subject": "x", "description": "y"})).await.expect(201);
    let position = opened.body["position"].as_u64().unwrap();

    let nats = async_nats::connect(nats_url()).await.unwrap();
    let jetstream = async_nats::jetstream::new(nats);
    let stream = format!("DOCKET_{}", cell.to_uppercase());
    let relayed = wait::until(Duration::from_secs(60), Duration::from_millis(50), || async {
        let mut stream = jetstream.get_stream(&stream).await.ok()?;
        let messages = stream.info().await.ok()?.state.messages;
        (messages == position).then_some(())
    });
    relayed.await.expect("every event is relayed");
    jetstream.delete_stream(&stream).await.unwrap();

    let pid = process.id().expect("it runs").to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let ended = tokio::time::timeout(Duration::from_secs(60), process.wait_with_output()).await;
    let output = ended.expect("it ends").unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{log}");
    // One line per request, in JSON, with its ids and without who it was.
    let line = log.lines().find(|line| line.contains("/v1/tickets")).expect("a line about the request");
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!(line["status"], 201, "{line}");
    assert_eq!(line["span"]["request_id"], opened.header("x-request-id"), "{line}");
    assert!(!log.contains("carla"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setting_that_is_missing_is_named() {
    let output = Command::new(env!("CARGO_BIN_EXE_command-service"))
        .env_clear()
        .env("DOCKET_CONFIG", "/nowhere/docket.toml")
        .output()
        .await
        .unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8(output.stderr).unwrap().contains("database_url"));
}
