//! A command's circumstances, and what it is for.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::identity::Principal;
use domain::ids::{CommandId, TicketId, Version};
use domain::metadata::Metadata;
use domain::personal::Personal;
use service_kit::http::RequestInfo;
use service_kit::shares::Share;
use sha2::{Digest, Sha256};

/// Who asks for a command, and under which conditions.
#[derive(Clone, Debug)]
pub struct CommandRequest {
    /// Who asks.
    pub principal: Arc<Principal>,
    /// The request that it came with.
    pub info: RequestInfo,
    /// Only if the ticket is at this version.
    pub if_match: Option<Version>,
    /// Makes a retry return the first answer.
    pub idempotency: Option<IdempotencyKey>,
    /// It happened earlier, elsewhere.
    pub history: Option<History>,
    /// The execution's id, where it follows from something (processes, imports); else a new one.
    pub command_id: Option<CommandId>,
    /// What it has been given of the service's capacity, held as long as it is at work.
    pub(crate) share: Option<Arc<Share>>,
}

impl CommandRequest {
    /// A command without conditions.
    pub fn new(principal: Arc<Principal>, info: RequestInfo) -> Self {
        Self {
            principal,
            info,
            if_match: None,
            idempotency: None,
            history: None,
            command_id: None,
            share: None,
        }
    }

    /// What events say of their circumstances.
    pub(super) fn metadata(&self, now: DateTime<Utc>) -> Metadata {
        let history = self.history.as_ref();
        Metadata {
            actor: self.principal.actor(),
            occurred_at: history.map_or(now, |history| history.occurred_at),
            request_id: Some(self.info.request_id.to_string()),
            traceparent: Some(self.info.traceparent()),
            ip: self.info.ip.map(|ip| Personal::new(ip.to_string())),
            user_agent: self.info.user_agent.as_deref().map(|agent| Personal::new(agent.to_owned())),
            causation_id: None,
            import: history.map(|history| history.import.clone()),
        }
    }
}

/// When and whence something came that happened earlier, elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// The import that brings it.
    pub import: String,
}

/// A client's key for one command, with the request that it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The key.
    pub key: Arc<str>,
    /// SHA-256 of the request, to tell a retry from another request with the same key.
    pub request_hash: [u8; 32],
}

impl IdempotencyKey {
    /// A key for a request.
    pub fn new(key: impl Into<Arc<str>>, method: &str, path: &str, body: &[u8]) -> Self {
        let mut hash = Sha256::new();
        // Neither method nor path can have a line break in it.
        for part in [method.as_bytes(), b"\n", path.as_bytes(), b"\n", body] {
            hash.update(part);
        }
        Self { key: key.into(), request_hash: hash.finalize().into() }
    }
}

/// A ticket, as a caller names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TicketRef {
    /// By its id.
    Id(TicketId),
    /// By its number.
    Number(String),
}

impl TicketRef {
    /// Reads an id or a number; `None` for what can be neither.
    pub fn parse(text: &str) -> Option<Self> {
        const LONGEST: usize = 128;
        if let Ok(id) = text.parse() {
            return Some(Self::Id(id));
        }
        let fit = (1..=LONGEST).contains(&text.len()) && !text.chars().any(char::is_control);
        fit.then(|| Self::Number(text.to_owned()))
    }
}

/// What a command is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A ticket that is to be opened.
    New,
    /// A ticket that is to be opened under an id that was chosen before.
    NewAs(TicketId),
    /// A ticket that is there.
    Ticket(TicketRef),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_named_by_id_or_number() {
        let id: TicketId = "0191d8a0-0000-7000-8000-000000000000".parse().unwrap();
        assert_eq!(TicketRef::parse(&id.to_string()), Some(TicketRef::Id(id)));
        assert_eq!(TicketRef::parse("TKT-1"), Some(TicketRef::Number("TKT-1".into())));
        for bad in ["", "a\0b", &"x".repeat(200)] {
            assert_eq!(TicketRef::parse(bad), None);
        }
    }

    #[test]
    fn another_request_has_another_hash() {
        let hash = |method, path, body| IdempotencyKey::new("k", method, path, body).request_hash;
        let one = hash("POST", "/v1/tickets", b"{}");
        assert_eq!(one, hash("POST", "/v1/tickets", b"{}"));
        assert_ne!(one, hash("POST", "/v1/tickets", b"{ }"));
        assert_ne!(one, hash("POST", "/v1/tickets/x", b"{}"));
    }
}
