//! As many requests as go, and how many that is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::load::Connection;

/// Runs one request after the other on each connection for `length`; gives answers per second.
/// `request` gives the request of a connection's nth turn.
pub(crate) async fn rate<F>(
    address: &str,
    connections: usize,
    length: Duration,
    expected: u16,
    request: F,
) -> f64
where
    F: Fn(usize, u64) -> Arc<[u8]> + Send + Sync + 'static,
{
    let (request, count) = (Arc::new(request), Arc::new(AtomicU64::new(0)));
    let start = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for each in 0..connections {
        let (request, count, address) = (request.clone(), count.clone(), address.to_owned());
        tasks.spawn(async move {
            let mut connection = Connection::open(&address).await;
            let mut turn = 0;
            while start.elapsed() < length {
                let reply = connection.send(&request(each, turn)).await;
                assert_eq!(reply.status, expected, "{}", String::from_utf8_lossy(reply.body));
                count.fetch_add(1, Ordering::Relaxed);
                turn += 1;
            }
        });
    }
    while let Some(task) = tasks.join_next().await {
        task.expect("a connection's task");
    }
    count.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64()
}
