//! What others learn of tenants.

use std::collections::BTreeMap;

use super::from_stored::public;
use crate::ids::TenantId;
use crate::tenant as stored;

public! {
    /// What the engine knows of a status. Everything else about it is the tenant's.
    #[expect(missing_docs, reason = "the names say it")]
    enum StatusCategory from stored::StatusCategory {
        New,
        Open,
        PendingCustomer,
        PendingInternal,
        Resolved,
        Closed,
        Cancelled,
    }
}

public! {
    /// A tenant was created.
    struct TenantCreated from stored::TenantCreated {
        /// Its key: what people and command lines call it.
        key: String,
        /// The tenant above it in the tree.
        #[serde(skip_serializing_if = "Option::is_none")]
        parent: Option<TenantId>,
        /// The profile that its settings were taken from.
        profile: String,
        /// Its settings, whole.
        settings: TenantSettings,
    }

    /// A tenant's settings.
    #[serde(deny_unknown_fields)]
    struct TenantSettings from stored::TenantSettings {
        /// Statuses, in the order that people see.
        statuses: Vec<Status>,
        /// The status of a new ticket.
        initial_status: String,
        /// From each status, those that may follow.
        transitions: BTreeMap<String, Vec<String>>,
        /// The status that a customer's reply on a resolved ticket, or a reopening, leads to.
        reopened_status: String,
        /// Priorities, the most urgent first.
        priorities: Vec<Priority>,
        /// The priority of a ticket for which none was said.
        default_priority: String,
        /// How numbers look: text with `{prefix}`, `{yyyy}`, `{mm}` and `{seq:N}` (N digits at least).
        /// The sequence starts again with each year or month that the format shows.
        number_format: String,
        /// What `{prefix}` stands for.
        #[serde(default)]
        number_prefix: String,
        /// Upper bounds.
        limits: Limits,
    }

    /// One status of a workflow.
    #[serde(deny_unknown_fields)]
    struct Status from stored::Status {
        /// Unique in the tenant.
        key: String,
        /// What people read.
        label: String,
        /// `#RRGGBB`.
        color: String,
        /// What it means to the engine.
        category: StatusCategory,
    }

    /// One priority.
    #[serde(deny_unknown_fields)]
    struct Priority from stored::Priority {
        /// Unique in the tenant.
        key: String,
        /// What people read.
        label: String,
        /// `#RRGGBB`.
        color: String,
        /// Lower is more urgent.
        rank: i32,
    }

    /// Upper bounds of what a ticket takes.
    #[serde(deny_unknown_fields)]
    struct Limits from stored::Limits {
        /// Characters of a subject.
        subject: usize,
        /// Characters of a description or a message.
        body: usize,
        /// Tags of a ticket.
        tags: usize,
        /// Characters of a tag.
        tag: usize,
        /// Custom fields of a ticket.
        custom_fields: usize,
        /// Attachments of a message.
        attachments: usize,
    }
}

public! {
    /// What the tenant's statistics are reckoned by was changed.
    struct ReportingChanged from stored::ReportingChanged {
        /// As it was.
        from: Reporting,
        /// As it is now.
        to: Reporting,
    }

    /// What statistics are reckoned by.
    struct Reporting from stored::Reporting {
        /// In which days, weeks and months begin, by its IANA name.
        #[serde(default)]
        time_zone: String,
        /// The key of the calendar whose hours are working time. Without one, that of the first policy that
        /// counts by a calendar; where there is none, all time is.
        #[serde(skip_serializing_if = "Option::is_none")]
        calendar: Option<String>,
        /// What rates are in: three letters of ISO 4217.
        #[serde(skip_serializing_if = "Option::is_none")]
        currency: Option<String>,
        /// What an hour of an agent's work costs, in hundredths of the currency's unit.
        #[serde(skip_serializing_if = "Option::is_none")]
        hourly_rate: Option<i64>,
        /// The same by team, before the rate for all.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        team_hourly_rates: BTreeMap<String, i64>,
    }
}
