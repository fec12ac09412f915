//! The t confidence sequence: an interval for a mean that may be looked at after every value, and acted upon.
//!
//! A Student t interval holds at a number of values fixed in advance; looked at after each of twenty values it is wrong
//! about one time in four. This one holds at all of them together, whatever the rule for stopping: Lai (1976), Wang and
//! Ramdas (2025), the mixture over the effect size being a Gaussian of variance 1/c².

use crate::stats::{Interval, mean, standard_deviation};

/// Workloads that each verdict seed draws, where an experiment declares a population: what a claim is worth on them is one value.
/// Workloads differ more than seeds do, so none is met twice.
pub const DRAWN: usize = 4;

/// How the names of drawn rows of what is measured on verdict seeds begin.
pub const FRESH: &str = "fresh_";

/// The names of these rows: behind each stands another workload at every seed.
pub fn drawn_names() -> impl Iterator<Item = String> {
    (1..=DRAWN).map(|number| format!("{FRESH}{number:02}"))
}

/// When a claim is looked at, and the interval that holds at all looks together. It would hold at every number of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sequence {
    /// Values of scenarios: few, and each of several runs.
    Scenarios,
    /// Values of drawn workloads, which differ much: many.
    Drawn,
}

impl Sequence {
    /// That of a claim, about all that is asked or about scenarios by themselves, where each verdict seed draws so many workloads.
    pub fn of(drawn: usize, is_about_all: bool) -> Self {
        if drawn > 0 && is_about_all { Sequence::Drawn } else { Sequence::Scenarios }
    }

    /// Numbers of values at which a claim is looked at.
    pub const fn looks(self) -> [usize; 9] {
        match self {
            Sequence::Scenarios => [3, 4, 5, 6, 8, 10, 12, 16, 20],
            Sequence::Drawn => [9, 12, 15, 18, 24, 30, 36, 48, 60],
        }
    }

    /// The most values that a claim is given.
    pub const fn last(self) -> usize {
        let looks = self.looks();
        looks[looks.len() - 1]
    }

    /// The mixture's precision: the larger, the more values are there when the interval is narrowest for its time. With 0.04 an interval
    /// of three values is finite; with 1 it is narrower from nine on.
    fn c_squared(self) -> f64 {
        match self {
            Sequence::Scenarios => 0.04,
            Sequence::Drawn => 1.0,
        }
    }

    /// Half the width at `n` values with sample standard deviation `sd`; infinite where `n` is too small for `alpha`, the
    /// probability that the sequence ever misses the mean.
    pub fn half_width(self, n: usize, sd: f64, alpha: f64) -> f64 {
        let (n, c_squared) = (n as f64, self.c_squared());
        let k = ((n + c_squared) / (c_squared * alpha * alpha)).powf(1.0 / n);
        let g = (n + c_squared) * (1.0 - 1.0 / k);
        if n < 3.0 || g >= n { f64::INFINITY } else { sd * (g * (n - 1.0) / (n * (n - g))).sqrt() }
    }

    /// The interval at these values. The spread never counts as smaller than `floor`: it only widens.
    pub fn interval(self, values: &[f64], alpha: f64, floor: f64) -> Interval {
        let half = self.half_width(values.len(), standard_deviation(values).max(floor), alpha);
        let estimate = mean(values);
        Interval { estimate, low: estimate - half, high: estimate + half }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyed;

    #[test]
    fn the_half_widths_are_the_tabulated_ones() {
        let table = [(3, 5.85), (4, 3.39), (5, 2.58), (6, 2.14), (8, 1.66), (10, 1.40), (12, 1.24), (20, 0.90)];
        for (n, expected) in table {
            let width = Sequence::Scenarios.half_width(n, 1.0, 0.05);
            assert!((width - expected).abs() < 0.006, "{n}: {width}");
        }
        let corrected = [(4, 6.97), (5, 4.25), (6, 3.24), (8, 2.31), (12, 1.60), (20, 1.10)];
        for (n, expected) in corrected {
            let width = Sequence::Scenarios.half_width(n, 1.0, 0.05 / 8.0);
            assert!((width - expected).abs() < 0.006, "{n}: {width}");
        }
        assert_eq!(Sequence::Scenarios.half_width(3, 1.0, 0.05 / 8.0), f64::INFINITY);
        assert_eq!(Sequence::Scenarios.half_width(2, 1.0, 0.05), f64::INFINITY);
    }

    /// The n-th standard normal number of a seed, by Box and Muller.
    fn normal(seed: u64, n: u64) -> f64 {
        let (u, v) = (keyed::uniform(seed, 2 * n).max(f64::MIN_POSITIVE), keyed::uniform(seed, 2 * n + 1));
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }

    #[test]
    fn the_sequence_misses_the_mean_of_normal_values_in_less_than_five_percent_of_runs() {
        let runs = 4000;
        for sequence in [Sequence::Scenarios, Sequence::Drawn] {
            let misses = (0..runs).filter(|run| {
                let values: Vec<f64> = (0..sequence.last() as u64).map(|n| normal(*run, n)).collect();
                (3..=sequence.last()).any(|n| {
                    let i = sequence.interval(&values[..n], 0.05, 0.0);
                    i.low > 0.0 || i.high < 0.0
                })
            });
            let share = misses.count() as f64 / f64::from(runs as u32);
            assert!((0.005..0.05).contains(&share), "{sequence:?}: {share}");
        }
    }

    #[test]
    fn each_sequence_is_the_narrower_one_where_it_is_used() {
        let width = |sequence: Sequence, n| sequence.half_width(n, 1.0, 0.05);
        for look in Sequence::Drawn.looks() {
            assert!(width(Sequence::Drawn, look) < width(Sequence::Scenarios, look), "{look}");
        }
        for look in &Sequence::Scenarios.looks()[..4] {
            assert!(width(Sequence::Scenarios, *look) < width(Sequence::Drawn, *look), "{look}");
        }
    }

    #[test]
    fn equal_values_are_not_taken_for_certainty() {
        let i = Sequence::Scenarios.interval(&[0.01; 3], 0.05, 0.001);
        assert!((i.high - 0.01 - 0.00585).abs() < 1e-5, "{i:?}");
    }
}
