//! The scenarios of an experiment as the simulator has them, and what arrives there.

use engine::LoadedExperiment;
use files::FileError;
use simulator::Scenario;
use std::path::Path;

/// The experiment of this name in `experiments`, with its scenarios in their order.
pub(crate) fn read(name: &str) -> Result<(LoadedExperiment, Vec<Scenario>), Box<dyn std::error::Error>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments").join(name);
    let loaded = LoadedExperiment::read(&directory, &problems::all())?;
    let scenario = |file: &String| Scenario::parse(&loaded.inputs[file], Path::new(file));
    let scenarios = loaded.experiment.scenarios.iter().map(scenario).collect::<Result<_, FileError>>()?;
    Ok((loaded, scenarios))
}
