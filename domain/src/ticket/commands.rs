//! What can be done to a ticket: one file per verb, each a struct that decides.
//!
//! A verb's `decide` relies on what [`TicketCommand::decide`] has seen to: the actor's roles
//! allow it, the ticket is there, the actor may know of it, and it is neither deleted nor, for staff, spam.

mod assign;
mod cancel;
mod category;
mod close;
mod custom_fields;
mod delete;
mod edit_message;
mod escalate;
mod fields;
mod not_spam;
mod note;
mod open;
mod parts;
mod priority;
mod rate;
mod read_message;
mod redact_message;
mod reopen;
mod reply;
mod request_type;
mod resolve;
mod restore;
mod route;
mod spam;
mod status;
mod subject;
mod tags;
#[cfg(test)]
pub(crate) mod testing;
mod unassign;

pub use assign::Assign;
pub use cancel::Cancel;
pub use category::ChangeCategory;
pub use close::Close;
pub use custom_fields::SetCustomFields;
pub use delete::Delete;
pub use edit_message::{EditMessage, EditMessageBody};
pub use escalate::Escalate;
pub use fields::TakenFrom;
pub use not_spam::UnmarkSpam;
pub use note::AddNote;
pub use open::{Open, RequesterInput};
pub use parts::AttachmentInput;
pub use priority::ChangePriority;
pub use rate::Rate;
pub use read_message::{ReadMessage, ReadMessageBody};
pub use redact_message::{RedactMessage, RedactMessageBody};
pub use reopen::Reopen;
pub use reply::Reply;
pub use request_type::ChangeRequestType;
pub use resolve::Resolve;
pub use restore::Restore;
pub use route::Route;
pub use spam::MarkSpam;
pub use status::ChangeStatus;
pub use subject::ChangeSubject;
pub use tags::ChangeTags;
pub use unassign::Unassign;

pub(in crate::ticket) use custom_fields::check_fields;
pub(in crate::ticket) use tags::normalised;

use serde::de::{Deserializer, Error};

use super::{Context, Ticket, TicketError, TicketEvent};
use crate::identity::Operation;
use crate::ids::MessageId;
use crate::input::Markup;

macro_rules! ticket_commands {
    ($($kind:literal $name:ident = $operation:ident;)+) => {
        /// A command of any verb.
        #[derive(Clone, Debug, PartialEq)]
        pub enum TicketCommand {
            $(#[doc = concat!("See [`", stringify!($name), "`].")] $name($name),)+
        }

        $(impl From<$name> for TicketCommand {
            fn from(command: $name) -> Self {
                Self::$name(command)
            }
        })+

        impl TicketCommand {
            /// The `type` of each command in a batch.
            pub const KINDS: &'static [&'static str] = &[$($kind),+];

            /// Its `type` in a batch.
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$name(_) => $kind,)+ }
            }

            /// What it needs to be allowed.
            pub fn operation(&self) -> Operation {
                match self { $(Self::$name(_) => Operation::$operation,)+ }
            }

            fn decide_verb(
                &self,
                ticket: &Ticket,
                context: &Context<'_>,
            ) -> Result<Vec<TicketEvent>, TicketError> {
                match self { $(Self::$name(command) => command.decide(ticket, context),)+ }
            }
        }
    };
}

ticket_commands! {
    "open" Open = OpenTicket;
    "assign" Assign = AssignTicket;
    "unassign" Unassign = UnassignTicket;
    "reply" Reply = ReplyToTicket;
    "note" AddNote = AddNote;
    "edit_message" EditMessage = EditMessage;
    "redact_message" RedactMessage = RedactMessage;
    "read_message" ReadMessage = MarkMessageRead;
    "status" ChangeStatus = ChangeStatus;
    "resolve" Resolve = ResolveTicket;
    "close" Close = CloseTicket;
    "reopen" Reopen = ReopenTicket;
    "cancel" Cancel = CancelTicket;
    "rate" Rate = RateTicket;
    "priority" ChangePriority = ChangePriority;
    "category" ChangeCategory = ChangeCategory;
    "request_type" ChangeRequestType = ChangeRequestType;
    "subject" ChangeSubject = ChangeSubject;
    "tags" ChangeTags = ChangeTags;
    "custom_fields" SetCustomFields = SetCustomFields;
    "escalate" Escalate = EscalateTicket;
    "route" Route = RouteTicket;
    "spam" MarkSpam = MarkSpam;
    "not_spam" UnmarkSpam = UnmarkSpam;
    "delete" Delete = DeleteTicket;
    "restore" Restore = RestoreTicket;
}

