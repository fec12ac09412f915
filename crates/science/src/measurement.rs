//! Measurements: what a policy gains and what it costs, paired with the baseline on the same arrivals and draws.

use crate::frontier::Place;
use crate::spec::{Metric, Spec};
use crate::stats::mean;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;

/// A policy against the baseline: one row for each workload, one cell for each of its seeds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// `cells[workload][seed]`: the study's scenarios in the order of the experiment, then drawn workloads. Rows may be
    /// of different length; every workload weighs the same.
    pub cells: Vec<Vec<Cell>>,
    /// The series of the problem by their names, each in the layout of the cells.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub series: BTreeMap<String, Vec<Vec<f64>>>,
}

/// Some workloads of a panel: the means over their seeds, or one of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The workloads.
    pub rows: Range<usize>,
    /// The seed; none: the means over all.
    pub seed: Option<usize>,
}

impl Cut {
    /// The means over all seeds.
    pub fn means(rows: Range<usize>) -> Self {
        Cut { rows, seed: None }
    }

    /// One seed.
    pub fn seed(rows: Range<usize>, seed: usize) -> Self {
        Cut { rows, seed: Some(seed) }
    }
}

/// What counts as paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paid<'a> {
    /// Cost.
    Cost,
    /// A series of the problem's, which is counted as cost is.
    Series(&'a str),
}

/// One trial against the baseline's on the same arrivals: all that the rules of the loop use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// What is gained, log units: 0.01 is one *point*. More is better.
    pub gain: f64,
    /// What it costs beyond the baseline's, a fraction; may be negative. Less is better.
    pub cost: f64,
    /// How often it did what it must never do.
    pub violations: u64,
}

/// A trial against the baseline's, with the problem's series in the order of [`Spec::series`].
#[derive(Clone, Debug, PartialEq)]
pub struct Paired {
    /// The three numbers of the loop.
    pub cell: Cell,
    /// A value for each series.
    pub series: Vec<f64>,
}

impl Measurement {
    /// Puts paired trials (workload by workload, seed by seed) together; `rows` says how many seeds each workload has.
    pub fn of(paired: &[Paired], rows: &[usize], spec: &Spec) -> Self {
        let column = |at: usize| laid_out(paired.iter().map(|paired| paired.series[at]), rows);
        let series = spec.series.iter().enumerate().map(|(at, series)| (series.name.clone(), column(at))).collect();
        Measurement { cells: laid_out(paired.iter().map(|paired| paired.cell), rows), series }
    }

    /// Whether it holds every series of the problem, and no other, in the layout of its cells.
    pub fn is_whole(&self, spec: &Spec) -> bool {
        let seeds = self.seeds();
        let laid_out = |series: &Vec<Vec<f64>>| series.iter().map(Vec::len).eq(seeds.iter().copied());
        self.series.len() == spec.series.len()
            && spec.series.iter().all(|series| self.series.get(&series.name).is_some_and(laid_out))
    }

    /// The workload means of `value`, one for each seed; empty unless all workloads have the same seeds.
    pub fn per_seed(&self, value: impl Fn(&Cell) -> f64) -> Vec<f64> {
        Part(&self.cells).per_seed(value)
    }

    /// The seed means of `value`, one for each workload.
    pub fn per_scenario(&self, value: impl Fn(&Cell) -> f64) -> Vec<f64> {
        Part(&self.cells).per_scenario(value)
    }

    /// The panel's mean of `value`: every workload weighs the same.
    pub fn mean(&self, value: impl Fn(&Cell) -> f64) -> f64 {
        Part(&self.cells).mean(value)
    }

    /// Mean gain over the panel, log units.
    pub fn gain(&self) -> f64 {
        Part(&self.cells).gain()
    }

    /// The same as a share: 1 − exp(−gain).
    pub fn improvement(&self) -> f64 {
        Part(&self.cells).improvement()
    }

    /// Mean cost over the panel, a fraction.
    pub fn cost(&self) -> f64 {
        Part(&self.cells).cost()
    }

