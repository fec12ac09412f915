//! Shapes against the quintic on one bench: each at the scale that gives the quintic's improvement.

use crate::bench::{Bench, Cell, Cells, mean_of};
use crate::shapes::{Shape, quintic};
use engine::cores::each;
use science::keyed;
use science::stats::{Interval, t_interval};
use simulator::admitters::Builtin;
use simulator::metrics::percentile;

/// The published scale.
pub(crate) const PUBLISHED: f64 = 300.0;
/// Improvements are equal when they differ by no more than this: 0.01 points.
const EQUAL: f64 = 1e-4;
/// Within one workload and few seeds an improvement moves in steps; those that come no nearer than this (0.2 points) are
/// left out.
const NEAR: f64 = 2e-3;
/// Where the quintic's extra cost is less than this share of the droppable work, there is nothing to save.
const NOTHING: f64 = 0.01;
const BOOTSTRAPS: u64 = 10_000;

/// A number of a cell.
pub(crate) type Value = fn(&Cell) -> f64;
const Y: Value = |cell| cell.y;
/// By work and by count.
const COSTS: [Value; 2] = [|cell| cell.work, |cell| cell.requests];

/// All shapes on one bench.
pub(crate) struct Comparison {
    pub(crate) repeated: Repeated,
    pub(crate) workloads: usize,
    pub(crate) seeds: usize,
    /// The quintic's improvement, log units, and its cost by work and by count.
    pub(crate) quintic: (f64, [f64; 2]),
    /// The quintic's own exchange rate, by work and by count, 1 per log unit.
    pub(crate) lambda: [f64; 2],
    pub(crate) shapes: Vec<Placed>,
}

/// A shape at the scale that gives the quintic's improvement.
pub(crate) struct Placed {
    pub(crate) shape: Shape,
    pub(crate) half: f64,
    /// Improvement beyond the quintic's, log units: what the bisection left.
    pub(crate) off: f64,
    /// Cost saved against the quintic, by work and by count.
    pub(crate) savings: [Interval; 2],
    /// Work saved where each workload has a scale of its own: the median over workloads.
    pub(crate) within: Interval,
    /// In how many workloads that could be said.
    pub(crate) of: usize,
}

/// What is repeated, and therefore what an interval speaks of.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Repeated {
    Seeds,
    Workloads,
}

impl Comparison {
    pub(crate) fn new(bench: &Bench, repeated: Repeated) -> Self {
        let [reference, louder, softer] =
            [1.0, 1.5, 1.0 / 1.5].map(|factor| bench.measure(&quintic(PUBLISHED * factor)));
        let lambda = COSTS.map(|cost| rate(&louder, &softer, cost));
        let goal = mean_of(&reference, Y);
        let place = |shape: Shape| {
            let (half, cells) = place(|policy| bench.measure(policy), shape, goal);
            let within = within(bench, shape, [&reference, &louder, &softer]);
            Placed {
                shape,
                half,
                off: mean_of(&cells, Y) - goal,
                savings: [0, 1].map(|which: usize| repeated.estimate(&cells, &reference, COSTS[which], lambda[which])),
                within: median(&within),
                of: within.len(),
            }
        };
        Comparison {
            repeated,
            workloads: reference.len(),
            seeds: reference[0].len(),
            quintic: (goal, COSTS.map(|cost| mean_of(&reference, cost))),
            lambda,
            shapes: Shape::OTHERS.map(place).into(),
        }
    }
}

/// The quintic's exchange rate: by how much its cost grows with its improvement along its own scale, 1 per log unit.
fn rate(louder: &[Vec<Cell>], softer: &[Vec<Cell>], cost: Value) -> f64 {
    let moved = mean_of(louder, Y) - mean_of(softer, Y);
    (mean_of(louder, cost) / mean_of(softer, cost)).ln() / moved
}

/// The scale at which a shape improves by `goal`, by bisection, and what it does there.
fn place(measure: impl Fn(&Builtin) -> Cells, shape: Shape, goal: f64) -> (f64, Cells) {
    let (mut low, mut high) = (0.005f64.ln(), 4f64.ln());
    let mut best: Option<(f64, f64, Cells)> = None;
    for _ in 0..16 {
        let middle = f64::midpoint(low, high);
        let cells = measure(&shape.policy(middle.exp()));
        let excess = mean_of(&cells, Y) - goal;
        // Whoever sheds later improves less.
        if excess > 0.0 {
            low = middle
        } else {
            high = middle
        }
        if best.as_ref().is_none_or(|(off, ..)| excess.abs() < *off) {
            best = Some((excess.abs(), middle.exp(), cells));
        }
        if excess.abs() <= EQUAL {
            break;
        }
    }
    let (_, half, cells) = best.expect("it has been measured");
    (half, cells)
}

