//! Verdicts. Code decides whether a claim held; nobody's words are read for it.

use crate::bundle::{Prediction, Relation};
use crate::effect::{Effects, Series};
use crate::sequence::Sequence;
use crate::stats::{Interval, standard_deviation, upper_median};
use serde::{Deserialize, Serialize};

/// The probability that a statement of a finding is wrong; that a scenario which it names is, once more.
const ALPHA: f64 = 0.05;

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
    /// Fresh seeds that it took.
    #[serde(default)]
    pub seeds: usize,
    /// Whether single seeds lie so far out that the interval is to be read with care.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub heavy_tail: bool,
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

/// Holds a claim against its effects at one look. None if the data do not say yet; at the last look there is a verdict.
///
/// The intervals are those of a confidence sequence, so that looking again costs nothing: any false statement in a finding
/// has probability at most 5 %, and any false name of a scenario a further 5 %.
pub fn judge(prediction: &Prediction, effects: &Effects, last: bool) -> Option<Finding> {
    if waits(&effects.mean) && !last {
        return None;
    }
    let i = effects.mean.interval(ALPHA);
    let ruling = match prediction.each {
        true => every(prediction.relation, &effects.scenarios),
        false => one(prediction, i, last),
    };
    let (verdict, error, reason) = match ruling {
        Some(ruling) => ruling,
        None if last => (Verdict::Inconclusive, None, "the interval holds both answers".to_owned()),
        None => return None,
    };
    let (verdict, error, reason) = regimes(verdict, error, reason, prediction, effects);
    let values = &effects.mean.values;
    Some(Finding { verdict, error, effect: Some(i), seeds: values.len(), heavy_tail: heavy_tail(values), reason })
}

/// Whether one value alone might decide, so that all are waited for. Of many drawn ones some always lie far out.
fn waits(series: &Series) -> bool {
    series.sequence == Sequence::Scenarios && heavy_tail(&series.values)
}

/// How far the mean may still move in a forecast, in its standard errors.
const DRIFT: f64 = 2.0;

/// Whether a claim that is open may be decided by the time that `furthest` values are there, were their spread to stay as it
/// is. It only foretells: to stop wherever one likes is what a confidence sequence allows.
pub fn within_reach(prediction: &Prediction, effects: &Effects, furthest: usize) -> bool {
    let (values, sequence) = (&effects.mean.values, effects.mean.sequence);
    let (is_last, waits) = (furthest == sequence.last(), waits(&effects.mean));
    if prediction.each || waits || furthest <= values.len() {
        return furthest > values.len() && (is_last || !waits);
    }
    let spread = standard_deviation(values).max(effects.mean.floor);
    let (now, then) = (values.len() as f64, furthest as f64);
    let drift = DRIFT * spread * (1.0 / now - 1.0 / then).sqrt();
    let (middle, half) = (effects.mean.interval(ALPHA).estimate, sequence.half_width(furthest, spread, ALPHA));
    [-1.0, -0.5, 0.0, 0.5, 1.0].into_iter().any(|part| {
        let estimate = middle + part * drift;
        let foreseen = Interval { estimate, low: estimate - half, high: estimate + half };
        one(prediction, foreseen, is_last).is_some()
    })
}

/// The finding on a claim whose next look is not taken: open, with what the look before said. A confidence sequence may be
/// left at any look.
pub fn broken_off(before: Option<&Effects>, reason: String) -> Finding {
    let values = before.map_or(&[][..], |effects| &effects.mean.values);
    Finding {
        verdict: Verdict::Inconclusive,
        error: None,
        effect: before.map(|effects| effects.mean.interval(ALPHA)),
        seeds: values.len(),
        heavy_tail: heavy_tail(values),
        reason,
    }
}

/// Whether the mean of these values lies above zero, by a confidence sequence at 5 %.
pub fn certainly_positive(series: &Series) -> bool {
    series.values.len() >= series.sequence.looks()[0] && series.interval(ALPHA).low > 0.0
}

/// A finding that says why a claim could not be tested.
pub fn invalid(reason: String) -> Finding {
    Finding { verdict: Verdict::Invalid, error: None, effect: None, seeds: 0, heavy_tail: false, reason }
}

type Ruling = (Verdict, Option<ErrorKind>, String);

