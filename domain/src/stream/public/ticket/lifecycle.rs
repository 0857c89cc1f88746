//! Moving through the workflow, rating, removal.

use crate::personal::Personal;
use crate::stream::public::from_stored::public;
use crate::stream::public::tenant::StatusCategory;
use crate::ticket::event as stored;

macro_rules! status_events {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident : $type:ty),* }),+ $(,)?) => {
        public! {$(
            $(#[$doc])*
            struct $name from stored::$name {
                /// The status before.
                from: String,
                /// Its category.
                from_category: StatusCategory,
                /// The status now.
                to: String,
                /// Its category.
                to_category: StatusCategory,
                /// Why.
                #[serde(skip_serializing_if = "Option::is_none")]
                reason: Option<String>,
                $($(#[$field_doc])* $field: $type,)*
            }
        )+}
    };
}

status_events! {
    /// The status changed, but for what the events below say more exactly.
    StatusChanged {},
    /// The ticket is solved, as the agent sees it.
    TicketResolved {
        /// What solved it.
        #[serde(skip_serializing_if = "Option::is_none")]
        notes: Option<Personal<String>>
    },
    /// The ticket is done.
    TicketClosed {},
    /// A resolved or closed ticket needs work again.
    TicketReopened {
        /// How often that happened, this time included.
        count: u32
    },
    /// The ticket ends without a solution.
    TicketCancelled {},
}

public! {
    /// The requester rated the help.
    struct TicketRated from stored::TicketRated {
        /// 1 (worst) to 5 (best).
        rating: u8,
        /// In the requester's words.
        #[serde(skip_serializing_if = "Option::is_none")]
        comment: Option<Personal<String>>,
        /// The rating that this one takes the place of.
        #[serde(skip_serializing_if = "Option::is_none")]
        former_rating: Option<u8>,
    }
}

macro_rules! reason_events {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        public! {$(
            $(#[$doc])*
            struct $name from stored::$name {
                /// Why.
                #[serde(skip_serializing_if = "Option::is_none")]
                reason: Option<String>,
            }
        )+}
    };
}

reason_events! {
    /// The ticket is spam.
    TicketMarkedSpam,
    /// The ticket is no spam after all.
    TicketUnmarkedSpam,
    /// The ticket was put away; its history stays.
    TicketDeleted,
    /// The ticket was taken back.
    TicketRestored,
}
