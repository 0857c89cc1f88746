//! The figures of a dashboard.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::event::{Event, TENANT};
use domain::ids::TenantId;
use domain::stats::{Dimension, Measure};
use domain::tenant::TenantEvent;
use domain::ticket::upcast::Upcasters;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::figures::{Durations, Figures, Ratings};
use super::super::find::{Groups, Wanted};
use super::super::recent;
use crate::QueryApi;
use crate::error::QueryError;
use crate::http::queue::list::{Count, Queues, kept_of};
use crate::log;
use crate::snapshot::{ReadModel, Snapshot, Source};
use crate::time::Time;

/// What it is read from.
pub(super) const SOURCE: Source = Source::Models(&[ReadModel::Stats, ReadModel::QueueCounts, ReadModel::Sla]);

/// How urgent a priority must be to press: in every profile the first two ranks, such as critical and high.
const PRESSING: i32 = 2;

/// What a stretch of time up to now has brought.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = DashboardStretch)]
pub(crate) struct Stretch {
    /// Tickets that were opened.
    #[schema(example = 42)]
    created: i64,
    /// Times that a ticket was resolved.
    #[schema(example = 40)]
    resolved: i64,
    /// Times that a ticket was reopened.
    #[schema(example = 1)]
    reopened: i64,
    /// Public replies of agents.
    #[schema(example = 77)]
    replies: i64,
    /// From the opening to an agent's first public reply, by the clock on the wall.
    first_response: Durations,
    /// From the opening to the resolving that stands, by the clock on the wall.
    resolution: Durations,
    /// The ratings that were given, and stand.
    rating: Ratings,
}

/// How things stand at this moment.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Dashboard {
    /// This moment.
    at: Time,
    /// Tickets that somebody has to work on.
    #[schema(example = 120)]
    open: i64,
    /// Of those, the ones that no agent has.
    #[schema(example = 7)]
    unassigned: i64,
    /// Of those, the ones of the two most urgent ranks, such as urgent and high.
    #[schema(example = 12)]
    urgent_and_high: i64,
    /// By status; `open` counts those that somebody has to work on.
    by_status: Vec<Count>,
    /// By priority.
    by_priority: Vec<Count>,
    /// By category.
    by_category: Vec<Count>,
    /// By how they came in.
    by_source: Vec<Count>,
    /// By team.
    by_team: Vec<Count>,
    /// By agent.
    by_assignee: Vec<Count>,
    /// By how they stand with what was promised.
    by_sla: Vec<Count>,
    /// What the last 24 hours have brought.
    last_24_hours: Stretch,
    /// What the last 7 days have brought.
    last_7_days: Stretch,
}

impl Dashboard {
    /// The figures alone, to compare them.
    pub(super) fn timeless(self) -> Self {
        Self { at: Time(DateTime::UNIX_EPOCH), ..self }
    }

    /// Reads it, as of a moment that is now.
    pub(super) async fn read(
        api: &QueryApi,
        snapshot: &mut Snapshot,
        tenant: TenantId,
    ) -> Result<Self, QueryError> {
        let now = api.0.clock.now();
        let queues = kept_of(snapshot, tenant).await?;
        let pressing = if let Some(known) = api.0.pressing.get(&tenant) {
            known
        } else {
            let read: Arc<[String]> = pressing(&api.0.upcasters, snapshot, tenant).await?.into();
            api.0.pressing.insert(tenant, Arc::clone(&read));
            read
        };
        let urgent = queues
            .by_priority
            .iter()
            .filter(|one| one.key.as_ref().is_some_and(|key| pressing.contains(key)));
        let urgent_and_high = urgent.map(|one| one.open).sum();
        let last_24_hours = Stretch::read(snapshot, tenant, now - TimeDelta::hours(24), now).await?;
        let last_7_days = Stretch::read(snapshot, tenant, now - TimeDelta::days(7), now).await?;
        let Queues { open, unassigned, by_status, by_priority, by_category, .. } = queues;
        let Queues { by_source, by_team, by_assignee, by_sla, .. } = queues;
        let at = Time(now);
        Ok(Self {
            at,
            open,
            unassigned,
            urgent_and_high,
            by_status,
            by_priority,
            by_category,
            by_source,
            by_team,
            by_assignee,
            by_sla,
            last_24_hours,
            last_7_days,
        })
    }
}

impl Stretch {
    async fn read(
        snapshot: &mut Snapshot,
        tenant: TenantId,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Self, QueryError> {
        let measures = [
            Measure::Created,
            Measure::Resolved,
            Measure::Reopened,
            Measure::Replies,
            Measure::FirstResponse,
            Measure::Resolution,
            Measure::Rating,
        ];
        let wanted = Wanted {
            tenant,
            zone: chrono_tz::Tz::UTC,
            dimension: Dimension::Total,
            period: None,
            measures: &measures,
            from: None,
            to: None,
        };
        let mut groups = Groups::default();
        recent::read(snapshot, wanted, (from, to), &mut groups).await?;
        Ok(Self::of(&groups.into_total()))
    }

    fn of(figures: &Figures) -> Self {
        Self {
            created: figures.count(Measure::Created),
            resolved: figures.count(Measure::Resolved),
            reopened: figures.count(Measure::Reopened),
            replies: figures.count(Measure::Replies),
            first_response: figures.duration(Measure::FirstResponse),
            resolution: figures.duration(Measure::Resolution),
            rating: figures.ratings(),
        }
    }
}

/// The keys of the priorities that press, as the tenant was set up.
async fn pressing(
    upcasters: &Upcasters,
    snapshot: &mut Snapshot,
    tenant: TenantId,
) -> Result<Vec<String>, sqlx::Error> {
    let events = log::history(snapshot, TENANT, &tenant.to_string()).await?;
    let created = events.into_iter().find_map(|one| match one.read(upcasters).event {
        Some(Event::Tenant(TenantEvent::TenantCreated(event))) => Some(event.settings.priorities),
        _ => None,
    });
    let pressing = created.unwrap_or_default().into_iter().filter(|priority| priority.rank <= PRESSING);
    Ok(pressing.map(|priority| priority.key).collect())
}
