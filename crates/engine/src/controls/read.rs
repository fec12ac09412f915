//! Controls and variants as files of an experiment: a new one is a new file, and its first line says what it is.

use crate::error::EngineError;
use crate::experiment::{CAMPAIGN_FILE, LoadedExperiment};
use crate::prepared::Prepared;
use files::{FileError, MAX_TEXT_BYTES, line_of, overlaid, parse_toml, read_inside};
use sandbox::Kit;
use schemars::JsonSchema;
use science::controls::{self as tables, Kind};
use science::text;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Where an experiment has its controls: files of candidate source.
pub const CONTROLS: &str = "controls";
/// Where it has its variants.
pub const VARIANTS: &str = "variants";
/// Files of one kind, at most.
const MOST: usize = 100;
/// Characters of what a file says of itself.
const WHAT: usize = 300;
/// Characters of a name: a table holds it.
const NAME: usize = 24;

/// A control, read.
#[derive(Debug)]
pub struct Control {
    /// Its name: that of its file.
    pub name: String,
    /// What it is for.
    pub kind: Kind,
    /// What it is, in its own words.
    pub what: String,
    /// Its source.
    pub candidate: Prepared,
}

/// A variant, read: the experiment with other workloads to draw, or other prices.
#[derive(Clone, Debug)]
pub struct Variant {
    /// What it is.
    pub about: tables::Variant,
    /// The experiment, with that instead of its own.
    pub loaded: LoadedExperiment,
}

/// A variant of an experiment's population: a file in `variants/` beside `campaign.toml`, whose first line is a comment that says what it
/// is. `elenchus controls` runs policies on it. A key that is not listed here is an error, which shows its line.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VariantFile {
    /// Whether the policy that is looked at must lose no more there than the bound on `loss` says, in no workload, against the
    /// baseline.
    #[serde(default)]
    pub stress: bool,
    /// The control, by the name of its file, that is a yardstick there: what others are worth on the same workloads, whatever they are
    /// told, is said as a share of it. Scales are then set on the variant itself, as nowhere else.
    #[serde(default)]
    pub yardstick: Option<String>,
    /// Keys of the population's file, with other values: tables are merged with those there, everything else is replaced.
    #[serde(default)]
    pub population: Map<String, Value>,
    /// What counts.
    #[serde(default)]
    pub objective: VariedObjective,
}

/// What counts on a variant.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VariedObjective {
    /// Prices instead of those of `campaign.toml`, as there.
    #[serde(default)]
    pub prices: BTreeMap<String, f64>,
}

/// Reads the controls of an experiment, by kind and name.
pub fn controls(directory: &Path, kit: &Kit) -> Result<Vec<Control>, EngineError> {
    let read = |file: File| {
        let wrong = |problem: String| FileError::at_line(&file.path, 1, problem);
        let kinds = Kind::ALL.map(|(name, _)| format!("`{name}`")).join(", ");
        let (kind, what) =
            file.what("//!").or_else(|| file.what("//")).and_then(|line| line.split_once(": ")).ok_or_else(|| {
                wrong(format!(
                    "the first line must say what it is for and what it is, as in `//! null: …`; kinds are {kinds}"
                ))
            })?;
        let kind = Kind::ALL
            .iter()
            .find(|(name, _)| *name == kind)
            .map(|(_, kind)| *kind)
            .ok_or_else(|| wrong(format!("`{}` is no kind of control; there are {kinds}", text::clip(kind, 40))))?;
        let what = text::clip(what, WHAT).to_string();
        Ok(Control { name: file.name, kind, what, candidate: Prepared::new(file.text, kit) })
    };
    let mut controls: Vec<Control> =
        files_of(directory, CONTROLS, "rs")?.into_iter().map(read).collect::<Result<_, FileError>>()?;
    controls.sort_by(|a, b| a.kind.cmp(&b.kind).then(a.name.cmp(&b.name)));
    Ok(controls)
}

/// Reads the variants of an experiment: the population as it is, and then by name.
pub fn variants(loaded: &LoadedExperiment, controls: &[Control]) -> Result<Vec<Variant>, EngineError> {
    let Some(name) = &loaded.experiment.population else {
        let problem = "declares no `population`, and controls are run on workloads drawn from one";
        return Err(EngineError::NotAnExperiment {
            directory: loaded.directory.clone(),
            problem: format!("it {problem}"),
        });
    };
    let about = tables::Variant {
        name: "population".into(),
        what: "the experiment's own population".into(),
        stress: false,
        yardstick: None,
    };
    let mut all = vec![Variant { about, loaded: loaded.clone() }];
    let own = loaded.inputs.get(name).map_or("", String::as_str);
    for file in files_of(&loaded.directory, VARIANTS, "toml")? {
        all.push(varied(loaded, (own, name), file, controls)?);
    }
    Ok(all)
}

