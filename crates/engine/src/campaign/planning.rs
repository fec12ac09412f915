//! Asks the planner for a bundle, and registers it.

use super::asking::unless_stopped;
use super::prefetch::Prefetch;
use super::{Campaign, Progress, Stop, Watch, Work};
use crate::error::EngineError;
use agents::{Answer, Brief};
use science::event::Event;
use science::fastfail;

impl Campaign {
    /// Has a bundle drafted; false if that was broken off by a request to stop.
    pub(super) async fn plan(&mut self, stop: &Stop, watch: &mut Watch<'_>) -> Result<bool, EngineError> {
        watch(Progress::Working(&self.state, Work::Planning));
        let (planned, asked) = {
            let shown = self.state.shown();
            let best = shown.champion().map(|champion| self.candidate(&champion.id));
            let source = best.as_ref().map(|best| best.source.as_str());
            let library = self.shelf();
            let brief = Brief { state: &shown, source, space: self.loaded.space_text(), library: Some(&library) };
            let planned = unless_stopped(self.agents.planner.plan(brief), stop).await;
            (planned, library.into_asked())
        };
        let Some(planned) = planned else { return Ok(false) };
        let Some(Answer { content, work }) = self.affordable(planned, watch).await? else { return Ok(true) };
        let checked = content.and_then(|bundle| self.state.check_bundle(&bundle).map(|()| fastfail::ordered(bundle)));
        let event = match checked {
            Ok(bundle) => Event::BundleRegistered { bundle: Box::new(bundle), asked, work },
            Err(reason) => Event::PlanFailed { reason, asked, work },
        };
        let failed = |event, reason| match event {
            Event::BundleRegistered { asked, work, .. } => Event::PlanFailed { reason, asked, work },
            event => event,
        };
        self.record_or(event, failed, watch).await?;
        self.prefetch = Prefetch::default();
        Ok(true)
    }
}
