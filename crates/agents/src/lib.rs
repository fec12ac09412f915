//! Who proposes: planner, executor and extractor.
//!
//! An agent proposes and code decides: nothing that an agent says about results is read. [`builtin`] needs no model and
//! no key; [`llm`] asks a language model over HTTP. Start with the three traits below, then [`builtin`].

pub mod builtin;
pub mod llm;

use futures::future::BoxFuture;
use science::bundle::{Arm, Bundle};
use science::principle::Change;
use science::state::State;

/// What an agent is shown.
#[derive(Clone, Copy, Debug)]
pub struct Brief<'a> {
    /// The campaign so far.
    pub state: &'a State,
    /// For a planner the source of the best candidate so far, for an executor that of the candidate that its arm departs
    /// from; none where there is none.
    pub source: Option<&'a str>,
}

/// Drafts falsifiable claims.
pub trait Planner: Send + Sync {
    /// The bundle for the next iteration.
    fn plan<'a>(&'a self, brief: Brief<'a>) -> BoxFuture<'a, Result<Bundle, AgentError>>;
}

/// Writes the algorithm that would make a claim true.
pub trait Executor: Send + Sync {
    /// The Rust source for an arm of the bundle that is under way.
    fn implement<'a>(&'a self, brief: Brief<'a>, arm: &'a Arm) -> BoxFuture<'a, Result<String, AgentError>>;
}

/// Draws lessons from findings.
pub trait Extractor: Send + Sync {
    /// What the iteration that is under way changes in the principles.
    fn extract<'a>(&'a self, brief: Brief<'a>) -> BoxFuture<'a, Result<Vec<Change>, AgentError>>;
}

/// Why an agent gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// It answered, and the answer cannot be used: an outcome of the iteration, which goes on the record.
    #[error("{0}")]
    Unusable(String),
    /// It could not be reached: the campaign stops where it is and can be resumed.
    #[error(transparent)]
    Unreachable(#[from] llm::ModelError),
}
