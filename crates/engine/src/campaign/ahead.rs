//! Work on arms whose turn has not come.
//!
//! Once the main claim was judged, the other arms of a bundle that are worth it are written side by side and evaluated as
//! cores become free. Events are still appended in the order of the arms, and what they say does not depend on who was ready
//! first.

use super::bench::Bench;
use super::steps::rows;
use super::{Campaign, Progress, Work};
use crate::error::EngineError;
use crate::evaluate::{Evaluation, Evaluator, Timing, read};
use agents::llm::ModelError;
use agents::{Answer, Brief};
use futures::future::join_all;
use science::event::Event;
use science::id::{CandidateId, Hash};
use science::outcome::Outcome;
use science::trial;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::Extra;
use tokio::task::JoinHandle;

/// What an executor came back with.
type Written = Result<Answer<String>, ModelError>;

/// Sources and evaluations that wait for their turn.
#[derive(Default)]
pub(super) struct Ahead {
    written: BTreeMap<usize, Written>,
    evaluations: BTreeMap<CandidateId, JoinHandle<Result<Evaluation, EngineError>>>,
}

impl Ahead {
    pub(super) fn has_written(&self, arm: usize) -> bool {
        self.written.contains_key(&arm)
    }

    /// What an executor wrote for an arm.
    ///
    /// # Panics
    /// If nobody was asked.
    pub(super) fn take_written(&mut self, arm: usize) -> Written {
        self.written.remove(&arm).expect("the executor was asked")
    }

    /// Forgets what was begun for a bundle that is done.
    pub(super) fn forget(&mut self) {
        self.written.clear();
        self.evaluations.clear();
    }
}

impl Campaign {
    /// Asks the executor for an arm, and, once the main claim was judged, for all arms that are left to be tried.
    pub(super) async fn write(&self, at: usize) -> Vec<(usize, Written)> {
        let arms = &self.state.bundle().arms;
        let last = if at == 0 { 1 } else { arms.len() };
        let ask = |at: usize| async move {
            let arm = &arms[at];
            let source = self.parent(arm).and_then(|parent| self.sources.get(&parent));
            let brief = Brief { state: &self.state, source: source.map(String::as_str) };
            (at, self.agents.executor.implement(brief, arm).await)
        };
        // Nobody is asked for a candidate that is there, or that nothing is to be learned from any more.
        let is_wanted = |at: &usize| arms[*at].design.candidate.is_none() && self.state.spared(*at).is_none();
        join_all((at..last).filter(is_wanted).map(ask)).await
    }

    /// Keeps what was written, and begins to evaluate it.
    pub(super) fn get_ahead(&mut self, written: Vec<(usize, Written)>) {
        for (arm, written) in written {
            if let Ok(Answer { content: Ok(source), .. }) = &written {
                let id = read(source).id;
                if self.state.candidates.get(&id).is_none_or(|record| record.outcome.is_none()) {
                    self.begin(&id, source);
                }
            }
            self.ahead.written.insert(arm, written);
        }
    }

    fn begin(&mut self, id: &CandidateId, source: &str) {
        if self.ahead.evaluations.contains_key(id) {
            return;
        }
        let job = Job {
            id: id.clone(),
            source: source.to_owned(),
            evaluator: Arc::clone(&self.evaluator),
            bench: self.bench.clone(),
        };
        let task = tokio::spawn(job.run());
        self.ahead.evaluations.insert(id.clone(), task);
    }

    pub(super) async fn evaluate(
        &mut self,
        id: &CandidateId,
        watch: &mut impl FnMut(Progress<'_>),
    ) -> Result<(), EngineError> {
        watch(Progress::Working(&self.state, Work::Evaluating(id)));
        let source = self.sources.get(id).cloned().unwrap_or_default();
        self.begin(id, &source);
        let task = self.ahead.evaluations.remove(id).expect("it was begun");
        let evaluation = task.await.map_err(|error| EngineError::Panicked(error.to_string()))??;
        let measurement = match (evaluation.outcome, &self.baseline) {
            (Outcome::Scored, None) => return Err(EngineError::Panicked("no baseline to compare with".into())),
            (Outcome::Scored, Some(baseline)) => Some(self.evaluator.panel.measure(&evaluation.trials, baseline)),
            (_, _) => None,
        };
        let scored = evaluation.outcome == Outcome::Scored;
        let descriptor = evaluation.probe.filter(|_| scored).map(|probe| Box::new(probe.descriptor));
        let acts_like = match (&descriptor, &measurement) {
            (Some(descriptor), Some(measurement)) => self.state.alike(&descriptor.signature, measurement).cloned(),
            _ => None,
        };
        let event = Event::CandidateEvaluated {
            candidate: id.clone(),
            outcome: evaluation.outcome,
            measurement: measurement.map(Box::new),
            trials: trial::hash(&evaluation.trials),
            descriptor,
            acts_like,
        };
        let evaluator = Arc::clone(&self.evaluator);
        let rows = rows(id.as_str(), &evaluation.trials, &evaluator.panel);
        let message = Some(evaluation.message.as_str()).filter(|message| !message.is_empty());
        self.record(event, Extra { trials: &rows, message, ..Extra::default() }, watch).await
    }
}

/// The evaluation of one candidate, away from the campaign's own task.
struct Job {
    id: CandidateId,
    source: String,
    evaluator: Arc<Evaluator>,
    bench: Bench,
}

impl Job {
    /// What became of the candidate.
    async fn run(self) -> Result<Evaluation, EngineError> {
        let Job { id, source, evaluator, bench } = self;
        let key = Hash::of(format!("outcome of {id}").as_bytes());
        if let Some((outcome, message)) = bench.recorded(&key).await? {
            let timing = Timing::default();
            return Ok(Evaluation { outcome, message, trials: Vec::new(), probe: None, timing });
        }
        let work = move || evaluator.evaluate(&source);
        let evaluation = bench.run(work, |evaluation| evaluation.outcome == Outcome::Timeout).await?;
        if evaluation.outcome != Outcome::Scored {
            bench.keep(key, evaluation.outcome, &evaluation.message).await?;
        }
        Ok(evaluation)
    }
}
