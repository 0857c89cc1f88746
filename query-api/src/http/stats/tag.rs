//! What an answer is known by: `ETag`, and `If-None-Match`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ids::Position;
use sha2::{Digest, Sha256};

use super::tree::Member;

/// The form of the figures: another one gives other answers.
const FORM: &str = "3";

/// The figures of these tenants as they are.
pub(super) fn of(members: &[Member]) -> String {
    hashed(FORM, members)
}

/// The figures of these tenants as they were: they stay.
pub(super) fn of_past(position: Position, members: &[Member]) -> String {
    let past: Vec<Member> =
        members.iter().map(|one| Member { changed_at: position.0, ..one.clone() }).collect();
    hashed(&format!("{FORM} past"), &past)
}

/// What was answered, by all that it says.
pub(super) fn of_content(bytes: &[u8]) -> String {
    quoted(&Sha256::digest(bytes))
}

fn quoted(hash: &[u8]) -> String {
    format!("\"{}\"", URL_SAFE_NO_PAD.encode(&hash[..12]))
}

fn hashed(form: &str, members: &[Member]) -> String {
    let mut hash = Sha256::new();
    hash.update(form);
    for member in members {
        hash.update(member.tenant.0);
        hash.update(member.changed_at.to_le_bytes());
    }
    quoted(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use domain::ids::TenantId;

    use super::*;

    #[test]
    fn it_changes_with_the_figures_and_with_whose_they_are() {
        let member = |key: &str, changed_at| Member {
            tenant: TenantId::of_key(key),
            key: None,
            zone: chrono_tz::Tz::UTC,
            changed_at,
        };
        let first = of(&[member("a", 7)]);
        assert_eq!(first, of(&[member("a", 7)]));
        for other in [of(&[member("a", 8)]), of(&[member("b", 7)]), of(&[member("a", 7), member("b", 1)])] {
            assert_ne!(first, other);
        }
        assert_eq!(of_past(Position(5), &[member("a", 7)]), of_past(Position(5), &[member("a", 9)]));
    }
}
