//! What is remembered of a campaign: its turns, what became of each arm, and what is known of each candidate.

use super::Tuning;
use crate::asked::Replaced;
use crate::audit::Audit;
use crate::bundle::{Bundle, Side};
use crate::champion::Champion;
use crate::descriptor::Descriptor;
use crate::event::Candidate;
use crate::fastfail::Advice;
use crate::id::CandidateId;
use crate::judge::Finding;
use crate::objective::{Measurement, Score, Yardsticks};
use crate::outcome::Outcome;
use crate::principle::Change;
use crate::stopping::Behind;
use crate::tuner::goal::Worth;

/// One turn of the loop.
#[derive(Clone, Debug, Default)]
pub struct Iteration {
    /// What was claimed; none if the planner failed.
    pub bundle: Option<Bundle>,
    /// Why the planner failed, if it did.
    pub failure: Option<String>,
    /// What its planner had measured before it claimed, or failed.
    pub asked: Vec<Replaced>,
    /// What became of each arm, in the bundle's order.
    pub arms: Vec<ArmRecord>,
    /// What ran on the iteration's verdict seeds: the reference and candidates, with all seeds so far.
    pub tests: Vec<Tested>,
    /// What policies are held against on these seeds, once the reference has run on them.
    pub against: Option<Yardsticks>,
    /// After how many verdict seeds each step of the reference ended, which runs first; the baseline has run on as many.
    pub verdict_steps: Vec<usize>,
    /// Trials that its verdicts took, the baseline's included.
    pub verdict_trials: u32,
    /// What its findings ask of the next plan.
    pub advice: Option<Advice>,
    /// What tuning its best candidate brought, if it was tuned.
    pub tuning: Option<Tuning>,
    /// What was learned.
    pub changes: Vec<Change>,
    /// Why the extractor learned nothing, if it failed.
    pub extraction_failure: Option<String>,
    /// What audits of constraints led to, in order.
    pub audits: Vec<Audit>,
    /// Who planned it: the last model that was asked.
    pub planner: Option<String>,
    /// Share of the design space left at its end.
    pub volume: Option<f64>,
    /// [`super::State::false_exclusion`] at its end.
    pub false_exclusion: Option<f64>,
    /// The champion at its end.
    pub champion: Option<Champion>,
}

/// A policy on the verdict seeds of an iteration.
#[derive(Clone, Debug, PartialEq)]
pub struct Tested {
    /// The reference, or a candidate.
    pub policy: Side,
    /// Its trials against the baseline's, or what became of it instead.
    pub measured: Result<Measurement, Outcome>,
}

/// Why an arm is skipped that no evaluation is left for.
pub(super) const EVALUATIONS_SPENT: &str = "the budget of evaluations is spent";

/// What became of an arm.
#[derive(Clone, Debug, Default)]
pub struct ArmRecord {
    /// What the executor wrote; of several variants the best, once all are measured.
    pub candidate: Option<CandidateId>,
    /// The variants that it wrote, where the design asks for some.
    pub variants: Vec<CandidateId>,
    /// How many of them are still to be recorded.
    pub variants_left: u32,
    /// The verdict.
    pub finding: Option<Finding>,
    /// Why it was skipped, if it was.
    pub skipped: Option<String>,
    /// Times that its candidate went back to its author.
    pub repairs: u32,
    /// Why the last of them brought nothing, if it did.
    pub unmended: Option<String>,
}

impl ArmRecord {
    /// Whether earlier verdicts made it pointless; what there was no budget for is spared nothing.
    pub fn is_spared(&self) -> bool {
        self.finding.is_none() && self.skipped.as_ref().is_some_and(|reason| reason != EVALUATIONS_SPENT)
    }
}

/// What is known of a candidate.
#[derive(Clone, Debug)]
pub struct CandidateRecord {
    /// As written.
    pub candidate: Candidate,
    /// Its place in the order in which candidates were written, from 0.
    pub position: usize,
    /// The iteration that it was written in, from 1.
    pub iteration: u32,
    /// The arm that it was written for.
    pub arm: String,
    /// Who wrote it: the last model that was asked.
    pub author: Option<String>,
    /// What became of it.
    pub outcome: Option<Outcome>,
    /// The value of its scale, where it has one and it was set.
    pub scale: Option<f64>,
    /// Its trials against the baseline's.
    pub measurement: Option<Measurement>,
    /// Its score.
    pub score: Option<Score>,
    /// What the score is worth to whoever looks for better constants or ideas.
    pub worth: Option<Worth>,
    /// What its trials showed of it.
    pub descriptor: Option<Descriptor>,
    /// Whether it has a score and nothing speaks against it.
    pub admissible: bool,
    /// The earlier candidate that it acts exactly like, in every decision of its trials.
    pub acts_like: Option<CandidateId>,
    /// How far it lay behind the best variant of its arm, where it was stopped for that.
    pub behind: Option<Behind>,
    /// How often it did what it must never do outside of the search panel: on verdict seeds, in the finals.
    pub violations: u64,
}
