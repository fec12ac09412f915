//! Experiments: a directory, or its texts as the database keeps them, checked and ready to run.
//!
//! A directory is read once, when a campaign starts; from then on the campaign has its own copy, so that editing the
//! directory cannot change what a running campaign measures. The directory may come from a stranger: its files name no
//! command, no endpoint and no path outside of it.

mod meaning;
mod texts;

use crate::error::EngineError;
use crate::panel::size::Panels;
use crate::problem::{Population, Problem, Problems, Source, Workload};
use files::{FileError, MAX_TEXT_BYTES, MAX_TRACE_BYTES, parse_toml};
use science::event::Started;
use science::experiment::Experiment;
use science::id::Hash;
use science::sequence::FRESH;
use science::text;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::Store;
use texts::Texts;

/// The file that makes a directory an experiment.
pub const CAMPAIGN_FILE: &str = "campaign.toml";

/// How the names of drawn workloads begin.
const DRAWN: [&str; 4] = ["training_", "final_", "sealed_", FRESH];
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
    /// What it asks.
    pub problem: Arc<dyn Problem>,
    /// Its scenarios, in order.
    pub scenarios: Arc<[Scenario]>,
    /// Where further workloads are drawn from, if it declares that.
    pub population: Option<Arc<dyn Population>>,
    /// Every text that it consists of, by path relative to the directory.
    pub inputs: BTreeMap<String, String>,
}

/// A workload of the study.
#[derive(Debug)]
pub struct Scenario {
    /// What is run.
    pub workload: Box<dyn Workload>,
    /// What its seeds derive from. Two scenarios that mean the same are two nevertheless, with seeds of their own.
    pub key: String,
}

impl LoadedExperiment {
    /// The text of its `space` source, which acts as every point of its declared space; none where it names none.
    pub fn space_text(&self) -> Option<&str> {
        let name = self.experiment.space_source.as_ref()?;
        self.inputs.get(name).map(String::as_str)
    }

    /// That something is wrong with what stands under a key of `campaign.toml`.
    pub(crate) fn wrong(&self, key: &str, problem: impl Into<String>) -> EngineError {
        let text = self.inputs.get(CAMPAIGN_FILE).map_or("", String::as_str);
        FileError::at_key(&self.directory.join(CAMPAIGN_FILE), text, key, problem).into()
    }

    /// Reads an experiment from its directory.
    pub fn read(directory: &Path, problems: &Problems) -> Result<Self, EngineError> {
        let not = |problem: String| EngineError::NotAnExperiment { directory: directory.into(), problem };
        if directory.is_file() {
            return Err(not("it is a file; an experiment is named by its directory".into()));
        }
        if !directory.is_dir() {
            return Err(not("there is no such directory".into()));
        }
        if !directory.join(CAMPAIGN_FILE).exists() {
            return Err(not(format!("it has no {CAMPAIGN_FILE}")));
        }
        Self::assemble(Texts::of_directory(directory), problems)
    }

    /// Takes the experiment of a campaign from the texts that the database keeps.
    pub(crate) async fn of_campaign(
        store: &Store,
        started: &Started,
        problems: &Problems,
    ) -> Result<Self, EngineError> {
        Self::from_texts(Path::new(&started.name), store.inputs(&started.inputs).await?, problems)
    }

    /// Takes an experiment from its texts.
    pub fn from_texts(
        directory: &Path,
        inputs: BTreeMap<String, String>,
        problems: &Problems,
    ) -> Result<Self, EngineError> {
        Self::assemble(Texts::kept(directory, inputs), problems)
    }

    /// The names of its scenarios, in order.
    pub fn scenario_names(&self) -> Vec<String> {
        self.scenarios.iter().map(|scenario| scenario.workload.name().to_owned()).collect()
    }

    /// The hash of every text.
    pub fn hashes(&self) -> BTreeMap<String, Hash> {
        self.inputs.iter().map(|(path, text)| (path.clone(), Hash::of(text.as_bytes()))).collect()
    }

    /// The positions of the scenarios that were recorded.
    pub fn traces(&self) -> Vec<u32> {
        (0..)
            .zip(self.scenarios.iter())
            .filter(|(_, scenario)| scenario.workload.is_recorded())
            .map(|(at, _)| at)
            .collect()
    }

