//! What the experiment bounds and a shape decides, as bounds from above, and what to aim at so that they are kept elsewhere too.

use science::experiment::{Guard, GuardMetric};
use science::seal::SEEDS;
use science::state::State;

/// Student's t for a one-sided test at 5 % on as many seeds as are sealed.
const CERTAIN: f64 = 1.73;

/// Something that a guard bounds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guarded {
    pub(crate) what: What,
    /// What the experiment allows on the search panel.
    pub(crate) bound: f64,
    /// What the seeds, or workloads, that tell of it may be off: a standard deviation.
    pub(crate) luck: f64,
    /// What is aimed at, since it is to hold on seeds and workloads that nobody has seen.
    pub(crate) aim: f64,
}

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

/// The experiment's guards that a shape can be weighed by, where so many seeds tell of the study.
pub(crate) fn of(state: &State, seeds: f64) -> Vec<Guarded> {
    let drawn = state.yardsticks().drawn > 0;
    let objective = &state.opened().experiment.objective;
    let drawn_by_itself = objective.at_most(GuardMetric::DrawnRegret).is_some();
    let of = |guard: &Guard| match (guard.metric, guard.at_most, guard.at_least) {
        (GuardMetric::Regret, Some(most), _) => {
            let of_drawn = guard.drawn().filter(|_| drawn && !drawn_by_itself).map(|most| (What::DrawnRegret, most));
            [(What::Regret, most)].into_iter().chain(of_drawn).collect()
        }
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
    let guarded = |(what, bound): (What, f64)| {
        let (luck, sealed) = (what.luck(seeds), what.luck(SEEDS as f64));
        Guarded { what, bound, luck, aim: bound - what.margin() - luck.hypot(sealed) }
    };
    objective.constraints.iter().flat_map(of).map(guarded).collect()
}

impl What {
    /// What a mean is to keep from a bound for a test on sealed seeds to be certain of it.
    fn margin(self) -> f64 {
        match self {
            What::Regret | What::Shortfall | What::Work => CERTAIN * self.luck(SEEDS as f64),
            // Of a hundred workloads, six and not ten are to lose more: about so many points.
            What::DrawnRegret => 0.4,
            What::DrawnGain | What::DrawnShortfall => 0.0,
        }
    }

    /// What other seeds, or other workloads, make of it: a standard deviation, where so many seeds stand for the study. As it was
    /// seen of good policies of this family: on the study in the mean of twenty sealed looks.
    pub(crate) fn luck(self, seeds: f64) -> f64 {
        match self {
            What::Regret => 1.35 / seeds.sqrt(),
            What::Shortfall => 0.27 / seeds.sqrt(),
            What::Work => 0.029 / seeds.sqrt(),
            What::DrawnRegret => 0.7,
            What::DrawnGain | What::DrawnShortfall => 0.3,
        }
    }
}
