//! What random search and tuning alone would have found: the yardsticks of a campaign that has ended.

use crate::champion::{self, Contender};
use crate::experiment::Experiment;
use crate::id::CandidateId;
use crate::objective::{Measurement, Score, Scoring};
pub use crate::resample::Spread;
use crate::space::Point;
use crate::state::State;
use crate::tuner::goal::{self, Worth};
use serde::{Deserialize, Serialize};

/// A campaign beside what others would have found with as much. Savings are worths; none means that
/// nothing admissible was found, or nothing whose improvement is near enough to the reference's to compare costs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Points of the declared space that were scored, on the campaign's search panel.
    pub pool: u32,
    /// How many of them are admissible.
    pub admissible: u32,
    /// What each search may spend: what the campaign spent.
    pub spent: Spent,
    /// What its champion saves on its search panel.
    pub champion: Option<f64>,
    /// What random search finds there.
    pub random: Spread,
    /// The share of random searches that find something at least as good as the champion; none without a champion.
    pub p: Option<f64>,
    /// Half random search, then tuning of the best: once for each key.
    pub tuned: Vec<Best>,
    /// Tuning of the reference's own constants; none where they have no place in the declared space.
    pub tune_only: Option<Best>,
    /// The same finalists on sealed workloads; none where the experiment draws none.
    pub sealed: Option<Sealed>,
}

/// What a campaign spent, in runs of one policy on its search panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// Candidates, and points at which constants were tuned.
    pub evaluations: u32,
    /// The trials at points at which constraints were audited.
    pub audited: u32,
    /// The trials of the finals.
    #[serde(default)]
    pub finals: u32,
    /// The trials of its verdicts, which other searches spend on candidates.
    pub verdicts: u32,
}

/// The best of a search.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Best {
    /// What the admissible point saves that would be champion.
    pub admissible: Option<f64>,
    /// The most that any point saves, whatever it violates.
    pub any: Option<f64>,
}

/// Finalists on workloads that nobody could know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sealed {
    /// What the campaign's champion saves there.
    pub champion: Option<f64>,
    /// What the finds of random searches save there.
    pub random: Spread,
    /// The share of random searches whose find is at least as good there as the champion; none without a champion.
    pub p: Option<f64>,
    /// Random searches whose find beats the reference by every test of the seal.
    pub beating: u32,
    /// What the finds of random search and tuning save there, once for each key.
    pub tuned: Vec<Option<f64>>,
    /// What the reference with tuned constants saves there.
    pub tune_only: Option<f64>,
}

impl Spent {
    /// What a campaign spent, everything counted. The yardsticks are not: other searches need them as well.
    pub fn of(state: &State) -> Self {
        let panel = state.yardsticks().reference.trials().max(1) as u32;
        let verdicts = state.verdict_trials().div_ceil(panel);
        let audited = (state.audit_trials() as u32).div_ceil(panel);
        let finals = state.finals.as_ref().map_or(0, |finals| finals.trials as u32).div_ceil(panel);
        Spent { evaluations: state.evaluations, audited, finals, verdicts }
    }

    /// All of it.
    pub fn total(self) -> usize {
        (self.evaluations + self.audited + self.finals + self.verdicts) as usize
    }
}

/// A point of the declared space and what it is worth.
#[derive(Clone, Debug)]
pub struct Scored {
    /// Names the point.
    pub id: CandidateId,
    /// The point.
    pub point: Point,
    /// The value of its scale at which it was scored, where it has one.
    pub scale: Option<f64>,
    /// Its score; none if it did not run.
    pub score: Option<Score>,
    /// Whether it could be champion. How many constants a source for it would have is left out of account: every drawn
    /// point uses every weighting, so that a bound on constants would refuse them all.
    pub admissible: bool,
    /// What a tuner makes as large as possible.
    pub worth: f64,
}

