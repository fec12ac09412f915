//! Runs policies on the verdict seeds of an iteration, all that a look takes side by side.

use super::workers::Workers;
use super::{Campaign, Progress, Watch, Work};
use crate::cores::blocking;
use crate::error::EngineError;
use crate::evaluate::Evaluator;
use crate::panel::Panel;
use crate::prepared::Prepared;
use crate::yardsticks::{self, Measured, TWINS};
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
    /// By the first seed: all take the reference's steps.
    seeds: BTreeMap<usize, Look>,
}

/// Some of an iteration's verdict seeds.
struct Look {
    panel: Arc<Panel>,
    /// What policies are held against there: the baseline's trials stand first.
    measured: Arc<Measured>,
    /// Runs under way, by policy.
    begun: BTreeMap<String, JoinHandle<Ran>>,
}

/// A policy's trials, or what became of it.
type Ran = Result<Result<Vec<Trial>, Outcome>, EngineError>;

impl Campaign {
    /// Begins all tests that a look takes, and records the first one.
    pub(super) async fn test(&mut self, tests: Vec<Test>, watch: &mut Watch<'_>) -> Result<(), EngineError> {
        watch(Progress::Working(&self.state, Work::Testing(tests[0].to)));
        for test in &tests {
            self.begin_test(test).await?;
        }
        let Test { policy, from, .. } = tests.into_iter().next().expect("a look that lacks nothing takes no test");
        let look = self.verdict_runs.seeds.get_mut(&from).expect("it was begun");
        let (panel, measured) = (Arc::clone(&look.panel), Arc::clone(&look.measured));
        let Side::Candidate(id) = &policy else {
            return self.keep_against(from as u32, &panel, &measured, watch).await;
        };
        let run = look.begun.remove(name(&policy)).expect("it was begun");
        let (outcome, trials) = match run.await?? {
            Ok(trials) => (Outcome::Scored, trials),
            Err(outcome) => (outcome, Vec::new()),
        };
        let baseline = &measured.trials[0].1;
        let measurement = (outcome == Outcome::Scored).then(|| Box::new(panel.measure(&trials, baseline)));
        let hash = trial::hash(baseline.iter().chain(&trials));
        let mut rows = panel.label(id.as_str(), &trials);
        rows.iter_mut().for_each(|row| row.seed += from as u32);
        let (policy, from) = (policy.clone(), from as u32);
        let event = Event::Tested { policy, from, outcome, measurement, yardsticks: None, trials: hash };
        self.record(event, Extra { trials: &rows, ..Extra::default() }, watch).await
    }

    /// Records what policies are held against on verdict seeds from this one on.
    async fn keep_against(
        &mut self,
        from: u32,
        panel: &Panel,
        Measured { yardsticks, trials }: &Measured,
        watch: &mut Watch<'_>,
    ) -> Result<(), EngineError> {
        let mut rows: Vec<TrialRow<'_>> = trials.iter().flat_map(|(name, trials)| panel.label(name, trials)).collect();
        rows.iter_mut().for_each(|row| row.seed += from);
        let event = Event::Tested {
            policy: Side::Reference,
            from,
            outcome: Outcome::Scored,
            measurement: None,
            yardsticks: Some(Box::new(yardsticks.clone())),
            trials: trial::hash(trials.iter().flat_map(|(_, trials)| trials)),
        };
        self.record(event, Extra { trials: &rows, ..Extra::default() }, watch).await
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
        // The reference has run on them first of all.
        let Side::Candidate(id) = &test.policy else { return Ok(()) };
        let (candidate, scale) = (self.candidate(id), self.state.candidates[id].scale);
        let look = self.verdict_runs.seeds.get_mut(&test.from).expect("it was just made");
        if look.begun.contains_key(name(&test.policy)) {
            return Ok(());
        }
        let what = format!("outcome of {} on verdict seeds {} to {}", name(&test.policy), test.from, test.to);
        let job = Job {
            key: Hash::of(format!("{what} of iteration {iteration}").as_bytes()),
            candidate,
            scale,
            panel: Arc::clone(&look.panel),
            evaluator: Arc::clone(&self.evaluator),
            workers: self.workers.clone(),
        };
        look.begun.insert(name(&test.policy).to_owned(), tokio::spawn(job.run()));
        Ok(())
    }

    /// The panel of further verdict seeds with what all arms are held against there.
    async fn look(&self, iteration: u32, test: &Test) -> Result<Look, EngineError> {
        let main =
            self.state.current().arms[0].candidate.as_ref().expect("a bundle is judged once its main arm is written");
        let nonce = self.state.opened().nonce;
        let panel = Arc::new(Panel::verdict(
            &self.loaded,
            nonce,
            (iteration, main),
            &self.state.tested_on(),
            test.from..test.to,
        )?);
        let (loaded, evaluator, on) = (Arc::clone(&self.loaded), Arc::clone(&self.evaluator), Arc::clone(&panel));
        let run = move || yardsticks::measure(&loaded, &on, TWINS, &evaluator.sandbox);
        Ok(Look { panel, measured: Arc::new(blocking(run).await??), begun: BTreeMap::new() })
    }
}

/// What the database calls a policy.
fn name(policy: &Side) -> &str {
    match policy {
        Side::Candidate(id) => id.as_str(),
        Side::Baseline | Side::Reference | Side::Arm(_) => "reference",
    }
}

/// A candidate on one look's seeds, away from the campaign's own task.
struct Job {
    key: Hash,
    candidate: Arc<Prepared>,
    scale: Option<f64>,
    panel: Arc<Panel>,
    evaluator: Arc<Evaluator>,
    workers: Workers,
}

impl Job {
    async fn run(self) -> Ran {
        let Job { key, candidate, scale, panel, evaluator, workers } = self;
        workers.outcome(key, move || panel.trials_of(&candidate, scale, &evaluator.sandbox)).await
    }
}
