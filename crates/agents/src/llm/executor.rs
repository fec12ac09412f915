//! The executor.

use super::{Model, Request, Settings};
use crate::{AgentError, Brief};
use futures::future::BoxFuture;

/// A executor that asks a model.
#[derive(Debug)]
pub struct Executor<M> {
    model: M,
    settings: Settings,
    contract: String,
}

impl<M: Model> Executor<M> {
    /// An executor that asks `model`. `contract` is the text of the contract that candidates are written against.
    pub fn new(model: M, settings: Settings, contract: &str) -> Self {
        Executor { model, settings, contract: contract.to_owned() }
    }

    /// What would be asked.
    pub fn request(&self, _brief: Brief<'_>, _arm: &science::bundle::Arm) -> Request {
        let _ = (&self.model, &self.contract, &self.settings);
        unreachable!()
    }
}

impl<M: Model> crate::Executor for Executor<M> {
    fn implement<'a>(
        &'a self,
        _brief: Brief<'a>,
        _arm: &'a science::bundle::Arm,
    ) -> BoxFuture<'a, Result<String, AgentError>> {
        Box::pin(async { Err(AgentError::Unusable("not written yet".into())) })
    }
}
