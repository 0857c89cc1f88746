//! A JWT in compact form, taken apart and its signature checked.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

use super::AuthError;
use super::claims::TokenClaims;

/// Longer ones aren't looked at.
const LONGEST: usize = 16 * 1024;

pub(super) struct Token<'a> {
    pub(super) algorithm: Algorithm,
    pub(super) key_id: Option<String>,
    pub(super) claims: TokenClaims,
    signed: &'a str,
    signature: &'a str,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    typ: Option<String>,
    #[serde(default)]
    crit: Option<Value>,
}

impl<'a> Token<'a> {
    /// Reads a token. Nothing in it is to be believed before [`Token::check_signature`].
    pub(super) fn parse(token: &'a str) -> Result<Self, AuthError> {
        if token.is_empty() {
            return Err(AuthError::Missing);
        }
        if token.len() > LONGEST {
            return Err(AuthError::Invalid("it is too long"));
        }
        let malformed = AuthError::Invalid("it is not a JWT");
        let (signed, signature) = token.rsplit_once('.').ok_or(malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(malformed)?;
        let header: Header = decode(header).ok_or(malformed)?;
        let algorithm = match header.alg.as_str() {
            "EdDSA" | "Ed25519" => Algorithm::EdDSA,
            "ES256" => Algorithm::ES256,
            "RS256" => Algorithm::RS256,
            // `none` and the shared-secret ones among them.
            _ => return Err(AuthError::Invalid("its algorithm is not taken here")),
        };
        if header.crit.is_some() {
            return Err(AuthError::Invalid("it asks for an extension that isn't known here"));
        }
        if let Some(typ) = header.typ {
            let typ = typ.to_ascii_lowercase();
            if !matches!(typ.trim_start_matches("application/"), "jwt" | "at+jwt") {
                return Err(AuthError::Invalid("it is not an access token"));
            }
        }
        let claims = decode(claims).ok_or(AuthError::Invalid(
            "a claim is missing or malformed: iss, aud, exp, sub and tenant are required",
        ))?;
        Ok(Self { algorithm, key_id: header.kid, claims, signed, signature })
    }

    pub(super) fn check_signature(&self, keys: &[DecodingKey]) -> Result<(), AuthError> {
        let signed = keys.iter().any(|key| {
            jsonwebtoken::crypto::verify(self.signature, self.signed.as_bytes(), key, self.algorithm)
                .unwrap_or(false)
        });
        if signed { Ok(()) } else { Err(AuthError::Invalid("its signature doesn't fit")) }
    }
}

fn decode<T: for<'de> Deserialize<'de>>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}
