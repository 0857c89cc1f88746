//! Policies tried on a tenant's past: its log is read in pages, and replayed. Nothing is written.

use std::sync::Arc;

use domain::event::{Event, SLA, TICKET, UnreadableEvent};
use domain::ids::{Position, TenantId};
use domain::sla::backtest::{Compared, Comparison, Detail, Period};
use domain::sla::clock::Moment;
use domain::sla::policy::Rules;
use domain::ticket::upcast::Upcasters;
use event_store::RecordedEvent;
use event_store::reader::{Filter, LogReader};

/// How many events are read at once.
const PAGE: i64 = 2_000;

/// What is tried.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The draft.
    pub draft: Arc<Rules>,
    /// The period that is told of.
    pub period: Period,
    /// How much is told.
    pub detail: Detail,
    /// The most tickets that it is tried on: each takes memory until the end.
    pub most: usize,
}

/// What it came to.
#[derive(Debug)]
pub struct Replayed {
    /// What happened, and what would have.
    pub compared: Compared,
    /// The position of the log up to which it was read.
    pub position: Position,
}

/// Why it can't be told.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The log can't be reached.
    #[error("the log can't be read")]
    Log(#[from] sqlx::Error),
    /// An event can't be read.
    #[error("an event can't be read")]
    Event(#[from] UnreadableEvent),
    /// A ticket's stream has a name that is no ticket's id.
    #[error("a ticket's id can't be read")]
    Ticket(#[from] uuid::Error),
    /// More than can be kept in memory.
    #[error("there are more than {0} tickets")]
    TooMany(usize),
    /// The process is ending.
    #[error("it was interrupted")]
    Interrupted,
}

/// Replays a tenant's log as it is now. The reckoning is done beside the runtime, page by page, while the
/// next page is read.
pub async fn replay(reader: &LogReader, tenant: TenantId, trial: Trial) -> Result<Replayed, ReplayError> {
    let Trial { draft, period, detail, most } = trial;
    let head = reader.head().await?;
    let pages = Pages { reader, tenant, head };
    let upcasters = Arc::new(Upcasters::default());
    let mut comparison = Comparison::new(draft, period);
    let mut page = pages.after(Position::START).await?;
    while let Some(last) = page.last().map(|event| event.position) {
        let upcasters = upcasters.clone();
        let reckoned = beside(move || {
            for event in &page {
                take(&mut comparison, event, &upcasters)?;
            }
            Ok::<_, ReplayError>(comparison)
        });
        let (reckoned, next) = tokio::join!(reckoned, pages.after(last));
        comparison = reckoned??;
        if comparison.tickets() > most {
            return Err(ReplayError::TooMany(most));
        }
        page = next?;
    }
    let compared = beside(move || comparison.finish(detail)).await?;
    Ok(Replayed { compared, position: head })
}

struct Pages<'a> {
    reader: &'a LogReader,
    tenant: TenantId,
    head: Position,
}

impl Pages<'_> {
    async fn after(&self, position: Position) -> Result<Vec<RecordedEvent>, sqlx::Error> {
        if position >= self.head {
            return Ok(Vec::new());
        }
        let filter = Filter { tenant: Some(self.tenant), types: &[] };
        let mut page = self.reader.read_filtered(position, PAGE, &filter).await?;
        page.retain(|event| event.position <= self.head);
        Ok(page)
    }
}

fn take(
    comparison: &mut Comparison,
    event: &RecordedEvent,
    upcasters: &Upcasters,
) -> Result<(), ReplayError> {
    if ![TICKET, SLA].contains(&event.aggregate_type.as_str()) {
        return Ok(());
    }
    let decoded = event.decode(upcasters)?;
    let moment = Moment { at: decoded.metadata.occurred_at, position: event.position };
    match decoded.event {
        Event::Ticket(happened) => comparison.take(event.aggregate_id.parse()?, &happened, moment),
        Event::Sla(change) => comparison.take_change(change, event.sequence, moment),
        Event::Tenant(_) | Event::Export(_) => {}
    }
    Ok(())
}

/// Does what takes the processor a while, out of the way of those who wait for answers.
async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ReplayError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(_cancelled) => ReplayError::Interrupted,
    })
}
