//! What a token says.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::identity::Principal;
use domain::ids::{OrganizationId, TenantId, UserId};
use serde::{Deserialize, Serialize};

use super::{AuthError, LEEWAY, check_time};

/// The claims of a token, as Docket reads them. Others are ignored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// The user's id.
    pub sub: UserId,
    /// The tenant.
    pub tenant: TenantId,
    /// Names of roles.
    #[serde(default)]
    pub roles: Vec<String>,
    /// The organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub org: Option<OrganizationId>,
    /// The roles that forms and fields are shown by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audience_roles: Vec<String>,
    /// The name to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

impl Claims {
    /// A user of a tenant, with roles.
    pub fn new(sub: UserId, tenant: TenantId, roles: Vec<String>) -> Self {
        Self { sub, tenant, roles, org: None, audience_roles: Vec::new(), name: None, email: None }
    }
}

/// The claims with those that are about the token itself.
#[derive(Deserialize)]
pub(super) struct TokenClaims {
    #[serde(rename = "iss")]
    pub(super) issuer: String,
    #[serde(rename = "aud")]
    audience: Audience,
    // Times may have fractions (RFC 7519, NumericDate).
    exp: f64,
    #[serde(default)]
    nbf: Option<f64>,
    #[serde(flatten)]
    claims: Claims,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl TokenClaims {
    /// Checks audience and time; gives the time of expiry.
    pub(super) fn check(&self, audience: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, AuthError> {
        let meant = match &self.audience {
            Audience::One(one) => one == audience,
            Audience::Several(several) => several.iter().any(|one| one == audience),
        };
        if !meant {
            return Err(AuthError::Invalid("it is for another audience"));
        }
        let expires = time(self.exp)?;
        check_time(expires, now)?;
        if let Some(from) = self.nbf
            && now + LEEWAY < time(from)?
        {
            return Err(AuthError::Invalid("its time has not come yet"));
        }
        Ok(expires)
    }

    pub(super) fn principal(self) -> Result<Principal, AuthError> {
        let Claims { sub, tenant, roles, org, audience_roles, name, email } = self.claims;
        let clean = |text: &String| !text.contains('\0') && text.chars().count() <= 500;
        if !name.iter().chain(&email).all(clean) {
            return Err(AuthError::Invalid("its name or email is too long or has a NUL character"));
        }
        let mut principal = Principal::new(sub, tenant, roles);
        principal.organization = org;
        principal.audience_roles = audience_roles;
        principal.name = name;
        principal.email = email;
        Ok(principal)
    }
}

fn time(seconds: f64) -> Result<DateTime<Utc>, AuthError> {
    // A token that never expires (beyond the year 9999) is no token with an expiry.
    let valid = seconds.is_finite() && (0.0..253_402_300_800.0).contains(&seconds);
    let since = if valid { Duration::try_from_secs_f64(seconds).ok() } else { None };
    since
        .and_then(|since| DateTime::from_timestamp(since.as_secs() as i64, since.subsec_nanos()))
        .ok_or(AuthError::Invalid("its times can't be read"))
}
