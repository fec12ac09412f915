//! The sealed look: whether a champion that is fixed beats the reference on seeds, and on workloads, that nobody could know before.
//!
//! On the study each test is one-sided at 5 % and at a fixed number of seeds, so Student's t holds; all of them must pass together, which
//! needs no correction. Differences are paired seed by seed, and none is a ratio of noisy numbers.

mod workloads;

use crate::objective::{Cell, Measurement};
use crate::stats::{mean, t_interval};
use serde::{Deserialize, Serialize};
pub use workloads::{Workloads, workloads};

/// Sealed seeds of each scenario.
pub const SEEDS: usize = 20;
/// Sealed workloads, where the experiment has a population.
pub const WORKLOADS: usize = 96;
/// Extra shed work may be at most this many times the reference's.
const WORK: f64 = 0.92;
/// What improvement may fall short by, log units (0.1 points).
const SHORT: f64 = 0.001;
/// One-sided 5 %: the lower end of a two-sided interval at 10 %.
const ALPHA: f64 = 0.10;

/// What a sealed look showed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Look {
    /// On the study: fresh arrivals in the experiment's own scenarios.
    pub study: Study,
    /// On workloads that nobody tuned for, where the experiment declares a population.
    pub workloads: Option<Workloads>,
}

/// What a sealed look at the study showed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Study {
    /// Every test; the claim holds if all of them do.
    pub tests: Vec<Test>,
    /// Extra shed work over the reference's.
    pub work_ratio: f64,
    /// Extra shed rate over the reference's.
    pub rate_ratio: f64,
    /// Improvement beyond the reference's, points.
    pub points: f64,
    /// Whether every scenario is one recorded trace: then seeds change a policy's draws and nothing else, and no interval over
    /// them says what other traffic would show.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub one_trace: bool,
}

/// One requirement, as a margin that has to lie above zero.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Test {
    /// What is required, in words.
    pub requirement: String,
    /// The mean margin, in the unit of the requirement.
    pub margin: f64,
    /// Its interval: of the study at 90 % over seeds, so that each end is a bound at 5 %, and of the net saving at 95 % over
    /// workloads. None of an estimate alone, and on one trace.
    pub interval: Option<[f64; 2]>,
    /// Whether it lies above zero; by its interval, where it has one.
    pub holds: bool,
}

/// Holds a candidate against the reference on the same sealed seeds. `regret` is the most that any scenario may lose, points;
/// none where the experiment sets no bound. `one_trace`: no seed changes what arrives.
pub fn study(
    candidate: &Measurement,
    reference: &Measurement,
    scenarios: &[String],
    regret: Option<f64>,
    one_trace: bool,
) -> Study {
    let margins = margins(candidate, reference, regret);
    // On one trace the seeds change the policies' draws: enough to fail by, and no interval to print.
    let test = |requirement: String, margins: &Vec<f64>| match varied(requirement, margins) {
        test if one_trace => Test { interval: None, ..test },
        test => test,
    };
    let mut tests: Vec<Test> = requirements(scenarios, regret).zip(&margins).map(|(r, m)| test(r, m)).collect();
    let protected = candidate.protected();
    tests.push(Test::fixed("no protected request refused".into(), 0.0 - protected as f64, protected == 0));
    let ratio = |value: fn(&Cell) -> f64| mean(&candidate.per_seed(value)) / mean(&reference.per_seed(value));
    Study {
        tests,
        work_ratio: ratio(|cell| cell.x),
        rate_ratio: ratio(|cell| cell.x_requests),
        points: (candidate.y() - reference.y()) * 100.0,
        one_trace,
    }
}

/// What is required of the mean over seeds, in the order of [`margins`].
fn requirements(scenarios: &[String], regret: Option<f64>) -> impl Iterator<Item = String> {
    let bounded = regret
        .into_iter()
        .flat_map(move |regret| scenarios.iter().map(move |name| format!("at most {regret} points lost in {name}")));
    let all = [
        format!("extra shed work at most {WORK} times the reference's"),
        "extra shed rate at most the reference's".into(),
        format!("improvement at most {} points below the reference's", SHORT * 100.0),
    ];
    all.into_iter().chain(bounded)
}

