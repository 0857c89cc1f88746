//! How a ticket stands to the customers' side: what is internal moves nothing that they can count.

use domain::disclosure::Reader;
use domain::event::{Event, TICKET};
use domain::identity::Principal;
use domain::ids::{Position, TenantId, Version};
use event_store::LogError;

use super::{Answer, CommandError, Executor, Extra, PublicStanding};

/// How many of a stream's latest events are looked at first.
const LATEST: i64 = 50;

/// Whether customers may know of it.
fn is_public(event: &Event) -> bool {
    event.reader() == Reader::Everyone
}

fn unavailable(error: sqlx::Error) -> LogError {
    LogError::Unavailable(Some(error))
}

impl Executor {
    /// An answer that was given before customers had versions of their own, for one of them.
    pub(super) async fn counted_for(
        &self,
        caller: &Principal,
        answer: Answer,
    ) -> Result<Answer, CommandError> {
        if caller.is_staff() || answer.extra.public.is_some() {
            return Ok(answer);
        }
        let events = self.0.log.reader().read_stream(TICKET, &answer.id).await.map_err(unavailable)?;
        let theirs: Vec<Position> = events
            .into_iter()
            .filter(|event| event.tenant_id == caller.tenant && event.sequence <= answer.version)
            .filter(|event| event.decode_event(self.0.log.upcasters()).is_ok_and(|event| is_public(&event)))
            .map(|event| event.position)
            .collect();
        let version = Version(theirs.len() as i64);
        let extra = Extra {
            public: Some(PublicStanding { version, position: theirs.last().copied() }),
            ..answer.extra
        };
        Ok(Answer { version, extra, ..answer })
    }

    /// The position of a stream's last event up to a version that customers may know of.
    pub(super) async fn last_public(
        &self,
        (tenant, aggregate_type, id): (TenantId, &str, &str),
        upto: Version,
    ) -> Result<Option<Position>, CommandError> {
        // The latest ones mostly have it.
        for after in [(upto.0 - LATEST).max(0), 0] {
            let reader = self.0.log.reader();
            let events = reader.read_stream_after(aggregate_type, id, Version(after)).await;
            let known = events.map_err(unavailable)?.into_iter().rev().find(|event| {
                event.tenant_id == tenant
                    && event.sequence <= upto
                    && event.decode_event(self.0.log.upcasters()).is_ok_and(|event| is_public(&event))
            });
            if let Some(event) = known {
                return Ok(Some(event.position));
            }
        }
        Ok(None)
    }
}
