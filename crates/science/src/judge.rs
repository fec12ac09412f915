//! Verdicts. Code decides whether a claim held; nobody's words are read for it.

use crate::bundle::{Metric, Prediction, Relation};
use crate::objective::{Cell, Measurement, Yardsticks};
use crate::stats::{Interval, t_interval};
use serde::{Deserialize, Serialize};

/// An arm's verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// What became of the claim.
    pub verdict: Verdict,
    /// How the prediction was wrong, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorKind>,
    /// The measured difference with its 95 % interval, in the metric's unit; none where it is not defined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<Interval>,
    /// The verdict in words.
    pub reason: String,
}

/// What became of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It held.
    Confirmed,
    /// The direction held, the size did not.
    PartiallyConfirmed,
    /// It did not hold.
    Refuted,
    /// The data do not say.
    Inconclusive,
    /// It could not be tested.
    Invalid,
}

impl Verdict {
    /// The word for it in reports and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Confirmed => "confirmed",
            Verdict::PartiallyConfirmed => "partially-confirmed",
            Verdict::Refuted => "refuted",
            Verdict::Inconclusive => "inconclusive",
            Verdict::Invalid => "invalid",
        }
    }
}

/// How a prediction was wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorKind {
    /// The effect has the other sign.
    Direction,
    /// The effect is smaller than claimed.
    Magnitude,
    /// It holds in some scenarios only.
    Regime,
}

impl ErrorKind {
    /// The word for it in reports and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            ErrorKind::Direction => "direction",
            ErrorKind::Magnitude => "magnitude",
            ErrorKind::Regime => "regime",
        }
    }
}

/// A side of a comparison, as measured. The baseline is `None`: all its differences are zero by definition.
pub type Measured<'a> = Option<&'a Measurement>;

