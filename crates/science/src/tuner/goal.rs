//! What a point is worth while constants are tuned: what it saves, less what it violates.
//!
//! A guard that is merely checked would leave a cliff beside the best points, since these lie on the guards. So each excess
//! costs five times its size, and the process sees a ridge instead.

use crate::champion::Bounded;
use crate::experiment::Experiment;
use crate::objective::{MAY_HARM, MAY_LOSE, MAY_LOSE_PAST, MOST_HARM, Measurement, Score, Yardsticks, of_most};
use crate::spec::{Aim, Spec};

/// What an excess costs, in worth for each unit of it.
pub const PRICE: f64 = 5.0;
/// The part of the regret bound, and the share of drawn workloads beyond it, that are aimed at: what is tuned to a bound on one
/// panel exceeds it on others.
const INSIDE: f64 = 0.8;
const INSIDE_DRAWN: f64 = 0.065;
/// The same of the drawn workloads with a past.
const INSIDE_PAST: f64 = INSIDE_DRAWN * MAY_LOSE_PAST / MAY_LOSE;
/// A bound of zero counts as one of this size.
const SMALLEST_BOUND: f64 = 1e-3;
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
    let short = match spec.aim.comparable() {
        Some(comparable) => (-beyond).max(0.0) + (beyond.abs() - comparable).max(0.0),
        None => 0.0,
    };
    let saving = yardsticks.worth_at_a_distance(measured, &spec.aim).clamp(-FARTHEST, FARTHEST);
    Worth { saving, penalty: PRICE * short + lack(score, (experiment, spec)) }
}

/// What a score lacks of the room to the guards that is aimed at, in worth.
pub fn lack(score: &Score, (experiment, spec): (&Experiment, &Spec)) -> f64 {
    // One thing that must never be done in a thousand trials is as bad as giving up a workload.
    let mut excess = (score.violations as f64).min(1.0);
    for guard in &experiment.objective.constraints {
        // How long the description is does hardly depend on the values of constants.
        let Some(bounded) = spec.bounded(&guard.metric).filter(|bounded| *bounded != Bounded::DescriptionLength) else {
            continue;
        };
        let value = bounded.value(score, 0);
        let inside = if bounded == Bounded::Regret { INSIDE } else { 1.0 };
        let above = guard.at_most.map_or(0.0, |bound| value - inside * bound).max(0.0);
        let below = guard.at_least.map_or(0.0, |bound| bound - value).max(0.0);
        let drawn = guard.at_most.map_or(0.0, |bound| drawn_excess(bounded, bound, score));
        let bounds = guard.at_most.into_iter().chain(guard.at_least);
        excess += (above + below + drawn) * unit(bounded, bounds.map(f64::abs).fold(0.0, f64::max), spec);
    }
    PRICE * excess
}

/// What one unit of an excess counts. Where cost is saved, worth is a share as figures are. Where it is gain, a figure is another
/// kind of thing, of any size: there as much again as the bound costs one log unit of gain.
fn unit(bounded: Bounded<'_>, bound: f64, spec: &Spec) -> f64 {
    match (bounded, &spec.aim) {
        (Bounded::Figure(_), Aim::Gain { .. }) => 1.0 / (PRICE * bound.max(SMALLEST_BOUND)),
        _ => bounded.unit(),
    }
}

/// How far drawn workloads are beyond what this guard allows them, points.
fn drawn_excess(bounded: Bounded<'_>, bound: f64, score: &Score) -> f64 {
    let Some(drawn) = score.panels.as_ref().map(|panels| &panels.drawn) else { return 0.0 };
    match bounded {
        Bounded::Regret => {
            let beyond = |regrets: &[f64], share: f64| (of_most(regrets, share) - bound).max(0.0);
            beyond(&drawn.regrets, INSIDE_DRAWN).max(beyond(&drawn.regrets_with_past, INSIDE_PAST))
        }
        Bounded::Loss => (of_most(&drawn.losses, MAY_HARM) - bound).max(0.0) + (drawn.loss() - MOST_HARM).max(0.0),
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Guard;
    use crate::fixture::{self, cell};
    use crate::objective::{PanelScore, Panels, Scoring};

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
    fn a_point_of_regret_beyond_what_is_aimed_at_costs_five_percent() {
        let at = |loss: f64| worth_of(&measured([(0.2 - loss, 0.3), (0.3 + loss, 0.3)])).penalty;
        assert!((at(0.06) - at(0.05) - 0.05).abs() < 1e-9);
        assert!(at(0.039) < 1e-9, "within four fifths of the guard it costs nothing");
        assert!((at(0.05) - 0.05).abs() < 1e-9);
    }

    #[test]
    fn improving_less_than_the_reference_costs_more_than_it_saves() {
        let less = worth_of(&measured([(0.19, 0.38), (0.29, 0.38)]));
        assert!(less.value() < worth_of(&measured([(0.2, 0.4), (0.3, 0.4)])).value() - 0.04, "{less:?}");
    }

    #[test]
    fn one_drawn_workload_in_sixteen_may_lose_more_than_the_guard_and_the_next_one_costs() {
        let excess = |bounded, values: &[f64]| {
            let all: Vec<f64> = values.iter().copied().chain(vec![0.0; 20 - values.len()]).collect();
            let drawn = PanelScore { regrets: all.clone(), losses: all, ..fixture::panel_score() };
            let mut score = score(&measured([(0.2, 0.3), (0.3, 0.3)]));
            score.panels = Some(Panels { study: fixture::panel_score(), drawn });
            drawn_excess(bounded, 5.0, &score)
        };
        assert_eq!(excess(Bounded::Regret, &[90.0]), 0.0);
        assert_eq!(excess(Bounded::Regret, &[90.0, 7.0]), 2.0);
        assert_eq!(excess(Bounded::Loss, &[9.0]), 4.0);
        assert_eq!(excess(Bounded::Loss, &[12.0]), 9.0);
    }

    #[test]
    fn whatever_can_be_measured_beats_what_cannot() {
        let awful = worth_of(&measured([(-0.3, 0.9), (-0.3, 0.9)]));
        assert!(awful.value() > Worth::NOTHING.value(), "{awful:?}");
    }
}
