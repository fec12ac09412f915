//! Runs policies on the verdict seeds of an iteration, all that a look takes side by side.

use super::workers::Workers;
use super::{Campaign, Progress, Work};
use crate::cores::blocking;
use crate::error::EngineError;
use crate::evaluate::Evaluator;
use crate::experiment::LoadedExperiment;
use crate::panel::Panel;
use crate::prepared::Prepared;
use science::bundle::Side;
use science::event::Event;
use science::id::Hash;
use science::outcome::Outcome;
use science::state::Test;
use science::trial::{self, Trial};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{Extra, TrialRow};
use tokio::task::JoinHandle;

/// What was begun for the looks of an iteration.
#[derive(Default)]
pub(super) struct VerdictRuns {
    iteration: u32,
    /// By the first seed.
    seeds: BTreeMap<usize, Look>,
}

/// Some of an iteration's verdict seeds.
struct Look {
    panel: Arc<Panel>,
    baseline: Arc<Vec<Trial>>,
    /// Runs under way, by policy.
    begun: BTreeMap<String, JoinHandle<Ran>>,
}

/// A policy's trials, or what became of it.
type Ran = Result<Result<Vec<Trial>, Outcome>, EngineError>;

impl Campaign {
    /// Begins all tests that a look takes, and records the first one.
    pub(super) async fn test(
        &mut self,
        tests: Vec<Test>,
        watch: &mut impl FnMut(Progress<'_>),
    ) -> Result<(), EngineError> {
        watch(Progress::Working(&self.state, Work::Testing(tests[0].to)));
        for test in &tests {
            self.begin_test(test).await?;
        }
        let Test { policy, from, .. } = tests.into_iter().next().expect("a look that lacks nothing takes no test");
        let look = self.verdict_runs.seeds.get_mut(&from).expect("it was begun");
        let (panel, baseline) = (Arc::clone(&look.panel), Arc::clone(&look.baseline));
        let run = look.begun.remove(name(&policy)).expect("it was begun");
        let ran = run.await??;
        let (outcome, trials) = match ran {
            Ok(trials) => (Outcome::Scored, trials),
            Err(outcome) => (outcome, Vec::new()),
        };
        let scored = outcome == Outcome::Scored;
        let measurement = scored.then(|| Box::new(panel.measure(&trials, &baseline)));
        let hash = trial::hash(baseline.iter().chain(&trials));
        let named = name(&policy).to_owned();
        let mut rows = panel.label(&named, &trials);
        if self.is_first_on(from) {
            rows.extend(panel.label("baseline", &baseline));
        }
        rows.iter_mut().for_each(|row: &mut TrialRow<'_>| row.seed += from as u32);
        let event = Event::Tested { policy, from: from as u32, outcome, measurement, trials: hash };
        self.record(event, Extra { trials: &rows, ..Extra::default() }, watch).await
    }

    /// Whether nobody has run on the verdict seeds from this one on: then the baseline's trials are not on record.
    fn is_first_on(&self, from: usize) -> bool {
        let tests = self.state.current().tests.iter().filter_map(|test| test.measured.as_ref().ok());
        tests.map(|measured| measured.cells.first().map_or(0, Vec::len)).all(|seeds| seeds <= from)
    }

    async fn begin_test(&mut self, test: &Test) -> Result<(), EngineError> {
        let iteration = self.state.iteration_number();
        if self.verdict_runs.iteration != iteration {
            self.verdict_runs = VerdictRuns { iteration, seeds: BTreeMap::new() };
        }
        if !self.verdict_runs.seeds.contains_key(&test.from) {
            let look = self.look(iteration, test).await?;
            self.verdict_runs.seeds.insert(test.from, look);
        }
        let candidate = match &test.policy {
            Side::Candidate(id) => Some(self.candidate(id)),
            Side::Baseline | Side::Reference | Side::Arm(_) => None,
        };
        let look = self.verdict_runs.seeds.get_mut(&test.from).expect("it was just made");
        if look.begun.contains_key(name(&test.policy)) {
            return Ok(());
        }
        let what = format!("outcome of {} on verdict seeds {} to {}", name(&test.policy), test.from, test.to);
        let job = Job {
            key: Hash::of(format!("{what} of iteration {iteration}").as_bytes()),
            candidate,
            panel: Arc::clone(&look.panel),
            loaded: Arc::clone(&self.loaded),
            evaluator: Arc::clone(&self.evaluator),
            workers: self.workers.clone(),
        };
        look.begun.insert(name(&test.policy).to_owned(), tokio::spawn(job.run()));
        Ok(())
    }

    /// The panel of further verdict seeds with the baseline's trials on it, which all arms are paired with.
    async fn look(&self, iteration: u32, test: &Test) -> Result<Look, EngineError> {
        let main =
            self.state.current().arms[0].candidate.as_ref().expect("a bundle is judged once its main arm is written");
        let nonce = self.state.opened().nonce;
        let panel = Arc::new(Panel::verdict(&self.loaded, nonce, (iteration, main), test.from..test.to)?);
        let (loaded, evaluator, on) = (Arc::clone(&self.loaded), Arc::clone(&self.evaluator), Arc::clone(&panel));
        let run = move || on.yardstick(&loaded, "baseline", &loaded.experiment.baseline, &evaluator.sandbox);
        Ok(Look { panel, baseline: Arc::new(blocking(run).await??), begun: BTreeMap::new() })
    }
}

/// What the database calls a policy.
fn name(policy: &Side) -> &str {
    match policy {
        Side::Candidate(id) => id.as_str(),
        Side::Baseline | Side::Reference | Side::Arm(_) => "reference",
    }
}

/// One policy on one look's seeds, away from the campaign's own task.
struct Job {
    key: Hash,
    /// None for the reference.
    candidate: Option<Arc<Prepared>>,
    panel: Arc<Panel>,
    loaded: Arc<LoadedExperiment>,
    evaluator: Arc<Evaluator>,
    workers: Workers,
}

impl Job {
    async fn run(self) -> Ran {
        let Job { key, candidate, panel, loaded, evaluator, workers } = self;
        let work = move || {
            let (reference, sandbox) = (&loaded.experiment.reference, &evaluator.sandbox);
            match &candidate {
                Some(candidate) => panel.trials_of(candidate, sandbox),
                None => panel.yardstick(&loaded, "reference", reference, sandbox).map(Ok),
            }
        };
        workers.outcome(key, work).await
    }
}
