//! Change the subject.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::input::Check;
use crate::personal::Personal;
use crate::ticket::event::SubjectChanged;
use crate::ticket::{Context, Ticket, TicketError, TicketEvent};

/// Sets the subject.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeSubject {
    /// What the ticket is about, in a line.
    #[schema(value_type = String, min_length = 1, max_length = 500)]
    pub subject: Personal<String>,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
}

impl ChangeSubject {
    /// Decides.
    pub fn decide(&self, ticket: &Ticket, context: &Context<'_>) -> Result<Vec<TicketEvent>, TicketError> {
        let mut check = Check::new();
        let max = context.settings.limits.subject;
        let to = Personal::new(check.line("/subject", self.subject.expose(), max));
        let reason = check.reason(self.reason.as_ref());
        check.finish()?;
        if to == ticket.subject {
            return Ok(vec![]);
        }
        Ok(vec![SubjectChanged { from: ticket.subject.clone(), to, reason }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::commands::testing::*;

    fn to(subject: &str) -> ChangeSubject {
        ChangeSubject { subject: Personal::new(subject.to_owned()), reason: None }
    }

    #[test]
    fn old_and_new_are_kept() {
        given([opened()]).when(agent(), to(" No toner at all ")).then([SubjectChanged {
            from: Personal::new("No toner".to_owned()),
            to: Personal::new("No toner at all".to_owned()),
            reason: None,
        }]);
        given([opened()]).when(agent(), to("No toner")).nothing();
    }

    #[test]
    fn one_to_five_hundred_characters() {
        given([opened()]).when(agent(), to("")).invalid([("/subject", "required")]);
        given([opened()]).when(agent(), to(&"ä".repeat(501))).invalid([("/subject", "too_long")]);
        assert_eq!(given([opened()]).when(agent(), to(&"ä".repeat(500))).events().len(), 1);
    }
}
