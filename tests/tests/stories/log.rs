//! Whether the log and the read models are what they must be, seen with plain SQL.

use std::collections::HashMap;

use docket_tests::{Docket, eventually};
use sqlx::Row;

/// A command that was answered: its ticket, and the version and position that the answer named.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Acknowledged {
    pub(crate) id: String,
    pub(crate) version: i64,
    pub(crate) position: i64,
}

impl Acknowledged {
    pub(crate) fn of(answer: &docket_tests::Answer) -> Self {
        Self {
            id: answer.text("id"),
            version: answer.body["version"].as_i64().expect("a version"),
            position: answer.position(),
        }
    }
}

/// Every acknowledged command is in the log once, at the version and position it was told;
/// positions have no gap; versions per ticket are contiguous.
pub(crate) async fn assert_log_holds(docket: &Docket, acknowledged: &[Acknowledged]) {
    let pool = docket.postgres().await;
    let rows = sqlx::query("SELECT aggregate_id, sequence, position FROM events ORDER BY position")
        .fetch_all(&pool)
        .await
        .expect("the log");
    let mut versions: HashMap<String, i64> = HashMap::new();
    let mut places: HashMap<i64, (String, i64)> = HashMap::new();
    for (index, row) in rows.iter().enumerate() {
        let (id, sequence, position): (String, i64, i64) = (row.get(0), row.get(1), row.get(2));
        assert_eq!(position, index as i64 + 1, "positions have no gap");
        let version = versions.entry(id.clone()).or_default();
        *version += 1;
        assert_eq!(sequence, *version, "versions of {id} are contiguous");
        places.insert(position, (id, sequence));
    }
    for each in acknowledged {
        let place = places.get(&each.position);
        assert_eq!(place, Some(&(each.id.clone(), each.version)), "{each:?} was acknowledged");
    }
}

/// Every read model equals one that is built anew from the log.
pub(crate) async fn assert_read_models_equal_the_log(docket: &Docket) {
    docket.settled().await;
    let pool = docket.postgres().await;
    let differences = projection_service::verify(&pool).await.expect("a comparison");
    assert!(differences.is_empty(), "{differences:#?}");
}

/// The stream comes to hold each event of the log once, in order.
pub(crate) async fn assert_stream_equals_the_log(docket: &Docket) {
    eventually("the stream holds each event once, in order", || async {
        let head = docket.settled().await;
        let expected: Vec<i64> = (1..=head).collect();
        (stream_positions(docket).await? == expected).then_some(())
    })
    .await;
}

/// The positions of the stream's messages, in the stream's order.
async fn stream_positions(docket: &Docket) -> Option<Vec<i64>> {
    let context = async_nats::jetstream::new(docket.nats().await);
    let mut stream = context.get_stream("DOCKET_MAIN").await.ok()?;
    let info = stream.info().await.ok()?.clone();
    let mut positions = Vec::new();
    for sequence in info.state.first_sequence..=info.state.last_sequence {
        let Ok(message) = stream.get_raw_message(sequence).await else { continue };
        let position = message.headers.get("docket-position").expect("a position").as_str();
        positions.push(position.parse().expect("a number"));
    }
    Some(positions)
}
