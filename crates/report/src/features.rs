//! What workloads differ in, and what of it goes with what a policy gains there.

use crate::words::{signed, size, spaced};
use science::spec::{Described, Spec};
use science::stats::{mean, rounded};

/// Rank correlations that are nearer to zero than this say nothing.
const TELLS: f64 = 0.15;

/// The feature that goes with gains the most, in three parts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Telling<'a> {
    pub(crate) feature: &'a Described,
    /// Spearman's rank correlation with what is gained, -1 to 1.
    pub(crate) correlation: f64,
    /// Where the second part begins, and the third one.
    bounds: Vec<f64>,
    values: Vec<f64>,
}

/// None where workloads have no features, or none of them tells anything.
pub(crate) fn telling<'a>(spec: &'a Spec, features: &[Vec<f64>], gained: &[f64]) -> Option<Telling<'a>> {
    let column = |at: usize| -> Option<Vec<f64>> { features.iter().map(|own| own.get(at).copied()).collect() };
    let tells = |(at, feature): (usize, &'a Described)| {
        let values = column(at).filter(|values| values.len() == gained.len())?;
        let correlation = correlation(&ranks(&values), &ranks(gained)).filter(|found| found.abs() >= TELLS)?;
        Some(Telling { feature, correlation, bounds: bounds(&values), values })
    };
    let all = spec.features.iter().enumerate().filter_map(tells);
    all.max_by(|a, b| a.correlation.abs().total_cmp(&b.correlation.abs()))
}

impl Telling<'_> {
    /// In which part a workload lies, from 0.
    pub(crate) fn part(&self, workload: usize) -> usize {
        self.bounds.partition_point(|bound| *bound <= self.values[workload])
    }

    /// The parts, in words.
    pub(crate) fn parts(&self) -> Vec<String> {
        let said = |value: f64| of(self.feature, value);
        match self.bounds[..] {
            [] => vec![String::new()],
            [only] => vec![format!("below {}", said(only)), format!("from {}", said(only))],
            [first, second, ..] => {
                vec![format!("below {}", said(first)), "between".into(), format!("from {}", said(second))]
            }
        }
    }

    /// What goes with what, in a sentence.
    pub(crate) fn sentence(&self) -> String {
        let more = if self.correlation > 0.0 { "more" } else { "less" };
        format!(
            "Coloured by {}: the higher it is, the {more} is gained (rank correlation {}).",
            spaced(&self.feature.name),
            signed(self.correlation, 2)
        )
    }
}

/// A feature's value with its unit.
pub(crate) fn of(feature: &Described, value: f64) -> String {
    match feature.unit {
        science::spec::Unit::Plain => format!("{}", rounded(value, 3)),
        unit => size(unit, rounded(value, 3)),
    }
}

/// Thirds, or fewer where values repeat.
fn bounds(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let mut bounds: Vec<f64> = [1, 2].map(|third| sorted[third * sorted.len() / 3]).into();
    // A part of nothing is none: with two values, the higher one is a part of its own.
    let (least, most) = (sorted[0], sorted[sorted.len() - 1]);
    bounds.dedup();
    bounds.retain(|bound| *bound > least);
    if bounds.is_empty() && most > least {
        bounds.push(sorted[sorted.partition_point(|value| *value <= least)]);
    }
    bounds
}

fn ranks(values: &[f64]) -> Vec<f64> {
    let below = |value: f64| values.iter().filter(|other| **other < value).count() as f64;
    let same = |value: f64| values.iter().filter(|other| **other == value).count() as f64;
    values.iter().map(|value| below(*value) + (same(*value) - 1.0) / 2.0).collect()
}

/// None where either does not vary.
fn correlation(a: &[f64], b: &[f64]) -> Option<f64> {
    let (ma, mb) = (mean(a), mean(b));
    let sum = |f: &dyn Fn(f64, f64) -> f64| a.iter().zip(b).map(|(x, y)| f(x - ma, y - mb)).sum::<f64>();
    let both = (sum(&|x, _| x * x) * sum(&|_, y| y * y)).sqrt();
    (both > 0.0).then(|| sum(&|x, y| x * y) / both)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn spec() -> Spec {
        let named = |name: &str| Described { name: name.into(), unit: Default::default(), meaning: String::new() };
        Spec { features: vec![named("wind"), named("night_share")], ..fixture::saving() }
    }

    #[test]
    fn the_feature_that_goes_with_gains_tells_and_parts_the_workloads_in_three() {
        let spec = spec();
        let features: Vec<Vec<f64>> = (0..9).map(|at| vec![f64::from(at * 7 % 9), f64::from(at) / 10.0]).collect();
        let gained: Vec<f64> = (0..9).map(|at| 5.0 - f64::from(at)).collect();
        let told = telling(&spec, &features, &gained).unwrap();
        assert_eq!((told.feature.name.as_str(), told.correlation), ("night_share", -1.0));
        assert_eq!([0, 2, 3, 5, 6, 8].map(|at| told.part(at)), [0, 0, 1, 1, 2, 2]);
        assert_eq!(told.parts(), ["below 0.3", "between", "from 0.6"]);
        assert!(told.sentence().contains("night share: the higher it is, the less is gained"), "{}", told.sentence());
    }

    #[test]
    fn a_feature_of_two_values_has_two_parts_and_one_that_never_varies_tells_nothing() {
        let spec = spec();
        let features: Vec<Vec<f64>> = (0..10).map(|at| vec![3.0, f64::from(u8::from(at == 9))]).collect();
        let gained: Vec<f64> = (0..10).map(f64::from).collect();
        let told = telling(&spec, &features, &gained).unwrap();
        assert_eq!((told.parts(), told.part(0), told.part(9)), (vec!["below 1".into(), "from 1".to_owned()], 0, 1));
        assert_eq!(telling(&spec, &vec![vec![3.0, 1.0]; 10], &gained), None);
        assert_eq!(telling(&spec, &[], &gained), None);
    }
}
