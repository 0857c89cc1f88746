//! From whom the fields of commands' bodies are taken: one table, field by field.
//!
//! That somebody may give a command ([`Operation`]) doesn't mean that they may say everything in it. A field
//! without a row doesn't compile; `docs/permissions.md` is made from the table.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    AddNote, Assign, AttachmentInput, Cancel, ChangeCategory, ChangePriority, ChangeRequestType,
    ChangeStatus, ChangeSubject, ChangeTags, Close, Delete, EditMessageBody, Escalate, MarkSpam, Open, Rate,
    ReadMessageBody, RedactMessageBody, Reopen, Reply, RequesterInput, Resolve, Restore, Route,
    SetCustomFields, TicketCommand, Unassign, UnmarkSpam,
};
use crate::identity::{Operation, Principal};
use crate::input::FieldError;
use crate::personal::Personal;
use crate::ticket::TicketError;
use crate::ticket::event::{Routing, Source};

/// From whom a field is taken. From others it may stay away, and no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakenFrom {
    /// Whoever may give the command.
    Everybody,
    /// Those who give support.
    Staff,
    /// Those who give support; of customers what their token says of them anyway.
    StaffOrToken,
    /// Those who give support; of customers the channels that they come by themselves.
    StaffOrOwnChannel,
    /// Whoever may do that by itself.
    WhoeverMay(Operation),
}

use TakenFrom::{Everybody, Staff, StaffOrOwnChannel, StaffOrToken, WhoeverMay};

/// The channels that customers come by themselves. Support, and what works for it, notes the others.
const OWN_CHANNELS: &[Source] = &[Source::Portal, Source::Web, Source::Widget, Source::Chat, Source::Api];

/// Whether a field says anything.
trait Said {
    fn is_said(&self) -> bool;
}

macro_rules! always_said {
    ($($type:ty),+) => {$(
        impl Said for $type {
            fn is_said(&self) -> bool {
                true
            }
        }
    )+};
}

always_said!(String, Personal<String>, i64, Routing);

impl<T> Said for Option<T> {
    fn is_said(&self) -> bool {
        self.is_some()
    }
}

impl<T> Said for Vec<T> {
    fn is_said(&self) -> bool {
        !self.is_empty()
    }
}

impl Said for BTreeMap<String, Value> {
    fn is_said(&self) -> bool {
        !self.is_empty()
    }
}

/// A body with its rows of the table.
trait Fields {
    /// Each field, and from whom it is taken.
    const TABLE: &'static [(&'static str, TakenFrom)];

    /// Whether each field says anything, in the table's order.
    fn said(&self) -> Vec<bool>;
}

macro_rules! fields {
    ($($body:ident { $($field:ident : $from:expr),* $(,)? })+) => {$(
        impl Fields for $body {
            const TABLE: &'static [(&'static str, TakenFrom)] = &[$((stringify!($field), $from)),*];

            fn said(&self) -> Vec<bool> {
                let Self { $($field),* } = self;
                vec![$($field.is_said()),*]
            }
        }
    )+

        /// Every body, with its rows and the properties of its schema.
        #[cfg(test)]
        fn bodies() -> Vec<(&'static [(&'static str, TakenFrom)], Vec<String>)> {
            vec![$((<$body as Fields>::TABLE, tests::properties::<$body>())),+]
        }
    };
}

