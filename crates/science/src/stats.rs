//! The few statistics that verdicts rest on.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// An estimate and the interval that holds the truth with the stated probability.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The point estimate.
    pub estimate: f64,
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

/// The arithmetic mean; 0 of nothing.
pub fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}

/// The middle one of these, of an even number the upper one of the two; none of nothing.
pub fn upper_median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

/// The sample standard deviation (n − 1); 0 of fewer than two values.
pub fn standard_deviation(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    let mean = mean(values);
    let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    (squares / (values.len() - 1) as f64).sqrt()
}

/// The two-sided Student t interval for the mean at a *fixed* number of values; none below three values. The spread
/// never counts as smaller than `floor`, so that a lucky run of equal values does not look like certainty.
pub fn t_interval(values: &[f64], alpha: f64, floor: f64) -> Option<Interval> {
    let n = values.len();
    if n < 3 {
        return None;
    }
    let quantile = StudentsT::new(0.0, 1.0, (n - 1) as f64).ok()?.inverse_cdf(1.0 - alpha / 2.0);
    let half = quantile * standard_deviation(values).max(floor) / (n as f64).sqrt();
    let estimate = mean(values);
    Some(Interval { estimate, low: estimate - half, high: estimate + half })
}

/// The nearest decimal with this many significant digits.
pub fn rounded(value: f64, digits: usize) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let behind_the_point = digits.max(1) as i32 - 1 - value.abs().log10().floor() as i32;
    // Powers of ten are exact up to 10^22, and to divide by one gives the nearest short decimal; to multiply with 0.001 does not.
    let unit = 10f64.powi(behind_the_point.abs());
    if behind_the_point >= 0 { (value * unit).round() / unit } else { (value / unit).round() * unit }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_t_interval_matches_a_textbook_value() {
        // t(0.975, 4) = 2.776445; sd of 1..5 = 1.581139.
        let interval = t_interval(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.05, 0.0).unwrap();
        assert!((interval.high - 4.963243).abs() < 1e-5, "{interval:?}");
        assert!((interval.low - 1.036757).abs() < 1e-5, "{interval:?}");
    }

    #[test]
    fn two_values_have_no_interval_and_equal_values_keep_the_floor() {
        assert_eq!(t_interval(&[1.0, 2.0], 0.05, 0.0), None);
        let interval = t_interval(&[1.0; 5], 0.05, 0.1).unwrap();
        assert!(interval.low < 0.9 && interval.high > 1.1);
    }
}
