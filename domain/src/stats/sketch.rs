//! Percentiles from counts: bins that grow by a factor, so that every value is told within 1 % of itself.
//!
//! The mapping is that of Masson, Rim, Lee: *DDSketch: A Fast and Fully-Mergeable Quantile Sketch with
//! Relative-Error Guarantees*, PVLDB 12 (2019). Bins are rows of a table here, and not an object of a
//! library: so they add up over hours and groups, and a ticket that is counted otherwise from now on is
//! taken out of its bin, which libraries don't offer.

mod tally;

pub use tally::Tally;

use std::cmp::Ordering;

/// The relative error: a percentile is within so much of the value that stands there.
pub const ERROR: f64 = 0.01;

/// From one bin to the next.
const GAMMA: f64 = (1.0 + ERROR) / (1.0 - ERROR);

/// The bin of a time in milliseconds; what takes no time is in bin 0.
pub fn bin(milliseconds: i64) -> i32 {
    if milliseconds <= 0 {
        return 0;
    }
    // 1 ms is in bin 1.
    ((milliseconds as f64).ln() / GAMMA.ln()).ceil() as i32 + 1
}

/// What a bin stands for, in milliseconds.
fn value(bin: i32) -> f64 {
    if bin <= 0 {
        return 0.0;
    }
    2.0 * GAMMA.powi(bin - 1) / (GAMMA + 1.0)
}

/// How many values each bin has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bins(Vec<(i32, i64)>);

impl Bins {
    /// Adds so many values to a bin, or takes them out of it.
    pub fn add(&mut self, bin: i32, count: i64) {
        match self.0.binary_search_by_key(&bin, |(bin, _)| *bin) {
            Ok(place) => {
                self.0[place].1 += count;
                if self.0[place].1 == 0 {
                    self.0.remove(place);
                }
            }
            Err(_) if count == 0 => {}
            Err(place) => self.0.insert(place, (bin, count)),
        }
    }

    /// Adds all of another's.
    pub fn merge(&mut self, other: &Self) {
        if self.0.is_empty() {
            return self.0.clone_from(&other.0);
        }
        let mut merged = Vec::with_capacity(self.0.len() + other.0.len());
        let (mut ours, mut theirs) = (self.0.iter().peekable(), other.0.iter().peekable());
        while let (Some(one), Some(another)) = (ours.peek(), theirs.peek()) {
            match one.0.cmp(&another.0) {
                Ordering::Less => merged.extend(ours.next()),
                Ordering::Greater => merged.extend(theirs.next()),
                Ordering::Equal => {
                    let count = one.1 + another.1;
                    if count != 0 {
                        merged.push((one.0, count));
                    }
                    ours.next();
                    theirs.next();
                }
            }
        }
        merged.extend(ours.chain(theirs));
        self.0 = merged;
    }

    /// Each with how many it has, in order.
    pub fn iter(&self) -> impl Iterator<Item = (i32, i64)> {
        self.0.iter().copied()
    }

    /// How many a bin has.
    pub fn count(&self, bin: i32) -> i64 {
        self.0.binary_search_by_key(&bin, |(bin, _)| *bin).map_or(0, |place| self.0[place].1)
    }

    /// As it is kept: of each bin the step from the one before and the count, as numbers of seven bits a byte,
    /// the sign in the lowest bit.
    pub fn pack(&self) -> Vec<u8> {
        let mut packed = Vec::with_capacity(self.0.len() * 3);
        let mut last = 0;
        for (bin, count) in self.iter() {
            push(&mut packed, i64::from(bin) - last);
            push(&mut packed, count);
            last = i64::from(bin);
        }
        packed
    }

    /// Reads what was packed, and adds it.
    pub fn unpack(&mut self, packed: &[u8]) {
        let mut read = Self(Vec::with_capacity(packed.len() / 2));
        for (bin, count) in pairs(packed) {
            match read.0.last() {
                // What was packed is in order.
                Some((before, _)) if *before >= bin => read.add(bin, count),
                _ => read.0.push((bin, count)),
            }
        }
        if self.0.is_empty() {
            *self = read;
        } else {
            self.merge(&read);
        }
    }
}

/// The bins that were packed, each with its count.
fn pairs(mut packed: &[u8]) -> impl Iterator<Item = (i32, i64)> {
    let mut last = 0;
    std::iter::from_fn(move || {
        let (step, count) = (pull(&mut packed)?, pull(&mut packed)?);
        last += step;
        Some((last as i32, count))
    })
}

fn push(out: &mut Vec<u8>, number: i64) {
    let mut left = ((number << 1) ^ (number >> 63)) as u64;
    while left >= 0x80 {
        out.push(left as u8 | 0x80);
        left >>= 7;
    }
    out.push(left as u8);
}

