//! The whole process is killed while it works.

use std::sync::{Arc, Mutex};

use docket_tests::{Client, Docket, eventually};

use crate::log::{
    Acknowledged, assert_log_holds, assert_read_models_equal_the_log, assert_stream_equals_the_log,
};

/// Writers that go on until nothing answers; what they were told is kept.
pub(crate) fn load(
    client: &Client,
    writers: usize,
    acknowledged: &Arc<Mutex<Vec<Acknowledged>>>,
) -> tokio::task::JoinSet<()> {
    let mut tasks = tokio::task::JoinSet::new();
    for writer in 0..writers {
        let (client, acknowledged) = (client.clone(), acknowledged.clone());
        tasks.spawn(async move {
            for number in 0.. {
                let Ok(opened) = client.try_open("Under load", &format!("load-{writer}-{number}")).await
                else {
                    return;
                };
                if opened.status != 201 {
                    continue;
                }
                let opened = Acknowledged::of(&opened);
                let path = format!("/v1/tickets/{}/reply", opened.id);
                acknowledged.lock().expect("the list").push(opened);
                let reply = client
                    .request(reqwest::Method::POST, &path)
                    .json(&serde_json::json!({"body": "More of it."}));
                let Ok(replied) = client.try_send(reply).await else { return };
                if replied.status == 200 {
                    acknowledged.lock().expect("the list").push(Acknowledged::of(&replied));
                }
            }
        });
    }
    tasks
}

/// Waits until so many commands were acknowledged.
pub(crate) async fn acknowledged_at_least(list: &Arc<Mutex<Vec<Acknowledged>>>, count: usize) {
    eventually("commands are acknowledged", || {
        let enough = list.lock().expect("the list").len() >= count;
        async move { enough.then_some(()) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_mid_load_nothing_acknowledged_is_lost() {
    let mut docket = Docket::up().await;
    let acknowledged = Arc::default();
    for round in 1..=2 {
        let client = docket.client("customer", "carla");
        let mut tasks = load(&client, 16, &acknowledged);
        acknowledged_at_least(&acknowledged, 400 * round).await;
        docket.kill().await;
        while tasks.join_next().await.is_some() {}
        docket.up_again().await;
    }
    let acknowledged = acknowledged.lock().expect("the list").clone();
    assert_log_holds(&docket, &acknowledged).await;
    assert_read_models_equal_the_log(&docket).await;
    assert_stream_equals_the_log(&docket).await;
}
