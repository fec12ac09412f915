//! Work on arms whose turn has not come.
//!
//! Once the main claim was judged, the other arms of a bundle that are worth it are written side by side and evaluated as
//! cores become free. Events are still appended in the order of the arms, and what they say does not depend on who was ready
//! first.

use super::Campaign;
use super::workers::Workers;
use crate::error::EngineError;
use crate::evaluate::{Evaluation, Evaluator, Timing};
use crate::prepared::Prepared;
use crate::scale::Against;
use agents::Answer;
use agents::llm::ModelError;
use science::id::{CandidateId, Hash};
use science::outcome::Outcome;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::task::JoinHandle;

/// What an executor came back with: a source, or one for each variant.
pub(super) type Written = Result<Answer<Vec<Arc<Prepared>>>, ModelError>;

/// An evaluation under way.
type Evaluating = JoinHandle<Result<Evaluation, EngineError>>;

/// Candidates and evaluations that wait for their turn.
#[derive(Default)]
pub(super) struct Prefetch {
    written: BTreeMap<usize, Written>,
    evaluations: BTreeMap<CandidateId, Evaluating>,
}

impl Prefetch {
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

    /// The evaluation of a candidate.
    ///
    /// # Panics
    /// If it was not begun.
    pub(super) fn take_evaluation(&mut self, id: &CandidateId) -> Evaluating {
        self.evaluations.remove(id).expect("it was begun")
    }

    /// Keeps an evaluation that is done until the candidate's turn comes.
    pub(super) fn keep(&mut self, id: CandidateId, evaluation: Evaluation) {
        self.evaluations.insert(id, tokio::spawn(async move { Ok(evaluation) }));
    }
}

impl Campaign {
    /// Keeps what was written, and begins to evaluate it.
    pub(super) fn get_ahead(&mut self, written: Vec<(usize, Written)>) {
        for (arm, written) in written {
            for prepared in written.iter().flat_map(|answer| answer.content.iter().flatten()) {
                if self.state.candidates.get(prepared.id()).is_none_or(|record| record.outcome.is_none()) {
                    self.begin(prepared.id(), prepared);
                }
            }
            self.prefetch.written.insert(arm, written);
        }
    }

    /// Begins to evaluate a candidate, unless that was begun.
    pub(super) fn begin(&mut self, id: &CandidateId, candidate: &Arc<Prepared>) {
        if self.prefetch.evaluations.contains_key(id) {
            return;
        }
        let job = Job {
            id: id.clone(),
            candidate: Arc::clone(candidate),
            evaluator: Arc::clone(&self.evaluator),
            against: self.against(),
            workers: self.workers.clone(),
        };
        let task = tokio::spawn(job.run());
        self.prefetch.evaluations.insert(id.clone(), task);
    }
}

/// The evaluation of one candidate, away from the campaign's own task.
struct Job {
    id: CandidateId,
    candidate: Arc<Prepared>,
    evaluator: Arc<Evaluator>,
    against: Arc<Against>,
    workers: Workers,
}

impl Job {
    /// What became of the candidate.
    async fn run(self) -> Result<Evaluation, EngineError> {
        let Job { id, candidate, evaluator, against, workers } = self;
        let key = Hash::of(format!("outcome of {id}").as_bytes());
        if let Some((outcome, message)) = workers.recorded(&key).await? {
            let timing = Timing::default();
            return Ok(Evaluation { outcome, message, scale: None, trials: Vec::new(), probe: None, timing });
        }
        let work = move || evaluator.evaluate(&candidate, &against);
        let evaluation = workers.run(work, |evaluation| evaluation.outcome == Outcome::Timeout).await?;
        if evaluation.outcome != Outcome::Scored {
            workers.keep(key, evaluation.outcome, &evaluation.message).await?;
        }
        Ok(evaluation)
    }
}
