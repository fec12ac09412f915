//! One candidate, from source to trials.

use crate::KIT;
use crate::error::EngineError;
use crate::panel::{Draws, Panel};
use crate::policy::Policy;
use crate::probe::{Probe, probe};
use sandbox::{Sandbox, Screened};
use science::event::Candidate;
use science::id::{CandidateId, Hash};
use science::outcome::Outcome;
use science::source::free_parameters;
use science::trial::Trial;
use std::time::{Duration, Instant};
use store::{CampaignId, Store, StoreError};

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
    /// What probing it found, if it could be run.
    pub probe: Option<Probe>,
    /// The candidate that it acts exactly like, which has a score already: then nothing was simulated.
    pub acts_like: Option<CandidateId>,
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
    /// Probing what it does.
    pub probe: Duration,
    /// All trials, decisions included.
    pub simulate: Duration,
    /// Waiting for the candidate's answers.
    pub decide: Duration,
}

/// What can be said of a source without running it.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The candidate's id.
    pub id: CandidateId,
    /// Its free parameters; none if the screen refuses it.
    pub free_parameters: Option<u32>,
}

/// Reads a source. What the screen refuses is hashed as it stands: nobody parses it any further.
pub fn read(source: &str) -> Reading {
    match sandbox::screen(source, &KIT) {
        Ok(screened) => Reading { id: CandidateId::of(&screened.normalised), free_parameters: free_parameters(source) },
        Err(_) => Reading { id: CandidateId::of(source), free_parameters: None },
    }
}

/// The source of a candidate on record, once it is sure that it is the one that the log names and has the candidate's id.
pub async fn source(store: &Store, campaign: &CampaignId, candidate: &Candidate) -> Result<String, EngineError> {
    let wrong = |problem: &str| StoreError::DamagedSource {
        campaign: campaign.clone(),
        candidate: candidate.id.clone(),
        problem: problem.into(),
    };
    let source = store.source(campaign, candidate).await?.ok_or_else(|| wrong("there is none"))?;
    if !has_id(&source, &candidate.id) {
        return Err(wrong("its text is another candidate's").into());
    }
    Ok(source)
}

/// Whether a source is this candidate's. What the screen refused when it was written, and would not refuse today, has the id
/// of its bytes.
fn has_id(source: &str, id: &CandidateId) -> bool {
    read(source).id == *id || CandidateId::of(source) == *id
}

impl Evaluator {
    /// Screens, compiles, probes and runs a source. Errors are ours; whatever the candidate does is an outcome.
    ///
    /// `known` gives the scored candidate with a behaviour signature; one that acts like it is not simulated again.
    pub fn evaluate(
        &self,
        source: &str,
        known: impl FnOnce(&Hash) -> Option<CandidateId>,
    ) -> Result<Evaluation, EngineError> {
        let mut timing = Timing::default();
        let screened = match timed(&mut timing.screen, || sandbox::screen(source, &KIT)) {
            Ok(screened) => screened,
            Err(refusal) => return Ok(ended(&refusal.into(), timing)),
        };
        self.compile_and_run(&screened, timing, known)
    }

    fn compile_and_run(
        &self,
        screened: &Screened,
        mut timing: Timing,
        known: impl FnOnce(&Hash) -> Option<CandidateId>,
    ) -> Result<Evaluation, EngineError> {
        let artifact = match timed(&mut timing.compile, || self.sandbox.compile(screened))? {
            Ok(artifact) => artifact,
            Err(outcome) => return Ok(ended(&outcome, timing)),
        };
        let probe = match timed(&mut timing.probe, || probe(&self.sandbox, &artifact))? {
            Ok(probe) => probe,
            Err(outcome) => return Ok(ended(&outcome, timing)),
        };
        let mut evaluation = Evaluation {
            outcome: Outcome::Scored,
            message: String::new(),
            trials: Vec::new(),
            acts_like: known(&probe.descriptor.signature),
            probe: Some(probe),
            timing,
        };
        if evaluation.acts_like.is_some() {
            return Ok(evaluation);
        }
        let policy = Policy::Candidate { artifact, parameters: Vec::new() };
        let trials = match timed(&mut timing.simulate, || self.panel.trials(&policy, Draws::Shared, &self.sandbox))? {
            Ok(trials) => trials,
            Err(outcome) => return Ok(Evaluation { probe: evaluation.probe, ..ended(&outcome, timing) }),
        };
        timing.decide = trials.deciding;
        (evaluation.trials, evaluation.timing) = (trials.results, timing);
        Ok(evaluation)
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
    Evaluation { outcome: kind(outcome), message, trials: Vec::new(), probe: None, acts_like: None, timing }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_has_the_id_of_what_it_means_and_no_other_ones() {
        let source = "use admitter::prelude::*; pub struct Policy; // as it was written";
        let id = read(source).id;
        assert!(has_id(source, &id));
        assert!(has_id("use admitter::prelude::*;\npub struct Policy;", &id), "comments and white space mean nothing");
        assert!(!has_id("use admitter::prelude::*; pub struct Planted;", &id));
        // Refused by the screen: by its bytes.
        assert!(
            has_id("no Rust {", &CandidateId::of("no Rust {")) && !has_id("no Rust [", &CandidateId::of("no Rust {"))
        );
    }
}
