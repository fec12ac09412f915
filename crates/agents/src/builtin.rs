//! The researcher that needs no model.
//!
//! It reasons over one family of policies ([`shape`]): from everything measured so far it forms a belief about what has
//! not been tried ([`response`]: how each workload responds to where a policy sheds), claims what it believes with the probability that it gives to it ([`planner`], [`claims`]),
//! writes the Rust for it ([`executor`]), draws lessons ([`extractor`]) and says where nothing better is left ([`narrowing`]). Nothing is scripted: the
//! first bundle follows from the yardsticks, each later one from all findings.

mod claims;
mod components;
mod constants;
mod executor;
mod extractor;
mod guards;
mod half_space;
mod memory;
mod mind;
mod narrowing;
mod planner;
mod response;
mod shape;
mod stakes;
mod tuned;

use self::memory::Memory;
use crate::{Answer, Answering, Brief, Executor, Extractor, Fault, Lessons, Planner};
use futures::future::{FutureExt, ready};
use science::bundle::{Arm, Bundle};
use science::experiment::Experiment;
use science::space::Point;

/// Where the published curve, with the constants that the experiment's reference has, lies in its design space; none where
/// the reference is another policy, or has no place there.
pub fn published(experiment: &Experiment) -> Option<Point> {
    let reference = &experiment.reference;
    let space = experiment.space();
    let point = mind::reference(reference).point(|name| space.dimension(name).is_some());
    (reference.starts_with(PUBLISHED) && space.contains(&point).is_ok()).then_some(point)
}

/// The built-in admitter that follows the published curve.
const PUBLISHED: &str = "probabilistic";

/// Planner, executor and extractor in one, for the admission family. Clones share what they have worked out.
#[derive(Clone, Debug, Default)]
pub struct Researcher {
    memory: Memory,
}

impl Planner for Researcher {
    fn plan<'a>(&'a self, brief: Brief<'a>) -> Answering<'a, Bundle> {
        ready(Ok(Answer::free(planner::plan(brief.state, &self.memory)))).boxed()
    }
}

impl Executor for Researcher {
    fn implement<'a>(&'a self, _: Brief<'a>, arm: &'a Arm) -> Answering<'a, String> {
        ready(Ok(Answer::free(executor::implement(arm)))).boxed()
    }

    /// What it writes follows from the arm alone: it would only write the same again.
    fn repair<'a>(&'a self, _: Brief<'a>, _: &'a Arm, _: Fault<'a>) -> Answering<'a, String> {
        ready(Ok(Answer::free(Err("the built-in executor does not repair".into())))).boxed()
    }

    fn place(&self, point: &Point, constants: &[(&str, f64)]) -> Point {
        constants::place(point, constants)
    }
}

impl Extractor for Researcher {
    fn extract<'a>(&'a self, brief: Brief<'a>) -> Answering<'a, Lessons> {
        let changes = extractor::extract(brief.state, &self.memory);
        ready(Ok(Answer::free(Ok(Lessons { changes, notes: None })))).boxed()
    }
}