    /// What it says of some of the workloads.
    pub(crate) fn part(&self, rows: Range<usize>) -> Part<'_, Cell> {
        Part(&self.cells[rows])
    }

    /// How often it did in each workload what it must never do.
    pub fn violations_by_row(&self) -> impl Iterator<Item = u64> {
        self.cells.iter().map(|cells| cells.iter().map(|cell| cell.violations).sum())
    }

    /// The mean of a series in a workload, by its row.
    pub fn mean_of(&self, series: &str, row: usize) -> f64 {
        self.series(series, row..row + 1).average()
    }

    /// A series on some of the workloads; nothing of one that it does not hold.
    pub(crate) fn series(&self, name: &str, rows: Range<usize>) -> Part<'_, f64> {
        Part(self.series.get(name).and_then(|series| series.get(rows)).unwrap_or_default())
    }

    /// Some of the workloads, by themselves.
    pub fn rows(&self, rows: Range<usize>) -> Self {
        self.picked(&rows.collect::<Vec<_>>())
    }

    /// These workloads, in this order.
    pub fn picked(&self, rows: &[usize]) -> Self {
        let pick = |series: &Vec<Vec<f64>>| rows.iter().filter_map(|row| series.get(*row).cloned()).collect();
        Measurement {
            cells: rows.iter().map(|row| self.cells[*row].clone()).collect(),
            series: self.series.iter().map(|(name, series)| (name.clone(), pick(series))).collect(),
        }
    }

    /// Gain and cost of each workload.
    pub(crate) fn places(&self, cut: &Cut, paid: Paid<'_>) -> Vec<Place> {
        let over = |row: usize, value: &dyn Fn(usize) -> f64| match cut.seed {
            Some(seed) => value(seed),
            None => {
                let seeds = self.cells[row].len();
                (0..seeds).map(value).sum::<f64>() / seeds.max(1) as f64
            }
        };
        let series = match paid {
            Paid::Series(name) => self.series.get(name),
            Paid::Cost => None,
        };
        let cost = |row: usize, seed: usize| match paid {
            Paid::Cost => self.cells[row][seed].cost,
            Paid::Series(_) => series.map_or(0.0, |series| series[row][seed]),
        };
        let place = |row| [over(row, &|seed| self.cells[row][seed].gain), over(row, &|seed| cost(row, seed))];
        cut.rows.clone().map(place).collect()
    }

    /// The mean gain of these workloads.
    pub(crate) fn mean_gain(&self, cut: &Cut) -> f64 {
        let places = self.places(cut, Paid::Cost);
        places.iter().map(|place| place[0]).sum::<f64>() / places.len().max(1) as f64
    }

    /// Seeds that every workload has.
    pub(crate) fn common_seeds(&self) -> usize {
        self.cells.iter().map(Vec::len).min().unwrap_or_default()
    }

    /// Adds further seeds of the same workloads.
    pub(crate) fn extend(&mut self, more: &Measurement) {
        self.cells.iter_mut().zip(&more.cells).for_each(|(row, more)| row.extend(more));
        for (name, series) in &mut self.series {
            let more = more.series.get(name).into_iter().flatten();
            series.iter_mut().zip(more).for_each(|(row, more)| row.extend(more));
        }
    }

    /// What a claim about this metric compares in one trial, oriented so that more is better.
    ///
    /// # Panics
    /// Of worth, which is no mean over trials.
    pub(crate) fn oriented(&self, metric: &Metric<'_>, workload: usize, seed: usize) -> f64 {
        let cell = || &self.cells[workload][seed];
        let value = match metric {
            Metric::Worth(_) => unreachable!("it is no mean over trials"),
            Metric::Gain(_) => cell().gain,
            Metric::Cost(_) => cell().cost,
            Metric::Series(series) => self.series.get(&series.name).map_or(0.0, |values| values[workload][seed]),
        };
        if metric.less_is_better() { -value } else { value }
    }

    /// Seeds of each workload.
    pub fn seeds(&self) -> Vec<usize> {
        self.cells.iter().map(Vec::len).collect()
    }

    /// How often it did what it must never do.
    pub fn violations(&self) -> u64 {
        self.cells.iter().flatten().map(|cell| cell.violations).sum()
    }

    /// Trials that it rests on.
    pub fn trials(&self) -> usize {
        self.cells.iter().map(Vec::len).sum()
    }
}

fn laid_out<T>(mut values: impl Iterator<Item = T>, rows: &[usize]) -> Vec<Vec<T>> {
    rows.iter().map(|seeds| values.by_ref().take(*seeds).collect()).collect()
}

/// Some workloads of a measurement, or of one of its series.
#[derive(Clone, Copy)]
pub(crate) struct Part<'a, T>(&'a [Vec<T>]);

impl<T> Part<'_, T> {
    /// The workload means of `value`, one for each seed; empty unless all workloads have the same seeds.
    pub(crate) fn per_seed(&self, value: impl Fn(&T) -> f64) -> Vec<f64> {
        let seeds = self.0.first().map_or(0, Vec::len);
        if self.0.iter().any(|row| row.len() != seeds) {
            return Vec::new();
        }
        (0..seeds).map(|r| self.0.iter().map(|row| value(&row[r])).sum::<f64>() / self.0.len() as f64).collect()
    }

    /// The seed means of `value`, one for each workload.
    pub(crate) fn per_scenario(&self, value: impl Fn(&T) -> f64) -> Vec<f64> {
        self.0.iter().map(|row| row.iter().map(&value).sum::<f64>() / row.len().max(1) as f64).collect()
    }

    pub(crate) fn mean(&self, value: impl Fn(&T) -> f64) -> f64 {
        mean(&self.per_scenario(value))
    }
}

impl Part<'_, Cell> {
    pub(crate) fn gain(&self) -> f64 {
        self.mean(|cell| cell.gain)
    }

    pub(crate) fn improvement(&self) -> f64 {
        1.0 - (-self.gain()).exp()
    }

    pub(crate) fn cost(&self) -> f64 {
        self.mean(|cell| cell.cost)
    }
}

impl Part<'_, f64> {
    pub(crate) fn average(&self) -> f64 {
        self.mean(|value| *value)
    }

    pub(crate) fn sum(&self) -> f64 {
        self.0.iter().flatten().sum()
    }
}
