//! What a claim is about, as numbers: the metric's paired difference, one value for each seed.

use crate::bundle::Prediction;
use crate::objective::{Cell, Measurement, Yardsticks};
use crate::spec::{Aim, Metric, Spec};

/// A side of a comparison, as measured. The baseline is `None`: all its differences are zero by definition.
pub type Measured<'a> = Option<&'a Measurement>;

/// Everything that a claim compares, measured on the same seeds.
#[derive(Clone, Debug)]
pub struct Comparison<'a> {
    /// The arm.
    pub left: &'a Measurement,
    /// What it is compared with.
    pub right: Vec<Measured<'a>>,
    /// What the bundle departs from: with several right sides, their effects are counted from it.
    pub parent: Measured<'a>,
    /// The reference, and what gain costs, on these seeds.
    pub against: &'a Yardsticks,
    /// What was measured of the study when the campaign began: what pure chance does.
    pub yardsticks: &'a Yardsticks,
    /// Names of the scenarios, in order.
    pub scenarios: &'a [String],
    /// What counts.
    pub spec: &'a Spec,
}

/// A claim's effect, seed by seed, oriented so that more is better for the arm.
#[derive(Clone, Debug, PartialEq)]
pub struct Effects {
    /// The mean over the scope.
    pub mean: Series,
    /// Each scenario of the scope by itself; empty for a metric that exists for the whole panel only.
    pub scenarios: Vec<(String, Series)>,
}

/// Paired values, one for each seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The values.
    pub values: Vec<f64>,
    /// Half the spread that pure chance has: no measured spread counts as smaller.
    pub floor: f64,
}

impl Effects {
    /// Whether both sides did exactly the same on every seed: then nothing of the claim was at work.
    pub fn are_nothing(&self) -> bool {
        let all = self.scenarios.iter().map(|(_, series)| series).chain([&self.mean]);
        all.flat_map(|series| &series.values).all(|value| *value == 0.0)
    }
}

impl Comparison<'_> {
    /// The effect that a prediction speaks of, over the first `seeds` seeds: `left` − Σ `right` + (n − 1) · `parent` for n
    /// right sides.
    ///
    /// # Panics
    /// If the metric is none of the problem's, which no registered bundle claims.
    pub fn effects(&self, prediction: &Prediction, seeds: usize) -> Effects {
        let metric = self.spec.metric(&prediction.metric).expect("a registered claim is about a metric of the spec");
        let scope: Vec<usize> = (0..self.scenarios.len())
            .filter(|at| prediction.scope.is_empty() || prediction.scope.contains(&self.scenarios[*at]))
            .collect();
        let by_scenario = |at: &usize| (self.scenarios[*at].clone(), self.series(&metric, &[*at], seeds));
        Effects {
            mean: self.series(&metric, &scope, seeds),
            scenarios: match metric {
                Metric::Worth(_) => Vec::new(),
                _ => scope.iter().map(by_scenario).collect(),
            },
        }
    }

    fn series(&self, metric: &Metric<'_>, scope: &[usize], seeds: usize) -> Series {
        let of = |measured: Measured<'_>| self.values(metric, measured, scope, seeds);
        let mut values = of(Some(self.left));
        for side in &self.right {
            values.iter_mut().zip(of(*side)).for_each(|(effect, value)| *effect -= value);
        }
        if self.right.len() > 1 {
            let extra = (self.right.len() - 1) as f64;
            values.iter_mut().zip(of(self.parent)).for_each(|(effect, value)| *effect += extra * value);
        }
        Series { values, floor: 0.5 * chance(self.yardsticks, metric, scope, self.spec) }
    }

    fn values(&self, metric: &Metric<'_>, measured: Measured<'_>, scope: &[usize], seeds: usize) -> Vec<f64> {
        let seeds = seeds.min(self.against.reference.common_seeds());
        let Some(measured) = measured else { return vec![0.0; seeds] };
        let mean = |value: &dyn Fn(usize) -> f64| scope.iter().map(|at| value(*at)).sum::<f64>() / scope.len() as f64;
        if let Metric::Worth(_) = metric {
            // The reference saves nothing against itself. Measured, it would be a little off: it is a corner of its own hull.
            let is_reference = *measured == self.against.reference;
            let worth = |seed| self.against.worth_at_seed(measured, &self.spec.aim, seed);
            return (0..seeds).map(|seed| if is_reference { 0.0 } else { worth(seed) }).collect();
        }
        (0..seeds).map(|seed| mean(&|at| measured.oriented(metric, at, seed))).collect()
    }
}

impl Yardsticks {
    /// The spread over seeds that worth has by pure chance.
    pub fn chance_of_worth(&self, spec: &Spec) -> f64 {
        let scope: Vec<usize> = (0..self.reference.cells.len()).collect();
        chance(self, &Metric::Worth(spec.aim.worth_name()), &scope, spec)
    }
}

/// The spread of the reference against itself under other draws, on the search seeds. Its differences are zero on
/// average by construction, and scenarios share no draws: so every trial counts, however few seeds there are.
fn chance(yardsticks: &Yardsticks, metric: &Metric<'_>, scope: &[usize], spec: &Spec) -> f64 {
    let reference = &yardsticks.reference;
    let Some(again) = yardsticks.twins.first() else { return 0.0 };
    let rate = yardsticks.rate(&(0..reference.cells.len()));
    let cost_ref = if reference.cost() > 0.0 { reference.cost() } else { 1.0 };
    // A small difference of cost and gain moves what a policy is worth by so much.
    let worth = |cell: &Cell| match spec.aim {
        Aim::Saving { .. } => rate * cell.gain - cell.cost / cost_ref,
        Aim::Gain { .. } => cell.gain,
    };
    let value = |measured: &Measurement, at: usize, seed: usize| match metric {
        Metric::Worth(_) => worth(&measured.cells[at][seed]),
        _ => measured.oriented(metric, at, seed),
    };
    let variance = |at: &usize| {
        let seeds = reference.cells[*at].len().min(again.cells[*at].len());
        let square = |seed| (value(reference, *at, seed) - value(again, *at, seed)).powi(2);
        (0..seeds).map(square).sum::<f64>() / reference.cells[*at].len().max(1) as f64
    };
    scope.iter().map(variance).sum::<f64>().sqrt() / scope.len().max(1) as f64
}
