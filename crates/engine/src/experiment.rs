//! Experiments: a directory, or its texts as the database keeps them, checked and ready to run.
//!
//! A directory is read once, when a campaign starts; from then on the campaign has its own copy, so that editing the
//! directory cannot change what a running campaign measures. The directory may come from a stranger: its files name no
//! command, no endpoint and no path outside of it.

mod meaning;
pub(crate) mod traffic;

use crate::error::EngineError;
use crate::panel::size::Panels;
use crate::population::Population;
use science::experiment::Experiment;
use science::id::Hash;
use science::text;
use simulator::Scenario;
use simulator::file::{FileError, MAX_TEXT_BYTES, MAX_TRACE_BYTES, parse_toml, read_inside};
use simulator::workload::Workload;
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use traffic::Traffic;

/// The file that makes a directory an experiment.
pub const CAMPAIGN_FILE: &str = "campaign.toml";

/// Characters of a scenario's name: prompts and reports hold it.
const NAME: usize = 60;

/// An experiment with all its files.
#[derive(Clone, Debug)]
pub struct LoadedExperiment {
    /// The name of its directory.
    pub name: String,
    /// Its directory; for messages only once the texts are read.
    pub directory: PathBuf,
    /// The meaning of `campaign.toml`.
    pub experiment: Experiment,
    /// Its scenarios, in order.
    pub scenarios: Vec<Scenario>,
    /// What arrives in each of them.
    pub traffic: Vec<Traffic>,
    /// Where further workloads are drawn from, if it declares that.
    pub population: Option<Population>,
    /// Every text that it consists of, by path relative to the directory.
    pub inputs: BTreeMap<String, String>,
}

impl LoadedExperiment {
    /// Reads an experiment from its directory.
    pub fn read(directory: &Path) -> Result<Self, EngineError> {
        let not = |problem: String| EngineError::NotAnExperiment { directory: directory.into(), problem };
        if !directory.is_dir() {
            return Err(not("there is no such directory".into()));
        }
        if !directory.join(CAMPAIGN_FILE).exists() {
            return Err(not(format!("it has no {CAMPAIGN_FILE}")));
        }
        let mut inputs: BTreeMap<String, String> = BTreeMap::new();
        let mut left = MAX_TRACE_BYTES;
        Self::assemble(directory, |path, at_most| {
            if let Some(known) = inputs.get(path) {
                return Ok(known.clone());
            }
            let text = read_inside(directory, path, at_most)?;
            let Some(rest) = left.checked_sub(text.len() as u64) else {
                let problem = format!("the files of an experiment have at most {MAX_TRACE_BYTES} bytes together");
                return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, problem));
            };
            left = rest;
            inputs.insert(path.to_owned(), text.clone());
            Ok(text)
        })
        .map(|loaded| LoadedExperiment { inputs, ..loaded })
    }

    /// Takes an experiment from the texts that a campaign keeps.
    pub fn from_texts(directory: &Path, inputs: BTreeMap<String, String>) -> Result<Self, EngineError> {
        let missing = || std::io::Error::new(std::io::ErrorKind::NotFound, "the database does not have it");
        let loaded = Self::assemble(directory, |path, _| inputs.get(path).cloned().ok_or_else(missing))?;
        Ok(LoadedExperiment { inputs, ..loaded })
    }

    /// The names of its scenarios, in order.
    pub fn scenario_names(&self) -> Vec<String> {
        self.scenarios.iter().map(|scenario| scenario.name.clone()).collect()
    }

    /// The hash of every text.
    pub fn hashes(&self) -> BTreeMap<String, Hash> {
        self.inputs.iter().map(|(path, text)| (path.clone(), Hash::of(text.as_bytes()))).collect()
    }

    /// The positions of the scenarios whose workload is a trace.
    pub fn traces(&self) -> Vec<u32> {
        (0..).zip(&self.traffic).filter(|(_, traffic)| traffic.is_recorded()).map(|(at, _)| at).collect()
    }

    fn assemble(
        directory: &Path,
        mut text_of: impl FnMut(&str, u64) -> std::io::Result<String>,
    ) -> Result<Self, EngineError> {
        // A text is parsed, which takes many times its size; a trace is read row by row.
        let mut sized = |path: &str, by: Option<(&str, &str)>, at_most: u64| -> Result<String, FileError> {
            let campaign = directory.join(CAMPAIGN_FILE);
            let wrong = |problem: String| match by {
                Some((text, key)) => FileError::at_key(&campaign, text, key, problem),
                None => FileError::new(&directory.join(path), problem),
            };
            if !Path::new(path).components().all(|part| matches!(part, Component::Normal(_))) {
                return Err(wrong(format!("`{path}` leads out of the experiment's directory")));
            }
            let unread = |error| match by {
                Some(_) => wrong(format!("{} cannot be read: {error}", directory.join(path).display())),
                None => wrong(format!("cannot be read: {error}")),
            };
            text_of(path, at_most).map_err(unread)
        };
        let trace_rows = |text: &str| text.bytes().filter(|byte| *byte == b'\n').count() as u64;
        let text = sized(CAMPAIGN_FILE, None, MAX_TEXT_BYTES)?;
        let file = directory.join(CAMPAIGN_FILE);
        let mut experiment: Experiment = parse_toml(&text, &file)?;
        for policy in [&mut experiment.baseline, &mut experiment.reference] {
            *policy = policy.trim().to_owned();
        }
        experiment.check().map_err(|(key, problem)| FileError::at_key(&file, &text, &key, problem))?;
        let (mut scenarios, mut traffic): (Vec<Scenario>, Vec<Traffic>) = (Vec::new(), Vec::new());
        let mut panels = Panels::of(&experiment);
        for (at, path) in experiment.scenarios.iter().enumerate() {
            let key = format!("scenarios.{at}");
            let scenario_text = sized(path, Some((&text, &key)), MAX_TEXT_BYTES)?;
            let scenario = Scenario::parse(&scenario_text, &directory.join(path))?;
            let (requests, source, trace) = match &scenario.workload {
                Workload::Trace { file, .. } => {
                    let trace = sized(&beside(path, file), None, MAX_TRACE_BYTES)?;
                    (trace_rows(&trace), "workload.trace", Some(trace))
                }
                Workload::Generated(generated) => (generated.requests, "workload.requests", None),
            };
            panels.add(requests).map_err(|(alone, problem)| match alone {
                true => FileError::at_key(&directory.join(path), &scenario_text, source, problem),
                false => FileError::at_key(&file, &text, panels.key(), problem),
            })?;
            if !text::is_name(&scenario.name, NAME) {
                let problem = format!("must have 1 to {NAME} characters that can be seen, in one line");
                return Err(FileError::at_key(&directory.join(path), &scenario_text, "name", problem).into());
            }
            let trace = trace.map(|trace| scenario.arrivals(0, |_| Ok(trace))).transpose()?;
            let mut own = Traffic::of(&scenario, trace)
                .map_err(|problem| FileError::at_key(&directory.join(path), &scenario_text, source, problem))?;
            // Two scenarios that mean the same are two nevertheless, with seeds of their own.
            let alike = traffic.iter().filter(|other: &&Traffic| other.key.starts_with(&own.key)).count();
            own.key = format!("{} {alike}", own.key);
            traffic.push(own);
            if scenarios.iter().any(|other| other.name == scenario.name) {
                let problem = format!("two scenarios are called `{}`", scenario.name);
                return Err(FileError::at_key(&file, &text, &key, problem).into());
            }
            if scenario.cluster.horizon_us.is_some() {
                // A cut-off would leave out the slowest requests, and with them what refusing others did for them.
                let problem = "the runs of an experiment drain; leave the horizon out";
                return Err(
                    FileError::at_key(&directory.join(path), &scenario_text, "cluster.horizon_us", problem).into()
                );
            }
            if usize::from(scenario.cluster.instances) > admitter::wire::MAX_INSTANCES {
                let problem = format!("a candidate can be shown at most {} instances", admitter::wire::MAX_INSTANCES);
                return Err(FileError::new(&directory.join(path), problem).into());
            }
            scenarios.push(scenario);
        }
        let policies = [("baseline", &experiment.baseline), ("reference", &experiment.reference)];
        for (key, policy) in policies.into_iter().chain(experiment.space_source.iter().map(|file| ("space", file))) {
            if is_file(policy) {
                sized(policy, Some((&text, key)), MAX_TEXT_BYTES)?;
            }
        }
        let population = match &experiment.population {
            Some(path) => {
                let population = sized(path, Some((&text, "population")), MAX_TEXT_BYTES)?;
                Some(Population::parse(&population, &directory.join(path))?)
            }
            None => None,
        };
        let name =
            directory.file_name().map_or_else(|| "experiment".into(), |name| name.to_string_lossy().into_owned());
        let directory = directory.into();
        let inputs = BTreeMap::new();
        Ok(LoadedExperiment { name, directory, experiment, scenarios, traffic, population, inputs })
    }
}

