//! The loop: ask the state machine what is next, do it, record what happened, until there is nothing left to do.

mod asking;
mod audit;
mod calibrating;
mod clock;
mod evaluating;
mod extracting;
mod faithful;
mod finals;
mod planning;
mod prefetch;
mod progress;
mod recording;
mod shelf;
mod simplifying;
mod team;
mod telling;
mod tuning;
mod verdicts;
mod workers;
mod writing;

use crate::Places;
use crate::cassette::Cassette;
use crate::error::EngineError;
use crate::evaluate::Evaluator;
use crate::experiment::LoadedExperiment;
use crate::observed::{self, Kind};
use crate::panel::Panel;
use crate::prepared::Prepared;
use crate::realise::Points;
use crate::recorder::Source;
use crate::scale::Against;
use agents::llm::Templates;
use clock::Clock;
use prefetch::Prefetch;
pub use progress::{Progress, Stop, Watch, Work};
use science::event::{EndReason, Event, RULES, Started};
use science::experiment::Experiment;
use science::id::{CandidateId, Hash};
use science::nonce::Nonce;
use science::state::{Action, State};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::mirror::Mirror;
use store::{CampaignId, Extra, Lock, LogHead, Store};
pub use team::{Author, Roles, Team};
use verdicts::VerdictRuns;
use workers::Workers;

/// A campaign that is being run.
pub struct Campaign {
    /// Its id.
    pub id: CampaignId,
    /// Where it stands.
    pub state: State,
    /// Where its log ends.
    head: LogHead,
    store: Arc<Store>,
    mirror: Mirror,
    /// Chapters that the mirror was told.
    told: usize,
    loaded: Arc<LoadedExperiment>,
    evaluator: Arc<Evaluator>,
    /// What runs any point of the design space, if the experiment has it.
    points: Option<Points>,
    against: Option<Arc<Against>>,
    agents: team::Engaged,
    /// Every candidate of the state, ready to run.
    candidates: BTreeMap<CandidateId, Arc<Prepared>>,
    prefetch: Prefetch,
    verdict_runs: VerdictRuns,
    workers: Workers,
    clock: Clock,
    _lock: Lock,
}

/// What a campaign measures on: read, drawn and compiled once.
struct Ground {
    loaded: Arc<LoadedExperiment>,
    sandbox: sandbox::Sandbox,
    panel: Panel,
    points: Option<Points>,
}

impl Ground {
    fn prepare(places: &Places, loaded: LoadedExperiment, nonce: Nonce) -> Result<Self, EngineError> {
        let sandbox = places.sandbox(*loaded.problem.kit())?;
        let panel = Panel::search(&loaded, nonce, loaded.experiment.seeds as usize)?;
        let points = Points::of(&loaded, &sandbox)?;
        Ok(Ground { loaded: Arc::new(loaded), sandbox, panel, points })
    }
}

/// What a campaign is opened with.
#[derive(Debug)]
pub struct Opening {
    /// The experiment.
    pub loaded: LoadedExperiment,
    /// What all its seeds derive from.
    pub nonce: Nonce,
    /// Whether somebody chose it; otherwise it was drawn.
    pub given: bool,
    /// Who plans and writes.
    pub agents: Agents,
    /// What the world said before, for a campaign that is to run again as it did.
    pub cassette: Option<Cassette>,
    /// The version of this program.
    pub version: String,
}

/// Who plans and writes, and by what means.
#[derive(Debug)]
pub struct Agents {
    /// Who fills each role.
    pub team: Team,
    /// Where models answer.
    pub source: Source,
    /// What models are told.
    pub templates: Arc<Templates>,
}

impl Campaign {
    /// Opens a campaign and records its first event.
    pub async fn open(store: Arc<Store>, places: &Places, opening: Opening) -> Result<Self, EngineError> {
        let Opening { loaded, nonce, given, agents, cassette, version } = opening;
        let ground = Ground::prepare(places, loaded, nonce)?;
        let Ground { loaded, sandbox, panel, .. } = &ground;
        let started = Started {
            rules: RULES,
            name: loaded.name.clone(),
            experiment: loaded.experiment.clone(),
            scenarios: loaded.scenario_names(),
            training: panel.drawn_names(),
            workloads: panel.workloads(),
            features: panel.features(),
            spec: loaded.problem.spec().clone(),
            inputs: loaded.hashes(),
            nonce,
            meaning: loaded.meaning(),
            traces: loaded.traces(),
            agents: agents.team.label(),
            toolchain: sandbox.toolchain().to_owned(),
            version,
            sandboxed: places.walls == sandbox::Walls::Required,
            repairs: if agents.team.repairs() { loaded.experiment.agents.repairs } else { 0 },
        };
        if agents.team.needs_space() {
            agents::builtin::check(&loaded.experiment, loaded.space_text())
                .map_err(|problem| loaded.wrong("space", problem))?;
        }
        // A name that is no policy, or no parameter of one, should be found before there is a campaign, not after.
        for (key, name) in [("baseline", &loaded.experiment.baseline), ("reference", &loaded.experiment.reference)] {
            crate::policy::Policy::named(loaded, key, name, sandbox)?;
        }
        crate::yardsticks::check_scale(loaded, panel, sandbox)?;
        let id = store.create(&started, &loaded.directory, &loaded.inputs).await?;
        store.observe(&id, &Kind::Nonce.observation(0, observed::origin(given))).await?;
        if let Some(cassette) = cassette {
            cassette.play(&store, &id).await?;
        }
        Self::take_up(store, places, id, ground, agents).await
    }

