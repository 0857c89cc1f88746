//! What is measured of tickets, and by what it is counted.

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
        )]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// As it stands in JSON and in columns.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The one of this name.
            pub fn named(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

words! {
    /// What is measured. Each counts when it happened. `docs/statistics.md` defines them.
    Measure {
        /// Tickets that were opened.
        Created = "created",
        /// Times that a ticket was resolved; closing one that wasn't counts too.
        Resolved = "resolved",
        /// Times that a ticket was closed.
        Closed = "closed",
        /// Times that a ticket was reopened.
        Reopened = "reopened",
        /// Times that a ticket went from one agent to another, or from one team to another.
        HandedOver = "handed_over",
        /// Times that a ticket was given to an agent: by agent, to whom.
        Assigned = "assigned",
        /// Public replies of agents: by agent, who wrote them.
        Replies = "replies",
        /// One more for what is opened or taken up again, one less for what is resolved, closed or
        /// cancelled: added up since the beginning, what is to be worked on.
        Backlog = "backlog",
        /// How long a ticket was in a status that it left, by the clock on the wall; its part is the status.
        InStatus = "in_status",
        /// From the opening to an agent's first public reply, by the clock on the wall.
        FirstResponse = "first_response",
        /// The same in working time.
        FirstResponseWorking = "first_response_working",
        /// From the opening to the resolving that stands, by the clock on the wall.
        Resolution = "resolution",
        /// The same in working time.
        ResolutionWorking = "resolution_working",
        /// Working time in which an agent had the ticket and it was in work, up to the resolving that stands.
        Handling = "handling",
        /// What that work cost, in hundredths of the currency, which is its part.
        Cost = "cost",
        /// Resolvings that stand, of tickets that were never reopened, with one agent's reply at most.
        FirstContact = "first_contact",
        /// Resolvings that stand, of tickets that aren't rated.
        Unrated = "unrated",
        /// The rating that stands.
        Rating = "rating",
    }
}

impl Measure {
    /// Whether its values are times, in milliseconds.
    pub fn is_time(self) -> bool {
        matches!(
            self,
            Self::InStatus
                | Self::FirstResponse
                | Self::FirstResponseWorking
                | Self::Resolution
                | Self::ResolutionWorking
                | Self::Handling
        )
    }
}

words! {
    /// By what it is counted: as the ticket is now.
    Dimension {
        /// All together.
        Total = "total",
        /// The priority.
        Priority = "priority",
        /// The category.
        Category = "category",
        /// How it came in.
        Source = "source",
        /// The team that has it.
        Team = "team",
        /// The agent who has it; of what agents did, who did it.
        Agent = "agent",
        /// The tags: what has several counts under each.
        Tag = "tag",
    }
}
