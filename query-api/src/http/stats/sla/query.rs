//! Which promises are counted, by what, and the SQL for it.

use chrono::{DateTime, DurationRound, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use domain::identity::Principal;
use domain::ids::TenantId;
use domain::sla::policy::Metric;
use sqlx::{Postgres, QueryBuilder};
use utoipa::IntoParams;

use super::past::Outcomes;
use crate::as_of::AsOf;
use crate::conditions::{push_any, push_assigned};
use crate::http::stats::period::{Period, time_zone};
use crate::http::stats::query::Scope;
use crate::parameters::{BadParameter, FromParameters, Parameters};
use crate::span::Span;
use crate::visibility::{push_visibility, sees_all};

/// What promises are counted by.
const DIMENSIONS: [(&str, Dimension); 10] = [
    ("policy", Dimension::Column("o.policy")),
    ("priority", Dimension::Column("o.priority")),
    ("agent", Dimension::Column("o.agent")),
    ("team", Dimension::Column("o.team")),
    ("organization", Dimension::Column("o.organization")),
    ("metric", Dimension::Column("o.metric")),
    ("day", Dimension::Period(Period::Day)),
    ("week", Dimension::Period(Period::Week)),
    ("month", Dimension::Period(Period::Month)),
    ("hour", Dimension::Period(Period::Hour)),
];

/// Where a group's value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dimension {
    /// A column of `read.sla_outcomes AS o`.
    Column(&'static str),
    /// The period in which it was decided.
    Period(Period),
}

/// Which promises are counted, and by what.
#[derive(Clone, Debug, PartialEq, Eq, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct StatsQuery {
    /// Decided at this moment or after it.
    pub(crate) from: Option<DateTime<Utc>>,
    /// Decided before this moment.
    pub(crate) to: Option<DateTime<Utc>>,
    /// By what they are counted, in the order in which groups are sorted: policy, priority, agent,
    /// team, organization, metric, day, week, month, hour.
    #[param(required = false, default = json!(["metric"]), example = json!(["policy", "month"]))]
    pub(crate) group_by: Vec<String>,
    /// `tree`: of the tenant and all tenants below it, for those who administer it.
    #[param(value_type = Option<String>, required = false, example = "tree")]
    pub(crate) scope: Scope,
    /// As it was at this time (by when things happened), or at this position of the log. It is reckoned anew
    /// from the log, so it takes longer.
    #[param(value_type = Option<String>, required = false, example = "2026-01-31T08:00:00Z")]
    pub(crate) as_of: AsOf,
    /// In which days, weeks, months and hours begin, by its IANA name; the tenant's own, if nothing is said.
    #[param(value_type = Option<String>, required = false, example = "Europe/Berlin")]
    pub(crate) time_zone: Option<Tz>,
    /// What was promised: first_response, next_reply, resolution.
    #[param(required = false)]
    metric: Vec<String>,
    /// Policies.
    #[param(required = false)]
    policy: Vec<String>,
    /// Priorities.
    #[param(required = false)]
    priority: Vec<String>,
    /// Agents who had the ticket: ids, `me`, `none`.
    #[param(required = false, explode)]
    agent: Vec<String>,
    /// Teams that had the ticket: ids, `none`.
    #[param(required = false, explode)]
    team: Vec<String>,
}

impl FromParameters for StatsQuery {
    fn take(parameters: &mut Parameters) -> Result<Self, BadParameter> {
        let span = Span::take(parameters)?;
        Ok(Self {
            from: span.from(),
            to: span.to(),
            group_by: group_by(parameters)?,
            scope: Scope::take(parameters)?,
            as_of: AsOf::take(parameters)?,
            time_zone: time_zone(parameters)?,
            metric: parameters.among("metric", &Metric::ALL.map(Metric::as_str))?,
            policy: parameters.words("policy")?,
            priority: parameters.words("priority")?,
            agent: parameters.values("agent")?,
            team: parameters.values("team")?,
        })
    }
}

