//! Put tags on and take them off.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::input::Check;
use crate::search::caseless;
use crate::tenant::Limits;
use crate::ticket::event::{TagAdded, TagRemoved};
use crate::ticket::{Context, Ticket, TicketError, TicketEvent};

/// Puts tags on and takes tags off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeTags {
    /// Tags to put on.
    #[serde(default)]
    pub add: Vec<String>,
    /// Tags to take off.
    #[serde(default)]
    pub remove: Vec<String>,
}

impl ChangeTags {
    /// Decides. Tags that are there already, or not there anyway, are nothing to do. `VIP` and `vip` are one
    /// tag, which stays as it was written first.
    pub fn decide(&self, ticket: &Ticket, context: &Context<'_>) -> Result<Vec<TicketEvent>, TicketError> {
        let limits = &context.settings.limits;
        let mut check = Check::new();
        let mut add = normalised(&mut check, "/add", &self.add, limits);
        let mut remove = normalised(&mut check, "/remove", &self.remove, limits);
        if let Some(both) = add.iter().find(|tag| has(&remove, tag)) {
            check.fail("/remove", "conflict", format!("{both:?} is to be added as well"));
        }
        add.retain(|tag| !has(&ticket.tags, tag));
        // As they are written on the ticket.
        remove = ticket.tags.iter().filter(|tag| has(&remove, tag)).cloned().collect();
        if !add.is_empty() && ticket.tags.len() + add.len() - remove.len() > limits.tags {
            check.fail("/add", "too_many", format!("{} tags at most", limits.tags));
        }
        check.finish()?;
        let removed = remove.into_iter().map(|tag| TagRemoved { tag }.into());
        Ok(removed.chain(add.into_iter().map(|tag| TagAdded { tag }.into())).collect())
    }
}

/// Whether a tag is among these, however it is written.
fn has(tags: &[String], tag: &str) -> bool {
    let key = caseless(tag);
    tags.iter().any(|known| caseless(known) == key)
}

/// Tags as they are kept: trimmed, each once, no more than a ticket takes.
pub(in crate::ticket) fn normalised(
    check: &mut Check,
    pointer: &str,
    given: &[String],
    limits: &Limits,
) -> Vec<String> {
    let mut tags: Vec<String> = Vec::with_capacity(given.len().min(limits.tags));
    if given.len() > limits.tags {
        check.fail(pointer, "too_many", format!("{} tags at most", limits.tags));
        return tags;
    }
    for (index, tag) in given.iter().enumerate() {
        let tag = check.line(&format!("{pointer}/{index}"), tag, limits.tag);
        if !has(&tags, &tag) {
            tags.push(tag);
        }
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::commands::testing::*;

    fn tags(add: &[&str], remove: &[&str]) -> ChangeTags {
        let owned = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect();
        ChangeTags { add: owned(add), remove: owned(remove) }
    }

    fn added(tag: &str) -> TicketEvent {
        TagAdded { tag: tag.to_owned() }.into()
    }

    #[test]
    fn on_and_off() {
        given([opened(), added("vip")])
            .when(agent(), tags(&[" printer ", "printer"], &["vip"]))
            .then([TicketEvent::from(TagRemoved { tag: "vip".to_owned() }), added("printer")]);
    }

    #[test]
    fn what_is_there_already_is_nothing_to_do() {
        given([opened(), added("vip")]).when(agent(), tags(&["vip"], &["gone"])).nothing();
        given([opened()]).when(agent(), tags(&[], &[])).nothing();
    }

    #[test]
    fn upper_and_lower_case_are_one_tag() {
        given([opened(), added("VIP")]).when(agent(), tags(&["vip"], &[])).nothing();
        let removed = TicketEvent::from(TagRemoved { tag: "VIP".to_owned() });
        given([opened(), added("VIP")]).when(agent(), tags(&[], &["vip"])).then([removed]);
        given([opened()]).when(agent(), tags(&["Größe", "GRO\u{308}SSE"], &[])).then([added("Größe")]);
        given([opened()]).when(agent(), tags(&["a"], &["A"])).invalid([("/remove", "conflict")]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        given([opened()]).when(agent(), tags(&["ok", " "], &[])).invalid([("/add/1", "required")]);
        given([opened()]).when(agent(), tags(&["a"], &["a"])).invalid([("/remove", "conflict")]);
        given([opened()]).when(agent(), tags(&[&"x".repeat(65)], &[])).invalid([("/add/0", "too_long")]);
        let many: Vec<_> = (0..50).map(|number| format!("t{number}")).collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        given([opened(), added("vip")]).when(agent(), tags(&many, &[])).invalid([("/add", "too_many")]);
        assert_eq!(given([opened(), added("vip")]).when(agent(), tags(&many, &["vip"])).events().len(), 51);
    }

    #[test]
    fn customers_put_no_tags_on() {
        given([opened()]).when(customer(), tags(&["vip"], &[])).forbidden();
    }
}
