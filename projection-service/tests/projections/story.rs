//! Made-up histories of tickets: every type of event, in an order that can be, the same for the same
//! seed.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, TimeZone, Utc};
use domain::ids::{AttachmentId, MessageId, OrganizationId, TeamId, TenantId, UserId};
use domain::metadata::{Actor, ActorKind, Metadata};
use domain::tenant::StatusCategory;
use domain::ticket::event::*;
use uuid::Uuid;

/// An event to be appended.
#[derive(Clone)]
pub(crate) struct Written {
    pub(crate) tenant: TenantId,
    pub(crate) aggregate_type: &'static str,
    pub(crate) aggregate_id: String,
    pub(crate) sequence: i64,
    pub(crate) event_type: String,
    pub(crate) event_version: String,
    pub(crate) payload: String,
    pub(crate) metadata: String,
    pub(crate) event_id: Uuid,
}

/// A source of numbers that only look as if by chance (splitmix64).
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }

    pub(crate) fn of<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        &things[self.below(things.len())]
    }

    fn text(&mut self, words: usize) -> String {
        const WORDS: [&str; 24] = [
            "printer",
            "login",
            "invoice",
            "Rechnung",
            "größer",
            "slow",
            "screen",
            "password",
            "réseau",
            "mail",
            "server",
            "update",
            "crash",
            "order",
            "phone",
            "paper",
            "after",
            "before",
            "never",
            "always",
            "please",
            "help",
            "again",
            "日本語",
        ];
        let words: Vec<String> = (0..words)
            .map(|_| {
                let word = *self.of(&WORDS);
                if self.below(4) == 0 { format!("{word}{}", self.below(5_000)) } else { word.to_owned() }
            })
            .collect();
        words.join(" ")
    }
}

/// A ticket in the making.
pub(crate) struct Ticket {
    pub(crate) id: Uuid,
    pub(crate) tenant: TenantId,
    sequence: i64,
    status: (String, StatusCategory),
    assignment: Assignment,
    messages: Vec<(MessageId, bool, String)>,
    reads: Vec<(MessageId, String)>,
    tags: Vec<String>,
    reopened: u32,
    level: u32,
    rating: Option<u8>,
    organization: Option<OrganizationId>,
    routing: Routing,
    priority: (String, i32),
    flags: (bool, bool),
    subject: String,
    field: serde_json::Value,
}

/// Writes tickets' histories.
pub(crate) struct Story {
    pub(crate) chance: Chance,
    now: DateTime<Utc>,
    numbers: i64,
}

pub(crate) fn user(id: &str) -> UserId {
    UserId::new(id).unwrap()
}

impl Story {
    pub(crate) fn new(seed: u64) -> Self {
        let now = Utc.with_ymd_and_hms(2025, 3, 1, 9, 0, 0).unwrap();
        Self { chance: Chance::new(seed), now, numbers: 0 }
    }

    fn uuid(&mut self) -> Uuid {
        let high = self.now.timestamp_millis() as u128;
        let low = (self.chance.below(usize::MAX) as u128) | (u128::from(self.numbers as u64) << 64);
        Uuid::from_u128((high << 80) | (7 << 76) | (low & 0xfff_3fff_ffff_ffff_ffff) | (2 << 62))
    }

    fn actor(&mut self) -> Actor {
        let number = self.chance.below(20);
        let (kind, name) = match self.chance.below(10) {
            0..4 => (ActorKind::Customer, format!("customer-{number}")),
            4..9 => (ActorKind::Agent, format!("agent-{number}")),
            _ => (ActorKind::System, "rules".to_owned()),
        };
        Actor { id: user(&name), kind, name: Some(name.to_uppercase().into()) }
    }

    pub(crate) fn metadata(&mut self, actor: Actor) -> Metadata {
        self.now += Duration::milliseconds(1 + self.chance.below(60_000) as i64);
        Metadata {
            actor,
            occurred_at: self.now,
            request_id: Some(format!("req-{}", self.chance.below(1_000_000))),
            traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".into()),
            ip: Some(format!("192.0.2.{}", self.chance.below(256)).into()),
            user_agent: Some("story/1".to_owned().into()),
            causation_id: None,
            import: None,
        }
    }

