//! Tokens that are taken and tokens that aren't.

use std::sync::Mutex;

use base64::Engine;
use chrono::TimeDelta;
use domain::ids::{TenantId, UserId};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::clock::SystemClock;

struct ManualClock(Mutex<DateTime<Utc>>);

impl ManualClock {
    fn advance(&self, seconds: i64) {
        *self.0.lock().unwrap() += TimeDelta::seconds(seconds);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

fn directory() -> TempDir {
    tempfile::tempdir().unwrap()
}

struct Fixture {
    issuer: DevIssuer,
    clock: Arc<ManualClock>,
    auth: Authenticator,
    directory: TempDir,
}

async fn fixture() -> Fixture {
    let directory = directory();
    let issuer = DevIssuer::open(directory.path()).unwrap();
    let clock = Arc::new(ManualClock(Mutex::new(SystemClock.now())));
    let config = AuthConfig { refresh_at_most: Duration::ZERO, ..AuthConfig::new(vec![issuer.issuer()]) };
    let auth = Authenticator::start(config, clock.clone(), CancellationToken::new()).await;
    Fixture { issuer, clock, auth, directory }
}

fn claims() -> Claims {
    Claims::new(UserId::new("u-1").unwrap(), TenantId::of_key("t"), vec!["support_agent".into()])
}

impl Fixture {
    fn token(&self) -> String {
        self.issuer.mint(&claims(), Duration::from_secs(60), &*self.clock).unwrap()
    }

    /// Signed by the issuer's key, but with other claims or another header.
    fn signed(&self, change: impl FnOnce(&mut Header, &mut Value)) -> String {
        let mut header = Header::new(Algorithm::EdDSA);
        let mut body = json!({
            "iss": DEV_ISSUER, "aud": DEV_AUDIENCE, "exp": self.clock.now().timestamp() + 60,
            "sub": "u-1", "tenant": TenantId::of_key("t"), "roles": ["customer"],
        });
        change(&mut header, &mut body);
        let pem = std::fs::read(self.directory.path().join("issuer.pem")).unwrap();
        jsonwebtoken::encode(&header, &body, &EncodingKey::from_ed_pem(&pem).unwrap()).unwrap()
    }

    async fn refusal(&self, token: &str) -> AuthError {
        self.auth.verify(token).await.unwrap_err()
    }
}

fn unsigned(header: &Value, token: &str) -> String {
    let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(header.to_string());
    let (_, rest) = token.split_once('.').unwrap();
    format!("{header}.{rest}")
}

#[tokio::test]
async fn a_minted_token_is_taken() {
    let fixture = fixture().await;
    let token = fixture.token();
    for _from_cache in [false, true] {
        let principal = fixture.auth.verify(&token).await.unwrap();
        assert_eq!(principal.user.as_str(), "u-1");
        assert_eq!(principal.tenant, TenantId::of_key("t"));
    }
    let again = DevIssuer::open(fixture.directory.path()).unwrap();
    assert_eq!(again.jwks(), fixture.issuer.jwks(), "the key stays with its directory");
    let key = std::fs::metadata(fixture.directory.path().join("issuer.pem")).unwrap();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&key.permissions()) & 0o777, 0o600);
}

#[tokio::test]
async fn expiry_is_checked_each_time() {
    let fixture = fixture().await;
    let token = fixture.token();
    fixture.auth.verify(&token).await.unwrap();
    fixture.clock.advance(61 + LEEWAY.as_secs() as i64);
    assert_eq!(fixture.refusal(&token).await, AuthError::Expired);
    let never_seen = fixture.signed(|_, body| body["exp"] = json!(1_000));
    assert_eq!(fixture.refusal(&never_seen).await, AuthError::Expired);
}

