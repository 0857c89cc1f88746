//! A batch of appends as the arrays that `append_events` takes.

use std::collections::HashMap;
use std::hash::Hash;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Append;

/// What the log answered to a batch.
pub(crate) struct Answers {
    /// The head before the batch.
    pub(crate) head: i64,
    /// When it was recorded.
    pub(crate) at: DateTime<Utc>,
    /// `None` if every command was appended.
    pub(crate) judged: Option<Vec<Judged>>,
}

/// What the log answered to one command.
pub(crate) struct Judged {
    pub(crate) outcome: i16,
    pub(crate) version: Option<i64>,
    pub(crate) position: Option<i64>,
    pub(crate) at: DateTime<Utc>,
    pub(crate) holder: Option<String>,
    pub(crate) status: Option<i16>,
    pub(crate) answer: Option<String>,
}

#[derive(Default)]
struct Arrays<'a> {
    tenant: Vec<Uuid>,
    kind: Vec<&'a str>,
    id: Vec<&'a str>,
    expected: Vec<i64>,
    command: Vec<Uuid>,
    count: Vec<i32>,
    end: Vec<i32>,
    stream: Vec<i32>,
    key_user: Vec<Option<&'a str>>,
    key: Vec<Option<&'a str>>,
    key_hash: Vec<Option<&'a [u8]>>,
    key_status: Vec<Option<i16>>,
    key_answer: Vec<Option<String>>,
    key_group: Vec<i32>,
    claim_command: Vec<i32>,
    claim_kind: Vec<&'a str>,
    claim_value: Vec<&'a str>,
    event_command: Vec<i32>,
    event_nth: Vec<i32>,
    event_id: Vec<Uuid>,
    event_type: Vec<&'a str>,
    event_version: Vec<&'a str>,
    event_payload: Vec<&'a str>,
    event_metadata: Vec<&'a str>,
    /// Two commands share a stream, a key or a claim.
    entangled: bool,
}

/// The first place where each thing was seen, counted from 1 as Postgres does.
struct FirstSeen<K>(HashMap<K, i32>);

impl<K: Eq + Hash> FirstSeen<K> {
    fn new(capacity: usize) -> Self {
        Self(HashMap::with_capacity(capacity))
    }

    fn at(&mut self, thing: K, place: i32) -> i32 {
        *self.0.entry(thing).or_insert(place)
    }
}

impl<'a> Arrays<'a> {
    fn of(appends: impl ExactSizeIterator<Item = &'a Append>) -> Self {
        let n = appends.len();
        let mut arrays = Self::default();
        let mut streams = FirstSeen::new(n);
        let mut keys = FirstSeen::new(n);
        let mut claims = FirstSeen::new(n);
        for (place, append) in (1i32..).zip(appends) {
            arrays.tenant.push(append.tenant.0);
            arrays.kind.push(append.aggregate_type);
            arrays.id.push(&append.aggregate_id);
            arrays.expected.push(append.expected.0);
            arrays.command.push(append.command_id.0);
            arrays.count.push(append.events.len() as i32);
            let stream = streams.at((append.aggregate_type, append.aggregate_id.as_str()), place);
            arrays.entangled |= stream != place;
            arrays.stream.push(stream);
            for claim in &append.claims {
                let first = claims.at((append.tenant, claim.kind, claim.value.as_str()), place);
                arrays.entangled |= first != place;
                arrays.claim_command.push(place);
                arrays.claim_kind.push(claim.kind);
                arrays.claim_value.push(&claim.value);
            }
            for (nth, event) in (1i32..).zip(&append.events) {
                arrays.event_command.push(place);
                arrays.event_nth.push(nth);
                arrays.event_id.push(event.event_id.0);
                arrays.event_type.push(event.event_type);
                arrays.event_version.push(event.event_version);
                arrays.event_payload.push(&event.payload);
                arrays.event_metadata.push(&event.metadata);
            }
            arrays.end.push(arrays.event_command.len() as i32);
            let key = append.idempotency.as_ref();
            let group =
                key.map_or(place, |key| keys.at((append.tenant, key.user.as_str(), key.key.as_str()), place));
            arrays.entangled |= group != place;
            arrays.key_group.push(group);
            arrays.key_user.push(key.map(|key| key.user.as_str()));
            arrays.key.push(key.map(|key| key.key.as_str()));
            arrays.key_hash.push(key.map(|key| key.request_hash.as_slice()));
            arrays.key_status.push(key.map(|key| key.status as i16));
            arrays.key_answer.push(key.map(|key| key.answer.to_string()));
        }
        // No key at all: empty arrays tell the function so.
        if arrays.key.iter().all(Option::is_none) {
            arrays.key_user.clear();
            arrays.key.clear();
            arrays.key_hash.clear();
            arrays.key_status.clear();
            arrays.key_answer.clear();
            arrays.key_group.clear();
        }
        arrays
    }
}

/// Appends the batch: one statement, committed by itself. `again` if it was sent before and the
/// answer was lost.
pub(crate) async fn append(
    connection: &mut PgConnection,
    appends: impl ExactSizeIterator<Item = &Append>,
    again: bool,
) -> Result<Answers, sqlx::Error> {
    let arrays = Arrays::of(appends);
    // `as _`, where else the macro wants values that are owned and never null.
    let row = sqlx::query!(
        r#"SELECT head AS "head!", at AS "at!", refused, versions AS "versions: Vec<Option<i64>>",
                  positions AS "positions: Vec<Option<i64>>", times, holders AS "holders: Vec<Option<String>>",
                  statuses AS "statuses: Vec<Option<i16>>", answers AS "answers: Vec<Option<String>>"
             FROM append_events($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
                                $17, $18, $19, $20, $21, $22, $23, $24, $25, $26)"#,
        !arrays.entangled,
        again,
        &arrays.tenant,
        arrays.kind as _,
        arrays.id as _,
        &arrays.expected,
        &arrays.command,
        &arrays.count,
        &arrays.end,
        &arrays.stream,
        arrays.key_user as _,
        arrays.key as _,
        arrays.key_hash as _,
        arrays.key_status as _,
        arrays.key_answer as _,
        &arrays.key_group,
        &arrays.claim_command,
        arrays.claim_kind as _,
        arrays.claim_value as _,
        &arrays.event_command,
        &arrays.event_nth,
        &arrays.event_id,
        arrays.event_type as _,
        arrays.event_version as _,
        arrays.event_payload as _,
        arrays.event_metadata as _,
    )
    .fetch_one(connection)
    .await?;
    let (head, at) = (row.head, row.at);
    let judged = match row.refused {
        None => None,
        Some(outcomes) => {
            let versions = row.versions.unwrap_or_default();
            let positions = row.positions.unwrap_or_default();
            let times = row.times.unwrap_or_default();
            let mut holders = row.holders.unwrap_or_default();
            let statuses = row.statuses.unwrap_or_default();
            let mut answers = row.answers.unwrap_or_default();
            let judged = outcomes.into_iter().enumerate().map(|(i, outcome)| Judged {
                outcome,
                version: versions.get(i).copied().flatten(),
                position: positions.get(i).copied().flatten(),
                at: times.get(i).copied().unwrap_or(at),
                holder: holders.get_mut(i).and_then(Option::take),
                status: statuses.get(i).copied().flatten(),
                answer: answers.get_mut(i).and_then(Option::take),
            });
            Some(judged.collect())
        }
    };
    Ok(Answers { head, at, judged })
}