fn group_by(parameters: &mut Parameters) -> Result<Vec<String>, BadParameter> {
    let mut names = parameters.in_order("group_by")?;
    if names.iter().any(|name| dimension(name).is_none()) {
        let known = DIMENSIONS.map(|(name, _)| name).join(", ");
        return Err(BadParameter::invalid("group_by", format!("its values are {known}")));
    }
    if names.is_empty() {
        names.push("metric".to_owned());
    }
    Ok(names)
}

fn dimension(name: &str) -> Option<Dimension> {
    DIMENSIONS.iter().find(|(known, _)| *known == name).map(|(_, dimension)| *dimension)
}

impl StatsQuery {
    /// Whether the counts of hours tell what is asked for.
    pub(crate) fn is_of_hours(&self, zone: Tz) -> bool {
        let told = |name: &String| name == "metric" || dimension(name).is_some_and(Dimension::is_of_time);
        let unfiltered =
            [&self.policy, &self.priority, &self.agent, &self.team].iter().all(|one| one.is_empty());
        let whole = |at: Option<DateTime<Utc>>| at.is_none_or(begins_an_hour);
        unfiltered
            && self.group_by.iter().all(told)
            && whole(self.from)
            && whole(self.to)
            && has_whole_hours(zone)
    }

    /// The statement: a row for each group, with its key in the order asked for, up to `limit` of them.
    ///
    /// What is counted by is made text after the counting: so it is done once a group, and Postgres
    /// counts in one walk without sorting all that there is.
    pub(super) fn sql<'a>(
        &'a self,
        caller: &'a Principal,
        tenant: TenantId,
        zone: Tz,
        from: From<'a>,
        limit: i64,
    ) -> QueryBuilder<'a, Postgres> {
        let dimensions: Vec<Dimension> = self.group_by.iter().filter_map(|name| dimension(name)).collect();
        let mut sql = QueryBuilder::new("SELECT ARRAY[");
        let mut shown = sql.separated(", ");
        for (index, dimension) in dimensions.iter().enumerate() {
            shown.push(dimension.shown(index));
        }
        sql.push("] AS key, g.met, g.missed FROM (SELECT ");
        for (index, dimension) in dimensions.iter().enumerate() {
            dimension.push(zone, &mut sql);
            sql.push(format_args!(" AS k{index}, "));
        }
        let counted =
            "count(*) FILTER (WHERE NOT o.missed) AS met, count(*) FILTER (WHERE o.missed) AS missed";
        match from {
            From::Kept => drop(sql.push(counted).push(" FROM read.sla_outcomes AS o")),
            From::Hours => {
                sql.push(
                    "sum(o.met)::int8 AS met, sum(o.missed)::int8 AS missed FROM (SELECT tenant_id, metric, ",
                );
                sql.push("hour AS decided_at, met, missed FROM read.sla_outcome_hours) AS o");
            }
            From::Past(past) => past.push(sql.push(counted)),
        }
        if !sees_all(caller) {
            sql.push(" JOIN read.tickets AS t ON t.id = o.ticket_id");
        }
        match from {
            From::Kept | From::Hours => drop(sql.push(" WHERE o.tenant_id = ").push_bind(tenant.0)),
            From::Past(_) => drop(sql.push(" WHERE true")),
        }
        if !sees_all(caller) {
            push_visibility(caller, &mut sql);
        }
        Span::new(self.from, self.to).push("o.decided_at", &mut sql);
        for (column, values) in
            [("o.metric", &self.metric), ("o.policy", &self.policy), ("o.priority", &self.priority)]
        {
            push_any(column, values.iter().map(String::as_str).collect(), &mut sql);
        }
        push_assigned("o.agent", &self.agent, Some(caller.user.as_str()), &mut sql);
        push_assigned("o.team", &self.team, None, &mut sql);
        sql.push(" GROUP BY ");
        let mut places = sql.separated(", ");
        for place in 1..=dimensions.len() {
            places.push(place);
        }
        sql.push(") AS g ORDER BY 1 LIMIT ").push_bind(limit);
        sql
    }
}

/// What promises are counted from.
#[derive(Clone, Copy)]
pub(super) enum From<'a> {
    /// Each by itself.
    Kept,
    /// The counts of hours.
    Hours,
    /// Those of a moment of the past.
    Past(&'a Outcomes),
}

