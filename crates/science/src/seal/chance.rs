//! The chance that a candidate would stand under the seal, from what it showed before.
//!
//! Nobody knows the sealed seeds and workloads, but those that a candidate ran on say what they may be like. So the seal is
//! drawn again and again from these, each of them weighted at random, and asked all that will be asked: a Bayesian bootstrap
//! (Rubin, *Annals of Statistics* 9, 1981) of what is unknown, and of the look itself.

use super::workloads::Pairs;
use super::{ALPHA, SEEDS, WORKLOADS, margins};
use crate::experiment::REGRET;
use crate::keyed;
use crate::objective::Measurement;
use statrs::distribution::{ContinuousCDF, StudentsT};

/// Looks that are drawn: a chance is off by two or three points in a hundred.
const LOOKS: u64 = 400;

/// What a candidate showed beside the reference, on the same seeds and workloads.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// The candidate's measurement: the study's scenarios, all on the same number of seeds, then drawn workloads.
    pub candidate: Measurement,
    /// The reference's.
    pub reference: Measurement,
    /// Scenarios of the study.
    pub scenarios: usize,
    /// The exchange rate on drawn workloads.
    pub lambda: f64,
}

/// What looks draw of what candidates ran on: the same for all that ran on as many seeds and workloads.
#[derive(Clone, Debug)]
pub struct Looks(Vec<Draws>);

/// What one look draws, by position.
#[derive(Clone, Debug)]
struct Draws {
    seeds: Vec<usize>,
    workloads: Vec<usize>,
}

impl Looks {
    /// Looks at what ran as this did; `key` fixes what is drawn.
    pub fn at(evidence: &Evidence, key: u64) -> Self {
        let (seeds, workloads) = (evidence.seeds(), evidence.candidate.cells.len() - evidence.scenarios);
        let draws = |look: u64| Draws {
            seeds: draw(seeds, SEEDS, keyed::seed(&["chance", "seeds"], key ^ look)),
            workloads: draw(workloads, WORKLOADS, keyed::seed(&["chance", "workloads"], key ^ look)),
        };
        Looks((0..LOOKS).map(draws).collect())
    }
}

impl Evidence {
    /// The chance that a look finds every requirement kept, 0..1. `regret` is the most that a workload may lose, points, if
    /// the experiment bounds it.
    pub fn chance(&self, regret: Option<f64>, looks: &Looks) -> f64 {
        let protected = self.candidate.cells.iter().flatten().any(|cell| cell.protected > 0);
        let rows = self.candidate.cells.len();
        let part = |range: std::ops::Range<usize>| (self.candidate.rows(range.clone()), self.reference.rows(range));
        let (study, study_reference) = part(0..self.scenarios);
        let margins = margins(&study, &study_reference, regret);
        let (drawn, drawn_reference) = part(self.scenarios..rows);
        let pairs = Pairs::of(&drawn, &drawn_reference, self.lambda);
        let Ok(t) = StudentsT::new(0.0, 1.0, (SEEDS - 1) as f64) else { return 0.0 };
        let quantile = t.inverse_cdf(1.0 - ALPHA / 2.0);
        if protected || margins[0].is_empty() || margins[0].len() != self.seeds() {
            return 0.0;
        }
        let stands = |look: &&Draws| {
            let keeps = || {
                let margins = pairs.shown(look.workloads.iter().copied(), regret.unwrap_or(REGRET)).margins();
                margins.iter().all(|margin| *margin >= 0.0)
            };
            let study = margins.iter().all(|margins| certain(&look.seeds, margins, quantile));
            study && (look.workloads.is_empty() || keeps())
        };
        looks.0.iter().filter(stands).count() as f64 / LOOKS as f64
    }

    /// Seeds of each scenario of the study.
    fn seeds(&self) -> usize {
        self.candidate.cells.first().map_or(0, Vec::len)
    }

    /// All that this and `other` show together: more seeds of the same scenarios, and more workloads.
    #[must_use]
    pub fn with(&self, other: &Evidence) -> Self {
        let join = |own: &Measurement, more: &Measurement| {
            let (study, drawn) = own.cells.split_at(self.scenarios);
            let (more_study, more_drawn) = more.cells.split_at(other.scenarios);
            let joined = study.iter().zip(more_study).map(|(own, more)| [own.as_slice(), more].concat());
            Measurement { cells: joined.chain(drawn.iter().cloned()).chain(more_drawn.iter().cloned()).collect() }
        };
        let (candidate, reference) = (join(&self.candidate, &other.candidate), join(&self.reference, &other.reference));
        Evidence { candidate, reference, ..*self }
    }
}