#[tokio::test]
async fn tokens_that_are_not_for_us_are_refused() {
    let fixture = fixture().await;
    let refused = [
        fixture.signed(|_, body| body["aud"] = json!("elsewhere")),
        fixture.signed(|_, body| body["iss"] = json!("somebody")),
        fixture.signed(|_, body| drop(body.as_object_mut().unwrap().remove("aud"))),
        fixture.signed(|_, body| drop(body.as_object_mut().unwrap().remove("iss"))),
        fixture.signed(|_, body| drop(body.as_object_mut().unwrap().remove("exp"))),
        fixture.signed(|_, body| drop(body.as_object_mut().unwrap().remove("tenant"))),
        fixture.signed(|_, body| body["sub"] = json!("")),
        fixture.signed(|_, body| body["exp"] = json!("tomorrow")),
        fixture.signed(|_, body| body["exp"] = json!(1e300)),
        fixture.signed(|_, body| body["nbf"] = json!(4_000_000_000_u64)),
        fixture.signed(|header, _| header.typ = Some("dpop+jwt".into())),
        fixture.signed(|header, _| header.kid = Some("unknown".into())),
        "dk_0123456789".to_owned(),
        "a.b.c".to_owned(),
        "..".to_owned(),
        "x".repeat(20_000),
    ];
    for token in refused {
        let error = fixture.refusal(&token).await;
        assert!(matches!(error, AuthError::Invalid(_)), "{token}: {error:?}");
    }
    let wrong_audience = fixture.signed(|_, body| body["aud"] = json!(["a", "b"]));
    assert_eq!(fixture.refusal(&wrong_audience).await, AuthError::Invalid("it is for another audience"));
}

#[tokio::test]
async fn forged_tokens_are_refused() {
    let fixture = fixture().await;
    let token = fixture.token();
    let (signed, _) = token.rsplit_once('.').unwrap();
    let other = DevIssuer::open(directory().path()).unwrap();
    let secret = EncodingKey::from_secret(b"secret");
    let body = json!({"iss": DEV_ISSUER, "aud": DEV_AUDIENCE, "exp": 4_000_000_000_u64, "sub": "u",
        "tenant": TenantId::of_key("t")});
    let refused = [
        unsigned(&json!({"alg": "none"}), &token),
        unsigned(&json!({"alg": "EdDSA", "crit": ["b64"], "b64": false}), &token),
        unsigned(&json!({"alg": "ES256"}), &token),
        format!("{signed}."),
        format!("{signed}.AAAA"),
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &body, &secret).unwrap(),
        other.mint(&claims(), Duration::from_secs(60), &*fixture.clock).unwrap(),
    ];
    for token in refused {
        let error = fixture.refusal(&token).await;
        assert!(matches!(error, AuthError::Invalid(_)), "{token}: {error:?}");
    }
}

#[tokio::test]
async fn a_new_key_is_found_when_its_first_token_comes() {
    let fixture = fixture().await;
    let other = DevIssuer::open(directory().path()).unwrap();
    let token = other.mint(&claims(), Duration::from_secs(60), &*fixture.clock).unwrap();
    assert!(fixture.auth.verify(&token).await.is_err());
    let both = jsonwebtoken::jwk::JwkSet {
        keys: [fixture.issuer.jwks().keys.clone(), other.jwks().keys.clone()].concat(),
    };
    let text = serde_json::to_vec(&both).unwrap();
    std::fs::write(fixture.directory.path().join("jwks.json"), text).unwrap();
    fixture.auth.verify(&token).await.unwrap();
    fixture.auth.verify(&fixture.token()).await.unwrap();
}

#[tokio::test]
async fn without_keys_the_answer_is_try_again() {
    let issuer = Issuer {
        issuer: DEV_ISSUER.into(),
        audience: DEV_AUDIENCE.into(),
        keys: JwksSource::File("/nowhere/jwks.json".into()),
    };
    let clock = Arc::new(SystemClock);
    let config = AuthConfig::new(vec![issuer]);
    let auth = Authenticator::start(config, clock, CancellationToken::new()).await;
    let token = fixture().await.token();
    assert_eq!(auth.verify(&token).await, Err(AuthError::KeysUnavailable));
}

