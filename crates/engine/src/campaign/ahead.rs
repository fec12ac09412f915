//! Work on arms whose turn has not come.
//!
//! Once the main claim stands, the other arms of a bundle are written side by side and evaluated as cores become free.
//! Events are still appended in the order of the arms, and what they say does not depend on who was ready first.

use super::steps::{blocking, rows};
use super::{Campaign, Progress, Work};
use crate::error::EngineError;
use crate::evaluate::{Evaluation, Evaluator, Timing, read};
use agents::llm::ModelError;
use agents::{Answer, Brief};
use futures::future::join_all;
use science::event::Event;
use science::id::{CandidateId, Hash};
use science::objective::Measurement;
use science::outcome::Outcome;
use science::trial;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{CampaignId, Extra, Observation, Store};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// What an executor came back with.
type Written = Result<Answer<String>, ModelError>;

/// Sources and evaluations that wait for their turn.
pub(super) struct Ahead {
    written: BTreeMap<usize, Written>,
    evaluations: BTreeMap<CandidateId, JoinHandle<Result<Evaluation, EngineError>>>,
    /// One place for each core: a candidate and the simulator that asks it share one.
    cores: Arc<Semaphore>,
    places: u32,
}

impl Default for Ahead {
    fn default() -> Self {
        let places = std::thread::available_parallelism().map_or(1, usize::from);
        let cores = Arc::new(Semaphore::new(places));
        Ahead { written: BTreeMap::new(), evaluations: BTreeMap::new(), cores, places: places as u32 }
    }
}

impl Ahead {
    /// The places on the machine, one for each core.
    pub(super) fn cores(&self) -> Arc<Semaphore> {
        Arc::clone(&self.cores)
    }

    /// How many there are.
    pub(super) fn places(&self) -> u32 {
        self.places
    }

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
    /// Asks the executor for an arm, and, once the main claim stands, for all arms that are left.
    pub(super) async fn write(&self, at: usize) -> Vec<(usize, Written)> {
        let arms = &self.state.bundle().arms;
        let last = if at == 0 { 1 } else { arms.len() };
        let ask = |at: usize| async move {
            let arm = &arms[at];
            let source = self.parent(arm).and_then(|parent| self.sources.get(&parent));
            let brief = Brief { state: &self.state, source: source.map(String::as_str) };
            (at, self.agents.executor.implement(brief, arm).await)
        };
        join_all((at..last).map(ask)).await
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
            known: self.signatures(),
            store: Arc::clone(&self.store),
            campaign: self.id.clone(),
            all_cores: self.ahead.places,
        };
        let task = tokio::spawn(job.run(Arc::clone(&self.ahead.cores)));
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
        let mut evaluation = task.await.map_err(|error| EngineError::Panicked(error.to_string()))??;
        // Asked again now that all earlier arms are on the record: who was ready first must not matter.
        let signature = evaluation.probe.as_ref().map(|probe| &probe.descriptor.signature);
        evaluation.acts_like = signature.and_then(|signature| self.signatures().remove(signature));
        let measurement = match (&evaluation.acts_like, evaluation.outcome, &self.baseline) {
            (_, Outcome::Scored, None) => return Err(EngineError::Panicked("no baseline to compare with".into())),
            (Some(other), Outcome::Scored, _) => {
                evaluation.trials.clear();
                self.state.candidates[other].measurement.clone()
            }
            (None, Outcome::Scored, Some(baseline)) => {
                Some(Measurement::pair(&evaluation.trials, baseline, self.evaluator.panel.seeds))
            }
            (_, _, _) => None,
        };
        let scored = evaluation.outcome == Outcome::Scored;
        let event = Event::CandidateEvaluated {
            candidate: id.clone(),
            outcome: evaluation.outcome,
            measurement: measurement.map(Box::new),
            trials: trial::hash(&evaluation.trials),
            descriptor: evaluation.probe.filter(|_| scored).map(|probe| Box::new(probe.descriptor)),
            acts_like: evaluation.acts_like.filter(|_| scored),
        };
        let scenarios = self.state.opened().scenarios.clone();
        let rows = rows(id.as_str(), &evaluation.trials, &scenarios, self.evaluator.panel.seeds);
        let message = Some(evaluation.message.as_str()).filter(|message| !message.is_empty());
        self.record(event, Extra { trials: &rows, message, ..Extra::default() }, watch).await
    }

    /// The scored candidates by behaviour signature, the earliest of each.
    fn signatures(&self) -> BTreeMap<Hash, CandidateId> {
        let mut known = BTreeMap::new();
        for id in &self.state.order {
            let record = &self.state.candidates[id];
            if let (Some(descriptor), Some(_)) = (&record.descriptor, &record.measurement) {
                known.entry(descriptor.signature.clone()).or_insert_with(|| id.clone());
            }
        }
        known
    }
}

/// The evaluation of one candidate, away from the campaign's own task.
struct Job {
    id: CandidateId,
    source: String,
    evaluator: Arc<Evaluator>,
    known: BTreeMap<Hash, CandidateId>,
    store: Arc<Store>,
    campaign: CampaignId,
    all_cores: u32,
}

impl Job {
    async fn evaluate(&self, cores: &Arc<Semaphore>, places: u32) -> Result<Evaluation, EngineError> {
        let closed = |error: tokio::sync::AcquireError| EngineError::Panicked(error.to_string());
        let _places = Arc::clone(cores).acquire_many_owned(places).await.map_err(closed)?;
        let (source, evaluator, known) = (self.source.clone(), Arc::clone(&self.evaluator), self.known.clone());
        blocking(move || evaluator.evaluate(&source, |signature| known.get(signature).cloned())).await?
    }

    /// What became of the candidate. An outcome that depends on the machine's mood (time, memory) is stored on arrival and
    /// taken from the record from then on; a score is a function of the experiment and is computed anew.
    async fn run(self, cores: Arc<Semaphore>) -> Result<Evaluation, EngineError> {
        let key = Hash::of(format!("outcome of {}", self.id).as_bytes());
        if let Some(text) = self.store.observation(&self.campaign, &key, 0).await?
            && let Ok((outcome, message)) = serde_json::from_str::<(Outcome, String)>(&text)
        {
            let timing = Timing::default();
            return Ok(Evaluation { outcome, message, trials: Vec::new(), probe: None, acts_like: None, timing });
        }
        let mut evaluation = self.evaluate(&cores, 1).await?;
        if evaluation.outcome == Outcome::Timeout {
            // Perhaps it was the neighbours: what counts is a run with the whole machine to itself.
            evaluation = self.evaluate(&cores, self.all_cores).await?;
        }
        if evaluation.outcome != Outcome::Scored {
            let payload = serde_json::to_string(&(evaluation.outcome, &evaluation.message))
                .map_err(|error| EngineError::Panicked(error.to_string()))?;
            let observation = Observation { key, ordinal: 0, kind: "outcome".into(), payload };
            self.store.observe(&self.campaign, &observation).await?;
        }
        Ok(evaluation)
    }
}
