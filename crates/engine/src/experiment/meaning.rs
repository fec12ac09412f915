//! What an experiment measures, as a hash: the seal follows from it.
//!
//! Only what changes a trial counts: scenarios, population, baseline and reference as they were read. Names, files, comments,
//! the order of the scenarios, the question and the budget do not, so that none of them can draw the seal anew.

use super::{LoadedExperiment, is_file};
use crate::evaluate::read;
use science::id::Hash;
use simulator::admitters::Builtin;

impl LoadedExperiment {
    /// The hash of what is measured.
    pub fn meaning(&self) -> Hash {
        let mut scenarios: Vec<&str> = self.traffic.iter().map(|traffic| traffic.key.as_str()).collect();
        scenarios.sort_unstable();
        let policy = |name: &str| match self.inputs.get(name) {
            Some(source) if is_file(name) => read(source).id.to_string(),
            _ => Builtin::parse(name).map_or_else(|_| name.to_owned(), |policy| format!("{policy:?}")),
        };
        let (baseline, reference) = (policy(&self.experiment.baseline), policy(&self.experiment.reference));
        let population = format!("{:?}", self.population);
        Hash::of_all([scenarios.join(" "), population, baseline, reference])
    }
}
