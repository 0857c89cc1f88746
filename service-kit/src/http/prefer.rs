//! `Prefer: wait=N` (RFC 7240): how long the caller is ready to wait.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::{HeaderMap, request::Parts};

/// How long to wait: 2 s unless the caller says otherwise, 10 s at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait(pub Duration);

impl Wait {
    /// Without a preference.
    pub const DEFAULT: Duration = Duration::from_secs(2);
    /// Whatever the preference.
    pub const MOST: Duration = Duration::from_secs(10);

    /// Reads the header. What can't be read is no preference, as the standard asks.
    pub fn read(headers: &HeaderMap) -> Self {
        Self(Self::asked(headers).unwrap_or(Self::DEFAULT))
    }

    /// How long the caller said that they would wait, within bounds, if they said so.
    pub fn asked(headers: &HeaderMap) -> Option<Duration> {
        let seconds = headers
            .get_all("prefer")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split([',', ';']))
            .filter_map(|preference| preference.split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("wait"))
            .and_then(|(_, value)| value.trim().trim_matches('"').parse::<u64>().ok());
        seconds.map(|seconds| Duration::from_secs(seconds).min(Self::MOST))
    }
}

impl<S: Sync> FromRequestParts<S> for Wait {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::read(&parts.headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_preference_within_bounds() {
        for (header, seconds) in
            [("wait=5", 5), ("respond-async, Wait = 3", 3), ("wait=900", 10), ("wait=x", 2), ("wait=0", 0)]
        {
            let headers = HeaderMap::from_iter([("prefer".parse().unwrap(), header.parse().unwrap())]);
            assert_eq!(Wait::read(&headers).0.as_secs(), seconds, "{header}");
        }
        assert_eq!(Wait::read(&HeaderMap::new()).0, Wait::DEFAULT);
    }
}
