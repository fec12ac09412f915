//! A champion at a scale for each workload, as whoever operates one workload would set it.

use super::{ALPHA, Estimate, ends};
use crate::frontier::{self, Place};
use crate::measurement::{Cut, Measurement, Paid};
use crate::yardsticks::{self, Yardsticks};
use serde::{Deserialize, Serialize};

/// Factors of the scale that was set, among which each workload has one of its own.
pub const OWN_SCALES: [f64; 5] = [0.4, 0.63, 1.0, 1.6, 2.5];
/// Drawn workloads on which that is done, the first ones.
pub const OWN_WORKLOADS: usize = 96;
/// What a champion saves at a scale for each workload, beside one scale for all of the same workloads.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct OwnScale {
    /// At a scale for each.
    pub own: Estimate,
    /// At one for all.
    pub common: Estimate,
    /// How many of the workloads take the first or the last scale that was tried: others might have come nearer.
    pub at_an_end: usize,
    /// How many workloads there are.
    pub workloads: usize,
}

impl OwnScale {
    /// Whether these are two numbers, by more than a standard error.
    pub fn differs(&self) -> bool {
        match (self.own.value, self.common) {
            (Some(own), Estimate { value: Some(common), interval: Some([low, high]) }) => {
                (own - common).abs() > (high - low) / (2.0 * NORMAL)
            }
            _ => false,
        }
    }
}

/// Standard errors of half a 95 % interval.
const NORMAL: f64 = 1.96;

/// What a policy saves at the scale of its own that comes nearest to the reference's gain in each of some drawn workloads, the first
/// of the sealed ones. `ran` holds the policy at each of its scales: on the seeds that choose, where the reference is `reference`, and on
/// those that judge, which are those of `yardsticks`; `common` is the place of the scale that is the same for all. Who gains less than the
/// reference pays for that as everywhere.
pub fn at_own_scales(
    reference: &Measurement,
    (ran, common): (&[[Measurement; 2]], usize),
    yardsticks: &Yardsticks,
) -> OwnScale {
    let first = yardsticks.study_rows();
    let rows = first..first + reference.cells.len();
    let gains = |measured: &Measurement| measured.per_scenario(|cell| cell.gain);
    let (asked, offered): (Vec<f64>, Vec<Vec<f64>>) =
        (gains(reference), ran.iter().map(|[choosing, _]| gains(choosing)).collect());
    let nearest = |row: usize| {
        let off = |at: &usize| (offered[*at][row] - asked[row]).abs();
        (0..ran.len()).min_by(|a, b| off(a).total_cmp(&off(b))).unwrap_or_default()
    };
    let whole = Cut::means(0..reference.cells.len());
    let judged: Vec<Vec<Place>> = ran.iter().map(|[_, judging]| judging.places(&whole, Paid::Cost)).collect();
    let chosen: Vec<usize> = (0..reference.cells.len()).map(nearest).collect();
    let cut = Cut::means(rows);
    let frontier = yardsticks.frontier(&cut, Paid::Cost);
    let asked = yardsticks.reference.mean_gain(&cut);
    let estimate = |places: Vec<Place>| {
        let gained = places.iter().map(|place| place[0]).sum::<f64>() / places.len().max(1) as f64;
        let interval = frontier::interval(&frontier.terms(&places), yardsticks::short(asked - gained), ALPHA);
        let interval = interval.filter(|_| frontier.saving(&places).is_some());
        Estimate { value: interval.map(|interval| interval.estimate), interval: interval.map(ends) }
    };
    OwnScale {
        own: estimate(chosen.iter().enumerate().map(|(row, at)| judged[*at][row]).collect()),
        common: estimate(judged.get(common).cloned().unwrap_or_default()),
        at_an_end: chosen.iter().filter(|at| **at == 0 || **at + 1 == ran.len()).count(),
        workloads: chosen.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn a_scale_is_chosen_workload_by_workload_on_seeds_that_do_not_judge_it() {
        let drawn = |place: &dyn Fn(usize) -> [f64; 2]| {
            let cell = |at: usize| vec![fixture::cell(place(at)[0], place(at)[1])];
            fixture::measured((0..12).map(cell).collect())
        };
        let reference = drawn(&|at| [0.1 + 0.02 * at as f64, 0.4]);
        let yardsticks = Yardsticks { drawn: 12, ..fixture::yardsticks(reference.clone()) };
        // In the first half of the workloads the first scale gains what the reference gains, in the others the second one does.
        let gains = |right: bool, at: usize| if right { 0.1 + 0.02 * at as f64 } else { 0.05 };
        let choosing = |first: bool| drawn(&|at| [gains((at < 6) == first, at), 9.0]);
        let judging = |cost: f64| drawn(&|at| [0.1 + 0.02 * at as f64, cost]);
        let ran = [[choosing(true), judging(0.3)], [choosing(false), judging(0.1)]];
        let found = at_own_scales(&reference, (&ran, 0), &yardsticks);
        let [low, high] = found.own.interval.unwrap();
        assert!((found.own.value.unwrap() - 0.5).abs() < 1e-9 && low < 0.5 && 0.5 < high, "{found:?}");
        assert!((found.common.value.unwrap() - 0.25).abs() < 1e-9 && found.differs(), "{found:?}");
        let other = at_own_scales(&reference, (&[ran[1].clone(), ran[0].clone()], 1), &yardsticks);
        assert_eq!(found, other, "whichever order they stand in");
    }
}