    /// The event as the log takes it.
    pub(crate) fn write(
        &mut self,
        ticket: &mut Ticket,
        event: impl Into<TicketEvent>,
        actor: Actor,
    ) -> Written {
        let event = event.into();
        ticket.sequence += 1;
        let metadata = serde_json::to_string(&self.metadata(actor)).unwrap();
        Written {
            tenant: ticket.tenant,
            aggregate_type: domain::event::TICKET,
            aggregate_id: ticket.id.to_string(),
            sequence: ticket.sequence,
            event_type: event.name().to_owned(),
            event_version: event.version().to_owned(),
            payload: event.encode().unwrap(),
            metadata,
            event_id: self.uuid(),
        }
    }

    /// A ticket that has just been opened.
    pub(crate) fn open(&mut self, tenant: &str) -> (Ticket, Written) {
        self.numbers += 1;
        let mut ticket = Ticket {
            id: self.uuid(),
            tenant: TenantId::of_key(tenant),
            sequence: 0,
            status: ("new".into(), StatusCategory::New),
            assignment: Assignment {
                agent: (self.chance.below(4) == 0).then(|| user("agent-1")),
                team: (self.chance.below(3) == 0).then(|| TeamId::new("desk").unwrap()),
                ..Assignment::default()
            },
            messages: Vec::new(),
            reads: Vec::new(),
            tags: vec!["first".into()],
            reopened: 0,
            level: 0,
            rating: None,
            organization: None,
            routing: Routing::Internal,
            priority: ("medium".into(), 3),
            flags: (false, false),
            subject: self.chance.text(6),
            field: serde_json::Value::Null,
        };
        let actor = self.actor();
        let event = TicketOpened {
            number: format!("TKT-{:08}", self.numbers),
            subject: ticket.subject.clone().into(),
            description: self.chance.text(40).into(),
            requester: Requester {
                id: actor.id.clone(),
                name: actor.name.clone(),
                email: Some(format!("{}@example.org", actor.id).into()),
            },
            status: ticket.status.0.clone(),
            status_category: ticket.status.1,
            priority: ticket.priority.0.clone(),
            priority_rank: ticket.priority.1,
            source: *self.chance.of(&[Source::Portal, Source::Email, Source::Api, Source::Phone]),
            category: Some((*self.chance.of(&["billing", "technical", "account"])).to_owned()),
            request_type: None,
            organization: None,
            tags: ticket.tags.clone(),
            assignment: ticket.assignment.clone(),
            custom_fields: BTreeMap::from([("room".to_owned(), "4\\b \"x\"\t2".into())]),
            channel_metadata: None,
        };
        let written = self.write(&mut ticket, event, actor);
        (ticket, written)
    }

    /// Something that can happen next.
    pub(crate) fn next(&mut self, ticket: &mut Ticket) -> Written {
        let actor = self.actor();
        let event = self.pick(ticket, &actor);
        self.write(ticket, event, actor)
    }

    fn message(&mut self, ticket: &mut Ticket, internal: bool) -> (MessageId, String) {
        let (id, text) = (MessageId(self.uuid()), self.chance.text(25));
        ticket.messages.push((id, internal, text.clone()));
        (id, text)
    }

