//! Cursors: where a list goes on. Opaque to the caller, and of use only to whom they were given,
//! for the list that they were given for.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;

/// The bytes of the seal. 128 bits are beyond guessing.
const SEAL: usize = 16;
/// No cursor of ours is longer.
const LONGEST: usize = 2048;

/// The secret that seals cursors; the same for all instances of a cell.
#[derive(Clone)]
pub struct CursorKey(Vec<u8>);

impl CursorKey {
    /// Any secret bytes; 32 random ones are right.
    pub fn new(secret: impl Into<Vec<u8>>) -> Self {
        Self(secret.into())
    }
}

impl std::fmt::Debug for CursorKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CursorKey(…)")
    }
}

/// The cursor was forged, cut, or given for another list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The cursor isn't one that was given for this list with these filters.")]
pub(crate) struct InvalidCursor;

/// What a cursor is bound to: the list, who asks, the filters, the order.
#[derive(Debug)]
pub(crate) struct Binding(String);

impl Binding {
    /// `list` names the endpoint; `what` is everything that decides which rows it has and in which order.
    pub(crate) fn new(list: &str, what: &impl std::fmt::Debug) -> Self {
        Self(format!("{list}\u{0}{what:?}"))
    }
}

/// Makes a cursor of the last row's keys.
pub(crate) fn seal<T: Serialize>(key: &CursorKey, binding: &Binding, at: &T) -> String {
    // Keys are numbers and texts; they always serialise.
    let body = serde_json::to_vec(at).unwrap_or_default();
    let mut bytes = mac(key, binding, &body).finalize().into_bytes()[..SEAL].to_vec();
    bytes.extend_from_slice(&body);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads a cursor back.
pub(crate) fn open<T: DeserializeOwned>(
    key: &CursorKey,
    binding: &Binding,
    cursor: &str,
) -> Result<T, InvalidCursor> {
    if cursor.len() > LONGEST {
        return Err(InvalidCursor);
    }
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| InvalidCursor)?;
    let (seal, body) = bytes.split_at_checked(SEAL).ok_or(InvalidCursor)?;
    mac(key, binding, body).verify_truncated_left(seal).map_err(|_| InvalidCursor)?;
    serde_json::from_slice(body).map_err(|_| InvalidCursor)
}

fn mac(key: &CursorKey, binding: &Binding, body: &[u8]) -> Hmac<Sha256> {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(&key.0).expect("HMAC takes any key");
    // The length keeps binding and body apart.
    mac.update(&(binding.0.len() as u64).to_le_bytes());
    mac.update(binding.0.as_bytes());
    mac.update(body);
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> CursorKey {
        CursorKey::new(*b"0123456789abcdef0123456789abcdef")
    }

    fn read(binding: &Binding, cursor: &str) -> Result<(i64, String), InvalidCursor> {
        open(&key(), binding, cursor)
    }

    #[test]
    fn what_was_sealed_comes_back() {
        let binding = Binding::new("tickets", &("tenant", ["open"]));
        let cursor = seal(&key(), &binding, &(7_i64, "x"));
        assert_eq!(read(&binding, &cursor), Ok((7, "x".to_owned())));
    }

    #[test]
    fn another_list_or_filter_refuses_it() {
        let cursor = seal(&key(), &Binding::new("tickets", &"open"), &(7_i64, "x"));
        assert_eq!(read(&Binding::new("tickets", &"closed"), &cursor), Err(InvalidCursor));
        assert_eq!(read(&Binding::new("audit", &"open"), &cursor), Err(InvalidCursor));
    }

    #[test]
    fn every_changed_and_every_cut_cursor_is_refused() {
        let binding = Binding::new("tickets", &"open");
        let cursor = seal(&key(), &binding, &(7_i64, "x"));
        for at in 0..cursor.len() {
            assert_eq!(read(&binding, &cursor[..at]), Err(InvalidCursor), "cut at {at}");
            let mut forged = cursor.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).unwrap();
            assert_eq!(read(&binding, &forged), Err(InvalidCursor), "changed at {at}");
        }
    }

    #[test]
    fn another_key_refuses_it() {
        let binding = Binding::new("tickets", &"open");
        let cursor = seal(&CursorKey::new(*b"other"), &binding, &(7_i64, "x"));
        assert_eq!(read(&binding, &cursor), Err(InvalidCursor));
    }

    #[test]
    fn nonsense_is_refused() {
        for cursor in ["", "abc", "%%%%", "null", &"A".repeat(5000)] {
            assert_eq!(read(&Binding::new("tickets", &"open"), cursor), Err(InvalidCursor));
        }
    }
}
