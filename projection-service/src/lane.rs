//! Lanes: which read models are kept up together, at which pace.
//!
//! Each lane has a feed of its own. Read models of one lane share what the feed has read, so the slower of
//! them hold the others up for a moment; those of another lane never do. What people look at to see what
//! they just did is one lane, and the others give way to it.

use std::time::Duration;

use chrono::TimeDelta;

/// A lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lane {
    /// Lists, conversations, activity, counts, service levels: what people stand in front of.
    Interactive,
    /// The index of words.
    Search,
    /// Statistics, and the tree of tenants that they are summed up over.
    Analytics,
}

impl Lane {
    /// Every lane, the first one first.
    pub(crate) const ALL: [Self; 3] = [Self::Interactive, Self::Search, Self::Analytics];

    /// Its name: in checkpoints, the status and metrics.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Interactive => "interactive",
            Self::Search => "search",
            Self::Analytics => "analytics",
        }
    }

    /// How many events are applied in one transaction at most. Many events about few things, such as the
    /// sums of a day, are the cheaper the more of them are written together.
    pub(crate) fn stretch(self) -> usize {
        match self {
            Self::Interactive | Self::Search => 4_000,
            Self::Analytics => 10_000,
        }
    }

    /// How long a read model waits from one transaction to the next, to write more in each. The first event
    /// after a silence doesn't wait.
    pub(crate) fn rest(self) -> Duration {
        match self {
            Self::Interactive => Duration::ZERO,
            Self::Search => Duration::from_millis(100),
            Self::Analytics => Duration::from_millis(300),
        }
    }

    /// How long the process that writes may make no headway before another takes over. One that died is
    /// noticed at once, by its lock; one whose transactions are long, or that gives way, isn't to be disturbed.
    pub(crate) fn patience(self) -> Duration {
        match self {
            Self::Interactive => Duration::from_secs(1),
            Self::Search | Self::Analytics => Duration::from_secs(15),
        }
    }

    /// How far it may be behind before it takes all the time that it gets. Up to there commands come first.
    pub(crate) fn unhurried(self) -> TimeDelta {
        match self {
            Self::Interactive => TimeDelta::milliseconds(300),
            Self::Search => TimeDelta::seconds(5),
            Self::Analytics => TimeDelta::seconds(30),
        }
    }

    /// How often it looks at the log, unless it hears of events at once; `None` if it is to hear of them.
    pub(crate) fn polls(self) -> Option<Duration> {
        match self {
            Self::Interactive => None,
            Self::Search => Some(Duration::from_millis(200)),
            Self::Analytics => Some(Duration::from_millis(300)),
        }
    }

    /// Whether it lets the first lane go before it.
    pub(crate) fn gives_way(self) -> bool {
        self != Self::Interactive
    }
}
