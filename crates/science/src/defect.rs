//! What is wrong with a candidate that its author could mend.

use crate::bundle::ArmKind;
use crate::id::CandidateId;
use crate::outcome::Outcome;
use crate::spec::Spec;
use crate::state::State;
use serde::{Deserialize, Serialize};

/// Why a candidate is no test of its arm's claim.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Defect {
    /// It did not come to be scored.
    Outcome(Outcome),
    /// It did so often what it must never do.
    Violates(u64),
    /// Its answers depend on what they must not depend on.
    OrderMatters,
    /// The manipulation check: the design uses these inputs, and they never change a decision.
    Unused(Vec<String>),
    /// It acts exactly as the bundle's parent does.
    Inert,
    /// It acts exactly like this earlier candidate.
    ActsLike(CandidateId),
}

impl Defect {
    /// Whether the claim cannot be tested on such a candidate. To act like another one is suspicious, and no more.
    pub fn invalidates(&self) -> bool {
        !matches!(self, Defect::ActsLike(_))
    }

    /// What is wrong, in words.
    pub fn words(&self, spec: &Spec) -> String {
        match self {
            Defect::Outcome(outcome) => format!("its candidate was not scored: {}", outcome.as_str()),
            Defect::Violates(times) => format!("it {}", spec.violated(*times)),
            Defect::OrderMatters => spec.depends(),
            Defect::Unused(inputs) => format!(
                "the manipulation check failed: the design uses {}, which never changes a decision of the candidate",
                inputs.join(", ")
            ),
            Defect::Inert => "inert: it acts exactly as its parent does".into(),
            Defect::ActsLike(id) => format!("it acts exactly like candidate {}", id.short()),
        }
    }
}

impl State {
    /// What is wrong with the candidate of the arm at this position of the bundle that is under way, if it was evaluated
    /// and something is.
    pub fn defect(&self, at: usize) -> Option<Defect> {
        let arm = &self.bundle().arms[at];
        let record = &self.candidates[self.current().arms[at].candidate.as_ref()?];
        let outcome = record.outcome?;
        let (Some(measurement), Some(score)) = (&record.measurement, &record.score) else {
            return Some(Defect::Outcome(outcome));
        };
        if score.violations > 0 {
            return Some(Defect::Violates(score.violations));
        }
        if let Some(descriptor) = &record.descriptor {
            if descriptor.order_matters {
                return Some(Defect::OrderMatters);
            }
            let unused: Vec<String> = arm.design.uses.difference(&descriptor.inputs).cloned().collect();
            if !unused.is_empty() {
                return Some(Defect::Unused(unused));
            }
        }
        let parent = self.measured(&self.bundle().parent).ok().flatten();
        if arm.kind == ArmKind::Main && parent == Some(measurement) {
            return Some(Defect::Inert);
        }
        let written_here = record.iteration == self.iterations.len() as u32 && record.arm == arm.name;
        let like = if written_here { record.acts_like.as_ref() } else { Some(&record.candidate.id) };
        // A control may well act like what it varies, that is what it is there for; and the whole that is held against the
        // sum of its parts is the main design.
        let may = matches!(arm.kind, ArmKind::ControlNegative | ArmKind::SuperAdditivity);
        like.filter(|_| !may).map(|other| Defect::ActsLike(other.clone()))
    }
}
