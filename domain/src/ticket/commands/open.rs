//! Open a ticket.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::parts::unknown;
use super::{custom_fields, tags};
use crate::identity::Principal;
use crate::ids::UserId;
use crate::input::{Check, MAX_NAME};
use crate::personal::Personal;
use crate::ticket::event::{Assignment, Requester, Source, TicketOpened};
use crate::ticket::{Context, Ticket, TicketError, TicketEvent};

/// Opens a ticket.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Open {
    /// What it is about, in a line.
    #[schema(value_type = String, min_length = 1, max_length = 500)]
    pub subject: Personal<String>,
    /// What it is about, in full.
    #[schema(value_type = String, min_length = 1)]
    pub description: Personal<String>,
    /// The category.
    #[serde(default)]
    pub category: Option<String>,
    /// A key of the tenant's priorities; its default, if nothing is said.
    #[serde(default)]
    pub priority: Option<String>,
    /// The request type.
    #[serde(default)]
    pub request_type: Option<String>,
    /// How it came in; `api`, if nothing is said. Customers say `portal`, `web`, `widget`, `chat` or `api`.
    #[serde(default)]
    pub source: Option<Source>,
    /// Tags; from staff alone.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Custom fields by key.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub custom_fields: BTreeMap<String, Value>,
    /// For whom; staff may open for somebody else. Customers are who their token says.
    #[serde(default)]
    pub requester: Option<RequesterInput>,
    /// What the channel knows of it, kept as it came; from staff alone.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub channel_metadata: Option<Personal<Value>>,
}

/// For whom a ticket is opened. One of `id` and `email` at least.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequesterInput {
    /// The user's id; `email:` and the address, if only that is known.
    #[serde(default)]
    pub id: Option<String>,
    /// The name to show.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub name: Option<Personal<String>>,
    /// The address to answer to.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub email: Option<Personal<String>>,
}

impl Open {
    /// Decides.
    pub fn decide(&self, ticket: &Ticket, context: &Context<'_>) -> Result<Vec<TicketEvent>, TicketError> {
        if ticket.exists() {
            return Err(TicketError::AlreadyOpened);
        }
        let number = context.number.ok_or(TicketError::NoNumber)?;
        let settings = context.settings;
        let limits = &settings.limits;
        let mut check = Check::new();
        let subject = check.line("/subject", self.subject.expose(), limits.subject);
        let description = check.text("/description", self.description.expose(), limits.body);
        let category = check.optional_line("/category", self.category.as_ref(), MAX_NAME);
        let request_type = check.optional_line("/request_type", self.request_type.as_ref(), MAX_NAME);
        let priority = settings.priority(self.priority.as_ref().unwrap_or(&settings.default_priority));
        if priority.is_none() {
            unknown(&mut check, "/priority", settings.priorities.iter().map(|known| &known.key));
        }
        let tags = tags::normalised(&mut check, "/tags", &self.tags, limits);
        custom_fields::check_fields(&mut check, "/custom_fields", &self.custom_fields, limits);
        if let Some(metadata) = &self.channel_metadata {
            check.any_value("/channel_metadata", metadata.expose());
        }
        let requester = self.requester(&mut check, context);
        check.finish()?;
        let (Some(priority), Some(status)) = (priority, settings.status(&settings.initial_status)) else {
            return Err(ticket.no_way(Some(&settings.initial_status), settings));
        };
        let own = requester.id == context.actor.user;
        Ok(vec![
            TicketOpened {
                number: number.to_owned(),
                subject: Personal::new(subject),
                description: Personal::new(description),
                requester,
                status: status.key.clone(),
                status_category: status.category,
                priority: priority.key.clone(),
                priority_rank: priority.rank,
                source: self.source.unwrap_or_default(),
                category,
                request_type,
                organization: context.actor.organization.clone().filter(|_| own),
                tags,
                custom_fields: self
                    .custom_fields
                    .iter()
                    .filter(|(_, value)| !value.is_null())
                    .map(|(key, value)| (key.clone(), value.clone()))
                    .collect(),
                assignment: Assignment::default(),
                channel_metadata: self.channel_metadata.clone(),
            }
            .into(),
        ])
    }

    /// Customers open tickets for themselves: whoever names somebody else is told so.
    pub(super) fn check_for_self(&self, actor: &Principal) -> Result<(), TicketError> {
        let Some(given) = self.requester.as_ref().filter(|_| !actor.is_staff()) else { return Ok(()) };
        let theirs = match (&given.id, &given.email) {
            (Some(id), _) => id == actor.user.as_str(),
            (None, Some(email)) => Some(email.expose()) == actor.email.as_ref(),
            (None, None) => true,
        };
        if theirs { Ok(()) } else { Err(TicketError::OnlyForSelf) }
    }

    /// Who asks: the actor, unless staff name somebody else.
    fn requester(&self, check: &mut Check, context: &Context<'_>) -> Requester {
        let actor = context.actor;
        let own = || Requester {
            id: actor.user.clone(),
            name: actor.name.clone().map(Personal::new),
            email: actor.email.clone().map(Personal::new),
        };
        let Some(given) = &self.requester else { return own() };
        let id: Option<UserId> = check.optional_id("/requester/id", given.id.as_ref());
        let line = |check: &mut Check, pointer, text: &Option<Personal<String>>| {
            check.optional_line(pointer, text.as_ref().map(Personal::expose), MAX_NAME)
        };
        let name = line(check, "/requester/name", &given.name);
        let email = line(check, "/requester/email", &given.email);
        if email.as_ref().is_some_and(|email| !is_address(email)) {
            check.fail("/requester/email", "invalid_email", "an address such as ann@example.org");
        }
        if !actor.is_staff() {
            // What they say of themselves is what their token says: see `super::fields`.
            return own();
        }
        let id = id.or_else(|| UserId::new(format!("email:{}", email.as_ref()?.to_lowercase())).ok());
        if id.is_none() && given.id.is_none() {
            check.fail("/requester", "required", "an id or an email");
        }
        // Without an id the check has failed, so that this isn't used.
        let id = id.unwrap_or_else(|| actor.user.clone());
        Requester { id, name: name.map(Personal::new), email: email.map(Personal::new) }
    }
}

/// Whether a text can be an address at all; only mail itself tells whether it is one.
fn is_address(text: &str) -> bool {
    text.rsplit_once('@').is_some_and(|(local, host)| {
        !local.is_empty() && !host.is_empty() && !text.contains(char::is_whitespace)
    })
}

#[cfg(test)]
mod tests;
