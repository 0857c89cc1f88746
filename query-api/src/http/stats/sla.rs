//! `GET /v1/stats/sla`: how many promises were kept, by what one wants to know.

mod export;
mod past;
mod query;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use domain::identity::Principal;
use serde::Serialize;
use utoipa::ToSchema;

use self::query::{From, StatsQuery};
use super::query::Scope;
use super::{tag, tree};
use crate::QueryApi;
use crate::answer::{self, Answer};
use crate::asking::{Asked, Asking, Freshness};
use crate::error::QueryError;
use crate::export::Accepted;
use crate::http::refusals::Refusals;
use crate::parameters::BadParameter;
use crate::snapshot::{ReadModel, Source};
use crate::time::Time;
use crate::visibility::sees_all;

/// The most groups that an answer has.
const MOST: usize = 10_000;

#[derive(Debug, sqlx::FromRow)]
struct GroupRow {
    key: Vec<Option<String>>,
    met: i64,
    missed: i64,
}

/// How many promises were kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, ToSchema)]
#[schema(as = SlaCompliance)]
pub(crate) struct Kept {
    /// Kept by their due time.
    #[schema(example = 181)]
    met: i64,
    /// Not kept by their due time.
    #[schema(example = 19)]
    missed: i64,
    /// The part that was kept, to four places; null where nothing was decided.
    #[schema(example = 0.905)]
    compliance: Option<f64>,
}

/// The promises that have something in common.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SlaGroup)]
pub(crate) struct Group {
    /// What they have in common, by the names in `group_by`; null: nobody's, or none. Of `day`, `week`
    /// and `month` the local date on which it began, of `hour` the moment.
    #[schema(value_type = Object, example = json!({"policy": "high", "month": "2026-01-01"}))]
    key: BTreeMap<String, Option<String>>,
    #[serde(flatten)]
    kept: Kept,
}

/// How many promises were kept, by group and in all.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SlaStats {
    /// As asked.
    from: Option<Time>,
    /// As asked.
    to: Option<Time>,
    /// By what they are counted.
    #[schema(example = json!(["policy", "month"]))]
    group_by: Vec<String>,
    /// The groups that have any, in the order of their keys.
    items: Vec<Group>,
    /// All of them.
    total: Kept,
}

/// How many promises were kept: per policy, priority, agent, team, organisation and period.
///
/// Each clock of a ticket is one promise: one first response, one resolution (more where reopening
/// starts another), as many next replies as were owed. A promise is decided at the moment at which it is
/// known how it went, and counts in the period of that moment. It is met when what was promised is done
/// by the due time: decided when it was done. It is missed when the due time passes without that:
/// decided at the due time, however long it takes from there. What still runs in time, is paused or is
/// void (of cancelled and deleted tickets, and of spam) is neither.
///
/// Policy, priority, agent, team and the requester's organisation are as they were then. Those who
/// don't see all of the tenant's tickets get counts of those that they see. More than 10,000 groups are
/// refused.
///
/// `Accept: text/csv` or `Accept: application/x-ndjson` gets the groups as a file.
#[utoipa::path(
    get, path = "/v1/stats/sla", operation_id = "get_sla_stats", tag = "Service levels",
    params(StatsQuery, Freshness),
    responses(
        (status = 200, description = "The counts.", content(
            (SlaStats = "application/json"),
            (String = "text/csv", example = "policy,met,missed,compliance\r\nhigh,181,19,0.905\r\n"),
            (Kept = "application/x-ndjson"),
        )),
        (status = 304, description = "As they were, by `If-None-Match`."),
        (status = 422, description = "`as_of_in_future`", body = service_kit::problem::ProblemSchema,
         content_type = "application/problem+json"),
        Refusals,
    ),
)]
pub(crate) async fn get_sla_stats(
    State(api): State<QueryApi>,
    asking: Asking,
    Accepted(file): Accepted,
    Asked(query): Asked<StatsQuery>,
) -> Result<Response, QueryError> {
    let caller = &*asking.principal;
    // Before a connection is taken, which would be held while others are at it.
    let share = if query.as_of.is_now() { None } else { Some(api.0.capacity.past(caller).await?) };
    let mut snapshot = api.snapshot(&asking, source(&query, caller)).await?;
    query.as_of.check(api.0.clock.now(), snapshot.position)?;
    let members = tree::members(&mut snapshot, caller, query.scope).await?;
    let mut found: BTreeMap<Vec<(bool, String)>, GroupRow> = BTreeMap::new();
    for member in &members {
        if members.len() > 1 {
            tree::look_at(&mut snapshot, member.tenant).await?;
        }
        let past = match &share {
            None => None,
            Some(share) => Some(past::fold(&api, share, &mut snapshot, query.as_of).await?),
        };
        let zone = query.time_zone.unwrap_or(member.zone);
        let from = match &past {
            Some(past) => From::Past(past),
            None if sees_all(caller) && query.is_of_hours(zone) => From::Hours,
            None => From::Kept,
        };
        let mut sql = query.sql(caller, member.tenant, zone, from, MOST as i64 + 1);
        let rows = sql.build_query_as().fetch_all(&mut *snapshot.tx).await;
        let rows: Vec<GroupRow> = rows.map_err(refused)?;
        if rows.len() > MOST {
            let detail =
                format!("these are more than {MOST} groups; ask for a shorter time, or for fewer names");
            return Err(BadParameter::invalid("group_by", detail).into());
        }
        for row in rows {
            row.add_to(&mut found);
        }
    }
    let position = snapshot.position;
    snapshot.close().await?;
    let stats = SlaStats::new(query, found.into_values().collect());
    if let Some(file) = file {
        return export::answer(&api, file, position, &stats).await;
    }
    let tag = tag::of_content(&serde_json::to_vec(&stats)?);
    if asking.has(&tag) {
        return Ok(answer::unchanged(position, &tag));
    }
    Ok(Answer::at(position, stats).tag(Some(tag)).into_response())
}

