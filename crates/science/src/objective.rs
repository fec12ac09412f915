//! The objective: what all trials of a candidate say, by name; means over the workloads of a panel, equally weighted.

pub use crate::measurement::{Cell, Measurement};
use crate::measurement::{Cut, Paid, Part};
use crate::spec::{Aggregate, Spec};
use crate::stats::{Interval, t_interval};
pub use crate::yardsticks::Yardsticks;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;

/// Share of drawn workloads that may lose more than the regret bound allows: over many workloads the maximum is too noisy a
/// bound.
pub const MAY_LOSE: f64 = 0.1;

/// The same share of the drawn workloads with a past: what a policy remembers of it shows there and nowhere else.
pub const MAY_LOSE_PAST: f64 = 0.125;

/// Share of drawn workloads that may lose more than the loss bound allows against the baseline, and the points that none may.
pub const MAY_HARM: f64 = 0.01;
/// See [`MAY_HARM`].
pub const MOST_HARM: f64 = 10.0;

/// Figures of a score by their names in the spec; none where one is not defined.
pub type Figures = BTreeMap<String, Option<f64>>;

/// What all trials of a candidate say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// 1 − exp(−mean gain).
    pub improvement: f64,
    /// Its 95 % interval over seeds.
    pub improvement_ci: Option<[f64; 2]>,
    /// Mean cost beyond the baseline's, a fraction.
    pub cost: f64,
    /// Its 95 % interval over seeds.
    pub cost_ci: Option<[f64; 2]>,
    /// What the candidate is worth; none where it does not compare.
    pub worth: Option<f64>,
    /// Its 95 % interval: over the drawn workloads alone where there are some, else over seeds.
    pub worth_ci: Option<[f64; 2]>,
    /// The most that any scenario of the study loses against the reference, points (0.01 log units); negative if none
    /// loses.
    pub regret: f64,
    /// The scenario with that regret.
    pub regret_scenario: String,
    /// The most that any scenario of the study loses against the baseline, points.
    pub loss: f64,
    /// What the panel's mean gain lies below the reference's, points; negative if it lies above.
    pub shortfall: f64,
    /// Cost over the reference's; none where the reference costs nothing.
    pub cost_ratio: Option<f64>,
    /// How often it did what it must never do.
    pub violations: u64,
    /// The problem's own figures; those over the reference's are of the study.
    pub figures: Figures,
    /// One entry for each scenario of the study.
    pub scenarios: Vec<ScenarioScore>,
    /// The study and the drawn workloads by themselves, where the panel holds both.
    pub panels: Option<Panels>,
}

/// The two parts of a panel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Panels {
    /// The experiment's own scenarios.
    pub study: PanelScore,
    /// Workloads drawn from its population.
    pub drawn: PanelScore,
}

/// A score on a part of the panel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PanelScore {
    /// 1 − exp(−mean gain).
    pub improvement: f64,
    /// Gain beyond the reference's, points.
    pub against_reference: f64,
    /// Mean cost.
    pub cost: f64,
    /// The same over the reference's; none where the reference costs nothing.
    pub cost_ratio: Option<f64>,
    /// What the candidate is worth.
    pub worth: Option<f64>,
    /// Its 95 % interval on this part: over seeds of the study, over workloads that were drawn. Where the panel is scored by its study.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worth_ci: Option<[f64; 2]>,
    /// The problem's own figures that are held against the reference.
    pub figures: Figures,
    /// What each workload loses against the reference, points.
    pub regrets: Vec<f64>,
    /// Those of the workloads with a past.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regrets_with_past: Vec<f64>,
    /// What each workload loses against the baseline, points.
    pub losses: Vec<f64>,
    /// Cost of each workload.
    pub costs: Vec<f64>,
}

impl PanelScore {
    /// How many workloads lose more than this against the reference, points.
    pub fn losing(&self, bound: f64) -> usize {
        exceeding(&self.regrets, bound)
    }

    /// What all workloads but those that may lose more lose at most, points.
    pub fn regret_of_most(&self) -> f64 {
        of_most(&self.regrets, MAY_LOSE)
    }