impl TicketCommand {
    /// Decides what the command does to a ticket. Nothing to do is an empty list.
    pub fn decide(&self, ticket: &Ticket, context: &Context<'_>) -> Result<Vec<TicketEvent>, TicketError> {
        context.actor.may(self.operation())?;
        if let Self::Open(open) = self {
            open.check_for_self(context.actor)?;
            self.check_fields(context.actor)?;
            return open.decide(ticket, context);
        }
        if !ticket.exists() || !ticket.visible_to(context.actor) {
            return Err(TicketError::NotFound);
        }
        if ticket.deleted && !matches!(self, Self::Restore(_) | Self::Delete(_)) {
            return Err(TicketError::Deleted);
        }
        // Customers don't learn of the mark: what they do is kept, and the ticket stays spam.
        if ticket.spam && context.actor.is_staff() && !self.is_taken_on_spam() {
            return Err(TicketError::Spam);
        }
        self.check_fields(context.actor)?;
        self.decide_verb(ticket, context)
    }

    /// Whether it bears markup, to be made safe first by whoever carries it out.
    pub fn has_markup(&self) -> bool {
        match self {
            Self::Reply(Reply { html, .. })
            | Self::AddNote(AddNote { html, .. })
            | Self::EditMessage(EditMessage { text: EditMessageBody { html, .. }, .. }) => html.is_some(),
            _ => false,
        }
    }

    /// The markup that it bears, for what is made of it to be put back.
    pub fn markup_mut(&mut self) -> Option<&mut Markup> {
        match self {
            Self::Reply(Reply { html, .. })
            | Self::AddNote(AddNote { html, .. })
            | Self::EditMessage(EditMessage { text: EditMessageBody { html, .. }, .. }) => html.as_mut(),
            _ => None,
        }
    }

    fn is_taken_on_spam(&self) -> bool {
        matches!(
            self,
            Self::AddNote(_) | Self::MarkSpam(_) | Self::UnmarkSpam(_) | Self::Delete(_) | Self::Restore(_)
        )
    }

    /// Reads a command's body, as it stands in a batch or in a request, by its `type`. For a verb
    /// on a message that message's id comes apart. `None` if there is no such type.
    pub fn read<'de, D: Deserializer<'de>>(
        kind: &str,
        message_id: Option<MessageId>,
        body: D,
    ) -> Option<Result<Self, D::Error>> {
        fn body_of<'de, B, D>(body: D) -> Result<TicketCommand, D::Error>
        where
            B: serde::Deserialize<'de> + Into<TicketCommand>,
            D: Deserializer<'de>,
        {
            B::deserialize(body).map(Into::into)
        }
        let message = message_id.ok_or_else(|| D::Error::missing_field("message_id"));
        Some(match kind {
            "open" => body_of::<Open, D>(body),
            "assign" => body_of::<Assign, D>(body),
            "unassign" => body_of::<Unassign, D>(body),
            "reply" => body_of::<Reply, D>(body),
            "note" => body_of::<AddNote, D>(body),
            "edit_message" => message.and_then(|id| {
                serde::Deserialize::deserialize(body).map(|body: EditMessageBody| body.of(id).into())
            }),
            "redact_message" => message.and_then(|id| {
                serde::Deserialize::deserialize(body).map(|body: RedactMessageBody| body.of(id).into())
            }),
            "read_message" => message.and_then(|id| {
                serde::Deserialize::deserialize(body).map(|body: ReadMessageBody| body.of(id).into())
            }),
            "status" => body_of::<ChangeStatus, D>(body),
            "resolve" => body_of::<Resolve, D>(body),
            "close" => body_of::<Close, D>(body),
            "reopen" => body_of::<Reopen, D>(body),
            "cancel" => body_of::<Cancel, D>(body),
            "rate" => body_of::<Rate, D>(body),
            "priority" => body_of::<ChangePriority, D>(body),
            "category" => body_of::<ChangeCategory, D>(body),
            "request_type" => body_of::<ChangeRequestType, D>(body),
            "subject" => body_of::<ChangeSubject, D>(body),
            "tags" => body_of::<ChangeTags, D>(body),
            "custom_fields" => body_of::<SetCustomFields, D>(body),
            "escalate" => body_of::<Escalate, D>(body),
            "route" => body_of::<Route, D>(body),
            "spam" => body_of::<MarkSpam, D>(body),
            "not_spam" => body_of::<UnmarkSpam, D>(body),
            "delete" => body_of::<Delete, D>(body),
            "restore" => body_of::<Restore, D>(body),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests;
