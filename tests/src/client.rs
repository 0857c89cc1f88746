//! An HTTP client with a token, and what it was answered.

use std::sync::LazyLock;

use reqwest::{Method, StatusCode, header::HeaderMap};
use serde_json::{Value, json};

use crate::documented::{Answered, Documented};

/// What every answer is held to: the document of the whole API, as `docket` serves it.
static DOCUMENT: LazyLock<Documented> = LazyLock::new(|| {
    let mut document = query_api::openapi();
    document.merge(command_service::openapi());
    Documented::new(serde_json::to_value(document).expect("a document"))
});

/// Somebody who talks to a running Docket.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    token: Option<String>,
}

/// What an HTTP request was answered.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, if it is JSON; else its text.
    pub body: Value,
}

impl Answer {
    /// Fails the test unless the status is this one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{:#}", self.body);
        self
    }

    /// Fails the test unless it is a problem with this status and code.
    #[track_caller]
    pub fn expect_problem(self, status: u16, code: &str) -> Self {
        let answer = self.expect(status);
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!(answer.body["code"], code, "{:#}", answer.body);
        assert_eq!(answer.body["status"], status);
        assert!(answer.body["request_id"].is_string(), "{:#}", answer.body);
        answer
    }

    /// A header's text, empty if it isn't there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The field as text.
    #[track_caller]
    pub fn text(&self, field: &str) -> String {
        self.body[field].as_str().unwrap_or_else(|| panic!("no text in {field}: {:#}", self.body)).to_owned()
    }

    /// The position that the answer names, in its header.
    #[track_caller]
    pub fn position(&self) -> i64 {
        self.header("docket-position").parse().expect("a Docket-Position header")
    }

    /// The codes of the validation errors by pointer.
    pub fn errors(&self) -> Vec<(String, String)> {
        let errors = self.body["errors"].as_array().cloned().unwrap_or_default();
        let text = |error: &Value, field: &str| error[field].as_str().unwrap_or_default().to_owned();
        errors.iter().map(|error| (text(error, "pointer"), text(error, "code"))).collect()
    }
}

impl Client {
    /// A client of the server at `url`, with a token or without.
    pub fn new(url: &str, token: Option<&str>) -> Self {
        // Where another of the process has chosen it already, it is the same one.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        Self {
            http: reqwest::Client::builder().no_proxy().build().expect("an HTTP client"),
            url: url.trim_end_matches('/').to_owned(),
            token: token.map(str::to_owned),
        }
    }

    /// The same with another token.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A request to be completed.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request; an error where nothing answered. Fails the test if the answer isn't as the OpenAPI
    /// document says.
    pub async fn try_send(&self, request: reqwest::RequestBuilder) -> reqwest::Result<Answer> {
        let request = request.build()?;
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let response = self.http.execute(request).await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await?;
        DOCUMENT.check(&Answered {
            method: method.as_str(),
            path: &path,
            status: status.as_u16(),
            headers: headers
                .iter()
                .map(|(name, value)| (name.as_str(), value.to_str().unwrap_or_default()))
                .collect(),
            body: Some(text.as_bytes()),
        });
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Answer { status, headers, body })
    }

    /// Sends a request that must be answered.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        self.try_send(request).await.expect("an answer")
    }

    /// `POST path` with a JSON body.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    /// `POST path` with a JSON body and a header.
    pub async fn post_with(&self, path: &str, body: Value, header: (&str, &str)) -> Answer {
        self.send(self.request(Method::POST, path).header(header.0, header.1).json(&body)).await
    }

    /// `PATCH path` with a JSON body.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(&body)).await
    }

    /// `GET path`.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// `GET path` as of `position` at least.
    pub async fn get_at(&self, path: &str, position: i64) -> Answer {
        let request = self.request(Method::GET, path);
        self.send(request.header("docket-min-position", position.to_string()).header("prefer", "wait=10"))
            .await
    }

    /// Opens a ticket and gives its answer.
    #[track_caller]
    pub fn open(&self, subject: &str) -> impl Future<Output = Answer> + use<'_> {
        let body =
            json!({"subject": subject, "description": "The printer on the second floor is out of toner."});
        async move { self.post("/v1/tickets", body).await.expect(201) }
    }

    /// Opens a ticket, or says why not.
    pub async fn try_open(&self, subject: &str, key: &str) -> reqwest::Result<Answer> {
        let body = json!({"subject": subject, "description": "Opened under load."});
        let request = self.request(Method::POST, "/v1/tickets").header("idempotency-key", key);
        self.try_send(request.json(&body)).await
    }
}