    /// The most that a workload loses against the reference, points.
    pub fn regret(&self) -> f64 {
        most(&self.regrets)
    }

    /// The most that a workload loses against the baseline, points.
    pub fn loss(&self) -> f64 {
        most(&self.losses)
    }
}

/// How many of these exceed a bound.
pub(crate) fn exceeding(values: &[f64], bound: f64) -> usize {
    values.iter().filter(|value| **value > bound).count()
}

/// The most of these, but for the largest, which are this share of them.
pub(crate) fn of_most(values: &[f64], share: f64) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(|a, b| b.total_cmp(a));
    values.get((share * values.len() as f64) as usize).copied().unwrap_or(f64::NEG_INFINITY)
}

fn most(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

/// A score's row for one scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScenarioScore {
    /// The scenario's name.
    pub name: String,
    /// 1 − exp(−gain).
    pub improvement: f64,
    /// Mean cost.
    pub cost: f64,
    /// The problem's own figures that each scenario has.
    pub figures: Figures,
    /// Gain beyond the reference's, points.
    pub against_reference: f64,
    /// Overloaded whatever is decided.
    pub overloaded: bool,
}

/// What scores are made by.
#[derive(Clone, Copy, Debug)]
pub struct Scoring<'a> {
    /// What all candidates are held against.
    pub yardsticks: &'a Yardsticks,
    /// The names of the study's scenarios, in the experiment's order.
    pub names: &'a [String],
    /// What counts.
    pub spec: &'a Spec,
}

