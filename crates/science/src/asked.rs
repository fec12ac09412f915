//! What a planner had measured before it claimed: candidates with another text in place of one of their source.

use crate::id::{CandidateId, Hash};
use crate::outcome::Outcome;
use serde::{Deserialize, Serialize};

/// Questions that a planner may have answered before one bundle, of whatever kind.
pub const QUESTIONS: usize = 4;
/// Characters of a text that is looked for, or that is to stand there instead.
pub const TEXT: usize = 4000;

/// A candidate with a text of its source replaced, as a planner had it measured on the search panel. It is no candidate of the
/// campaign, and takes an evaluation all the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Replaced {
    /// The candidate.
    pub of: CandidateId,
    /// What stands there.
    pub find: String,
    /// What was to stand there.
    pub replace: String,
    /// The id that the source so made has.
    pub made: CandidateId,
    /// What became of it.
    pub outcome: Outcome,
    /// What it is worth, if it was scored and compares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worth: Option<f64>,
    /// What it is worth less what the candidate is, with its standard error, workload by workload; none where either was not scored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<[f64; 2]>,
    /// Why it would not be admissible, its description length aside.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objections: Vec<String>,
    /// What it gains beyond the reference, log units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beyond: Option<f64>,
    /// Hash over its trials.
    pub trials: Hash,
}
