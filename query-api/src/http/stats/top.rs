//! `GET /v1/stats/top`: what most tickets are about, and whether that grows.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use domain::stats::{Dimension, Measure};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::figures::part_of;
use super::find::Reading;
use super::query::{Scope, StatsQuery};
use crate::QueryApi;
use crate::as_of::AsOf;
use crate::asking::{Asked, Asking, Freshness};
use crate::error::QueryError;
use crate::export::Accepted;
use crate::http::refusals::Refusals;
use crate::page::Limit;
use crate::parameters::{BadParameter, FromParameters, Parameters};
use crate::span::Span;
use crate::time::Time;

/// Of how long, if nothing is said.
const DAYS: i64 = 30;

/// What is ranked, of which time.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TopQuery {
    /// What was opened at this moment or after it; 30 days before `to`, if nothing is said.
    from: Option<DateTime<Utc>>,
    /// What was opened before this moment; now, if nothing is said.
    to: Option<DateTime<Utc>>,
    /// What is ranked: category, tag, source, priority, team, agent.
    #[param(value_type = Option<String>, required = false, example = "tag")]
    by: Dimension,
    /// How many at most.
    #[param(value_type = u16, required = false, default = 50, minimum = 1, maximum = 200)]
    limit: Limit,
}

impl FromParameters for TopQuery {
    fn take(parameters: &mut Parameters) -> Result<Self, BadParameter> {
        let span = Span::take(parameters)?;
        let by = match parameters.text("by")? {
            None => Dimension::Category,
            Some(name) => Dimension::named(&name).filter(|by| *by != Dimension::Total).ok_or_else(|| {
                let known = "its values are category, tag, source, priority, team, agent";
                BadParameter::invalid("by", known)
            })?,
        };
        Ok(Self { from: span.from(), to: span.to(), by, limit: Limit::take(parameters)? })
    }
}

/// One of the most frequent.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Ranked {
    /// Which; null: those that have none.
    #[schema(example = "billing")]
    key: Option<String>,
    /// Tickets opened in the period.
    #[schema(example = 120)]
    created: i64,
    /// Tickets opened in the time before it that was as long.
    #[schema(example = 80)]
    created_before: i64,
    /// How much more that is, in parts of what it was before, to four places: 0.5 is half as much again; null
    /// where there was none before.
    #[schema(example = 0.5)]
    change: Option<f64>,
}

/// What most tickets are about.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Top {
    /// From when on.
    from: Time,
    /// Until when.
    to: Time,
    /// What is ranked.
    #[schema(example = "category")]
    by: &'static str,
    /// The most frequent first; of equals by their keys.
    items: Vec<Ranked>,
}

/// What most tickets are about: categories, tags and so on by how many tickets were opened, beside how many
/// there were in the time before that was as long.
#[utoipa::path(
    get, path = "/v1/stats/top", operation_id = "get_top", tag = "Statistics",
    params(TopQuery, Freshness),
    responses((status = 200, description = "The ranking; or a line for each group, as a file.", content(
            (Top = "application/json"),
            (String = "text/csv"),
            (Ranked = "application/x-ndjson"),
        )), Refusals),
)]
pub(crate) async fn get_top(
    State(api): State<QueryApi>,
    asking: Asking,
    Accepted(file): Accepted,
    Asked(asked): Asked<TopQuery>,
) -> Result<Response, QueryError> {
    let to = asked.to.unwrap_or_else(|| api.0.clock.now());
    let from = asked.from.unwrap_or(to - TimeDelta::days(DAYS));
    let before = from - (to - from);
    let by = asked.by.as_str().to_owned();
    let query = |from, to| StatsQuery {
        from: Some(from),
        to: Some(to),
        group_by: vec![by.clone()],
        time_zone: None,
        scope: Scope::Tenant,
        as_of: AsOf::NOW,
    };
    let now = query(from, to);
    let mut reading = Reading::begin(&api, &asking, &now).await?;
    let mut counts: BTreeMap<Option<String>, (i64, i64)> = BTreeMap::new();
    for (key, figures) in reading.find(&now, &[Measure::Created]).await?.groups {
        counts.entry(key.into_values().next().flatten()).or_default().0 = figures.count(Measure::Created);
    }
    for (key, figures) in reading.find(&query(before, from), &[Measure::Created]).await?.groups {
        counts.entry(key.into_values().next().flatten()).or_default().1 = figures.count(Measure::Created);
    }
    let items = ranked(counts, asked.limit.rows());
    reading
        .untagged(&api, file, "top", Top { from: Time(from), to: Time(to), by: asked.by.as_str(), items })
        .await
}

fn ranked(counts: BTreeMap<Option<String>, (i64, i64)>, most: usize) -> Vec<Ranked> {
    let mut items: Vec<Ranked> = counts
        .into_iter()
        .map(|(key, (created, created_before))| Ranked {
            key,
            created,
            created_before,
            change: part_of(created - created_before, created_before),
        })
        .collect();
    items.sort_by_key(|one| std::cmp::Reverse((one.created, one.created_before)));
    items.truncate(most);
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_come_first_with_what_has_changed() {
        let some = |key: &str| Some(key.to_owned());
        let counts = [(some("a"), (1, 4)), (some("b"), (3, 2)), (None, (3, 0)), (some("c"), (0, 1))];
        let told: Vec<_> = ranked(counts.into(), 3).into_iter().map(|one| (one.key, one.change)).collect();
        assert_eq!(told, [(some("b"), Some(0.5)), (None, None), (some("a"), Some(-0.75))]);
    }
}
