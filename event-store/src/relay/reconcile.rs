//! Where to go on: what the stream holds, against what the log says.
//!
//! The stream itself tells how far it is, not the table: what was acknowledged may be lost since,
//! and what wasn't may have arrived. The table tells how far it must be at least.

use async_nats::jetstream::Context;
use domain::ids::Position;
use uuid::Uuid;

use super::RelayOptions;
use super::leader::{Lease, LeaseError, Recorded};
use super::message::Origin;
use super::stream::{self, Mark, StreamError};
use crate::reader::LogReader;

/// The last event that the stream has, and its last sequence, which the next message expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) origin: Origin,
    pub(crate) position: Position,
    pub(crate) sequence: u64,
}

/// Why it isn't known where to go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReconcileError {
    #[error(transparent)]
    Lease(#[from] LeaseError),
    #[error("the log can't be read")]
    Log(#[from] sqlx::Error),
    #[error(transparent)]
    Stream(#[from] StreamError),
}

/// How far back is looked for the last event, past what others may have put into the stream.
const LOOK_BACK: u64 = 64;

/// Finds where to go on; builds the stream anew if it can't be gone on with. `known` is a position
/// that this leader saw acknowledged; `stuck` says that going on was tried in vain.
pub(crate) async fn reconcile(
    options: &RelayOptions,
    context: &Context,
    reader: &LogReader,
    lease: &Lease,
    known: Option<Position>,
    stuck: bool,
) -> Result<Place, ReconcileError> {
    let log = reader.log_id().await?;
    let mut recorded = lease.recorded().await?;
    recorded.position = recorded.position.max(known.map_or(0, |known| known.0));
    let found = match stream::find(context, &options.cell).await? {
        Some(_) if recorded.reset => Found::Unusable("an operator wants it anew"),
        Some(_) if stuck => Found::Unusable("it refuses what follows"),
        Some(stream) => {
            stream::bring_up_to_date(context, &options.cell, &options.stream, &stream).await?;
            Found::look(&stream, log, recorded).await?
        }
        None => Found::Unusable("there is none"),
    };
    match found {
        Found::Empty if recorded.epoch > 0 => {
            let origin = Origin { log, epoch: recorded.epoch };
            return Ok(Place { origin, position: start(options, reader).await?, sequence: 0 });
        }
        Found::At { position, event_id, sequence } if is_in_log(reader, position, event_id).await? => {
            let origin = Origin { log, epoch: recorded.epoch };
            return Ok(Place { origin, position, sequence });
        }
        Found::Empty => {}
        Found::At { .. } => tracing::warn!("the stream is of another log; it is built anew"),
        Found::Unusable(why) if recorded.epoch > 0 => {
            tracing::warn!(why, "the stream is built anew");
        }
        Found::Unusable(_) => {}
    }
    let epoch = recorded.epoch + 1;
    lease.begin_epoch(epoch).await?;
    stream::make_anew(context, &options.cell, &options.stream).await?;
    tracing::info!(epoch, "a new epoch of the stream begins");
    let origin = Origin { log, epoch };
    Ok(Place { origin, position: start(options, reader).await?, sequence: 0 })
}

/// Where a new stream starts.
async fn start(options: &RelayOptions, reader: &LogReader) -> Result<Position, sqlx::Error> {
    match options.stream.rebuild_last {
        Some(last) => Ok(Position((reader.head().await?.0 - last).max(0))),
        None => Ok(Position::START),
    }
}

async fn is_in_log(
    reader: &LogReader,
    position: Position,
    event_id: Option<Uuid>,
) -> Result<bool, sqlx::Error> {
    let events = reader.read(Position(position.0 - 1), 1).await?;
    Ok(events.first().is_some_and(|event| Some(event.event_id.0) == event_id))
}

enum Found {
    /// It never had a message.
    Empty,
    /// Its last event.
    At { position: Position, event_id: Option<Uuid>, sequence: u64 },
    /// It can't be gone on with.
    Unusable(&'static str),
}

impl Found {
    async fn look(
        stream: &async_nats::jetstream::stream::Stream,
        log: Uuid,
        recorded: Recorded,
    ) -> Result<Self, StreamError> {
        let state = &stream.cached_info().state;
        let last = state.last_sequence;
        if last == 0 {
            return Ok(if recorded.position == 0 { Self::Empty } else { Self::Unusable("it is empty") });
        }
        let mut furthest: Option<Mark> = None;
        for sequence in (last.saturating_sub(LOOK_BACK - 1).max(1)..=last).rev() {
            let Some(mark) = stream::mark_at(stream, sequence).await? else {
                // The end is missing, or further back somebody deleted one.
                if sequence == last {
                    return Ok(Self::Unusable("its last messages are gone"));
                }
                continue;
            };
            if mark.log == Some(log) && mark.epoch == Some(recorded.epoch) {
                // The last message may be a copy that somebody put there: the furthest counts.
                if mark.position > furthest.as_ref().and_then(|mark| mark.position) {
                    furthest = Some(mark);
                }
            }
        }
        Ok(match furthest {
            Some(Mark { position: Some(position), event_id, .. }) if position >= recorded.position => {
                Self::At { position: Position(position), event_id, sequence: last }
            }
            Some(_) => Self::Unusable("it is shorter than it was"),
            None => Self::Unusable("its last messages are not of this log"),
        })
    }
}
