//! What a tenant's statistics are reckoned by: the time zone of its days, its working hours, its hourly rates.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::TeamId;
use crate::input::FieldError;

/// The most that an hour may cost, in hundredths of the currency's unit.
const MOST_AN_HOUR: i64 = 100_000_000;
/// The most teams that have a rate of their own.
const MOST_TEAMS: usize = 1_000;

/// What statistics are reckoned by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Reporting {
    /// In which days, weeks and months begin, by its IANA name.
    #[schema(example = "Europe/Berlin")]
    pub time_zone: String,
    /// The key of the calendar whose hours are working time. Without one, that of the first policy that
    /// counts by a calendar; where there is none, all time is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "office")]
    pub calendar: Option<String>,
    /// What rates are in: three letters of ISO 4217.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "EUR")]
    pub currency: Option<String>,
    /// What an hour of an agent's work costs, in hundredths of the currency's unit. Without one, work costs
    /// only where the team has a rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 4500)]
    pub hourly_rate: Option<i64>,
    /// The same by team, before the rate for all.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(example = json!({"second-line": 6500}))]
    pub team_hourly_rates: BTreeMap<String, i64>,
}

impl Default for Reporting {
    /// What every tenant starts with. It holds for all whose log says nothing else, so it stays.
    fn default() -> Self {
        Self {
            time_zone: Tz::UTC.name().to_owned(),
            calendar: None,
            currency: None,
            hourly_rate: None,
            team_hourly_rates: BTreeMap::new(),
        }
    }
}

impl Reporting {
    /// The time zone; that of a name that nobody knows (any more) is UTC.
    pub fn zone(&self) -> Tz {
        self.time_zone.parse().unwrap_or(Tz::UTC)
    }

    /// What an hour of a team's work costs, in hundredths of the currency's unit; nothing if it isn't said.
    pub fn rate(&self, team: &str) -> Option<i64> {
        self.team_hourly_rates.get(team).copied().or(self.hourly_rate)
    }

    /// Whether work costs anything.
    pub fn has_rates(&self) -> bool {
        self.hourly_rate.is_some() || !self.team_hourly_rates.is_empty()
    }

    /// Everything that is wrong with it; `calendars` are the keys of those that there are.
    pub fn check(&self, calendars: &[String]) -> Result<(), Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut fail = |pointer: &str, code, detail: String| {
            errors.push(FieldError { pointer: format!("/reporting/{pointer}"), code, detail });
        };
        if self.time_zone.parse::<Tz>().is_err() {
            let detail = "a time zone by its IANA name is wanted, such as Europe/Berlin".to_owned();
            fail("time_zone", "unknown_value", detail);
        }
        if let Some(key) = self.calendar.as_ref().filter(|key| !calendars.contains(key)) {
            let known = calendars.join(", ");
            fail("calendar", "unknown_value", format!("there is no calendar {key:?}; there are: {known}"));
        }
        match &self.currency {
            Some(code) if code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_uppercase()) => {
                let detail = "a currency's code of ISO 4217 is wanted, such as EUR".to_owned();
                fail("currency", "invalid", detail);
            }
            None if self.has_rates() => {
                fail("currency", "required", "say in which currency the rates are".to_owned());
            }
            _ => {}
        }
        let bounds = || format!("a whole number from 0 to {MOST_AN_HOUR} is wanted, in hundredths");
        if self.hourly_rate.is_some_and(|rate| !(0..=MOST_AN_HOUR).contains(&rate)) {
            fail("hourly_rate", "out_of_range", bounds());
        }
        if self.team_hourly_rates.len() > MOST_TEAMS {
            let detail = format!("{MOST_TEAMS} teams at most have a rate of their own");
            fail("team_hourly_rates", "too_many", detail);
        }
        for (team, rate) in &self.team_hourly_rates {
            if let Err(error) = TeamId::new(team) {
                fail("team_hourly_rates", "invalid", format!("{team:?} is no team: {error}"));
            } else if !(0..=MOST_AN_HOUR).contains(rate) {
                fail(&format!("team_hourly_rates/{team}"), "out_of_range", bounds());
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}
