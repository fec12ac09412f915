//! A language model whose replies go on the record before anybody uses them: a resumed campaign never pays twice.

use agents::llm::{Model, ModelError, Reply, Request};
use futures::future::{BoxFuture, FutureExt};
use std::sync::Arc;
use store::{CampaignId, Observation, Store};

/// Asks `model` only what the record does not answer.
pub(crate) struct Recorder<M> {
    pub(crate) model: M,
    pub(crate) store: Arc<Store>,
    pub(crate) campaign: CampaignId,
}

/// Kind of the observations that hold replies.
pub(crate) const REPLY: &str = "model-reply";

impl<M: Model> Model for Recorder<M> {
    fn ask<'a>(&'a self, request: &'a Request, ordinal: u32) -> BoxFuture<'a, Result<Reply, ModelError>> {
        async move {
            let key = request.key();
            let known = self.store.observation(&self.campaign, &key, ordinal).await.map_err(unrecorded)?;
            if let Some(text) = known {
                return serde_json::from_str(&text).map_err(|error| ModelError::Record(error.to_string()));
            }
            let reply = self.model.ask(request, ordinal).await?;
            let payload = serde_json::to_string(&reply).map_err(|error| ModelError::Record(error.to_string()))?;
            let observation = Observation { key, ordinal, kind: REPLY.into(), payload };
            self.store.observe(&self.campaign, &observation).await.map_err(unrecorded)?;
            Ok(reply)
        }
        .boxed()
    }
}

fn unrecorded(error: store::StoreError) -> ModelError {
    ModelError::Record(error.to_string())
}