/// Holds a prediction against what was measured.
///
/// The effect is `left` − Σ `right` + (n − 1) · `parent` for n right sides, seed by seed on the same arrivals and draws,
/// with a Student t interval at the campaign's fixed number of seeds.
pub fn judge(
    prediction: &Prediction,
    left: &Measurement,
    right: &[Measured<'_>],
    parent: Measured<'_>,
    yardsticks: &Yardsticks,
    scenarios: &[String],
) -> Finding {
    let series = |measured: Measured<'_>| series(prediction, measured, left, yardsticks, scenarios);
    let Some(mut effect) = series(Some(left)) else {
        return invalid(not_comparable(left, yardsticks));
    };
    for side in right {
        let Some(values) = series(*side) else {
            return invalid("the side that it is compared with has no defined net saving".into());
        };
        effect.iter_mut().zip(&values).for_each(|(e, v)| *e -= v);
    }
    if right.len() > 1 {
        let Some(values) = series(parent) else {
            return invalid("the bundle's parent has no defined net saving".into());
        };
        effect.iter_mut().zip(&values).for_each(|(e, v)| *e += (right.len() - 1) as f64 * v);
    }
    let floor = yardsticks.noise_floor(|y, m| self::series(prediction, Some(m), left, y, scenarios));
    match t_interval(&effect, 0.05, floor) {
        None => invalid(format!("{} seeds are too few for a verdict; it takes three", effect.len())),
        Some(interval) => decide(prediction.relation, interval),
    }
}

/// A finding that says why a claim could not be tested.
pub fn invalid(reason: String) -> Finding {
    Finding { verdict: Verdict::Invalid, error: None, effect: None, reason }
}

fn decide(relation: Relation, i: Interval) -> Finding {
    let (verdict, error, reason) = match relation {
        Relation::AtLeast(delta) if i.low >= delta => {
            (Verdict::Confirmed, None, "the whole interval reaches the claim")
        }
        Relation::AtLeast(_) if i.high < 0.0 => {
            (Verdict::Refuted, Some(ErrorKind::Direction), "the effect has the other sign")
        }
        Relation::AtLeast(delta) if i.low > 0.0 && i.high < delta => {
            (Verdict::PartiallyConfirmed, Some(ErrorKind::Magnitude), "the right sign, smaller than claimed")
        }
        Relation::AtLeast(delta) if i.high < delta => {
            (Verdict::Refuted, Some(ErrorKind::Magnitude), "nothing of the claimed size; the sign is open")
        }
        Relation::Within(e) if i.low >= -e && i.high <= e => (Verdict::Confirmed, None, "no difference that matters"),
        Relation::Within(e) if i.high < -e || i.low > e => {
            (Verdict::Refuted, Some(ErrorKind::Magnitude), "a difference where none should be")
        }
        Relation::AtLeast(_) | Relation::Within(_) => (Verdict::Inconclusive, None, "the interval holds both answers"),
    };
    Finding { verdict, error, effect: Some(i), reason: reason.into() }
}

/// The metric of one side, seed by seed, oriented so that more is better.
fn series(
    prediction: &Prediction,
    measured: Measured<'_>,
    shape: &Measurement,
    yardsticks: &Yardsticks,
    scenarios: &[String],
) -> Option<Vec<f64>> {
    let Some(measured) = measured else {
        // Net saving compares costs at the reference's improvement; the baseline's is nowhere near.
        return (prediction.metric != Metric::NetSaving).then(|| vec![0.0; shape.cells.first().map_or(0, Vec::len)]);
    };
    if prediction.metric == Metric::NetSaving {
        return yardsticks.net_saving_per_seed(measured);
    }
    let in_scope = |name: &String| prediction.scope.is_empty() || prediction.scope.contains(name);
    let cells: Vec<Vec<Cell>> =
        scenarios.iter().zip(&measured.cells).filter(|(name, _)| in_scope(name)).map(|(_, row)| row.clone()).collect();
    let value = |cell: &Cell| match prediction.metric {
        Metric::NetSaving => unreachable!("handled above"),
        Metric::Improvement => cell.y(),
        Metric::ExtraShedWork => -cell.x,
        Metric::ExtraShedRate => -cell.x_requests,
        Metric::TtftP90 => cell.gains[1],
        Metric::E2eMean => cell.gains[2],
        Metric::E2eP90 => cell.gains[3],
    };
    Some(Measurement { cells }.per_seed(value))
}

fn not_comparable(left: &Measurement, yardsticks: &Yardsticks) -> String {
    let points = (left.y() - yardsticks.reference.y()) * 100.0;
    let side = if points > 0.0 { "above" } else { "below" };
    format!(
        "its improvement lies {:.1} points {side} the reference's, and costs compare within 2 points only: its scale must be set again",
        points.abs()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(relation: Relation, low: f64, high: f64) -> (Verdict, Option<ErrorKind>) {
        let finding = decide(relation, Interval { estimate: (low + high) / 2.0, low, high });
        (finding.verdict, finding.error)
    }

    #[test]
    fn a_claim_of_at_least_is_decided_by_where_the_interval_lies() {
        let claim = Relation::AtLeast(0.02);
        assert_eq!(verdict(claim, 0.02, 0.05), (Verdict::Confirmed, None));
        assert_eq!(verdict(claim, -0.05, -0.01), (Verdict::Refuted, Some(ErrorKind::Direction)));
        assert_eq!(verdict(claim, 0.005, 0.015), (Verdict::PartiallyConfirmed, Some(ErrorKind::Magnitude)));
        assert_eq!(verdict(claim, -0.005, 0.015), (Verdict::Refuted, Some(ErrorKind::Magnitude)));
        assert_eq!(verdict(claim, 0.01, 0.03), (Verdict::Inconclusive, None));
        assert_eq!(verdict(claim, -0.01, 0.03), (Verdict::Inconclusive, None));
    }

    #[test]
    fn a_control_is_confirmed_inside_refuted_outside_and_else_open() {
        let claim = Relation::Within(0.01);
        assert_eq!(verdict(claim, -0.004, 0.009).0, Verdict::Confirmed);
        assert_eq!(verdict(claim, 0.011, 0.02).0, Verdict::Refuted);
        assert_eq!(verdict(claim, -0.03, -0.02).0, Verdict::Refuted);
        assert_eq!(verdict(claim, 0.005, 0.02).0, Verdict::Inconclusive);
    }
}
