//! What an experiment measures, as a hash: the seal follows from it.
//!
//! Only what changes a trial counts: scenarios, population, baseline and reference as they were read. Names, files, comments,
//! the order of the scenarios, the question and the budget do not, so that none of them can draw the seal anew.

use super::{LoadedExperiment, is_file};
use crate::prepared::Prepared;
use science::id::Hash;

impl LoadedExperiment {
    /// The hash of what is measured.
    pub fn meaning(&self) -> Hash {
        let mut scenarios: Vec<&str> = self.scenarios.iter().map(|scenario| scenario.key.as_str()).collect();
        scenarios.sort_unstable();
        let policy = |name: &str| match self.inputs.get(name) {
            Some(source) if is_file(name) => Prepared::new(source.as_str(), self.problem.kit()).id().to_string(),
            _ => self.problem.builtin(name).map_or_else(|_| name.to_owned(), |policy| policy.meaning()),
        };
        let (baseline, reference) = (policy(&self.experiment.baseline), policy(&self.experiment.reference));
        let population = match &self.population {
            Some(population) => format!("Some({})", population.meaning()),
            None => "None".to_owned(),
        };
        Hash::of_all([scenarios.join(" "), population, baseline, reference])
    }
}
