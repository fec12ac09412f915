//! What a claim is about, as numbers: the metric's paired difference, one value for each seed.

use crate::bundle::{Metric, Prediction};
use crate::objective::{Cell, Measurement, Yardsticks};

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
    /// The reference.
    pub reference: &'a Measurement,
    /// What was measured of the study when the campaign began: the exchange rate, and what pure chance does.
    pub yardsticks: &'a Yardsticks,
    /// Names of the scenarios, in order.
    pub scenarios: &'a [String],
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
    pub fn effects(&self, prediction: &Prediction, seeds: usize) -> Effects {
        let metric = prediction.metric;
        let scope: Vec<usize> = (0..self.scenarios.len())
            .filter(|at| prediction.scope.is_empty() || prediction.scope.contains(&self.scenarios[*at]))
            .collect();
        let by_scenario = |at: &usize| (self.scenarios[*at].clone(), self.series(metric, &[*at], seeds));
        Effects {
            mean: self.series(metric, &scope, seeds),
            scenarios: match metric {
                Metric::NetSaving => Vec::new(),
                _ => scope.iter().map(by_scenario).collect(),
            },
        }
    }

    fn series(&self, metric: Metric, scope: &[usize], seeds: usize) -> Series {
        let of = |measured: Measured<'_>| self.values(metric, measured, self.reference, scope, seeds);
        let mut values = of(Some(self.left));
        for side in &self.right {
            values.iter_mut().zip(of(*side)).for_each(|(effect, value)| *effect -= value);
        }
        if self.right.len() > 1 {
            let extra = (self.right.len() - 1) as f64;
            values.iter_mut().zip(of(self.parent)).for_each(|(effect, value)| *effect += extra * value);
        }
        Series { values, floor: 0.5 * chance(self.yardsticks, metric, scope) }
    }

    fn values(
        &self,
        metric: Metric,
        measured: Measured<'_>,
        reference: &Measurement,
        scope: &[usize],
        seeds: usize,
    ) -> Vec<f64> {
        let seeds = seeds.min(reference.cells.first().map_or(0, Vec::len));
        let mean = |measured: &Measurement, seed: usize, value: &dyn Fn(&Cell) -> f64| {
            scope.iter().map(|at| value(&measured.cells[*at][seed])).sum::<f64>() / scope.len() as f64
        };
        let value = |seed: usize| match (measured, metric) {
            (None, _) => 0.0,
            (Some(measured), Metric::NetSaving) => {
                let [x, y] =
                    [&|cell: &Cell| cell.x, &Cell::y as &dyn Fn(&Cell) -> f64].map(|v| mean(measured, seed, v));
                let x_ref = mean(reference, seed, &|cell| cell.x);
                let y_ref = mean(reference, seed, &Cell::y);
                1.0 - (x / x_ref) * (-self.yardsticks.lambda * (y - y_ref)).exp()
            }
            (Some(measured), _) => mean(measured, seed, &|cell| additive(metric, cell)),
        };
        (0..seeds).map(value).collect()
    }
}

impl Yardsticks {
    /// The spread over seeds that net saving has by pure chance.
    pub fn chance_of_saving(&self) -> f64 {
        let scope: Vec<usize> = (0..self.reference.cells.len()).collect();
        chance(self, Metric::NetSaving, &scope)
    }
}

/// The spread of the reference against itself under other draws, on the search seeds. Its differences are zero on
/// average by construction, and scenarios share no draws: so every trial counts, however few seeds there are.
fn chance(yardsticks: &Yardsticks, metric: Metric, scope: &[usize]) -> f64 {
    let Yardsticks { reference, reference_again, lambda, .. } = yardsticks;
    let x_ref = reference.x();
    let value = |cell: &Cell| match metric {
        // A small difference of x and y moves the saving by so much.
        Metric::NetSaving => lambda * cell.y() - cell.x / x_ref,
        _ => additive(metric, cell),
    };
    let square = |(a, b): (&Cell, &Cell)| (value(a) - value(b)).powi(2);
    let variance = |at: &usize| {
        let (once, again) = (&reference.cells[*at], &reference_again.cells[*at]);
        once.iter().zip(again).map(square).sum::<f64>() / once.len().max(1) as f64
    };
    scope.iter().map(variance).sum::<f64>().sqrt() / scope.len().max(1) as f64
}

/// A metric of one trial, oriented so that more is better.
fn additive(metric: Metric, cell: &Cell) -> f64 {
    match metric {
        Metric::NetSaving => unreachable!("it is no mean over trials"),
        Metric::Improvement => cell.y(),
        Metric::ExtraShedWork => -cell.x,
        Metric::ExtraShedRate => -cell.x_requests,
        Metric::TtftP90 => cell.gains[1],
        Metric::E2eMean => cell.gains[2],
        Metric::E2eP90 => cell.gains[3],
    }
}
