//! What others learn of a tenant's policies and calendars.

mod calendar;
mod policy;

pub use calendar::*;
pub use policy::*;

use super::from_stored::public;
use crate::sla::event as stored;

public! {
    /// A policy was added.
    struct PolicyAdded from stored::PolicyAdded {
        /// The policy.
        policy: PolicySpec,
        /// Its place in the order, from 0.
        place: u32,
    }

    /// A policy was changed.
    struct PolicyChanged from stored::PolicyChanged {
        /// As it was.
        from: PolicySpec,
        /// As it is now, under the same key.
        to: PolicySpec,
    }

    /// A policy was taken away.
    struct PolicyRemoved from stored::PolicyRemoved {
        /// As it was.
        policy: PolicySpec,
    }

    /// The policies were put into another order.
    struct PoliciesReordered from stored::PoliciesReordered {
        /// Their keys as they stood.
        from: Vec<String>,
        /// Their keys as they stand now.
        to: Vec<String>,
    }

    /// A calendar was added.
    struct CalendarAdded from stored::CalendarAdded {
        /// Its key.
        key: String,
        /// The calendar.
        calendar: CalendarSpec,
    }

    /// A calendar was changed.
    struct CalendarChanged from stored::CalendarChanged {
        /// Its key.
        key: String,
        /// As it was.
        from: CalendarSpec,
        /// As it is now.
        to: CalendarSpec,
    }

    /// A calendar was taken away.
    struct CalendarRemoved from stored::CalendarRemoved {
        /// Its key.
        key: String,
        /// As it was.
        calendar: CalendarSpec,
    }

    /// Resolved tickets close by themselves after another time, or don't any more.
    struct AutoCloseChanged from stored::AutoCloseChanged {
        /// Days, as it was.
        #[serde(skip_serializing_if = "Option::is_none")]
        from_days: Option<u32>,
        /// Days, as it is now.
        #[serde(skip_serializing_if = "Option::is_none")]
        to_days: Option<u32>,
    }
}
