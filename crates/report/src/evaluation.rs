//! One candidate by itself, as `evaluate` shows it.

use science::descriptor::{Curve, Descriptor};
use science::objective::Score;
use science::outcome::Outcome;
use science::spec::Spec;
use serde::Serialize;

/// What became of one candidate outside of a campaign.
#[derive(Clone, Copy, Debug)]
pub struct Evaluation<'a> {
    /// What the problem measures, and what counts there.
    pub spec: &'a Spec,
    /// Its id, or the file's name where it has none.
    pub candidate: &'a str,
    /// What became of it.
    pub outcome: Outcome,
    /// What the screen, the compiler or the sandbox had to say; empty if nothing.
    pub message: &'a str,
    /// Its score, if it was scored.
    pub score: Option<&'a Score>,
    /// Its description length, tokens; none if its source cannot be split into them.
    pub description_length: Option<u32>,
    /// Why it is not admissible: `science::champion::objections`. Empty and scored means feasible.
    pub objections: &'a [String],
    /// What its trials showed of it, if it was scored.
    pub descriptor: Option<&'a Descriptor>,
    /// Its measured curves; empty unless asked for.
    pub curves: &'a [Curve],
    /// The reference's score on the same workloads.
    pub reference: &'a Score,
    /// The most that a workload may lose against the reference, points, where the experiment bounds it.
    pub regret_bound: Option<f64>,
    /// Whether it ran behind the sandbox's walls.
    pub sandboxed: bool,
    /// Whether the score was known already, so that nothing was run.
    pub cached: bool,
    /// Where the time went.
    pub timing: Timing,
}

/// Wall time of an evaluation by stage, ms; what did not run is zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Timing {
    /// The syntactic screen.
    pub screen: f64,
    /// rustc.
    pub compile: f64,
    /// Probing what it does.
    pub probe: f64,
    /// All trials, decisions included.
    pub simulate: f64,
    /// The candidate's decisions alone.
    pub decide: f64,
}

impl Evaluation<'_> {
    /// Whether the candidate may become a champion.
    pub fn feasible(&self) -> bool {
        self.score.is_some() && self.objections.is_empty()
    }
}
