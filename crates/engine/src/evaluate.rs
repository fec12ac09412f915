//! One candidate, from source to trials.

use crate::error::EngineError;
use crate::panel::Panel;
use crate::prepared::Prepared;
use crate::probe::{Probe, Record, probe};
use sandbox::Sandbox;
use science::outcome::Outcome;
use science::trial::Trial;
use std::time::{Duration, Instant};

/// Evaluates candidates on one panel.
#[derive(Debug)]
pub struct Evaluator {
    /// Where candidates are compiled and run.
    pub sandbox: Sandbox,
    /// What they are measured on.
    pub panel: Panel,
}

/// What became of a candidate.
#[derive(Debug)]
pub struct Evaluation {
    /// What became of it.
    pub outcome: Outcome,
    /// What the screen, the compiler or the sandbox had to say; empty if nothing.
    pub message: String,
    /// Its trials; empty unless scored by running them.
    pub trials: Vec<Trial>,
    /// What its trials showed of it, if it was scored.
    pub probe: Option<Probe>,
    /// Where the time went.
    pub timing: Timing,
}

/// Wall time of an evaluation by stage; what did not run is zero.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Timing {
    /// The syntactic screen.
    pub screen: Duration,
    /// rustc.
    pub compile: Duration,
    /// All trials, decisions included.
    pub simulate: Duration,
    /// Waiting for the candidate's answers.
    pub decide: Duration,
    /// Finding out from its trials what it does.
    pub probe: Duration,
}

impl Evaluator {
    /// Compiles and runs a candidate, and finds out what it does. Errors are ours; whatever the candidate does is an outcome.
    pub fn evaluate(&self, candidate: &Prepared) -> Result<Evaluation, EngineError> {
        let mut timing = Timing { screen: candidate.screening, ..Timing::default() };
        let artifact = match timed(&mut timing.compile, || candidate.artifact(&self.sandbox))? {
            Ok(artifact) => artifact,
            Err(outcome) => return Ok(ended(&outcome, timing)),
        };
        let mut record = Record::of(&self.panel);
        let run = || self.panel.trials_before(&artifact, &self.sandbox, &mut record);
        let trials = match timed(&mut timing.simulate, run)? {
            Ok(trials) => trials,
            Err(outcome) => return Ok(ended(&outcome, timing)),
        };
        timing.decide = trials.deciding;
        let probe = match timed(&mut timing.probe, || {
            probe(&self.sandbox, &artifact, &record, self.panel.problem.probing())
        })? {
            Ok(probe) => probe,
            Err(outcome) => return Ok(ended(&outcome, timing)),
        };
        Ok(Evaluation {
            outcome: Outcome::Scored,
            message: String::new(),
            trials: trials.results,
            probe: Some(probe),
            timing,
        })
    }
}

fn timed<T>(spent: &mut Duration, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    *spent = start.elapsed();
    result
}

fn ended(outcome: &sandbox::Outcome, timing: Timing) -> Evaluation {
    let message = outcome.to_string();
    Evaluation { outcome: kind(outcome), message, trials: Vec::new(), probe: None, timing }
}

pub(crate) fn kind(outcome: &sandbox::Outcome) -> Outcome {
    match outcome {
        sandbox::Outcome::Refused { .. } => Outcome::Refused,
        sandbox::Outcome::DoesNotCompile { .. } => Outcome::DoesNotCompile,
        sandbox::Outcome::Denied { .. } => Outcome::Denied,
        sandbox::Outcome::Timeout { .. } => Outcome::Timeout,
        sandbox::Outcome::Crashed { .. } => Outcome::Crashed,
        sandbox::Outcome::OutOfMemory => Outcome::OutOfMemory,
        sandbox::Outcome::Inconsistent { .. } => Outcome::Inconsistent,
    }
}
