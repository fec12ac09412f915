//! Where a saving comes from: from spending the same cost on other workloads, or from doing better within each.

use crate::measurement::Measurement;
use crate::objective::Yardsticks;
use crate::spec::Aim;
use crate::yardsticks::Scale;

/// The most that a cost is carried over to the reference's gain, as a factor: beyond it the exchange rate, which is measured
/// close to the reference, says too little.
const CARRIED: f64 = 1.5;

/// A saving, split in two.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Allocation {
    /// The saving on the whole panel, a fraction.
    pub worth: f64,
    /// What is left of it at equal gain within each single workload, weighted by what the reference spends there.
    pub within: f64,
    /// The rest: cost moved between workloads.
    pub between: f64,
    /// Workloads that `within` rests on.
    pub measured: usize,
    /// Workloads of the panel. Left out are those where the reference pays nothing, where its scale buys no gain, and where the
    /// candidate lies too far from the reference to be compared by cost.
    pub workloads: usize,
}

/// Splits the saving of a candidate; none where it has none, or where no workload can be measured by itself.
pub fn allocation(candidate: &Measurement, yardsticks: &Yardsticks, aim: &Aim) -> Option<Allocation> {
    let worth = yardsticks.worth(candidate, aim)?;
    let workloads = candidate.cells.len();
    let savings: Vec<(f64, f64)> = (0..workloads).filter_map(|row| within(candidate, yardsticks, row, aim)).collect();
    let weight: f64 = savings.iter().map(|(_, cost_ref)| cost_ref).sum();
    if savings.is_empty() {
        return None;
    }
    let within = savings.iter().map(|(saving, cost_ref)| saving * cost_ref).sum::<f64>() / weight;
    Some(Allocation { worth, within, between: worth - within, measured: savings.len(), workloads })
}

/// The cost saved in one workload at equal gain there, and what the reference spends, which is its weight.
fn within(candidate: &Measurement, yardsticks: &Yardsticks, row: usize, aim: &Aim) -> Option<(f64, f64)> {
    let Scale { up, down, .. } = yardsticks.scale.as_ref()?;
    let of = |measured: &Measurement| measured.rows(row..row + 1);
    let mean = |measured: &Measurement| [measured.cost(), measured.gain()];
    let [[cost, gain], [cost_ref, gain_ref]] = [candidate, &yardsticks.reference].map(|measured| mean(&of(measured)));
    // A rate that is not positive says that more cost bought no more gain: it was chance that moved it.
    let rate = Scale::of(of(up), of(down)).map(|scale| scale.rate).filter(|rate| *rate > 0.0)?;
    let carried = rate * (gain - gain_ref);
    let compares = carried.abs() <= CARRIED.ln() && cost_ref > 0.0;
    compares.then(|| (aim.worth(cost / cost_ref, gain - gain_ref, carried), cost_ref))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, cell};

    fn panel(rows: &[[f64; 2]]) -> Measurement {
        fixture::measured(rows.iter().map(|[gain, cost]| vec![cell(*gain, *cost)]).collect())
    }

    /// What the reference gains and costs in three workloads, and what a point of improvement costs there.
    const WORKLOADS: [[f64; 3]; 3] = [[0.30, 0.40, 8.0], [0.20, 0.30, 3.0], [0.10, 0.05, 1.0]];

    /// The reference with its scale moved, workload by workload, by so many log units of improvement.
    fn moved(by: [f64; 3]) -> Measurement {
        let row = |([y, x, lambda], by): (&[f64; 3], f64)| [y + by, x * (lambda * by).exp()];
        panel(&WORKLOADS.iter().zip(by).map(row).collect::<Vec<_>>())
    }

    fn split(candidate: &Measurement, yardsticks: &Yardsticks) -> Option<Allocation> {
        allocation(candidate, yardsticks, &fixture::spec().aim)
    }

    fn yardsticks() -> Yardsticks {
        let scale = Scale::of(moved([0.03; 3]), moved([-0.03; 3]));
        Yardsticks { extremes: vec![moved([0.1; 3])], scale, ..fixture::yardsticks(moved([0.0; 3])) }
    }

    #[test]
    fn what_only_moves_cost_to_where_it_buys_more_saves_nothing_within_a_workload() {
        let found = split(&moved([-0.03, 0.01, 0.02]), &yardsticks()).unwrap();
        assert!(found.worth > 0.05, "{found:?}");
        assert!(found.within.abs() < 1e-12, "{found:?}");
        assert_eq!((found.measured, found.workloads), (3, 3));
    }

    #[test]
    fn what_is_cheaper_in_each_workload_saves_nothing_by_allocation() {
        let mut cheaper = moved([0.0; 3]);
        cheaper.cells.iter_mut().flatten().for_each(|cell| cell.cost *= 0.8);
        let found = split(&cheaper, &yardsticks()).unwrap();
        assert!((found.within - 0.2).abs() < 1e-12 && found.between.abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn workloads_that_say_nothing_are_left_out_and_counted() {
        let mut yardsticks = yardsticks();
        // The first one's scale moves nothing; in the second the candidate lies out of reach.
        let scale = yardsticks.scale.as_mut().unwrap();
        let own = || yardsticks.reference.cells[0].clone();
        (scale.up.cells[0], scale.down.cells[0]) = (own(), own());
        let mut candidate = moved([-0.14, 0.15, 0.01]);
        candidate.cells[2][0].cost *= 0.5;
        let found = split(&candidate, &yardsticks).unwrap();
        assert_eq!((found.measured, found.workloads), (1, 3));
        assert!((found.within - 0.5).abs() < 1e-12, "{found:?}");
        candidate.cells.iter_mut().flatten().for_each(|cell| cell.gain = 1.0);
        assert_eq!(split(&candidate, &yardsticks), None);
    }
}
