//! The loop: ask the state machine what is next, do it, record what happened, until there is nothing left to do.

mod ahead;
mod audit;
mod bench;
mod finals;
mod looks;
mod simplifying;
mod steps;
mod team;
mod tuning;

use crate::Places;
use crate::cassette::Cassette;
use crate::error::EngineError;
use crate::evaluate::Evaluator;
use crate::experiment::LoadedExperiment;
use crate::panel::Panel;
use crate::realise::Points;
use agents::llm::Templates;
use science::event::{EndReason, Event, RULES, Started};
use science::id::{CandidateId, Hash};
use science::nonce::Nonce;
use science::state::{Action, State};
use science::trial::Trial;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use store::mirror::Mirror;
use store::{CampaignId, Extra, Lock, Observation, Store};
pub use team::{Author, Casting, Source, Team};

/// A campaign that is being run.
pub struct Campaign {
    /// Its id.
    pub id: CampaignId,
    /// Where it stands.
    pub state: State,
    /// The digest of its log.
    pub digest: Hash,
    next_seq: u64,
    store: Arc<Store>,
    mirror: Mirror,
    loaded: Arc<LoadedExperiment>,
    evaluator: Arc<Evaluator>,
    /// What runs any point of the design space, if the experiment has it.
    points: Option<Points>,
    baseline: Option<Arc<Vec<Trial>>>,
    agents: team::Engaged,
    sources: BTreeMap<CandidateId, String>,
    ahead: ahead::Ahead,
    looks: looks::Looks,
    bench: bench::Bench,
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
        let sandbox = places.sandbox()?;
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

/// How the time budget runs out.
#[derive(Clone, Copy, Debug)]
struct Clock {
    /// Time spent by earlier processes on this campaign, ms.
    spent_ms: u64,
    since: Instant,
    /// The event before which time ran out, once that is on record.
    out_before: Option<u64>,
    /// Whether only the record counts, since the campaign is a replay.
    stopped: bool,
}

/// Kind of the observation that says before which event the time budget ran out.
pub(crate) const TIME: &str = "time";

/// What a watcher is told while a campaign runs.
#[derive(Debug)]
pub enum Progress<'a> {
    /// Work of some length begins.
    Working(&'a State, Work<'a>),
    /// A step was taken; it is about to be put on record.
    Recorded(&'a State, &'a Event),
    /// Something that the user should know, and that does not stop the campaign.
    Warning(String),
}

