//! The objective: what all trials of a candidate say, by name; means over the workloads of a
//! panel, equally weighted.

use crate::measurement::Part;
pub use crate::measurement::{Cell, Measurement};
use crate::stats::{Interval, t_interval};
use crate::yardsticks::net_saving;
pub use crate::yardsticks::{COMPARABLE, Yardsticks};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Share of drawn workloads that may lose more than the regret guard allows: over many workloads the maximum is too noisy a
/// bound.
pub const MAY_LOSE: f64 = 0.1;

/// What all trials of a candidate say, by the names of the objective.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// 1 − exp(−mean y): share of critical latency saved, geometric mean over metrics and scenarios.
    pub improvement: f64,
    /// Its 95 % interval over seeds.
    pub improvement_ci: Option<[f64; 2]>,
    /// Mean x: share of droppable work refused beyond the baseline's.
    pub extra_shed_work: f64,
    /// Its 95 % interval over seeds.
    pub extra_shed_work_ci: Option<[f64; 2]>,
    /// The same in requests.
    pub extra_shed_rate: f64,
    /// The plain count, summed over all trials.
    pub extra_sheds: i64,
    /// 1 − completed output tokens over the baseline's, mean over trials.
    pub throughput_loss: f64,
    /// Critical E2E saved per extra shed, ms; none unless extra sheds exceed 1 % of droppable requests.
    pub ms_saved_per_shed: Option<f64>,
    /// Cost saved against the reference at equal improvement.
    pub net_saving: Option<f64>,
    /// Its 95 % interval over seeds.
    pub net_saving_ci: Option<[f64; 2]>,
    /// The most that any scenario of the study loses against the reference, points (0.01 log units); negative if none
    /// loses.
    pub regret: f64,
    /// The scenario with that regret.
    pub regret_scenario: String,
    /// The most that any scenario of the study loses against the baseline, points.
    pub loss: f64,
    /// What the study's mean improvement lies below the reference's, points; negative if it lies above.
    pub shortfall: f64,
    /// Extra shed work on the study over the reference's; none where the reference costs nothing.
    pub work_ratio: Option<f64>,
    /// Extra shed rate on the study over the reference's; likewise.
    pub rate_ratio: Option<f64>,
    /// Critical requests refused.
    pub protected_rejections: u64,
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
    /// 1 − exp(−mean y).
    pub improvement: f64,
    /// Improvement beyond the reference's, points.
    pub against_reference: f64,
    /// Mean x.
    pub extra_shed_work: f64,
    /// The same over the reference's; none where the reference costs nothing.
    pub work_ratio: Option<f64>,
    /// Extra shed rate over the reference's; likewise.
    pub rate_ratio: Option<f64>,
    /// Cost saved against the reference at equal improvement.
    pub net_saving: Option<f64>,
    /// What each workload loses against the reference, points.
    pub regrets: Vec<f64>,
    /// Extra shed work of each workload.
    #[serde(default)]
    pub works: Vec<f64>,
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
    /// 1 − exp(−y).
    pub improvement: f64,
    /// Mean x.
    pub extra_shed_work: f64,
    /// Mean of the same in requests.
    pub extra_shed_rate: f64,
    /// Improvement beyond the reference's, points.
    pub against_reference: f64,
    /// No admission policy can stabilise this one.
    pub overloaded: bool,
}

/// Scores a measurement. `names` are the study's scenarios, in the experiment's order.
pub fn score(candidate: &Measurement, yardsticks: &Yardsticks, names: &[String]) -> Score {
    let interval = |values: &[f64]| t_interval(values, 0.05, 0.0).filter(|_| !yardsticks.one_trace);
    let range = |i: Option<Interval>| i.map(|i| [i.low, i.high]);
    let y = candidate.per_seed(Cell::y);
    let study = candidate.part(0..yardsticks.study_rows());
    let part = panel_score(candidate, yardsticks, 0..yardsticks.study_rows());
    let scenarios = scenario_scores(study, yardsticks, names);
    let worst = scenarios.iter().min_by(|a, b| a.against_reference.total_cmp(&b.against_reference));
    let (sheds, droppable) = (candidate.sum(|c| c.extra_sheds as f64), candidate.sum(|c| c.droppable as f64));
    Score {
        improvement: candidate.improvement(),
        improvement_ci: interval(&y).map(|i| [1.0 - (-i.low).exp(), 1.0 - (-i.high).exp()]),
        extra_shed_work: candidate.x(),
        extra_shed_work_ci: range(interval(&candidate.per_seed(|c| c.x))),
        extra_shed_rate: candidate.mean(|c| c.x_requests),
        extra_sheds: sheds as i64,
        throughput_loss: 1.0 - candidate.mean(|c| c.throughput),
        ms_saved_per_shed: (sheds > 0.01 * droppable).then(|| candidate.sum(|c| c.saved_ms) / sheds),
        net_saving: yardsticks.net_saving(candidate),
        net_saving_ci: range(yardsticks.net_saving_per_seed(candidate).and_then(|v| interval(&v))),
        regret: worst.map_or(0.0, |s| -s.against_reference),
        regret_scenario: worst.map_or_else(String::new, |s| s.name.clone()),
        loss: study.per_scenario(Cell::y).iter().fold(f64::NEG_INFINITY, |worst, y| worst.max(-y * 100.0)),
        shortfall: -part.against_reference,
        work_ratio: part.work_ratio,
        rate_ratio: part.rate_ratio,
        protected_rejections: candidate.protected(),
        scenarios,
        panels: panels(candidate, yardsticks, part),
    }
}

