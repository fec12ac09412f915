//! What a planner may ask before it claims: the record, and runs on the search panel. Nothing sealed is within reach.

use super::Campaign;
use super::prefetch::Job;
use super::workers::Workers;
use crate::error::EngineError;
use crate::evaluate::Evaluator;
use crate::experiment::LoadedExperiment;
use crate::panel::Panel;
use crate::policy::Policy;
use crate::prepared::Prepared;
use crate::scale::Against;
use agents::llm::ModelError;
use agents::{Library, Looking, Turnout};
use futures::future::FutureExt;
use sandbox::Outcome;
use science::asked::Replaced;
use science::bundle::Side;
use science::id::{CandidateId, Hash};
use science::seal::Line;
use science::state::State;
use science::trial;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Sources of the campaign, and what its search workloads turn out to be.
pub(super) struct Shelf<'a> {
    state: &'a State,
    loaded: &'a Arc<LoadedExperiment>,
    candidates: &'a BTreeMap<CandidateId, Arc<Prepared>>,
    evaluator: &'a Arc<Evaluator>,
    against: Arc<Against>,
    workers: &'a Workers,
    /// What was measured for the planner, in order.
    asked: Mutex<Vec<Replaced>>,
}

impl std::fmt::Debug for Shelf<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shelf")
    }
}

impl Campaign {
    pub(super) fn shelf(&self) -> Shelf<'_> {
        Shelf {
            state: &self.state,
            loaded: &self.loaded,
            candidates: &self.candidates,
            evaluator: &self.evaluator,
            against: self.against(),
            workers: &self.workers,
            asked: Mutex::default(),
        }
    }
}

impl Library for Shelf<'_> {
    fn source(&self, id: &CandidateId) -> Option<String> {
        self.candidates.get(id).map(|candidate| candidate.source.clone())
    }

    fn hindsight(&self, input: &str) -> Vec<Turnout> {
        self.panel().hindsight(input)
    }

    fn timeline<'a>(&'a self, policy: &'a Side, workload: &'a str) -> Looking<'a, Vec<Line>> {
        self.seen(policy, workload).map(of_the_world).boxed()
    }

    fn replaced<'a>(&'a self, of: &'a CandidateId, find: &'a str, replace: &'a str) -> Looking<'a, Replaced> {
        self.measured(of, [find, replace]).map(of_the_world).boxed()
    }
}

/// What is wrong with the program or the machine is nobody's answer.
fn of_the_world<T>(found: Result<Result<T, String>, EngineError>) -> Result<Result<T, String>, ModelError> {
    found.map_err(|error| ModelError::Record(error.to_string()))
}

type Found<T> = Result<Result<T, String>, EngineError>;

impl Shelf<'_> {
    fn panel(&self) -> &Panel {
        &self.evaluator.panel
    }

    /// What was measured for the planner, in order.
    pub(super) fn into_asked(self) -> Vec<Replaced> {
        self.asked.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    async fn seen(&self, side: &Side, workload: &str) -> Found<Vec<Line>> {
        let Some(row) = self.panel().names.iter().position(|name| name == workload) else {
            return Ok(Err(format!("`{workload}` is no workload of the search panel")));
        };
        let Some(policy) = self.runnable(side) else { return Ok(Err("it is no policy that can be run".into())) };
        let evaluator = Arc::clone(self.evaluator);
        let work = move || {
            let policy = match policy(&evaluator)? {
                Ok(policy) => policy,
                Err(outcome) => return Ok(Err(outcome)),
            };
            evaluator.panel.picked(&[row], 0).0.seen(0, &policy, &evaluator.sandbox)
        };
        let key = Hash::of(format!("outcome of looking at {side:?} in {row}").as_bytes());
        Ok(self.workers.outcome(key, work).await?.map_err(|outcome| format!("it ended as `{}`", outcome.as_str())))
    }

    /// How to come by a policy, away from the campaign's own task.
    fn runnable(
        &self,
        side: &Side,
    ) -> Option<impl Fn(&Evaluator) -> Result<Result<Policy, Outcome>, EngineError> + Send + Sync + 'static> {
        let (loaded, side) = (Arc::clone(self.loaded), side.clone());
        let (candidate, scale) = match &side {
            Side::Candidate(id) => (Some(Arc::clone(self.candidates.get(id)?)), self.state.candidates.get(id)?.scale),
            Side::Baseline | Side::Reference => (None, None),
            Side::Arm(_) => return None,
        };
        Some(move |evaluator: &Evaluator| match &candidate {
            Some(candidate) => candidate.policy(scale, &evaluator.sandbox),
            None => {
                let experiment = &loaded.experiment;
                let (key, name) = match side {
                    Side::Baseline => ("baseline", &experiment.baseline),
                    _ => ("reference", &experiment.reference),
                };
                Policy::named(&loaded, key, name, &evaluator.sandbox).map(Ok)
            }
        })
    }

    /// Measures a candidate with one text of its source in place of another, as it would measure a candidate.
    async fn measured(&self, of: &CandidateId, texts: [&str; 2]) -> Found<Replaced> {
        let made = match self.made(of, texts) {
            Ok(made) => made,
            Err(problem) => return Ok(Err(problem)),
        };
        let known = self.asked(|asked| asked.iter().find(|known| known.made == *made.id()).cloned());
        if let Some(known) = known {
            return Ok(Ok(known));
        }
        // One is for what is claimed in the end.
        let asked = self.asked(|asked| asked.len() as u32);
        if self.state.evaluations_left().is_some_and(|left| left <= asked + 1) {
            return Ok(Err("no evaluation can be spared".into()));
        }
        let id = made.id().clone();
        let job = Job {
            id: id.clone(),
            candidate: Arc::new(made),
            rival: None,
            compiling: None,
            evaluator: Arc::clone(self.evaluator),
            against: Arc::clone(&self.against),
            workers: self.workers.clone(),
        };
        let evaluation = job.run().await?;
        let measurement = match evaluation.outcome {
            science::outcome::Outcome::Scored => Ok(self.panel().measure(&evaluation.trials, &self.against.baseline)),
            outcome => Err(outcome),
        };
        let trials = trial::hash(&evaluation.trials);
        let replaced = self.state.replaced(of, texts, (id, trials), measurement.as_ref().map_err(|outcome| *outcome));
        self.asked(|asked| asked.push(replaced.clone()));
        Ok(Ok(replaced))
    }

    fn asked<T>(&self, with: impl FnOnce(&mut Vec<Replaced>) -> T) -> T {
        with(&mut self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The source so changed; an error says why it is none that is worth measuring.
    fn made(&self, of: &CandidateId, [find, replace]: [&str; 2]) -> Result<Prepared, String> {
        let source = &self.candidates.get(of).ok_or("its source is not at hand")?.source;
        match source.matches(find).count() {
            1 => {}
            times => {
                return Err(format!(
                    "what is looked for stands {times} times in the source, and has to stand there once"
                ));
            }
        }
        let changed = source.replacen(find, replace, 1);
        let kit = &self.evaluator.sandbox.options().kit;
        let made = sandbox::on_deep_stack(|| Prepared::new(changed, kit));
        match self.state.candidates.get(made.id()) {
            Some(_) if made.id() == of => Err("that changes nothing but comments or layout".into()),
            Some(known) if known.score.is_some() => {
                Err(format!("that is candidate {}, which was measured", made.id().short()))
            }
            _ => Ok(made),
        }
    }
}
