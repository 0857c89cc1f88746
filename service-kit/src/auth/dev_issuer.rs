//! The development issuer: a key of its own per data directory, for machines without an identity
//! provider. Whoever can read the directory can be anybody, so the key's file is its owner's alone.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine;
use domain::time::Clock;
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

use super::{Claims, Issuer, JwksSource};

/// The issuer's name in its tokens.
pub const DEV_ISSUER: &str = "docket-dev";
/// The audience of its tokens.
pub const DEV_AUDIENCE: &str = "docket";

/// Why there is no development issuer.
#[derive(Debug, thiserror::Error)]
pub enum DevIssuerError {
    /// A file of its directory.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// What happened.
        source: std::io::Error,
    },
    /// The key can't be made, or the file holds none.
    #[error("the development issuer's key can't be used: {0}")]
    Key(String),
}

/// Signs tokens for development.
pub struct DevIssuer {
    key: EncodingKey,
    key_id: String,
    jwks: JwkSet,
    jwks_path: PathBuf,
}

#[derive(Serialize)]
struct Minted<'a> {
    iss: &'static str,
    aud: &'static str,
    iat: i64,
    exp: i64,
    #[serde(flatten)]
    claims: &'a Claims,
}

impl DevIssuer {
    /// Opens the issuer of a directory; makes its key (`issuer.pem`, readable by the owner alone) if
    /// there is none, and writes `jwks.json` beside it.
    pub fn open(directory: &Path) -> Result<Self, DevIssuerError> {
        let key_path = directory.join("issuer.pem");
        let pem = match fs::read(&key_path) {
            Ok(pem) => pem,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => create(directory, &key_path)?,
            Err(source) => return Err(DevIssuerError::File { path: key_path, source }),
        };
        let key = EncodingKey::from_ed_pem(&pem).map_err(unusable)?;
        let mut jwk = Jwk::from_encoding_key(&key, Algorithm::EdDSA).map_err(unusable)?;
        let key_id = jwk.thumbprint(ThumbprintHash::SHA256).map_err(unusable)?;
        jwk.common.key_id = Some(key_id.clone());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        let jwks = JwkSet { keys: vec![jwk] };
        let jwks_path = directory.join("jwks.json");
        let text = serde_json::to_vec_pretty(&jwks).map_err(unusable)?;
        if fs::read(&jwks_path).ok().as_deref() != Some(&text) {
            write_new(directory, &jwks_path, &text, 0o644)?;
        }
        Ok(Self { key, key_id, jwks, jwks_path })
    }

    /// A token with these claims, good from now for `ttl`.
    pub fn mint(&self, claims: &Claims, ttl: Duration, clock: &dyn Clock) -> Result<String, DevIssuerError> {
        let now = clock.now().timestamp();
        let exp = now.saturating_add(i64::try_from(ttl.as_secs()).unwrap_or(i64::MAX));
        let minted = Minted { iss: DEV_ISSUER, aud: DEV_AUDIENCE, iat: now, exp, claims };
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.key_id.clone());
        jsonwebtoken::encode(&header, &minted, &self.key).map_err(unusable)
    }

    /// The issuer, for an [`super::AuthConfig`]; its keys are read from the file.
    pub fn issuer(&self) -> Issuer {
        Issuer {
            issuer: DEV_ISSUER.to_owned(),
            audience: DEV_AUDIENCE.to_owned(),
            keys: JwksSource::File(self.jwks_path.clone()),
        }
    }

    /// Its public keys.
    pub fn jwks(&self) -> &JwkSet {
        &self.jwks
    }
}

fn unusable(error: impl std::fmt::Display) -> DevIssuerError {
    DevIssuerError::Key(error.to_string())
}

fn create(directory: &Path, path: &Path) -> Result<Vec<u8>, DevIssuerError> {
    let pair = Ed25519KeyPair::generate().map_err(unusable)?;
    let der = pair.to_pkcs8v1().map_err(unusable)?;
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        base64::engine::general_purpose::STANDARD.encode(der.as_ref()),
    );
    write_new(directory, path, pem.as_bytes(), 0o600)?;
    // Another process may have been first; what is in the file counts.
    fs::read(path).map_err(|source| DevIssuerError::File { path: path.to_owned(), source })
}

/// Writes a whole file under another name first, so that nobody ever reads half of one.
fn write_new(directory: &Path, path: &Path, content: &[u8], mode: u32) -> Result<(), DevIssuerError> {
    let draft = directory.join(format!(".{}.{}", std::process::id(), rand::random::<u64>()));
    let write = || -> std::io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&draft)?;
        file.write_all(content)?;
        file.sync_all()?;
        if mode == 0o600 {
            // A key that is there is never replaced: a link fails where a renaming would not.
            let linked = fs::hard_link(&draft, path);
            fs::remove_file(&draft)?;
            return linked.or_else(|error| match error.kind() {
                std::io::ErrorKind::AlreadyExists => Ok(()),
                _ => Err(error),
            });
        }
        fs::rename(&draft, path)
    };
    write().map_err(|source| DevIssuerError::File { path: path.to_owned(), source })
}
