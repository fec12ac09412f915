//! When a variant of an idea is not worth the rest of the panel.
//!
//! An arm that explores an idea measures up to eight variants of it, and its claim is about the best of them. A third of the panel,
//! every third workload of study and population alike, tells the hopeless ones. A variant is stopped there if
//!
//! - another variant of its arm ran on the whole panel, so that something is left to be claimed, and the best of those is its *rival*,
//! - what the rival is worth beyond it, workload by workload on that third, is in the mean at least [`SURE`] standard errors above zero,
//! - and it gains there as much as the reference does, within a point, where a scale was set: further off its worth says little.
//!
//! Nothing of a variant that was stopped but its third is known, so it has no score: it is no champion, no parent by default, no
//! finalist. Who comes back to it later, by writing the same source, has it measured in whole.

use crate::id::CandidateId;
use crate::measurement::Measurement;
use crate::spec::Aim;
use crate::stats::{mean, standard_deviation};
use crate::yardsticks::Yardsticks;
use serde::{Deserialize, Serialize};

/// One workload in so many is run on first.
pub const PART: usize = 3;
/// Standard errors by which a variant has to lie behind: of fifty that are as good as their rival at most one is stopped.
const SURE: f64 = 3.0;
/// Workloads of the part, at least: fewer do not tell how sure a mean is.
const LEAST: usize = 8;
/// Gain beyond the reference's on the part, log units either way, within which policies compare.
const EQUAL: f64 = 0.01;

/// The workloads of a panel that are run on first, by their positions.
pub fn part(workloads: usize) -> Vec<usize> {
    (0..workloads).step_by(PART).collect()
}

/// Whether one that is stopped takes an evaluation, where so many were stopped before it: three take one.
pub fn is_charged(before: u32) -> bool {
    (before as usize).is_multiple_of(PART)
}

/// How far a variant lies behind the best of its arm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Behind {
    /// The best variant of its arm by then.
    pub rival: CandidateId,
    /// Workloads that both ran on.
    pub workloads: usize,
    /// Those of the whole panel.
    pub of: usize,
    /// What the rival is worth beyond it there, in the unit of worth.
    pub by: f64,
    /// The standard error of that.
    pub error: f64,
}

/// The best variant of an arm so far, as others are held against it.
#[derive(Clone, Debug)]
pub struct Rival {
    id: CandidateId,
    aim: Aim,
    /// Those of the part of the panel.
    yardsticks: Yardsticks,
    /// What it is worth in each workload of the part.
    worth: Vec<f64>,
    of: usize,
}

impl Rival {
    /// A candidate that ran on the whole panel.
    pub fn new(id: CandidateId, measured: &Measurement, yardsticks: &Yardsticks, aim: &Aim) -> Self {
        let of = yardsticks.reference.cells.len();
        let rows = part(of);
        let yardsticks = Yardsticks { drawn: 0, past: Vec::new(), ..yardsticks.each(|own| own.picked(&rows)) };
        let worth = yardsticks.parts_of(&measured.picked(&rows), aim);
        Rival { id, aim: aim.clone(), yardsticks, worth, of }
    }

    /// How far a variant lies behind by what it did on the part of the panel; none if it may still be the better one.
    pub fn leaves_behind(&self, variant: &Measurement) -> Option<Behind> {
        let beyond = variant.gain() - self.yardsticks.reference.gain();
        let compares = matches!(self.aim, Aim::Gain { .. }) || beyond.abs() <= EQUAL;
        if self.worth.len() < LEAST || !compares {
            return None;
        }
        let own = self.yardsticks.parts_of(variant, &self.aim);
        let [by, error] = apart(&self.worth, &own);
        let behind = Behind { rival: self.id.clone(), workloads: own.len(), of: self.of, by, error };
        // What is no number is no reason to stop.
        (by > 0.0 && by >= SURE * error).then_some(behind)
    }

    /// Whether a measurement is one of the part of the panel.
    pub(crate) fn is_of_the_part(&self, variant: &Measurement) -> bool {
        variant.seeds() == self.yardsticks.reference.seeds()
    }
}

/// The mean difference of paired numbers, and its standard error.
fn apart(left: &[f64], right: &[f64]) -> [f64; 2] {
    let apart: Vec<f64> = left.iter().zip(right).map(|(left, right)| left - right).collect();
    [mean(&apart), standard_deviation(&apart) / (apart.len() as f64).sqrt()]
}

/// What one policy is worth beyond another on the workloads that claims are about, with its standard error; none where that is no
/// number, or where there is one workload alone.
pub fn effect(left: &Measurement, right: &Measurement, yardsticks: &Yardsticks, aim: &Aim) -> Option<[f64; 2]> {
    let (left, right) = (yardsticks.parts_of(left, aim), yardsticks.parts_of(right, aim));
    let effect = (left.len() > 1).then(|| apart(&left, &right));
    effect.filter(|effect| effect.iter().all(|number| number.is_finite()))
}
