//! The sealed look: whether a champion that is fixed beats the reference on seeds, and on workloads, that nobody could know before.
//!
//! What is asked: that what the champion is worth is surely above zero, that it is estimated at no less than the experiment's
//! `[claim]`, and that every guard of the objective is kept there. All must hold together, which needs no correction. The unit
//! of replication is the drawn workload: what is saved differs between workloads many times more than between seeds. An
//! experiment that draws none is looked at on many seeds of its study.

mod illustration;
mod itself;
mod looks;
mod own_scale;

use crate::champion;
use crate::experiment::{Claim, Experiment};
use crate::fairness::Fairness;
use crate::objective::{Measurement, PanelScore, Score, Scoring, Yardsticks};
use crate::spec::{Aim, Plain, Spec};
use crate::stats::{Interval, t_interval, upper_median};
use crate::trial::Trial;
pub use illustration::{Answers, Illustration, Line, POINTS, Pair, Worst, seen};
pub use itself::Itself;
pub use looks::{Taken, beats, pooled};
pub use own_scale::{OWN_SCALES, OWN_WORKLOADS, OwnScale, at_own_scales};
use serde::{Deserialize, Serialize};

/// Sealed seeds of each scenario beside drawn workloads, and without any.
pub const SEEDS: [usize; 2] = [5, 20];
/// Sealed workloads, where the experiment has a population.
pub const WORKLOADS: usize = 216;
/// Twins of the reference under the seal.
pub const TWINS: usize = 4;
/// The probability that an interval misses.
const ALPHA: f64 = 0.05;

/// What a sealed look showed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Look {
    /// The headline: what the champion is worth on drawn workloads; where none are drawn, on the study.
    pub worth: Estimate,
    /// The same on the study, over seeds.
    pub study: Estimate,
    /// The same at the scale of its own that gains in each drawn workload what the reference gains there, chosen on another seed;
    /// none where there is no scale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own: Option<OwnScale>,
    /// What the reference seems to save against its own frontier, with other draws and at scales near its own: what the yardstick is off
    /// by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub itself: Option<Itself>,
    /// How many workloads were drawn.
    pub drawn: usize,
    /// The problem's numbers in an operator's words, in the order of [`Spec::plainly`]: the reference's, then the champion's. Medians
    /// over the drawn workloads, or over the study where none are drawn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plainly: Vec<[f64; 2]>,
    /// Whom it serves on the drawn workloads, or on the study where none are drawn; none where the problem tells nobody apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fairness: Option<Fairness>,
    /// All that was measured.
    pub score: Score,
    /// The reference's score there.
    pub reference: Score,
    /// Every test; the claim holds if all of them do.
    pub tests: Vec<Test>,
    /// Whether every scenario is one recorded trace: then seeds change a policy's draws and nothing else, and no interval over
    /// them says what other traffic would show.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub one_trace: bool,
    /// What it is shown with; of a first look only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub illustration: Option<Illustration>,
}

/// What a policy is worth.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The estimate; none where the reference would pay too little for what was gained.
    pub value: Option<f64>,
    /// Its 95 % interval; none where nothing varies but draws.
    pub interval: Option<[f64; 2]>,
}

/// One requirement, as a margin that has to lie above zero.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Test {
    /// What is required, in words.
    pub requirement: String,
    /// The margin, in the unit of the requirement; none where it is not defined.
    pub margin: Option<f64>,
    /// Its 95 % interval. None of an estimate alone, and on one trace.
    pub interval: Option<[f64; 2]>,
    /// Whether it lies above zero; by its interval, where it has one.
    pub holds: bool,
}

/// Holds a candidate of this description length, which serves these, against yardsticks that ran on the same sealed panel, and which are off by
/// this.
pub fn look(
    (candidate, fairness, itself): (&Measurement, Option<Fairness>, Option<Itself>),
    description_length: u32,
    scoring: Scoring<'_>,
    experiment: &Experiment,
) -> Look {
    let (yardsticks, spec) = (scoring.yardsticks, scoring.spec);
    let study = estimate(candidate, yardsticks, spec);
    let score = scoring.score(candidate);
    let worth = match yardsticks.drawn {
        0 => study,
        _ => drawn(candidate, yardsticks, spec),
    };
    let off = itself.as_ref().map(|itself| if yardsticks.drawn > 0 { &itself.drawn } else { &itself.study });
    let floor = off.map(|saved| Itself::floor(saved));
    let mut tests = claimed((&worth, floor), &experiment.claim, spec, yardsticks.one_trace);
    tests.extend(guards(&score, description_length, experiment, spec));
    tests.extend(fair(fairness.as_ref(), experiment.claim.giving_up, spec));
    tests.push(harmless(candidate, spec));
    Look {
        worth,
        study,
        own: None,
        itself,
        drawn: yardsticks.drawn,
        plainly: Vec::new(),
        fairness,
        reference: scoring.score(&yardsticks.reference),
        score,
        tests,
        one_trace: yardsticks.one_trace,
        illustration: None,
    }
}

