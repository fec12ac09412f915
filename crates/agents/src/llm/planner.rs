//! The planner.

use super::{Model, Request, Settings};
use crate::{AgentError, Brief};
use futures::future::BoxFuture;

/// A planner that asks a model.
#[derive(Debug)]
pub struct Planner<M> {
    model: M,
    settings: Settings,
    contract: String,
}

impl<M: Model> Planner<M> {
    /// A planner that asks `model`. `contract` is the text of the contract that candidates are written against.
    pub fn new(model: M, settings: Settings, contract: &str) -> Self {
        Planner { model, settings, contract: contract.to_owned() }
    }

    /// What would be asked.
    pub fn request(&self, _brief: Brief<'_>) -> Request {
        let _ = (&self.model, &self.contract, &self.settings);
        unreachable!()
    }
}

impl<M: Model> crate::Planner for Planner<M> {
    fn plan<'a>(&'a self, _brief: Brief<'a>) -> BoxFuture<'a, Result<science::bundle::Bundle, AgentError>> {
        Box::pin(async { Err(AgentError::Unusable("not written yet".into())) })
    }
}
