//! The objective: what a candidate saves and what it costs, paired with the baseline on the same arrivals and draws.
//!
//! Per scenario and seed: `y` = minus the mean over the four critical latencies (TTFT mean and p90, E2E mean and p90) of
//! ln(candidate / baseline), so 0.01 is one *point*; `x` = droppable work refused beyond the baseline's, as a share of
//! all droppable work. Means over the scenarios of a panel, equally weighted, per seed.

use crate::stats::{Interval, mean, t_interval};
use crate::trial::Trial;
use serde::{Deserialize, Serialize};

/// Improvements further than this from the reference's are not comparable by cost (log units: 2 points).
pub const COMPARABLE: f64 = 0.02;

/// A candidate against the baseline: one cell for each scenario and seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// `cells[scenario][seed]`, in the order of the experiment.
    pub cells: Vec<Vec<Cell>>,
}

/// One trial against the baseline's on the same arrivals.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// −ln(candidate / baseline) of TTFT mean, TTFT p90, E2E mean, E2E p90.
    pub gains: [f64; 4],
    /// Refused droppable work beyond the baseline's, as a share of all droppable work; may be negative.
    pub x: f64,
    /// The same in requests.
    pub x_requests: f64,
    /// The same as a plain count of requests.
    pub extra_sheds: i64,
    /// Droppable requests that arrived.
    pub droppable: u64,
    /// Critical E2E saved, summed over critical requests, ms.
    pub saved_ms: f64,
    /// Output tokens completed over the baseline's.
    pub throughput: f64,
    /// Critical requests refused.
    pub protected: u64,
}

impl Cell {
    /// Pairs a trial with the baseline's trial on the same arrivals and draws.
    pub fn pair(candidate: &Trial, baseline: &Trial) -> Self {
        let gain = |c: f64, b: f64| if c > 0.0 && b > 0.0 { -(c / b).ln() } else { 0.0 };
        let (work, requests) = (baseline.droppable_work.max(1) as f64, baseline.droppable_requests.max(1) as f64);
        let extra_sheds = candidate.refused_requests as i64 - baseline.refused_requests as i64;
        Cell {
            gains: [
                gain(candidate.ttft_mean_us, baseline.ttft_mean_us),
                gain(candidate.ttft_p90_us, baseline.ttft_p90_us),
                gain(candidate.e2e_mean_us, baseline.e2e_mean_us),
                gain(candidate.e2e_p90_us, baseline.e2e_p90_us),
            ],
            x: (candidate.refused_work as f64 - baseline.refused_work as f64) / work,
            x_requests: extra_sheds as f64 / requests,
            extra_sheds,
            droppable: baseline.droppable_requests,
            saved_ms: (baseline.e2e_mean_us - candidate.e2e_mean_us) * baseline.critical_requests as f64 / 1000.0,
            throughput: candidate.output_tokens as f64 / baseline.output_tokens.max(1) as f64,
            protected: candidate.protected_rejections,
        }
    }

    /// The improvement in log units.
    pub fn y(&self) -> f64 {
        self.gains.iter().sum::<f64>() / 4.0
    }
}

impl Measurement {
    /// Pairs trials (scenario by scenario, seed by seed) with the baseline's.
    pub fn pair(candidate: &[Trial], baseline: &[Trial], seeds: usize) -> Self {
        let cells: Vec<Cell> = candidate.iter().zip(baseline).map(|(c, b)| Cell::pair(c, b)).collect();
        Measurement { cells: cells.chunks(seeds.max(1)).map(<[Cell]>::to_vec).collect() }
    }

    /// The scenario means of `value`, one for each seed.
    pub fn per_seed(&self, value: impl Fn(&Cell) -> f64) -> Vec<f64> {
        let seeds = self.cells.first().map_or(0, Vec::len);
        (0..seeds).map(|r| self.cells.iter().map(|row| value(&row[r])).sum::<f64>() / self.cells.len() as f64).collect()
    }

    /// The seed means of `value`, one for each scenario.
    pub fn per_scenario(&self, value: impl Fn(&Cell) -> f64) -> Vec<f64> {
        self.cells.iter().map(|row| row.iter().map(&value).sum::<f64>() / row.len().max(1) as f64).collect()
    }

    /// Mean improvement over the panel, log units.
    pub fn y(&self) -> f64 {
        mean(&self.per_seed(Cell::y))
    }

    /// Mean extra shed work over the panel, a fraction.
    pub fn x(&self) -> f64 {
        mean(&self.per_seed(|c| c.x))
    }

    fn sum(&self, value: impl Fn(&Cell) -> f64) -> f64 {
        self.cells.iter().flatten().map(value).sum()
    }
}

/// The measurements that all others are held against, made once when a campaign starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Yardsticks {
    /// The reference (the published policy) against the baseline.
    pub reference: Measurement,
    /// The reference again under another draw key: what pure chance does (A/A).
    pub reference_again: Measurement,
    /// Refusing every droppable request: the most that any policy can gain, and its price.
    pub refuse_everything: Measurement,
    /// The reference at 1.5 × and at 1/1.5 × its own scale.
    pub louder: Measurement,
    /// See `louder`.
    pub softer: Measurement,
    /// Cost per improvement on the reference's own scale, 1 per log unit: λ of `net_saving`.
    pub lambda: f64,
    /// Scenarios that stay unstable when every droppable request is refused.
    pub overloaded: Vec<String>,
}

