//! What a step leaves behind: events on record, candidates in memory.

use super::prefetch::Prefetch;
use super::verdicts::VerdictRuns;
use super::{Campaign, Progress, Watch};
use crate::error::EngineError;
use crate::prepared::Prepared;
use crate::scale::Against;
use sandbox::Kit;
use science::event::Event;
use science::id::{CandidateId, Hash};
use science::state::Action;
use science::trial::Trial;
use std::sync::Arc;
use store::{Extra, Loaded, LogHead};

impl Campaign {
    /// Moves by an event, and by all that follow from it without the world, and puts them on record together.
    pub(super) async fn record(
        &mut self,
        event: Event,
        extra: Extra<'_>,
        watch: &mut Watch<'_>,
    ) -> Result<(), EngineError> {
        self.state.apply(&event)?;
        self.keep(event, extra, watch).await
    }

    /// The same for an agent's answer, which the state machine may refuse; then another event takes its place, which says so. A
    /// reply is on record and is read again by every resume, so what is refused of it is the reply's own fault and not an end.
    pub(super) async fn record_or(
        &mut self,
        event: Event,
        refused: impl FnOnce(Event, String) -> Event,
        watch: &mut Watch<'_>,
    ) -> Result<(), EngineError> {
        match self.state.apply(&event) {
            Ok(()) => self.keep(event, Extra::default(), watch).await,
            // The state is as it was.
            Err(illegal) => self.record(refused(event, illegal.problem), Extra::default(), watch).await,
        }
    }

    /// Puts an event on record that was applied, and all that follow from it. Where that fails, the state is loaded again: it
    /// is never ahead of the record.
    async fn keep(&mut self, event: Event, extra: Extra<'_>, watch: &mut Watch<'_>) -> Result<(), EngineError> {
        match self.commit(event, extra, watch).await {
            Ok(head) => {
                self.head = head;
                Ok(())
            }
            Err(error) => {
                let Loaded { state, head, calibrated, .. } = self.store.load(&self.id).await?;
                (self.state, self.head) = (state, head);
                (self.prefetch, self.verdict_runs) = (Prefetch::default(), VerdictRuns::default());
                self.catch_up(calibrated).await?;
                Err(error)
            }
        }
    }

    async fn commit(&mut self, event: Event, extra: Extra<'_>, watch: &mut Watch<'_>) -> Result<LogHead, EngineError> {
        let (mut staged, mut event, mut extra) = (self.head.stage(), event, extra);
        loop {
            watch(Progress::Recorded(&self.state, &event));
            staged.push(&event, &self.state, std::mem::take(&mut extra))?;
            if self.clock.out_before == Some(staged.next_seq()) {
                break;
            }
            let Action::Record(next) = self.state.next_action() else { break };
            self.state.apply(&next)?;
            event = *next;
        }
        Ok(self.store.commit(staged).await?)
    }

    /// Brings what is kept in memory up to the record. `calibrated` is the hash of the yardsticks' trials.
    pub(super) async fn catch_up(&mut self, calibrated: Option<Hash>) -> Result<(), EngineError> {
        let missing = self.state.order.iter().filter(|id| !self.candidates.contains_key(id));
        for id in missing.cloned().collect::<Vec<_>>() {
            let candidate =
                Prepared::recorded((&self.store, &self.id), &self.state.candidates[&id].candidate, self.kit()).await?;
            self.candidates.insert(id, Arc::new(candidate));
        }
        if let Some(hash) = calibrated {
            let twins = self.state.yardsticks().twins.len();
            let baseline = self.store.baseline(&self.id, &hash, (self.state.spec(), twins)).await?;
            self.hold_against(baseline);
        }
        Ok(())
    }

    /// The contract of its candidates.
    pub(super) fn kit(&self) -> &Kit {
        &self.evaluator.sandbox.options().kit
    }

    /// Keeps what candidates are held against on the search panel, once it is calibrated.
    pub(super) fn hold_against(&mut self, baseline: Vec<Trial>) {
        let against = Against::new(&self.evaluator.panel, baseline, self.state.yardsticks(), &self.state.spec().aim);
        self.against = Some(Arc::new(against));
    }

    /// What candidates are held against on the search panel.
    pub(super) fn against(&self) -> Arc<Against> {
        Arc::clone(self.against.as_ref().expect("a campaign is calibrated before anything else is measured"))
    }

    /// A candidate of the state, ready to run.
    pub(super) fn candidate(&self, id: &CandidateId) -> Arc<Prepared> {
        Arc::clone(self.candidates.get(id).expect("every candidate of the state is kept with it"))
    }

    /// Keeps a candidate that is on record. The same code written again is the same candidate; its first text stays.
    pub(super) fn keep_candidate(&mut self, candidate: Arc<Prepared>) {
        self.candidates.entry(candidate.id().clone()).or_insert(candidate);
    }
}