/// Scores a measurement by its study rows, which have seeds enough for intervals; the drawn workloads stand beside.
pub fn score_by_study(candidate: &Measurement, yardsticks: &Yardsticks, names: &[String]) -> Score {
    let (study, against) = (candidate.rows(0..yardsticks.study_rows()), yardsticks.study());
    let own = panel_score(candidate, yardsticks, 0..yardsticks.study_rows());
    // What is protected is so in every workload.
    let protected_rejections = candidate.protected();
    Score { panels: panels(candidate, yardsticks, own), protected_rejections, ..score(&study, &against, names) }
}

fn panels(candidate: &Measurement, yardsticks: &Yardsticks, study: PanelScore) -> Option<Panels> {
    let drawn = yardsticks.study_rows()..candidate.cells.len();
    (yardsticks.drawn > 0).then(|| Panels { study, drawn: panel_score(candidate, yardsticks, drawn) })
}

/// Scores one part of a panel against the yardsticks of that part.
fn panel_score(candidate: &Measurement, yardsticks: &Yardsticks, rows: Range<usize>) -> PanelScore {
    let lambda = yardsticks.rate_on(&rows);
    let (candidate, reference) = (candidate.part(rows.clone()), yardsticks.reference.part(rows));
    let ratio = |value: fn(&Cell) -> f64| {
        let (own, reference) = (candidate.mean(value), reference.mean(value));
        (reference > 0.0).then(|| own / reference)
    };
    let (y, y_ref) = (candidate.per_scenario(Cell::y), reference.per_scenario(Cell::y));
    PanelScore {
        improvement: candidate.improvement(),
        against_reference: (candidate.y() - reference.y()) * 100.0,
        extra_shed_work: candidate.x(),
        work_ratio: ratio(|cell| cell.x),
        rate_ratio: ratio(|cell| cell.x_requests),
        net_saving: net_saving([candidate.x(), candidate.y()], [reference.x(), reference.y()], lambda),
        regrets: y.iter().zip(&y_ref).map(|(y, y_ref)| (y_ref - y) * 100.0).collect(),
        works: candidate.per_scenario(|cell| cell.x),
    }
}

fn scenario_scores(candidate: Part<'_>, yardsticks: &Yardsticks, names: &[String]) -> Vec<ScenarioScore> {
    let (y, y_ref) = (candidate.per_scenario(Cell::y), yardsticks.reference.per_scenario(Cell::y));
    let (x, x_requests) = (candidate.per_scenario(|c| c.x), candidate.per_scenario(|c| c.x_requests));
    let row = |s: usize| ScenarioScore {
        name: names[s].clone(),
        improvement: 1.0 - (-y[s]).exp(),
        extra_shed_work: x[s],
        extra_shed_rate: x_requests[s],
        against_reference: (y[s] - y_ref[s]) * 100.0,
        overloaded: yardsticks.overloaded.contains(&names[s]),
    };
    (0..y.len()).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::Trial;

    fn trial(latency: f64, refused: u64) -> Trial {
        Trial {
            ttft_mean_us: latency,
            ttft_p90_us: latency,
            e2e_mean_us: latency,
            e2e_p90_us: latency,
            droppable_requests: 100,
            droppable_work: 1000,
            refused_requests: refused,
            refused_work: refused * 10,
            critical_requests: 10,
            output_tokens: 1000 - refused,
            ..Trial::default()
        }
    }

    fn measured(latency: f64, refused: u64) -> Measurement {
        Measurement::pair(&[trial(latency, refused); 3], &[trial(100.0, 10); 3], &[3])
    }

    fn yardsticks() -> Yardsticks {
        let (louder, softer) = (measured(75.0, 60), measured(85.0, 40));
        let lambda = Yardsticks::exchange_rate(&louder, &softer).unwrap();
        let reference = measured(80.0, 50);
        Yardsticks {
            reference_again: reference.clone(),
            refuse_everything: measured(60.0, 100),
            reference,
            louder,
            softer,
            lambda,
            overloaded: vec![],
            drawn: 0,
            one_trace: false,
        }
    }

    #[test]
    fn halving_every_latency_is_an_improvement_of_one_half() {
        let score = score(&measured(50.0, 40), &yardsticks(), &["s".into()]);
        assert!((score.improvement - 0.5).abs() < 1e-12);
        assert!((score.extra_shed_work - 0.3).abs() < 1e-12);
        assert_eq!(score.net_saving, None, "38 points above the reference is not comparable");
    }

    #[test]
    fn the_reference_saves_nothing_against_itself_and_half_its_cost_saves_half() {
        let yardsticks = yardsticks();
        assert_eq!(yardsticks.net_saving(&yardsticks.reference), Some(0.0));
        assert!((yardsticks.net_saving(&measured(80.0, 30)).unwrap() - 0.5).abs() < 1e-12);
    }

    #[test]
    fn moving_along_the_references_own_scale_saves_about_nothing() {
        let yardsticks = yardsticks();
        let saving = yardsticks.net_saving(&measured(79.0, 52)).unwrap();
        assert!(saving.abs() < 0.03, "{saving}");
    }

    #[test]
    fn doing_nothing_has_no_saving_per_shed() {
        assert_eq!(score(&measured(100.0, 10), &yardsticks(), &["s".into()]).ms_saved_per_shed, None);
    }
}
