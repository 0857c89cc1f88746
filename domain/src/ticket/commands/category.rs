//! Change the category.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::input::{Check, MAX_NAME};
use crate::ticket::event::CategoryChanged;
use crate::ticket::{Context, Ticket, TicketError, TicketEvent};

/// Sets the category, or takes it off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeCategory {
    /// The category; null takes it off. It must be said which.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required)]
    pub category: Option<String>,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
}

impl ChangeCategory {
    /// Decides.
    pub fn decide(&self, ticket: &Ticket, _context: &Context<'_>) -> Result<Vec<TicketEvent>, TicketError> {
        let mut check = Check::new();
        let to = self.category.as_ref().map(|to| check.line("/category", to, MAX_NAME));
        let reason = check.reason(self.reason.as_ref());
        check.finish()?;
        if to == ticket.category {
            return Ok(vec![]);
        }
        Ok(vec![CategoryChanged { from: ticket.category.clone(), to, reason }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::commands::testing::*;

    fn to(value: Option<&str>) -> ChangeCategory {
        ChangeCategory { category: value.map(str::to_owned), reason: None }
    }

    fn changed(from: Option<&str>, to: Option<&str>) -> CategoryChanged {
        CategoryChanged { from: from.map(str::to_owned), to: to.map(str::to_owned), reason: None }
    }

    #[test]
    fn old_and_new_are_kept() {
        given([opened()]).when(agent(), to(Some(" hardware "))).then([changed(None, Some("hardware"))]);
        let events = [opened(), changed(None, Some("hardware")).into()];
        given(events.clone()).when(agent(), to(None)).then([changed(Some("hardware"), None)]);
        given(events).when(agent(), to(Some("hardware"))).nothing();
    }

    #[test]
    fn what_is_wrong_is_named() {
        given([opened()]).when(agent(), to(Some(""))).invalid([("/category", "required")]);
        given([opened()]).when(agent(), to(Some("a\0"))).invalid([("/category", "invalid_character")]);
        given([opened()]).when(customer(), to(Some("hardware"))).forbidden();
    }

    #[test]
    fn which_must_be_said() {
        let read = |body| serde_json::from_str::<ChangeCategory>(body);
        assert_eq!(read(r#"{"category":null}"#).unwrap(), to(None));
        assert!(read("{}").unwrap_err().to_string().contains("missing field `category`"));
    }
}
