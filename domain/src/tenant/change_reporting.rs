//! Change what statistics are reckoned by.

use serde_json::{Map, Value};

use super::event::{ReportingChanged, TenantEvent};
use super::{Reporting, Tenant, TenantError};
use crate::input::merged;

/// Changes what is named of the tenant's [`Reporting`].
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeReporting {
    /// A JSON Merge Patch (RFC 7396).
    pub patch: Map<String, Value>,
    /// The keys of the tenant's calendars.
    pub calendars: Vec<String>,
}

impl ChangeReporting {
    /// Decides.
    pub fn decide(&self, tenant: &Tenant) -> Result<Vec<TenantEvent>, TenantError> {
        if !tenant.exists() {
            return Err(TenantError::NotFound);
        }
        let from = &tenant.reporting;
        let to: Reporting = merged(from, &self.patch).map_err(|mut error| {
            error.pointer.insert_str(0, "/reporting");
            TenantError::Reporting(vec![error])
        })?;
        to.check(&self.calendars).map_err(TenantError::Reporting)?;
        if to == *from {
            return Ok(vec![]);
        }
        Ok(vec![ReportingChanged { from: from.clone(), to }.into()])
    }
}

#[cfg(test)]
mod tests {
    use cqrs_es::test::TestFramework;
    use serde_json::json;

    use super::*;
    use crate::tenant::{CreateTenant, TenantCommand};

    fn created() -> TenantEvent {
        let create = CreateTenant {
            key: "desk".into(),
            parent: None,
            profile: "platform".into(),
            number_prefix: None,
        };
        create.decide(&Tenant::default()).unwrap().remove(0)
    }

    fn change(patch: Value) -> TenantCommand {
        let Value::Object(patch) = patch else { panic!("an object") };
        TenantCommand::ChangeReporting(ChangeReporting { patch, calendars: vec!["office".into()] })
    }

    #[test]
    fn what_is_named_changes_and_the_rest_stays() {
        let berlin = Reporting { time_zone: "Europe/Berlin".into(), ..Reporting::default() };
        let first = ReportingChanged { from: Reporting::default(), to: berlin.clone() };
        let rated = Reporting { currency: Some("EUR".into()), hourly_rate: Some(4_500), ..berlin.clone() };
        let second = ReportingChanged { from: berlin, to: rated };
        TestFramework::<Tenant>::with(())
            .given(vec![created(), first.into()])
            .when(change(json!({"currency": "EUR", "hourly_rate": 4500})))
            .then_expect_events(vec![second.into()]);
    }

    #[test]
    fn what_it_is_already_is_nothing_to_do() {
        let given = || TestFramework::<Tenant>::with(()).given(vec![created()]);
        given().when(change(json!({}))).then_expect_events(vec![]);
        given().when(change(json!({"time_zone": "UTC", "calendar": null}))).then_expect_events(vec![]);
    }

    #[test]
    fn everything_that_is_wrong_is_named() {
        let refused = |patch: Value| {
            let mut tenant = Tenant::default();
            tenant.apply(created());
            match change(patch).decide(&tenant) {
                Err(TenantError::Reporting(errors)) => {
                    errors.into_iter().map(|error| (error.pointer, error.code)).collect::<Vec<_>>()
                }
                other => panic!("{other:?}"),
            }
        };
        let wrong = json!({
            "time_zone": "Mars/Olympus", "calendar": "night", "hourly_rate": -1,
            "team_hourly_rates": {"second-line": 1_000_000_000},
        });
        let at = |pointer: &str, code| (format!("/reporting/{pointer}"), code);
        assert_eq!(
            refused(wrong),
            [
                at("time_zone", "unknown_value"),
                at("calendar", "unknown_value"),
                at("currency", "required"),
                at("hourly_rate", "out_of_range"),
                at("team_hourly_rates/second-line", "out_of_range"),
            ]
        );
        assert_eq!(refused(json!({"currency": "euro"})), [at("currency", "invalid")]);
        assert_eq!(refused(json!({"colour": "red"}))[0].0, "/reporting/colour");
        assert_eq!(refused(json!({"hourly_rate": "much"}))[0].0, "/reporting/hourly_rate");
    }

    #[test]
    fn a_tenant_that_is_not_there_has_none() {
        let refused = change(json!({})).decide(&Tenant::default());
        assert_eq!(refused, Err(TenantError::NotFound));
    }
}
