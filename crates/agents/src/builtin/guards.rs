//! What the experiment bounds and a shape decides, as bounds from above.

use science::experiment::{Guard, GuardMetric, REGRET};
use science::objective::Score;
use science::state::State;

/// What a guard is about; zero for the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// Points that the worst scenario of the study loses.
    Regret,
    /// Points that nine in ten of the drawn workloads lose at most.
    DrawnRegret,
    /// Points that the study's mean improvement falls short by.
    Shortfall,
    /// Points that the drawn workloads' mean improvement lies beyond the reference's.
    DrawnGain,
    /// Points that it falls short by.
    DrawnShortfall,
    /// Extra shed work on the study over the reference's, less 1.
    Work,
}

/// The experiment's guards that a shape can be weighed by, as bounds from above.
pub(crate) fn of(state: &State) -> Vec<(What, f64)> {
    let drawn = state.yardsticks().drawn > 0;
    let objective = &state.opened().experiment.objective;
    let drawn_by_itself = objective.at_most(GuardMetric::DrawnRegret).is_some();
    let of = |guard: &Guard| match (guard.metric, guard.at_most, guard.at_least) {
        (GuardMetric::Regret, Some(most), _) if drawn && !drawn_by_itself => {
            vec![(What::Regret, most), (What::DrawnRegret, most.max(REGRET))]
        }
        (GuardMetric::Regret, Some(most), _) => vec![(What::Regret, most)],
        (GuardMetric::Shortfall, Some(most), _) => vec![(What::Shortfall, most)],
        (GuardMetric::DrawnRegret, Some(most), _) if drawn => vec![(What::DrawnRegret, most)],
        (GuardMetric::DrawnGain, most, least) if drawn => {
            let (most, least) =
                (most.map(|most| (What::DrawnGain, most)), least.map(|least| (What::DrawnShortfall, -least)));
            most.into_iter().chain(least).collect()
        }
        (GuardMetric::WorkRatio, Some(most), _) => vec![(What::Work, most - 1.0)],
        _ => Vec::new(),
    };
    objective.constraints.iter().flat_map(of).collect()
}

impl What {
    /// What other seeds, or other workloads, make of it: a standard deviation, where so many search seeds stand for the study.
    /// As it was seen of good policies of this family.
    pub(crate) fn luck(self, seeds: f64) -> f64 {
        match self {
            What::Regret => 1.2 / seeds.sqrt(),
            What::Shortfall => 0.3 / seeds.sqrt(),
            What::Work => 0.018 / seeds.sqrt(),
            What::DrawnRegret => 0.5,
            What::DrawnGain | What::DrawnShortfall => 0.3,
        }
    }

    /// What a score says of it.
    pub(crate) fn value(self, score: &Score) -> f64 {
        match self {
            What::Regret => score.regret,
            What::DrawnRegret => score.panels.as_ref().map_or(0.0, |panels| panels.drawn.regret_of_most()),
            What::Shortfall => score.shortfall,
            What::DrawnGain => score.panels.as_ref().map_or(0.0, |panels| panels.drawn.against_reference),
            What::DrawnShortfall => -What::DrawnGain.value(score),
            What::Work => score.work_ratio.map_or(1.0, |ratio| ratio - 1.0),
        }
    }
}