impl Scoring<'_> {
    /// Scores a measurement.
    pub fn score(self, candidate: &Measurement) -> Score {
        let (yardsticks, aim) = (self.yardsticks, &self.spec.aim);
        let interval = |values: &[f64]| t_interval(values, 0.05, 0.0).filter(|_| !yardsticks.one_trace);
        let range = |i: Option<Interval>| i.map(|i| [i.low, i.high]);
        let gain = candidate.per_seed(|cell| cell.gain);
        let part = self.panel_score(candidate, 0..yardsticks.study_rows());
        let scenarios = self.scenario_scores(candidate);
        let worst = scenarios.iter().min_by(|a, b| a.against_reference.total_cmp(&b.against_reference));
        let (regret, regret_scenario) =
            worst.map_or((0.0, String::new()), |worst| (-worst.against_reference, worst.name.clone()));
        let worth = yardsticks.worth(candidate, aim);
        Score {
            improvement: candidate.improvement(),
            improvement_ci: interval(&gain).map(|i| [1.0 - (-i.low).exp(), 1.0 - (-i.high).exp()]),
            cost: candidate.cost(),
            cost_ci: range(interval(&candidate.per_seed(|cell| cell.cost))),
            worth,
            worth_ci: worth.and_then(|_| range(yardsticks.bounds(candidate, aim, 0.05))),
            regret,
            regret_scenario,
            loss: part.loss(),
            shortfall: (yardsticks.reference.gain() - candidate.gain()) * 100.0,
            cost_ratio: over(candidate.cost(), yardsticks.reference.cost()),
            violations: candidate.violations(),
            figures: self.figures(candidate, 0..candidate.cells.len()),
            scenarios,
            panels: self.panels(candidate, part),
        }
    }

    /// Scores a measurement by its study rows, which have seeds enough for intervals; the drawn workloads stand beside.
    pub fn score_by_study(self, candidate: &Measurement) -> Score {
        let rows = 0..self.yardsticks.study_rows();
        let (study, against) = (candidate.rows(rows.clone()), self.yardsticks.study());
        let score = Scoring { yardsticks: &against, ..self }.score(&study);
        let part = PanelScore { worth_ci: score.worth_ci, ..self.panel_score(candidate, rows) };
        let panels = self.panels(candidate, part).map(|panels| self.with_interval(candidate, panels));
        // What must never be done must not be done in any workload.
        let violations = candidate.violations();
        Score { panels, violations, ..score }
    }

    /// What the drawn workloads say has an interval over them.
    fn with_interval(self, candidate: &Measurement, mut panels: Panels) -> Panels {
        let interval = self.yardsticks.drawn_bounds(candidate, &self.spec.aim, 0.0, 0.05);
        panels.drawn.worth_ci = interval.filter(|_| panels.drawn.worth.is_some()).map(|i| [i.low, i.high]);
        panels
    }

    fn panels(self, candidate: &Measurement, study: PanelScore) -> Option<Panels> {
        let drawn = self.yardsticks.study_rows()..candidate.cells.len();
        (self.yardsticks.drawn > 0).then(|| Panels { study, drawn: self.panel_score(candidate, drawn) })
    }

    /// Scores one part of a panel against the yardsticks of that part.
    fn panel_score(self, candidate: &Measurement, rows: Range<usize>) -> PanelScore {
        let Scoring { yardsticks, spec, .. } = self;
        let (own, reference) = (candidate.part(rows.clone()), yardsticks.reference.part(rows.clone()));
        let gain = |part: Part<'_, Cell>| part.per_scenario(|cell| cell.gain);
        let held = |of: &Aggregate| {
            let (Aggregate::OverReference(_) | Aggregate::Saving(_) | Aggregate::NetSaving | Aggregate::Allocation) =
                of
            else {
                return false;
            };
            true
        };
        let figures = spec.figures.iter().filter(|figure| held(&figure.of));
        let regrets: Vec<f64> =
            gain(own).iter().zip(gain(reference)).map(|(own, reference)| (reference - own) * 100.0).collect();
        let is_drawn = yardsticks.drawn > 0 && rows.start == yardsticks.study_rows();
        let past = yardsticks.past.iter().filter(|_| is_drawn);
        PanelScore {
            improvement: own.improvement(),
            against_reference: (own.gain() - reference.gain()) * 100.0,
            cost: own.cost(),
            cost_ratio: over(own.cost(), reference.cost()),
            worth: yardsticks.worth_on(candidate, &spec.aim, Cut::means(rows.clone())),
            worth_ci: None,
            figures: figures.map(|f| (f.name.clone(), self.figure(candidate, &rows, &f.of))).collect(),
            regrets_with_past: past.filter_map(|at| regrets.get(*at).copied()).collect(),
            regrets,
            losses: gain(own).iter().map(|gain| gain * -100.0).collect(),
            costs: own.per_scenario(|cell| cell.cost),
        }
    }

    fn figures(self, candidate: &Measurement, rows: Range<usize>) -> Figures {
        let value = |of: &Aggregate| self.figure(candidate, &rows, of);
        self.spec.figures.iter().map(|figure| (figure.name.clone(), value(&figure.of))).collect()
    }

    /// A figure on some of the workloads.
    fn figure(self, candidate: &Measurement, rows: &Range<usize>, of: &Aggregate) -> Option<f64> {
        let Scoring { yardsticks, spec, .. } = self;
        let series = |name: &str| candidate.series(name, rows.clone());
        match of {
            Aggregate::Mean(name) => Some(series(name).average()),
            Aggregate::Lost(name) => Some(1.0 - series(name).average()),
            Aggregate::Sum(name) => Some(series(name).sum()),
            Aggregate::OverReference(name) => {
                over(series(name).average(), yardsticks.reference.series(name, rows.clone()).average())
            }
            Aggregate::Per { of, per, above: (share, whole) } => {
                let per = series(per).sum();
                (per > share * series(whole).sum()).then(|| series(of).sum() / per)
            }
            Aggregate::Saving(name) => {
                let (cut, paid) = (Cut::means(rows.clone()), Paid::Series(name));
                yardsticks.frontier(&cut, paid).saving(&candidate.places(&cut, paid))
            }
            Aggregate::NetSaving => yardsticks.net_saving(candidate, rows.clone(), &spec.aim),
            Aggregate::Allocation => {
                let net = yardsticks.net_saving(candidate, rows.clone(), &spec.aim)?;
                Some(net - yardsticks.worth_on(candidate, &spec.aim, Cut::means(rows.clone()))?)
            }
        }
    }

    fn scenario_scores(self, candidate: &Measurement) -> Vec<ScenarioScore> {
        let Scoring { yardsticks, names, spec } = self;
        let rows = 0..yardsticks.study_rows();
        let own = candidate.part(rows.clone());
        let (gain, cost) = (own.per_scenario(|cell| cell.gain), own.per_scenario(|cell| cell.cost));
        let gain_ref = yardsticks.reference.per_scenario(|cell| cell.gain);
        let figures: Vec<(&str, Vec<f64>)> = spec
            .by_scenario()
            .filter_map(|figure| match &figure.of {
                Aggregate::Mean(series) => {
                    Some((figure.name.as_str(), candidate.series(series, rows.clone()).per_scenario(|value| *value)))
                }
                _ => None,
            })
            .collect();
        let row = |s: usize| ScenarioScore {
            name: names[s].clone(),
            improvement: 1.0 - (-gain[s]).exp(),
            cost: cost[s],
            figures: figures.iter().map(|(name, values)| ((*name).to_owned(), values.get(s).copied())).collect(),
            against_reference: (gain[s] - gain_ref[s]) * 100.0,
            overloaded: yardsticks.overloaded.contains(&names[s]),
        };
        (0..gain.len()).map(row).collect()
    }
}

