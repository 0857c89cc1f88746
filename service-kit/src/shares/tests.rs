use futures::{FutureExt as _, poll};
use std::pin::pin;

use domain::ids::UserId;

use super::*;

const SOON: Duration = Duration::from_secs(60);

fn caller(user: &str, tenant: &str, role: &str) -> Principal {
    Principal::new(UserId::new(user).unwrap(), TenantId::of_key(tenant), vec![role.to_owned()])
}

fn agent(user: &str, tenant: &str) -> Principal {
    caller(user, tenant, "support_agent")
}

fn customer(user: &str, tenant: &str) -> Principal {
    caller(user, tenant, "customer")
}

fn bounds() -> Bounds {
    Bounds { in_all: 6, per_tenant: 4, customers: 2, per_user: 2, waiting: 3 }
}

#[track_caller]
fn is_empty(shares: &Shares) {
    let state = shares.state();
    assert!(state.held == 0 && state.waiting == 0 && state.tenants.is_empty(), "{state:?}");
}

#[test]
fn each_bound_holds_and_what_ends_makes_room() {
    let shares = Shares::new("test", bounds());
    let take = |who: &Principal| shares.try_acquire(who);
    let mut held = vec![take(&customer("c", "one")).unwrap(), take(&customer("c", "one")).unwrap()];
    assert_eq!(take(&customer("c", "one")).unwrap_err(), Crowded::User(2));
    // Customers never hold what support needs.
    assert_eq!(take(&customer("d", "one")).unwrap_err(), Crowded::Customers(2));
    held.extend([take(&agent("a", "one")).unwrap(), take(&agent("b", "one")).unwrap()]);
    assert_eq!(take(&agent("e", "one")).unwrap_err(), Crowded::Tenant(4));
    held.extend([take(&agent("a", "two")).unwrap(), take(&agent("b", "two")).unwrap()]);
    assert_eq!(take(&agent("a", "three")).unwrap_err(), Crowded::All);
    assert_eq!(shares.held(), 6);
    held.truncate(5);
    held.push(take(&agent("a", "three")).unwrap());
    drop(held);
    is_empty(&shares);
}

#[tokio::test]
async fn the_tenant_that_holds_the_fewest_is_served_first() {
    let shares = Shares::new("test", Bounds { in_all: 2, per_tenant: 2, per_user: 2, ..bounds() });
    let (loud, quiet) = (agent("loud", "one"), agent("quiet", "two"));
    let first = shares.try_acquire(&loud).unwrap();
    let second = shares.try_acquire(&loud).unwrap();
    let mut more = pin!(shares.acquire(&loud, SOON));
    assert!(poll!(&mut more).is_pending());
    assert!(!first.is_wanted(), "by nobody else");
    let mut one = pin!(shares.acquire(&quiet, SOON));
    assert!(poll!(&mut one).is_pending());
    assert!(first.is_wanted());
    drop(first);
    // Who came last holds the least.
    assert!(poll!(&mut more).is_pending());
    let served = one.await.unwrap();
    drop(second);
    drop((served, more.await.unwrap()));
    is_empty(&shares);
}

#[tokio::test]
async fn support_is_served_before_customers() {
    let shares =
        Shares::new("test", Bounds { in_all: 1, per_tenant: 1, customers: 1, per_user: 1, waiting: 3 });
    let held = shares.try_acquire(&customer("a", "one")).unwrap();
    let (other, support) = (customer("b", "one"), agent("c", "one"));
    let mut later = pin!(shares.acquire(&other, SOON));
    let mut first = pin!(shares.acquire(&support, SOON));
    assert!(poll!(&mut later).is_pending() && poll!(&mut first).is_pending());
    drop(held);
    assert!(poll!(&mut later).is_pending());
    drop(first.await.unwrap());
    drop(later.await.unwrap());
    is_empty(&shares);
}

#[tokio::test]
async fn a_noisy_user_waits_for_themselves() {
    let shares = Shares::new("test", bounds());
    let (noisy, quiet) = (agent("noisy", "one"), agent("quiet", "one"));
    let held = [shares.try_acquire(&noisy).unwrap(), shares.try_acquire(&noisy).unwrap()];
    let crowd: Vec<_> = (0..10).map(|_| Box::pin(shares.acquire(&noisy, SOON))).collect();
    let mut refused = 0;
    let mut waiting = Vec::new();
    for mut one in crowd {
        match one.as_mut().now_or_never() {
            Some(Err(crowded)) => {
                assert_eq!(crowded, Crowded::User(2));
                refused += 1;
            }
            Some(Ok(_)) => panic!("there is none for them"),
            None => waiting.push(one),
        }
    }
    assert_eq!((refused, waiting.len()), (7, 3), "so many may wait");
    // Nobody else is held up.
    for _ in 0..5 {
        drop(shares.acquire(&quiet, SOON).await.unwrap());
        drop(shares.try_acquire(&quiet).unwrap());
    }
    drop(held);
    for one in waiting {
        drop(one.await.unwrap());
    }
    is_empty(&shares);
}

#[tokio::test(start_paused = true)]
async fn who_waits_too_long_or_leaves_takes_nothing_along() {
    let shares =
        Shares::new("test", Bounds { in_all: 1, per_tenant: 1, customers: 1, per_user: 1, waiting: 3 });
    let held = shares.try_acquire(&agent("a", "one")).unwrap();
    let late = shares.acquire(&agent("b", "two"), Duration::from_secs(2)).await;
    assert_eq!(late.unwrap_err(), Crowded::All);
    let late = shares.acquire(&agent("a", "one"), Duration::from_secs(2)).await;
    assert_eq!(late.unwrap_err(), Crowded::User(1));
    {
        let (left, stays) = (agent("c", "two"), agent("d", "three"));
        let mut left = Box::pin(shares.acquire(&left, SOON));
        let mut stays = Box::pin(shares.acquire(&stays, SOON));
        assert!(poll!(&mut left).is_pending() && poll!(&mut stays).is_pending());
        drop(held);
        // Granted, and never taken.
        drop(left);
        drop(stays.await.unwrap());
    }
    is_empty(&shares);
}

#[test]
fn the_parts_of_bounds_leave_something_to_others() {
    for in_all in 4..100 {
        let Bounds { per_tenant, customers, per_user, .. } = Bounds::of(in_all);
        assert!(per_user <= customers && customers < per_tenant && per_tenant < in_all, "{in_all}");
    }
    assert_eq!(Bounds::of(0), Bounds { in_all: 1, per_tenant: 1, customers: 1, per_user: 1, waiting: 32 });
}

#[test]
fn what_is_the_callers_own_doing_is_429() {
    for (crowded, status) in [
        (Crowded::User(1), 429),
        (Crowded::Customers(1), 429),
        (Crowded::Tenant(1), 429),
        (Crowded::All, 503),
    ] {
        let problem = Problem::from(crowded);
        let code = if status == 429 { "rate_limited" } else { "overloaded" };
        assert_eq!((problem.status().as_u16(), problem.code()), (status, code));
    }
}
