//! The researcher that needs no model.
//!
//! It reasons over one family of policies ([`shape`]): from everything measured so far it forms a belief about what has
//! not been tried ([`surrogate`]), claims what it believes with the probability that it gives to it ([`planner`]), writes
//! the Rust for it ([`executor`]), and turns what was refuted into constraints ([`extractor`]). Nothing is scripted: the
//! first bundle follows from the yardsticks, each later one from all findings.

mod executor;
mod extractor;
mod planner;
mod shape;
mod surrogate;

use crate::{AgentError, Brief, Executor, Extractor, Planner};
use futures::future::{BoxFuture, FutureExt, ready};
use science::bundle::{Arm, Bundle};
use science::principle::Change;

/// Planner, executor and extractor in one, for the admission family.
#[derive(Clone, Copy, Debug, Default)]
pub struct Researcher;

impl Planner for Researcher {
    fn plan<'a>(&'a self, brief: Brief<'a>) -> BoxFuture<'a, Result<Bundle, AgentError>> {
        ready(planner::plan(brief.state).map_err(AgentError::Unusable)).boxed()
    }
}

impl Executor for Researcher {
    fn implement<'a>(&'a self, _: Brief<'a>, arm: &'a Arm) -> BoxFuture<'a, Result<String, AgentError>> {
        ready(executor::implement(arm).map_err(AgentError::Unusable)).boxed()
    }
}

impl Extractor for Researcher {
    fn extract<'a>(&'a self, brief: Brief<'a>) -> BoxFuture<'a, Result<Vec<Change>, AgentError>> {
        ready(Ok(extractor::extract(brief.state))).boxed()
    }
}
