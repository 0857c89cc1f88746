//! The table itself.

use super::Disclosure;
use super::Reader::{self, Actor, Audit, Everyone, Notes, Staff};
use crate::event::{EXPORT, SLA, TENANT, TICKET};

type Fields = &'static [(Reader, &'static [&'static str])];

const fn row(aggregate: &'static str, event: &'static str, reader: Reader, fields: Fields) -> Disclosure {
    Disclosure { aggregate, event, reader, fields, texts: &[] }
}

const fn ticket(event: &'static str, fields: Fields) -> Disclosure {
    row(TICKET, event, Everyone, fields)
}

const fn internal(event: &'static str, fields: &'static [(Reader, &'static [&'static str])]) -> Disclosure {
    row(TICKET, event, Notes, fields)
}

const fn message(
    event: &'static str,
    reader: Reader,
    fields: Fields,
    texts: &'static [&'static str],
) -> Disclosure {
    Disclosure { aggregate: TICKET, event, reader, fields, texts }
}

/// What moves a ticket through the workflow. Why is between those who give support.
const MOVED: (Reader, &[&str]) = (Everyone, &["from", "from_category", "to", "to_category"]);
const WHY: (Reader, &[&str]) = (Actor, &["reason"]);
const CHANGED: (Reader, &[&str]) = (Everyone, &["from", "to"]);

/// Every type of event.
pub const DISCLOSURES: &[Disclosure] = &[
    ticket(
        "TicketOpened",
        &[
            (
                Everyone,
                &[
                    "number",
                    "subject",
                    "description",
                    "requester.id",
                    "requester.name",
                    "requester.email",
                    "status",
                    "status_category",
                    "priority",
                    "priority_rank",
                    "source",
                    "category",
                    "request_type",
                    "organization",
                    "tags",
                    "custom_fields",
                    "assignment.agent",
                    "assignment.team",
                    "assignment.organization",
                ],
            ),
            // What the channel knows may be about more than its sender.
            (Staff, &["channel_metadata"]),
        ],
    ),
    ticket(
        "TicketAssigned",
        &[
            (
                Everyone,
                &["from.agent", "from.team", "from.organization", "to.agent", "to.team", "to.organization"],
            ),
            WHY,
        ],
    ),
    ticket("TicketUnassigned", &[(Everyone, &["from.agent", "from.team", "from.organization"]), WHY]),
    message(
        "ReplyAdded",
        Everyone,
        &[
            (
                Everyone,
                &[
                    "message_id",
                    "author.id",
                    "author.kind",
                    "author.name",
                    "body",
                    "html",
                    "attachments.id",
                    "attachments.name",
                    "attachments.content_type",
                    "attachments.size",
                    "first_response",
                ],
            ),
            (Staff, &["canned_response"]),
        ],
        &["body", "html", "attachments"],
    ),
    message(
        "NoteAdded",
        Notes,
        &[(
            Notes,
            &[
                "message_id",
                "author.id",
                "author.kind",
                "author.name",
                "body",
                "html",
                "attachments.id",
                "attachments.name",
                "attachments.content_type",
                "attachments.size",
                "mentions",
            ],
        )],
        &["body", "html", "attachments"],
    ),
    message(
        "MessageEdited",
        Everyone,
        &[
            (Everyone, &["message_id", "internal", "body", "html"]),
            // What somebody took back is theirs to tell.
            (Actor, &["former_body", "former_html"]),
        ],
        &["body", "html", "former_body", "former_html"],
    ),
    ticket("MessageRedacted", &[(Everyone, &["message_id", "internal"]), WHY]),
    ticket("MessageRead", &[(Everyone, &["message_id", "internal", "reader"])]),
    ticket("StatusChanged", &[MOVED, WHY]),
    ticket("TicketResolved", &[MOVED, (Everyone, &["notes"]), WHY]),
    ticket("TicketClosed", &[MOVED, WHY]),
    ticket("TicketReopened", &[MOVED, (Everyone, &["count"]), WHY]),
    ticket("TicketCancelled", &[MOVED, WHY]),
    ticket("TicketRated", &[(Everyone, &["rating", "comment", "former_rating"])]),
    ticket("PriorityChanged", &[(Everyone, &["from", "from_rank", "to", "to_rank"]), WHY]),
    ticket("CategoryChanged", &[CHANGED, WHY]),
    ticket("RequestTypeChanged", &[CHANGED, WHY]),
    ticket("SubjectChanged", &[CHANGED, WHY]),
    ticket("TagAdded", &[(Everyone, &["tag"])]),
    ticket("TagRemoved", &[(Everyone, &["tag"])]),
    ticket("CustomFieldsSet", &[(Everyone, &["changes.key", "changes.from", "changes.to"])]),
    internal(
        "TicketEscalated",
        &[(
            Notes,
            &[
                "level",
                "to_role",
                "to_agent",
                "to_team",
                "reason",
                "rule.policy",
                "rule.step",
                "rule.metric",
                "rule.instance",
                "rule.due_at",
                "rule.raised_at",
            ],
        )],
    ),
    // Who is to answer is how the desks share their work.
    row(TICKET, "TicketRouted", Staff, &[(Staff, &["from", "to", "from_organization", "to_organization"])]),
    internal("TicketMarkedSpam", &[(Notes, &["reason"])]),
    internal("TicketUnmarkedSpam", &[(Notes, &["reason"])]),
    internal("TicketDeleted", &[(Notes, &["reason"])]),
    internal("TicketRestored", &[(Notes, &["reason"])]),
    internal(
        "SlaWarned",
        &[(Notes, &["metric", "instance", "generation", "policy", "warning_at", "due_at", "raised_at"])],
    ),
    internal(
        "SlaBreached",
        &[(Notes, &["metric", "instance", "generation", "policy", "due_at", "raised_at"])],
    ),
    row(TENANT, "TenantCreated", Audit, &[(Audit, &["key", "parent", "profile", "settings"])]),
    row(TENANT, "ReportingChanged", Audit, &[(Audit, &["from", "to"])]),
    row(SLA, "PolicyAdded", Audit, &[(Audit, &["policy", "place"])]),
    row(SLA, "PolicyChanged", Audit, &[(Audit, &["from", "to"])]),
    row(SLA, "PolicyRemoved", Audit, &[(Audit, &["policy"])]),
    row(SLA, "PoliciesReordered", Audit, &[(Audit, &["from", "to"])]),
    row(SLA, "CalendarAdded", Audit, &[(Audit, &["key", "calendar"])]),
    row(SLA, "CalendarChanged", Audit, &[(Audit, &["key", "from", "to"])]),
    row(SLA, "CalendarRemoved", Audit, &[(Audit, &["key", "calendar"])]),
    row(SLA, "AutoCloseChanged", Audit, &[(Audit, &["from_days", "to_days"])]),
    row(EXPORT, "DataExported", Audit, &[(Audit, &["what", "form", "parameters", "position"])]),
];

/// The circumstances of every event: fields of [`crate::metadata::Metadata`] by who may read them.
pub const METADATA: Fields = &[
    (Everyone, &["actor.id", "actor.kind", "actor.name", "occurred_at"]),
    // From where and by which program somebody came is theirs.
    (Actor, &["request_id", "traceparent", "ip", "user_agent"]),
    // What made it follow may be internal.
    (Staff, &["causation_id", "import"]),
];
