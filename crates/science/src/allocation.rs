//! Where a saving comes from: from spending the same cost on other workloads, or from doing better within each.

use crate::measurement::{Cell, Measurement};
use crate::objective::Yardsticks;
use serde::Serialize;

/// The most that a cost is carried over to the reference's improvement, as a factor: beyond it the exchange rate, which is
/// measured close to the reference, says too little.
const CARRIED: f64 = 1.5;

/// A net saving, split in two.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Allocation {
    /// The net saving on the whole panel, a fraction.
    pub net_saving: f64,
    /// What is left of it at equal improvement within each single workload, weighted by what the reference spends there.
    pub within: f64,
    /// The rest: cost moved between workloads.
    pub between: f64,
    /// Workloads that `within` rests on.
    pub measured: usize,
    /// Workloads of the panel. Left out are those where the reference sheds nothing, where its scale buys no improvement,
    /// and where the candidate lies too far from the reference to be compared by cost.
    pub workloads: usize,
}

/// Splits the net saving of a candidate; none where it has none, or where no workload can be measured by itself.
pub fn allocation(candidate: &Measurement, yardsticks: &Yardsticks) -> Option<Allocation> {
    let net_saving = yardsticks.net_saving(candidate)?;
    let workloads = candidate.cells.len();
    let savings: Vec<(f64, f64)> = (0..workloads).filter_map(|row| within(candidate, yardsticks, row)).collect();
    let weight: f64 = savings.iter().map(|(_, x_ref)| x_ref).sum();
    if savings.is_empty() {
        return None;
    }
    let within = savings.iter().map(|(saving, x_ref)| saving * x_ref).sum::<f64>() / weight;
    Some(Allocation { net_saving, within, between: net_saving - within, measured: savings.len(), workloads })
}

/// The cost saved in one workload at equal improvement there, and what the reference spends, which is its weight.
fn within(candidate: &Measurement, yardsticks: &Yardsticks, row: usize) -> Option<(f64, f64)> {
    let of = |measured: &Measurement| measured.rows(row..row + 1);
    let mean = |measured: &Measurement| [measured.mean(|cell| cell.x), measured.mean(Cell::y)];
    let (louder, softer) = (of(&yardsticks.louder), of(&yardsticks.softer));
    let [[x, y], [x_ref, y_ref]] = [candidate, &yardsticks.reference].map(|measured| mean(&of(measured)));
    // A rate that is not positive says that more cost bought no more improvement: it was chance that moved it.
    let lambda = Yardsticks::exchange_rate(&louder, &softer).filter(|lambda| *lambda > 0.0)?;
    let carried = -lambda * (y - y_ref);
    (carried.abs() <= CARRIED.ln() && x_ref > 0.0).then(|| (1.0 - x / x_ref * carried.exp(), x_ref))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, cell};

    fn panel(rows: &[[f64; 2]]) -> Measurement {
        Measurement { cells: rows.iter().map(|[y, x]| vec![cell(*y, *x)]).collect() }
    }

    /// What the reference gains and costs in three workloads, and what a point of improvement costs there.
    const WORKLOADS: [[f64; 3]; 3] = [[0.30, 0.40, 8.0], [0.20, 0.30, 3.0], [0.10, 0.05, 1.0]];

    /// The reference with its scale moved, workload by workload, by so many log units of improvement.
    fn moved(by: [f64; 3]) -> Measurement {
        let row = |([y, x, lambda], by): (&[f64; 3], f64)| [y + by, x * (lambda * by).exp()];
        panel(&WORKLOADS.iter().zip(by).map(row).collect::<Vec<_>>())
    }

    fn yardsticks() -> Yardsticks {
        let (louder, softer) = (moved([0.03; 3]), moved([-0.03; 3]));
        Yardsticks {
            refuse_everything: moved([0.1; 3]),
            lambda: Yardsticks::exchange_rate(&louder, &softer).unwrap(),
            louder,
            softer,
            ..fixture::yardsticks(moved([0.0; 3]))
        }
    }

    #[test]
    fn what_only_moves_cost_to_where_it_buys_more_saves_nothing_within_a_workload() {
        let found = allocation(&moved([-0.03, 0.01, 0.02]), &yardsticks()).unwrap();
        assert!(found.net_saving > 0.05, "{found:?}");
        assert!(found.within.abs() < 1e-12, "{found:?}");
        assert_eq!((found.measured, found.workloads), (3, 3));
    }

    #[test]
    fn what_is_cheaper_in_each_workload_saves_nothing_by_allocation() {
        let mut cheaper = moved([0.0; 3]);
        cheaper.cells.iter_mut().flatten().for_each(|cell| cell.x *= 0.8);
        let found = allocation(&cheaper, &yardsticks()).unwrap();
        assert!((found.within - 0.2).abs() < 1e-12 && found.between.abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn workloads_that_say_nothing_are_left_out_and_counted() {
        let mut yardsticks = yardsticks();
        // The first one's scale moves nothing; in the second the candidate lies out of reach.
        (yardsticks.louder.cells[0], yardsticks.softer.cells[0]) =
            (yardsticks.reference.cells[0].clone(), yardsticks.reference.cells[0].clone());
        let mut candidate = moved([-0.14, 0.15, 0.01]);
        candidate.cells[2][0].x *= 0.5;
        let found = allocation(&candidate, &yardsticks).unwrap();
        assert_eq!((found.measured, found.workloads), (1, 3));
        assert!((found.within - 0.5).abs() < 1e-12, "{found:?}");
        candidate.cells.iter_mut().flatten().for_each(|cell| cell.gains = [1.0; 4]);
        assert_eq!(allocation(&candidate, &yardsticks), None);
    }
}