    fn assemble(mut texts: Texts<'_>, problems: &Problems) -> Result<Self, EngineError> {
        let directory = texts.directory.to_path_buf();
        let file = directory.join(CAMPAIGN_FILE);
        let text = texts.read(CAMPAIGN_FILE, None, MAX_TEXT_BYTES)?;
        let mut experiment: Experiment = parse_toml(&text, &file)?;
        for policy in [&mut experiment.baseline, &mut experiment.reference] {
            *policy = policy.trim().to_owned();
        }
        let at = |(key, problem): (String, String)| FileError::at_key(&file, &text, &key, problem);
        experiment.check().map_err(at)?;
        let problem = problems.find(&experiment.problem).map_err(|wrong| at(("problem".into(), wrong)))?;
        experiment.check_against(problem.spec()).map_err(at)?;
        let campaign = CampaignFile { text: &text, file: &file, experiment: &experiment, problem: problem.as_ref() };
        let scenarios = campaign.scenarios(&mut texts)?;
        let policies = [("baseline", &experiment.baseline), ("reference", &experiment.reference)];
        for (key, policy) in policies.into_iter().chain(experiment.space_source.iter().map(|file| ("space", file))) {
            if is_file(policy) {
                texts.read(policy, Some((&text, key)), MAX_TEXT_BYTES)?;
            }
        }
        let population = match &experiment.population {
            Some(path) => {
                let population = texts.read(path, Some((&text, "population")), MAX_TEXT_BYTES)?;
                Some(problem.population(&population, &directory.join(path))?.into())
            }
            None => None,
        };
        let name =
            directory.file_name().map_or_else(|| "experiment".into(), |name| name.to_string_lossy().into_owned());
        let inputs = texts.taken;
        Ok(LoadedExperiment { name, directory, experiment, problem, scenarios, population, inputs })
    }
}

/// `campaign.toml` while the files that it names are read.
struct CampaignFile<'a> {
    text: &'a str,
    file: &'a Path,
    experiment: &'a Experiment,
    problem: &'a dyn Problem,
}

impl CampaignFile<'_> {
    fn wrong(&self, key: &str, problem: String) -> FileError {
        FileError::at_key(self.file, self.text, key, problem)
    }

    fn scenarios(&self, texts: &mut Texts<'_>) -> Result<Arc<[Scenario]>, FileError> {
        let mut scenarios: Vec<Scenario> = Vec::new();
        let mut panels = Panels::of(self.experiment, self.problem.most_drawn());
        for (at, path) in self.experiment.scenarios.iter().enumerate() {
            let key = format!("scenarios.{at}");
            let workload = self.workload(texts, (path, &key), &mut panels)?;
            if self.experiment.population.is_some() && DRAWN.iter().any(|role| workload.name().starts_with(role)) {
                let problem = format!("`{}` is how workloads of the population are called", workload.name());
                return Err(self.wrong(&key, problem));
            }
            if scenarios.iter().any(|other| other.workload.name() == workload.name()) {
                let problem = format!("two scenarios are called `{}`", workload.name());
                return Err(self.wrong(&key, problem));
            }
            let alike = scenarios.iter().filter(|other| other.workload.key() == workload.key()).count();
            scenarios.push(Scenario { key: format!("{} {alike}", workload.key()), workload });
        }
        Ok(scenarios.into())
    }

    /// Reads the scenario at a path, which `campaign.toml` names under a key.
    fn workload(
        &self,
        texts: &mut Texts<'_>,
        (path, key): (&str, &str),
        panels: &mut Panels,
    ) -> Result<Box<dyn Workload>, FileError> {
        let own = texts.read(path, Some((self.text, key)), MAX_TEXT_BYTES)?;
        let file = texts.directory.join(path);
        let mut room = |questions: u64, key: &str| {
            panels.add(questions).map_err(|(alone, problem)| match alone {
                true => FileError::at_key(&file, &own, key, problem),
                false => self.wrong(panels.key(), problem),
            })
        };
        let mut beside = |name: &str| texts.read(&beside(path, name), None, MAX_TRACE_BYTES);
        let source = Source { text: &own, file: &file, beside: &mut beside, room: &mut room };
        let workload = self.problem.workload(source)?;
        if !text::is_name(workload.name(), NAME) {
            let problem = format!("must have 1 to {NAME} characters that can be seen, in one line");
            return Err(FileError::at_key(&file, &own, "name", problem));
        }
        Ok(workload)
    }
}

/// Whether a policy is named as a file of candidate source, rather than as a built-in one.
pub fn is_file(policy: &str) -> bool {
    policy.ends_with(".rs")
}

fn beside(scenario: &str, name: &str) -> String {
    match scenario.rsplit_once('/') {
        Some((directory, _)) => format!("{directory}/{name}"),
        None => name.to_owned(),
    }
}