/// Over the reference's; none where that is not above zero.
fn over(own: f64, reference: f64) -> Option<f64> {
    (reference > 0.0).then(|| own / reference)
}

impl Score {
    /// A figure of the problem's own.
    pub fn figure(&self, name: &str) -> Option<f64> {
        self.figures.get(name).copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, spec};

    /// Three seeds of one workload with this latency, of which the baseline's is 100, and with so much refused of 100.
    fn measured(latency: f64, refused: f64) -> Measurement {
        let cell = Cell { gain: -(latency / 100.0f64).ln(), cost: (refused - 10.0) / 100.0, violations: 0 };
        fixture::measured(vec![vec![cell; 3]])
    }

    fn yardsticks() -> Yardsticks {
        let at = |latency: f64| measured(latency, 50.0 - 2.0 * (latency - 80.0));
        let scales = [99.0, 95.0, 90.0, 85.0, 75.0, 70.0, 66.0, 63.0].map(at).into();
        Yardsticks { extremes: vec![measured(55.0, 100.0)], scales, ..fixture::yardsticks(at(80.0)) }
    }

    fn score(candidate: &Measurement) -> Score {
        Scoring { yardsticks: &yardsticks(), names: &["s".into()], spec: &spec() }.score(candidate)
    }

    #[test]
    fn halving_what_counts_is_an_improvement_of_one_half() {
        let score = score(&measured(50.0, 40.0));
        assert!((score.improvement - 0.5).abs() < 1e-12);
        assert!((score.cost - 0.3).abs() < 1e-12);
        assert_eq!(score.worth, None, "38 points above the reference is not comparable");
    }

    #[test]
    fn the_reference_saves_nothing_against_itself_and_half_its_cost_saves_half() {
        let (yardsticks, aim) = (yardsticks(), spec().aim);
        assert_eq!(yardsticks.worth(&yardsticks.reference, &aim), Some(0.0));
        assert!((yardsticks.worth(&measured(80.0, 30.0), &aim).unwrap() - 0.5).abs() < 1e-12);
    }

    #[test]
    fn moving_along_the_references_own_scale_saves_about_nothing() {
        let saving = yardsticks().worth(&measured(79.0, 52.0), &spec().aim).unwrap();
        assert!(saving.abs() < 0.01, "{saving}");
    }

