//! The researcher that needs no model.
//!
//! It knows nothing but an experiment's declared space, the source that acts as each of its points, and the record. It begins
//! where the author put the reference ([`planner`]); from what was measured it forms a belief about the rest of the space
//! ([`surrogate`]), tries the change that promises most, claims as much of it as the verdict seeds can decide ([`claims`],
//! [`power`]), writes it by specialising the space's source ([`executor`]), and says what was compared ([`extractor`]).

mod claims;
mod executor;
mod extractor;
mod measured;
mod planner;
mod power;
mod surrogate;

use crate::{Answer, Answering, Brief, Executor, Extractor, Fault, Lessons, Planner};
pub use executor::{plain, written};
use futures::future::{FutureExt, ready};
use science::bundle::{Arm, Bundle};
use science::experiment::Experiment;
use science::state::State;

/// Says what the researcher lacks to plan, or write, for an experiment whose `space` source this is, if it lacks anything.
pub fn check(experiment: &Experiment, space: Option<&str>) -> Result<(), String> {
    let missing = match (experiment.dimensions.is_empty(), space) {
        (true, _) => "the experiment declares no [[dimension]]".to_owned(),
        (_, None) => "the experiment names no `space` source".to_owned(),
        (false, Some(source)) => match planner::start(&experiment.space(), source) {
            Ok(_) => return Ok(()),
            Err(problem) => problem,
        },
    };
    Err(format!(
        "{missing}: the built-in researcher tries points of a declared space, and writes them from its `space` source; \
         `--agents openai` needs none of it"
    ))
}

/// Half the widths of the intervals that verdicts on worth can be expected to end with in the iteration that comes next: of a claim
/// against the reference, and of one between two candidates.
pub fn decidable(state: &State) -> [f64; 2] {
    power::Power::of(state).halves()
}

/// Planner, executor and extractor in one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Researcher;

const NO_SPACE: &str = "the built-in planner needs the experiment's `space` source";

impl Planner for Researcher {
    fn plan<'a>(&'a self, brief: Brief<'a>) -> Answering<'a, Bundle> {
        let bundle = brief.space.ok_or(NO_SPACE.to_owned()).and_then(|source| planner::plan(brief.state, source));
        ready(Ok(Answer::free(bundle))).boxed()
    }
}

impl Executor for Researcher {
    /// Reads the `space` source by recursion: whoever calls it gives it a stack for what the screen lets pass.
    fn implement<'a>(&'a self, brief: Brief<'a>, arm: &'a Arm) -> Answering<'a, Vec<String>> {
        let source = executor::implement(brief.state, brief.space, arm);
        ready(Ok(Answer::free(source.map(|source| vec![source])))).boxed()
    }

    /// What it writes follows from the arm alone: it would only write the same again.
    fn repair<'a>(&'a self, _: Brief<'a>, _: &'a Arm, _: Fault<'a>) -> Answering<'a, String> {
        ready(Ok(Answer::free(Err("the built-in executor does not repair".into())))).boxed()
    }
}

impl Extractor for Researcher {
    fn extract<'a>(&'a self, brief: Brief<'a>) -> Answering<'a, Lessons> {
        ready(Ok(Answer::free(Ok(Lessons { changes: extractor::extract(brief.state), notes: None })))).boxed()
    }
}