/// Work of some length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Work<'a> {
    /// The yardsticks are being measured.
    Calibrating,
    /// The planner is at work.
    Planning,
    /// The executor writes this arm.
    Implementing(&'a str),
    /// The executor mends this arm's candidate.
    Repairing(&'a str),
    /// This candidate is compiled and run.
    Evaluating(&'a CandidateId),
    /// A policy runs on further verdict seeds, up to this many.
    Testing(usize),
    /// This candidate's constants are tuned.
    Tuning(&'a CandidateId),
    /// What does not matter is left out of this candidate.
    Simplifying(&'a CandidateId),
    /// So many candidates that may become champion run on seeds and workloads of their own.
    Finals(usize),
    /// The extractor is at work.
    Extracting,
    /// So many points of what this principle forbids are run.
    Auditing(&'a str, usize),
}

/// Asks a running campaign to stop after the step that is under way. Clones share the request.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks.
    pub fn request(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether somebody asked.
    pub fn requested(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl Campaign {
    /// Opens a campaign and records its first event.
    pub async fn open(store: Arc<Store>, places: &Places, opening: Opening) -> Result<Self, EngineError> {
        let Opening { loaded, nonce, agents, cassette, version } = opening;
        let ground = Ground::prepare(places, loaded, nonce)?;
        let Ground { loaded, sandbox, panel, .. } = &ground;
        let started = Started {
            rules: RULES,
            name: loaded.name.clone(),
            experiment: loaded.experiment.clone(),
            scenarios: loaded.scenario_names(),
            training: panel.drawn_names(),
            workloads: panel.workloads(),
            profiles: panel.profiles(),
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
        // A name that is no policy should be found before there is a campaign, not after.
        for (key, name) in [("baseline", &loaded.experiment.baseline), ("reference", &loaded.experiment.reference)] {
            crate::policy::Policy::named(loaded, key, name, sandbox)?;
        }
        let id = store.create(&started, &loaded.directory, &loaded.inputs).await?;
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
        let directory = std::path::PathBuf::from(&started.name);
        let loaded = LoadedExperiment::from_texts(&directory, store.inputs(&started.inputs).await?)?;
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
        let agents = agents.team.engage(agents.source, agents.templates, &store, &id).await?;
        let mut campaign = Campaign {
            looks: looks::Looks::default(),
            bench: bench::Bench::new(Arc::clone(&store), id.clone()),
            clock: steps::clock(&store, &id).await?,
            mirror: Mirror::open(&places.mirror())?,
            points,
            evaluator: Arc::new(Evaluator { sandbox, panel }),
            baseline: None,
            sources: BTreeMap::new(),
            ahead: ahead::Ahead::default(),
            state: record.state,
            digest: record.digest,
            next_seq: record.next_seq,
            id,
            store,
            loaded,
            agents,
            _lock: lock,
        };
        campaign.catch_up(record.calibrated).await?;
        Ok(campaign)
    }

    /// Runs until the campaign ends or somebody asks to stop. Returns whether it ended.
    pub async fn run(&mut self, stop: &Stop, mut watch: impl FnMut(Progress<'_>)) -> Result<bool, EngineError> {
        steps::begin_session(&self.store, &self.id).await?;
        loop {
            if self.state.ended.is_none() && stop.requested() {
                return Ok(false);
            }
            if self.state.ended.is_none() && self.out_of_time().await? {
                let minutes = self.state.opened().experiment.budget.minutes.unwrap_or_default();
                let reason = EndReason::BudgetSpent(format!("minutes ({minutes})"));
                self.record(Event::Ended { reason }, Extra::default(), &mut watch).await?;
                continue;
            }
            match self.state.next_action() {
                Action::Rest => return Ok(true),
                Action::Record(event) => self.record(*event, Extra::default(), &mut watch).await?,
                action => {
                    if !self.perform(action, stop, &mut watch).await? {
                        self.agents.recorder.settle().await?;
                        return Ok(false);
                    }
                }
            }
        }
    }

    /// Moves by an event, and by all that follow from it without the world, and puts them on record together.
    async fn record(
        &mut self,
        event: Event,
        extra: Extra<'_>,
        watch: &mut impl FnMut(Progress<'_>),
    ) -> Result<(), EngineError> {
        // First the state, which refuses what cannot follow and is then unchanged; if the record cannot be written after
        // that, the error ends this run, and the next one begins with what was written.
        self.state.apply(&event)?;
        watch(Progress::Recorded(&self.state, &event));
        let mut events = vec![event];
        while self.clock.out_before != Some(self.next_seq + events.len() as u64)
            && let Action::Record(event) = self.state.next_action()
        {
            self.state.apply(&event)?;
            watch(Progress::Recorded(&self.state, &event));
            events.push(*event);
        }
        self.digest = self.store.append_all(&self.id, self.next_seq, &events, extra).await?;
        self.next_seq += events.len() as u64;
        Ok(())
    }

    /// Whether the time budget is spent. That is an observation: once made, it is what the campaign ends by.
    async fn out_of_time(&mut self) -> Result<bool, EngineError> {
        if let Some(seq) = self.clock.out_before {
            return Ok(self.next_seq == seq);
        }
        let spent = self.clock.spent_ms as f64 + self.clock.since.elapsed().as_secs_f64() * 1000.0;
        let budget = self.state.opened().experiment.budget.minutes.filter(|_| !self.clock.stopped);
        let out = budget.is_some_and(|minutes| spent > minutes * 60_000.0);
        if out {
            let (key, payload) = (Hash::of(TIME.as_bytes()), self.next_seq.to_string());
            self.store.observe(&self.id, &Observation { key, ordinal: 0, kind: TIME.into(), payload }).await?;
        }
        Ok(out)
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or(text)
}
