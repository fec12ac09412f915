//! The t confidence sequence: an interval for a mean that may be looked at after every value, and acted upon.
//!
//! A Student t interval holds at a number of values fixed in advance; looked at after each of twenty values it is wrong
//! about one time in four. This one holds at all of them together, whatever the rule for stopping: Lai (1976), Wang and
//! Ramdas (2025), the mixture over the effect size being a Gaussian of variance 1/c².

use crate::stats::{Interval, mean, standard_deviation};

/// Numbers of values at which a claim is looked at. The sequence would hold at every number; these are enough.
pub const LOOKS: [usize; 9] = [3, 4, 5, 6, 8, 10, 12, 16, 20];

/// The most values that a claim is given.
pub const CAP: usize = LOOKS[LOOKS.len() - 1];

/// The mixture's precision: narrowest for effects of about five standard deviations at first and of one at twenty values.
const C_SQUARED: f64 = 0.04;

/// Half the width of the sequence at `n` values with sample standard deviation `sd`; infinite where `n` is too small for
/// `alpha`, the probability that the sequence ever misses the mean.
pub fn half_width(n: usize, sd: f64, alpha: f64) -> f64 {
    let n = n as f64;
    let k = ((n + C_SQUARED) / (C_SQUARED * alpha * alpha)).powf(1.0 / n);
    let g = (n + C_SQUARED) * (1.0 - 1.0 / k);
    if n < 3.0 || g >= n { f64::INFINITY } else { sd * (g * (n - 1.0) / (n * (n - g))).sqrt() }
}

/// The sequence at these values. The spread never counts as smaller than `floor`: it only widens.
pub fn interval(values: &[f64], alpha: f64, floor: f64) -> Interval {
    let half = half_width(values.len(), standard_deviation(values).max(floor), alpha);
    let estimate = mean(values);
    Interval { estimate, low: estimate - half, high: estimate + half }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyed;

    #[test]
    fn the_half_widths_are_the_tabulated_ones() {
        let table = [(3, 5.85), (4, 3.39), (5, 2.58), (6, 2.14), (8, 1.66), (10, 1.40), (12, 1.24), (20, 0.90)];
        for (n, expected) in table {
            let width = half_width(n, 1.0, 0.05);
            assert!((width - expected).abs() < 0.006, "{n}: {width}");
        }
        let corrected = [(4, 6.97), (5, 4.25), (6, 3.24), (8, 2.31), (12, 1.60), (20, 1.10)];
        for (n, expected) in corrected {
            let width = half_width(n, 1.0, 0.05 / 8.0);
            assert!((width - expected).abs() < 0.006, "{n}: {width}");
        }
        assert_eq!(half_width(3, 1.0, 0.05 / 8.0), f64::INFINITY);
        assert_eq!(half_width(2, 1.0, 0.05), f64::INFINITY);
    }

    /// The n-th standard normal number of a seed, by Box and Muller.
    fn normal(seed: u64, n: u64) -> f64 {
        let (u, v) = (keyed::uniform(seed, 2 * n).max(f64::MIN_POSITIVE), keyed::uniform(seed, 2 * n + 1));
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }

    #[test]
    fn the_sequence_misses_the_mean_of_normal_values_in_less_than_five_percent_of_runs() {
        let runs = 4000;
        let misses = (0..runs).filter(|run| {
            let values: Vec<f64> = (0..CAP as u64).map(|n| normal(*run, n)).collect();
            (3..=CAP).any(|n| {
                let i = interval(&values[..n], 0.05, 0.0);
                i.low > 0.0 || i.high < 0.0
            })
        });
        let share = misses.count() as f64 / f64::from(runs as u32);
        assert!((0.005..0.05).contains(&share), "{share}");
    }

    #[test]
    fn equal_values_are_not_taken_for_certainty() {
        let i = interval(&[0.01; 3], 0.05, 0.001);
        assert!((i.high - 0.01 - 0.00585).abs() < 1e-5, "{i:?}");
    }
}
