//! What the file's states and priorities are in a tenant's workflow.

use domain::tenant::{StatusCategory, TenantSettings};

/// What ServiceNow writes where a state isn't known.
pub(super) const UNKNOWN: &str = "-100";

/// The status that a state stands for; `None` for a state that means nothing here.
pub(super) fn status(settings: &TenantSettings, state: &str) -> Option<String> {
    let first = |category| settings.first_of(category).map(|status| status.key.clone());
    match state {
        "New" => Some(settings.initial_status.clone()),
        "Active" | "In Progress" | "Work in Progress" => Some(active(settings)),
        "Awaiting User Info" | "Awaiting Caller" => {
            Some(first(StatusCategory::PendingCustomer).unwrap_or_else(|| active(settings)))
        }
        "Awaiting Vendor" | "Awaiting Problem" | "Awaiting Evidence" | "Awaiting Change" | "On Hold" => {
            Some(first(StatusCategory::PendingInternal).unwrap_or_else(|| active(settings)))
        }
        "Resolved" => first(StatusCategory::Resolved),
        "Closed" => first(StatusCategory::Closed),
        "Canceled" | "Cancelled" => first(StatusCategory::Cancelled),
        _ => None,
    }
}

/// Being worked on: the furthest of the open ones.
fn active(settings: &TenantSettings) -> String {
    let open = settings.statuses.iter().rev().find(|status| status.category == StatusCategory::Open);
    open.map_or_else(|| settings.initial_status.clone(), |status| status.key.clone())
}

/// The priority that `3 - Moderate` stands for: the third by rank, or the last there is. Else the one of that name.
pub(super) fn priority(settings: &TenantSettings, text: &str) -> Option<String> {
    let mut ranked: Vec<_> = settings.priorities.iter().collect();
    ranked.sort_by_key(|priority| priority.rank);
    let named = |text: &str| ranked.iter().find(|one| one.key.eq_ignore_ascii_case(text)).copied();
    let found = match text.split_whitespace().next()?.parse::<usize>() {
        // ServiceNow has five.
        Ok(place @ 1..=5) => ranked.get(place - 1).or(ranked.last()).copied(),
        Ok(_) => None,
        Err(_) => named(text),
    };
    Some(found?.key.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(profile: &str) -> TenantSettings {
        domain::tenant::profile(profile).unwrap()
    }

    #[test]
    fn each_state_has_its_status() {
        let platform = settings("platform");
        for (state, expected) in [
            ("New", "new"),
            ("Active", "in_progress"),
            ("Awaiting User Info", "waiting_customer"),
            ("Awaiting Vendor", "waiting_internal"),
            ("Awaiting Problem", "waiting_internal"),
            ("Awaiting Evidence", "waiting_internal"),
            ("Resolved", "resolved"),
            ("Closed", "closed"),
        ] {
            assert_eq!(status(&platform, state).as_deref(), Some(expected), "{state}");
        }
        assert_eq!(status(&platform, "-100"), None);
    }

    #[test]
    fn a_workflow_without_waiting_goes_on_working() {
        assert_eq!(status(&settings("saas"), "Awaiting Vendor").as_deref(), Some("in_progress"));
    }

    #[test]
    fn priorities_go_by_rank() {
        let keys = |profile: &str| {
            ["1 - Critical", "2 - High", "3 - Moderate", "4 - Low", "5 - Planning"]
                .map(|text| priority(&settings(profile), text).unwrap())
        };
        assert_eq!(keys("platform"), ["critical", "high", "medium", "low", "low"]);
        assert_eq!(keys("events"), ["urgent", "high", "normal", "low", "low"]);
        assert_eq!(priority(&settings("platform"), "High").as_deref(), Some("high"));
        for unknown in ["none", "0 - None", "6 - Whatever", ""] {
            assert_eq!(priority(&settings("saas"), unknown), None, "{unknown}");
        }
    }
}
