//! Which events somebody asks for.

use crate::log::Logged;

/// Which events are meant; of what is empty, all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    /// Types of events.
    pub(crate) types: Vec<String>,
    /// Kinds of things that they are about.
    pub(crate) aggregates: Vec<String>,
    /// The ids of these things.
    pub(crate) subjects: Vec<String>,
}

impl Filter {
    /// Whether an event is meant.
    pub(crate) fn takes(&self, event: &Logged) -> bool {
        let meant = |values: &[String], value: &String| values.is_empty() || values.contains(value);
        meant(&self.types, &event.event_type)
            && meant(&self.aggregates, &event.aggregate_type)
            && meant(&self.subjects, &event.aggregate_id)
    }

    /// Whether it may leave out much of what there is.
    pub(crate) fn is_narrow(&self) -> bool {
        !self.types.is_empty() || !self.aggregates.is_empty()
    }
}
