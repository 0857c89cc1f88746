//! What is counted of a ticket as long as it stands: its answer, its resolving, its rating.

use serde::{Deserialize, Serialize};

use super::{Counted, Measure};

/// An agent's first public reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Answered {
    pub(super) at: i64,
    pub(super) wall: i64,
    pub(super) working: i64,
}

/// The resolving that stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Solved {
    pub(super) at: i64,
    pub(super) wall: i64,
    pub(super) working: i64,
    pub(super) handling: i64,
    /// Hundredths, and the currency.
    pub(super) cost: Option<(i64, String)>,
    /// It took one agent's reply at most, and no reopening.
    pub(super) first_contact: bool,
}

/// A rating.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rated {
    pub(super) at: i64,
    pub(super) rating: u8,
}

impl Answered {
    pub(super) fn counted(self, out: &mut Vec<Counted>) {
        out.push(Counted::with(Measure::FirstResponse, self.at, self.wall));
        out.push(Counted::with(Measure::FirstResponseWorking, self.at, self.working));
    }
}

impl Solved {
    pub(super) fn counted(&self, rated: bool, out: &mut Vec<Counted>) {
        let with = |measure, value| Counted::with(measure, self.at, value);
        out.push(with(Measure::Resolution, self.wall));
        out.push(with(Measure::ResolutionWorking, self.working));
        out.push(with(Measure::Handling, self.handling));
        if let Some((cost, currency)) = &self.cost {
            out.push(with(Measure::Cost, *cost).part(currency));
        }
        if self.first_contact {
            out.push(with(Measure::FirstContact, 0));
        }
        if !rated {
            out.push(with(Measure::Unrated, 0));
        }
    }
}

impl Rated {
    pub(super) fn counted(self, out: &mut Vec<Counted>) {
        out.push(Counted::with(Measure::Rating, self.at, self.rating.into()));
    }
}