/// What a candidate is worth on the study, by its seeds.
fn estimate(candidate: &Measurement, yardsticks: &Yardsticks, spec: &Spec) -> Estimate {
    let (rows, study) = (0..yardsticks.study_rows(), yardsticks.study());
    let own = candidate.rows(rows);
    // What is gained on drawn workloads does not make up for what is short here.
    let penalty = if let Aim::Saving { .. } = spec.aim { study.penalty(&own) } else { 0.0 };
    let values: Vec<f64> = study.worth_per_seed(&own, &spec.aim).into_iter().map(|worth| worth - penalty).collect();
    let interval = t_interval(&values, ALPHA, 0.0).filter(|_| !yardsticks.one_trace);
    Estimate { value: study.worth(&own, &spec.aim).map(|worth| worth - penalty), interval: interval.map(ends) }
}

/// What a candidate is worth on drawn workloads, by these.
pub(crate) fn drawn(candidate: &Measurement, yardsticks: &Yardsticks, spec: &Spec) -> Estimate {
    let comparable = yardsticks.compared(candidate, &spec.aim, yardsticks.population()).is_some();
    let bounds = yardsticks.bounds(candidate, &spec.aim, ALPHA).filter(|_| comparable);
    Estimate { value: bounds.map(|bounds| bounds.estimate), interval: bounds.map(ends) }
}

fn ends(interval: Interval) -> [f64; 2] {
    [interval.low, interval.high]
}

/// What is claimed of worth. On one trace a look has to fail by something: there the estimate alone has to lie above.
fn claimed((worth, floor): (&Estimate, Option<f64>), claim: &Claim, spec: &Spec, one_trace: bool) -> Vec<Test> {
    let name = &spec.aim.worth_name().name;
    let off = floor.unwrap_or_default();
    let surely = Test {
        requirement: match floor {
            Some(_) => format!("{name} above what the reference is off by against itself"),
            None => format!("{name} above 0"),
        },
        margin: worth.value.map(|value| value - off),
        interval: worth.interval.map(|[low, high]| [low - off, high - off]),
        holds: match worth.interval {
            Some([low, _]) => low > off,
            None => one_trace && worth.value.is_some_and(|value| value > off),
        },
    };
    let margin = worth.value.map(|value| value - claim.worth);
    let enough = Test {
        requirement: format!("{name} estimated at no less than {}", claim.worth),
        margin,
        interval: None,
        holds: margin.is_some_and(|margin| margin >= 0.0),
    };
    if claim.worth == 0.0 { vec![surely] } else { vec![surely, enough] }
}

/// Every guard of the objective, as it is asked where the scale was set elsewhere.
fn guards(score: &Score, description_length: u32, experiment: &Experiment, spec: &Spec) -> Vec<Test> {
    let kept = champion::margins(score, description_length, (&experiment.elsewhere(), spec)).into_iter();
    kept.map(|kept| Test {
        margin: Some(kept.margin).filter(|margin| margin.is_finite()),
        interval: None,
        holds: kept.holds(),
        requirement: kept.requirement,
    })
    .collect()
}

/// That nobody who is guarded is given up, but in a few workloads; none where nobody is.
fn fair(fairness: Option<&Fairness>, most: f64, spec: &Spec) -> Option<Test> {
    let guarded = spec.guarded_in_words();
    let (allowed, workloads) = fairness.map_or((0, 0), |fairness| (fairness.allowed(most), fairness.workloads));
    (!guarded.is_empty()).then(|| Test {
        requirement: format!(
            "a {} served less than half of what the reference serves it in at most {allowed} of {workloads} workloads",
            guarded,
        ),
        margin: fairness.map(|fairness| fairness.margin(most)),
        interval: None,
        holds: spec.gives_nobody_up(fairness, most),
    })
}

