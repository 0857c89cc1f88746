//! Create a tenant.

use serde::Deserialize;

use super::event::{TenantCreated, TenantEvent};
use super::{PROFILES, SettingsError, Tenant, profile};
use crate::ids::TenantId;
use crate::input::FieldError;

/// The longest key, in characters.
const MAX_KEY: usize = 63;

/// A new tenant with a profile's settings. Its id is [`TenantId::of_key`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateTenant {
    /// What people and command lines call it: 1–63 of `a-z`, `0-9` and `-`, a letter or digit first.
    pub key: String,
    /// The tenant above it.
    #[serde(default)]
    pub parent: Option<TenantId>,
    /// The profile's name.
    pub profile: String,
    /// What `{prefix}` in its ticket numbers stands for; the key in capitals, if nothing is said.
    #[serde(default)]
    pub number_prefix: Option<String>,
}

/// Why a tenant can't be created.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TenantError {
    /// The key isn't one.
    #[error("a tenant's key has 1 to 63 characters: a-z, 0-9 and -, a letter or digit first; {0:?} is none")]
    InvalidKey(String),
    /// There is no such profile.
    #[error("there is no profile {found:?}; there are {}", PROFILES.join(", "))]
    UnknownProfile {
        /// What was asked for.
        found: String,
    },
    /// Another tenant has this key already.
    #[error("the tenant {0:?} is there already, with another profile or parent")]
    Exists(String),
    /// A tenant can't be above itself.
    #[error("a tenant can't be its own parent")]
    OwnParent,
    /// The settings don't hold together.
    #[error("the settings don't hold together: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Settings(Vec<SettingsError>),
    /// No such tenant.
    #[error("there is no such tenant")]
    NotFound,
    /// What statistics are to be reckoned by is wrong.
    #[error("{} faults", .0.len())]
    Reporting(Vec<FieldError>),
}

impl CreateTenant {
    /// Decides. The same tenant again is nothing to do.
    pub fn decide(&self, tenant: &Tenant) -> Result<Vec<TenantEvent>, TenantError> {
        let first = self.key.bytes().next();
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        if self.key.len() > MAX_KEY
            || !first.is_some_and(plain)
            || !self.key.bytes().all(|byte| plain(byte) || byte == b'-')
        {
            return Err(TenantError::InvalidKey(self.key.clone()));
        }
        let Some((name, mut settings)) = profile::named(&self.profile) else {
            return Err(TenantError::UnknownProfile { found: self.profile.clone() });
        };
        if self.parent == Some(TenantId::of_key(&self.key)) {
            return Err(TenantError::OwnParent);
        }
        if tenant.exists() {
            return if tenant.profile == name && tenant.parent == self.parent {
                Ok(vec![])
            } else {
                Err(TenantError::Exists(self.key.clone()))
            };
        }
        if settings.number_format.contains("{prefix}") {
            settings.number_prefix = self.number_prefix.clone().unwrap_or_else(|| self.key.to_uppercase());
        }
        settings.check().map_err(TenantError::Settings)?;
        Ok(vec![TenantEvent::TenantCreated(TenantCreated {
            key: self.key.clone(),
            parent: self.parent,
            profile: name.to_owned(),
            settings,
        })])
    }
}

#[cfg(test)]
mod tests {
    use cqrs_es::test::TestFramework;

    use super::*;
    use crate::tenant::TenantCommand;

    fn create(key: &str, profile: &str) -> CreateTenant {
        CreateTenant { key: key.to_owned(), parent: None, profile: profile.to_owned(), number_prefix: None }
    }

    fn created(key: &str, name: &str) -> TenantEvent {
        let events = create(key, name).decide(&Tenant::default()).unwrap();
        events.into_iter().next().unwrap()
    }

    #[test]
    fn a_tenant_starts_with_its_profiles_settings() {
        let TenantEvent::TenantCreated(event) = created("desk", "D") else { panic!("created") };
        assert_eq!((event.key.as_str(), event.profile.as_str()), ("desk", "platform"));
        assert_eq!(event.settings.initial_status, "new");
    }

    #[test]
    fn numbers_of_an_entity_bear_its_key() {
        let TenantEvent::TenantCreated(event) = created("ka", "education") else { panic!("created") };
        assert_eq!(event.settings.number_prefix, "KA");
    }

    #[test]
    fn twice_is_nothing_to_do_and_otherwise_is_refused() {
        let given = || TestFramework::<Tenant>::with(()).given(vec![created("desk", "saas")]);
        given().when(TenantCommand::Create(create("desk", "saas"))).then_expect_events(vec![]);
        given().when(TenantCommand::Create(create("desk", "A"))).then_expect_events(vec![]);
        given()
            .when(TenantCommand::Create(create("desk", "events")))
            .then_expect_error(TenantError::Exists("desk".to_owned()));
    }

    #[test]
    fn keys_profiles_and_parents_are_checked() {
        for key in ["", "Desk", "-desk", "a b", "ä", &"x".repeat(64)] {
            assert_eq!(
                create(key, "saas").decide(&Tenant::default()),
                Err(TenantError::InvalidKey(key.to_owned()))
            );
        }
        let refused = create("desk", "golf").decide(&Tenant::default()).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "there is no profile \"golf\"; there are saas, education, msp, platform, events"
        );
        let own = CreateTenant { parent: Some(TenantId::of_key("desk")), ..create("desk", "saas") };
        assert_eq!(own.decide(&Tenant::default()), Err(TenantError::OwnParent));
    }
}
