//! One candidate, from source to trials.

use crate::error::EngineError;
use crate::panel::Panel;
use crate::prepared::Prepared;
use crate::probe::{Probe, Record, probe};
use crate::scale::{Against, Lagging, Raced, Settled};
use sandbox::Sandbox;
use science::measurement::Measurement;
use science::outcome::Outcome;
use science::stopping::{Behind, Rival};
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
    /// The value of its scale at which it gains as much as the reference does, if it has one.
    pub scale: Option<f64>,
    /// Its trials there; of one that was stopped those on the part of the panel, and empty of any other that was not scored.
    pub trials: Vec<Trial>,
    /// What those of one that was stopped say against the baseline's.
    pub part: Option<Measurement>,
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
    /// Setting the scale and all trials, decisions included.
    pub simulate: Duration,
    /// Waiting for the candidate's answers.
    pub decide: Duration,
    /// Finding out from its trials what it does.
    pub probe: Duration,
}

impl Evaluator {
    /// Compiles a candidate, sets its scale, runs it, unless it lies too far behind a rival after a part of the panel, and finds out what
    /// it does. Errors are ours; whatever the candidate does is an outcome.
    pub fn evaluate(
        &self,
        candidate: &Prepared,
        against: &Against,
        rival: Option<&Rival>,
    ) -> Result<Evaluation, EngineError> {
        let mut timing = Timing { screen: candidate.screening, ..Timing::default() };
        let artifact = match timed(&mut timing.compile, || candidate.artifact(&self.sandbox))? {
            Ok(artifact) => artifact,
            Err(outcome) => return Ok(ended(&outcome, timing)),
        };
        let policy = match candidate.scalable(None, &self.sandbox)? {
            Ok(policy) => policy,
            Err(outcome) => return Ok(ended(&outcome, timing)),
        };
        let run = || against.settle(&policy, rival, (&self.panel, &self.sandbox), || Record::of(&self.panel));
        let (scale, trials, record) = match timed(&mut timing.simulate, run)? {
            Ok(Raced::Settled(Settled::At { scale, trials, deciding, looking, .. })) => {
                timing.decide = deciding;
                (scale, trials, looking)
            }
            Ok(Raced::Behind(lagging)) => return Ok(Evaluation::stopped(*lagging, timing)),
            Ok(Raced::Settled(Settled::Nowhere { .. })) => return Ok(Evaluation::nowhere(timing)),
            Err(outcome) => return Ok(ended(&outcome, timing)),
        };
        let probing = self.panel.problem.probing();
        let look = || probe(&self.sandbox, (&artifact, &policy.at(scale)), &record, probing);
        let probe = match timed(&mut timing.probe, look)? {
            Ok(probe) => probe,
            Err(outcome) => return Ok(ended(&outcome, timing)),
        };
        Ok(Evaluation { outcome: Outcome::Scored, scale, trials, probe: Some(probe), ..Evaluation::of(timing) })
    }
}

fn timed<T>(spent: &mut Duration, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    *spent = start.elapsed();
    result
}

fn ended(outcome: &sandbox::Outcome, timing: Timing) -> Evaluation {
    Evaluation { outcome: kind(outcome), message: outcome.to_string(), ..Evaluation::of(timing) }
}

impl Evaluation {
    /// One of which nothing is known but how long it took.
    pub(crate) fn of(timing: Timing) -> Self {
        let (message, trials) = (String::new(), Vec::new());
        Evaluation { outcome: Outcome::Refused, message, scale: None, trials, part: None, probe: None, timing }
    }

    fn nowhere(timing: Timing) -> Self {
        let message = "at no value of its scale does it gain as much as the reference does".to_owned();
        Evaluation { outcome: Outcome::NoScale, message, ..Evaluation::of(timing) }
    }

    fn stopped(Lagging { scale, trials, part, behind }: Lagging, timing: Timing) -> Self {
        let Behind { rival, workloads, of, by, error } = behind;
        let rival = rival.short();
        let message = format!(
            "stopped after {workloads} of {of} workloads: {by:.4} ± {error:.4} (standard error) behind {rival}"
        );
        Evaluation { outcome: Outcome::Stopped, message, scale, trials, part: Some(part), ..Evaluation::of(timing) }
    }
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