/// Rules on the mean over the scope.
fn one(prediction: &Prediction, i: Interval, last: bool) -> Option<Ruling> {
    let magnitude = Some(ErrorKind::Magnitude);
    let (verdict, error, reason) = match prediction.relation {
        Relation::AtLeast(delta) => {
            let too_large = prediction.at_most.is_some_and(|most| i.low > most);
            // Nothing of that size: either the interval is narrow enough to say so, or there will be no narrower one.
            let small = i.high < delta && (i.high - i.low <= delta || last);
            if too_large {
                (Verdict::PartiallyConfirmed, magnitude, "the right sign, larger than claimed")
            } else if i.low >= delta && (prediction.at_most.is_none_or(|most| i.high <= most) || last) {
                (Verdict::Confirmed, None, "the whole interval reaches the claim")
            } else if i.high < 0.0 {
                (Verdict::Refuted, Some(ErrorKind::Direction), "the effect has the other sign")
            } else if i.low > 0.0 && i.high < delta {
                (Verdict::PartiallyConfirmed, magnitude, "the right sign, smaller than claimed")
            } else if small {
                (Verdict::Refuted, magnitude, "nothing of the claimed size; the sign is open")
            } else {
                return None;
            }
        }
        Relation::Within(e) if i.low >= -e && i.high <= e => (Verdict::Confirmed, None, "no difference that matters"),
        Relation::Within(e) if i.high < -e || i.low > e => {
            (Verdict::Refuted, magnitude, "a difference where none should be")
        }
        Relation::Within(_) => return None,
    };
    Some((verdict, error, reason.into()))
}

/// Rules on each scenario of the scope: all must hold (each at 5 %, since all together are then wrong less often), and one
/// that fails refutes (each at 5 % divided by their number).
fn every(relation: Relation, scenarios: &[(String, Series)]) -> Option<Ruling> {
    let shared = ALPHA / scenarios.len().max(1) as f64;
    let at = Series::interval;
    let holds = |i: Interval| match relation {
        Relation::AtLeast(delta) => i.low >= delta,
        Relation::Within(e) => i.low >= -e && i.high <= e,
    };
    let fails = |i: Interval| match relation {
        Relation::AtLeast(delta) => i.high < delta,
        Relation::Within(e) => i.high < -e || i.low > e,
    };
    if scenarios.iter().all(|(_, series)| holds(at(series, ALPHA))) {
        return Some((Verdict::Confirmed, None, "it holds in each scenario".into()));
    }
    let failing = scenarios.iter().find(|(_, series)| fails(at(series, shared)));
    failing.map(|(name, _)| (Verdict::Refuted, Some(ErrorKind::Regime), format!("it does not hold in {name}")))
}

/// Names the scenarios that contradict a verdict on the mean: then the claim was wrong about where it holds.
fn regimes(
    verdict: Verdict,
    error: Option<ErrorKind>,
    reason: String,
    prediction: &Prediction,
    effects: &Effects,
) -> Ruling {
    let Relation::AtLeast(delta) = prediction.relation else { return (verdict, error, reason) };
    if prediction.each || effects.scenarios.len() < 2 {
        return (verdict, error, reason);
    }
    let alpha = ALPHA / effects.scenarios.len() as f64;
    let named = |test: &dyn Fn(Interval) -> bool| {
        let hit = |(_, series): &&(String, Series)| test(series.interval(alpha));
        effects.scenarios.iter().filter(hit).map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
    };
    let (worse, reached) = (named(&|i| i.high < 0.0), named(&|i| i.low >= delta));
    match verdict {
        Verdict::Confirmed if !worse.is_empty() => (
            Verdict::PartiallyConfirmed,
            Some(ErrorKind::Regime),
            format!("it holds in the mean, and the other way round in {worse}"),
        ),
        Verdict::Refuted if !reached.is_empty() => {
            (Verdict::Refuted, Some(ErrorKind::Regime), format!("{reason}; it holds in {reached}"))
        }
        _ => (verdict, error, reason),
    }
}

