//! One of each event, with every field filled in.

mod sla;

use chrono::{DateTime, Utc};
use domain::event::Event;
use domain::export::{DataExported, Form, Parameter};
use domain::ids::{AttachmentId, MessageId, OrganizationId, Position, TeamId, TenantId, UserId};
use domain::metadata::{Actor, ActorKind};
use domain::personal::Personal;
use domain::sla::policy::Metric;
use domain::tenant::{CreateTenant, Reporting, ReportingChanged, StatusCategory, Tenant};
use domain::ticket::TicketEvent;
use domain::ticket::event::*;
use serde_json::json;

pub(crate) fn all() -> Vec<Event> {
    let tickets = lifecycle().into_iter().chain(conversation()).chain(properties());
    let slas = sla::all().into_iter().map(Event::Sla);
    tickets.chain(clocks()).map(Event::Ticket).chain(tenants()).chain(slas).chain([exported()]).collect()
}

fn text(text: &str) -> String {
    text.to_owned()
}

#[expect(clippy::unnecessary_wraps, reason = "it spares the examples a word")]
fn some(value: &str) -> Option<String> {
    Some(text(value))
}

fn personal(value: &str) -> Personal<String> {
    Personal::new(text(value))
}

fn user(id: &str) -> UserId {
    UserId::new(id).unwrap()
}

fn organization(id: &str) -> OrganizationId {
    OrganizationId::new(id).unwrap()
}

fn at(time: &str) -> DateTime<Utc> {
    time.parse().unwrap()
}

fn message() -> MessageId {
    "0198c0de-0000-7000-8000-000000000001".parse().unwrap()
}

fn assignment(agent: &str) -> Assignment {
    Assignment {
        agent: Some(user(agent)),
        team: Some(TeamId::new("first-line").unwrap()),
        organization: Some(organization("choir")),
    }
}

fn lifecycle() -> Vec<TicketEvent> {
    use StatusCategory::{Cancelled, Closed, New, Open, Resolved};
    let reason = || some("as agreed by phone");
    vec![
        TicketOpened {
            number: text("TKT-00000001"),
            subject: personal("No toner"),
            description: personal("The printer on the second floor is out of toner."),
            requester: Requester {
                id: user("carla"),
                name: Some(personal("Carla Cruz")),
                email: Some(personal("carla@example.org")),
            },
            status: text("new"),
            status_category: New,
            priority: text("high"),
            priority_rank: 2,
            source: Source::Portal,
            category: some("hardware"),
            request_type: some("incident"),
            organization: Some(organization("choir")),
            tags: vec![text("printer"), text("vip")],
            custom_fields: [(text("floors"), json!([2, 3])), (text("room"), json!("2.14"))].into(),
            assignment: assignment("amir"),
            channel_metadata: Some(Personal::new(json!({"page": "/help"}))),
        }
        .into(),
        TicketAssigned { from: assignment("amir"), to: assignment("bea"), reason: reason() }.into(),
        TicketUnassigned { from: assignment("bea"), reason: reason() }.into(),
        StatusChanged {
            from: text("new"),
            from_category: New,
            to: text("in_progress"),
            to_category: Open,
            reason: reason(),
        }
        .into(),
        TicketResolved {
            from: text("in_progress"),
            from_category: Open,
            to: text("resolved"),
            to_category: Resolved,
            reason: reason(),
            notes: Some(personal("New cartridge.")),
        }
        .into(),
        TicketClosed {
            from: text("resolved"),
            from_category: Resolved,
            to: text("closed"),
            to_category: Closed,
            reason: reason(),
        }
        .into(),
        TicketReopened {
            from: text("closed"),
            from_category: Closed,
            to: text("open"),
            to_category: Open,
            reason: reason(),
            count: 1,
        }
        .into(),
        TicketCancelled {
            from: text("open"),
            from_category: Open,
            to: text("cancelled"),
            to_category: Cancelled,
            reason: reason(),
        }
        .into(),
        TicketRated { rating: 5, comment: Some(personal("Fast!")), former_rating: Some(4) }.into(),
        TicketMarkedSpam { reason: reason() }.into(),
        TicketUnmarkedSpam { reason: reason() }.into(),
        TicketDeleted { reason: reason() }.into(),
        TicketRestored { reason: reason() }.into(),
    ]
}