    /// Takes up a campaign where its record ends. `choose` says who plans and writes, given what the campaign
    /// began with.
    pub async fn resume(
        store: Arc<Store>,
        places: &Places,
        id: CampaignId,
        choose: impl FnOnce(&Started) -> Result<Agents, EngineError>,
    ) -> Result<(Self, Vec<String>), EngineError> {
        let state = store.load(&id).await?.state;
        let started = state.opened();
        let sandboxed = places.walls == sandbox::Walls::Required;
        if started.sandboxed != sandboxed {
            let problem =
                if sandboxed { "runs without a sandbox: add --unsafe-no-sandbox" } else { "runs in the sandbox" };
            return Err(EngineError::Unresumable(format!("campaign {} {problem}", id.short())));
        }
        let agents = choose(started)?;
        let loaded = LoadedExperiment::of_campaign(&store, started, &places.problems).await?;
        let Experiment { iterations, budget, agents: how, .. } = started.experiment;
        let same = Experiment { iterations, budget, agents: how, ..loaded.experiment.clone() } == started.experiment;
        if started.spec != *loaded.problem.spec() || started.meaning != loaded.meaning() || !same {
            let problem = "does not measure what its files say by this program: use the one that recorded it";
            return Err(EngineError::Unresumable(format!("campaign {} {problem}", id.short())));
        }
        let ground = Ground::prepare(places, loaded, started.nonce)?;
        let mut warnings = Vec::new();
        if started.toolchain != ground.sandbox.toolchain() {
            let (then, now) = (first_line(&started.toolchain), first_line(ground.sandbox.toolchain()));
            warnings.push(format!(
                "the campaign began with {then}, this is {now}: its digest may differ from an undisturbed run's"
            ));
        }
        Ok((Self::take_up(store, places, id, ground, agents).await?, warnings))
    }

    async fn take_up(
        store: Arc<Store>,
        places: &Places,
        id: CampaignId,
        Ground { loaded, sandbox, panel, points }: Ground,
        agents: Agents,
    ) -> Result<Self, EngineError> {
        let lock = store::lock(&places.state, &id)?;
        let record = store.load(&id).await?;
        let agents =
            agents.team.engage((agents.source, agents.templates), loaded.problem.as_ref(), &store, &id).await?;
        let mut campaign = Campaign {
            verdict_runs: VerdictRuns::default(),
            workers: Workers::new(Arc::clone(&store), id.clone()),
            clock: Clock::of(&store, &id).await?,
            mirror: Mirror::open(&places.mirror())?,
            told: 0,
            points,
            evaluator: Arc::new(Evaluator { sandbox, panel }),
            against: None,
            candidates: BTreeMap::new(),
            prefetch: Prefetch::default(),
            state: record.state,
            head: record.head,
            id,
            store,
            loaded,
            agents,
            _lock: lock,
        };
        campaign.catch_up(record.calibrated).await?;
        Ok(campaign)
    }

    /// The digest of its log.
    pub fn digest(&self) -> Hash {
        self.head.digest()
    }

    /// Runs until the campaign ends or somebody asks to stop. Returns whether it ended.
    pub async fn run(&mut self, stop: &Stop, watch: &mut Watch<'_>) -> Result<bool, EngineError> {
        clock::begin_session(&self.store, &self.id).await?;
        loop {
            self.tell().await?;
            if self.state.ended.is_none() && stop.requested() {
                return Ok(false);
            }
            let minutes = self.state.opened().experiment.budget.minutes;
            if self.state.ended.is_none()
                && self.clock.is_out(minutes, self.head.next_seq(), (&self.store, &self.id)).await?
            {
                let reason = EndReason::BudgetSpent(format!("minutes ({})", minutes.unwrap_or_default()));
                self.record(Event::Ended { reason }, Extra::default(), watch).await?;
                continue;
            }
            match self.state.next_action() {
                Action::Rest => return Ok(true),
                Action::Record(event) => self.record(*event, Extra::default(), watch).await?,
                action => {
                    if !self.perform(action, stop, watch).await? {
                        self.agents.recorder.settle().await?;
                        return Ok(false);
                    }
                }
            }
        }
    }

    /// Performs an action and records what came of it; false if it was broken off by a request to stop.
    async fn perform(&mut self, action: Action, stop: &Stop, watch: &mut Watch<'_>) -> Result<bool, EngineError> {
        match action {
            Action::Calibrate => self.calibrate(watch).await?,
            Action::Plan => return self.plan(stop, watch).await,
            Action::Implement { arm } => return self.implement(arm, stop, watch).await,
            Action::Repair { arm, defect } => return self.repair(arm, &defect, stop, watch).await,
            Action::Evaluate { candidate } => self.evaluate(&candidate, watch).await?,
            Action::Test { tests } => self.test(tests, watch).await?,
            Action::Tune { candidate } => self.tune(&candidate, watch).await?,
            Action::Simplify { candidate } => self.simplify(&candidate, watch).await?,
            Action::Finals { finalists } => self.finals(finalists, watch).await?,
            Action::Extract => return self.extract(stop, watch).await,
            Action::Audit { principle, points } => self.audit(principle, points, watch).await?,
            Action::Record(_) | Action::Rest => unreachable!("the loop handles these"),
        }
        Ok(true)
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or(text)
}
