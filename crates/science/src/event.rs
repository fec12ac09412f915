//! What happened in a campaign: the only truth. Everything else is derived from these.

use crate::asked::Replaced;
use crate::audit::AuditedPoint;
use crate::bundle::{Bundle, Side};
use crate::descriptor::Descriptor;
use crate::experiment::Experiment;
use crate::fairness::Fairness;
use crate::id::{CandidateId, Hash};
use crate::judge::Finding;
use crate::nonce::Nonce;
use crate::objective::{Measurement, Yardsticks};
use crate::outcome::Outcome;
use crate::principle::Change;
use crate::space::Point;
use crate::spec::Spec;
use crate::tuner::{Range, Tried};
use crate::work::Work;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The rules by which a campaign's record is written and read: what events hold, what may follow what, what is derived. A log
/// of other rules is not damaged; it is read by the version that wrote it. 1: elenchus 0.1, whose logs do not say so.
pub const RULES: u32 = 5;

/// One step of the loop.
///
/// The digest of a campaign says what its events mean, not what things are called or where they lie. So an event has two
/// parts, which [`Event::split`] takes apart: its meaning is in the digest, its words are chained beside it.
///
/// | event | words; all else is meaning |
/// |---|---|
/// | `started` | the names of experiment, scenarios and drawn workloads, descriptions and features of workloads, paths and hashes of files, toolchain, version; of the experiment its question, the meaning of its dimensions, of the problem the meaning of its names, and what names a file or a policy (baseline, reference, space, scenarios, population): `meaning` hashes what is in them, but for the space, which shows in the trials of its points |
/// | `bundle-registered` | question; of each arm hypothesis, mechanism, diagnostic and intent; of what was asked the texts |
/// | `candidate-written`, `variant-written`, `tuned`, `simplified` | the hash of a source as written (its id hashes what it means); what was changed to simplify |
/// | `plan-failed` | why; of what was asked the texts |
/// | `executor-failed`, `repair-failed`, `arm-skipped` | why |
/// | `arm-judged` | the verdict in words |
/// | `principles-revised` | statement, mechanism and regime of a principle, why one retires, why the extractor failed, notes |
/// | `calibrated`, `candidate-evaluated`, `tested`, `audited`, `finals`, `iteration-closed`, `ended` | none |
///
/// A scenario is meant by its position in the campaign, wherever an event names it. The diagnostics of an outcome are stored
/// with the words. Names that code gives or that source is written with (arms, principles, dimensions, tunables), who worked
/// and what it took are meaning: the course of a campaign follows from them.
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
        /// What its planner had measured before.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        asked: Vec<Replaced>,
        /// What it took.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        work: Vec<Work>,
    },
    /// A planner gave no usable bundle; the iteration ends without one.
    PlanFailed {
        /// Why.
        reason: String,
        /// What its planner had measured before.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        asked: Vec<Replaced>,
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
    /// An executor wrote one of several variants of an arm's design.
    VariantWritten {
        /// The arm.
        arm: String,
        /// The candidate; known already if an earlier arm or variant had the same source.
        candidate: Candidate,
        /// How many of them are still to be recorded.
        left: u32,
        /// What it took; with the first of them, what all took.
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
        /// The value of its scale at which it gains as much as the reference does, if it declares one and has such a place.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scale: Option<f64>,
        /// Its trials there against the baseline's, if it was scored.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        measurement: Option<Box<Measurement>>,
        /// Its trials on the [part](crate::stopping) of the panel after which it was stopped, if it was; these are kept here alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        part: Option<Box<Measurement>>,
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
        /// A candidate's trials on the further seeds against the baseline's, if all of them ran.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        measurement: Option<Box<Measurement>>,
        /// With the reference, what it and candidates are held against on these seeds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        yardsticks: Option<Box<Yardsticks>>,
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
        /// What they are held against there.
        yardsticks: Box<Yardsticks>,
        /// The finalists, the likeliest first.
        finalists: Vec<Finalist>,
        /// Hash over the yardsticks' trials and theirs.
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
    /// The rules that the campaign is recorded under: [`RULES`].
    pub rules: u32,
    /// The experiment's name: that of its directory.
    pub name: String,
    /// The experiment.
    pub experiment: Experiment,
    /// What its problem measures, and what counts there.
    pub spec: Spec,
    /// Names of the scenarios, in order.
    pub scenarios: Vec<String>,
    /// Names of the workloads that candidates are ranked on beside them, drawn from the experiment's population.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub training: Vec<String>,
    /// What arrives in each scenario and where, in words.
    #[serde(default)]
    pub workloads: Vec<String>,
    /// What scenarios and drawn workloads are told apart by, in the order of [`Spec::features`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<Vec<f64>>,
    /// Every file that the experiment consists of, with its hash.
    pub inputs: BTreeMap<String, Hash>,
    /// What all seeds derive from.
    pub nonce: Nonce,
    /// Hash of what is measured: scenarios, population, baseline and reference as they were read, without their names, their
    /// order and the files that they stand in. The seal follows from it.
    pub meaning: Hash,
    /// Positions of the scenarios whose workload is one recorded trace: other seeds change a policy's draws there, not what
    /// arrives.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub traces: Vec<u32>,
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

impl Started {
    /// Whether every scenario is one recorded trace: no seed changes what arrives, and an interval over seeds says nothing.
    pub fn one_trace(&self) -> bool {
        !self.traces.is_empty() && self.traces.len() == self.scenarios.len()
    }
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
    /// Its description length, tokens; none if its source cannot be split into them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description_length: Option<u32>,
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
    /// What it is worth less what the whole is worth; none where either is not defined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gain: Option<f64>,
    /// Its description length, tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description_length: Option<u32>,
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
    /// Whom it serves there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fairness: Option<Fairness>,
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

impl std::fmt::Display for EndReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            EndReason::Completed => f.write_str("completed"),
            EndReason::BudgetSpent(budget) => write!(f, "budget spent: {budget}"),
        }
    }
}

impl Event {
    /// What agents did for it.
    pub fn work(&self) -> &[Work] {
        match self {
            Event::BundleRegistered { work, .. }
            | Event::PlanFailed { work, .. }
            | Event::CandidateWritten { work, .. }
            | Event::VariantWritten { work, .. }
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
            Event::VariantWritten { .. } => "variant-written",
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
