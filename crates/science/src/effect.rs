//! What a claim is about, as numbers: the metric's paired difference, one value for each seed.

use crate::bundle::Prediction;
use crate::measurement::Cut;
use crate::objective::{Cell, Measurement, Yardsticks};
use crate::sequence::Sequence;
use crate::spec::{Aim, Metric, Spec};
use crate::stats::Interval;

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
    /// What was measured when the campaign began: what pure chance does.
    pub yardsticks: &'a Yardsticks,
    /// Names of the experiment's scenarios, in order.
    pub scenarios: &'a [String],
    /// Those that ran, by their positions: the first rows of what was measured. The others were drawn, afresh for each seed.
    pub ran: Vec<usize>,
    /// What counts.
    pub spec: &'a Spec,
}

/// A claim's effect, seed by seed, oriented so that more is better for the arm.
#[derive(Clone, Debug, PartialEq)]
pub struct Effects {
    /// The mean over the scope.
    pub mean: Series,
    /// Each scenario of the scope by itself; empty for a metric that exists for the whole panel only, and for drawn workloads.
    pub scenarios: Vec<(String, Series)>,
}

/// The rows that a claim is about.
struct Scope {
    /// Among what was measured.
    rows: Vec<usize>,
    /// Among what was measured when the campaign began.
    known: Vec<usize>,
    /// What their values are of.
    sequence: Sequence,
    /// What a saving is a share of.
    paid: f64,
}

/// What the reference pays in a workload, as it was measured when the campaign began: a saving is a share of this, so that each
/// value is a mean and no ratio of two numbers that both vary. 1 where it pays nothing, or nothing is paid for gain.
pub(crate) fn paid(yardsticks: &Yardsticks, rows: impl ExactSizeIterator<Item = usize>) -> f64 {
    let (costs, all) = (yardsticks.reference.per_scenario(|cell| cell.cost), rows.len().max(1) as f64);
    let paid = rows.map(|row| costs[row]).sum::<f64>() / all;
    if paid > 0.0 { paid } else { 1.0 }
}

/// Paired values, one for each seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The values.
    pub values: Vec<f64>,
    /// Half the spread that pure chance has: no measured spread counts as smaller.
    pub floor: f64,
    /// What they are of.
    pub sequence: Sequence,
}

impl Series {
    /// The interval of their mean that holds at all looks together.
    pub(crate) fn interval(&self, alpha: f64) -> Interval {
        self.sequence.interval(&self.values, alpha, self.floor)
    }
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
        let scope = self.scope(prediction);
        let by_scenario = |at: usize| {
            let one = Scope { rows: vec![scope.rows[at]], known: vec![scope.known[at]], ..scope };
            (self.scenarios[scope.known[at]].clone(), self.series(&metric, &one, seeds))
        };
        let is_whole = matches!(metric, Metric::Worth(_)) || scope.sequence == Sequence::Drawn;
        let by_themselves = if is_whole { 0 } else { scope.rows.len() };
        Effects { mean: self.series(&metric, &scope, seeds), scenarios: (0..by_themselves).map(by_scenario).collect() }
    }

    fn scope(&self, prediction: &Prediction) -> Scope {
        let sequence = Sequence::of(self.against.drawn, prediction.is_about_all());
        let is_meant = |at: &usize| prediction.scope.is_empty() || prediction.scope.contains(&self.scenarios[*at]);
        let (rows, known): (Vec<usize>, Vec<usize>) = match sequence {
            Sequence::Drawn => (self.against.population().rows.collect(), self.yardsticks.population().rows.collect()),
            Sequence::Scenarios => self.ran.iter().copied().enumerate().filter(|(_, at)| is_meant(at)).unzip(),
        };
        Scope { paid: paid(self.yardsticks, known.iter().copied()), rows, known, sequence }
    }

    fn series(&self, metric: &Metric<'_>, scope: &Scope, seeds: usize) -> Series {
        let of = |measured: Measured<'_>| self.values(metric, measured, scope, seeds);
        let mut values = of(Some(self.left));
        for side in &self.right {
            values.iter_mut().zip(of(*side)).for_each(|(effect, value)| *effect -= value);
        }
        if self.right.len() > 1 {
            let extra = (self.right.len() - 1) as f64;
            values.iter_mut().zip(of(self.parent)).for_each(|(effect, value)| *effect += extra * value);
        }
        let chance = chance(self.yardsticks, metric, &scope.known, self.spec) / (scope.rows.len().max(1) as f64).sqrt();
        Series { values, floor: 0.5 * chance, sequence: scope.sequence }
    }

    fn values(&self, metric: &Metric<'_>, measured: Measured<'_>, scope: &Scope, seeds: usize) -> Vec<f64> {
        let seeds = seeds.min(self.against.reference.common_seeds());
        let Some(measured) = measured else { return vec![0.0; seeds] };
        let mean = |value: &dyn Fn(usize) -> f64| {
            scope.rows.iter().map(|at| value(*at)).sum::<f64>() / scope.rows.len() as f64
        };
        if let Metric::Worth(_) = metric {
            // The reference saves nothing against itself. Measured, it would be a little off: it is a corner of its own hull.
            let is_same = |(own, other): (&Vec<Cell>, &Vec<Cell>)| own.iter().take(seeds).eq(other.iter().take(seeds));
            let is_reference = measured.cells.iter().zip(&self.against.reference.cells).all(is_same);
            let rows = scope.rows[0]..scope.rows[0] + scope.rows.len();
            let worth =
                |seed| self.against.saved(measured, &self.spec.aim, &Cut::seed(rows.clone(), seed)) / scope.paid;
            return (0..seeds).map(|seed| if is_reference { 0.0 } else { worth(seed) }).collect();
        }
        (0..seeds).map(|seed| mean(&|at| measured.oriented(metric, at, seed))).collect()
    }
}

