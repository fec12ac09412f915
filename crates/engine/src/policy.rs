//! A policy that can be run: built in, or compiled from source.

use crate::error::EngineError;
use crate::experiment::{LoadedExperiment, is_file};
use crate::prepared::Prepared;
use crate::problem::Builtin;
use sandbox::{Artifact, Outcome, Sandbox};
use std::sync::Arc;

/// A policy that can be run on a panel.
#[derive(Clone, Debug)]
pub enum Policy {
    /// One of ours; runs in this process.
    Builtin(Arc<dyn Builtin>),
    /// Untrusted; runs in a jail.
    Candidate {
        /// The compiled object.
        artifact: Artifact,
        /// A value for each of its tunables; none for its own defaults.
        parameters: Vec<f64>,
    },
}

impl Policy {
    /// The policy that the experiment names under `key` (`baseline`, `reference` or `space`).
    pub fn named(loaded: &LoadedExperiment, key: &str, name: &str, sandbox: &Sandbox) -> Result<Self, EngineError> {
        let wrong = |problem: String| loaded.wrong(key, problem);
        if !is_file(name) {
            return loaded.problem.builtin(name).map(|policy| Policy::Builtin(policy.into())).map_err(wrong);
        }
        let source = loaded.inputs.get(name).ok_or_else(|| wrong(format!("`{name}` is not part of the experiment")))?;
        let prepared = Prepared::new(source.as_str(), loaded.problem.kit());
        if let Some(refusal) = prepared.refusal() {
            return Err(wrong(format!("{name}:{}:{}: {}", refusal.line, refusal.column, refusal.reason)));
        }
        prepared.policy(None, sandbox)?.map_err(|outcome| wrong(format!("{name}: {outcome}")))
    }

    /// The policy with one of its parameters multiplied, if it has a parameter of that name.
    pub fn scaled(&self, parameter: &str, factor: f64, sandbox: &Sandbox) -> Result<Option<Self>, EngineError> {
        match self {
            Policy::Builtin(policy) => {
                Ok(policy.scaled(parameter, factor).map(|scaled| Policy::Builtin(scaled.into())))
            }
            Policy::Candidate { artifact, .. } => {
                let tunables =
                    described(artifact, sandbox)?.map_err(|outcome| EngineError::Yardsticks(outcome.to_string()))?;
                let mut parameters: Vec<f64> = tunables.iter().map(|tunable| tunable.default).collect();
                let Some(at) = tunables.iter().position(|tunable| tunable.name == parameter) else { return Ok(None) };
                parameters[at] *= factor;
                Ok(Some(Policy::Candidate { artifact: artifact.clone(), parameters }))
            }
        }
    }
}

/// A constant of a compiled policy that may be set when it starts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tunable {
    pub(crate) name: String,
    pub(crate) default: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// Asks a compiled policy for its tunables.
pub(crate) fn described(artifact: &Artifact, sandbox: &Sandbox) -> Result<Result<Vec<Tunable>, Outcome>, EngineError> {
    let tunables = match sandbox.start(artifact, &[])? {
        Ok(session) => tunables(&session.describe()),
        Err(outcome) => return Ok(Err(outcome)),
    };
    // The candidate says it: a number that is none could not go on the record.
    let odd =
        |tunable: &&Tunable| [tunable.default, tunable.low, tunable.high].iter().any(|number| !number.is_finite());
    Ok(match tunables.iter().find(odd) {
        Some(odd) => {
            let what = format!("its constant `{}` has a default or a range that is not finite", odd.name);
            Err(Outcome::Inconsistent { what })
        }
        None => Ok(tunables),
    })
}

/// The tunables out of what a kit's `describe` writes: for each one its default, low and high as f64, the length of its name as
/// one byte, the name. Stops at the first that is cut off.
pub(crate) fn tunables(mut bytes: &[u8]) -> Vec<Tunable> {
    let mut tunables = Vec::new();
    while let Some((fixed, rest)) = bytes.split_first_chunk::<25>() {
        let Some((name, rest)) = rest.split_at_checked(usize::from(fixed[24])) else { break };
        let number = |at: usize| f64::from_le_bytes(fixed[at..at + 8].try_into().expect("eight bytes"));
        let name = String::from_utf8_lossy(name).into_owned();
        tunables.push(Tunable { name, default: number(0), low: number(8), high: number(16) });
        bytes = rest;
    }
    tunables
}
