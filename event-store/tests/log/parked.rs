//! Parked aggregates.

use domain::ids::Position;
use event_store::parked::{self, Request};

use crate::cell::{Cell, fill};

#[tokio::test]
async fn an_operator_asks_and_the_projection_does() {
    let cell = Cell::new().await;
    let log = cell.log().await;
    fill(&log, 2).await;
    let events = cell.events().await;
    let pool = cell.pool_as("docket_projection").await;
    let mut connection = pool.acquire().await.unwrap();
    parked::park(&mut connection, "tickets", &events[0], "no such field").await.unwrap();
    parked::park(&mut connection, "activity", &events[1], "no such type").await.unwrap();
    assert_eq!(parked::count(&pool).await.unwrap(), 2);
    let list = parked::list(&pool, Some("tickets")).await.unwrap();
    assert_eq!(list.len(), 1);
    assert_eq!((list[0].position, list[0].attempts, list[0].requested), (Position(1), 1, None));

    let ticket = &events[0].aggregate_id;
    assert_eq!(parked::request(&pool, None, ticket, Request::Retry).await.unwrap(), 1);
    assert_eq!(parked::requested(&pool, "tickets").await.unwrap().len(), 1);
    parked::park(&mut connection, "tickets", &events[0], "still no such field").await.unwrap();
    let list = parked::list(&pool, Some("tickets")).await.unwrap();
    assert_eq!((list[0].attempts, list[0].requested), (2, None));

    assert_eq!(parked::request(&pool, Some("tickets"), ticket, Request::Skip).await.unwrap(), 1);
    let asked = parked::requested(&pool, "tickets").await.unwrap();
    parked::release(&mut connection, &asked[0]).await.unwrap();
    assert!(parked::list(&pool, Some("tickets")).await.unwrap().is_empty());
    assert!(parked::skipped(&pool, "tickets").await.unwrap().contains(&Position(1)));
    assert!(parked::skipped(&pool, "activity").await.unwrap().is_empty());
    assert_eq!(parked::request(&pool, None, "nobody", Request::Retry).await.unwrap(), 0);
    drop(connection);
    pool.close().await;
    cell.end().await;
}