fn pull(from: &mut &[u8]) -> Option<i64> {
    let (mut number, mut shift) = (0_u64, 0);
    loop {
        let (byte, rest) = from.split_first()?;
        *from = rest;
        number |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some((number >> 1) as i64 ^ -((number & 1) as i64));
        }
        shift += 7;
    }
}

/// The rank of a percentile among so many values, from 1: the nearest rank, the smallest that no fewer than so many
/// percent of the values are at or below.
fn nearest_rank(percent: f64, values: i64) -> i64 {
    // Multiplied first: where it comes out even, it does so exactly.
    ((percent * values as f64 / 100.0).ceil() as i64).clamp(1, values.max(1))
}

/// The percentiles of so many values in bins, in milliseconds, from bins in order with how many each has.
/// Percents are in order. None without values.
fn percentiles<const N: usize>(
    values: i64,
    bins: impl Iterator<Item = (i32, i64)>,
    percents: [f64; N],
) -> [Option<f64>; N] {
    let mut counted = bins.scan(0, |seen, (bin, count)| {
        *seen += count;
        Some((bin, *seen))
    });
    let mut at = counted.next();
    percents.map(|percent| {
        let rank = nearest_rank(percent, values);
        while at.is_some_and(|(_, seen)| seen < rank) {
            at = counted.next();
        }
        at.map(|(bin, _)| value(bin))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_percentile_is_within_one_percent(
            mut values in prop::collection::vec(0_i64..400_000_000_000, 1..200),
            percent in 0.0..100.0_f64,
        ) {
            let mut bins: BTreeMap<i32, i64> = BTreeMap::new();
            for value in &values {
                *bins.entry(bin(*value)).or_default() += 1;
            }
            let bins: Vec<_> = bins.into_iter().collect();
            values.sort_unstable();
            // By the definition, without a rank: the first value that enough are at or below.
            let enough = |value: &&i64| {
                values.iter().filter(|other| other <= value).count() as f64 * 100.0 >= percent * values.len() as f64
            };
            let exact = *values.iter().find(enough).unwrap() as f64;
            let [none, told, again] = percentiles(values.len() as i64, bins.into_iter(), [0.0, percent, percent]).map(Option::unwrap);
            prop_assert!(none <= told && told.to_bits() == again.to_bits());
            prop_assert!((told - exact).abs() <= exact * ERROR * 1.000_001, "{told} for {exact}");
        }
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_back(counts in prop::collection::btree_map(-9..4_000_i32, 1_i64.., 0..60)) {
            let bins = Bins(counts.into_iter().collect());
            let mut read = Bins::default();
            read.unpack(&bins.pack());
            prop_assert_eq!(read, bins);
        }
    }

    proptest! {
        #[test]
        fn merged_is_what_is_added_one_by_one(
            one in prop::collection::btree_map(0..40_i32, 1_i64..9, 0..20),
            other in prop::collection::btree_map(0..40_i32, -3_i64..9, 0..20),
        ) {
            let bins = |counts: &BTreeMap<i32, i64>| {
                let mut bins = Bins::default();
                for (bin, count) in counts {
                    bins.add(*bin, *count);
                }
                bins
            };
            let (mut merged, mut added) = (bins(&one), bins(&one));
            merged.merge(&bins(&other));
            for (bin, count) in &other {
                added.add(*bin, *count);
            }
            prop_assert_eq!(merged, added);
        }
    }

    #[test]
    fn what_is_taken_out_again_was_never_there() {
        let mut bins = Bins::default();
        bins.add(7, 2);
        bins.add(7, -2);
        assert_eq!(bins, Bins::default());
        bins.unpack(&[0x80]);
        assert_eq!(bins, Bins::default(), "a number without an end says nothing");
    }

    #[test]
    fn a_percentile_has_the_nearest_rank() {
        let ranks =
            [(50.0, 1, 1), (99.0, 3, 3), (50.0, 4, 2), (50.0, 5, 3), (99.0, 100, 99), (99.0, 101, 100)];
        for (percent, values, rank) in ranks.into_iter().chain([(0.0, 7, 1), (100.0, 7, 7), (7.0, 100, 7)]) {
            assert_eq!(nearest_rank(percent, values), rank, "{percent} % of {values}");
        }
        let minutes = [20, 30, 3_570].map(|minutes| (bin(minutes * 60_000), 1));
        let [p50, p99] =
            percentiles(3, minutes.into_iter(), [50.0, 99.0]).map(|told| told.unwrap() / 60_000.0);
        assert!((p50 - 30.0).abs() <= 0.3 && (p99 - 3_570.0).abs() <= 35.7, "{p50} {p99}");
    }

    #[test]
    fn nothing_has_no_percentile() {
        assert_eq!(percentiles(0, [].into_iter(), [50.0, 99.0]), [None, None]);
        assert_eq!(percentiles(3, [(0, 3)].into_iter(), [50.0, 99.0]), [Some(0.0), Some(0.0)]);
    }
}
