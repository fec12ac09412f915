//! Asks the planner for a bundle, and registers it.

use super::asking::unless_stopped;
use super::prefetch::Prefetch;
use super::{Campaign, Progress, Stop, Watch, Work};
use crate::error::EngineError;
use crate::panel::Panel;
use crate::prepared::Prepared;
use agents::{Answer, Brief, Library, Turnout};
use science::event::Event;
use science::fastfail;
use science::id::CandidateId;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a planner may look up: sources of the campaign, and what search workloads turned out to be.
#[derive(Debug)]
struct Shelf<'a> {
    candidates: &'a BTreeMap<CandidateId, Arc<Prepared>>,
    panel: &'a Panel,
}

impl Library for Shelf<'_> {
    fn source(&self, id: &CandidateId) -> Option<String> {
        self.candidates.get(id).map(|candidate| candidate.source.clone())
    }

    fn hindsight(&self, input: &str) -> Vec<Turnout> {
        self.panel.hindsight(input)
    }
}

impl Campaign {
    /// Has a bundle drafted; false if that was broken off by a request to stop.
    pub(super) async fn plan(&mut self, stop: &Stop, watch: &mut Watch<'_>) -> Result<bool, EngineError> {
        watch(Progress::Working(&self.state, Work::Planning));
        let planned = {
            let shown = self.state.shown();
            let best = shown.champion().map(|champion| self.candidate(&champion.id));
            let source = best.as_ref().map(|best| best.source.as_str());
            let library = Shelf { candidates: &self.candidates, panel: &self.evaluator.panel };
            let brief = Brief { state: &shown, source, space: self.loaded.space_text(), library: Some(&library) };
            unless_stopped(self.agents.planner.plan(brief), stop).await
        };
        let Some(planned) = planned else { return Ok(false) };
        let Some(Answer { content, work }) = self.affordable(planned, watch).await? else { return Ok(true) };
        let checked = content.and_then(|bundle| self.state.check_bundle(&bundle).map(|()| fastfail::ordered(bundle)));
        let event = match checked {
            Ok(bundle) => Event::BundleRegistered { bundle: Box::new(bundle), work },
            Err(reason) => Event::PlanFailed { reason, work },
        };
        let failed = |event, reason| match event {
            Event::BundleRegistered { work, .. } => Event::PlanFailed { reason, work },
            event => event,
        };
        self.record_or(event, failed, watch).await?;
        self.prefetch = Prefetch::default();
        Ok(true)
    }
}