fn begins_an_hour(at: DateTime<Utc>) -> bool {
    at.duration_trunc(TimeDelta::hours(1)).is_ok_and(|hour| hour == at)
}

/// Whether its clocks show whole hours when UTC's do, as far as anybody looks.
fn has_whole_hours(zone: Tz) -> bool {
    // No zone is off by another part of an hour for a few days.
    let days = (0..130 * 24).map(|half_month| half_month * 15 * 86_400);
    days.filter_map(|at| DateTime::from_timestamp(at, 0))
        .all(|at| zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc() % 3_600 == 0)
}

impl Dimension {
    /// Whether it is a period.
    fn is_of_time(self) -> bool {
        matches!(self, Self::Period(_))
    }

    /// Adds what is counted by.
    fn push(self, zone: Tz, sql: &mut QueryBuilder<'_, Postgres>) {
        match self {
            Self::Column(column) => {
                sql.push(column);
            }
            Self::Period(period) => period.push_key("o.decided_at", zone, sql),
        }
    }

    /// The same as text, by its place. The collation is said of each: a list of values has but one.
    fn shown(self, index: usize) -> String {
        let text = match self {
            Self::Column(_) => format!("g.k{index}"),
            Self::Period(period) => period.shown(&format!("g.k{index}")),
        };
        format!("{text} COLLATE \"C\"")
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::{TenantId, UserId};

    use super::*;

    fn refused(query: &str) -> String {
        StatsQuery::read(Some(query)).unwrap_err().name().to_owned()
    }

    #[test]
    fn what_is_documented_is_what_is_read() {
        Parameters::assert_documented::<StatsQuery, _>(StatsQuery::take);
    }

    #[test]
    fn groups_keep_the_order_that_was_asked_for() {
        let query = StatsQuery::read(Some("group_by=team,policy&group_by=day,team")).unwrap();
        assert_eq!(query.group_by, ["team", "policy", "day"]);
        assert_eq!(StatsQuery::read(None).unwrap().group_by, ["metric"]);
    }

    #[test]
    fn who_sees_a_part_gets_counts_of_that_part() {
        let sql = |role: &str| {
            let user = UserId::new("otto").unwrap();
            let caller = Principal::new(user, TenantId::of_key("t"), vec![role.to_owned()]);
            StatsQuery::read(None).unwrap().sql(&caller, caller.tenant, Tz::UTC, From::Kept, 9).into_sql()
        };
        assert!(!sql("support_lead").contains("read.tickets"));
        let part = sql("org_support");
        assert!(part.contains(" JOIN read.tickets AS t ON t.id = o.ticket_id"), "{part}");
        assert!(part.contains("WHERE o.tenant_id = $1 AND t.requester_id = $2 GROUP BY"), "{part}");
    }

    #[test]
    fn whole_hours_of_whole_tenants_are_summed_up_already() {
        let of_hours = |query: &str, zone| StatsQuery::read(Some(query)).unwrap().is_of_hours(zone);
        assert!(of_hours("group_by=day,metric&from=2026-01-01T00:00:00Z", Tz::Europe__Berlin));
        assert!(!of_hours("group_by=day,policy", Tz::UTC));
        assert!(!of_hours("group_by=day&agent=amir", Tz::UTC));
        assert!(!of_hours("group_by=day&from=2026-01-01T00:30:00Z", Tz::UTC));
        for zone in [Tz::Asia__Kathmandu, Tz::Australia__Lord_Howe, Tz::America__St_Johns] {
            assert!(!of_hours("group_by=day", zone), "{zone}");
        }
    }

    #[test]
    fn bad_values_name_their_parameter() {
        assert_eq!(refused("group_by=colour"), "group_by");
        assert_eq!(refused("time_zone=Europe/Nowhere"), "time_zone");
        assert_eq!(refused("time_zone=CET-1"), "time_zone");
        assert_eq!(refused("metric=speed"), "metric");
        assert_eq!(refused("from=yesterday"), "from");
        assert_eq!(refused("from=2026-01-02T00:00:00Z&to=2026-01-02T00:00:00Z"), "to");
        assert_eq!(refused("source=email"), "source");
    }
}
