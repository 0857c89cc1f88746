//! A desk on which every operation's body is decided, as a service would.

use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use domain::export::{Export, RecordExport};
use domain::identity::{Operation, Principal};
use domain::ids::{MessageId, TenantId, UserId};
use domain::sla::commands::{
    AddCalendar, AddPolicy, ChangeCalendar, ChangePolicy, ChangeSla, ImportHolidays, ImportHolidaysBody,
};
use domain::sla::{Sla, SlaCommand};
use domain::tenant::{ChangeReporting, CreateTenant, DEFAULT_PROFILE, Tenant, TenantSettings, profile};
use domain::ticket::{Context, Ticket, TicketCommand, TicketEvent};
use domain::time::Ids;
use serde_json::{Map, Value, json};
use uuid::Uuid;

#[derive(Default)]
struct Counted(AtomicU64);

impl Ids for Counted {
    fn next(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.0.fetch_add(1, Ordering::Relaxed)) + 1)
    }
}

/// What there is: a ticket with a message of its agent's, calendars, policies and a tenant.
pub(crate) struct Desk {
    settings: TenantSettings,
    agent: Principal,
    ids: Counted,
    ticket: Ticket,
    message: MessageId,
    sla: Sla,
    tenant: Tenant,
}

fn now() -> DateTime<Utc> {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

impl Desk {
    pub(crate) fn new() -> Self {
        let user = UserId::new("amir").unwrap();
        let agent = Principal::new(user, TenantId::of_key("desk"), vec!["support_lead".to_owned()]);
        let mut tenant = Tenant::default();
        let create = CreateTenant {
            key: "desk".to_owned(),
            parent: None,
            profile: DEFAULT_PROFILE.to_owned(),
            number_prefix: None,
        };
        for event in create.decide(&tenant).unwrap() {
            tenant.apply(event);
        }
        let mut desk = Self {
            settings: profile(DEFAULT_PROFILE).unwrap(),
            agent,
            ids: Counted::default(),
            ticket: Ticket::default(),
            message: MessageId(Uuid::nil()),
            sla: Sla::default(),
            tenant,
        };
        for (kind, body) in
            [("open", json!({"subject": "x", "description": "y"})), ("reply", json!({"body": "z"}))]
        {
            let command = TicketCommand::read(kind, None, body).unwrap().unwrap();
            for event in command.decide(&desk.ticket, &desk.context()).unwrap() {
                if let TicketEvent::ReplyAdded(reply) = &event {
                    desk.message = reply.message_id;
                }
                desk.ticket.apply(event);
            }
        }
        desk
    }

    fn context(&self) -> Context<'_> {
        Context {
            now: now(),
            actor: &self.agent,
            settings: &self.settings,
            ids: &self.ids,
            number: Some("TKT-1"),
        }
    }

    /// Reads a body and decides it. What comes of it is nothing to this; that it is refused is as good.
    pub(crate) fn decide(&self, operation: &str, body: Value) {
        if let Some(kind) = self.kind(operation) {
            self.on_ticket(kind, body);
            return;
        }
        let operation = Operation::ALL.iter().find(|known| known.name() == operation).expect("an operation");
        match operation {
            Operation::BulkCommands => {
                for command in body["commands"].as_array().into_iter().flatten() {
                    let mut command = command.clone();
                    let Some(fields) = command.as_object_mut() else { continue };
                    if let Some(Value::String(kind)) = fields.remove("type") {
                        self.on_ticket(&kind, command);
                    }
                }
            }
            Operation::CreateTenant => {
                if let Ok(create) = serde_json::from_value::<CreateTenant>(body) {
                    let _ = create.decide(&Tenant::default());
                }
            }
            Operation::ChangeTenant => {
                let patch = fields(body.get("reporting").cloned().unwrap_or_default());
                let _ = ChangeReporting { patch, calendars: vec!["office".to_owned()] }.decide(&self.tenant);
            }
            Operation::RecordExport => {
                if let Ok(record) = serde_json::from_value::<RecordExport>(body) {
                    let _ = record.decide(&Export::default());
                }
            }
            Operation::BacktestSla => {
                let patch = fields(body.get("draft").cloned().unwrap_or_default());
                let _ = ChangeSla { patch }.rules(&self.sla);
            }
            other => {
                if let Some(command) = Self::on_sla(*other, body) {
                    let _ = command.decide(&self.sla);
                }
            }
        }
    }

    /// The kind of a command on tickets that an operation is.
    fn kind(&self, operation: &str) -> Option<&'static str> {
        // What each is called in a batch, by what it needs to be allowed.
        TicketCommand::KINDS.iter().copied().find(|kind| {
            let message = Some(self.message);
            let bodies = [
                json!({}),
                json!({"body": "x"}),
                json!({"subject": "x", "description": "y"}),
                json!({"subject": "x"}),
                json!({"status": "x"}),
                json!({"rating": 1}),
                json!({"priority": "x"}),
                json!({"category": "x"}),
                json!({"request_type": "x"}),
                json!({"routing": "hybrid"}),
                json!({"reason": "x"}),
                json!({"agent": "x"}),
            ];
            let read = bodies.into_iter().find_map(|body| TicketCommand::read(kind, message, body)?.ok());
            read.expect("a body that the kind takes").operation().name() == operation
        })
    }

    fn on_ticket(&self, kind: &str, body: Value) {
        let Some(Ok(mut command)) = TicketCommand::read(kind, Some(self.message), body) else { return };
        if let Some(markup) = command.markup_mut() {
            *markup = markup.clone().made_safe(&|| false);
        }
        let new = Ticket::default();
        let ticket = if kind == "open" { &new } else { &self.ticket };
        let _ = command.decide(ticket, &self.context());
    }

    fn on_sla(operation: Operation, body: Value) -> Option<SlaCommand> {
        let key = || "office".to_owned();
        Some(match operation {
            Operation::AddPolicy => AddPolicy::read(fields(body)).ok()?.into(),
            Operation::ChangePolicy => ChangePolicy::read("low".to_owned(), fields(body)).ok()?.into(),
            Operation::AddCalendar => AddCalendar::read(fields(body)).ok()?.into(),
            Operation::ChangeCalendar => ChangeCalendar { key: key(), patch: fields(body) }.into(),
            Operation::ImportHolidays => {
                let body: ImportHolidaysBody = serde_json::from_value(body).ok()?;
                ImportHolidays::new(key(), body, now()).read(&|| false).into()
            }
            Operation::ChangeSla => ChangeSla { patch: fields(body) }.into(),
            // A new operation has to be tried too.
            other => panic!("{other:?} has a body and no row here"),
        })
    }
}

fn fields(body: Value) -> Map<String, Value> {
    match body {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
