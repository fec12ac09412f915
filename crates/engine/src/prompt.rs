//! What a language model would be asked where a campaign stands: for people who write prompts.

use crate::error::EngineError;
use crate::evaluate::{read, source};
use crate::experiment::LoadedExperiment;
use crate::panel::Panel;
use crate::{KIT, Places, yardsticks};
use agents::builtin::Researcher;
use agents::llm::{self, Desk, Model, ModelError, Reply, Request, Role, Settings, Templates};
use agents::{Brief, Executor, Fault, Planner};
use futures::future::{BoxFuture, FutureExt, ready};
use science::bundle::Side;
use science::defect::Defect;
use science::event::{Candidate, Event, RULES, Started};
use science::id::{CandidateId, Hash};
use science::nonce::Nonce;
use science::outcome::Outcome;
use science::state::State;
use science::trial;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{CampaignId, Store};

/// Stands where a diagnostic would.
const DIAGNOSTICS: &str = "(here stands what the screen, the compiler or the sandbox says)";

/// Where a campaign stands, with the sources of its candidates.
#[derive(Clone, Debug)]
pub struct Standpoint {
    state: State,
    sources: BTreeMap<CandidateId, String>,
}

impl Standpoint {
    /// Where a campaign stands by its record.
    pub async fn of_campaign(store: &Store, id: &CampaignId) -> Result<Self, EngineError> {
        let state = store.load(id).await?.state;
        let mut sources = BTreeMap::new();
        for (candidate, record) in &state.candidates {
            sources.insert(candidate.clone(), source(store, id, &record.candidate).await?);
        }
        Ok(Standpoint { state, sources })
    }

    /// Where a campaign on an experiment would begin: its yardsticks are measured, and nothing is recorded.
    pub fn of_experiment(loaded: &LoadedExperiment, nonce: Nonce, places: &Places) -> Result<Self, EngineError> {
        let (experiment, sandbox) = (&loaded.experiment, places.sandbox()?);
        let panel = Panel::search(loaded, nonce, experiment.seeds as usize)?;
        let measured = yardsticks::measure(loaded, &panel, &sandbox)?;
        let started = Started {
            rules: RULES,
            name: loaded.name.clone(),
            experiment: experiment.clone(),
            scenarios: loaded.scenario_names(),
            training: panel.drawn_names(),
            workloads: panel.workloads(),
            profiles: panel.profiles(),
            inputs: loaded.hashes(),
            nonce,
            meaning: loaded.meaning(),
            traces: loaded.traces(),
            agents: String::new(),
            toolchain: sandbox.toolchain().to_owned(),
            version: String::new(),
            sandboxed: true,
            repairs: experiment.agents.repairs,
        };
        let mut state = State::default();
        state.apply(&Event::Started(Box::new(started)))?;
        state.apply(&Event::Calibrated { yardsticks: Box::new(measured.yardsticks), trials: trial::hash(&[]) })?;
        Ok(Standpoint { state, sources: BTreeMap::new() })
    }

    /// What would be asked in a role. Where the campaign has not come so far, the built-in researcher's bundle and source
    /// stand in, so that every prompt can be seen.
    pub async fn request(
        mut self,
        role: Role,
        settings: Settings,
        templates: Arc<Templates>,
    ) -> Result<Request, EngineError> {
        if self.state.yardsticks.is_none() {
            return Err(EngineError::Unresumable("the campaign has not measured its yardsticks yet".into()));
        }
        let contract = KIT.files[0].1.to_owned();
        let desk = Desk { model: Arc::new(Nobody), models: vec![settings], contract, templates };
        if role == Role::Plan {
            let source = self.state.champion().and_then(|champion| self.sources.get(&champion.id));
            let brief = Brief { state: &self.state, source: source.map(String::as_str) };
            return Ok(llm::Planner::new(desk).request(brief)?);
        }
        self.reach_a_bundle().await?;
        match role {
            Role::Plan => unreachable!("it was returned above"),
            Role::Implement => {
                let arm = &self.state.bundle().arms[0];
                let source = self.parent().and_then(|parent| self.sources.get(parent));
                let brief = Brief { state: &self.state, source: source.map(String::as_str) };
                Ok(llm::Executor::new(desk).request(brief, arm)?)
            }
            Role::Repair => {
                self.reach_a_candidate().await?;
                let arm = &self.state.bundle().arms[0];
                let broken = self.state.current().arms[0].candidate.as_ref();
                let source = broken.and_then(|id| self.sources.get(id)).map(String::as_str);
                let defect = self.state.defect(0).unwrap_or(Defect::Outcome(Outcome::DoesNotCompile));
                let fault = Fault { defect: &defect, message: DIAGNOSTICS, earlier: 0 };
                Ok(llm::Executor::new(desk).repair_request(Brief { state: &self.state, source }, arm, fault)?)
            }
            Role::Extract => Ok(llm::Extractor::new(desk).request(&self.state)?),
            Role::Summarise => {
                let changes = self.state.current().changes.clone();
                Ok(llm::Extractor::new(desk).notes_request(&self.state, &changes)?)
            }
        }
    }

    fn parent(&self) -> Option<&CandidateId> {
        match &self.state.bundle().parent {
            Side::Candidate(id) => Some(id),
            Side::Baseline | Side::Reference | Side::Arm(_) => None,
        }
    }

    async fn reach_a_bundle(&mut self) -> Result<(), EngineError> {
        if self.state.iterations.last().is_some_and(|iteration| iteration.bundle.is_some()) {
            return Ok(());
        }
        let planned = Researcher::default().plan(Brief { state: &self.state, source: None }).await?;
        let bundle = planned.content.map_err(EngineError::Unresumable)?;
        Ok(self.state.apply(&Event::BundleRegistered { bundle: Box::new(bundle), work: Vec::new() })?)
    }

    async fn reach_a_candidate(&mut self) -> Result<(), EngineError> {
        if self.state.current().arms[0].candidate.is_some() {
            return Ok(());
        }
        let arm = self.state.bundle().arms[0].clone();
        let written = Researcher::default().implement(Brief { state: &self.state, source: None }, &arm).await?;
        let source = written.content.map_err(EngineError::Unresumable)?;
        let reading = read(&source);
        let candidate = Candidate {
            id: reading.id.clone(),
            source: Hash::of(source.as_bytes()),
            parent: None,
            point: arm.design.point,
            description_length: reading.description_length,
            repairs: None,
            tunables: 0,
            tunes: None,
        };
        self.state.apply(&Event::CandidateWritten { arm: arm.name, candidate, work: Vec::new() })?;
        self.sources.insert(reading.id, source);
        Ok(())
    }
}

/// A model that nobody asks.
struct Nobody;

impl Model for Nobody {
    fn ask<'a>(&'a self, _: &'a Request, _: u32) -> BoxFuture<'a, Result<Reply, ModelError>> {
        ready(Err(ModelError::Record("nobody is asked".into()))).boxed()
    }
}
