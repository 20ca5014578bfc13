//! Medians, nearest-rank quantiles, and counts as the numbers that ratios are made of.
//!
//! It keeps no running state and interpolates nothing.

use std::time::Duration;

/// The middle number, or the mean of the two middle ones.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = *sorted.get(sorted.len() / 2 - 1)?;
    Some(f64::midpoint(lower, upper))
}

/// The value that a quarter of the values do not exceed; NaN of none.
pub(crate) fn lower_quartile(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values
        .get(values.len().div_ceil(4).saturating_sub(1))
        .copied()
        .unwrap_or(f64::NAN)
}

/// The smallest value that at least `per_mille` of the values do not exceed.
pub(crate) fn nearest_rank(values: &mut [Duration], per_mille: usize) -> Option<Duration> {
    values.sort_unstable();
    let rank = (values.len() * per_mille).div_ceil(1000).max(1);
    values.get(rank - 1).copied()
}

/// A count as a real number; those here are far below 2^53.
#[expect(clippy::cast_precision_loss, reason = "counts here are far below 2^53")]
pub(crate) fn float(count: u64) -> f64 {
    count as f64
}

/// The cost of one: what a large run took beyond a small one, for each thing it did beyond it.
pub(crate) fn per_one(small: (u64, u64), large: (u64, u64)) -> f64 {
    let ((small_count, small_total), (large_count, large_total)) = (small, large);
    (float(large_total) - float(small_total))
        / float(large_count.saturating_sub(small_count).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_odd_even_and_none() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&[]), None);
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "small whole numbers divide exactly")]
    fn the_cost_of_one_is_what_starting_does_not_explain() {
        assert_eq!(per_one((100, 5_000), (1_100, 15_000)), 10.0);
        assert_eq!(per_one((100, 5_000), (1_100, 4_000)), -1.0);
    }

    #[test]
    fn the_lower_quartile_is_a_value_that_was_seen() {
        let eight = (1..=8).rev().map(f64::from).collect();
        assert!((lower_quartile(eight) - 2.0).abs() < f64::EPSILON);
        assert!((lower_quartile(vec![7.0]) - 7.0).abs() < f64::EPSILON);
        assert!(lower_quartile(Vec::new()).is_nan());
    }

    #[test]
    fn the_nearest_rank_is_a_value_that_was_seen() {
        let mut values: Vec<_> = (1..=200).rev().map(Duration::from_millis).collect();
        assert_eq!(
            nearest_rank(&mut values, 990),
            Some(Duration::from_millis(198))
        );
        assert_eq!(
            nearest_rank(&mut values, 1000),
            Some(Duration::from_millis(200))
        );
        assert_eq!(nearest_rank(&mut values, 1), Some(Duration::from_millis(1)));
        assert_eq!(nearest_rank(&mut [], 500), None);
    }
}
