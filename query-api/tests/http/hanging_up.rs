//! Callers who are gone before they have their answer.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use service_kit::wait;

use crate::app::App;
use crate::ticket::Ticket;

/// Gives a future up when it waits for the so manieth time; whether it had come to its end before.
async fn given_up<F: Future>(future: F, at: usize) -> bool {
    let mut future = pin!(future);
    let mut waits = 0;
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(_) => Poll::Ready(true),
        Poll::Pending => {
            waits += 1;
            if waits == at { Poll::Ready(false) } else { Poll::Pending }
        }
    })
    .await
}

/// A transaction that is left open on a connection would be the next caller's: they would see the past.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_hangs_up_leaves_no_transaction_behind() {
    let app = App::start().await;
    let ticket = Ticket::open(&app, "TKT-1", "carla").await;
    let agent = app.agent();
    agent.get_at(&ticket.path(), ticket.position).await.ok();
    let open = "SELECT count(*) FROM pg_stat_activity \
                WHERE datname = current_database() AND usename = 'docket_query_test' AND state LIKE 'idle in%'";
    for path in ["/v1/tickets", &ticket.path(), &format!("{}/history", ticket.path())] {
        let mut ended = false;
        for at in 1.. {
            ended = given_up(agent.get(path), at).await;
            let closed = wait::until(Duration::from_secs(10), Duration::from_millis(2), || async {
                let left: i64 = sqlx::query_scalar(open).fetch_one(&app.owner).await.unwrap();
                (left == 0).then_some(())
            });
            closed
                .await
                .unwrap_or_else(|_| panic!("{path}, given up at its wait {at}: a transaction is open"));
            if ended {
                break;
            }
        }
        assert!(ended, "{path}");
    }
    app.stop().await;
}