fn saving(cost: f64, y: f64, reference: f64, y_reference: f64, lambda: f64) -> f64 {
    1.0 - cost / reference * (-lambda * (y - y_reference)).exp()
}

impl Repeated {
    /// The saving of this cost, shape against quintic, with this exchange rate.
    fn estimate(self, shape: &Cells, reference: &Cells, cost: Value, lambda: f64) -> Interval {
        match self {
            Repeated::Seeds => over_seeds(shape, reference, cost, lambda),
            Repeated::Workloads => over_workloads(shape, reference, cost, lambda),
        }
    }
}

/// Where the seed is what is repeated: the mean of the savings seed by seed, with Student's t.
fn over_seeds(shape: &Cells, reference: &Cells, cost: Value, lambda: f64) -> Interval {
    let column = |cells: &Cells, seed: usize| cells.iter().map(|row| vec![row[seed]]).collect::<Cells>();
    let savings: Vec<f64> = (0..shape[0].len())
        .map(|seed| {
            let (c, r) = (column(shape, seed), column(reference, seed));
            saving(mean_of(&c, cost), mean_of(&c, Y), mean_of(&r, cost), mean_of(&r, Y), lambda)
        })
        .collect();
    t_interval(&savings, 0.05, 0.0).expect("there are many seeds")
}

/// Where the workload is what is repeated: the saving of the means, with a bootstrap over workloads.
fn over_workloads(shape: &Cells, reference: &Cells, cost: Value, lambda: f64) -> Interval {
    let means = |cells: &Cells, value: Value| -> Vec<f64> {
        cells.iter().map(|row| mean_of(std::slice::from_ref(row), value)).collect()
    };
    let [c, y] = [cost, Y].map(|value| means(shape, value));
    let [c_ref, y_ref] = [cost, Y].map(|value| means(reference, value));
    bootstrap(c.len(), |rows| {
        let mean = |values: &[f64]| rows.iter().map(|&row| values[row]).sum::<f64>() / rows.len() as f64;
        saving(mean(&c), mean(&y), mean(&c_ref), mean(&y_ref), lambda)
    })
}

/// A statistic of n things, and the middle 95 % of it over samples of them with replacement.
fn bootstrap(n: usize, statistic: impl Fn(&[usize]) -> f64 + Sync) -> Interval {
    let all: Vec<usize> = (0..n).collect();
    let mut values = each(BOOTSTRAPS as usize, |round| {
        let seed = keyed::seed(&["path", "bootstrap"], round as u64);
        let pick = |k: usize| ((keyed::uniform(seed, k as u64) * n as f64) as usize).min(n - 1);
        statistic(&(0..n).map(pick).collect::<Vec<_>>())
    })
    .expect("no thread panics");
    values.sort_by(f64::total_cmp);
    let [low, high] = [2.5, 97.5].map(|p| percentile(&values, p));
    Interval { estimate: statistic(&all), low, high }
}

/// The work that a shape saves in each workload, at the scale that gives the quintic's improvement in that one.
fn within(bench: &Bench, shape: Shape, [reference, louder, softer]: [&Cells; 3]) -> Vec<f64> {
    let [work, _] = COSTS;
    let one = |cells: &Cells, row: usize| vec![cells[row].clone()];
    let saved = each(bench.names.len(), |row| {
        let quintic = one(reference, row);
        let (goal, cost) = (mean_of(&quintic, Y), mean_of(&quintic, work));
        if cost < NOTHING {
            return None;
        }
        let (_, cells) = place(|policy| vec![bench.measure_row(row, policy)], shape, goal);
        let y = mean_of(&cells, Y);
        let lambda = rate(&one(louder, row), &one(softer, row), work);
        let usable = (y - goal).abs() <= NEAR && lambda.is_finite();
        usable.then(|| saving(mean_of(&cells, work), y, cost, goal, lambda.clamp(0.0, 100.0)))
    })
    .expect("no thread panics");
    saved.into_iter().flatten().collect()
}

fn median(values: &[f64]) -> Interval {
    bootstrap(values.len(), |rows| {
        let mut chosen: Vec<f64> = rows.iter().map(|&row| values[row]).collect();
        chosen.sort_by(f64::total_cmp);
        percentile(&chosen, 50.0)
    })
}
