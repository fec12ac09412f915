//! One function for each action that needs the world.

use super::{Campaign, Clock, Progress, Stop, TIME, Work};
use crate::cassette;
use crate::error::EngineError;
use crate::evaluate::{read, source};
use crate::panel::Panel;
use crate::yardsticks;
use agents::llm::ModelError;
use agents::{Answer, Brief, Fault, Lessons};
use science::bundle::{Arm, ArmKind, Side};
use science::defect::Defect;
use science::event::{Candidate, EndReason, Event};
use science::fastfail;
use science::id::{CandidateId, Hash};
use science::state::Action;
use science::trial::{self, Trial};
use science::work::Work as Done;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use store::mirror::Commit;
use store::{CampaignId, Extra, Observation, Store, TrialRow};

impl Campaign {
    /// Performs an action and records what came of it; false if it was broken off by a request to stop.
    pub(super) async fn perform(
        &mut self,
        action: Action,
        stop: &Stop,
        watch: &mut impl FnMut(Progress<'_>),
    ) -> Result<bool, EngineError> {
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

    async fn calibrate(&mut self, watch: &mut impl FnMut(Progress<'_>)) -> Result<(), EngineError> {
        watch(Progress::Working(&self.state, Work::Calibrating));
        let (loaded, evaluator) = (Arc::clone(&self.loaded), Arc::clone(&self.evaluator));
        let measured = blocking(move || yardsticks::measure(&loaded, &evaluator.panel, &evaluator.sandbox)).await??;
        let evaluator = Arc::clone(&self.evaluator);
        let of = |(policy, trials): &'_ (&'static str, Vec<Trial>)| rows(policy, trials, &evaluator.panel);
        let rows: Vec<TrialRow<'_>> = measured.trials.iter().flat_map(of).collect();
        let all: Vec<Trial> = measured.trials.iter().flat_map(|(_, trials)| trials.iter().copied()).collect();
        let event = Event::Calibrated { yardsticks: Box::new(measured.yardsticks), trials: trial::hash(&all) };
        self.record(event, Extra { trials: &rows, ..Extra::default() }, watch).await?;
        let baseline = measured.trials.into_iter().find(|(policy, _)| *policy == "baseline");
        self.baseline = baseline.map(|(_, trials)| Arc::new(trials));
        Ok(())
    }

    async fn plan(&mut self, stop: &Stop, watch: &mut impl FnMut(Progress<'_>)) -> Result<bool, EngineError> {
        watch(Progress::Working(&self.state, Work::Planning));
        let source = self.best_source();
        let brief = Brief { state: &self.state, source: source.as_deref() };
        let Some(planned) = unless_stopped(self.agents.planner.plan(brief), stop).await else { return Ok(false) };
        let Some(Answer { content, work }) = self.affordable(planned, watch).await? else { return Ok(true) };
        let checked = content.and_then(|bundle| self.state.check_bundle(&bundle).map(|()| fastfail::ordered(bundle)));
        let event = match checked {
            Ok(bundle) => Event::BundleRegistered { bundle: Box::new(bundle), work },
            Err(reason) => Event::PlanFailed { reason, work },
        };
        let event = match (self.refused(&event), event) {
            (Some(reason), Event::BundleRegistered { work, .. }) => Event::PlanFailed { reason, work },
            (_, event) => event,
        };
        self.record(event, Extra::default(), watch).await?;
        self.ahead.forget();
        Ok(true)
    }

    async fn implement(
        &mut self,
        at: usize,
        stop: &Stop,
        watch: &mut impl FnMut(Progress<'_>),
    ) -> Result<bool, EngineError> {
        let arm = self.state.bundle().arms[at].clone();
        watch(Progress::Working(&self.state, Work::Implementing(&arm.name)));
        if !self.ahead.has_written(at) {
            let Some(written) = unless_stopped(self.write(at), stop).await else { return Ok(false) };
            self.get_ahead(written);
        }
        let written = self.ahead.take_written(at);
        let Some(Answer { content, work }) = self.affordable(written, watch).await? else { return Ok(true) };
        match content {
            Ok(source) => self.take_candidate(&arm, None, source, work, watch).await?,
            Err(reason) => {
                let event = Event::ExecutorFailed { arm: arm.name, reason, work };
                self.record(event, Extra::default(), watch).await?;
            }
        }
        Ok(true)
    }

    /// Sends an arm's candidate back to its author.
    async fn repair(
        &mut self,
        at: usize,
        defect: &Defect,
        stop: &Stop,
        watch: &mut impl FnMut(Progress<'_>),
    ) -> Result<bool, EngineError> {
        let (arm, record) = (self.state.bundle().arms[at].clone(), self.state.current().arms[at].clone());
        let broken = record.candidate.expect("a defect is a candidate's");
        watch(Progress::Working(&self.state, Work::Repairing(&arm.name)));
        let message = self.store.message(&self.id, &broken).await?.unwrap_or_default();
        let fault = Fault { defect, message: &message, earlier: record.repairs };
        let brief = Brief { state: &self.state, source: self.sources.get(&broken).map(String::as_str) };
        let Some(mended) = unless_stopped(self.agents.executor.repair(brief, &arm, fault), stop).await else {
            return Ok(false);
        };
        let Some(Answer { content, work }) = self.affordable(mended, watch).await? else { return Ok(true) };
        let failed = |reason: String, work| Event::RepairFailed { arm: arm.name.clone(), reason, work };
        let event = match content {
            Ok(source) if read(&source).id == broken => failed("the same source came back".into(), work),
            Ok(source) => {
                self.take_candidate(&arm, Some(broken), source, work, watch).await?;
                return Ok(true);
            }
            Err(reason) => failed(reason, work),
        };
        self.record(event, Extra::default(), watch).await?;
        Ok(true)
    }

    async fn take_candidate(
        &mut self,
        arm: &Arm,
        repairs: Option<CandidateId>,
        source: String,
        work: Vec<Done>,
        watch: &mut impl FnMut(Progress<'_>),
    ) -> Result<(), EngineError> {
        let reading = read(&source);
        let candidate = Candidate {
            id: reading.id.clone(),
            source: Hash::of(source.as_bytes()),
            parent: self.parent(arm).filter(|parent| *parent != reading.id),
            point: arm.design.point.clone(),
            description_length: reading.description_length,
            repairs,
            tunables: reading.tunables,
            tunes: None,
        };
        let event = Event::CandidateWritten { arm: arm.name.clone(), candidate, work };
        self.record(event, Extra { source: Some(&source), ..Extra::default() }, watch).await?;
        self.sources.entry(reading.id.clone()).or_insert(source);
        self.mirror(&reading.id)
    }

    /// What an arm departs from: the main one from the bundle's parent, the others from the main one.
    pub(super) fn parent(&self, arm: &Arm) -> Option<CandidateId> {
        if arm.kind != ArmKind::Main {
            return self.state.current().arms[0].candidate.clone();
        }
        match &self.state.bundle().parent {
            Side::Candidate(id) => Some(id.clone()),
            Side::Baseline | Side::Reference | Side::Arm(_) => None,
        }
    }

    async fn extract(&mut self, stop: &Stop, watch: &mut impl FnMut(Progress<'_>)) -> Result<bool, EngineError> {
        watch(Progress::Working(&self.state, Work::Extracting));
        let brief = Brief { state: &self.state, source: None };
        let Some(extracted) = unless_stopped(self.agents.extractor.extract(brief), stop).await else {
            return Ok(false);
        };
        let Some(Answer { content, work }) = self.affordable(extracted, watch).await? else { return Ok(true) };
        let (lessons, failure) = match content {
            Ok(lessons) => (lessons, None),
            Err(reason) => (Lessons::default(), Some(reason)),
        };
        let event = Event::PrinciplesRevised { changes: lessons.changes, failure, notes: lessons.notes, work };
        let event = match (self.refused(&event), event) {
            (Some(reason), Event::PrinciplesRevised { work, .. }) => {
                Event::PrinciplesRevised { changes: Vec::new(), failure: Some(reason), notes: None, work }
            }
            (_, event) => event,
        };
        self.record(event, Extra::default(), watch).await?;
        Ok(true)
    }

    /// Why an agent's answer, as the event that it would be, cannot follow; none if it can. A reply is on record and is read
    /// again by every resume, so what the state machine would refuse of it is the reply's own fault and not an end.
    fn refused(&self, event: &Event) -> Option<String> {
        self.state.clone().apply(event).err().map(|illegal| illegal.problem)
    }

    /// An agent's answer; none if the budget did not reach for it, which ends the campaign.
    async fn affordable<T>(
        &mut self,
        answer: Result<Answer<T>, ModelError>,
        watch: &mut impl FnMut(Progress<'_>),
    ) -> Result<Option<Answer<T>>, EngineError> {
        match answer {
            Ok(answer) => Ok(Some(answer)),
            Err(ModelError::BudgetSpent { what }) => {
                let reason = EndReason::BudgetSpent(what);
                self.record(Event::Ended { reason }, Extra::default(), watch).await?;
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Brings what is kept in memory and in the mirror up to the record. `calibrated` is the hash of the yardsticks' trials.
    pub(super) async fn catch_up(&mut self, calibrated: Option<Hash>) -> Result<(), EngineError> {
        for id in self.state.order.clone() {
            let source = source(&self.store, &self.id, &self.state.candidates[&id].candidate).await?;
            self.sources.insert(id.clone(), source);
            self.mirror(&id)?;
        }
        if let Some(hash) = calibrated {
            self.baseline = Some(Arc::new(self.store.baseline(&self.id, &hash).await?));
        }
        Ok(())
    }

    pub(super) fn mirror(&self, id: &CandidateId) -> Result<(), EngineError> {
        let record = &self.state.candidates[id];
        self.mirror.record(&Commit {
            campaign: self.id.clone(),
            candidate: id.clone(),
            parents: record.candidate.parent.iter().cloned().collect(),
            source: self.sources.get(id).cloned().unwrap_or_default(),
            message: match &record.candidate.tunes {
                Some(untuned) => format!("iteration {}, constants of {} tuned", record.iteration, untuned.short()),
                None if self.state.is_simplified(id) => format!("iteration {}, simplified", record.iteration),
                None => format!("iteration {}, arm {}", record.iteration, record.arm),
            },
            seq: record.position as u64,
        })?;
        Ok(())
    }

    fn best_source(&self) -> Option<String> {
        self.state.champion().and_then(|champion| self.sources.get(&champion.id).cloned())
    }
}

/// Waits for an agent, but not beyond a request to stop.
async fn unless_stopped<T>(work: impl Future<Output = T>, stop: &Stop) -> Option<T> {
    let poll = std::time::Duration::from_millis(50);
    tokio::pin!(work);
    loop {
        tokio::select! {
            biased;
            result = &mut work => return Some(result),
            () = tokio::time::sleep(poll) => {
                if stop.requested() {
                    return None;
                }
            }
        }
    }
}

pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, EngineError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| EngineError::Panicked(error.to_string()))
}

/// A policy's trials as the database keeps them.
pub(super) fn rows<'a>(policy: &'a str, trials: &[Trial], panel: &'a Panel) -> Vec<TrialRow<'a>> {
    let cells =
        panel.names.iter().zip(&panel.rows).flat_map(|(name, seeds)| (0..*seeds as u32).map(move |r| (name, r)));
    let row =
        |((scenario, seed), trial): ((&'a String, u32), &Trial)| TrialRow { policy, scenario, seed, trial: *trial };
    cells.zip(trials).map(row).collect()
}

const SESSION: &str = "session";

/// Notes that a process takes up the campaign: time budgets count over all of them.
pub(super) async fn begin_session(store: &Store, id: &CampaignId) -> Result<(), EngineError> {
    let earlier = store.observations(id, SESSION).await?.len() as u32;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    let observation = Observation {
        key: Hash::of(SESSION.as_bytes()),
        ordinal: earlier,
        kind: SESSION.into(),
        payload: now.to_string(),
    };
    Ok(store.observe(id, &observation).await?)
}

/// The clock of a campaign that is taken up now.
pub(super) async fn clock(store: &Store, id: &CampaignId) -> Result<Clock, EngineError> {
    let out = store.observations(id, TIME).await?;
    Ok(Clock {
        spent_ms: time_spent(store, id).await?,
        since: Instant::now(),
        out_before: out.first().and_then(|observation| observation.payload.parse().ok()),
        stopped: cassette::replays(store, id).await?.is_some(),
    })
}

/// Time that earlier processes spent on a campaign, ms: from each one's beginning to its last event.
async fn time_spent(store: &Store, id: &CampaignId) -> Result<u64, EngineError> {
    let begun: Vec<i64> =
        store.observations(id, SESSION).await?.iter().filter_map(|o| o.payload.parse().ok()).collect();
    let events: Vec<i64> = store.events(id).await?.iter().map(|stored| stored.at_ms).collect();
    let spent = begun.iter().enumerate().map(|(at, start)| {
        let next = begun.get(at + 1).copied().unwrap_or(i64::MAX);
        let last = events.iter().filter(|t| (*start..next).contains(*t)).max();
        last.map_or(0, |last| (last - start).max(0) as u64)
    });
    Ok(spent.sum())
}
