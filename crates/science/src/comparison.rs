//! What searches without agents find with as many evaluations: a campaign that has ended beside them.
//!
//! An evaluation is one point measured where its scale is set, whoever asks for it: candidates, points of tuning, changes that
//! were tried on the champion, points of audits. Trials of verdicts and finals buy other searches none. They find nothing:
//! they say which claims hold and which finalist is taken, and a search claims nothing and takes its best. How many
//! evaluations as much work would have been is recorded beside it, and what more of them bring can be read from the curves.

mod course;
mod summary;

pub use course::course;
pub use summary::{Line, Mean, Summary};

use crate::champion;
use crate::experiment::Experiment;
use crate::objective::{Measurement, Scoring};
use crate::seal::{Estimate, Look};
use crate::space::Point;
use crate::state::{CandidateRecord, State};
use crate::tuner::goal::{self, Worth};
use serde::{Deserialize, Serialize};

/// A campaign beside searches of as many evaluations, on its own search panel and under the seal of its first look.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The campaign's id.
    pub campaign: String,
    /// What the campaign spent, and each search may.
    pub spent: Spent,
    /// What the campaign found. Under the seal that is its champion.
    pub found: Found,
    /// What searches found: for each method one for each key.
    pub searches: Vec<Search>,
}

/// What a campaign spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// Evaluations: candidates, points of tuning, changes that were tried on the champion.
    pub evaluations: u32,
    /// Points of audits that ran, which are evaluations as well.
    pub audited: u32,
    /// What the trials of verdicts and finals would have been, in evaluations of the mean search. No search has them.
    pub elsewhere: u32,
}

/// How points are chosen without agents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Drawn from the declared space.
    Random,
    /// The constants of the point where the campaign began are tuned, and nothing else changes.
    Tuning,
    /// A tree-structured Parzen estimator over all dimensions (Bergstra et al., 2011).
    Tpe,
}

/// One search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Search {
    /// How it chose.
    pub method: Method,
    /// The number of its key, from 0.
    pub repeat: u32,
    /// What it found.
    pub found: Found,
}

/// What a search found: of its admissible points the one that is worth most, if that is more than the reference.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// What it is worth on the search panel; none if nothing was found, and the reference stays.
    pub search: Option<f64>,
    /// What it is worth under the seal; none if nothing was found, or nothing that compares there.
    pub sealed: Option<f64>,
    /// Whether it beats the reference by every test of the seal.
    pub beats: bool,
    /// When it was found: every evaluation that was better than all before it.
    pub curve: Vec<Step>,
}

/// A point that was better than all before it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The number of the evaluation, from 1.
    pub evaluation: u32,
    /// What the point is worth on the search panel.
    pub worth: f64,
}

impl Spent {
    /// The evaluations of each search.
    pub fn total(self) -> usize {
        (self.evaluations + self.audited) as usize
    }
}

impl Method {
    /// All of them.
    pub const ALL: [Method; 3] = [Method::Random, Method::Tuning, Method::Tpe];

    /// Its name for a person.
    pub fn words(self) -> &'static str {
        match self {
            Method::Random => "random points",
            Method::Tuning => "tuning alone",
            Method::Tpe => "TPE",
        }
    }
}

impl Found {
    /// What evaluations found on the search panel, each with what its point is worth; none of what is not admissible.
    pub fn of(worths: impl IntoIterator<Item = Option<f64>>) -> Self {
        let mut curve: Vec<Step> = Vec::new();
        for (evaluation, worth) in (1..).zip(worths) {
            let best = curve.last().map_or(0.0, |step| step.worth);
            curve.extend(worth.filter(|worth| *worth > best).map(|worth| Step { evaluation, worth }));
        }
        Found { search: curve.last().map(|step| step.worth), curve, ..Found::default() }
    }

    /// What the best of the first `evaluations` is worth; 0 where they found nothing, since the reference stays.
    pub fn after(&self, evaluations: u32) -> f64 {
        self.curve.iter().rev().find(|step| step.evaluation <= evaluations).map_or(0.0, |step| step.worth)
    }
}

