//! What happened in a campaign: the only truth. Everything else is derived from these.

use crate::bundle::Bundle;
use crate::descriptor::Descriptor;
use crate::experiment::Experiment;
use crate::id::{CandidateId, Hash};
use crate::judge::Finding;
use crate::objective::{Measurement, Yardsticks};
use crate::outcome::Outcome;
use crate::principle::Change;
use crate::space::Point;
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
    },
    /// A planner gave no usable bundle; the iteration ends without one.
    PlanFailed {
        /// Why.
        reason: String,
    },
    /// An executor wrote the source for an arm.
    CandidateWritten {
        /// The arm.
        arm: String,
        /// The candidate; known already if an earlier arm had the same source.
        candidate: Candidate,
    },
    /// An executor gave no usable source for an arm.
    ExecutorFailed {
        /// The arm.
        arm: String,
        /// Why.
        reason: String,
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
        /// The earlier candidate that it acts exactly like, as far as was probed: then its measurement is that one's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        acts_like: Option<CandidateId>,
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
    /// An extractor drew its lessons.
    PrinciplesRevised {
        /// What it changed.
        changes: Vec<Change>,
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
    /// The word for its kind in the database.
    pub fn kind(&self) -> &'static str {
        match self {
            Event::Started(_) => "started",
            Event::Calibrated { .. } => "calibrated",
            Event::BundleRegistered { .. } => "bundle-registered",
            Event::PlanFailed { .. } => "plan-failed",
            Event::CandidateWritten { .. } => "candidate-written",
            Event::ExecutorFailed { .. } => "executor-failed",
            Event::CandidateEvaluated { .. } => "candidate-evaluated",
            Event::ArmJudged { .. } => "arm-judged",
            Event::ArmSkipped { .. } => "arm-skipped",
            Event::PrinciplesRevised { .. } => "principles-revised",
            Event::IterationClosed { .. } => "iteration-closed",
            Event::Ended { .. } => "ended",
        }
    }
}
