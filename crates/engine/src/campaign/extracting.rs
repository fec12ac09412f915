//! Asks the extractor what the iteration teaches.

use super::asking::unless_stopped;
use super::{Campaign, Progress, Stop, Watch, Work};
use crate::error::EngineError;
use agents::{Answer, Brief, Lessons};
use science::event::Event;

impl Campaign {
    /// Has lessons drawn; false if that was broken off by a request to stop.
    pub(super) async fn extract(&mut self, stop: &Stop, watch: &mut Watch<'_>) -> Result<bool, EngineError> {
        watch(Progress::Working(&self.state, Work::Extracting));
        let extracted = {
            let shown = self.state.shown();
            let brief = Brief { state: &shown, source: None, space: self.loaded.space_text(), library: None };
            unless_stopped(self.agents.extractor.extract(brief), stop).await
        };
        let Some(extracted) = extracted else { return Ok(false) };
        let Some(Answer { content, work }) = self.affordable(extracted, watch).await? else { return Ok(true) };
        let (lessons, failure) = match content {
            Ok(lessons) => (lessons, None),
            Err(reason) => (Lessons::default(), Some(reason)),
        };
        let event = Event::PrinciplesRevised { changes: lessons.changes, failure, notes: lessons.notes, work };
        let failed = |event, reason| match event {
            Event::PrinciplesRevised { work, .. } => {
                Event::PrinciplesRevised { changes: Vec::new(), failure: Some(reason), notes: None, work }
            }
            event => event,
        };
        self.record_or(event, failed, watch).await?;
        Ok(true)
    }
}
