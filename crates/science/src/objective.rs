//! The objective: what all trials of a candidate say, by name; means over the workloads of a panel, equally weighted.

pub use crate::measurement::{Cell, Measurement};
use crate::measurement::{Part, worth};
use crate::spec::{Aggregate, Spec};
use crate::stats::{Interval, t_interval};
pub use crate::yardsticks::Yardsticks;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;

/// Share of drawn workloads that may lose more than the regret bound allows: over many workloads the maximum is too noisy a
/// bound.
pub const MAY_LOSE: f64 = 0.1;

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
    /// Its 95 % interval over seeds.
    pub worth_ci: Option<[f64; 2]>,
    /// The most that any scenario of the study loses against the reference, points (0.01 log units); negative if none
    /// loses.
    pub regret: f64,
    /// The scenario with that regret.
    pub regret_scenario: String,
    /// The most that any scenario of the study loses against the baseline, points.
    pub loss: f64,
    /// What the study's mean gain lies below the reference's, points; negative if it lies above.
    pub shortfall: f64,
    /// Cost on the study over the reference's; none where the reference costs nothing.
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

/// A score on a part of the panel, with the part's own exchange rate.
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
    /// The problem's own figures that are over the reference's.
    pub figures: Figures,
    /// What each workload loses against the reference, points.
    pub regrets: Vec<f64>,
    /// Cost of each workload.
    pub costs: Vec<f64>,
}

impl PanelScore {
    /// How many workloads lose more than this against the reference, points.
    pub fn losing(&self, bound: f64) -> usize {
        self.regrets.iter().filter(|regret| **regret > bound).count()
    }

    /// What all workloads but those that may lose more lose at most, points.
    pub fn regret_of_most(&self) -> f64 {
        let mut regrets = self.regrets.clone();
        regrets.sort_by(|a, b| b.total_cmp(a));
        let may_lose = (MAY_LOSE * regrets.len() as f64) as usize;
        regrets.get(may_lose).copied().unwrap_or(f64::NEG_INFINITY)
    }

    /// The most that a workload loses against the reference, points.
    pub fn regret(&self) -> f64 {
        self.regrets.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }
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
    /// No policy can help in this one.
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
        let study = candidate.part(0..yardsticks.study_rows());
        Score {
            improvement: candidate.improvement(),
            improvement_ci: interval(&gain).map(|i| [1.0 - (-i.low).exp(), 1.0 - (-i.high).exp()]),
            cost: candidate.cost(),
            cost_ci: range(interval(&candidate.per_seed(|cell| cell.cost))),
            worth: yardsticks.worth(candidate, aim),
            worth_ci: range(yardsticks.worth_per_seed(candidate, aim).and_then(|values| interval(&values))),
            regret,
            regret_scenario,
            loss: study.per_scenario(|cell| cell.gain).iter().fold(f64::NEG_INFINITY, |worst, y| worst.max(-y * 100.0)),
            shortfall: -part.against_reference,
            cost_ratio: part.cost_ratio,
            violations: candidate.violations(),
            figures: self.figures(candidate, &part),
            scenarios,
            panels: self.panels(candidate, part),
        }
    }

    /// Scores a measurement by its study rows, which have seeds enough for intervals; the drawn workloads stand beside.
    pub fn score_by_study(self, candidate: &Measurement) -> Score {
        let rows = 0..self.yardsticks.study_rows();
        let (study, against) = (candidate.rows(rows.clone()), self.yardsticks.study());
        let panels = self.panels(candidate, self.panel_score(candidate, rows));
        // What must never be done must not be done in any workload.
        let violations = candidate.violations();
        Score { panels, violations, ..Scoring { yardsticks: &against, ..self }.score(&study) }
    }

    fn panels(self, candidate: &Measurement, study: PanelScore) -> Option<Panels> {
        let drawn = self.yardsticks.study_rows()..candidate.cells.len();
        (self.yardsticks.drawn > 0).then(|| Panels { study, drawn: self.panel_score(candidate, drawn) })
    }

    /// Scores one part of a panel against the yardsticks of that part.
    fn panel_score(self, candidate: &Measurement, rows: Range<usize>) -> PanelScore {
        let Scoring { yardsticks, spec, .. } = self;
        let (own, reference) = (candidate.part(rows.clone()), yardsticks.reference.part(rows.clone()));
        let over = |own: f64, reference: f64| (reference > 0.0).then(|| own / reference);
        let beyond = own.gain() - reference.gain();
        let figures = spec.figures.iter().filter_map(|figure| match &figure.of {
            Aggregate::OverReference(name) => {
                let mean = |measured: &Measurement| measured.series(name, rows.clone()).average();
                Some((figure.name.clone(), over(mean(candidate), mean(&yardsticks.reference))))
            }
            _ => None,
        });
        let worth = || {
            let rate = yardsticks.rate_on(&rows);
            worth(&spec.aim, [own.cost(), own.gain()], [reference.cost(), reference.gain()], rate)
        };
        let gain = |part: Part<'_, Cell>| part.per_scenario(|cell| cell.gain);
        PanelScore {
            improvement: own.improvement(),
            against_reference: beyond * 100.0,
            cost: own.cost(),
            cost_ratio: over(own.cost(), reference.cost()),
            worth: spec.aim.compares(beyond, reference.cost()).then(worth),
            figures: figures.collect(),
            regrets: gain(own).iter().zip(gain(reference)).map(|(own, reference)| (reference - own) * 100.0).collect(),
            costs: own.per_scenario(|cell| cell.cost),
        }
    }

    fn figures(self, candidate: &Measurement, study: &PanelScore) -> Figures {
        let all = |name: &str| candidate.series(name, 0..candidate.cells.len());
        let value = |of: &Aggregate, name: &str| match of {
            Aggregate::Mean(series) => Some(all(series).average()),
            Aggregate::Lost(series) => Some(1.0 - all(series).average()),
            Aggregate::Sum(series) => Some(all(series).sum()),
            Aggregate::OverReference(_) => study.figures.get(name).copied().flatten(),
            Aggregate::Per { of, per, above: (share, whole) } => {
                let per = all(per).sum();
                (per > share * all(whole).sum()).then(|| all(of).sum() / per)
            }
        };
        self.spec.figures.iter().map(|figure| (figure.name.clone(), value(&figure.of, &figure.name))).collect()
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
    use crate::yardsticks::Scale;

    /// Three seeds of one workload with this latency, of which the baseline's is 100, and with so much refused of 100.
    fn measured(latency: f64, refused: f64) -> Measurement {
        let cell = Cell { gain: -(latency / 100.0f64).ln(), cost: (refused - 10.0) / 100.0, violations: 0 };
        fixture::measured(vec![vec![cell; 3]])
    }

    fn yardsticks() -> Yardsticks {
        let reference = measured(80.0, 50.0);
        Yardsticks {
            extremes: vec![measured(60.0, 100.0)],
            scale: Scale::of(measured(75.0, 60.0), measured(85.0, 40.0)),
            ..fixture::yardsticks(reference)
        }
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
        assert!(saving.abs() < 0.03, "{saving}");
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
    fn where_nothing_is_paid_worth_is_gain_beyond_the_references() {
        let aim = fixture::gain_aim();
        let spec = Spec { aim: aim.clone(), ..spec() };
        let yardsticks = Yardsticks { scale: None, ..yardsticks() };
        let own = Scoring { yardsticks: &yardsticks, names: &["s".into()], spec: &spec }.score(&measured(60.0, 90.0));
        assert!((own.worth.unwrap() - (80.0f64 / 60.0).ln()).abs() < 1e-12, "{own:?}");
    }
}
