//! What operators ask for parked aggregates.

use domain::ids::Version;
use event_store::parked::{self, Parked, Request};
use sqlx::Connection;

use super::RuntimeOptions;
use crate::applier::{Applier, Claim, Outcome, reason, refuses_data};
use crate::checkpoint::Checkpoint;
use crate::entry::{Fact, LogEntry};
use crate::parking::Parking;

/// Carries out what operators asked for since the last look.
pub(super) async fn requested(
    applier: &mut Applier,
    options: &RuntimeOptions,
) -> Result<Outcome, sqlx::Error> {
    if applier.parking.is_empty() {
        return Ok(Outcome::Applied);
    }
    for parked in parked::requested(&mut applier.db, applier.projection.name()).await? {
        if carry_out(applier, options, &parked).await? == Outcome::Overtaken {
            return Ok(Outcome::Overtaken);
        }
    }
    Ok(Outcome::Applied)
}

/// Applies what waits, in the stream's order, as far as that goes. The rest stays parked.
async fn carry_out(
    applier: &mut Applier,
    options: &RuntimeOptions,
    parked: &Parked,
) -> Result<Outcome, sqlx::Error> {
    let Claim::Live { checkpoint, .. } = &applier.claim else { return Ok(Outcome::Applied) };
    let (name, checkpoint) = (applier.projection.name(), *checkpoint);
    let skip = parked.requested == Some(Request::Skip);
    let after = if skip { parked.sequence } else { Version(parked.sequence.0 - 1) };
    let waiting =
        options.reader.read_stream_after(&parked.aggregate_type, &parked.aggregate_id, after).await?;

    let mut transaction = applier.db.begin().await?;
    let now = Checkpoint::lock(&mut transaction, name).await?;
    if now.is_none_or(|now| now.position != checkpoint.position || now.generation != checkpoint.generation) {
        transaction.rollback().await?;
        return Ok(Outcome::Overtaken);
    }
    let mut stopped = None;
    // What comes after the checkpoint comes by the feed.
    for event in waiting.iter().filter(|event| event.position <= checkpoint.position) {
        let entry = LogEntry::read(event, &options.upcasters);
        let applied = match Fact::of(&entry) {
            Err(why) => Err(why.to_owned()),
            Ok(fact) => {
                let mut one = transaction.begin().await?;
                match applier.projection.apply(&mut one, &[fact]).await {
                    Ok(()) => Ok(one.commit().await?),
                    Err(error) if refuses_data(&error) => {
                        one.rollback().await?;
                        Err(reason(&error))
                    }
                    Err(error) => return Err(error),
                }
            }
        };
        if let Err(why) = applied {
            stopped = Some((event, why));
            break;
        }
    }
    // What was skipped is noted even if another event stops it again.
    if skip || stopped.is_none() {
        parked::release(&mut transaction, parked).await?;
    }
    if let Some((event, why)) = stopped {
        parked::park(&mut transaction, name, event, &why).await?;
    }
    let parking = Parking::read(&mut transaction, name).await?;
    transaction.commit().await?;
    applier.parking = parking;
    tracing::info!(
        projection = name,
        kind = parked.aggregate_type,
        id = parked.aggregate_id,
        skip,
        left = applier.parking.len(),
        "carried out an operator's request on a parked aggregate"
    );
    Ok(Outcome::Applied)
}