/// How far each requirement is kept, seed by seed: costs as shares of the droppable work or requests, the others in points.
fn margins(candidate: &Measurement, reference: &Measurement, regret: Option<f64>) -> Vec<Vec<f64>> {
    let difference = |value: fn(&Cell) -> f64, factor: f64| -> Vec<f64> {
        let pairs = reference.per_seed(value).into_iter().zip(candidate.per_seed(value));
        pairs.map(|(reference, candidate)| factor * reference - candidate).collect()
    };
    let y: Vec<f64> = difference(Cell::y, 1.0).iter().map(|lost| 100.0 * (SHORT - lost)).collect();
    let mut margins = vec![difference(|cell| cell.x, WORK), difference(|cell| cell.x_requests, 1.0), y];
    if let Some(regret) = regret {
        let rows = candidate.cells.iter().zip(&reference.cells);
        let row = |(candidate, reference): (&Vec<Cell>, &Vec<Cell>)| {
            candidate.iter().zip(reference).map(|(c, r)| 100.0 * (c.y() - r.y()) + regret).collect()
        };
        margins.extend(rows.map(row));
    }
    margins
}

impl Look {
    /// Whether the candidate beats the reference, wherever it was looked at.
    pub fn holds(&self) -> bool {
        self.tests().all(|test| test.holds)
    }

    /// Every test.
    pub fn tests(&self) -> impl Iterator<Item = &Test> {
        self.study.tests.iter().chain(self.workloads.iter().flat_map(|workloads| &workloads.tests))
    }
}

impl Test {
    /// A requirement whose margin is what it is.
    fn fixed(requirement: String, margin: f64, holds: bool) -> Self {
        Test { requirement, margin, interval: None, holds }
    }
}

/// A requirement on a mean over seeds.
fn varied(requirement: String, margins: &[f64]) -> Test {
    let interval = t_interval(margins, ALPHA, 0.0).map(|interval| [interval.low, interval.high]);
    Test { requirement, margin: mean(margins), interval, holds: interval.is_some_and(|[low, _]| low > 0.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn measurement(y: f64, x: f64, rate: f64) -> Measurement {
        let cell = |seed: usize| {
            let noise = if seed.is_multiple_of(2) { 5e-4 } else { -5e-4 };
            Cell { x_requests: rate + noise, ..fixture::cell(y + noise, x + noise) }
        };
        Measurement { cells: vec![(0..SEEDS).map(cell).collect(); 2] }
    }

    fn failing(candidate: &Measurement) -> Vec<String> {
        let names = ["near".to_owned(), "far".to_owned()];
        let study = study(candidate, &measurement(0.3, 0.4, 0.4), &names, Some(5.0), false);
        let look = Look { study: study.clone(), workloads: None };
        assert_eq!(look.holds(), study.tests.iter().all(|test| test.holds));
        study.tests.into_iter().filter(|test| !test.holds).map(|test| test.requirement).collect()
    }

    #[test]
    fn a_candidate_beats_the_reference_only_if_every_requirement_holds() {
        assert_eq!(failing(&measurement(0.3, 0.36, 0.39)), Vec::<String>::new());
        assert_eq!(failing(&measurement(0.3, 0.37, 0.39)), ["extra shed work at most 0.92 times the reference's"]);
        assert_eq!(failing(&measurement(0.3, 0.36, 0.41)), ["extra shed rate at most the reference's"]);
        assert_eq!(failing(&measurement(0.298, 0.36, 0.39)), ["improvement at most 0.1 points below the reference's"]);
        let mut uneven = measurement(0.34, 0.36, 0.39);
        uneven.cells[1].iter_mut().for_each(|cell| cell.gains = [0.24; 4]);
        assert!(failing(&uneven).contains(&"at most 5 points lost in far".to_owned()));
        let mut harsh = measurement(0.3, 0.36, 0.39);
        harsh.cells[0][3].protected = 1;
        assert_eq!(failing(&harsh), ["no protected request refused"]);
    }
}
