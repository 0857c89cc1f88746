//! Every export is recorded before its first byte leaves, by the command service, under the caller's own
//! name. What can't be recorded isn't exported.

use std::time::Duration;

use domain::export::DataExported;
use domain::identity::Operation;
use domain::ids::Position;
use domain::time::Ids as _;
use service_kit::clock::RandomIds;
use service_kit::peer::PeerError;
use service_kit::wait::Backoff;

use super::File;
use crate::QueryApi;
use crate::error::QueryError;

/// How often it is tried.
const TRIES: usize = 3;

/// Has it recorded that this leaves.
pub(super) async fn record(
    api: &QueryApi,
    what: &str,
    file: &File,
    position: Position,
) -> Result<(), QueryError> {
    let Some(commands) = &api.0.commands else {
        tracing::error!("an export is refused: command_url doesn't say where exports are recorded");
        return Err(QueryError::NotRecorded);
    };
    let exported = DataExported {
        what: what.to_owned(),
        form: file.format.form(),
        parameters: file.parameters.clone(),
        position: Some(position),
    };
    // Callers choose the ids of their requests, and may give two the same: each file is one record.
    let key = format!("{} {}", file.behalf.info.request_id, RandomIds.next());
    let path = Operation::RecordExport.path();
    let mut waits = Backoff::new(Duration::from_millis(50), Duration::from_millis(500));
    let mut tries = 1;
    loop {
        match commands.command(path, &file.behalf, &key, &exported).await {
            Ok(()) => return Ok(()),
            Err(error) if error.is_transient() && tries < TRIES => {
                tries += 1;
                waits.pause().await;
            }
            Err(error) => {
                note(&error);
                return Err(QueryError::NotRecorded);
            }
        }
    }
}

fn note(error: &PeerError) {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    tracing::error!(%error, cause, "an export can't be recorded, and is refused");
}