    fn pick(&mut self, ticket: &mut Ticket, actor: &Actor) -> TicketEvent {
        let reason = (self.chance.below(3) == 0).then(|| "because\nof it".to_owned());
        match self.chance.below(41) {
            0..8 => {
                let (message_id, body) = self.message(ticket, false);
                let attachments =
                    if self.chance.below(5) == 0 { vec![self.attachment()] } else { Vec::new() };
                ReplyAdded {
                    message_id,
                    author: actor.clone(),
                    body: body.into(),
                    html: None,
                    attachments,
                    canned_response: None,
                    first_response: actor.kind == ActorKind::Agent && ticket.messages.len() == 1,
                }
                .into()
            }
            8..11 => {
                let (message_id, body) = self.message(ticket, true);
                let attachments =
                    if self.chance.below(5) == 0 { vec![self.attachment()] } else { Vec::new() };
                NoteAdded {
                    message_id,
                    author: actor.clone(),
                    body: body.into(),
                    html: Some("<p>note</p>".to_owned().into()),
                    attachments,
                    mentions: vec![user("agent-1"), user("agent-2")],
                }
                .into()
            }
            11..16 => {
                let to = Assignment {
                    agent: (self.chance.below(4) > 0)
                        .then(|| user(&format!("agent-{}", self.chance.below(20)))),
                    team: Some(TeamId::new(*self.chance.of(&["net", "desk", "field"])).unwrap()),
                    organization: (self.chance.below(4) == 0).then(|| OrganizationId::new("acme").unwrap()),
                };
                if to == ticket.assignment {
                    return self.tag(ticket);
                }
                let from = std::mem::replace(&mut ticket.assignment, to.clone());
                TicketAssigned { from, to, reason }.into()
            }
            16 if !ticket.assignment.is_empty() => {
                TicketUnassigned { from: std::mem::take(&mut ticket.assignment), reason }.into()
            }
            17..27 => self.status(ticket, reason),
            27 => {
                let to = *self.chance.of(&[("critical", 1), ("high", 2), ("medium", 3), ("low", 4)]);
                let (from, from_rank) = std::mem::replace(&mut ticket.priority, (to.0.into(), to.1));
                PriorityChanged { from, from_rank, to: to.0.into(), to_rank: to.1, reason }.into()
            }
            28 => CategoryChanged { from: Some("billing".into()), to: None, reason }.into(),
            29 => RequestTypeChanged { from: None, to: Some("refund".into()), reason }.into(),
            30 => {
                let to = self.chance.text(5);
                let from = std::mem::replace(&mut ticket.subject, to.clone());
                SubjectChanged { from: from.into(), to: to.into(), reason }.into()
            }
            31 => self.tag(ticket),
            32 => {
                let to =
                    if ticket.field.is_null() { self.chance.text(2).into() } else { serde_json::Value::Null };
                let from = std::mem::replace(&mut ticket.field, to.clone());
                CustomFieldsSet { changes: vec![FieldChange { key: "asset".into(), from, to }] }.into()
            }
            33 => {
                ticket.level += 1;
                let to_role = Some("support_manager".to_owned());
                TicketEscalated {
                    level: ticket.level,
                    to_role,
                    to_agent: None,
                    to_team: None,
                    reason: "late".into(),
                    rule: None,
                }
                .into()
            }
            34 => {
                let to = (self.chance.below(2) == 0).then(|| OrganizationId::new("globex").unwrap());
                let from_organization = std::mem::replace(&mut ticket.organization, to.clone());
                let routing = if to.is_some() { Routing::Hybrid } else { Routing::Internal };
                let from = std::mem::replace(&mut ticket.routing, routing);
                TicketRouted { from, to: routing, from_organization, to_organization: to }.into()
            }
            35 => {
                ticket.flags.0 = !ticket.flags.0;
                if ticket.flags.0 {
                    TicketMarkedSpam { reason }.into()
                } else {
                    TicketUnmarkedSpam { reason }.into()
                }
            }
            36 => {
                ticket.flags.1 = !ticket.flags.1;
                if ticket.flags.1 {
                    TicketDeleted { reason }.into()
                } else {
                    TicketRestored { reason }.into()
                }
            }
            37 => {
                let rating = 1 + self.chance.below(5) as u8;
                let former_rating = ticket.rating.replace(rating);
                TicketRated { rating, comment: Some("fine".to_owned().into()), former_rating }.into()
            }
            38 => self.told_by_time(),
            _ => self.about_a_message(ticket),
        }
    }

    fn told_by_time(&mut self) -> TicketEvent {
        let (metric, policy) = (domain::sla::policy::Metric::FirstResponse, "medium".to_owned());
        let (at, raised_at) = (self.now - Duration::milliseconds(200), self.now);
        if self.chance.below(2) == 0 {
            let (instance, generation) = (1, 1);
            SlaWarned { metric, instance, generation, policy, warning_at: at, due_at: Some(at), raised_at }
                .into()
        } else {
            SlaBreached { metric, instance: 1, generation: 1, policy, due_at: at, raised_at }.into()
        }
    }

