//! Appends planned histories: each whole, in one command, and each once.

use std::time::Duration;

use domain::event::TICKET;
use domain::ids::{CommandId, Position, TenantId, Version};
use domain::ticket::event::{SlaBreached, SlaWarned, TicketEscalated};
use event_store::reader::LogReader;
use event_store::{Append, Claim, EventLog, LogError, Outcome};
use service_kit::wait::Backoff;
use uuid::Uuid;

use super::plan::Plan;

/// How often a log that doesn't answer is tried again: about half a minute.
const TRIES: usize = 12;

/// What became of a plan.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Done {
    /// So many events are new.
    Added { events: usize, position: Position },
    /// All of it was there already.
    There,
    /// It can't be taken, and why.
    Refused(&'static str),
}

/// Why the log takes nothing at all.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AppendError {
    #[error("the log cannot be written")]
    Log(#[from] LogError),
    #[error("the log cannot be read")]
    Read(#[from] sqlx::Error),
}

/// Appends what isn't there yet.
pub(crate) async fn append(log: &EventLog, tenant: TenantId, plan: Plan) -> Result<Done, AppendError> {
    let (mut there, mut version) = (0, Version(0));
    let mut waits = Backoff::new(Duration::from_millis(100), Duration::from_secs(3));
    for _ in 0..TRIES {
        let command = command(tenant, &plan, there, version);
        match log.append(command).await {
            Ok(Outcome::Appended { position, .. }) => {
                return Ok(Done::Added { events: plan.events.len() - there, position });
            }
            Ok(Outcome::ClaimTaken { holder, .. }) if holder != plan.id.to_string() => {
                return Ok(Done::Refused("its number is that of another ticket here"));
            }
            Ok(Outcome::Conflict { .. } | Outcome::ClaimTaken { .. }) => {
                match in_log(&log.reader(), &plan).await? {
                    Some((count, _)) if count >= plan.events.len() => return Ok(Done::There),
                    Some(found) => (there, version) = found,
                    None => return Ok(Done::Refused("it went on here since the last import")),
                }
            }
            Ok(Outcome::Replayed { .. } | Outcome::KeyReused) => return Ok(Done::There),
            Err(LogError::Unavailable(_) | LogError::Overloaded) => waits.pause().await,
            Err(error) => return Err(error.into()),
        }
    }
    Err(LogError::Unavailable(None).into())
}

fn command(tenant: TenantId, plan: &Plan, there: usize, version: Version) -> Append {
    let claim = Claim { kind: "ticket_number", value: plan.number.clone() };
    Append {
        tenant,
        aggregate_type: TICKET,
        aggregate_id: plan.id.to_string(),
        expected: version,
        events: plan.events[there..].to_vec(),
        command_id: CommandId(Uuid::new_v5(&plan.id.0, format!("from {there}").as_bytes())),
        idempotency: None,
        claims: if there == 0 { vec![claim] } else { Vec::new() },
    }
}

/// How many events of the plan are in the log, and the ticket's version; `None` if others are among them.
/// What time has raised for it meanwhile changes nothing that an import tells.
async fn in_log(reader: &LogReader, plan: &Plan) -> Result<Option<(usize, Version)>, sqlx::Error> {
    const RAISED: [&str; 3] = [SlaWarned::NAME, SlaBreached::NAME, TicketEscalated::NAME];
    let events = reader.read_stream(TICKET, &plan.id.to_string()).await?;
    let version = events.last().map_or(Version(0), |last| last.sequence);
    let told: Vec<_> = events.iter().filter(|event| !RAISED.contains(&event.event_type.as_str())).collect();
    let same = told.iter().zip(&plan.events).all(|(there, planned)| there.event_id == planned.event_id);
    Ok(same.then_some((told.len(), version)))
}