/// That a candidate never did what it must never do.
fn harmless(candidate: &Measurement, spec: &Spec) -> Test {
    let [did, what] = &spec.violation;
    let times = candidate.violations();
    let margin = Some(0.0 - times as f64);
    Test { requirement: format!("it {did} no {what}"), margin, interval: None, holds: times == 0 }
}

/// The median of each of the problem's numbers in an operator's words over these trials; a share of nothing is left out.
pub fn plainly(trials: &[Trial], spec: &Spec) -> Vec<f64> {
    let median = |plain: &Plain| {
        let (metric, of) = (spec.metric_position(&plain.metric), plain.of.as_ref().map(|of| spec.metric_position(of)));
        let value = |trial: &Trial| {
            let own = *trial.values.get(metric?)?;
            let share = match of {
                Some(of) => own / *trial.values.get(of?)?,
                None => own,
            };
            Some(if plain.rest { 1.0 - share } else { share }).filter(|value| value.is_finite())
        };
        upper_median(&trials.iter().filter_map(value).collect::<Vec<_>>()).unwrap_or_default()
    };
    spec.plainly.iter().map(median).collect()
}

impl Look {
    /// Whether the candidate beats the reference, wherever it was looked at.
    pub fn holds(&self) -> bool {
        self.tests.iter().all(|test| test.holds)
    }

    /// The requirements that are not kept.
    pub fn failed(&self) -> impl Iterator<Item = &Test> {
        self.tests.iter().filter(|test| !test.holds)
    }

    /// The drawn workloads by themselves, which the headline is of where there are some.
    pub fn drawn_part(&self) -> Option<&PanelScore> {
        self.score.panels.as_ref().filter(|_| self.drawn > 0).map(|panels| &panels.drawn)
    }

