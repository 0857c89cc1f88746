//! Bins of many groups, to be added up.

use std::sync::Arc;

use super::{Bins, pairs, percentiles};

/// How many bins are added up by place; the one of 300 years is below that.
const PLACES: usize = 2_048;

/// Bins that come packed and are added to others: they stay packed, and shared, until somebody asks.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    packed: Vec<Arc<[u8]>>,
    single: Bins,
}

impl Tally {
    /// Adds so many values to a bin.
    pub fn add(&mut self, bin: i32, count: i64) {
        self.single.add(bin, count);
    }

    /// Adds what [`Bins::pack`] has made.
    pub fn take(&mut self, packed: &[u8]) {
        if !packed.is_empty() {
            self.packed.push(packed.into());
        }
    }

    /// Adds all of another's.
    pub fn merge(&mut self, other: &Self) {
        self.packed.extend_from_slice(&other.packed);
        self.single.merge(&other.single);
    }

    /// The percentiles of so many values, which are all that was added, in milliseconds; percents in order. None
    /// without values.
    pub fn percentiles<const N: usize>(&self, values: i64, percents: [f64; N]) -> [Option<f64>; N] {
        match self.packed.as_slice() {
            [packed] if self.single == Bins::default() => percentiles(values, pairs(packed), percents),
            _ => percentiles(values, self.bins().iter(), percents),
        }
    }

    /// All that was added.
    pub fn bins(&self) -> Bins {
        let mut bins = self.single.clone();
        // By place, from the first that any has: they are close together.
        let first = self.packed.iter().filter_map(|packed| pairs(packed).next()).map(|(bin, _)| bin).min();
        let first = first.unwrap_or(0);
        let mut places: Vec<i64> = Vec::new();
        for (bin, count) in self.packed.iter().flat_map(|packed| pairs(packed)) {
            let place = usize::try_from(i64::from(bin) - i64::from(first)).unwrap_or(usize::MAX);
            if place >= PLACES {
                bins.add(bin, count);
                continue;
            }
            if place >= places.len() {
                places.resize(place + 1, 0);
            }
            places[place] += count;
        }
        bins.merge(&Bins((first..).zip(places).filter(|(_, count)| *count != 0).collect()));
        bins
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_tally_is_what_is_added_one_by_one(
            counts in prop::collection::vec(prop::collection::btree_map(-2..2_100_i32, -3..9_i64, 0..40), 0..6),
            single in prop::collection::btree_map(0..40_i32, 1..9_i64, 0..9),
        ) {
            let (mut tally, mut added): (Tally, BTreeMap<i32, i64>) = Default::default();
            for (bin, count) in &single {
                tally.add(*bin, *count);
                *added.entry(*bin).or_default() += count;
            }
            for some in &counts {
                let mut bins = Bins::default();
                for (bin, count) in some {
                    bins.add(*bin, *count);
                    *added.entry(*bin).or_default() += count;
                }
                let mut one = Tally::default();
                one.take(&bins.pack());
                tally.merge(&one);
            }
            added.retain(|_, count| *count != 0);
            if counts.len() == 1 && single.is_empty() {
                let values = tally.bins().iter().map(|(_, count)| count).sum();
                let told = tally.percentiles(values, [9.0, 50.0]);
                prop_assert_eq!(told, percentiles(values, tally.bins().iter(), [9.0, 50.0]));
            }
            prop_assert_eq!(tally.bins(), Bins(added.into_iter().collect()));
        }
    }
}
