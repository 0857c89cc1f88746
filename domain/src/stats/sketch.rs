//! Percentiles from counts: bins that grow by a factor, so that every value is told within 1 % of itself.
//!
//! The mapping is that of Masson, Rim, Lee: *DDSketch: A Fast and Fully-Mergeable Quantile Sketch with
//! Relative-Error Guarantees*, PVLDB 12 (2019). Bins are rows of a table here, and not an object of a
//! library: so they add up over hours and groups, and a ticket that is counted otherwise from now on is
//! taken out of its bin, which libraries don't offer.

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

/// The percentile of values in bins, in milliseconds, from bins in order with how many each has. None
/// without values.
pub fn percentile(bins: &[(i32, i64)], percent: f64) -> Option<f64> {
    let total: i64 = bins.iter().map(|(_, count)| count).sum();
    // The value at the rank that the paper has: of 0 to n - 1.
    let rank = (percent / 100.0 * (total - 1) as f64).floor() as i64;
    let mut seen = 0;
    bins.iter().find_map(|(bin, count)| {
        seen += count;
        (seen > rank).then(|| value(*bin))
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
            let exact = values[(percent / 100.0 * (values.len() - 1) as f64).floor() as usize] as f64;
            let told = percentile(&bins, percent).unwrap();
            prop_assert!((told - exact).abs() <= exact * ERROR * 1.000_001, "{told} for {exact}");
        }
    }

    #[test]
    fn nothing_has_no_percentile() {
        assert_eq!(percentile(&[], 50.0), None);
        assert_eq!(percentile(&[(0, 3)], 99.0), Some(0.0));
    }
}