fn varied(
    experiment: &LoadedExperiment,
    (population, population_file): (&str, &str),
    file: File,
    controls: &[Control],
) -> Result<Variant, FileError> {
    let what = file.what("#").ok_or_else(|| {
        FileError::at_line(&file.path, 1, "the first line must be a comment that says what the variant is")
    })?;
    let what = text::clip(what, WHAT).to_string();
    let VariantFile { stress, yardstick, population: over, objective } = parse_toml(&file.text, &file.path)?;
    let wrong = |key: &str, problem: String| FileError::at_key(&file.path, &file.text, key, problem);
    if let Some(named) = yardstick.as_ref().filter(|named| controls.iter().all(|control| control.name != **named)) {
        let problem =
            format!("no control is called `{}`: it is the name of a file in {CONTROLS}/", text::clip(named, 40));
        return Err(wrong("yardstick", problem));
    }
    let mut loaded = experiment.clone();
    if !over.is_empty() {
        let merged = overlaid(population, &experiment.directory.join(population_file), &over)?;
        let read = loaded.problem.population(&merged, &file.path).map_err(|error| {
            // Lines are those of the merged text, which nobody has seen.
            let key = error.key.map(|key| format!("population.{key}"));
            let line = key.as_ref().and_then(|key| line_of(&file.text, key));
            FileError { line, key, ..error }
        })?;
        loaded.population = Some(read.into());
        loaded.inputs.insert(population_file.to_owned(), merged);
    }
    if !objective.prices.is_empty() {
        // A campaign on the variant has to be read from its texts again.
        let prices = objective.prices.iter().map(|(name, price)| (name.clone(), Value::from(*price)));
        let prices = Map::from_iter([("prices".to_owned(), Value::Object(prices.collect()))]);
        let over = Map::from_iter([("objective".to_owned(), Value::Object(prices))]);
        let own = loaded.inputs.get(CAMPAIGN_FILE).map_or("", String::as_str);
        let merged = overlaid(own, &experiment.directory.join(CAMPAIGN_FILE), &over)?;
        loaded.inputs.insert(CAMPAIGN_FILE.to_owned(), merged);
    }
    loaded.name = format!("{} on {}", loaded.name, file.name);
    loaded.experiment.objective.prices.extend(objective.prices);
    let spec = loaded.problem.spec();
    loaded.experiment.check_against(spec).map_err(|(key, problem)| wrong(&key, problem))?;
    Ok(Variant { about: tables::Variant { name: file.name, what, stress, yardstick }, loaded })
}

/// A file with its name without the extension.
struct File {
    name: String,
    path: PathBuf,
    text: String,
}

impl File {
    /// What its first line says behind the sign of a comment.
    fn what(&self, comment: &str) -> Option<&str> {
        let line = self.text.lines().next()?.strip_prefix(comment)?.trim();
        (!line.is_empty()).then_some(line)
    }
}

/// The files of a folder of the experiment that end so, by name; none where there is no such folder.
fn files_of(directory: &Path, folder: &str, extension: &str) -> Result<Vec<File>, FileError> {
    let path = directory.join(folder);
    let wrong = |path: &Path, problem: String| FileError::new(path, problem);
    let entries = match std::fs::read_dir(&path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(wrong(&path, format!("cannot be read: {error}"))),
    };
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in entries {
        let own = entry.map_err(|error| wrong(&path, format!("cannot be read: {error}")))?.path();
        if own.extension().is_some_and(|own| own == extension) {
            paths.push(own);
        }
        if paths.len() > MOST {
            return Err(wrong(&path, format!("has more than {MOST} files that end in .{extension}")));
        }
    }
    paths.sort();
    let read = |path: PathBuf| {
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        if !text::is_name(&stem, NAME) {
            return Err(wrong(&path, format!("its name must have 1 to {NAME} characters that can be seen")));
        }
        let within = format!("{folder}/{stem}.{extension}");
        let text = read_inside(directory, &within, MAX_TEXT_BYTES)
            .map_err(|error| wrong(&path, format!("cannot be read: {error}")))?;
        Ok(File { name: stem, path, text })
    };
    paths.into_iter().map(read).collect()
}
