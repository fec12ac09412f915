//! What a point is worth while constants are tuned: what it saves, less what it violates.
//!
//! A guard that is merely checked would leave a cliff beside the best points, since these lie on the guards. So each excess
//! costs five times its size, and the process sees a ridge instead.

use crate::champion::Bounded;
use crate::experiment::Experiment;
use crate::objective::{Measurement, Score, Yardsticks};
use crate::spec::Spec;

/// What an excess costs, in worth for each unit of it.
pub const PRICE: f64 = 5.0;
/// A saving beyond these is carried over from too far off to be compared by size.
const FARTHEST: f64 = 1.0;

/// What a point is worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Worth {
    /// What it is worth by the aim, however far its gain lies from the reference's.
    pub saving: f64,
    /// What it violates, in the same unit; zero for what could become champion.
    pub penalty: f64,
}

impl Worth {
    /// A point at which nothing could be measured: worse than all that can.
    pub const NOTHING: Worth = Worth { saving: -FARTHEST, penalty: 2.0 * PRICE };

    /// The one number that is made as large as possible.
    pub fn value(self) -> f64 {
        (self.saving - self.penalty).max(Worth::NOTHING.saving - Worth::NOTHING.penalty)
    }
}

/// What a measured point is worth. Where cost is saved it is to gain as much as the reference does, since the champion has to;
/// and it is to keep each guard of the objective.
pub fn worth(
    measured: &Measurement,
    score: &Score,
    yardsticks: &Yardsticks,
    (experiment, spec): (&Experiment, &Spec),
) -> Worth {
    let beyond = measured.gain() - yardsticks.reference.gain();
    let mut excess = match spec.aim.comparable() {
        Some(comparable) => (-beyond).max(0.0) + (beyond.abs() - comparable).max(0.0),
        None => 0.0,
    };
    // One thing that must never be done in a thousand trials is as bad as giving up a workload.
    excess += (score.violations as f64).min(1.0);
    for guard in &experiment.objective.constraints {
        // How long the description is does hardly depend on the values of constants.
        let Some(bounded) = spec.bounded(&guard.metric).filter(|bounded| *bounded != Bounded::DescriptionLength) else {
            continue;
        };
        let value = bounded.value(score, 0);
        let above = guard.at_most.map_or(0.0, |bound| value - bound).max(0.0);
        let below = guard.at_least.map_or(0.0, |bound| bound - value).max(0.0);
        excess += (above + below + drawn_excess(experiment.drawn_bound(guard), score)) * bounded.unit();
    }
    let saving = yardsticks.worth_at_a_distance(measured, &spec.aim).clamp(-FARTHEST, FARTHEST);
    Worth { saving, penalty: PRICE * excess }
}

/// How far the drawn workload that must still keep the regret guard is beyond it, points.
fn drawn_excess(bound: Option<f64>, score: &Score) -> f64 {
    let (Some(bound), Some(panels)) = (bound, &score.panels) else { return 0.0 };
    (panels.drawn.regret_of_most() - bound).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Claim, Guard};
    use crate::fixture::{self, cell};
    use crate::objective::{Figures, PanelScore, Panels, Scoring};

    fn measured(rows: [(f64, f64); 2]) -> Measurement {
        fixture::measured(rows.map(|(gain, cost)| vec![cell(gain, cost); 3]).to_vec())
    }

    fn yardsticks() -> Yardsticks {
        fixture::yardsticks(measured([(0.2, 0.4), (0.3, 0.4)]))
    }

    fn score(measured: &Measurement) -> Score {
        let (yardsticks, names) = (yardsticks(), ["a".into(), "b".into()]);
        Scoring { yardsticks: &yardsticks, names: &names, spec: &fixture::spec() }.score(measured)
    }

    fn worth_of(measured: &Measurement) -> Worth {
        let yardsticks = yardsticks();
        let guard = Guard { metric: "regret".into(), at_most: Some(5.0), at_least: None };
        worth(measured, &score(measured), &yardsticks, (&fixture::experiment(vec![guard]), &fixture::spec()))
    }

    #[test]
    fn what_keeps_every_guard_is_worth_its_net_saving() {
        let worth = worth_of(&measured([(0.2, 0.3), (0.3, 0.3)]));
        assert!((worth.saving - 0.25).abs() < 1e-12);
        assert!(worth.penalty < 1e-12);
    }

    #[test]
    fn a_point_of_regret_beyond_the_guard_costs_five_percent() {
        let at = |loss: f64| worth_of(&measured([(0.2 - loss, 0.3), (0.3 + loss, 0.3)])).value();
        assert!((at(0.05) - at(0.06) - 0.05).abs() < 1e-9);
        assert!((at(0.03) - at(0.05)).abs() < 1e-9, "within the guard it costs nothing");
    }

    #[test]
    fn improving_less_than_the_reference_costs_more_than_it_saves() {
        // One point less improvement for 5 % less cost: what the reference's own scale trades.
        let less = worth_of(&measured([(0.19, 0.38), (0.29, 0.38)]));
        assert!(less.value() < worth_of(&measured([(0.2, 0.4), (0.3, 0.4)])).value() - 0.04, "{less:?}");
    }

    #[test]
    fn one_drawn_workload_in_ten_may_lose_more_than_the_guard_and_the_next_one_costs() {
        let guard = Guard { metric: "regret".into(), at_most: Some(5.0), at_least: None };
        let mut experiment = fixture::experiment(vec![]);
        experiment.claim = Claim { regret: Some(5.0), ..Claim::default() };
        let measured = measured([(0.2, 0.3), (0.3, 0.3)]);
        let excess = |regrets: Vec<f64>| {
            let drawn = PanelScore {
                improvement: 0.2,
                against_reference: 0.0,
                cost: 0.3,
                cost_ratio: None,
                figures: Figures::new(),
                worth: None,
                costs: vec![0.3; regrets.len()],
                regrets,
            };
            let mut score = score(&measured);
            score.panels = Some(Panels { study: drawn.clone(), drawn });
            drawn_excess(experiment.drawn_bound(&guard), &score)
        };
        let with = |worst: &[f64]| worst.iter().copied().chain(vec![0.0; 20 - worst.len()]).collect::<Vec<f64>>();
        assert_eq!(excess(with(&[90.0, 90.0])), 0.0);
        assert_eq!(excess(with(&[90.0, 7.0, 90.0])), 2.0);
    }

    #[test]
    fn whatever_can_be_measured_beats_what_cannot() {
        let awful = worth_of(&measured([(-0.3, 0.9), (-0.3, 0.9)]));
        assert!(awful.value() > Worth::NOTHING.value(), "{awful:?}");
    }
}