/// The spread, in one workload, of the reference against itself under other draws, on the search seeds. Its differences are zero
/// on average by construction, and workloads share no draws: so every trial counts, however few seeds there are.
pub(crate) fn chance(yardsticks: &Yardsticks, metric: &Metric<'_>, scope: &[usize], spec: &Spec) -> f64 {
    let reference = &yardsticks.reference;
    let Some(again) = yardsticks.twins.first() else { return 0.0 };
    let rate = yardsticks.rate(&(0..reference.cells.len()));
    let cost_ref = paid(yardsticks, scope.iter().copied());
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
    (scope.iter().map(variance).sum::<f64>() / scope.len().max(1) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::{Relation, Side};
    use crate::fixture::{self, cell, measured, spec};

    fn claim(metric: &str, scope: &[&str]) -> Prediction {
        Prediction {
            metric: metric.into(),
            against: vec![Side::Reference],
            scope: scope.iter().map(|name| (*name).into()).collect(),
            relation: Relation::AtLeast(0.02),
            at_most: None,
            each: false,
            confidence: 0.5,
            interval: None,
        }
    }

    #[test]
    fn a_claim_about_all_is_about_the_drawn_workloads_and_one_that_names_a_scenario_about_that_one() {
        let at = |gain, cost| vec![cell(gain, cost); 3];
        // Of three scenarios the last one ran, and two workloads were drawn for each seed.
        let own = measured(vec![at(0.3, 0.5), at(0.2, 0.1), at(0.2, 0.3)]);
        let against = Yardsticks { drawn: 2, ..fixture::yardsticks(measured(vec![at(0.2, 0.4); 3])) };
        let began = measured([vec![at(0.2, 0.4); 3], vec![at(0.2, 0.8); 4]].concat());
        let yardsticks = Yardsticks { drawn: 4, ..fixture::yardsticks(began) };
        let (names, spec) = (["a", "b", "c"].map(str::to_owned), spec());
        let comparison = Comparison {
            left: &own,
            right: vec![Some(&against.reference)],
            parent: None,
            against: &against,
            yardsticks: &yardsticks,
            scenarios: &names,
            ran: vec![2],
            spec: &spec,
        };
        // 0.3 and 0.1 are saved, where the reference paid 0.8 when the campaign began.
        let saving = comparison.effects(&claim("saving", &[]), 3);
        assert!(saving.mean.values.iter().all(|value| (value - 0.25).abs() < 1e-9), "{saving:?}");
        let gain = comparison.effects(&claim("improvement", &[]), 3);
        assert_eq!((gain.mean.values, gain.scenarios), (vec![0.0; 3], vec![]));
        let named = comparison.effects(&claim("improvement", &["c"]), 3);
        assert!(named.mean.values.iter().all(|value| (value - 0.1).abs() < 1e-9), "{named:?}");
        assert_eq!(named.scenarios.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["c"]);
    }
}