    fn attachment(&mut self) -> Attachment {
        Attachment {
            id: AttachmentId(self.uuid()),
            name: "log\tfile.txt".to_owned().into(),
            content_type: "text/plain".into(),
            size: 1_234,
        }
    }

    fn tag(&mut self, ticket: &mut Ticket) -> TicketEvent {
        let tag = (*self.chance.of(&["vip", "a,b", "quo\"te", "back\\slash", "first"])).to_owned();
        if let Some(place) = ticket.tags.iter().position(|each| *each == tag) {
            ticket.tags.remove(place);
            TagRemoved { tag }.into()
        } else {
            ticket.tags.push(tag.clone());
            TagAdded { tag }.into()
        }
    }

    fn status(&mut self, ticket: &mut Ticket, reason: Option<String>) -> TicketEvent {
        let next = *self.chance.of(&[
            ("open", StatusCategory::Open),
            ("in_progress", StatusCategory::Open),
            ("waiting_customer", StatusCategory::PendingCustomer),
            ("waiting_internal", StatusCategory::PendingInternal),
            ("resolved", StatusCategory::Resolved),
            ("closed", StatusCategory::Closed),
            ("cancelled", StatusCategory::Cancelled),
        ]);
        let (to, to_category) = (next.0.to_owned(), next.1);
        let (from, from_category) = std::mem::replace(&mut ticket.status, (to.clone(), to_category));
        match to_category {
            StatusCategory::Resolved => {
                let notes = Some("done so".to_owned().into());
                TicketResolved { from, from_category, to, to_category, reason, notes }.into()
            }
            StatusCategory::Closed => TicketClosed { from, from_category, to, to_category, reason }.into(),
            StatusCategory::Cancelled => {
                TicketCancelled { from, from_category, to, to_category, reason }.into()
            }
            _ if from_category.is_done() => {
                ticket.reopened += 1;
                let count = ticket.reopened;
                TicketReopened { from, from_category, to, to_category, reason, count }.into()
            }
            _ => StatusChanged { from, from_category, to, to_category, reason }.into(),
        }
    }

    fn about_a_message(&mut self, ticket: &mut Ticket) -> TicketEvent {
        let what = self.chance.below(3);
        if ticket.messages.is_empty() {
            return self.tag(ticket);
        }
        let place = self.chance.below(ticket.messages.len());
        let (message_id, internal, text) = ticket.messages[place].clone();
        match what {
            0 => {
                let reader = format!("agent-{}", self.chance.below(20));
                if ticket.reads.contains(&(message_id, reader.clone())) {
                    return self.tag(ticket);
                }
                ticket.reads.push((message_id, reader.clone()));
                MessageRead { message_id, internal, reader: user(&reader) }.into()
            }
            1 => {
                ticket.messages.remove(place);
                MessageRedacted { message_id, internal, reason: Some("a card number".into()) }.into()
            }
            _ => {
                let body = self.chance.text(20);
                ticket.messages[place].2.clone_from(&body);
                MessageEdited {
                    message_id,
                    internal,
                    former_body: text.into(),
                    former_html: None,
                    body: body.into(),
                    html: None,
                }
                .into()
            }
        }
    }
}

/// `events` events of many tickets, a few of which are worked on at the same time.
pub(crate) fn history(seed: u64, events: usize, tenants: &[&str]) -> Vec<Written> {
    let mut story = Story::new(seed);
    let mut desk: Vec<(Ticket, usize)> = Vec::new();
    let mut written = Vec::with_capacity(events);
    while written.len() < events {
        if desk.len() < 200 && story.chance.below(10) == 0 || desk.is_empty() {
            let tenant = *story.chance.of(tenants);
            let (ticket, opened) = story.open(tenant);
            let left = 2 + story.chance.below(16);
            desk.push((ticket, left));
            written.push(opened);
        } else {
            let place = story.chance.below(desk.len());
            let (ticket, left) = &mut desk[place];
            written.push(story.next(ticket));
            *left -= 1;
            if *left == 0 {
                desk.swap_remove(place);
            }
        }
    }
    written
}
