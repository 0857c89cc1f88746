//! The opening, and who works on a ticket from then on.

use std::collections::BTreeMap;

use crate::ids::{OrganizationId, TeamId, UserId};
use crate::personal::Personal;
use crate::stream::public::from_stored::public;
use crate::stream::public::tenant::StatusCategory;
use crate::ticket::event as stored;

public! {
    /// How a ticket came in.
    #[expect(missing_docs, reason = "the names say it")]
    enum Source from stored::Source {
        Portal,
        Web,
        Widget,
        Email,
        Chat,
        Phone,
        Api,
        Webhook,
        Manual,
        Import,
    }
}

public! {
    /// Who asks for support.
    struct Requester from stored::Requester {
        /// The user's id.
        id: UserId,
        /// The name to show.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<Personal<String>>,
        /// The address to answer to.
        #[serde(skip_serializing_if = "Option::is_none")]
        email: Option<Personal<String>>,
    }

    /// Who works on a ticket. All empty: nobody.
    #[derive(Default)]
    struct Assignment from stored::Assignment {
        /// The agent.
        #[serde(skip_serializing_if = "Option::is_none")]
        agent: Option<UserId>,
        /// The team.
        #[serde(skip_serializing_if = "Option::is_none")]
        team: Option<TeamId>,
        /// The organisation.
        #[serde(skip_serializing_if = "Option::is_none")]
        organization: Option<OrganizationId>,
    }

    /// A ticket was opened.
    struct TicketOpened from stored::TicketOpened {
        /// The number that people use, unique in the tenant.
        number: String,
        /// What it is about, in a line.
        subject: Personal<String>,
        /// What it is about, in full.
        description: Personal<String>,
        /// Who asks.
        requester: Requester,
        /// The status it starts in: a key of the tenant's workflow.
        status: String,
        /// That status's category at the time.
        status_category: StatusCategory,
        /// A key of the tenant's priorities.
        priority: String,
        /// That priority's rank at the time; lower is more urgent.
        priority_rank: i32,
        /// How it came in.
        source: Source,
        /// The category, if one was chosen.
        #[serde(skip_serializing_if = "Option::is_none")]
        category: Option<String>,
        /// The request type, if one was chosen.
        #[serde(skip_serializing_if = "Option::is_none")]
        request_type: Option<String>,
        /// The requester's organisation, if known.
        #[serde(skip_serializing_if = "Option::is_none")]
        organization: Option<OrganizationId>,
        /// Tags, each once.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tags: Vec<String>,
        /// Custom fields by key.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        custom_fields: BTreeMap<String, serde_json::Value>,
        /// Who had it from the start, if it came with somebody already.
        #[serde(default, skip_serializing_if = "is_nobody")]
        assignment: Assignment,
        /// What the channel knows of it, kept as it came.
        #[serde(skip_serializing_if = "Option::is_none")]
        channel_metadata: Option<Personal<serde_json::Value>>,
    }

    /// The ticket went from somebody (or nobody) to somebody.
    struct TicketAssigned from stored::TicketAssigned {
        /// Who had it.
        from: Assignment,
        /// Who has it now.
        to: Assignment,
        /// Why.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    }

    /// Nobody works on the ticket any more.
    struct TicketUnassigned from stored::TicketUnassigned {
        /// Who had it.
        from: Assignment,
        /// Why.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    }
}

fn is_nobody(assignment: &Assignment) -> bool {
    *assignment == Assignment::default()
}
