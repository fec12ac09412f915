//! Runs policies on the verdict seeds of an iteration.

use super::steps::{blocking, rows};
use super::{Campaign, Progress, Work};
use crate::KIT;
use crate::error::EngineError;
use crate::evaluate::kind;
use crate::panel::{Draws, Panel};
use crate::policy::Policy;
use sandbox::Sandbox;
use science::bundle::Side;
use science::event::Event;
use science::id::Hash;
use science::objective::Measurement;
use science::outcome::Outcome;
use science::trial::{self, Trial};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use store::{Extra, Observation, TrialRow};

/// The baseline's trials on verdict seeds, by iteration and first seed: all arms are paired with the same.
pub(super) type Baseline = BTreeMap<(u32, usize), Arc<Vec<Trial>>>;

impl Campaign {
    /// Runs a policy on further verdict seeds and records what it did.
    pub(super) async fn test(
        &mut self,
        policy: Side,
        seeds: Range<usize>,
        watch: &mut impl FnMut(Progress<'_>),
    ) -> Result<(), EngineError> {
        watch(Progress::Working(&self.state, Work::Testing(seeds.end)));
        let iteration = self.state.iteration_number();
        let panel = Arc::new(Panel::verdict(&self.loaded, self.state.opened().seed, iteration, seeds.clone())?);
        let baseline = self.baseline_on(&panel, iteration, seeds.start).await?;
        let (outcome, trials) = match self.run_test(&policy, &panel, iteration, &seeds).await? {
            Ok(trials) => (Outcome::Scored, trials),
            Err(outcome) => (outcome, Vec::new()),
        };
        let scored = outcome == Outcome::Scored;
        let measurement = scored.then(|| Box::new(Measurement::pair(&trials, &baseline, panel.seeds)));
        let hash = trial::hash(&baseline.iter().chain(&trials).copied().collect::<Vec<_>>());
        let scenarios = self.state.opened().scenarios.clone();
        let name = match &policy {
            Side::Candidate(id) => id.as_str().to_owned(),
            Side::Baseline | Side::Reference | Side::Arm(_) => "reference".to_owned(),
        };
        let mut rows = rows(&name, &trials, &scenarios, panel.seeds);
        if self.is_first_on(seeds.start) {
            rows.extend(self::rows("baseline", &baseline, &scenarios, panel.seeds));
        }
        rows.iter_mut().for_each(|row: &mut TrialRow<'_>| row.seed += seeds.start as u32);
        let event = Event::Tested { policy, from: seeds.start as u32, outcome, measurement, trials: hash };
        self.record(event, Extra { trials: &rows, ..Extra::default() }, watch).await
    }

    /// Whether nobody has run on the verdict seeds from this one on: then the baseline's trials are not on record.
    fn is_first_on(&self, from: usize) -> bool {
        let tests = self.state.current().tests.iter().filter_map(|test| test.measured.as_ref().ok());
        tests.map(|measured| measured.cells.first().map_or(0, Vec::len)).all(|seeds| seeds <= from)
    }

    async fn baseline_on(
        &mut self,
        panel: &Arc<Panel>,
        iteration: u32,
        from: usize,
    ) -> Result<Arc<Vec<Trial>>, EngineError> {
        self.verdict_baseline.retain(|(of, _), _| *of == iteration);
        if let Some(known) = self.verdict_baseline.get(&(iteration, from)) {
            return Ok(Arc::clone(known));
        }
        let (loaded, panel, evaluator) = (Arc::clone(&self.loaded), Arc::clone(panel), Arc::clone(&self.evaluator));
        let run = move || {
            let baseline = Policy::named(&loaded, "baseline", &loaded.experiment.baseline, &evaluator.sandbox)?;
            match panel.trials(&baseline, Draws::Shared, &evaluator.sandbox)? {
                Ok(trials) => Ok(trials.results),
                Err(outcome) => Err(EngineError::Yardsticks(format!("the baseline ended as {outcome}"))),
            }
        };
        let trials = Arc::new(blocking(run).await??);
        self.verdict_baseline.insert((iteration, from), Arc::clone(&trials));
        Ok(trials)
    }

    /// A policy's trials, or what became of it. As with search seeds, an outcome that depends on the machine's mood is
    /// taken from the record from then on.
    async fn run_test(
        &self,
        policy: &Side,
        panel: &Arc<Panel>,
        iteration: u32,
        seeds: &Range<usize>,
    ) -> Result<Result<Vec<Trial>, Outcome>, EngineError> {
        let name = match policy {
            Side::Candidate(id) => id.as_str(),
            Side::Baseline | Side::Reference | Side::Arm(_) => "the reference",
        };
        let key = Hash::of(format!("outcome of {name} on verdict seeds {seeds:?} of iteration {iteration}").as_bytes());
        let known = self.store.observation(&self.id, &key, 0).await?;
        if let Some((outcome, _)) = known.and_then(|text| serde_json::from_str::<(Outcome, String)>(&text).ok()) {
            return Ok(Err(outcome));
        }
        let (loaded, panel, evaluator) = (Arc::clone(&self.loaded), Arc::clone(panel), Arc::clone(&self.evaluator));
        let source = match policy {
            Side::Candidate(id) => Some(self.sources.get(id).cloned().unwrap_or_default()),
            Side::Baseline | Side::Reference | Side::Arm(_) => None,
        };
        let run = move || {
            let policy = match &source {
                None => Policy::named(&loaded, "reference", &loaded.experiment.reference, &evaluator.sandbox)?,
                Some(source) => match compiled(source, &evaluator.sandbox)? {
                    Ok(policy) => policy,
                    Err(outcome) => return Ok(Err(outcome)),
                },
            };
            Ok::<_, EngineError>(panel.trials(&policy, Draws::Shared, &evaluator.sandbox)?.map(|runs| runs.results))
        };
        match blocking(run).await?? {
            Ok(trials) => Ok(Ok(trials)),
            Err(outcome) => {
                let payload = serde_json::to_string(&(kind(&outcome), outcome.to_string()))
                    .map_err(|error| EngineError::Panicked(error.to_string()))?;
                self.store.observe(&self.id, &Observation { key, ordinal: 0, kind: "outcome".into(), payload }).await?;
                Ok(Err(kind(&outcome)))
            }
        }
    }
}

fn compiled(source: &str, sandbox: &Sandbox) -> Result<Result<Policy, sandbox::Outcome>, EngineError> {
    let screened = match sandbox::screen(source, &KIT) {
        Ok(screened) => screened,
        Err(refusal) => return Ok(Err(refusal.into())),
    };
    Ok(sandbox.compile(&screened)?.map(|artifact| Policy::Candidate { artifact, parameters: Vec::new() }))
}
