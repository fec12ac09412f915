//! A policy that can be run: built in, or compiled from source.

use crate::error::EngineError;
use crate::experiment::{LoadedExperiment, is_file};
use sandbox::{Artifact, Outcome, Sandbox};
use simulator::admitters::Builtin;
use simulator::file::FileError;

/// A policy that can be run on a panel.
#[derive(Clone, Debug)]
pub enum Policy {
    /// One of ours; runs in this process.
    Builtin(Builtin),
    /// Untrusted; runs in a jail.
    Candidate {
        /// The compiled object.
        artifact: Artifact,
        /// A value for each of its tunables; none for its own defaults.
        parameters: Vec<f64>,
    },
}

impl Policy {
    /// The policy that the experiment names under `key` (`baseline` or `reference`).
    pub fn named(loaded: &LoadedExperiment, key: &str, name: &str, sandbox: &Sandbox) -> Result<Self, EngineError> {
        let file = loaded.directory.join(crate::experiment::CAMPAIGN_FILE);
        let text = loaded.inputs.get(crate::experiment::CAMPAIGN_FILE).map_or("", String::as_str);
        let wrong = |problem: String| EngineError::File(FileError::at_key(&file, text, key, problem));
        if !is_file(name) {
            return Builtin::parse(name).map(Policy::Builtin).map_err(wrong);
        }
        let source = loaded.inputs.get(name).ok_or_else(|| wrong(format!("`{name}` is not part of the experiment")))?;
        let screened = sandbox::screen(source, &crate::KIT)
            .map_err(|refusal| wrong(format!("{name}:{}:{}: {}", refusal.line, refusal.column, refusal.reason)))?;
        let artifact = sandbox.compile(&screened)?.map_err(|outcome| wrong(format!("{name}: {outcome}")))?;
        Ok(Policy::Candidate { artifact, parameters: Vec::new() })
    }

    /// The policy that a candidate's source describes, with its own defaults, or what became of it.
    pub fn of_source(source: &str, sandbox: &Sandbox) -> Result<Result<Self, Outcome>, EngineError> {
        let screened = match sandbox::screen(source, &crate::KIT) {
            Ok(screened) => screened,
            Err(refusal) => return Ok(Err(refusal.into())),
        };
        Ok(sandbox.compile(&screened)?.map(|artifact| Policy::Candidate { artifact, parameters: Vec::new() }))
    }

    /// The policy with one of its parameters multiplied, if it has a parameter of that name.
    pub fn scaled(&self, name: &str, key: &str, factor: f64, sandbox: &Sandbox) -> Result<Option<Self>, EngineError> {
        match self {
            Policy::Builtin(_) => Ok(Builtin::scaled(name, key, factor).ok().map(Policy::Builtin)),
            Policy::Candidate { artifact, .. } => {
                let session =
                    sandbox.start(artifact, &[])?.map_err(|outcome| EngineError::Yardsticks(outcome.to_string()))?;
                let tunables = tunables(&session.describe());
                let mut parameters: Vec<f64> = tunables.iter().map(|tunable| tunable.default).collect();
                let Some(at) = tunables.iter().position(|tunable| tunable.name == key) else { return Ok(None) };
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

/// The tunables out of the bytes of `admitter::wire::Seat::describe`; stops at the first that is cut off.
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
