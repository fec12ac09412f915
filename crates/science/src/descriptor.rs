//! What a candidate does, measured in its trials: never what its author says that it does.

use crate::id::Hash;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A candidate's place among policies, measured on what its trials met.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Descriptor {
    /// How its answers go along the curve.
    pub trend: Trend,
    /// What the problem says of a candidate in numbers, by name; none where one is not defined.
    pub facts: BTreeMap<String, Option<f64>>,
    /// How often it did what it must never do.
    pub violations: u64,
    /// Inputs of the problem that change its answers while all else stays the same.
    pub inputs: BTreeSet<String>,
    /// Whether what it saw before changes its answers.
    pub memory: bool,
    /// How long it does; none where it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub horizon: Option<Horizon>,
    /// Whether its answers depend on what they must not depend on ([`Spec::invariance`](crate::spec::Spec::invariance)).
    pub order_matters: bool,
    /// Its answers against what they go with first.
    pub curve: Curve,
    /// Hash over all its answers: equal signatures mean that each of them was the same one.
    pub signature: Hash,
}

impl Default for Descriptor {
    /// Of one that was never asked.
    fn default() -> Self {
        Descriptor {
            trend: Trend::Level,
            facts: BTreeMap::new(),
            violations: 0,
            inputs: BTreeSet::new(),
            memory: false,
            horizon: None,
            order_matters: false,
            curve: Curve { input: String::new(), points: Vec::new() },
            signature: Hash::of(&[]),
        }
    }
}

/// How long a different past changes answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Horizon {
    /// After so many questions it changed none any more.
    After(u32),
    /// It still did after all that was shown, so many questions.
    Beyond(u32),
}

impl std::fmt::Display for Horizon {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Horizon::After(questions) => write!(f, "a different past changes nothing after {questions} questions"),
            Horizon::Beyond(questions) => write!(f, "a different past still matters after {questions} questions"),
        }
    }
}

/// How a share goes with an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trend {
    /// The same throughout, as far as the number of decisions tells.
    Level,
    /// It rises, on the whole.
    Rising,
    /// It falls, on the whole.
    Falling,
    /// It rises and falls.
    Mixed,
}

impl Trend {
    /// The trend of a curve. What four standard errors explain, or two points in a hundred, is no difference.
    pub fn of(bins: &[Bin]) -> Self {
        let certain = |low: &Bin, high: &Bin| {
            let noise = (low.variance() + high.variance()).sqrt();
            (high.share() - low.share() - 4.0 * noise).max(0.0)
        };
        let pairs =
            || bins.iter().enumerate().flat_map(|(at, one)| bins[at + 1..].iter().map(move |other| (one, other)));
        let most = |of: &dyn Fn(&Bin, &Bin) -> f64| pairs().map(|(one, other)| of(one, other)).fold(0.0, f64::max);
        let (rise, fall) = (most(&certain), most(&|one, other| certain(other, one)));
        match (rise > 0.02, fall > 0.02) {
            (false, false) => Trend::Level,
            _ if fall <= rise / 4.0 => Trend::Rising,
            _ if rise <= fall / 4.0 => Trend::Falling,
            _ => Trend::Mixed,
        }
    }
}

/// Answers at about the same value of an input, of which some share is of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bin {
    /// The sum of the input's values.
    pub sum: f64,
    /// Answers.
    pub asked: u64,
    /// Those of them that are of the kind.
    pub of_kind: u64,
}

impl Bin {
    /// The mean of the input.
    pub fn x(&self) -> f64 {
        self.sum / self.asked.max(1) as f64
    }

    /// Their share, 0..=1.
    pub fn share(&self) -> f64 {
        self.of_kind as f64 / self.asked.max(1) as f64
    }

    /// Both together.
    pub fn and(&self, other: &Bin) -> Bin {
        Bin { sum: self.sum + other.sum, asked: self.asked + other.asked, of_kind: self.of_kind + other.of_kind }
    }