fn conversation() -> Vec<TicketEvent> {
    let author = || Actor { id: user("amir"), kind: ActorKind::Agent, name: Some(personal("Amir Aziz")) };
    let file = || Attachment {
        id: "0198c0de-0000-7000-8000-000000000002".parse::<AttachmentId>().unwrap(),
        name: personal("toner.png"),
        content_type: text("image/png"),
        size: 4_096,
    };
    vec![
        ReplyAdded {
            message_id: message(),
            author: author(),
            body: personal("I'm on my way."),
            html: Some(personal("<p>I'm on my way.</p>")),
            attachments: vec![file()],
            canned_response: some("/welcome"),
            first_response: true,
        }
        .into(),
        NoteAdded {
            message_id: message(),
            author: author(),
            body: personal("Toner is in the cellar."),
            html: Some(personal("<p>Toner is in the cellar.</p>")),
            attachments: vec![file()],
            mentions: vec![user("bea")],
        }
        .into(),
        MessageEdited {
            message_id: message(),
            internal: false,
            former_body: personal("I'm on my way."),
            former_html: Some(personal("<p>I'm on my way.</p>")),
            body: personal("I'm on my way up."),
            html: Some(personal("<p>I'm on my way up.</p>")),
        }
        .into(),
        MessageRedacted { message_id: message(), internal: false, reason: some("a password") }.into(),
        MessageRead { message_id: message(), internal: false, reader: user("carla") }.into(),
    ]
}

fn properties() -> Vec<TicketEvent> {
    let reason = || some("found out more");
    vec![
        PriorityChanged {
            from: text("high"),
            from_rank: 2,
            to: text("critical"),
            to_rank: 1,
            reason: reason(),
        }
        .into(),
        CategoryChanged { from: some("hardware"), to: some("printers"), reason: reason() }.into(),
        RequestTypeChanged { from: some("incident"), to: some("order"), reason: reason() }.into(),
        SubjectChanged { from: personal("No toner"), to: personal("No toner at all"), reason: reason() }
            .into(),
        TagAdded { tag: text("vip") }.into(),
        TagRemoved { tag: text("vip") }.into(),
        CustomFieldsSet {
            changes: vec![
                FieldChange { key: text("room"), from: json!(null), to: json!("2.14") },
                FieldChange { key: text("floors"), from: json!([2, 3]), to: json!(null) },
            ],
        }
        .into(),
        TicketEscalated {
            level: 1,
            to_role: some("support_lead"),
            to_agent: Some(user("lena")),
            to_team: Some(TeamId::new("night").unwrap()),
            reason: text("no progress"),
            rule: Some(EscalationRule {
                policy: text("critical"),
                step: 0,
                metric: Metric::Resolution,
                instance: 1,
                due_at: at("2026-11-20T11:00:00Z"),
                raised_at: at("2026-11-20T11:00:00.1Z"),
            }),
        }
        .into(),
        TicketRouted {
            from: Routing::Organization,
            to: Routing::Hybrid,
            from_organization: Some(organization("choir")),
            to_organization: Some(organization("stage")),
        }
        .into(),
    ]
}

fn clocks() -> Vec<TicketEvent> {
    vec![
        SlaWarned {
            metric: Metric::FirstResponse,
            instance: 1,
            generation: 2,
            policy: text("critical"),
            warning_at: at("2026-11-20T09:11:15Z"),
            due_at: Some(at("2026-11-20T09:15:00Z")),
            raised_at: at("2026-11-20T09:11:15.25Z"),
        }
        .into(),
        SlaBreached {
            metric: Metric::NextReply,
            instance: 3,
            generation: 1,
            policy: text("critical"),
            due_at: at("2026-11-20T09:15:00Z"),
            raised_at: at("2026-11-20T09:15:00.25Z"),
        }
        .into(),
    ]
}

fn exported() -> Event {
    let parameter = |name, value| Parameter { name: text(name), value: personal(value) };
    let exported = DataExported {
        what: text("tickets"),
        form: Form::Csv,
        parameters: vec![parameter("status_category", "open,new"), parameter("q", "toner")],
        position: Some(Position(4711)),
    };
    Event::Export(exported.into())
}

fn tenants() -> Vec<Event> {
    let create = CreateTenant {
        key: text("ka"),
        parent: Some(TenantId::of_key("academy")),
        profile: text("education"),
        number_prefix: None,
    };
    let reporting = ReportingChanged {
        from: Reporting::default(),
        to: Reporting {
            time_zone: text("Europe/Berlin"),
            calendar: some("office"),
            currency: some("EUR"),
            hourly_rate: Some(4_500),
            team_hourly_rates: [(text("second-line"), 6_500)].into(),
        },
    };
    let created = create.decide(&Tenant::default()).unwrap().into_iter();
    created.chain([reporting.into()]).map(Event::Tenant).collect()
}
