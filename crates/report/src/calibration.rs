//! How well stated confidences foretold verdicts.

use science::bundle::Bundle;
use science::judge::{ErrorKind, Verdict};
use science::state::State;
use serde::Serialize;

/// Below this many decided claims a score says little about whoever stated the confidences.
pub(crate) const ENOUGH: usize = 10;

/// Stated confidences against what became of the claims.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Calibration {
    /// Claims that were decided: confirmed (they held), partially confirmed or refuted (as stated, they did not).
    pub(crate) decided: usize,
    /// Mean of the stated confidences of decided claims.
    pub(crate) mean_confidence: Option<f64>,
    /// Share of decided claims that held.
    pub(crate) base_rate: Option<f64>,
    /// Mean squared distance of confidence and what came; 0 is perfect.
    pub(crate) brier: Option<f64>,
    /// The same for whoever had stated the base rate each time, which takes hindsight.
    pub(crate) base_rate_brier: Option<f64>,
    /// Claims with a stated 80 % interval whose effect was measured.
    pub(crate) intervals: usize,
    /// Those of them whose interval held the measured effect.
    pub(crate) intervals_inside: usize,
    /// Share of the judged claims, invalid ones aside, that stayed open.
    pub(crate) inconclusive_share: Option<f64>,
    /// Verdicts by kind.
    pub(crate) verdicts: Verdicts,
    /// Wrong predictions by kind.
    pub(crate) errors: Errors,
}

/// Counts of verdicts.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Verdicts {
    pub(crate) confirmed: usize,
    pub(crate) partially_confirmed: usize,
    pub(crate) refuted: usize,
    pub(crate) inconclusive: usize,
    pub(crate) invalid: usize,
    /// Arms that an earlier verdict made pointless.
    pub(crate) skipped: usize,
}

/// Counts of the ways in which predictions were wrong.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Errors {
    pub(crate) direction: usize,
    pub(crate) magnitude: usize,
    pub(crate) regime: usize,
}

/// Counts verdicts and scores the confidences of decided claims.
pub(crate) fn calibration(state: &State) -> Calibration {
    let mut result = Calibration::default();
    let mut decided: Vec<(f64, bool)> = Vec::new();
    for iteration in &state.iterations {
        let arms = iteration.bundle.iter().flat_map(|Bundle { arms, .. }| arms);
        for (arm, record) in arms.zip(&iteration.arms) {
            result.verdicts.skipped += usize::from(record.skipped.is_some());
            let Some(finding) = &record.finding else { continue };
            result.count(finding.verdict, finding.error);
            result.cover(arm.prediction.interval, finding.effect.map(|effect| effect.estimate));
            match finding.verdict {
                Verdict::Confirmed => decided.push((arm.prediction.confidence, true)),
                Verdict::PartiallyConfirmed | Verdict::Refuted => decided.push((arm.prediction.confidence, false)),
                Verdict::Inconclusive | Verdict::Invalid => {}
            }
        }
    }
    result.score(&decided);
    let judged = result.decided + result.verdicts.inconclusive;
    result.inconclusive_share = (judged > 0).then(|| result.verdicts.inconclusive as f64 / judged as f64);
    result
}

impl Calibration {
    fn count(&mut self, verdict: Verdict, error: Option<ErrorKind>) {
        *match verdict {
            Verdict::Confirmed => &mut self.verdicts.confirmed,
            Verdict::PartiallyConfirmed => &mut self.verdicts.partially_confirmed,
            Verdict::Refuted => &mut self.verdicts.refuted,
            Verdict::Inconclusive => &mut self.verdicts.inconclusive,
            Verdict::Invalid => &mut self.verdicts.invalid,
        } += 1;
        match error {
            Some(ErrorKind::Direction) => self.errors.direction += 1,
            Some(ErrorKind::Magnitude) => self.errors.magnitude += 1,
            Some(ErrorKind::Regime) => self.errors.regime += 1,
            None => {}
        }
    }

    fn cover(&mut self, interval: Option<[f64; 2]>, effect: Option<f64>) {
        if let (Some([low, high]), Some(effect)) = (interval, effect) {
            self.intervals += 1;
            self.intervals_inside += usize::from((low..=high).contains(&effect));
        }
    }

    fn score(&mut self, decided: &[(f64, bool)]) {
        self.decided = decided.len();
        if decided.is_empty() {
            return;
        }
        let n = decided.len() as f64;
        let held = |held: bool| f64::from(u8::from(held));
        let rate = decided.iter().map(|(_, h)| held(*h)).sum::<f64>() / n;
        self.mean_confidence = Some(decided.iter().map(|(p, _)| p).sum::<f64>() / n);
        self.base_rate = Some(rate);
        self.brier = Some(decided.iter().map(|(p, h)| (p - held(*h)).powi(2)).sum::<f64>() / n);
        self.base_rate_brier = Some(rate * (1.0 - rate));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn always_saying_the_base_rate_scores_the_base_rates_brier() {
        let mut calibration = Calibration::default();
        calibration.score(&[(0.5, true), (0.5, false)]);
        assert_eq!((calibration.brier, calibration.base_rate_brier), (Some(0.25), Some(0.25)));
    }

    #[test]
    fn an_interval_covers_its_ends_and_counts_only_where_there_is_an_effect() {
        let mut calibration = Calibration::default();
        calibration.cover(Some([-0.01, 0.02]), Some(0.02));
        calibration.cover(Some([-0.01, 0.02]), Some(0.021));
        calibration.cover(Some([-0.01, 0.02]), None);
        calibration.cover(None, Some(0.02));
        assert_eq!((calibration.intervals, calibration.intervals_inside), (2, 1));
    }

    #[test]
    fn being_sure_and_right_is_perfect_and_nothing_decided_has_no_score() {
        let mut calibration = Calibration::default();
        calibration.score(&[]);
        assert_eq!(calibration.brier, None);
        calibration.score(&[(1.0, true), (0.0, false)]);
        assert_eq!(calibration.brier, Some(0.0));
    }
}