fields! {
    Open {
        subject: Everybody,
        description: Everybody,
        category: Everybody,
        // How urgent it is to them is theirs to say; what becomes of it later takes `tickets.update`.
        priority: Everybody,
        request_type: Everybody,
        source: StaffOrOwnChannel,
        tags: Staff,
        // The answers to the request type's form.
        custom_fields: Everybody,
        // Its fields have rows of their own.
        requester: Everybody,
        channel_metadata: Staff,
    }
    RequesterInput { id: StaffOrToken, name: StaffOrToken, email: StaffOrToken }
    Assign { agent: Everybody, team: Everybody, organization: Everybody, reason: Everybody }
    Unassign { reason: Everybody }
    Reply {
        body: Everybody,
        html: Everybody,
        // Its fields have rows of their own.
        attachments: Everybody,
        canned_response: Staff,
        status: WhoeverMay(Operation::ChangeStatus),
    }
    AttachmentInput { id: Everybody, name: Everybody, content_type: Everybody, size: Everybody }
    AddNote { body: Everybody, html: Everybody, attachments: Everybody, mentions: Everybody }
    EditMessageBody { body: Everybody, html: Everybody }
    RedactMessageBody { reason: Everybody }
    ReadMessageBody {}
    ChangeStatus { status: Everybody, reason: Everybody }
    Resolve { notes: Everybody, reason: Everybody }
    Close { reason: Everybody }
    Reopen { reason: Everybody }
    Cancel { reason: Everybody }
    Rate { rating: Everybody, comment: Everybody }
    ChangePriority { priority: Everybody, reason: Everybody }
    ChangeCategory { category: Everybody, reason: Everybody }
    ChangeRequestType { request_type: Everybody, reason: Everybody }
    ChangeSubject { subject: Everybody, reason: Everybody }
    ChangeTags { add: Everybody, remove: Everybody }
    Escalate { to_role: Everybody, to_agent: Everybody, to_team: Everybody, reason: Everybody }
    Route { routing: Everybody, organization: Everybody }
    MarkSpam { reason: Everybody }
    UnmarkSpam { reason: Everybody }
    Delete { reason: Everybody }
    Restore { reason: Everybody }
}

always_said!(u64, crate::ids::MessageId);

/// Any key.
impl Fields for SetCustomFields {
    const TABLE: &'static [(&'static str, TakenFrom)] = &[("*", Everybody)];

    fn said(&self) -> Vec<bool> {
        vec![self.0.is_said()]
    }
}

impl TicketCommand {
    /// The table's rows of a command, by its `type`: JSON Pointers into its body. Elements of arrays, and the
    /// keys of custom fields, are `*`.
    pub fn taken_from(kind: &str) -> Vec<(String, TakenFrom)> {
        fn rows<B: Fields>(within: &str) -> Vec<(String, TakenFrom)> {
            B::TABLE.iter().map(|(field, from)| (format!("{within}/{field}"), *from)).collect()
        }
        let files = || rows::<AttachmentInput>("/attachments/*");
        match kind {
            "open" => [rows::<Open>(""), rows::<RequesterInput>("/requester")].concat(),
            "assign" => rows::<Assign>(""),
            "unassign" => rows::<Unassign>(""),
            "reply" => [rows::<Reply>(""), files()].concat(),
            "note" => [rows::<AddNote>(""), files()].concat(),
            "edit_message" => rows::<EditMessageBody>(""),
            "redact_message" => rows::<RedactMessageBody>(""),
            "read_message" => rows::<ReadMessageBody>(""),
            "status" => rows::<ChangeStatus>(""),
            "resolve" => rows::<Resolve>(""),
            "close" => rows::<Close>(""),
            "reopen" => rows::<Reopen>(""),
            "cancel" => rows::<Cancel>(""),
            "rate" => rows::<Rate>(""),
            "priority" => rows::<ChangePriority>(""),
            "category" => rows::<ChangeCategory>(""),
            "request_type" => rows::<ChangeRequestType>(""),
            "subject" => rows::<ChangeSubject>(""),
            "tags" => rows::<ChangeTags>(""),
            "custom_fields" => rows::<SetCustomFields>(""),
            "escalate" => rows::<Escalate>(""),
            "route" => rows::<Route>(""),
            "spam" => rows::<MarkSpam>(""),
            "not_spam" => rows::<UnmarkSpam>(""),
            "delete" => rows::<Delete>(""),
            "restore" => rows::<Restore>(""),
            _ => Vec::new(),
        }
    }

