//! What tunables are set to besides the author's values.
//!
//! A choice is the position of its value, so where a range has few whole numbers each of them is tried, and of every range its ends:
//! what stands behind `curve == 1.0` is met by no draw from the range.

use super::Random;
use translate::Tunable;

/// Rounds in which each tunable has had each of its notable values.
pub(crate) const SPREAD: usize = 4;
/// Whole numbers in a range that are tried one by one, at most.
const FEW: f64 = 8.0;
/// Sets of [`SPREAD`] rounds, at least.
const LEAST: usize = 8;

/// The sets of a round. All tunables change at once, so that there are no more sets than the longest list needs, twice.
pub(super) fn sets(tunables: &[Tunable], round: usize) -> Vec<Vec<f64>> {
    let mut random = Random::seeded(0x7E57 + (round / SPREAD) as u64);
    let longest = tunables.iter().map(|own| notable(own).len()).max().unwrap_or(0);
    let each = (2 * longest).max(LEAST).div_ceil(SPREAD);
    let columns: Vec<Vec<f64>> = tunables.iter().map(|own| column(own, SPREAD * each, &mut random)).collect();
    let first = round % SPREAD * each;
    (first..first + each).map(|at| columns.iter().map(|column| column[at]).collect()).collect()
}

/// So many values of a tunable: each notable one, then notable ones again where it may be a choice, else its default, which leaves the
/// others at work; every third is drawn.
fn column(tunable: &Tunable, length: usize, random: &mut Random) -> Vec<f64> {
    let (low, high) = (tunable.low, tunable.high);
    let mut values = notable(tunable);
    let (known, is_choice) = (values.clone(), wholes(low, high).len() > 1);
    while values.len() < length {
        values.push(match (values.len() % 3, is_choice) {
            (2, _) => random.within(low, high),
            (_, true) => known[random.below(known.len() as u64) as usize],
            (_, false) => tunable.default,
        });
    }
    for at in (1..values.len()).rev() {
        values.swap(at, random.below(at as u64 + 1) as usize);
    }
    values
}

/// The ends of its range, and the whole numbers in it if they are few.
fn notable(tunable: &Tunable) -> Vec<f64> {
    let mut values = wholes(tunable.low, tunable.high);
    values.extend([tunable.low, tunable.high]);
    values.sort_by(f64::total_cmp);
    values.dedup();
    values
}

fn wholes(low: f64, high: f64) -> Vec<f64> {
    let (first, last) = (low.ceil() + 0.0, high.floor());
    let count = last - first + 1.0;
    if (1.0..=FEW).contains(&count) { (0..count as u32).map(|at| first + f64::from(at)).collect() } else { vec![] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tunable(low: f64, high: f64) -> Tunable {
        Tunable { name: "own".into(), field: "Own".into(), default: (low + high) / 2.0, low, high }
    }

    #[test]
    fn each_choice_and_each_end_of_a_range_is_tried_within_four_rounds() {
        let tunables = [tunable(0.0, 2.0), tunable(-0.5, 1.5), tunable(1e-3, 100.0), tunable(1.0, 8.0)];
        let wanted: [&[f64]; 4] =
            [&[0.0, 1.0, 2.0], &[-0.5, 0.0, 1.0, 1.5], &[1e-3, 100.0], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]];
        let all: Vec<Vec<f64>> = (0..SPREAD).flat_map(|round| sets(&tunables, round)).collect();
        assert_eq!(all.len(), 16);
        for (at, wanted) in wanted.into_iter().enumerate() {
            assert!(wanted.iter().all(|value| all.iter().any(|set| set[at] == *value)), "{at}: {all:?}");
            assert!(all.iter().all(|set| (tunables[at].low..=tunables[at].high).contains(&set[at])), "{at}: {all:?}");
        }
        assert_ne!(sets(&tunables, 0), sets(&tunables, SPREAD), "more rounds try others");
        assert!(sets(&[], 0).iter().all(Vec::is_empty));
    }
}
