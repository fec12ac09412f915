//! Hypothesis bundles: claims that can fail, written down before anything runs.

mod consistency;
mod rules;
mod sizing;

use crate::id::CandidateId;
use crate::space::Point;
pub use consistency::MAIN;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Arms of one bundle, at most: each costs an evaluation.
pub const ARMS: usize = 16;
/// Designs of one idea that an arm may try, at most: what its intent says, and what varies it.
pub const VARIANTS: usize = 8;
/// Sides of one comparison, at most.
pub const SIDES: usize = 4;
/// Characters of the name of an arm or a component, at most.
pub const NAME: usize = 60;
/// The smallest and the largest size of a claim, in the metric's unit: nothing that is measured lies beyond.
const SIZES: [f64; 2] = [1e-6, 1e3];

/// One iteration's claims. The first arm is the main one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// What this iteration wants to know, in one sentence.
    pub question: String,
    /// What the main arm departs from: the reference, or an earlier candidate.
    pub parent: Side,
    /// What the main arm adds to its parent or takes from it, a name each; empty where only parameters change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<String>,
    /// 1..n arms, `main` first and once.
    pub arms: Vec<Arm>,
}

/// A claim and the design that would make it true.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    /// Its name within the bundle, for example `main` or `ablation-prompt`.
    pub name: String,
    /// Its role.
    pub kind: ArmKind,
    /// The claim in words.
    pub hypothesis: String,
    /// The causal story behind it.
    pub mechanism: String,
    /// What to look at if the prediction fails.
    pub diagnostic: String,
    /// The claim as code can check it.
    pub prediction: Prediction,
    /// What to implement.
    pub design: Design,
}

/// The role of an arm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ArmKind {
    /// The claim that the iteration is about.
    Main,
    /// The main arm without one component: the component matters. Its effect is what it is compared with (the full
    /// design) less this arm.
    Ablation,
    /// Two components together do more than the sum of both.
    SuperAdditivity,
    /// A change that must not matter if the mechanism is right.
    ControlNegative,
    /// The claim holds around the point where it was made.
    Robustness,
}

impl ArmKind {
    /// The word for it in reports and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            ArmKind::Main => "main",
            ArmKind::Ablation => "ablation",
            ArmKind::SuperAdditivity => "super-additivity",
            ArmKind::ControlNegative => "control-negative",
            ArmKind::Robustness => "robustness",
        }
    }
}

/// What an executor is to write.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Design {
    /// The algorithm in words.
    pub intent: String,
    /// Its declared place in the design space, where the planner knows one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<Point>,
    /// Inputs of the problem ([`Spec::inputs`](crate::spec::Spec::inputs)) that the design says its decisions depend on: the
    /// manipulation check. A candidate for which one of them never matters is no test of the claim.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub uses: BTreeSet<String>,
    /// The component of the bundle that an ablation leaves out of the main design.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without: Option<String>,
    /// Further designs of the same idea, in words: each is measured on the search panel, and the claim is about the best of all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<String>,
    /// A candidate that the campaign has, to be taken as it stands: then nobody is asked to write one. For a fresh verdict
    /// on what tuning made, or on an earlier candidate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidate: Option<CandidateId>,
}

/// A typed claim: the metric of this arm, less that of the right side, stands in `relation` (an ablation's the other way
/// round: the full design less the arm without the component).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prediction {
    /// What is compared, by its name in the problem's spec; oriented so that more is better.
    pub metric: String,
    /// What this arm is compared with. Several sides mean the sum of their effects over the bundle's parent.
    pub against: Vec<Side>,
    /// Scenarios by name; none means workloads drawn from the experiment's population, or, where it declares none and where it
    /// is claimed of each, all scenarios.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scope: Vec<String>,
    /// How large the difference is claimed to be.
    pub relation: Relation,
    /// The largest effect that the mechanism would explain, for `at-least`; none is no bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    /// Whether it is claimed of each scenario of the scope rather than of their mean.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub each: bool,
    /// The planner's own probability that the claim holds, 0..1.
    pub confidence: f64,
    /// The planner's own 80 % interval of the effect, in the metric's unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<[f64; 2]>,
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The experiment's baseline.
    Baseline,
    /// The experiment's reference.
    Reference,
    /// Another arm of the same bundle.
    Arm(String),
    /// A candidate of an earlier iteration.
    Candidate(CandidateId),
}

/// The size of the claimed difference, in the metric's unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// At least this much better; above zero.
    AtLeast(f64),
    /// No further apart than this; above zero.
    Within(f64),
}

impl Prediction {
    /// Whether it is about all that the experiment asks, in the mean, and not about scenarios by themselves.
    pub fn is_about_all(&self) -> bool {
        self.scope.is_empty() && !self.each
    }
}

impl Bundle {
    /// The scenarios, by their positions among `all`, that its verdicts run on beside the workloads that are drawn for them:
    /// those that a claim is about by themselves. Where nothing is drawn, all.
    pub fn tested_on(&self, all: &[String], draws: bool) -> Vec<usize> {
        let claims = || self.arms.iter().map(|arm| &arm.prediction).filter(|prediction| !prediction.is_about_all());
        let is_named = |name: &String| claims().any(|claim| claim.scope.is_empty() || claim.scope.contains(name));
        (0..all.len()).filter(|at| !draws || is_named(&all[*at])).collect()
    }

    /// The arm with this name and its position.
    pub fn arm(&self, name: &str) -> Option<(usize, &Arm)> {
        self.arms.iter().enumerate().find(|(_, arm)| arm.name == name)
    }
}
