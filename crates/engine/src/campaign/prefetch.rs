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
use science::stopping::Rival;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::task::JoinHandle;

/// What an executor came back with: a source, or one for each variant.
pub(super) type Written = Result<Answer<Vec<Arc<Prepared>>>, ModelError>;

/// An evaluation under way.
type Evaluating = JoinHandle<Result<Evaluation, EngineError>>;

/// A compilation under way; the candidate keeps what comes of it.
pub(super) type Compiling = JoinHandle<Result<(), EngineError>>;

/// Candidates and evaluations that wait for their turn.
#[derive(Default)]
pub(super) struct Prefetch {
    written: BTreeMap<usize, Written>,
    evaluations: BTreeMap<CandidateId, Evaluating>,
    compiling: BTreeMap<CandidateId, Compiling>,
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
            // Whether a variant is stopped depends on those before it: it is compiled ahead, and runs in its turn.
            let explores = !self.state.bundle().arms[arm].design.variants.is_empty();
            for prepared in written.iter().flat_map(|answer| answer.content.iter().flatten()) {
                let id = prepared.id();
                match self.state.candidates.get(id).is_none_or(|record| record.outcome.is_none()) {
                    true if explores => self.compile(id, prepared),
                    true => self.begin(id, prepared),
                    false => {}
                }
            }
            self.prefetch.written.insert(arm, written);
        }
    }

    /// Begins to compile a candidate, unless that was begun.
    fn compile(&mut self, id: &CandidateId, candidate: &Arc<Prepared>) {
        let (candidate, evaluator, workers) =
            (Arc::clone(candidate), Arc::clone(&self.evaluator), self.workers.clone());
        let compiling = || {
            // Where it fails it is compiled again, and ends as it does then.
            let work = move || candidate.artifact(&evaluator.sandbox).map(|_| ());
            tokio::spawn(async move { workers.run(work, |()| false).await })
        };
        self.prefetch.compiling.entry(id.clone()).or_insert_with(compiling);
    }

    /// Begins to evaluate a candidate, unless that was begun.
    pub(super) fn begin(&mut self, id: &CandidateId, candidate: &Arc<Prepared>) {
        if self.prefetch.evaluations.contains_key(id) {
            return;
        }
        let job = Job {
            id: id.clone(),
            candidate: Arc::clone(candidate),
            rival: self.state.rival(id),
            compiling: self.prefetch.compiling.remove(id),
            evaluator: Arc::clone(&self.evaluator),
            against: self.against(),
            workers: self.workers.clone(),
        };
        let task = tokio::spawn(job.run());
        self.prefetch.evaluations.insert(id.clone(), task);
    }
}

/// The evaluation of one candidate, away from the campaign's own task.
pub(super) struct Job {
    pub(super) id: CandidateId,
    pub(super) candidate: Arc<Prepared>,
    /// Whom it may lie too far behind.
    pub(super) rival: Option<Rival>,
    pub(super) compiling: Option<Compiling>,
    pub(super) evaluator: Arc<Evaluator>,
    pub(super) against: Arc<Against>,
    pub(super) workers: Workers,
}

impl Job {
    /// What became of the candidate.
    pub(super) async fn run(self) -> Result<Evaluation, EngineError> {
        let Job { id, candidate, rival, compiling, evaluator, against, workers } = self;
        let key = Hash::of(format!("outcome of {id}").as_bytes());
        if let Some((outcome, message)) = workers.recorded(&key).await? {
            return Ok(Evaluation { outcome, message, ..Evaluation::of(Timing::default()) });
        }
        if let Some(compiling) = compiling {
            compiling.await??;
        }
        let work = move || evaluator.evaluate(&candidate, &against, rival.as_ref());
        let evaluation = workers.run(work, |evaluation| evaluation.outcome == Outcome::Timeout).await?;
        // Who was stopped was so for a reason that is on record.
        if !matches!(evaluation.outcome, Outcome::Scored | Outcome::Stopped) {
            workers.keep(key, evaluation.outcome, &evaluation.message).await?;
        }
        Ok(evaluation)
    }
}
