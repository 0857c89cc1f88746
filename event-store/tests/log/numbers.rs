//! Numbers for people.

use std::collections::HashSet;

use futures::future::join_all;

use crate::cell::{Cell, tenant};

#[tokio::test(flavor = "multi_thread")]
async fn no_number_twice_with_two_processes() {
    let cell = Cell::new().await;
    let logs = [cell.log().await, cell.log().await];
    let asked = (0..64).map(|i| {
        let log = logs[i % 2].clone();
        tokio::spawn(async move {
            let mut numbers = Vec::new();
            for _ in 0..50 {
                numbers.push(log.next_number(tenant(), "").await.expect("a number"));
            }
            numbers
        })
    });
    let numbers: Vec<i64> =
        join_all(asked).await.into_iter().flat_map(|numbers| numbers.expect("a task")).collect();
    assert_eq!(numbers.iter().collect::<HashSet<_>>().len(), 64 * 50);
    assert!(numbers.iter().all(|number| *number > 0));
    // Little is lost to blocks that are begun.
    assert!(*numbers.iter().max().unwrap() < 64 * 50 + 4 * 64);
    cell.end().await;
}

#[tokio::test]
async fn each_tenant_and_period_counts_from_one() {
    let cell = Cell::new().await;
    let log = cell.log().await;
    assert_eq!(log.next_number(tenant(), "2026-01").await.unwrap(), 1);
    assert_eq!(log.next_number(tenant(), "2026-02").await.unwrap(), 1);
    assert_eq!(log.next_number(domain::ids::TenantId::of_key("other"), "2026-01").await.unwrap(), 1);
    assert_eq!(log.next_number(tenant(), "2026-01").await.unwrap(), 2);
    cell.end().await;
}
