//! What time does to a ticket: promises that are nearly broken, and broken.

use chrono::{DateTime, Utc};

use crate::stream::public::from_stored::public;
use crate::stream::public::sla::Metric;
use crate::ticket::event as stored;

public! {
    /// A promise is nearly broken. Raised once for each ticket, metric, instance and generation.
    struct SlaWarned from stored::SlaWarned {
        /// What is promised.
        metric: Metric,
        /// Which of the ticket's clocks of this metric, from 1.
        instance: u32,
        /// How often the clock was put under another promise, from 1.
        generation: u32,
        /// The policy's key.
        policy: String,
        /// When the warning fell due.
        warning_at: DateTime<Utc>,
        /// When the promise is, or was, to be kept; none if the clock was paused before that.
        #[serde(skip_serializing_if = "Option::is_none")]
        due_at: Option<DateTime<Utc>>,
        /// When it was raised.
        raised_at: DateTime<Utc>,
    }

    /// A promise is broken. Raised once for each ticket, metric, instance and generation.
    struct SlaBreached from stored::SlaBreached {
        /// What was promised.
        metric: Metric,
        /// Which of the ticket's clocks of this metric, from 1.
        instance: u32,
        /// How often the clock was put under another promise, from 1.
        generation: u32,
        /// The policy's key.
        policy: String,
        /// When the promise was to be kept.
        due_at: DateTime<Utc>,
        /// When it was raised.
        raised_at: DateTime<Utc>,
    }

    /// The step of a policy's escalation that an escalation follows. Taken once for each ticket, metric and
    /// instance.
    struct EscalationRule from stored::EscalationRule {
        /// The policy's key.
        policy: String,
        /// Which of its steps, from 0.
        step: u32,
        /// What was promised.
        metric: Metric,
        /// Which of the ticket's clocks of this metric, from 1.
        instance: u32,
        /// When the step fell due.
        due_at: DateTime<Utc>,
        /// When it was taken.
        raised_at: DateTime<Utc>,
    }
}
