//! The scenarios of an experiment as the simulator has them, and what arrives there.

use engine::LoadedExperiment;
use files::FileError;
use simulator::{Arrival, Scenario};
use std::path::Path;
use std::sync::Arc;

/// The experiment of this name in `experiments`, with its scenarios in their order.
pub(crate) fn read(name: &str) -> Result<(LoadedExperiment, Vec<Scenario>), Box<dyn std::error::Error>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments").join(name);
    let loaded = LoadedExperiment::read(&directory, &problems::all())?;
    let scenario = |file: &String| Scenario::parse(&loaded.inputs[file], Path::new(file));
    let scenarios = loaded.experiment.scenarios.iter().map(scenario).collect::<Result<_, FileError>>()?;
    Ok((loaded, scenarios))
}

/// The requests of a scenario without a trace.
pub(crate) fn generated(scenario: &Scenario, seed: u64) -> Arc<[Arrival]> {
    scenario.arrivals(seed, |_| Err(std::io::Error::other("no traces here"))).expect("a generated workload")
}