impl Scored {
    /// Scores a point by its measurement on the search panel; none measured means that it did not run.
    pub fn new(
        point: Point,
        scale: Option<f64>,
        measured: Option<&Measurement>,
        (scoring, experiment): (Scoring<'_>, &Experiment),
    ) -> Self {
        let against = (experiment, scoring.spec);
        let score = measured.map(|measured| scoring.score(measured));
        let worth = measured
            .zip(score.as_ref())
            .map_or(Worth::NOTHING, |(measured, score)| goal::worth(measured, score, scoring.yardsticks, against));
        Scored {
            id: CandidateId::of(&format!("{point:?}")),
            admissible: score.as_ref().is_some_and(|s| champion::objections(s, 0, None, against).is_empty()),
            worth: worth.value(),
            score,
            scale,
            point,
        }
    }

    /// What it saves; none where that cannot be compared.
    pub fn saving(&self) -> Option<f64> {
        self.score.as_ref()?.worth
    }
}

/// What would be champion if these were all candidates, in this order.
pub fn find<'a>(points: impl Iterator<Item = &'a Scored>) -> Option<&'a Scored> {
    let admissible: Vec<&Scored> = points.filter(|point| point.admissible).collect();
    let contender = |point: &&'a Scored| {
        let score = point.score.as_ref()?;
        Some(Contender { id: &point.id, score, description_length: 0, admissible: true })
    };
    let contenders: Vec<Contender<'_>> = admissible.iter().filter_map(contender).collect();
    let champion = champion::champion(&contenders)?;
    admissible.into_iter().find(|point| point.id == champion.id)
}

/// The most that any of these saves, whatever it violates.
pub fn most<'a>(points: impl Iterator<Item = &'a Scored>) -> Option<f64> {
    points.filter_map(Scored::saving).reduce(f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Guard;
    use crate::fixture::{self, cell};
    use crate::objective::Yardsticks;
    use crate::space::Value;
    use crate::state::{Finals, Iteration};

    const SCENARIOS: [&str; 2] = ["near", "far"];

    /// Both scenarios on three seeds.
    fn measurement(y: f64, x: f64) -> Measurement {
        fixture::measured(vec![vec![cell(y, x); 3]; 2])
    }

    fn yardsticks() -> Yardsticks {
        fixture::yardsticks(measurement(0.25, 0.4))
    }

    fn experiment() -> Experiment {
        let guard = |metric: &str| Guard { metric: metric.into(), at_most: Some(5.0), at_least: None };
        fixture::experiment(vec![guard("regret"), guard("description_length")])
    }

    fn scored(number: f64, measured: Option<Measurement>) -> Scored {
        let point = Point::from([("half".to_owned(), Value::Number(number))]);
        let names = SCENARIOS.map(str::to_owned);
        let (yardsticks, spec) = (yardsticks(), fixture::spec());
        let scoring = Scoring { yardsticks: &yardsticks, names: &names, spec: &spec };
        Scored::new(point, None, measured.as_ref(), (scoring, &experiment()))
    }

    #[test]
    fn a_search_finds_what_would_be_champion_and_nothing_that_gives_up_a_workload() {
        let mut uneven = measurement(0.26, 0.2);
        uneven.cells[0].iter_mut().for_each(|cell| cell.gain = 0.15);
        uneven.cells[1].iter_mut().for_each(|cell| cell.gain = 0.37);
        let points = [
            scored(0.1, Some(measurement(0.252, 0.38))),
            scored(0.2, Some(uneven)),
            scored(0.3, Some(measurement(0.251, 0.35))),
            scored(0.4, Some(measurement(0.24, 0.3))),
            scored(0.5, None),
        ];
        assert_eq!(points.each_ref().map(|point| point.admissible), [true, false, true, true, false]);
        let found = |points: &[Scored]| find(points.iter()).map(|point| point.point.clone());
        assert_eq!(found(&points[..3]), Some(points[2].point.clone()), "what saves most");
        assert_eq!(found(&points[3..]), Some(points[3].point.clone()));
        assert_eq!(found(&points[4..]), None);
        assert_eq!(most(points.iter()), points[1].saving(), "whatever it violates");
        assert!(points[4].worth < points.iter().take(4).map(|point| point.worth).fold(f64::INFINITY, f64::min));
    }

    #[test]
    fn everything_that_a_campaign_ran_is_counted_in_runs_on_its_panel() {
        let mut state = State::default();
        state.yardsticks = Some(yardsticks());
        (state.evaluations, state.audited) = (7, 3);
        // 13 trials of verdicts on a panel of 6 are begun runs.
        let iteration = |verdict_trials| Iteration { verdict_trials, ..Iteration::default() };
        state.iterations = vec![iteration(9), iteration(4)];
        state.finals = Some(Finals { finalists: vec![], trials: 24 });
        let spent = Spent::of(&state);
        assert_eq!(spent, Spent { evaluations: 7, audited: 3, finals: 4, verdicts: 3 });
        assert_eq!(spent.total(), 17);
    }
}
