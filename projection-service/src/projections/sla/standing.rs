//! A ticket's row: what its clocks come to, and what they need for the next event.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use domain::ids::Version;
use domain::sla::clock::{Clock, SlaState};
use domain::sla::memory::Memory;
use domain::sla::policy::Rules;
use domain::sla::promises::{Decided, Promises};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::books::Books;
use crate::row::{Bytes, row};

row! {
    /// How a ticket stands.
    Standing in "standings"
    key { ticket_id: Uuid }
    once {}
    value {
        tenant_id: Uuid,
        state: Option<String>,
        policy: Option<String>,
        due_at: DateTime<Utc>,
        response_state: Option<String>,
        response_due_at: Option<DateTime<Utc>>,
        resolution_state: Option<String>,
        resolution_due_at: Option<DateTime<Utc>>,
        next_at: Option<DateTime<Utc>>,
        live: bool,
        memory: Bytes,
    }
}

/// Stands for no due time, so that what has none comes last: 9999-12-31.
static NEVER: LazyLock<DateTime<Utc>> =
    LazyLock::new(|| DateTime::from_timestamp(253_402_214_400, 0).unwrap_or(DateTime::<Utc>::MAX_UTC));

/// A ticket as it is folded.
#[derive(Clone, Debug)]
pub(super) struct Ticket {
    pub(super) tenant: Uuid,
    pub(super) promises: Promises,
}

#[derive(Serialize, Deserialize)]
struct Kernel {
    watch: Memory,
    priority: String,
    agent: Option<String>,
    team: Option<String>,
    organization: Option<String>,
    decided: Vec<Decided>,
}

/// A ticket that is kept, before its rules are at hand.
pub(super) struct Asleep(Uuid, Kernel);

impl Asleep {
    pub(super) fn read(row: &Standing) -> Result<Self, sqlx::Error> {
        let kernel =
            postcard::from_bytes(&row.memory.0).map_err(|error| sqlx::Error::Decode(error.into()))?;
        Ok(Self(row.tenant_id, kernel))
    }

    /// The versions of its tenant's rules that it stands under.
    pub(super) fn versions(&self) -> impl Iterator<Item = (Uuid, Version)> {
        self.1.watch.versions().into_iter().map(|version| (self.0, version))
    }

    pub(super) fn wake(self, books: &Books) -> Ticket {
        let Self(tenant, kernel) = self;
        let promises = Promises {
            watch: kernel.watch.wake(|version| books.version(tenant, version)),
            priority: kernel.priority,
            agent: kernel.agent,
            team: kernel.team,
            organization: kernel.organization,
            decided: kernel.decided,
        };
        Ticket { tenant, promises }
    }
}

impl Ticket {
    /// Its row, under the rules that its tenant has.
    pub(super) fn row(&self, ticket_id: Uuid, rules: &Rules) -> Result<Standing, sqlx::Error> {
        let promises = &self.promises;
        let watch = promises.watch.keep();
        let next_at = [watch.next_at(), promises.watch.closes_at(rules)].into_iter().flatten().min();
        let kernel = Kernel {
            watch,
            priority: promises.priority.clone(),
            agent: promises.agent.clone(),
            team: promises.team.clone(),
            organization: promises.organization.clone(),
            decided: promises.decided.clone(),
        };
        let memory = postcard::to_allocvec(&kernel).map_err(|error| sqlx::Error::Encode(error.into()))?;
        let clocks = promises.watch.clocks();
        let standing = |clock: Option<&Clock>| clock.and_then(Clock::standing).map(word);
        let due = |clock: Option<&Clock>| clock.and_then(Clock::due_at);
        let (response, resolution) = (clocks.response(), clocks.resolution());
        let policy = resolution.or(response).and_then(|clock| clock.policy.as_ref());
        Ok(Standing {
            ticket_id,
            tenant_id: self.tenant,
            state: clocks.state().map(word),
            policy: policy.map(|policy| policy.spec.key.clone()),
            due_at: clocks.next_due().unwrap_or(*NEVER),
            response_state: standing(response),
            response_due_at: due(response),
            resolution_state: standing(resolution),
            resolution_due_at: due(resolution),
            next_at,
            live: clocks.clocks().iter().any(|clock| clock.end.is_none()) || clocks.resolved().is_some(),
            memory: Bytes(memory),
        })
    }
}

fn word(state: SlaState) -> String {
    state.as_str().to_owned()
}
