//! What a ticket says of itself: priority, category, tags, fields, level, route.

use super::sla::EscalationRule;
use crate::ids::{OrganizationId, TeamId, UserId};
use crate::personal::Personal;
use crate::stream::public::from_stored::public;
use crate::ticket::event as stored;

macro_rules! optional_changes {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        public! {$(
            $(#[$doc])*
            struct $name from stored::$name {
                /// The value before.
                #[serde(skip_serializing_if = "Option::is_none")]
                from: Option<String>,
                /// The value now.
                #[serde(skip_serializing_if = "Option::is_none")]
                to: Option<String>,
                /// Why.
                #[serde(skip_serializing_if = "Option::is_none")]
                reason: Option<String>,
            }
        )+}
    };
}

optional_changes! {
    /// The category changed.
    CategoryChanged,
    /// The request type changed.
    RequestTypeChanged,
}

public! {
    /// Who is to answer: the own desk, the linked organisation, or both.
    #[expect(missing_docs, reason = "the names say it")]
    enum Routing from stored::Routing {
        Internal,
        Organization,
        Hybrid,
    }
}

public! {
    /// The priority changed.
    struct PriorityChanged from stored::PriorityChanged {
        /// The priority before.
        from: String,
        /// Its rank; lower is more urgent.
        from_rank: i32,
        /// The priority now.
        to: String,
        /// Its rank.
        to_rank: i32,
        /// Why.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    }

    /// The subject changed.
    struct SubjectChanged from stored::SubjectChanged {
        /// The subject before.
        from: Personal<String>,
        /// The subject now.
        to: Personal<String>,
        /// Why.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    }

    /// A tag was put on.
    struct TagAdded from stored::TagAdded {
        /// The tag.
        tag: String,
    }

    /// A tag was taken off.
    struct TagRemoved from stored::TagRemoved {
        /// The tag.
        tag: String,
    }

    /// One custom field's change.
    struct FieldChange from stored::FieldChange {
        /// The field's key.
        key: String,
        /// The value before; null if it had none.
        from: serde_json::Value,
        /// The value now; null if it has none.
        to: serde_json::Value,
    }

    /// Custom fields were set.
    struct CustomFieldsSet from stored::CustomFieldsSet {
        /// Only what changed.
        changes: Vec<FieldChange>,
    }

    /// The ticket went a level up.
    struct TicketEscalated from stored::TicketEscalated {
        /// How often that happened, this time included.
        level: u32,
        /// The role that is to act.
        #[serde(skip_serializing_if = "Option::is_none")]
        to_role: Option<String>,
        /// The agent who is to act.
        #[serde(skip_serializing_if = "Option::is_none")]
        to_agent: Option<UserId>,
        /// The team that is to act.
        #[serde(skip_serializing_if = "Option::is_none")]
        to_team: Option<TeamId>,
        /// Why.
        reason: String,
        /// The rule that it follows; none if somebody did it.
        #[serde(skip_serializing_if = "Option::is_none")]
        rule: Option<EscalationRule>,
    }

    /// The ticket was routed.
    struct TicketRouted from stored::TicketRouted {
        /// The routing before.
        from: Routing,
        /// The routing now.
        to: Routing,
        /// The organisation before.
        #[serde(skip_serializing_if = "Option::is_none")]
        from_organization: Option<OrganizationId>,
        /// The organisation now.
        #[serde(skip_serializing_if = "Option::is_none")]
        to_organization: Option<OrganizationId>,
    }
}
