//! What happened in a campaign: the only truth. Everything else is derived from these.

use crate::audit::AuditedPoint;
use crate::bundle::{Bundle, Side};
use crate::descriptor::Descriptor;
use crate::experiment::Experiment;
use crate::id::{CandidateId, Hash};
use crate::judge::Finding;
use crate::objective::{Measurement, Yardsticks};
use crate::outcome::Outcome;
use crate::principle::Change;
use crate::profile::Profile;
use crate::space::Point;
use crate::tuner::{Range, Tried};
use crate::work::Work;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One step of the loop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// A campaign was opened.
    Started(Box<Started>),
    /// The yardsticks were measured.
    Calibrated {
        /// What all candidates are held against.
        yardsticks: Box<Yardsticks>,
        /// Hash over the yardsticks' trials.
        trials: Hash,
    },
    /// A planner registered its claims.
    BundleRegistered {
        /// The claims.
        bundle: Box<Bundle>,
        /// What it took.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        work: Vec<Work>,
    },
    /// A planner gave no usable bundle; the iteration ends without one.
    PlanFailed {
        /// Why.
        reason: String,
        /// What it took.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        work: Vec<Work>,
    },
    /// An executor wrote the source for an arm, or mended the one that it has.
    CandidateWritten {
        /// The arm.
        arm: String,
        /// The candidate; known already if an earlier arm had the same source.
        candidate: Candidate,
        /// What it took.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        work: Vec<Work>,
    },
    /// An executor gave no usable source for an arm.
    ExecutorFailed {
        /// The arm.
        arm: String,
        /// Why.
        reason: String,
        /// What it took.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        work: Vec<Work>,
    },
    /// An executor could not mend an arm's candidate, which is judged as it is.
    RepairFailed {
        /// The arm.
        arm: String,
        /// Why.
        reason: String,
        /// What it took.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        work: Vec<Work>,
    },
    /// A candidate went through the sandbox and the simulator.
    CandidateEvaluated {
        /// The candidate.
        candidate: CandidateId,
        /// What became of it.
        outcome: Outcome,
        /// Its trials against the baseline's, if it was scored.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        measurement: Option<Box<Measurement>>,
        /// Hash over its trials.
        trials: Hash,
        /// What probing it found, if it could be run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        descriptor: Option<Box<Descriptor>>,
        /// The earlier candidate that it acts exactly like, in every decision of its trials.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        acts_like: Option<CandidateId>,
    },
    /// A policy ran on further verdict seeds of the iteration: seeds that nothing was chosen by.
    Tested {
        /// The reference, or a candidate.
        policy: Side,
        /// Seeds that it had run on before.
        from: u32,
        /// What became of it.
        outcome: Outcome,
        /// Its trials on the further seeds against the baseline's, if all of them ran.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        measurement: Option<Box<Measurement>>,
        /// Hash over its trials and the baseline's on the same seeds.
        trials: Hash,
    },
    /// An arm's claim was held against what was measured.
    ArmJudged {
        /// The arm.
        arm: String,
        /// The verdict.
        finding: Finding,
    },
    /// An arm was not tried, since an earlier verdict made it pointless.
    ArmSkipped {
        /// The arm.
        arm: String,
        /// Why.
        reason: String,
    },
    /// A candidate's constants were tuned on the search panel, without compiling it again.
    Tuned {
        /// The candidate.
        candidate: CandidateId,
        /// The constants that it declares.
        tunables: Vec<Range>,
        /// Every point that was measured: first its own values, then what the tuner chose, then shorter constants.
        tried: Vec<Tried>,
        /// Hash over the trials of all of them.
        trials: Hash,
        /// The values that were settled on.
        best: Vec<f64>,
        /// The candidate with these as its own values; none if they gain too little for a new candidate.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retuned: Option<Candidate>,
    },
    /// An extractor drew its lessons.
    PrinciplesRevised {
        /// What it changed.
        changes: Vec<Change>,
        /// Why it gave none, if it failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failure: Option<String>,
        /// The campaign's notes from now on, where somebody keeps them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        notes: Option<String>,
        /// What it took.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        work: Vec<Work>,
    },
    /// Points of what a principle forbids, or is to forbid, were measured: whether the constraint is in force follows.
    Audited {
        /// The principle.
        principle: String,
        /// The points; none if the region holds none that is not excluded already.
        points: Vec<AuditedPoint>,
        /// Hash over their trials.
        trials: Hash,
    },
    /// The champion was taken apart on the search panel, after the last iteration.
    Simplified {
        /// The champion.
        of: CandidateId,
        /// Every change that was tried: first each by itself, then some together.
        tried: Vec<Simpler>,
        /// Hash over the trials of all of them.
        trials: Hash,
        /// The candidate without what does not matter; none if everything does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        candidate: Option<Candidate>,
    },
    /// The candidates that may become champion ran on seeds and workloads that nobody was chosen by.
    Finals {
        /// What the reference did there, against the baseline.
        reference: Box<Measurement>,
        /// The finalists, the likeliest first.
        finalists: Vec<Finalist>,
        /// Hash over the baseline's, the reference's and their trials.
        trials: Hash,
    },
    /// A turn of the loop ended.
    IterationClosed {
        /// Share of the design space that is left, 0..1.
        volume: f64,
    },
    /// The campaign ended.
    Ended {
        /// Why.
        reason: EndReason,
    },
}

