//! Change the request type.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::input::{Check, MAX_NAME};
use crate::ticket::event::RequestTypeChanged;
use crate::ticket::{Context, Ticket, TicketError, TicketEvent};

/// Sets the request type, or takes it off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeRequestType {
    /// The request type; null takes it off. It must be said which.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required)]
    pub request_type: Option<String>,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
}

impl ChangeRequestType {
    /// Decides.
    pub fn decide(&self, ticket: &Ticket, _context: &Context<'_>) -> Result<Vec<TicketEvent>, TicketError> {
        let mut check = Check::new();
        let to = self.request_type.as_ref().map(|to| check.line("/request_type", to, MAX_NAME));
        let reason = check.reason(self.reason.as_ref());
        check.finish()?;
        if to == ticket.request_type {
            return Ok(vec![]);
        }
        Ok(vec![RequestTypeChanged { from: ticket.request_type.clone(), to, reason }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::commands::testing::*;

    fn to(value: Option<&str>) -> ChangeRequestType {
        ChangeRequestType { request_type: value.map(str::to_owned), reason: None }
    }

    fn changed(from: Option<&str>, to: Option<&str>) -> RequestTypeChanged {
        RequestTypeChanged { from: from.map(str::to_owned), to: to.map(str::to_owned), reason: None }
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
        given([opened()]).when(agent(), to(Some(""))).invalid([("/request_type", "required")]);
        given([opened()]).when(agent(), to(Some("a\0"))).invalid([("/request_type", "invalid_character")]);
        given([opened()]).when(customer(), to(Some("hardware"))).forbidden();
    }

    #[test]
    fn which_must_be_said() {
        let read = |body| serde_json::from_str::<ChangeRequestType>(body);
        assert_eq!(read(r#"{"request_type":null}"#).unwrap(), to(None));
        assert!(read("{}").unwrap_err().to_string().contains("missing field `request_type`"));
    }
}
