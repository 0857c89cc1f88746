//! What several verbs take: attachments, and the checks of keys.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::ids::AttachmentId;
use crate::input::Check;
use crate::personal::Personal;
use crate::ticket::event::Attachment;
use crate::ticket::{Context, Ticket, TicketError};

/// A file that goes with a message.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AttachmentInput {
    /// Its id, if it is stored already.
    #[serde(default)]
    #[schema(value_type = Option<uuid::Uuid>)]
    pub id: Option<AttachmentId>,
    /// The file's name.
    #[schema(value_type = String, max_length = 255)]
    pub name: Personal<String>,
    /// Its media type, such as `image/png`.
    #[schema(max_length = 255)]
    pub content_type: String,
    /// Its size in bytes.
    #[schema(maximum = 9_007_199_254_740_991_u64)]
    pub size: u64,
}

/// The longest file name and media type, in characters.
const MAX_NAME: usize = 255;
/// The largest size, in bytes: the largest whole number that every JSON client reads exactly (RFC 8259,
/// section 6), and well within a column's.
const MAX_SIZE: u64 = (1 << 53) - 1;

/// The attachments of a message that is added to a ticket; those without an id get one. An id names one file
/// of a ticket: callers choose ids, so one that the ticket has already is refused, as far as the caller may know of it.
pub(super) fn attachments(
    check: &mut Check,
    given: &[AttachmentInput],
    ticket: &Ticket,
    context: &Context<'_>,
) -> Vec<Attachment> {
    let most = context.settings.limits.attachments;
    if given.len() > most {
        check.fail("/attachments", "too_many", format!("{most} attachments at most"));
        return Vec::new();
    }
    given
        .iter()
        .enumerate()
        .map(|(index, file)| {
            let at = |field: &str| format!("/attachments/{index}/{field}");
            let name = check.line(&at("name"), file.name.expose(), MAX_NAME);
            if name.contains(['/', '\\']) {
                check.fail(at("name"), "invalid_character", "a name without its folder");
            }
            let content_type = check.line(&at("content_type"), &file.content_type, MAX_NAME);
            if file.size > MAX_SIZE {
                check.fail(at("size"), "out_of_range", format!("{MAX_SIZE} bytes at most"));
            }
            if let Some(id) = file.id {
                let before = &given[..index];
                if before.iter().any(|other| other.id == Some(id)) || ticket.has_attachment(id, context.actor)
                {
                    check.fail(at("id"), "duplicate", "the ticket has a file with this id already");
                }
            }
            Attachment {
                id: file.id.unwrap_or_else(|| AttachmentId(context.ids.next())),
                name: Personal::new(name),
                content_type,
                size: file.size,
            }
        })
        .collect()
}

/// The refusal of a value that isn't among those configured.
pub(super) fn unknown<'a>(check: &mut Check, pointer: &str, known: impl Iterator<Item = &'a String>) {
    let known: Vec<_> = known.map(String::as_str).collect();
    check.fail(pointer, "unknown_value", format!("one of: {}", known.join(", ")));
}

/// The reason alone, checked.
pub(super) fn reason(given: Option<&String>) -> Result<Option<String>, TicketError> {
    let mut check = Check::new();
    let reason = check.reason(given);
    check.finish()?;
    Ok(reason)
}
