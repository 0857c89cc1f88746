//! Which figures are asked for, by what, and the SQL for it.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use chrono_tz::Tz;
use domain::stats::{Dimension, Measure};
use sqlx::{Postgres, QueryBuilder};
use utoipa::IntoParams;
use uuid::Uuid;

use crate::parameters::{BadParameter, FromParameters, Parameters};

/// What figures are counted by, besides one of the periods.
const DIMENSIONS: [&str; 5] = ["priority", "category", "source", "team", "agent"];
const PERIODS: [&str; 4] = ["hour", "day", "week", "month"];

/// Of which time, by what.
#[derive(Clone, Debug, PartialEq, Eq, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CellsQuery {
    /// What happened at this moment or after it; taken to the quarter of an hour that it is in.
    pub(crate) from: Option<DateTime<Utc>>,
    /// What happened before this moment; taken to the quarter of an hour that it is in.
    pub(crate) to: Option<DateTime<Utc>>,
    /// One of priority, category, source, team and agent, one of hour, day, week and month, or one of
    /// each, in the order in which groups are sorted.
    #[param(required = false, example = json!(["priority", "month"]))]
    pub(crate) group_by: Vec<String>,
    /// In which days, weeks and months begin, by its IANA name.
    #[param(value_type = String, required = false, default = "UTC", example = "Europe/Berlin")]
    pub(crate) time_zone: Tz,
}

impl FromParameters for CellsQuery {
    fn take(parameters: &mut Parameters) -> Result<Self, BadParameter> {
        let quarter = |time: DateTime<Utc>| time.duration_trunc(TimeDelta::minutes(15)).unwrap_or(time);
        let query = Self {
            from: parameters.time("from")?.map(quarter),
            to: parameters.time("to")?.map(quarter),
            group_by: parameters.in_order("group_by")?,
            time_zone: parameters
                .one("time_zone", "a time zone by its IANA name, such as Europe/Berlin")?
                .unwrap_or(Tz::UTC),
        };
        let of = |known: &[&str]| query.group_by.iter().filter(|name| known.contains(&name.as_str())).count();
        let (dimensions, periods) = (of(&DIMENSIONS), of(&PERIODS));
        if dimensions + periods < query.group_by.len() {
            let known = [&DIMENSIONS[..], &PERIODS[..]].concat().join(", ");
            return Err(BadParameter::invalid("group_by", format!("its values are {known}")));
        }
        if dimensions > 1 || periods > 1 {
            let detail = "it takes one of priority, category, source, team and agent, and one period";
            return Err(BadParameter::invalid("group_by", detail));
        }
        match (query.from, query.to) {
            (Some(from), Some(to)) if to <= from => {
                Err(BadParameter::invalid("to", "it should be a quarter of an hour after `from`, or more"))
            }
            _ => Ok(query),
        }
    }
}

impl CellsQuery {
    /// Grouped by this, if nothing was said.
    pub(crate) fn or_by(mut self, name: &str) -> Self {
        if self.group_by.is_empty() {
            self.group_by.push(name.to_owned());
        }
        self
    }

    /// The same since the beginning.
    pub(crate) fn since_the_beginning(&self) -> Self {
        Self { from: None, ..self.clone() }
    }

    /// The name of the period that it is grouped by.
    pub(crate) fn period(&self) -> Option<&str> {
        self.group_by.iter().map(String::as_str).find(|name| PERIODS.contains(name))
    }

    fn dimension(&self) -> Dimension {
        self.group_by.iter().find_map(|name| Dimension::named(name)).unwrap_or(Dimension::Total)
    }

    /// The statement: a row for each group, measure and bin, groups in the order of their keys.
    pub(super) fn sql(&self, tenant: Uuid, measures: &[Measure], limit: i64) -> QueryBuilder<'_, Postgres> {
        let mut sql = QueryBuilder::new("SELECT ARRAY[");
        let mut shown = sql.separated(", ");
        for name in &self.group_by {
            shown.push(match name.as_str() {
                "hour" => {
                    "to_char(g.period AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') COLLATE \"C\""
                }
                "day" | "week" | "month" => "to_char(g.period, 'YYYY-MM-DD') COLLATE \"C\"",
                _ => "nullif(g.key, '') COLLATE \"C\"",
            });
        }
        sql.push("]::text[] AS key, g.measure, g.bin, g.count, g.sum FROM (SELECT s.key, ");
        self.push_period(&mut sql);
        sql.push(" AS period, s.measure, s.bin, sum(s.count)::int8 AS count, sum(s.sum)::int8 AS sum");
        sql.push(" FROM read.stats AS s WHERE s.tenant_id = ").push_bind(tenant);
        sql.push(" AND s.dimension = ").push_bind(self.dimension().as_str());
        let measures: Vec<&str> = measures.iter().map(|measure| measure.as_str()).collect();
        sql.push(" AND s.measure = ANY(").push_bind(measures).push(")");
        if let Some(from) = self.from {
            sql.push(" AND s.at >= ").push_bind(from);
        }
        if let Some(to) = self.to {
            sql.push(" AND s.at < ").push_bind(to);
        }
        sql.push(" GROUP BY 1, 2, 3, 4) AS g ORDER BY 1, 2, 3 LIMIT ").push_bind(limit);
        sql
    }

    /// When the period began in which something happened.
    fn push_period(&self, sql: &mut QueryBuilder<'_, Postgres>) {
        match self.period() {
            None => {
                sql.push("NULL::timestamp");
            }
            Some("hour") => {
                sql.push("date_trunc('hour', s.at, ").push_bind(self.time_zone.name()).push(")");
            }
            Some(period) => {
                sql.push(format_args!("date_trunc('{period}', s.at AT TIME ZONE "));
                sql.push_bind(self.time_zone.name()).push(")");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use utoipa::openapi::path::ParameterIn;

    use super::*;

    fn refused(query: &str) -> String {
        CellsQuery::read(Some(query)).unwrap_err().name().to_owned()
    }

    #[test]
    fn what_is_documented_is_what_is_read() {
        let mut parameters = Parameters::parse(None).unwrap();
        CellsQuery::take(&mut parameters).unwrap();
        let documented = CellsQuery::into_params(|| Some(ParameterIn::Query));
        let names: Vec<_> = documented.into_iter().map(|parameter| parameter.name).collect();
        assert_eq!(names, parameters.known());
    }

    #[test]
    fn one_dimension_and_one_period_at_most() {
        assert_eq!(CellsQuery::read(Some("group_by=day,team")).unwrap().group_by, ["day", "team"]);
        for query in ["group_by=team,agent", "group_by=day,month", "group_by=colour", "group_by=total"] {
            assert_eq!(refused(query), "group_by", "{query}");
        }
        assert_eq!(refused("time_zone=Mars/Olympus"), "time_zone");
        assert_eq!(refused("from=2026-01-01T00:14:00Z&to=2026-01-01T00:01:00Z"), "to");
    }
}
