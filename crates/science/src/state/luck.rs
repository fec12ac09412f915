//! What the search seeds make candidates look like, as their verdict seeds tell.
//!
//! All candidates are ranked on the same search seeds, and these differ from others by chance: in a scenario where they suit
//! what the search looks for, every candidate looks too good, and the more are tried, the better the best one looks. The
//! verdict seeds of an iteration are fresh, so what the same candidates did on them says by how much.

use super::{State, Tested};
use crate::bundle::Side;
use crate::objective::{Cell, Measurement};

/// Iterations whose verdict seeds are looked at, at most: more of them say little more.
const RECENT: usize = 40;

/// By how much the search seeds favour candidates over the reference.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Luck {
    /// In each scenario of the study: improvement (log units) and extra shed work (a fraction), each beyond the reference's,
    /// on the search seeds less what is to be expected on others.
    pub scenarios: Vec<[f64; 2]>,
    /// Verdict seeds that say so.
    pub seeds: usize,
}

impl State {
    /// By how much the search seeds favour candidates over the reference: what they show beyond the verdict seeds, drawn
    /// towards none as if as many verdict seeds as there are search seeds had shown none (the posterior mean where all seeds
    /// scatter alike).
    pub fn search_luck(&self) -> Luck {
        let mut sums = vec![[0.0; 2]; self.opened().scenarios.len()];
        let mut seeds = 0;
        for iteration in self.iterations.iter().rev().take(RECENT) {
            let live = || self.luck_in(&iteration.tests);
            let Luck { scenarios, seeds: own } = iteration.luck.as_ref().map_or_else(live, Luck::clone);
            let weighed = scenarios.iter().map(|shown| shown.map(|shown| shown * own as f64));
            sums.iter_mut().zip(weighed).for_each(|(sum, shown)| (0..2).for_each(|k| sum[k] += shown[k]));
            seeds += own;
        }
        let total = (seeds + self.opened().experiment.seeds as usize).max(1) as f64;
        Luck { scenarios: sums.into_iter().map(|sum| sum.map(|sum| sum / total)).collect(), seeds }
    }

    /// What the verdict seeds of one iteration say of it, just as they do. Its arms share their seeds, so together they say as
    /// much as one.
    pub(super) fn luck_in(&self, tests: &[Tested]) -> Luck {
        let shown = self.shown_by(tests);
        let mut scenarios = vec![[0.0; 2]; self.opened().scenarios.len()];
        for (beyond, _) in &shown {
            let share = 1.0 / shown.len() as f64;
            scenarios.iter_mut().zip(beyond).for_each(|(sum, own)| (0..2).for_each(|k| sum[k] += share * own[k]));
        }
        Luck { scenarios, seeds: shown.iter().map(|(_, seeds)| *seeds).max().unwrap_or(0) }
    }

    /// What each candidate that was tested showed on the search seeds beyond the verdict seeds, scenario by scenario, and on
    /// how many of these.
    fn shown_by(&self, tests: &[Tested]) -> Vec<(Vec<[f64; 2]>, usize)> {
        let ran = || tests.iter().filter_map(|test| Some((&test.policy, test.measured.as_ref().ok()?)));
        let Some((_, reference)) = ran().find(|(policy, _)| **policy == Side::Reference) else { return Vec::new() };
        let shown = |(policy, fresh): (&Side, &Measurement)| {
            let Side::Candidate(id) = policy else { return None };
            let searched = self.candidates.get(id)?.measurement.as_ref()?;
            let seeds = fresh.cells.iter().chain(&reference.cells).map(Vec::len).min()?;
            let (searched, fresh) = (beyond(searched, &self.study().reference), beyond(fresh, reference));
            Some((searched.iter().zip(&fresh).map(|(a, b)| [a[0] - b[0], a[1] - b[1]]).collect(), seeds))
        };
        ran().filter_map(shown).collect()
    }
}

/// Improvement and extra shed work beyond the reference's in each scenario that both have, over the seeds that both ran on.
fn beyond(measured: &Measurement, reference: &Measurement) -> Vec<[f64; 2]> {
    let row = |(own, reference): (&Vec<Cell>, &Vec<Cell>)| {
        let pairs = own.iter().zip(reference);
        let seeds = pairs.len().max(1) as f64;
        let sums =
            pairs.fold([0.0; 2], |[y, x], (own, reference)| [y + own.y() - reference.y(), x + own.x - reference.x]);
        sums.map(|sum| sum / seeds)
    };
    measured.cells.iter().zip(&reference.cells).map(row).collect()
}
