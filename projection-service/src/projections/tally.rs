//! What counting projections have in common: before and after each fact a ticket is counted as
//! something; the differences, summed over a batch, are what is written.

use std::collections::BTreeMap;

/// Differences by key, in the order of keys.
#[derive(Debug)]
pub(super) struct Tally<K>(BTreeMap<K, i64>);

impl<K> Default for Tally<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord> Tally<K> {
    /// What was counted as `before` is counted as `after`.
    pub(super) fn moved(&mut self, before: impl IntoIterator<Item = K>, after: impl IntoIterator<Item = K>) {
        for key in before {
            *self.0.entry(key).or_default() -= 1;
        }
        for key in after {
            *self.0.entry(key).or_default() += 1;
        }
    }

    /// The differences that aren't none.
    pub(super) fn differences(self) -> impl Iterator<Item = (K, i64)> {
        self.0.into_iter().filter(|(_, difference)| *difference != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_back_makes_no_difference() {
        let mut tally = Tally::default();
        tally.moved(None, ["new"]);
        tally.moved(["new"], ["open"]);
        tally.moved(["a"], ["b"]);
        tally.moved(["b"], ["a"]);
        assert_eq!(tally.differences().collect::<Vec<_>>(), [("open", 1)]);
    }
}
