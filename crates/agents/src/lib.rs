//! Who proposes: planner, executor and extractor.
//!
//! An agent proposes and code decides: nothing that an agent says about results is read. [`builtin`] needs no model and
//! no key; [`llm`] asks a language model over HTTP, or a command of the user's. Start with the three traits below, then
//! [`builtin`].

pub mod builtin;
pub mod llm;

use futures::future::BoxFuture;
use llm::ModelError;
use science::asked::Replaced;
use science::bundle::{Arm, Bundle, Side};
use science::defect::Defect;
use science::id::CandidateId;
use science::principle::Change;
use science::seal::Line;
use science::space::{Point, Value};
use science::state::State;
use science::work::Work;
use std::fmt::Debug;

/// What an agent is shown.
#[derive(Clone, Copy, Debug)]
pub struct Brief<'a> {
    /// The campaign so far.
    pub state: &'a State,
    /// For a planner the source of the best candidate so far, for an executor that of the candidate that its arm departs
    /// from, or that it is to mend; none where there is none.
    pub source: Option<&'a str>,
    /// The experiment's `space` source, which acts as every point of its declared space; none where it names none.
    pub space: Option<&'a str>,
    /// Where a planner may look something up before it claims; none where nothing can be asked.
    pub library: Option<&'a dyn Library>,
}

/// What an agent may look up; the same whenever it is asked again.
pub trait Library: Debug + Sync {
    /// What was written for a candidate.
    fn source(&self, id: &CandidateId) -> Option<String>;

    /// What an input of the problem told of each request that may be decided on, on the workloads of the search, and what the request
    /// turned out to cost; nothing where that is not known of single requests.
    fn hindsight(&self, input: &str) -> Vec<Turnout>;

    /// How the run of a policy on a workload of the search panel went, by the workload's name.
    fn timeline<'a>(&'a self, policy: &'a Side, workload: &'a str) -> Looking<'a, Vec<Line>>;

    /// What a candidate is worth on the search panel with one text of its source in place of another, which stands there once.
    fn replaced<'a>(&'a self, of: &'a CandidateId, find: &'a str, replace: &'a str) -> Looking<'a, Replaced>;
}

/// What was found where something had to run, or a sentence that says why nothing was. An error beside it is no fault of the question.
pub type Looking<'a, T> = BoxFuture<'a, Result<Result<T, String>, ModelError>>;

/// What a request was announced as, and what it turned out to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Turnout {
    /// What the input told.
    pub signal: f64,
    /// What the problem's spec calls the cost in hindsight; over its mean in the workload, 1 is the mean.
    pub cost: f64,
}

/// What an agent came back with. An error beside it means that nobody could be asked, or that a budget forbids it: then
/// nothing of it is on the record.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer<T> {
    /// What it proposes, or why that cannot be used: an outcome of the iteration, which goes on the record.
    pub content: Result<T, String>,
    /// What it took; nothing for agents that cost nothing.
    pub work: Vec<Work>,
}

/// An agent's answer, once it is there.
pub type Answering<'a, T> = BoxFuture<'a, Result<Answer<T>, ModelError>>;

/// Drafts falsifiable claims.
pub trait Planner: Send + Sync {
    /// The bundle for the next iteration.
    fn plan<'a>(&'a self, brief: Brief<'a>) -> Answering<'a, Bundle>;
}

/// Writes the algorithm that would make a claim true.
pub trait Executor: Send + Sync {
    /// The Rust sources for an arm of the bundle that is under way: one, or where its design has variants several, of which at
    /// least one could be written.
    ///
    /// What is asked must not depend on other arms than the first: arms are written side by side, and a campaign that is
    /// resumed between them asks again.
    fn implement<'a>(&'a self, brief: Brief<'a>, arm: &'a Arm) -> Answering<'a, Vec<String>>;

    /// The source again, mended. `brief.source` is what was wrong.
    fn repair<'a>(&'a self, brief: Brief<'a>, arm: &'a Arm, fault: Fault<'a>) -> Answering<'a, String>;

    /// Where a candidate at `point` of the design space lies once constants of its source, by their names, have these
    /// values. A constant is taken for the dimension of its name; whoever gives them other names says what they mean.
    fn place(&self, point: &Point, constants: &[(&str, f64)]) -> Point {
        let mut moved = point.clone();
        for (name, value) in constants {
            if let Some(Value::Number(place)) = moved.get_mut(*name) {
                *place = *value;
            }
        }
        moved
    }
}

/// What is wrong with a candidate, for the one who is to mend it.
#[derive(Clone, Copy, Debug)]
pub struct Fault<'a> {
    /// What is wrong.
    pub defect: &'a Defect,
    /// What the screen, the compiler or the sandbox had to say; may be empty.
    pub message: &'a str,
    /// Times that the arm's candidate went back before.
    pub earlier: u32,
}

/// Draws lessons from findings.
pub trait Extractor: Send + Sync {
    /// What the iteration that is under way teaches.
    fn extract<'a>(&'a self, brief: Brief<'a>) -> Answering<'a, Lessons>;
}

/// What an iteration teaches.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lessons {
    /// What it changes in the principles.
    pub changes: Vec<Change>,
    /// The campaign's notes from now on; none leaves them as they are.
    pub notes: Option<String>,
}

impl<T> Answer<T> {
    /// An answer that cost nothing.
    pub fn free(content: Result<T, String>) -> Self {
        Answer { content, work: Vec::new() }
    }

    /// The same with what is made of its content.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Answer<U> {
        Answer { content: self.content.map(make), work: self.work }
    }
}
