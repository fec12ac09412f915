//! What a language model would be asked where a campaign stands: for people who write prompts.

use crate::error::EngineError;
use crate::experiment::LoadedExperiment;
use crate::panel::Panel;
use crate::prepared::Prepared;
use crate::problem::{Problem, shown};
use crate::{Places, yardsticks};
use agents::builtin::Researcher;
use agents::llm::{self, Context, Model, ModelError, Reply, Request, Role, Settings, Templates};
use agents::{Brief, Executor, Fault, Planner};
use futures::future::{BoxFuture, FutureExt, ready};
use science::bundle::Side;
use science::defect::Defect;
use science::event::{Candidate, Event, RULES, Started};
use science::id::CandidateId;
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
#[derive(Debug)]
pub struct Standpoint {
    state: State,
    candidates: BTreeMap<CandidateId, Prepared>,
    problem: Arc<dyn Problem>,
    /// The experiment's `space` source.
    space: Option<String>,
}

impl Standpoint {
    /// Where a campaign stands by its record; one that has ended as it stood when the role was asked last.
    pub async fn of_campaign(store: &Store, id: &CampaignId, role: Role, places: &Places) -> Result<Self, EngineError> {
        let mut state = store.load(id).await?.state;
        if state.ended.is_some() {
            let events: Vec<Event> = store.events(id).await?.into_iter().map(|stored| stored.event).collect();
            state = asked_last(&events, role)?;
        }
        let problem = places.problems.find(&state.spec().problem).map_err(EngineError::Refused)?;
        let mut candidates = BTreeMap::new();
        for (candidate, record) in &state.candidates {
            candidates
                .insert(candidate.clone(), Prepared::recorded((store, id), &record.candidate, problem.kit()).await?);
        }
        let space = match &state.opened().experiment.space_source {
            Some(name) => store.inputs(&state.opened().inputs).await?.remove(name),
            None => None,
        };
        Ok(Standpoint { state, candidates, problem, space })
    }

    /// Where a campaign on an experiment would begin: its yardsticks are measured, and nothing is recorded.
    pub fn of_experiment(loaded: &LoadedExperiment, nonce: Nonce, places: &Places) -> Result<Self, EngineError> {
        let (experiment, sandbox) = (&loaded.experiment, places.sandbox(*loaded.problem.kit())?);
        let panel = Panel::search(loaded, nonce, experiment.seeds as usize)?;
        let measured = yardsticks::measure(loaded, &panel, yardsticks::TWINS, &sandbox)?;
        let started = Started {
            rules: RULES,
            name: loaded.name.clone(),
            experiment: experiment.clone(),
            scenarios: loaded.scenario_names(),
            training: panel.drawn_names(),
            workloads: panel.workloads(),
            features: panel.features(),
            spec: loaded.problem.spec().clone(),
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
        state.apply(&Event::Calibrated { yardsticks: Box::new(measured.yardsticks), trials: trial::hash([]) })?;
        let (problem, space) = (Arc::clone(&loaded.problem), loaded.space_text().map(str::to_owned));
        Ok(Standpoint { state, candidates: BTreeMap::new(), problem, space })
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
            return Err(EngineError::Refused("the campaign has not measured its yardsticks yet".into()));
        }
        let (contract, passages) = (shown(self.problem.kit().files[0].1).to_owned(), self.problem.passages());
        let context = Context { model: Arc::new(Nobody), settings, contract, passages, templates };
        if role == Role::Plan {
            let champion = self.state.champion().map(|champion| champion.id);
            let brief = self.brief(champion.as_ref());
            return Ok(llm::Planner::new(context).request(brief)?);
        }
        self.reach_a_bundle().await?;
        match role {
            Role::Plan => unreachable!("it was returned above"),
            Role::Implement => {
                let arm = &self.state.bundle().arms[0];
                let brief = self.brief(self.parent());
                Ok(llm::Executor::new(context).request(brief, arm)?)
            }
            Role::Repair => {
                self.reach_a_candidate().await?;
                let arm = &self.state.bundle().arms[0];
                let broken = self.state.current().arms[0].candidate.as_ref();
                let defect = self.state.defect(0).unwrap_or(Defect::Outcome(Outcome::DoesNotCompile));
                let fault = Fault { defect: &defect, message: DIAGNOSTICS, earlier: 0 };
                Ok(llm::Executor::new(context).repair_request(self.brief(broken), arm, fault)?)
            }
            Role::Extract => Ok(llm::Extractor::new(context).request(&self.state)?),
        }
    }

    /// Where the campaign stands, with the source of a candidate.
    fn brief(&self, candidate: Option<&CandidateId>) -> Brief<'_> {
        let candidate = candidate.and_then(|id| self.candidates.get(id));
        let source = candidate.map(|candidate| candidate.source.as_str());
        Brief { state: &self.state, source, space: self.space.as_deref(), library: None }
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
        let planned = Researcher.plan(self.brief(None)).await?;
        let bundle = planned.content.map_err(EngineError::Refused)?;
        Ok(self.state.apply(&Event::BundleRegistered { bundle: Box::new(bundle), asked: vec![], work: Vec::new() })?)
    }

    async fn reach_a_candidate(&mut self) -> Result<(), EngineError> {
        if self.state.current().arms[0].candidate.is_some() {
            return Ok(());
        }
        let arm = self.state.bundle().arms[0].clone();
        let written = sandbox::on_deep_stack(|| Researcher.implement(self.brief(None), &arm)).await?;
        let sources = written.content.map_err(EngineError::Refused)?;
        let prepared = Prepared::new(sources.into_iter().next().unwrap_or_default(), self.problem.kit());
        let candidate = Candidate { point: arm.design.point, tunables: 0, ..prepared.candidate() };
        self.state.apply(&Event::CandidateWritten { arm: arm.name, candidate, work: Vec::new() })?;
        self.candidates.insert(prepared.id().clone(), prepared);
        Ok(())
    }
}

/// A campaign up to where a role was asked last, or all of it if it never was.
fn asked_last(events: &[Event], role: Role) -> Result<State, EngineError> {
    let last = |asked: fn(&Event) -> bool| events.iter().rposition(asked);
    let planned = || last(|event| matches!(event, Event::BundleRegistered { .. }));
    let end = match role {
        Role::Plan => planned(),
        Role::Implement => planned().map(|at| at + 1),
        // What is to be mended was written; of several variants it is known in the end only which one it would be.
        Role::Repair => {
            planned().filter(|at| matches!(events.get(at + 1), Some(Event::CandidateWritten { .. }))).map(|at| at + 2)
        }
        // Nobody is asked what the last iteration teaches, and it is revised all the same.
        Role::Extract => last(|event| matches!(event, Event::PrinciplesRevised { work, .. } if !work.is_empty()))
            .or_else(|| last(|event| matches!(event, Event::PrinciplesRevised { .. }))),
    };
    let mut state = State::default();
    for event in &events[..end.unwrap_or(events.len())] {
        state.apply(event)?;
    }
    Ok(state)
}

/// A model that nobody asks.
struct Nobody;

impl Model for Nobody {
    fn ask<'a>(&'a self, _: &'a Request, _: u32) -> BoxFuture<'a, Result<Reply, ModelError>> {
        ready(Err(ModelError::Record("nobody is asked".into()))).boxed()
    }
}
