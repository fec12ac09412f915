//! What a candidate does, measured by probing it: never what its author says that it does.

use crate::id::Hash;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A candidate's place among policies, measured on synthetic states.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Descriptor {
    /// The lowest probed saturation at which at least 1 % of droppable requests are refused; none if there is none.
    pub onset: Option<f64>,
    /// The same for 50 %.
    pub half: Option<f64>,
    /// The same for all of them.
    pub full: Option<f64>,
    /// Exponent of the refusal probability as a power of saturation, by a log-log fit between 2 and 98 %; none where fewer
    /// than three probed points lie between (a step).
    pub exponent: Option<f64>,
    /// Inputs that change its decision while saturation stays the same.
    pub inputs: BTreeSet<Input>,
    /// Whether what it saw before changes its decision.
    pub memory: bool,
    /// Whether the order of the instances changes its decision; it must not.
    pub order_matters: bool,
    /// Its refusal probability against saturation, pressure coming from the KV cache.
    pub curve: Curve,
    /// Hash over its answers to a fixed set of states and sequences: equal signatures act alike as far as was probed.
    pub signature: Hash,
}

/// Something that a candidate may look at besides saturation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Input {
    /// The length of the prompt.
    Prompt,
    /// How far below zero the priority is.
    Priority,
    /// Whether pressure comes from the queue or from the KV cache.
    Route,
    /// How unevenly pressure lies on the instances.
    Imbalance,
    /// Requests in the running batch.
    Running,
    /// Requests in flight.
    InFlight,
    /// The age of the metrics.
    Age,
    /// The capacity of the KV cache.
    Capacity,
    /// The number of instances.
    Instances,
    /// The draw.
    Draw,
}

impl Input {
    /// The word for it in reports and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Input::Prompt => "prompt",
            Input::Priority => "priority",
            Input::Route => "route",
            Input::Imbalance => "imbalance",
            Input::Running => "running",
            Input::InFlight => "in-flight",
            Input::Age => "age",
            Input::Capacity => "capacity",
            Input::Instances => "instances",
            Input::Draw => "draw",
        }
    }
}

/// A measured curve: refusal probability against one input, the others held.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// What is varied, for example `saturation` or `prompt tokens`.
    pub input: String,
    /// Value of the input and probability of refusal, 0..1.
    pub points: Vec<(f64, f64)>,
}

/// The lowest probed value from which on at least this share is refused.
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
    fn the_quintics_curve_has_its_exponent_and_its_points() {
        let points: Vec<(f64, f64)> = (1..=100)
            .map(|i| (f64::from(i) / 100.0, (f64::from(i) / 100.0).powi(5) * 300.0))
            .map(|(x, p)| (x, p.min(1.0)))
            .collect();
        assert!((log_slope(&points).unwrap() - 5.0).abs() < 1e-9);
        assert_eq!(reaches(&points, 0.5), Some(0.28));
        assert_eq!(reaches(&points, 1.0), Some(0.32));
        assert_eq!(reaches(&points, 0.01), Some(0.13));
    }

    #[test]
    fn a_step_has_no_exponent() {
        let points: Vec<(f64, f64)> = (0..100).map(|i| (f64::from(i), if i < 50 { 0.0 } else { 1.0 })).collect();
        assert_eq!(log_slope(&points), None);
    }
}
