//! What is common to asking agents: a request to stop is heeded, and a budget may not reach.

use super::{Campaign, Stop, Watch};
use crate::error::EngineError;
use agents::Answer;
use agents::llm::ModelError;
use science::event::{EndReason, Event};
use store::Extra;

impl Campaign {
    /// An agent's answer; none if the budget did not reach for it, which ends the campaign.
    pub(super) async fn affordable<T>(
        &mut self,
        answer: Result<Answer<T>, ModelError>,
        watch: &mut Watch<'_>,
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
}

/// Waits for an agent, but not beyond a request to stop.
pub(super) async fn unless_stopped<T>(work: impl Future<Output = T>, stop: &Stop) -> Option<T> {
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
