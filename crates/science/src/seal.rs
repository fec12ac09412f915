//! The sealed look: whether a champion that is fixed beats the reference on seeds, and on workloads, that nobody could know before.
//!
//! What is asked is the experiment's `[claim]`. On the study each test is one-sided at 5 % and at a fixed number of seeds, so
//! Student's t holds; all of them must pass together, which needs no correction. Differences are paired seed by seed, and none is a
//! ratio of noisy numbers.

mod workloads;

use crate::experiment::Claim;
use crate::objective::{Cell, Figures, Measurement};
use crate::spec::{Aggregate, Aim, Spec};
use crate::stats::{mean, t_interval};
use serde::{Deserialize, Serialize};
pub use workloads::{Workloads, workloads};

/// Sealed seeds of each scenario.
pub const SEEDS: usize = 20;
/// Sealed workloads, where the experiment has a population.
pub const WORKLOADS: usize = 96;
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
    /// Cost over the reference's; none where nothing is paid.
    pub cost_ratio: Option<f64>,
    /// The problem's own figures that are over the reference's.
    pub figures: Figures,
    /// Gain beyond the reference's, points.
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
    /// Its interval: of the study at 90 % over seeds, so that each end is a bound at 5 %, and of worth at 95 % over
    /// workloads. None of an estimate alone, and on one trace.
    pub interval: Option<[f64; 2]>,
    /// Whether it lies above zero; by its interval, where it has one.
    pub holds: bool,
}

/// What a look asks.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The experiment's claim.
    pub claim: &'a Claim,
    /// What counts.
    pub spec: &'a Spec,
}

/// Holds a candidate against the reference on the same sealed seeds. `one_trace`: no seed changes what arrives.
pub fn study(
    candidate: &Measurement,
    reference: &Measurement,
    scenarios: &[String],
    asked: Asked<'_>,
    one_trace: bool,
) -> Study {
    let requirements = Requirements { candidate, reference, asked };
    // On one trace the seeds change the policies' draws: enough to fail by, and no interval to print.
    let test = |(requirement, margins): (String, Vec<f64>)| match varied(requirement, &margins) {
        test if one_trace => Test { interval: None, ..test },
        test => test,
    };
    let mut tests: Vec<Test> = requirements.all(scenarios).into_iter().map(test).collect();
    tests.push(harmless(candidate, asked.spec, "it"));
    let rows = 0..candidate.cells.len();
    let over = |[own, reference]: [Vec<f64>; 2]| Some(mean(&own) / mean(&reference)).filter(|ratio| ratio.is_finite());
    let figures = asked.spec.figures.iter().filter_map(|figure| match &figure.of {
        Aggregate::OverReference(name) => {
            let series = [candidate, reference].map(|m| m.series(name, rows.clone()).per_seed(|value| *value));
            Some((figure.name.clone(), over(series)))
        }
        _ => None,
    });
    let costs = || over([candidate, reference].map(|measured| measured.per_seed(|cell| cell.cost)));
    Study {
        tests,
        cost_ratio: asked.spec.aim.cost_names().and_then(|_| costs()),
        figures: figures.collect(),
        points: (candidate.gain() - reference.gain()) * 100.0,
        one_trace,
    }
}

/// What is required of the mean over seeds.
struct Requirements<'a> {
    candidate: &'a Measurement,
    reference: &'a Measurement,
    asked: Asked<'a>,
}

