//! Many searches out of one pool of scored points: what random search would have found, as a distribution.

use crate::keyed;
use serde::{Deserialize, Serialize};

/// What became of many searches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Searches.
    pub searches: u32,
    /// Searches of them that found nothing. Nothing is less than everything else.
    pub nothing: u32,
    /// What 5 % of them do not exceed; none where that is nothing.
    pub low: Option<f64>,
    /// Likewise for 50 %.
    pub median: Option<f64>,
    /// Likewise for 95 %.
    pub high: Option<f64>,
}

impl Spread {
    /// The spread of what searches found.
    pub fn of(found: &[Option<f64>]) -> Self {
        let mut sorted = found.to_vec();
        sorted.sort_by(|a, b| rank(*a).total_cmp(&rank(*b)));
        let quantile = |share: f64| {
            let last = sorted.len().checked_sub(1)?;
            sorted[(last as f64 * share).round() as usize]
        };
        Spread {
            searches: found.len() as u32,
            nothing: found.iter().filter(|value| value.is_none()).count() as u32,
            low: quantile(0.05),
            median: quantile(0.5),
            high: quantile(0.95),
        }
    }
}

fn rank(found: Option<f64>) -> f64 {
    found.unwrap_or(f64::NEG_INFINITY)
}

/// The share of searches that found something at least as good as `bar`; none of no searches.
pub fn as_good(found: &[Option<f64>], bar: f64) -> Option<f64> {
    let reached = found.iter().filter(|value| value.is_some_and(|value| value >= bar)).count();
    (!found.is_empty()).then(|| reached as f64 / found.len() as f64)
}

/// Draws `size` of the numbers below `pool`, without replacement and in random order, `searches` times, and asks what each
/// search found. A search that is larger than the pool takes all of it.
pub fn searches<T>(pool: usize, size: usize, searches: u32, key: u64, found: impl Fn(&[usize]) -> T) -> Vec<T> {
    let size = size.min(pool);
    let mut order: Vec<usize> = (0..pool).collect();
    let search = |search: u64| {
        // The first places of a shuffle. It may go on from the order that the last one left: any order is as good.
        for at in 0..size {
            let coin = keyed::uniform(key, search * size as u64 + at as u64);
            order.swap(at, at + (coin * (pool - at) as f64) as usize);
        }
        found(&order[..size])
    };
    (0..u64::from(searches)).map(search).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest number of each search.
    fn largest(pool: usize, size: usize) -> Vec<Option<f64>> {
        searches(pool, size, 10_000, 7, |drawn| drawn.iter().max().map(|most| *most as f64))
    }

    #[test]
    fn the_largest_of_a_sample_without_replacement_has_its_known_mean_and_quantiles() {
        // The largest of n numbers below N has the mean n (N + 1) / (n + 1) - 1, and lies at m or below with the chance
        // C(m + 1, n) / C(N, n).
        let found = largest(200, 20);
        let mean = found.iter().flatten().sum::<f64>() / found.len() as f64;
        assert!((mean - (20.0 * 201.0 / 21.0 - 1.0)).abs() < 0.3, "{mean}");
        let at_most = |m: u32| (0..20).map(|i| f64::from(m + 1 - i) / f64::from(200 - i)).product::<f64>();
        let quantile = |share: f64| f64::from((20..200).find(|m| at_most(*m) >= share).unwrap());
        let spread = Spread::of(&found);
        for (measured, share) in [(spread.low, 0.05), (spread.median, 0.5), (spread.high, 0.95)] {
            assert!((measured.unwrap() - quantile(share)).abs() <= 1.0, "{share}: {measured:?} {}", quantile(share));
        }
    }

    #[test]
    fn every_search_draws_distinct_numbers_and_all_numbers_as_often() {
        let mut count = [0u32; 10];
        for drawn in searches(10, 4, 10_000, 3, <[usize]>::to_vec) {
            let mut distinct = drawn.clone();
            distinct.sort_unstable();
            distinct.dedup();
            assert_eq!((drawn.len(), distinct.len()), (4, 4));
            drawn.iter().for_each(|at| count[*at] += 1);
        }
        // 4,000 of each in the mean, with a deviation of 49.
        assert!(count.iter().all(|n| n.abs_diff(4_000) < 250), "{count:?}");
    }

    #[test]
    fn the_best_of_the_pool_is_found_as_often_as_it_is_drawn() {
        let share = as_good(&largest(2_000, 150), 1_999.0).unwrap();
        assert!((share - 0.075).abs() < 0.01, "{share}");
    }

    #[test]
    fn nothing_found_is_less_than_everything_and_as_good_as_no_bar() {
        let found = [vec![None; 90], vec![Some(-0.5); 10]].concat();
        let spread = Spread::of(&found);
        assert_eq!((spread.searches, spread.nothing), (100, 90));
        assert_eq!((spread.low, spread.median, spread.high), (None, None, Some(-0.5)));
        assert_eq!(as_good(&found, -1.0), Some(0.1));
        assert_eq!(as_good(&[], 0.0), None);
    }

    #[test]
    fn a_search_of_the_whole_pool_finds_its_best() {
        assert!(largest(5, 9).iter().all(|found| *found == Some(4.0)));
    }
}