/// A point of the declared space and what it is worth.
#[derive(Clone, Debug)]
pub struct Scored {
    /// The point.
    pub point: Point,
    /// The value of its scale at which it was scored, where it has one.
    pub scale: Option<f64>,
    /// What it is worth, if it could be champion. The length of a source for it is left out of account: a point is none.
    pub admissible: Option<f64>,
    /// What it is worth less what it violates: what a search makes as large as possible.
    pub value: f64,
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
        let Some(measured) = measured else {
            return Scored { point, scale, admissible: None, value: Worth::NOTHING.value() };
        };
        let score = scoring.score(measured);
        let value = goal::worth(measured, &score, scoring.yardsticks, against).value();
        let admissible = score.worth.filter(|_| champion::objections(&score, 0, None, against).is_empty());
        Scored { point, scale, admissible, value }
    }
}

/// What a campaign took and found, next to which another one of the same agents stands: a loop beside independent drafts, or the reverse.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Beside {
    /// The campaign.
    pub campaign: String,
    /// Whether its drafts saw nothing of each other.
    pub independent: bool,
    /// Replies of models.
    pub calls: u32,
    /// Candidates that were written, those of them that were scored, and those that keep every guard.
    pub candidates: [usize; 3],
    /// What the best admissible one is worth on the search panel.
    pub found: Option<f64>,
    /// What it is worth under the seal, at its first look.
    pub sealed: Option<Estimate>,
}

impl Beside {
    /// Of a campaign as far as it has come.
    pub fn of(campaign: String, state: &State, first: Option<&Look>) -> Self {
        let count = |counts: fn(&CandidateRecord) -> bool| state.candidates.values().filter(|own| counts(own)).count();
        let champion = state.champion().map(|champion| &state.candidates[&champion.id]);
        Beside {
            campaign,
            independent: state.is_independent(),
            calls: state.work.iter().map(|(_, work)| work.calls).sum(),
            candidates: [count(|_| true), count(|own| own.score.is_some()), count(|own| own.admissible)],
            found: champion.and_then(|own| own.score.as_ref()?.worth),
            sealed: first.map(|look| look.worth),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Guard;
    use crate::fixture::{self, cell};
    use crate::objective::Yardsticks;
    use crate::space::Value;

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

    fn scored(measured: Option<Measurement>) -> Scored {
        let point = Point::from([("half".to_owned(), Value::Number(0.5))]);
        let names = SCENARIOS.map(str::to_owned);
        let (yardsticks, spec) = (yardsticks(), fixture::spec());
        let scoring = Scoring { yardsticks: &yardsticks, names: &names, spec: &spec };
        Scored::new(point, None, measured.as_ref(), (scoring, &experiment()))
    }

    #[test]
    fn a_point_that_gives_up_a_workload_or_did_not_run_is_not_found_whatever_it_saves() {
        let mut uneven = measurement(0.26, 0.2);
        uneven.cells[0].iter_mut().for_each(|cell| cell.gain = 0.15);
        uneven.cells[1].iter_mut().for_each(|cell| cell.gain = 0.37);
        let [saves, uneven, nothing] = [Some(measurement(0.252, 0.38)), Some(uneven), None].map(scored);
        assert!(saves.admissible.is_some_and(|worth| worth > 0.0), "{saves:?}");
        assert_eq!([&uneven, &nothing].map(|point| point.admissible), [None, None]);
        assert!(nothing.value < uneven.value.min(saves.value));
    }

    #[test]
    fn a_search_finds_the_best_admissible_point_and_keeps_the_reference_where_none_is_worth_more() {
        let found = Found::of([None, Some(-0.2), Some(0.03), Some(0.01), None, Some(0.05), Some(0.05)]);
        let steps = [(3, 0.03), (6, 0.05)].map(|(evaluation, worth)| Step { evaluation, worth });
        assert_eq!((found.search, found.curve.as_slice()), (Some(0.05), steps.as_slice()));
        assert_eq!([0, 2, 3, 5, 6, 100].map(|n| found.after(n)), [0.0, 0.0, 0.03, 0.03, 0.05, 0.05]);
        assert_eq!(Found::of([None, Some(-0.01), Some(0.0)]), Found::default());
    }
}