impl Requirements<'_> {
    /// Every requirement in words, with how far it is kept seed by seed: costs, worth and series in their own units, all else in points.
    fn all(&self, scenarios: &[String]) -> Vec<(String, Vec<f64>)> {
        let Asked { claim, spec } = self.asked;
        let gain = &spec.aim.gain_name().name;
        let beyond = || self.difference(|cell| cell.gain, 1.0).into_iter().map(|lost| -lost);
        let mut all = Vec::new();
        match spec.aim.cost_names() {
            Some((cost, _)) => {
                let most = claim.cost_ratio;
                let words = format!("{} at most {most} times the reference's", cost.name);
                all.push((words, self.difference(|cell| cell.cost, most)));
            }
            None => {
                let worth = spec.aim.worth_name();
                let margins = beyond().map(|beyond| beyond - claim.worth).collect();
                all.push((format!("{} above {}", worth.name, claim.worth), margins));
            }
        }
        for name in &claim.no_more {
            all.push((format!("{name} at most the reference's"), self.series(name)));
        }
        if let Aim::Saving { .. } = spec.aim {
            let short = claim.shortfall / 100.0;
            let margins = beyond().map(|beyond| 100.0 * (short - -beyond)).collect();
            all.push((format!("{gain} at most {} points below the reference's", claim.shortfall), margins));
        }
        if let Some(regret) = claim.regret {
            let rows = self.candidate.cells.iter().zip(&self.reference.cells);
            let row = |(candidate, reference): (&Vec<Cell>, &Vec<Cell>)| {
                candidate.iter().zip(reference).map(|(c, r)| 100.0 * (c.gain - r.gain) + regret).collect()
            };
            let words = scenarios.iter().map(|name| format!("at most {regret} points lost in {name}"));
            all.extend(words.zip(rows.map(row)));
        }
        all
    }

    /// What the reference has, times a factor, less what the candidate has.
    fn difference(&self, value: fn(&Cell) -> f64, factor: f64) -> Vec<f64> {
        let pairs = self.reference.per_seed(value).into_iter().zip(self.candidate.per_seed(value));
        pairs.map(|(reference, candidate)| factor * reference - candidate).collect()
    }

    fn series(&self, name: &str) -> Vec<f64> {
        let of = |measured: &Measurement| measured.series(name, 0..measured.cells.len()).per_seed(|value| *value);
        of(self.reference).into_iter().zip(of(self.candidate)).map(|(reference, own)| reference - own).collect()
    }
}

/// That a candidate never did what it must never do.
fn harmless(candidate: &Measurement, spec: &Spec, whom: &str) -> Test {
    let [did, what] = &spec.violation;
    let times = candidate.violations();
    Test::fixed(format!("{whom} {did} no {what}"), 0.0 - times as f64, times == 0)
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
    use crate::fixture::{self, spec};

    fn measurement(gain: f64, cost: f64, paid: f64) -> Measurement {
        let noise = |seed: usize| if seed.is_multiple_of(2) { 5e-4 } else { -5e-4 };
        let row = || (0..SEEDS).map(|seed| fixture::cell(gain + noise(seed), cost + noise(seed))).collect();
        let mut measured = fixture::measured(vec![row(), row()]);
        measured.series.insert("paid".into(), vec![(0..SEEDS).map(|seed| paid + noise(seed)).collect(); 2]);
        measured
    }

    fn failing(candidate: &Measurement) -> Vec<String> {
        let names = ["near".to_owned(), "far".to_owned()];
        let claim = Claim { cost_ratio: 0.92, no_more: vec!["paid".into()], regret: Some(5.0), ..Claim::default() };
        let asked = Asked { claim: &claim, spec: &spec() };
        let study = study(candidate, &measurement(0.3, 0.4, 0.4), &names, asked, false);
        let look = Look { study: study.clone(), workloads: None };
        assert_eq!(look.holds(), study.tests.iter().all(|test| test.holds));
        study.tests.into_iter().filter(|test| !test.holds).map(|test| test.requirement).collect()
    }

    #[test]
    fn a_candidate_beats_the_reference_only_if_every_requirement_holds() {
        assert_eq!(failing(&measurement(0.3, 0.36, 0.39)), Vec::<String>::new());
        assert_eq!(failing(&measurement(0.3, 0.37, 0.39)), ["cost at most 0.92 times the reference's"]);
        assert_eq!(failing(&measurement(0.3, 0.36, 0.41)), ["paid at most the reference's"]);
        assert_eq!(failing(&measurement(0.298, 0.36, 0.39)), ["improvement at most 0.1 points below the reference's"]);
        let mut uneven = measurement(0.34, 0.36, 0.39);
        uneven.cells[1].iter_mut().for_each(|cell| cell.gain = 0.24);
        assert!(failing(&uneven).contains(&"at most 5 points lost in far".to_owned()));
        let mut harsh = measurement(0.3, 0.36, 0.39);
        harsh.cells[0][3].violations = 1;
        assert_eq!(failing(&harsh), ["it dropped no sealed letters"]);
    }

    #[test]
    fn where_nothing_is_paid_a_candidate_has_to_gain_more_than_the_reference() {
        let spec = Spec { aim: fixture::gain_aim(), ..spec() };
        let look = |gain: f64| {
            let asked = Asked { claim: &Claim::default(), spec: &spec };
            study(&measurement(gain, 0.9, 0.0), &measurement(0.3, 0.1, 0.0), &[], asked, false)
        };
        assert_eq!(look(0.31).cost_ratio, None);
        let failing =
            |gain: f64| look(gain).tests.into_iter().filter(|t| !t.holds).map(|t| t.requirement).collect::<Vec<_>>();
        assert_eq!((failing(0.31), failing(0.30)), (vec![], vec!["advantage above 0".to_owned()]));
    }
}
