//! What a look is shown with: no verdict rests on it, and nothing is chosen by it.

use crate::descriptor::Curve;
use serde::{Deserialize, Serialize};

/// Points of a line, at most: more than a picture has room for.
pub const POINTS: usize = 96;
/// Digits of a number that is only drawn.
const DIGITS: i32 = 4;

/// What was seen beside the numbers that a look rests on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Illustration {
    /// What the drawn workloads are told apart by, in the order of [`Spec::features`](crate::spec::Spec::features).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<Vec<f64>>,
    /// How policies answer, all on the same workloads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<Answers>,
    /// The workload in which the champion loses the most against the reference, or gains the least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worst: Option<Worst>,
}

/// How baseline, reference and champion answer, against each input that the problem counts answers by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answers {
    /// What the curves are shares of.
    pub counted: String,
    /// Workloads that they ran on.
    pub workloads: usize,
    /// The baseline's.
    pub baseline: Vec<Curve>,
    /// The reference's.
    pub reference: Vec<Curve>,
    /// The champion's.
    pub champion: Vec<Curve>,
}

/// One workload with one seed under two policies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Worst {
    /// The workload, by its name.
    pub workload: String,
    /// Its position among the drawn ones; none if it is of the study.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drawn: Option<usize>,
    /// What is seen of it, side by side.
    pub lines: Vec<Pair>,
}

/// The same line under both policies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// Under the reference.
    pub reference: Line,
    /// Under the champion: its points.
    pub champion: Vec<[f64; 2]>,
}

/// A number against time, or against another: something to look at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// What it is, with its unit, as in `boxes that wait, mean of all stations`.
    pub name: String,
    /// What it is drawn against, with its unit, as in `time, s`.
    pub against: String,
    /// The places, from left to right.
    pub points: Vec<[f64; 2]>,
}

impl Line {
    /// A line through these points, or through every so manieth if they are many; with no more digits than are seen.
    pub fn new(name: impl Into<String>, against: impl Into<String>, points: &[[f64; 2]]) -> Self {
        let last = points.len().saturating_sub(1);
        let kept = points.len().min(POINTS);
        let at = |n: usize| if kept < 2 { n } else { n * last / (kept - 1) };
        let points = (0..kept).map(|n| points[at(n)].map(seen)).collect();
        Line { name: name.into(), against: against.into(), points }
    }
}

/// A number with as many digits as a picture shows.
pub fn seen(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return 0.0;
    }
    let digits = DIGITS - 1 - value.abs().log10().floor() as i32;
    // Divided by a power of ten, a short decimal is the nearest float to itself.
    if digits >= 0 {
        (value * 10f64.powi(digits)).round() / 10f64.powi(digits)
    } else {
        (value / 10f64.powi(-digits)).round() * 10f64.powi(-digits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_keeps_its_ends_and_no_more_points_than_are_seen() {
        let points: Vec<[f64; 2]> = (0..1000).map(|at| [f64::from(at), 1.0 / 3.0]).collect();
        let line = Line::new("boxes", "time, s", &points);
        assert_eq!(
            (line.points.len(), line.points[0], line.points[POINTS - 1]),
            (POINTS, [0.0, 0.3333], [999.0, 0.3333])
        );
        assert_eq!(Line::new("", "", &points[..3]).points.len(), 3);
        assert_eq!(Line::new("", "", &[]).points.len(), 0);
        assert_eq!([123_456.0, 0.000_123_456, -2.0, f64::NAN].map(seen), [123_500.0, 0.000_123_5, -2.0, 0.0]);
    }
}
