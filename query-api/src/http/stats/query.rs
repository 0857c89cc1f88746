//! Which figures are asked for, and by what.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use domain::stats::Dimension;
use utoipa::IntoParams;

use super::period::{PERIODS, Period, time_zone};
use crate::as_of::AsOf;
use crate::parameters::{BadParameter, FromParameters, Parameters};
use crate::span::Span;

/// What figures are counted by, besides one of the periods and the tenant.
const DIMENSIONS: [&str; 6] = ["priority", "category", "source", "team", "agent", "tag"];
/// By tenant, over a tree of them.
const TENANT: &str = "tenant";

/// Whose figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The token's tenant's.
    Tenant,
    /// Those of all that are below it as well.
    Tree,
}

impl FromParameters for Scope {
    fn take(parameters: &mut Parameters) -> Result<Self, BadParameter> {
        match parameters.text("scope")?.as_deref() {
            None | Some("tenant") => Ok(Self::Tenant),
            Some("tree") => Ok(Self::Tree),
            Some(_) => Err(BadParameter::invalid("scope", "its values are tenant, tree")),
        }
    }
}

/// Of which time, by what.
#[derive(Clone, Debug, PartialEq, Eq, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct StatsQuery {
    /// What happened at this moment or after it.
    pub(crate) from: Option<DateTime<Utc>>,
    /// What happened before this moment.
    pub(crate) to: Option<DateTime<Utc>>,
    /// One of priority, category, source, team, agent and tag, one of hour, day, week and month, or one of
    /// each, in the order in which groups are sorted; with `scope=tree` also tenant.
    #[param(required = false, example = json!(["priority", "month"]))]
    pub(crate) group_by: Vec<String>,
    /// In which days, weeks and months begin, by its IANA name; the tenant's own, if nothing is said.
    #[param(value_type = Option<String>, required = false, example = "Europe/Berlin")]
    pub(crate) time_zone: Option<Tz>,
    /// `tree`: of the tenant and all tenants below it, for those who administer it.
    #[param(value_type = Option<String>, required = false, example = "tree")]
    pub(crate) scope: Scope,
    /// As it was at this time (by when things happened), or at this position of the log. It is reckoned anew
    /// from the log, so it takes longer.
    #[param(value_type = Option<String>, required = false, example = "2026-01-31T08:00:00Z")]
    pub(crate) as_of: AsOf,
}

impl FromParameters for StatsQuery {
    fn take(parameters: &mut Parameters) -> Result<Self, BadParameter> {
        let span = Span::take(parameters)?;
        let group_by = parameters.in_order("group_by")?;
        let time_zone = time_zone(parameters)?;
        let scope = Scope::take(parameters)?;
        let (from, to) = (span.from(), span.to());
        let query = Self { from, to, group_by, time_zone, scope, as_of: AsOf::take(parameters)? };
        query.check().map(|()| query)
    }
}

impl StatsQuery {
    fn check(&self) -> Result<(), BadParameter> {
        let refused = |detail: String| Err(BadParameter::invalid("group_by", detail));
        let is_period = |name: &str| Period::named(name).is_some();
        let of = |known: &dyn Fn(&str) -> bool| self.group_by.iter().filter(|name| known(name)).count();
        let dimensions = of(&|name| DIMENSIONS.contains(&name));
        let (periods, tenants) = (of(&is_period), of(&|name| name == TENANT));
        if dimensions + periods + tenants < self.group_by.len() {
            let periods = PERIODS.map(|(name, _)| name);
            let known = [&DIMENSIONS[..], &periods[..], &[TENANT]].concat().join(", ");
            return refused(format!("its values are {known}"));
        }
        if dimensions > 1 || periods > 1 {
            return refused(format!("it takes one of {}, and one period", DIMENSIONS.join(", ")));
        }
        if tenants > 0 && self.scope == Scope::Tenant {
            return refused("`tenant` goes with `scope=tree`".to_owned());
        }
        Ok(())
    }

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
    pub(crate) fn period_name(&self) -> Option<&str> {
        self.group_by.iter().map(String::as_str).find(|name| Period::named(name).is_some())
    }

    /// The period that it is grouped by.
    pub(crate) fn period(&self) -> Option<Period> {
        self.period_name().and_then(Period::named)
    }

    /// What it is grouped by besides.
    pub(crate) fn dimension(&self) -> Dimension {
        let named = |name: &String| DIMENSIONS.contains(&name.as_str()).then(|| Dimension::named(name))?;
        self.group_by.iter().find_map(named).unwrap_or(Dimension::Total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(query: &str) -> String {
        StatsQuery::read(Some(query)).unwrap_err().name().to_owned()
    }

    #[test]
    fn what_is_documented_is_what_is_read() {
        Parameters::assert_documented::<StatsQuery, _>(StatsQuery::take);
    }

    #[test]
    fn one_dimension_and_one_period_at_most() {
        assert_eq!(StatsQuery::read(Some("group_by=day,team")).unwrap().group_by, ["day", "team"]);
        for query in [
            "group_by=team,agent",
            "group_by=day,month",
            "group_by=colour",
            "group_by=total",
            "group_by=tenant",
        ] {
            assert_eq!(refused(query), "group_by", "{query}");
        }
        assert!(StatsQuery::read(Some("group_by=tenant,tag,week&scope=tree")).is_ok());
        assert_eq!(refused("time_zone=Mars/Olympus"), "time_zone");
        assert_eq!(refused("scope=galaxy"), "scope");
        assert_eq!(refused("from=2026-01-01T00:14:00Z&to=2026-01-01T00:14:00Z"), "to");
    }
}