/// What it is read from. For those who don't see all that is counted, the list of tickets says what they see.
fn source(query: &StatsQuery, caller: &Principal) -> Source {
    match (query.as_of.is_now(), query.scope, sees_all(caller)) {
        (false, ..) => Source::Log,
        (true, Scope::Tree, _) => {
            Source::Models(&[ReadModel::Sla, ReadModel::Stats, ReadModel::Tenants, ReadModel::TicketList])
        }
        (true, Scope::Tenant, true) => Source::Models(&[ReadModel::Sla, ReadModel::Stats]),
        (true, Scope::Tenant, false) => {
            Source::Models(&[ReadModel::Sla, ReadModel::Stats, ReadModel::TicketList])
        }
    }
}

impl GroupRow {
    /// Adds it to the groups that there are, in the order of their keys; nobody's come last.
    fn add_to(self, groups: &mut BTreeMap<Vec<(bool, String)>, Self>) {
        let place = self.key.iter().map(|one| (one.is_none(), one.clone().unwrap_or_default())).collect();
        match groups.entry(place) {
            Entry::Vacant(place) => drop(place.insert(self)),
            Entry::Occupied(mut there) => {
                there.get_mut().met += self.met;
                there.get_mut().missed += self.missed;
            }
        }
    }
}

/// Which time zones there are is known here and to Postgres, from two lists; what one of them doesn't
/// know is the caller's to say otherwise.
pub(super) fn refused(error: sqlx::Error) -> QueryError {
    let unknown = error.as_database_error().is_some_and(|error| error.code().as_deref() == Some("22023"));
    if unknown {
        BadParameter::invalid("time_zone", "it should be a time zone by its IANA name, such as Europe/Berlin")
            .into()
    } else {
        error.into()
    }
}

impl SlaStats {
    fn new(query: StatsQuery, rows: Vec<GroupRow>) -> Self {
        let (met, missed) =
            rows.iter().fold((0, 0), |(met, missed), row| (met + row.met, missed + row.missed));
        let group = |row: GroupRow| Group {
            key: query.group_by.iter().cloned().zip(row.key).collect(),
            kept: Kept::of(row.met, row.missed),
        };
        Self {
            from: query.from.map(Time),
            to: query.to.map(Time),
            items: rows.into_iter().map(group).collect(),
            total: Kept::of(met, missed),
            group_by: query.group_by,
        }
    }
}

impl Kept {
    fn of(met: i64, missed: i64) -> Self {
        let decided = met + missed;
        let compliance = (decided > 0).then(|| (met as f64 / decided as f64 * 1e4).round() / 1e4);
        Self { met, missed, compliance }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_part_that_was_kept_has_four_places() {
        assert_eq!(Kept::of(2, 1).compliance, Some(0.6667));
        assert_eq!(Kept::of(0, 3).compliance, Some(0.0));
        assert_eq!(Kept::of(0, 0).compliance, None);
    }
}
