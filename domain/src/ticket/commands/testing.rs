//! Given, when, then: the words that the tests of decisions are written in.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use cqrs_es::test::TestFramework;
use uuid::Uuid;

use super::TicketCommand;
use crate::identity::Principal;
use crate::ids::{MessageId, OrganizationId, TeamId, TenantId, UserId};
use crate::input::FieldError;
use crate::personal::Personal;
use crate::tenant::{DEFAULT_PROFILE, StatusCategory, TenantSettings, profile};
use crate::ticket::event::*;
use crate::ticket::{Context, Kind, Ticket, TicketError, TicketRequest, TicketServices};
use crate::time::{Clock, Ids};

struct Noon;

impl Clock for Noon {
    fn now(&self) -> DateTime<Utc> {
        noon()
    }
}

/// 1, 2, 3, …
#[derive(Default)]
struct Counted(AtomicU64);

impl Ids for Counted {
    fn next(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.0.fetch_add(1, Ordering::Relaxed)) + 1)
    }
}

fn noon() -> DateTime<Utc> {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

pub(crate) fn settings() -> TenantSettings {
    profile(DEFAULT_PROFILE).unwrap()
}

pub(crate) fn user(id: &str) -> UserId {
    UserId::new(id).unwrap()
}

pub(crate) fn organization(id: &str) -> OrganizationId {
    OrganizationId::new(id).unwrap()
}

/// The message with this number; the first id that a decision takes is 1.
pub(crate) fn message(number: u128) -> MessageId {
    MessageId(Uuid::from_u128(number))
}

pub(crate) fn with_roles(id: &str, roles: &[&str]) -> Principal {
    let roles = roles.iter().map(|role| (*role).to_owned()).collect();
    Principal::new(user(id), TenantId::of_key("desk"), roles)
}

/// The requester of [`opened`].
pub(crate) fn customer() -> Principal {
    with_roles("carla", &["customer"])
}

pub(crate) fn agent() -> Principal {
    with_roles("amir", &["support_agent"])
}

pub(crate) fn lead() -> Principal {
    with_roles("lena", &["support_lead"])
}

/// Opened by [`customer`].
pub(crate) fn opened() -> TicketEvent {
    TicketOpened {
        number: "TKT-00000001".to_owned(),
        subject: Personal::new("No toner".to_owned()),
        description: Personal::new("Second floor.".to_owned()),
        requester: Requester { id: user("carla"), name: None, email: None },
        status: "new".to_owned(),
        status_category: StatusCategory::New,
        priority: "medium".to_owned(),
        priority_rank: 3,
        source: Source::Api,
        category: None,
        request_type: None,
        organization: None,
        tags: vec![],
        custom_fields: std::collections::BTreeMap::new(),
        assignment: Assignment::default(),
        channel_metadata: None,
    }
    .into()
}

pub(crate) fn assignment(agent: Option<&str>, team: Option<&str>) -> Assignment {
    Assignment {
        agent: agent.map(user),
        team: team.map(|team| TeamId::new(team).unwrap()),
        organization: None,
    }
}

pub(crate) fn assigned(agent: &str, team: &str) -> TicketEvent {
    let to = assignment(Some(agent), Some(team));
    TicketAssigned { from: Assignment::default(), to, reason: None }.into()
}

pub(crate) fn resolved() -> TicketEvent {
    TicketResolved {
        from: "open".to_owned(),
        from_category: StatusCategory::Open,
        to: "resolved".to_owned(),
        to_category: StatusCategory::Resolved,
        reason: None,
        notes: None,
    }
    .into()
}

pub(crate) fn closed() -> TicketEvent {
    TicketClosed {
        from: "resolved".to_owned(),
        from_category: StatusCategory::Resolved,
        to: "closed".to_owned(),
        to_category: StatusCategory::Closed,
        reason: None,
    }
    .into()
}

pub(crate) fn spam() -> TicketEvent {
    TicketMarkedSpam { reason: None }.into()
}

pub(crate) fn deleted() -> TicketEvent {
    TicketDeleted { reason: None }.into()
}

pub(crate) fn reply_by(author: &Principal, number: u128) -> TicketEvent {
    ReplyAdded {
        message_id: message(number),
        author: author.actor(),
        body: Personal::new("Hello".to_owned()),
        html: None,
        attachments: vec![],
        canned_response: None,
        first_response: author.is_staff(),
    }
    .into()
}

pub(crate) fn note_by(author: &Principal, number: u128) -> TicketEvent {
    NoteAdded {
        message_id: message(number),
        author: author.actor(),
        body: Personal::new("Hello".to_owned()),
        html: None,
        attachments: vec![],
        mentions: vec![],
    }
    .into()
}

pub(crate) fn redacted(number: u128) -> TicketEvent {
    MessageRedacted { message_id: message(number), internal: false, reason: None }.into()
}

pub(crate) fn ticket_of(events: impl IntoIterator<Item = TicketEvent>) -> Ticket {
    let mut ticket = Ticket::default();
    events.into_iter().for_each(|event| ticket.apply(event));
    ticket
}

/// Decides in a tenant with other settings.
pub(crate) fn decide_with(
    settings: &TenantSettings,
    ticket: &Ticket,
    actor: &Principal,
    command: impl Into<TicketCommand>,
) -> Result<Vec<TicketEvent>, TicketError> {
    let ids = Counted::default();
    let context = Context { now: noon(), actor, settings, ids: &ids, number: Some("TKT-00000007") };
    command.into().decide(ticket, &context)
}

pub(crate) struct Given(Vec<TicketEvent>);

pub(crate) fn given(events: impl IntoIterator<Item = TicketEvent>) -> Given {
    Given(events.into_iter().collect())
}

impl Given {
    pub(crate) fn when(self, actor: Principal, command: impl Into<TicketCommand>) -> Then {
        let services = TicketServices { clock: Arc::new(Noon), ids: Arc::new(Counted::default()) };
        let request = TicketRequest {
            command: command.into(),
            actor: Arc::new(actor),
            settings: Arc::new(settings()),
            number: Some("TKT-00000007".to_owned()),
        };
        let framework = TestFramework::<Ticket>::with(services);
        Then(framework.given(self.0).when(request).inspect_result())
    }
}

pub(crate) struct Then(Result<Vec<TicketEvent>, TicketError>);

impl Then {
    pub(crate) fn events(self) -> Vec<TicketEvent> {
        self.0.unwrap()
    }

    pub(crate) fn error(self) -> TicketError {
        self.0.unwrap_err()
    }

    pub(crate) fn then<E: Into<TicketEvent>>(self, events: impl IntoIterator<Item = E>) {
        let expected: Vec<TicketEvent> = events.into_iter().map(Into::into).collect();
        assert_eq!(self.events(), expected);
    }

    pub(crate) fn nothing(self) {
        assert_eq!(self.events(), []);
    }

    pub(crate) fn refused(self, error: TicketError) {
        assert_eq!(self.error(), error);
    }

    pub(crate) fn forbidden(self) {
        let error = self.error();
        assert_eq!(error.kind(), Kind::Forbidden, "{error}");
    }

    pub(crate) fn invalid<'a>(self, expected: impl IntoIterator<Item = (&'a str, &'a str)>) {
        let TicketError::Invalid(errors) = self.error() else {
            panic!("refused for another reason");
        };
        let found: Vec<_> =
            errors.iter().map(|FieldError { pointer, code, .. }| (pointer.as_str(), *code)).collect();
        assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
    }
}
