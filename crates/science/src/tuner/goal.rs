//! What a point is worth while constants are tuned: its net saving, less what it violates.
//!
//! A guard that is merely checked would leave a cliff beside the best points, since these lie on the guards. So each excess
//! costs five times its size, and the process sees a ridge instead.

use crate::champion::guarded;
use crate::experiment::{Guard, GuardMetric, Objective};
use crate::objective::{COMPARABLE, Measurement, Score, Yardsticks};

/// What an excess costs, in net saving for each unit of it.
pub const PRICE: f64 = 5.0;
/// A saving beyond these is carried over from too far off to be compared by size.
const FARTHEST: f64 = 1.0;

/// What a point is worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Worth {
    /// Cost saved against the reference at equal improvement, a fraction.
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

/// What a measured point is worth. It is to improve as much as the reference does, since the champion has to, and to keep
/// each guard of the objective.
pub fn worth(measured: &Measurement, score: &Score, yardsticks: &Yardsticks, objective: &Objective) -> Worth {
    let beyond = measured.y() - yardsticks.reference.y();
    let mut excess = (-beyond).max(0.0) + (beyond.abs() - COMPARABLE).max(0.0);
    // One protected request in a thousand trials is as bad as giving up a workload.
    excess += (score.protected_rejections as f64).min(1.0);
    for guard in &objective.constraints {
        // How long the description is does hardly depend on the values of constants.
        if guard.metric == GuardMetric::DescriptionLength {
            continue;
        }
        let (value, _) = guarded(guard.metric, score, 0);
        let above = guard.at_most.map_or(0.0, |bound| value - bound).max(0.0);
        let below = guard.at_least.map_or(0.0, |bound| bound - value).max(0.0);
        excess += (above + below + drawn_excess(guard, score)) * unit(guard.metric);
    }
    let saving = yardsticks.saving_at_a_distance(measured).clamp(-FARTHEST, FARTHEST);
    Worth { saving, penalty: PRICE * excess }
}

/// How far the drawn workload that must still keep the regret guard is beyond it, points.
fn drawn_excess(guard: &Guard, score: &Score) -> f64 {
    let (Some(bound), Some(panels)) = (guard.drawn(), &score.panels) else { return 0.0 };
    (panels.drawn.regret_of_most() - bound).max(0.0)
}

/// One unit of a metric as a fraction.
fn unit(metric: GuardMetric) -> f64 {
    match metric {
        GuardMetric::Regret
        | GuardMetric::Loss
        | GuardMetric::Shortfall
        | GuardMetric::DrawnRegret
        | GuardMetric::DrawnGain => 0.01,
        GuardMetric::Improvement
        | GuardMetric::ExtraShedWork
        | GuardMetric::ExtraShedRate
        | GuardMetric::ThroughputLoss
        | GuardMetric::WorkRatio
        | GuardMetric::RateRatio
        | GuardMetric::DescriptionLength => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, cell};
    use crate::objective::{PanelScore, Panels, score};

    fn measured(rows: [(f64, f64); 2]) -> Measurement {
        Measurement { cells: rows.map(|(y, x)| vec![cell(y, x); 3]).to_vec() }
    }

    fn yardsticks() -> Yardsticks {
        fixture::yardsticks(measured([(0.2, 0.4), (0.3, 0.4)]))
    }

    fn worth_of(measured: &Measurement) -> Worth {
        let yardsticks = yardsticks();
        let guard = Guard { metric: GuardMetric::Regret, at_most: Some(5.0), at_least: None };
        let objective = fixture::experiment(vec![guard]).objective;
        let score = score(measured, &yardsticks, &["a".into(), "b".into()]);
        worth(measured, &score, &yardsticks, &objective)
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
        let guard = Guard { metric: GuardMetric::Regret, at_most: Some(5.0), at_least: None };
        let measured = measured([(0.2, 0.3), (0.3, 0.3)]);
        let excess = |regrets: Vec<f64>| {
            let drawn = PanelScore {
                improvement: 0.2,
                against_reference: 0.0,
                extra_shed_work: 0.3,
                work_ratio: None,
                rate_ratio: None,
                net_saving: None,
                works: vec![0.3; regrets.len()],
                regrets,
            };
            let mut score = score(&measured, &yardsticks(), &["a".into(), "b".into()]);
            score.panels = Some(Panels { study: drawn.clone(), drawn });
            drawn_excess(&guard, &score)
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