    #[test]
    fn cost_that_is_moved_between_workloads_is_a_net_saving_and_no_saving() {
        // Two workloads in which gain costs differently.
        let pair = |a: (f64, f64), b: (f64, f64)| {
            let row = |(gain, cost)| vec![Cell { gain, cost, violations: 0 }; 3];
            fixture::measured(vec![row(a), row(b)])
        };
        let at = |gain: f64| pair((gain, 0.5 * gain), (gain, 2.0 * gain));
        let yardsticks = Yardsticks {
            scales: [0.05, 0.1, 0.15, 0.18, 0.22, 0.25, 0.3, 0.35].map(at).into(),
            extremes: vec![at(0.4), at(0.0)],
            ..fixture::yardsticks(at(0.2))
        };
        let names = ["a".to_owned(), "b".to_owned()];
        let moved = pair((0.3, 0.15), (0.1, 0.2));
        let score = Scoring { yardsticks: &yardsticks, names: &names, spec: &spec() }.score(&moved);
        assert!(score.worth.unwrap().abs() < 1e-9, "{score:?}");
        assert!((score.figure("net_saving").unwrap() - 0.3).abs() < 1e-9);
        assert_eq!(score.figure("allocation"), score.figure("net_saving").map(|net| net - score.worth.unwrap()));
    }

    #[test]
    fn figures_are_made_of_series_as_the_spec_says() {
        let mut candidate = measured(80.0, 30.0);
        candidate.series.insert("paid".into(), vec![vec![1.0, 2.0, 3.0]]);
        candidate.series.insert("all".into(), vec![vec![100.0; 3]]);
        let own = score(&candidate);
        assert_eq!(
            (own.figure("paid_mean"), own.figure("paid_sum"), own.figure("paid_lost")),
            (Some(2.0), Some(6.0), Some(-1.0))
        );
        assert_eq!(own.figure("all_per_paid"), Some(50.0), "6 is more than 1 % of 300");
        assert_eq!(own.figure("paid_over_reference"), None, "the reference's is zero");
        assert_eq!(own.scenarios[0].figures["paid_mean"], Some(2.0));
        candidate.series.insert("paid".into(), vec![vec![1.0, 1.0, 1.0]]);
        assert_eq!(score(&candidate).figure("all_per_paid"), None, "3 is no more than 1 % of 300");
    }

    #[test]
    fn what_was_drawn_has_an_interval_over_its_own_workloads_beside_the_studys_over_seeds() {
        let row = |cost| [0.99, 1.0, 1.01].map(|luck| Cell { gain: 0.2, cost: cost * luck, violations: 0 }).to_vec();
        let panel = |costs: [f64; 5]| fixture::measured(costs.map(row).to_vec());
        let yardsticks = Yardsticks { drawn: 4, ..fixture::yardsticks(panel([0.4; 5])) };
        let (names, spec) = (["s".to_owned()], spec());
        let scoring = Scoring { yardsticks: &yardsticks, names: &names, spec: &spec };
        let expected = t_interval(&[0.25, 0.1, 0.2, 0.05], 0.05, 0.0).unwrap();
        for study in [0.1, 0.39] {
            let score = scoring.score_by_study(&panel([study, 0.3, 0.36, 0.32, 0.38]));
            let Panels { study, drawn } = score.panels.unwrap();
            assert!((drawn.worth.unwrap() - 0.15).abs() < 1e-9, "{drawn:?}");
            let [low, high] = drawn.worth_ci.unwrap();
            assert!((low - expected.low).abs() < 1e-9 && (high - expected.high).abs() < 1e-9, "{drawn:?}");
            assert_eq!((study.worth, study.worth_ci), (score.worth, score.worth_ci));
            assert!(study.worth_ci.is_some_and(|ci| Some(ci) != drawn.worth_ci), "{study:?}");
        }
        let whole = scoring.score(&panel([0.1, 0.3, 0.36, 0.32, 0.38])).panels.unwrap();
        assert_eq!((whole.study.worth_ci, whole.drawn.worth_ci), (None, None), "what is recorded is as it was");
    }

    #[test]
    fn where_nothing_is_paid_worth_is_gain_beyond_the_references() {
        let aim = fixture::gain_aim();
        let spec = Spec { aim: aim.clone(), ..spec() };
        let yardsticks = Yardsticks { scales: vec![], ..yardsticks() };
        let own = Scoring { yardsticks: &yardsticks, names: &["s".into()], spec: &spec }.score(&measured(60.0, 90.0));
        assert!((own.worth.unwrap() - (80.0f64 / 60.0).ln()).abs() < 1e-12, "{own:?}");
    }
}