/// What a campaign was opened with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Started {
    /// The experiment's name: that of its directory.
    pub name: String,
    /// The experiment.
    pub experiment: Experiment,
    /// Names of the scenarios, in order.
    pub scenarios: Vec<String>,
    /// Names of the workloads that candidates are ranked on beside them, drawn from the experiment's population.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub training: Vec<String>,
    /// What arrives in each scenario and where, in words.
    #[serde(default)]
    pub workloads: Vec<String>,
    /// The workloads that candidates are ranked on, in the mean: the scenarios, then those drawn for training.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub profiles: Vec<Profile>,
    /// Every file that the experiment consists of, with its hash.
    pub inputs: BTreeMap<String, Hash>,
    /// The campaign's seed.
    pub seed: u64,
    /// Who plans and writes, for example `builtin` or `openai:gpt-5`.
    pub agents: String,
    /// The compiler, as it names itself.
    pub toolchain: String,
    /// The version of this program.
    pub version: String,
    /// Whether candidates run behind the sandbox's walls.
    pub sandboxed: bool,
    /// Times that an arm's candidate may go back to its author.
    #[serde(default)]
    pub repairs: u32,
}

/// A candidate as written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Hash of its normalised source.
    pub id: CandidateId,
    /// Hash of its source as written.
    pub source: Hash,
    /// The candidate that it departs from; none if it departs from the reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<CandidateId>,
    /// Its declared place in the design space.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<Point>,
    /// Its free parameters; none if the source is not Rust.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_parameters: Option<u32>,
    /// The candidate that it mends, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repairs: Option<CandidateId>,
    /// Constants that it declares as tunable.
    #[serde(default, skip_serializing_if = "crate::work::is_zero")]
    pub tunables: u32,
    /// The candidate whose constants it has at tuned values, if tuning made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tunes: Option<CandidateId>,
}

/// A candidate with something left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Simpler {
    /// What was changed, in words.
    pub change: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Its net saving less that of the whole, a fraction; none where either is not defined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gain: Option<f64>,
    /// Its free parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_parameters: Option<u32>,
    /// Whether it is admissible, and matches the reference's improvement where the whole does.
    pub admissible: bool,
    /// Whether it is part of what the candidate that was made leaves out.
    pub kept: bool,
}

/// A candidate in the finals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finalist {
    /// The candidate.
    pub candidate: CandidateId,
    /// What became of it.
    pub outcome: Outcome,
    /// Its trials against the baseline's, if all of them ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measurement: Option<Measurement>,
}

/// Why a campaign ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndReason {
    /// All iterations are done.
    Completed,
    /// A budget ran out; names it.
    BudgetSpent(String),
}

impl Event {
    /// What agents did for it.
    pub fn work(&self) -> &[Work] {
        match self {
            Event::BundleRegistered { work, .. }
            | Event::PlanFailed { work, .. }
            | Event::CandidateWritten { work, .. }
            | Event::ExecutorFailed { work, .. }
            | Event::RepairFailed { work, .. }
            | Event::PrinciplesRevised { work, .. } => work,
            Event::Started(_)
            | Event::Calibrated { .. }
            | Event::CandidateEvaluated { .. }
            | Event::Tested { .. }
            | Event::ArmJudged { .. }
            | Event::ArmSkipped { .. }
            | Event::Tuned { .. }
            | Event::Audited { .. }
            | Event::Simplified { .. }
            | Event::Finals { .. }
            | Event::IterationClosed { .. }
            | Event::Ended { .. } => &[],
        }
    }

    /// The word for its kind in the database.
    pub fn kind(&self) -> &'static str {
        match self {
            Event::Started(_) => "started",
            Event::Calibrated { .. } => "calibrated",
            Event::BundleRegistered { .. } => "bundle-registered",
            Event::PlanFailed { .. } => "plan-failed",
            Event::CandidateWritten { .. } => "candidate-written",
            Event::ExecutorFailed { .. } => "executor-failed",
            Event::RepairFailed { .. } => "repair-failed",
            Event::CandidateEvaluated { .. } => "candidate-evaluated",
            Event::Tested { .. } => "tested",
            Event::ArmJudged { .. } => "arm-judged",
            Event::ArmSkipped { .. } => "arm-skipped",
            Event::Tuned { .. } => "tuned",
            Event::Simplified { .. } => "simplified",
            Event::Finals { .. } => "finals",
            Event::PrinciplesRevised { .. } => "principles-revised",
            Event::Audited { .. } => "audited",
            Event::IterationClosed { .. } => "iteration-closed",
            Event::Ended { .. } => "ended",
        }
    }
}
