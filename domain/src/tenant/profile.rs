//! The presets that a tenant starts with: `deploy/profiles/*.toml`, built in.

use std::sync::LazyLock;

use super::TenantSettings;

/// The names, in the order of the requirements' A to E.
pub const PROFILES: &[&str] = &["saas", "education", "msp", "platform", "events"];

/// The profile of a tenant for which none was said.
pub const DEFAULT_PROFILE: &str = "platform";

/// In the order of [`PROFILES`].
const SOURCES: [&str; 5] = [
    include_str!("../../../deploy/profiles/saas.toml"),
    include_str!("../../../deploy/profiles/education.toml"),
    include_str!("../../../deploy/profiles/msp.toml"),
    include_str!("../../../deploy/profiles/platform.toml"),
    include_str!("../../../deploy/profiles/events.toml"),
];

/// Read once. A file that can't be read is missing here; a test sees to it that none is.
static READ: LazyLock<Vec<Option<TenantSettings>>> =
    LazyLock::new(|| SOURCES.iter().map(|source| toml::from_str(source).ok()).collect());

/// The settings of a profile, by its name or its letter (`a` to `e`), in any case.
pub fn profile(name: &str) -> Option<TenantSettings> {
    named(name).map(|(_, settings)| settings)
}

/// The profile's own name and its settings.
pub(super) fn named(name: &str) -> Option<(&'static str, TenantSettings)> {
    let name = name.to_lowercase();
    let index = PROFILES
        .iter()
        .position(|profile| *profile == name)
        .or_else(|| ["a", "b", "c", "d", "e"].iter().position(|letter| *letter == name))?;
    READ[index].clone().map(|settings| (PROFILES[index], settings))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenant::{NumberFormat, StatusCategory};

    fn keys(name: &str) -> Vec<String> {
        profile(name).unwrap().statuses.into_iter().map(|status| status.key).collect()
    }

    #[test]
    fn every_profile_can_be_read_and_holds_together() {
        for (name, source) in PROFILES.iter().zip(SOURCES) {
            let settings: TenantSettings = toml::from_str(source).unwrap();
            assert_eq!(settings.check(), Ok(()), "{name}");
            assert_eq!(profile(name), Some(settings));
        }
        assert_eq!(profile("golf"), None);
    }

    #[test]
    fn letters_are_taken_in_any_case() {
        for (letter, name) in ["a", "B", "c", "D", "e"].iter().zip(PROFILES) {
            assert_eq!(profile(letter), profile(name));
        }
        assert!(profile("Platform").is_some());
    }

    #[test]
    fn statuses_and_priorities_are_as_required() {
        assert_eq!(keys("saas"), ["open", "in_progress", "resolved", "closed"]);
        assert_eq!(keys("education"), ["new", "assigned", "in_progress", "resolved", "closed"]);
        let msp = ["open", "in_progress", "waiting_customer", "waiting_internal"];
        assert_eq!(keys("msp"), [&msp[..], &["resolved", "closed"]].concat());
        assert_eq!(keys("platform"), [&["new"], &msp[..], &["resolved", "closed", "cancelled"]].concat());
        assert_eq!(keys("events"), ["open", "in_progress", "waiting_on_user", "resolved", "closed"]);
        for (name, first, default) in [
            ("saas", "urgent", "medium"),
            ("education", "urgent", "medium"),
            ("msp", "urgent", "medium"),
            ("platform", "critical", "medium"),
            ("events", "urgent", "normal"),
        ] {
            let settings = profile(name).unwrap();
            let ranks: Vec<_> = settings.priorities.iter().map(|priority| priority.rank).collect();
            assert_eq!(ranks, [1, 2, 3, 4], "{name}");
            assert_eq!(settings.priorities[0].key, first);
            assert_eq!(settings.default_priority, default);
        }
    }

    #[test]
    fn each_can_resolve_close_and_reopen() {
        for name in PROFILES {
            let settings = profile(name).unwrap();
            let resolved = &settings.first_of(StatusCategory::Resolved).unwrap().key;
            let closed = &settings.first_of(StatusCategory::Closed).unwrap().key;
            assert!(settings.allowed_from(&settings.initial_status).contains(&resolved.as_str()));
            assert!(settings.allowed_from(resolved).contains(&closed.as_str()));
            assert!(settings.allowed_from(closed).contains(&settings.reopened_status.as_str()));
            assert!(NumberFormat::of(&settings).is_ok());
        }
    }
}