/// Whether a policy is named as a file of candidate source, rather than as a built-in admitter.
pub fn is_file(policy: &str) -> bool {
    policy.ends_with(".rs")
}

fn beside(scenario: &str, name: &str) -> String {
    match scenario.rsplit_once('/') {
        Some((directory, _)) => format!("{directory}/{name}"),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn study_with(change: impl Fn(&str) -> String, population: Option<&str>) -> Result<LoadedExperiment, EngineError> {
        let study = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments/admission");
        let mut inputs = LoadedExperiment::read(&study).unwrap().inputs;
        inputs.entry(CAMPAIGN_FILE.into()).and_modify(|text| *text = change(text));
        match population {
            Some(text) => inputs.insert("population.toml".into(), text.into()),
            None => inputs.remove("population.toml"),
        };
        LoadedExperiment::from_texts(Path::new("study"), inputs)
    }

    #[test]
    fn the_study_declares_a_population_and_can_do_without() {
        let study = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments/admission");
        let study = LoadedExperiment::read(&study).unwrap();
        assert!(study.population.is_some() && study.inputs.contains_key("population.toml"));
        let without =
            |text: &str| text.replace("population = \"population.toml\"\n", "").replace("seeds = 2", "seeds = 3");
        assert_eq!(study_with(without, None).unwrap().population, None);
    }

    #[test]
    fn a_population_that_is_missing_wrong_or_elsewhere_is_an_error_at_its_place() {
        let same = |text: &str| text.to_owned();
        let away = |text: &str| text.replace("\"population.toml\"", "\"../population.toml\"");
        for (ran, file, expected) in [
            (study_with(same, None), "study/campaign.toml:", " population: study/population.toml cannot be read"),
            (study_with(away, None), "study/campaign.toml:", " population: `../population.toml` leads out of"),
            (study_with(same, Some("seconds = -1")), "study/population.toml:1", ""),
        ] {
            let error = ran.unwrap_err().to_string();
            assert!(error.starts_with(file) && error.contains(expected), "{error}");
        }
    }
}
