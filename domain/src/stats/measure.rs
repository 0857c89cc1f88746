//! What is measured of tickets, and by what it is counted.

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// What is measured. Each counts when it happened.
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
        /// One more for what is opened or taken up again, one less for what is resolved, closed or
        /// cancelled: added up since the beginning, what is to be worked on.
        Backlog = "backlog",
        /// From the opening to an agent's first public reply, by the clock on the wall.
        FirstResponse = "first_response",
        /// From the opening to the resolving that stands, by the clock on the wall.
        Resolution = "resolution",
        /// The rating that stands.
        Rating = "rating",
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
        /// The agent who has it.
        Agent = "agent",
    }
}