#[tokio::test]
async fn the_header_must_be_one_bearer_token() {
    let fixture = fixture().await;
    let ask = async |values: &[&str]| {
        let headers = values.iter().map(|value| (header::AUTHORIZATION, value.parse().unwrap()));
        fixture.auth.authenticate(&headers.collect()).await
    };
    let token = fixture.token();
    assert!(ask(&[&format!("Bearer {token}")]).await.is_ok());
    assert!(ask(&[&format!("bearer {token}")]).await.is_ok());
    assert_eq!(ask(&[]).await, Err(AuthError::Missing));
    assert_eq!(ask(&["Bearer"]).await, Err(AuthError::Missing));
    assert_eq!(ask(&["Basic dTpw"]).await, Err(AuthError::Missing));
    let twice = ask(&[&format!("Bearer {token}"), &format!("Bearer {token}")]).await;
    assert!(matches!(twice, Err(AuthError::Invalid(_))));
}

/// The other two kinds of key: signed by one of them, verified by its published half.
#[tokio::test]
async fn elliptic_and_rsa_keys_are_taken() {
    use aws_lc_rs::encoding::AsDer;
    use aws_lc_rs::rsa::{KeyPair, KeySize};
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
    let random = aws_lc_rs::rand::SystemRandom::new();
    let elliptic = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let rsa = KeyPair::generate(KeySize::Rsa2048).unwrap().as_der().unwrap();
    let body = base64::engine::general_purpose::STANDARD.encode(rsa.as_ref());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n");
    let keys = [
        (Algorithm::ES256, EncodingKey::from_ec_der(elliptic.as_ref())),
        (Algorithm::RS256, EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap()),
    ];
    let jwks = keys
        .iter()
        .map(|(algorithm, key)| jsonwebtoken::jwk::Jwk::from_encoding_key(key, *algorithm).unwrap());
    let issuer = Issuer {
        issuer: "https://id.example".into(),
        audience: "docket".into(),
        keys: JwksSource::Given(jsonwebtoken::jwk::JwkSet { keys: jwks.collect() }),
    };
    let config = AuthConfig::new(vec![issuer]);
    let auth = Authenticator::start(config, Arc::new(SystemClock), CancellationToken::new()).await;
    let body = json!({
        "iss": "https://id.example", "aud": ["docket"], "exp": 4_000_000_000_u64, "sub": "u",
        "tenant": TenantId::of_key("t"), "roles": ["customer"],
    });
    for (algorithm, key) in &keys {
        let token = jsonwebtoken::encode(&Header::new(*algorithm), &body, key).unwrap();
        assert!(auth.verify(&token).await.is_ok(), "{algorithm:?}");
    }
}

/// By http, with a key that came later found when its first token comes, and the issuer asked no more
/// often than configured.
#[tokio::test]
async fn keys_are_read_from_an_address() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    let asked = Arc::new(AtomicUsize::new(0));
    let issuer = DevIssuer::open(directory().path()).unwrap();
    let answer = {
        let (asked, jwks) = (asked.clone(), serde_json::to_value(issuer.jwks()).unwrap());
        axum::routing::get(move || {
            asked.fetch_add(1, Ordering::Relaxed);
            std::future::ready(axum::Json(jwks.clone()))
        })
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/jwks", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, axum::Router::new().route("/jwks", answer)).into_future());
    let issuers = vec![Issuer { keys: JwksSource::Url(url), ..issuer.issuer() }];
    let config = AuthConfig { refresh_at_most: Duration::from_secs(3600), ..AuthConfig::new(issuers) };
    let auth = Authenticator::start(config, Arc::new(SystemClock), CancellationToken::new()).await;
    let token = |issuer: &DevIssuer| issuer.mint(&claims(), Duration::from_secs(60), &SystemClock).unwrap();
    auth.verify(&token(&issuer)).await.unwrap();
    let stranger = DevIssuer::open(directory().path()).unwrap();
    for _ in 0..5 {
        assert!(auth.verify(&token(&stranger)).await.is_err());
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}