impl Yardsticks {
    /// λ = [ln X(1.5 k) − ln X(k / 1.5)] / [Y(1.5 k) − Y(k / 1.5)]; none where the scale moves nothing or costs nothing.
    pub fn exchange_rate(louder: &Measurement, softer: &Measurement) -> Option<f64> {
        let (x_loud, x_soft, dy) = (louder.x(), softer.x(), louder.y() - softer.y());
        (x_loud > 0.0 && x_soft > 0.0 && dy.abs() > 1e-9).then(|| (x_loud / x_soft).ln() / dy)
    }

    /// Cost saved against the reference at equal improvement, from panel means.
    /// None where improvements differ by more than [`COMPARABLE`] or the reference costs nothing.
    pub fn net_saving(&self, candidate: &Measurement) -> Option<f64> {
        self.saving(candidate.x(), candidate.y(), self.reference.x(), self.reference.y())
    }

    /// `net_saving` seed by seed, where it is defined for the panel.
    pub fn net_saving_per_seed(&self, candidate: &Measurement) -> Option<Vec<f64>> {
        self.net_saving(candidate)?;
        let (x, y) = (candidate.per_seed(|c| c.x), candidate.per_seed(Cell::y));
        let (x_ref, y_ref) = (self.reference.per_seed(|c| c.x), self.reference.per_seed(Cell::y));
        Some((0..x.len()).map(|r| self.raw_saving(x[r], y[r], x_ref[r], y_ref[r])).collect())
    }

    /// The same formula at any distance from the reference's improvement: too far off to be reported, good enough to
    /// learn from.
    pub fn saving_at_a_distance(&self, candidate: &Measurement) -> f64 {
        self.raw_saving(candidate.x(), candidate.y(), self.reference.x(), self.reference.y())
    }

    fn saving(&self, x: f64, y: f64, x_ref: f64, y_ref: f64) -> Option<f64> {
        ((y - y_ref).abs() <= COMPARABLE && x_ref > 0.0).then(|| self.raw_saving(x, y, x_ref, y_ref))
    }

    fn raw_saving(&self, x: f64, y: f64, x_ref: f64, y_ref: f64) -> f64 {
        1.0 - (x / x_ref) * (-self.lambda * (y - y_ref)).exp()
    }
}

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
    /// The most that any scenario loses against the reference, points (0.01 log units); negative if none loses.
    pub regret: f64,
    /// The scenario with that regret.
    pub regret_scenario: String,
    /// The most that any scenario loses against the baseline, points.
    pub loss: f64,
    /// Critical requests refused.
    pub protected_rejections: u64,
    /// One entry for each scenario.
    pub scenarios: Vec<ScenarioScore>,
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

/// Scores a measurement. `names` are the scenarios' names in the experiment's order.
pub fn score(candidate: &Measurement, yardsticks: &Yardsticks, names: &[String]) -> Score {
    let interval = |values: &[f64]| t_interval(values, 0.05, 0.0);
    let range = |i: Option<Interval>| i.map(|i| [i.low, i.high]);
    let y = candidate.per_seed(Cell::y);
    let scenarios = scenario_scores(candidate, yardsticks, names);
    let worst = scenarios.iter().min_by(|a, b| a.against_reference.total_cmp(&b.against_reference));
    let (sheds, droppable) = (candidate.sum(|c| c.extra_sheds as f64), candidate.sum(|c| c.droppable as f64));
    Score {
        improvement: 1.0 - (-mean(&y)).exp(),
        improvement_ci: interval(&y).map(|i| [1.0 - (-i.low).exp(), 1.0 - (-i.high).exp()]),
        extra_shed_work: candidate.x(),
        extra_shed_work_ci: range(interval(&candidate.per_seed(|c| c.x))),
        extra_shed_rate: mean(&candidate.per_seed(|c| c.x_requests)),
        extra_sheds: sheds as i64,
        throughput_loss: 1.0 - mean(&candidate.per_seed(|c| c.throughput)),
        ms_saved_per_shed: (sheds > 0.01 * droppable).then(|| candidate.sum(|c| c.saved_ms) / sheds),
        net_saving: yardsticks.net_saving(candidate),
        net_saving_ci: range(yardsticks.net_saving_per_seed(candidate).and_then(|v| interval(&v))),
        regret: worst.map_or(0.0, |s| -s.against_reference),
        regret_scenario: worst.map_or_else(String::new, |s| s.name.clone()),
        loss: candidate.per_scenario(Cell::y).iter().fold(f64::NEG_INFINITY, |worst, y| worst.max(-y * 100.0)),
        protected_rejections: candidate.cells.iter().flatten().map(|c| c.protected).sum(),
        scenarios,
    }
}

fn scenario_scores(candidate: &Measurement, yardsticks: &Yardsticks, names: &[String]) -> Vec<ScenarioScore> {
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
        Measurement::pair(&[trial(latency, refused); 3], &[trial(100.0, 10); 3], 3)
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
