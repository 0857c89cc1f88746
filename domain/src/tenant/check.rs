//! Whether settings hold together.

use super::{InvalidNumberFormat, NumberFormat, StatusCategory, TenantSettings};

/// What is wrong with settings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Two things with one key.
    #[error("{what} {key:?} is there twice")]
    Twice {
        /// `status` or `priority`.
        what: &'static str,
        /// The key.
        key: String,
    },
    /// A key that isn't 1–64 of `a-z`, `0-9` and `_`.
    #[error("{what} {key:?} is no key: 1 to 64 of a-z, 0-9 and _")]
    Key {
        /// `status` or `priority`.
        what: &'static str,
        /// The key.
        key: String,
    },
    /// A colour that isn't `#RRGGBB`.
    #[error("{0:?} is no colour; #RRGGBB is")]
    Color(String),
    /// A name that stands for nothing.
    #[error("{place} names {key:?}, which is not there")]
    Unknown {
        /// Where it stands.
        place: &'static str,
        /// The name.
        key: String,
    },
    /// The workflow lacks a status that the engine needs.
    #[error("no status has the category {}", .0.as_str())]
    NoStatus(StatusCategory),
    /// A status in the wrong category.
    #[error("{place} must be a status that is not done; {key:?} is done")]
    Done {
        /// Where it stands.
        place: &'static str,
        /// The status.
        key: String,
    },
    /// A resolved status that a customer's reply could not reopen.
    #[error("{from:?} must lead to {to:?}, which a customer's reply reopens to")]
    NoWayBack {
        /// The resolved status.
        from: String,
        /// The status to reopen to.
        to: String,
    },
    /// A limit of zero, or above what the store takes.
    #[error("the limit {name} must be from 1 to {max}")]
    Limit {
        /// Which.
        name: &'static str,
        /// The most.
        max: usize,
    },
    /// The number format is none.
    #[error("the number format: {0}")]
    NumberFormat(InvalidNumberFormat),
}

impl TenantSettings {
    /// Everything that is wrong with them.
    pub fn check(&self) -> Result<(), Vec<SettingsError>> {
        let mut errors = Vec::new();
        let statuses = self.statuses.iter().map(|status| (&status.key, &status.color));
        let priorities = self.priorities.iter().map(|priority| (&priority.key, &priority.color));
        check_keys("status", statuses, &mut errors);
        check_keys("priority", priorities, &mut errors);
        self.check_workflow(&mut errors);
        if self.priority(&self.default_priority).is_none() {
            let key = self.default_priority.clone();
            errors.push(SettingsError::Unknown { place: "default_priority", key });
        }
        for (name, value, max) in [
            ("subject", self.limits.subject, 500),
            ("body", self.limits.body, 500_000),
            ("tags", self.limits.tags, 1_000),
            ("tag", self.limits.tag, 255),
            ("custom_fields", self.limits.custom_fields, 1_000),
            ("attachments", self.limits.attachments, 1_000),
        ] {
            if !(1..=max).contains(&value) {
                errors.push(SettingsError::Limit { name, max });
            }
        }
        if let Err(error) = NumberFormat::of(self).and_then(|format| format.check_length()) {
            errors.push(SettingsError::NumberFormat(error));
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    fn check_workflow(&self, errors: &mut Vec<SettingsError>) {
        for category in [StatusCategory::Resolved, StatusCategory::Closed] {
            if self.first_of(category).is_none() {
                errors.push(SettingsError::NoStatus(category));
            }
        }
        for (place, key) in
            [("initial_status", &self.initial_status), ("reopened_status", &self.reopened_status)]
        {
            match self.status(key) {
                None => errors.push(SettingsError::Unknown { place, key: key.clone() }),
                Some(status) if status.category.is_done() => {
                    errors.push(SettingsError::Done { place, key: key.clone() });
                }
                Some(_) => {}
            }
        }
        for key in self.transitions.iter().flat_map(|(from, to)| std::iter::once(from).chain(to)) {
            if self.status(key).is_none() {
                errors.push(SettingsError::Unknown { place: "transitions", key: key.clone() });
            }
        }
        for status in &self.statuses {
            if status.category == StatusCategory::Resolved
                && !self.allowed_from(&status.key).contains(&self.reopened_status.as_str())
            {
                let (from, to) = (status.key.clone(), self.reopened_status.clone());
                errors.push(SettingsError::NoWayBack { from, to });
            }
        }
    }
}

fn check_keys<'a>(
    what: &'static str,
    entries: impl Iterator<Item = (&'a String, &'a String)>,
    errors: &mut Vec<SettingsError>,
) {
    let mut seen = Vec::new();
    for (key, color) in entries {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if key.is_empty() || key.len() > 64 || !key.bytes().all(plain) {
            errors.push(SettingsError::Key { what, key: key.clone() });
        }
        if seen.contains(&key) {
            errors.push(SettingsError::Twice { what, key: key.clone() });
        }
        seen.push(key);
        let digits = color.strip_prefix('#').unwrap_or_default();
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            errors.push(SettingsError::Color(color.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::tenant::profile;

    #[test]
    fn what_does_not_hold_together_is_named() {
        let mut settings = profile("platform").unwrap();
        settings.statuses.push(settings.statuses[0].clone());
        settings.priorities[0].color = "red".to_owned();
        settings.default_priority = "lukewarm".to_owned();
        settings.initial_status = "closed".to_owned();
        settings.transitions.insert("new".to_owned(), vec!["limbo".to_owned()]);
        settings.transitions.remove("resolved");
        settings.number_format = "TKT".to_owned();
        settings.limits.tag = 0;
        let wrong: Vec<_> = settings.check().unwrap_err().iter().map(ToString::to_string).collect();
        assert_eq!(
            wrong,
            [
                "status \"new\" is there twice",
                "\"red\" is no colour; #RRGGBB is",
                "initial_status must be a status that is not done; \"closed\" is done",
                "transitions names \"limbo\", which is not there",
                "\"resolved\" must lead to \"open\", which a customer's reply reopens to",
                "default_priority names \"lukewarm\", which is not there",
                "the limit tag must be from 1 to 255",
                "the number format: it must have {seq:N} once",
            ]
        );
    }
}