    /// A figure of the problem's on the workloads that the headline is of.
    pub fn figure(&self, name: &str) -> Option<f64> {
        self.drawn_part().map_or_else(|| self.score.figure(name), |part| part.figures.get(name).copied().flatten())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Guard;
    use crate::fixture::{self, spec};
    use crate::measurement::Cell;

    /// Two scenarios on five seeds, and forty drawn workloads.
    pub(super) fn measurement(gain: impl Fn(usize) -> f64, cost: impl Fn(usize) -> f64) -> Measurement {
        let noise = |seed: usize| if seed.is_multiple_of(2) { 5e-4 } else { -5e-4 };
        let study =
            |at: usize| (0..5).map(|seed| fixture::cell(gain(at) + noise(seed), cost(at) + noise(seed))).collect();
        let drawn = |at: usize| vec![fixture::cell(gain(at), cost(at))];
        fixture::measured((0..2).map(study).chain((2..42).map(drawn)).collect())
    }

    pub(super) fn at(candidate: &Measurement) -> Look {
        let yardsticks = Yardsticks { drawn: 40, ..fixture::yardsticks(measurement(|_| 0.3, |_| 0.4)) };
        let guard =
            |metric: &str, at_most: f64| Guard { metric: metric.into(), at_most: Some(at_most), at_least: None };
        let guards = vec![guard("regret", 5.0), guard("shortfall", 0.1), guard("cost_ratio", 1.0)];
        let experiment = Experiment { claim: Claim { worth: 0.05, ..Claim::default() }, ..fixture::experiment(guards) };
        let names = ["near".to_owned(), "far".to_owned()];
        look(
            (candidate, None, None),
            10,
            Scoring { yardsticks: &yardsticks, names: &names, spec: &spec() },
            &experiment,
        )
    }

    fn failing(candidate: &Measurement) -> Vec<String> {
        let look = at(candidate);
        assert_eq!(look.holds(), look.tests.iter().all(|test| test.holds));
        look.tests.into_iter().filter(|test| !test.holds).map(|test| test.requirement).collect()
    }

    #[test]
    fn a_candidate_beats_the_reference_only_if_every_requirement_holds() {
        assert_eq!(failing(&measurement(|_| 0.3, |_| 0.36)), Vec::<String>::new());
        assert_eq!(failing(&measurement(|_| 0.3, |_| 0.385)), ["saving estimated at no less than 0.05"]);
        let one = |at: usize| if at == 7 { -2.0 } else { 0.4 };
        assert_eq!(failing(&measurement(|_| 0.3, one)), ["saving above 0"], "everything is saved in one workload");
        let uneven = |at: usize| if at < 9 { 0.24 } else { 0.32 };
        let lost = failing(&measurement(uneven, |_| 0.3));
        assert_eq!(lost.len(), 2, "in the study, and in seven of forty drawn workloads: {lost:?}");
        let mut harsh = measurement(|_| 0.3, |_| 0.36);
        harsh.cells[0][3].violations = 1;
        assert_eq!(failing(&harsh), ["it dropped no sealed letters"]);
    }

    #[test]
    fn a_point_of_gain_short_takes_worth_off_and_more_than_the_claim_allows_fails() {
        let (level, short) = (at(&measurement(|_| 0.3, |_| 0.3)), at(&measurement(|_| 0.29, |_| 0.3)));
        let demand = 0.29 / 0.3 * 0.4;
        assert!((level.worth.value.unwrap() - 0.25).abs() < 1e-9);
        assert!((short.worth.value.unwrap() - (1.0 - 0.3 / demand - 0.015)).abs() < 1e-3, "{short:?}");
        assert!(short.holds());
        assert!(failing(&measurement(|_| 0.284, |_| 0.3))[0].contains("at most 1.5"));
    }

    #[test]
    fn a_look_at_the_study_alone_has_its_interval_over_seeds_and_on_one_trace_has_none() {
        let rows = |measured: Measurement| measured.rows(0..2);
        let yardsticks = fixture::yardsticks(rows(measurement(|_| 0.3, |_| 0.4)));
        let own = rows(measurement(|_| 0.3, |_| 0.3));
        let names = ["near".to_owned(), "far".to_owned()];
        let look = |one_trace: bool| {
            let yardsticks = Yardsticks { one_trace, ..yardsticks.clone() };
            let scoring = Scoring { yardsticks: &yardsticks, names: &names, spec: &spec() };
            super::look((&own, None, None), 10, scoring, &fixture::experiment(vec![]))
        };
        let [low, high] = look(false).worth.interval.unwrap();
        assert!(look(false).holds() && low < 0.25 && 0.25 < high + 1e-9);
        assert!(look(true).holds() && look(true).worth.interval.is_none());
    }

    #[test]
    fn a_saving_has_to_exceed_what_the_reference_seems_to_save_against_itself() {
        let yardsticks = Yardsticks { drawn: 40, ..fixture::yardsticks(measurement(|_| 0.3, |_| 0.4)) };
        let itself =
            Itself::of(&[measurement(|_| 0.3, |_| 0.39), measurement(|_| 0.3, |_| 0.43)], &yardsticks).unwrap();
        let floor = Itself::floor(&itself.drawn);
        assert!((floor - 0.075).abs() < 1e-9 && itself.study.len() == 2, "{itself:?}");
        let worth = |value: f64| Estimate { value: Some(value), interval: Some([value - 0.02, value + 0.02]) };
        let holds = |value, floor| claimed((&worth(value), floor), &Claim::default(), &spec(), false)[0].holds;
        assert!(holds(0.05, None) && !holds(0.05, Some(floor)) && !holds(0.09, Some(floor)) && holds(0.1, Some(floor)));
        assert_eq!((Itself::of(&[], &yardsticks), Itself::floor(&[])), (None, 1.0));
    }

    #[test]
    fn an_operators_numbers_are_medians_over_workloads() {
        let plain = |metric: &str, of: Option<&str>, rest: bool| Plain {
            what: "w".into(),
            metric: metric.into(),
            of: of.map(str::to_owned),
            rest,
        };
        let spec =
            Spec { plainly: vec![plain("seconds", None, false), plain("price", Some("seconds"), true)], ..spec() };
        let trials = [[10.0, 1.0], [20.0, 5.0], [40.0, 30.0], [0.0, 0.0]].map(|values| Trial::of(values.into()));
        assert_eq!(plainly(&trials, &spec), [20.0, 0.75], "what is a share of nothing is left out");
    }

    #[test]
    fn where_nothing_is_paid_a_candidate_has_to_gain_more_than_the_reference() {
        let spec = Spec { aim: fixture::gain_aim(), ..spec() };
        let yardsticks = fixture::yardsticks(measurement(|_| 0.3, |_| 0.0).rows(0..2));
        let holds = |gain: f64| {
            let own = Measurement {
                cells: vec![(0..5).map(|_| Cell { gain, ..Cell::default() }).collect(); 2],
                ..fixture::measured(vec![])
            };
            let scoring = Scoring { yardsticks: &yardsticks, names: &["a".into(), "b".into()], spec: &spec };
            super::look((&own, None, None), 1, scoring, &fixture::experiment(vec![])).holds()
        };
        assert!(holds(0.31) && !holds(0.30));
    }
}