/// Whether the largest distance from the median exceeds eight median absolute deviations, at eight values or more.
fn heavy_tail(values: &[f64]) -> bool {
    let Some(middle) = upper_median(values).filter(|_| values.len() >= 8) else { return false };
    let distances: Vec<f64> = values.iter().map(|value| (value - middle).abs()).collect();
    let typical = upper_median(&distances);
    typical.is_some_and(|typical| distances.iter().any(|distance| *distance > 8.0 * typical))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::Side;

    fn claim(relation: Relation) -> Prediction {
        Prediction {
            metric: "improvement".into(),
            against: vec![Side::Reference],
            scope: vec![],
            relation,
            at_most: None,
            each: false,
            confidence: 0.5,
            interval: None,
        }
    }

    fn series(mean: f64, spread: f64, n: usize) -> Series {
        let values = (0..n).map(|k| mean + if k % 2 == 0 { spread } else { -spread }).collect();
        Series { values, floor: 0.0, sequence: Sequence::Scenarios }
    }

    fn effects(mean: Series) -> Effects {
        Effects { mean, scenarios: vec![] }
    }

    fn ruling(relation: Relation, mean: f64, spread: f64, n: usize) -> Option<(Verdict, Option<ErrorKind>)> {
        let finding = judge(&claim(relation), &effects(series(mean, spread, n)), n == Sequence::Scenarios.last());
        finding.map(|finding| (finding.verdict, finding.error))
    }

    #[test]
    fn a_claim_of_at_least_is_decided_by_where_the_interval_lies() {
        let (claim, magnitude) = (Relation::AtLeast(0.02), Some(ErrorKind::Magnitude));
        assert_eq!(ruling(claim, 0.03, 0.001, 6), Some((Verdict::Confirmed, None)));
        assert_eq!(ruling(claim, -0.03, 0.001, 6), Some((Verdict::Refuted, Some(ErrorKind::Direction))));
        assert_eq!(ruling(claim, 0.01, 0.001, 6), Some((Verdict::PartiallyConfirmed, magnitude)));
        assert_eq!(ruling(claim, 0.001, 0.002, 6), Some((Verdict::Refuted, magnitude)));
        assert_eq!(ruling(claim, 0.02, 0.01, 6), None, "the next look may say");
        assert_eq!(ruling(claim, 0.02, 0.01, 20), Some((Verdict::Inconclusive, None)));
    }

    #[test]
    fn what_lies_as_far_from_the_claim_as_a_later_interval_is_wide_is_within_reach() {
        let reach = |mean| within_reach(&claim(Relation::AtLeast(0.02)), &effects(series(mean, 0.01, 6)), 10);
        // Ten values of this spread have an interval of 0.015 to each side, and the mean may move by 0.006.
        assert!(reach(0.041) && reach(0.03) && reach(-0.011), "far enough above, far enough below");
        assert!(!reach(0.02) && !reach(0.012), "too close to the claim to be told from it");
        assert!(!within_reach(&claim(Relation::AtLeast(0.02)), &effects(series(0.5, 0.01, 6)), 6), "no further look");
    }

    #[test]
    fn a_control_is_confirmed_inside_refuted_outside_and_else_open() {
        let claim = Relation::Within(0.01);
        assert_eq!(ruling(claim, 0.001, 0.001, 6).map(|r| r.0), Some(Verdict::Confirmed));
        assert_eq!(ruling(claim, 0.03, 0.001, 6).map(|r| r.0), Some(Verdict::Refuted));
        assert_eq!(ruling(claim, -0.03, 0.001, 6).map(|r| r.0), Some(Verdict::Refuted));
        assert_eq!(ruling(claim, 0.01, 0.005, 20).map(|r| r.0), Some(Verdict::Inconclusive));
    }

    #[test]
    fn an_effect_beyond_what_was_claimed_is_a_wrong_magnitude() {
        let claim = Prediction { at_most: Some(0.05), ..claim(Relation::AtLeast(0.02)) };
        let finding = judge(&claim, &effects(series(0.08, 0.001, 6)), false).unwrap();
        assert_eq!((finding.verdict, finding.error), (Verdict::PartiallyConfirmed, Some(ErrorKind::Magnitude)));
    }

    fn scenarios(means: &[f64]) -> Effects {
        let named = |(at, mean): (usize, &f64)| (format!("s{at}"), series(*mean, 0.001, 8));
        let mean = means.iter().sum::<f64>() / means.len() as f64;
        Effects { mean: series(mean, 0.001, 8), scenarios: means.iter().enumerate().map(named).collect() }
    }

    #[test]
    fn a_mean_that_hides_a_scenario_of_the_other_sign_is_a_wrong_regime_that_names_it() {
        let finding = judge(&claim(Relation::AtLeast(0.02)), &scenarios(&[0.1, 0.1, -0.05]), false).unwrap();
        assert_eq!((finding.verdict, finding.error), (Verdict::PartiallyConfirmed, Some(ErrorKind::Regime)));
        assert!(finding.reason.contains("s2"), "{}", finding.reason);
        let finding = judge(&claim(Relation::AtLeast(0.02)), &scenarios(&[-0.1, 0.04, -0.05]), false).unwrap();
        assert_eq!((finding.verdict, finding.error), (Verdict::Refuted, Some(ErrorKind::Regime)));
        assert!(finding.reason.contains("s1") && !finding.reason.contains("s2"), "{}", finding.reason);
    }

    #[test]
    fn a_claim_about_each_scenario_falls_with_one_of_them() {
        let claim = Prediction { each: true, ..claim(Relation::AtLeast(0.02)) };
        let verdict = |means: &[f64]| judge(&claim, &scenarios(means), false).map(|finding| finding.verdict);
        assert_eq!(verdict(&[0.1, 0.05, 0.03]), Some(Verdict::Confirmed));
        assert_eq!(verdict(&[0.1, 0.05, 0.01]), Some(Verdict::Refuted));
        assert_eq!(verdict(&[0.1, 0.05, 0.02]), None);
    }

    #[test]
    fn a_heavy_tail_is_said_and_waits_for_the_last_look() {
        let mut mean = series(0.03, 0.001, 20);
        mean.values[7] = 0.3;
        assert_eq!(judge(&claim(Relation::AtLeast(0.001)), &effects(mean.clone()), false), None);
        assert!(judge(&claim(Relation::AtLeast(0.001)), &effects(mean), true).unwrap().heavy_tail);
    }
}