/// `count` of `from` things, none where there is none, at random with weights that are themselves random (exponential, so uniform on the simplex).
fn draw(from: usize, count: usize, key: u64) -> Vec<usize> {
    if from == 0 {
        return Vec::new();
    }
    let mut sum = 0.0;
    let uniform = |n: usize| keyed::uniform(key, n as u64);
    let sums: Vec<f64> = (0..from)
        .map(|n| {
            sum -= uniform(n).max(f64::MIN_POSITIVE).ln();
            sum
        })
        .collect();
    (0..count).map(|n| sums.partition_point(|end| *end <= uniform(from + n) * sum).min(from - 1)).collect()
}

/// Whether the mean of the margins drawn is above zero for certain, as the test under the seal has it.
fn certain(drawn: &[usize], margins: &[f64], quantile: f64) -> bool {
    let count = drawn.len() as f64;
    let (sum, squares) = drawn.iter().fold((0.0, 0.0), |(sum, squares), at| {
        let margin = margins[*at];
        (sum + margin, squares + margin * margin)
    });
    let mean = sum / count;
    let variance = ((squares / count - mean * mean) * count / (count - 1.0)).max(0.0);
    mean > quantile * (variance / count).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::cell;

    const REGRET_BOUND: Option<f64> = Some(5.0);

    /// Twelve seeds of two scenarios and forty drawn workloads: the candidate sheds so much of the reference's work, up to
    /// `noise` more or less from seed to seed, and loses six points in some of the workloads.
    fn evidence(work: f64, noise: f64, losing: usize) -> Evidence {
        let seed = |seed: usize| cell(0.302, 0.4 * (work + noise * if seed.is_multiple_of(2) { 1.0 } else { -1.0 }));
        let drawn = |at: usize| vec![cell(if at < losing { 0.24 } else { 0.305 }, 0.4 * work)];
        let study = vec![(0..12).map(seed).collect(); 2];
        let reference = (0..2).map(|_| vec![cell(0.3, 0.4); 12]).chain((0..40).map(|_| vec![cell(0.3, 0.4)]));
        Evidence {
            candidate: Measurement { cells: study.into_iter().chain((0..40).map(drawn)).collect() },
            reference: Measurement { cells: reference.collect() },
            scenarios: 2,
            lambda: 5.0,
        }
    }

    fn chance(evidence: &Evidence) -> f64 {
        evidence.chance(REGRET_BOUND, &Looks::at(evidence, 1))
    }

    #[test]
    fn what_keeps_every_requirement_with_room_surely_stands_and_what_misses_one_never_does() {
        assert_eq!(chance(&evidence(0.8, 0.0, 0)), 1.0);
        assert_eq!(chance(&evidence(0.93, 0.0, 0)), 0.0);
        assert_eq!(chance(&evidence(0.8, 0.0, 20)), 0.0, "half of the workloads lose six points");
        let mut refusing = evidence(0.8, 0.0, 0);
        refusing.candidate.cells[1][3].protected = 1;
        assert_eq!(chance(&refusing), 0.0);
    }

    #[test]
    fn the_nearer_a_bound_and_the_more_seeds_scatter_the_smaller_is_the_chance() {
        let chance = |work, noise, losing| chance(&evidence(work, noise, losing));
        let scattered = [chance(0.88, 0.01, 0), chance(0.88, 0.08, 0), chance(0.91, 0.08, 0)];
        assert!(scattered.is_sorted_by(|a, b| a > b) && scattered[2] > 0.0, "{scattered:?}");
        let losing = [chance(0.8, 0.0, 1), chance(0.8, 0.0, 3), chance(0.8, 0.0, 5)];
        assert!(losing.is_sorted_by(|a, b| a > b), "{losing:?}");
    }

    #[test]
    fn more_that_shows_the_same_makes_it_surer() {
        let one = evidence(0.88, 0.08, 2);
        let both = one.with(&one);
        assert_eq!((both.candidate.cells.len(), both.candidate.cells[0].len()), (2 + 80, 24));
        assert_eq!(both.reference.cells.iter().map(Vec::len).sum::<usize>(), 2 * 24 + 80);
        assert!(chance(&both) > chance(&one));
    }
}
