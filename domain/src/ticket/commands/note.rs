//! Write an internal note.

use serde::Deserialize;
use utoipa::ToSchema;

use super::parts::{AttachmentInput, attachments};
use crate::ids::{MessageId, UserId};
use crate::input::{Check, Markup};
use crate::personal::Personal;
use crate::ticket::event::NoteAdded;
use crate::ticket::{Context, Ticket, TicketError, TicketEvent};

/// The most members that one note names.
const MAX_MENTIONS: usize = 50;

/// Adds a note that no customer sees.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddNote {
    /// The text.
    #[schema(value_type = String, min_length = 1)]
    pub body: Personal<String>,
    /// The text with its markup; it is made safe. Markup that would take too much to make safe is refused.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub html: Option<Markup>,
    /// Files.
    #[serde(default)]
    pub attachments: Vec<AttachmentInput>,
    /// Members to tell of it, by id.
    #[serde(default)]
    pub mentions: Vec<String>,
}

impl AddNote {
    /// Decides.
    pub fn decide(&self, ticket: &Ticket, context: &Context<'_>) -> Result<Vec<TicketEvent>, TicketError> {
        let limits = &context.settings.limits;
        let mut check = Check::new();
        let body = check.text("/body", self.body.expose(), limits.body);
        let html = check.html("/html", self.html.as_ref(), limits.body);
        let attachments = attachments(&mut check, &self.attachments, ticket, context);
        let mut mentions: Vec<UserId> = Vec::with_capacity(self.mentions.len().min(MAX_MENTIONS));
        if self.mentions.len() > MAX_MENTIONS {
            check.fail("/mentions", "too_many", format!("{MAX_MENTIONS} mentions at most"));
        } else {
            for (index, id) in self.mentions.iter().enumerate() {
                if let Some(id) = check.optional_id(&format!("/mentions/{index}"), Some(id))
                    && !mentions.contains(&id)
                {
                    mentions.push(id);
                }
            }
        }
        check.finish()?;
        Ok(vec![
            NoteAdded {
                message_id: MessageId(context.ids.next()),
                author: context.actor.actor(),
                body: Personal::new(body),
                html,
                attachments,
                mentions,
            }
            .into(),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::commands::testing::*;

    fn note(mentions: &[&str]) -> AddNote {
        AddNote {
            body: Personal::new("Toner is in the cellar.".to_owned()),
            mentions: mentions.iter().map(|id| (*id).to_owned()).collect(),
            ..AddNote::default()
        }
    }

    #[test]
    fn a_note_names_each_member_once() {
        given([opened()]).when(agent(), note(&["bob", "eve", "bob"])).then([NoteAdded {
            message_id: message(1),
            author: agent().actor(),
            body: Personal::new("Toner is in the cellar.".to_owned()),
            html: None,
            attachments: vec![],
            mentions: vec![user("bob"), user("eve")],
        }]);
    }

    #[test]
    fn customers_write_no_notes() {
        given([opened()]).when(customer(), note(&[])).forbidden();
        given([opened()]).when(with_roles("carl", &["client_admin"]), note(&[])).forbidden();
    }

    #[test]
    fn spam_takes_notes() {
        assert_eq!(given([opened(), spam()]).when(agent(), note(&[])).events().len(), 1);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = AddNote { body: Personal::new(" ".to_owned()), ..note(&["", "x"]) };
        given([opened()])
            .when(agent(), wrong)
            .invalid([("/body", "required"), ("/mentions/0", "invalid_length")]);
    }
}
