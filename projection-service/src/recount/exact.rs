//! Percentiles by themselves: from plain values in order, and from their definition, not from bins.

/// How far what is told may be from the value that stands there, by `docs/statistics.md`.
const TOLERANCE: f64 = 0.01;

/// Those that are compared: enough of them that no bin can be far off.
const PERCENTS: [f64; 9] = [1.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 100.0];

/// Whether what is told of these values, in milliseconds, is what stands there.
pub(super) fn agrees(
    values: &mut [i64],
    told: impl FnOnce([f64; PERCENTS.len()]) -> [Option<f64>; PERCENTS.len()],
) -> bool {
    values.sort_unstable();
    PERCENTS.iter().zip(told(PERCENTS)).all(|(percent, told)| match (percentile(values, *percent), told) {
        (Some(exact), Some(told)) => {
            let exact = exact.max(0) as f64;
            // What floating point adds at the edge of a bin.
            (told - exact).abs() <= exact * TOLERANCE * 1.000_001
        }
        (exact, told) => exact.is_none() && told.is_none(),
    })
}

/// The value that so many percent of all are at or below: of values in order, the first for which that holds.
fn percentile(ordered: &[i64], percent: f64) -> Option<i64> {
    let needed = percent * ordered.len() as f64;
    let below = ordered.iter().zip(1_u64..).find(|(_, place)| *place as f64 * 100.0 >= needed);
    below.map(|(value, _)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_three_the_last_percentile_is_the_largest() {
        let values = [20, 30, 3_570];
        assert_eq!(percentile(&values, 50.0), Some(30));
        assert_eq!(percentile(&values, 99.0), Some(3_570));
        assert_eq!(percentile(&values, 1.0), Some(20));
        assert_eq!(percentile(&[], 50.0), None);
    }

    #[test]
    fn a_rank_below_the_nearest_is_found() {
        let ranks = |rank: fn(f64) -> f64| {
            move |percents: [f64; PERCENTS.len()]| {
                let values = [20.0, 30.0, 3_570.0];
                percents.map(|percent| Some(values[rank(percent) as usize]))
            }
        };
        let mut values = [3_570, 20, 30];
        assert!(agrees(&mut values, ranks(|percent| (percent / 100.0 * 3.0).ceil() - 1.0)));
        assert!(!agrees(&mut values, ranks(|percent| (percent / 100.0 * 2.0).floor())));
    }
}