    /// The squared standard error of the share, never zero: Laplace's rule of succession.
    fn variance(&self) -> f64 {
        let (n, p) = (self.asked as f64 + 2.0, (self.of_kind as f64 + 1.0) / (self.asked as f64 + 2.0));
        p * (1.0 - p) / n
    }
}

/// A measured curve: a share against one input; the others are as they were met.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// The input.
    pub input: String,
    /// Value of the input and the share, 0..=1; only what was met.
    pub points: Vec<(f64, f64)>,
}

impl Curve {
    /// The curve through these bins.
    pub fn of(input: &str, bins: &[Bin]) -> Self {
        // Three decimals are more than the number of decisions tells.
        let x = |bin: &Bin| (bin.x() * 1000.0).round() / 1000.0;
        Curve { input: input.into(), points: bins.iter().map(|bin| (x(bin), bin.share())).collect() }
    }
}

/// The lowest value at which the share is at least this.
pub fn reaches(points: &[(f64, f64)], share: f64) -> Option<f64> {
    points.iter().find(|(_, p)| *p >= share).map(|(x, _)| *x)
}

/// The slope of ln p against ln x over the points with p between 2 and 98 %, by least squares; none of fewer than three.
pub fn log_slope(points: &[(f64, f64)]) -> Option<f64> {
    let inner: Vec<(f64, f64)> =
        points.iter().filter(|(x, p)| *x > 0.0 && (0.02..=0.98).contains(p)).map(|(x, p)| (x.ln(), p.ln())).collect();
    if inner.len() < 3 {
        return None;
    }
    let n = inner.len() as f64;
    let mean = |f: fn(&(f64, f64)) -> f64| inner.iter().map(f).sum::<f64>() / n;
    let (mx, mp) = (mean(|(x, _)| *x), mean(|(_, p)| *p));
    let covariance: f64 = inner.iter().map(|(x, p)| (x - mx) * (p - mp)).sum();
    let variance: f64 = inner.iter().map(|(x, _)| (x - mx).powi(2)).sum();
    (variance > 0.0).then(|| covariance / variance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_curve_has_its_exponent_and_its_points() {
        let points: Vec<(f64, f64)> = (1..=100)
            .map(|i| (f64::from(i) / 100.0, (f64::from(i) / 100.0).powi(5) * 300.0))
            .map(|(x, p)| (x, p.min(1.0)))
            .collect();
        assert!((log_slope(&points).unwrap() - 5.0).abs() < 1e-9);
        assert_eq!(reaches(&points, 0.5), Some(0.28));
        assert_eq!(reaches(&points, 1.0), Some(0.32));
        assert_eq!(reaches(&points, 0.01), Some(0.13));
    }

    fn bins(shares: &[f64]) -> Vec<Bin> {
        let bin =
            |(at, share): (usize, &f64)| Bin { sum: at as f64 * 100.0, asked: 1000, of_kind: (share * 1000.0) as u64 };
        shares.iter().enumerate().map(bin).collect()
    }

    #[test]
    fn a_trend_tells_a_rise_from_a_fall_and_from_noise() {
        assert_eq!(Trend::of(&bins(&[0.0, 0.1, 0.5, 1.0])), Trend::Rising);
        assert_eq!(Trend::of(&bins(&[1.0, 1.0, 0.0, 0.0])), Trend::Falling);
        assert_eq!(Trend::of(&bins(&[0.0, 1.0, 0.0, 1.0])), Trend::Mixed);
        assert_eq!(Trend::of(&bins(&[0.5, 0.52, 0.49, 0.51])), Trend::Level);
        assert_eq!(Trend::of(&bins(&[0.0, 0.2, 0.12, 0.9])), Trend::Rising, "on the whole");
        assert_eq!(Trend::of(&[]), Trend::Level);
    }

    #[test]
    fn a_step_has_no_exponent() {
        let points: Vec<(f64, f64)> = (0..100).map(|i| (f64::from(i), if i < 50 { 0.0 } else { 1.0 })).collect();
        assert_eq!(log_slope(&points), None);
    }
}