    /// Refuses the fields that aren't taken from the actor, by name.
    pub(super) fn check_fields(&self, actor: &Principal) -> Result<(), TicketError> {
        let mut refused = Refused { actor, errors: Vec::new() };
        match self {
            Self::Open(command) => {
                let own = |_: &str| command.source.is_some_and(|source| OWN_CHANNELS.contains(&source));
                refused.look("", command, own);
                if let Some(requester) = &command.requester {
                    refused.look("/requester", requester, |field| {
                        says_what_the_token_says(requester, field, actor)
                    });
                }
            }
            Self::Reply(command) => {
                refused.look("", command, never);
                refused.look_at_each("/attachments", &command.attachments);
            }
            Self::AddNote(command) => {
                refused.look("", command, never);
                refused.look_at_each("/attachments", &command.attachments);
            }
            Self::EditMessage(command) => refused.look("", &command.text, never),
            // Their bodies have a reason, or nothing.
            Self::RedactMessage(_) | Self::ReadMessage(_) => {}
            Self::Assign(command) => refused.look("", command, never),
            Self::Unassign(command) => refused.look("", command, never),
            Self::ChangeStatus(command) => refused.look("", command, never),
            Self::Resolve(command) => refused.look("", command, never),
            Self::Close(command) => refused.look("", command, never),
            Self::Reopen(command) => refused.look("", command, never),
            Self::Cancel(command) => refused.look("", command, never),
            Self::Rate(command) => refused.look("", command, never),
            Self::ChangePriority(command) => refused.look("", command, never),
            Self::ChangeCategory(command) => refused.look("", command, never),
            Self::ChangeRequestType(command) => refused.look("", command, never),
            Self::ChangeSubject(command) => refused.look("", command, never),
            Self::ChangeTags(command) => refused.look("", command, never),
            Self::SetCustomFields(command) => refused.look("", command, never),
            Self::Escalate(command) => refused.look("", command, never),
            Self::Route(command) => refused.look("", command, never),
            Self::MarkSpam(command) => refused.look("", command, never),
            Self::UnmarkSpam(command) => refused.look("", command, never),
            Self::Delete(command) => refused.look("", command, never),
            Self::Restore(command) => refused.look("", command, never),
        }
        if refused.errors.is_empty() { Ok(()) } else { Err(TicketError::FieldsNotPermitted(refused.errors)) }
    }
}

fn never(_: &str) -> bool {
    false
}

/// Whether a field of the requester is as the token has it.
fn says_what_the_token_says(requester: &RequesterInput, field: &str, actor: &Principal) -> bool {
    let exposed = |text: &Option<Personal<String>>| text.as_ref().map(|text| text.expose().trim().to_owned());
    match field {
        "id" => requester.id.as_deref() == Some(actor.user.as_str()),
        "name" => exposed(&requester.name) == actor.name,
        _ => exposed(&requester.email) == actor.email,
    }
}

/// What isn't taken.
struct Refused<'a> {
    actor: &'a Principal,
    errors: Vec<FieldError>,
}

impl Refused<'_> {
    /// Looks at a body. `own` tells whether a field says what customers may say of themselves.
    fn look<B: Fields>(&mut self, within: &str, body: &B, own: impl Fn(&str) -> bool) {
        for ((field, from), said) in B::TABLE.iter().zip(body.said()) {
            let taken = match from {
                Everybody => true,
                Staff => self.actor.is_staff(),
                StaffOrToken | StaffOrOwnChannel => self.actor.is_staff() || own(field),
                WhoeverMay(operation) => self.actor.may(*operation).is_ok(),
            };
            if said && !taken {
                let detail = match from {
                    StaffOrToken => "your token says who you are".to_owned(),
                    StaffOrOwnChannel => {
                        let own: Vec<_> = OWN_CHANNELS.iter().map(|source| source.as_str()).collect();
                        format!("one of: {}", own.join(", "))
                    }
                    WhoeverMay(operation) => format!("this needs the permission {}", operation.permission()),
                    Everybody | Staff => "only staff can say this".to_owned(),
                };
                let pointer = format!("{within}/{field}");
                self.errors.push(FieldError { pointer, code: "not_permitted", detail });
            }
        }
    }

    fn look_at_each<B: Fields>(&mut self, within: &str, bodies: &[B]) {
        for (index, body) in bodies.iter().enumerate() {
            self.look(&format!("{within}/{index}"), body, never);
        }
    }
}

#[cfg(test)]
mod tests;
