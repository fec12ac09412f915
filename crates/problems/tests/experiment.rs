//! The study's experiment as it is read, and what of it makes up what is measured.

use engine::experiment::CAMPAIGN_FILE;
use engine::science::id::Hash;
use engine::{EngineError, LoadedExperiment};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn directory(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)
}

fn study() -> LoadedExperiment {
    LoadedExperiment::read(&directory("experiments/admission"), &problems::all()).unwrap()
}

fn study_with(change: impl Fn(&str) -> String, population: Option<&str>) -> Result<LoadedExperiment, EngineError> {
    let mut inputs = study().inputs;
    inputs.entry(CAMPAIGN_FILE.into()).and_modify(|text| *text = change(text));
    match population {
        Some(text) => inputs.insert("population.toml".into(), text.into()),
        None => inputs.remove("population.toml"),
    };
    LoadedExperiment::from_texts(Path::new("study"), inputs, &problems::all())
}

#[test]
fn every_experiment_that_is_shipped_can_be_read() {
    for name in ["admission", "admission-h100", "flow-control"] {
        let read = LoadedExperiment::read(&directory("experiments").join(name), &problems::all());
        read.unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn the_study_declares_a_population_and_can_do_without() {
    assert!(study().population.is_some() && study().inputs.contains_key("population.toml"));
    let without = |text: &str| text.replace("population = \"population.toml\"\n", "").replace("seeds = 1", "seeds = 3");
    assert!(study_with(without, None).unwrap().population.is_none());
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

#[test]
fn an_unknown_problem_metric_or_series_is_an_error_that_says_what_there_is() {
    for (from, to, expected) in [
        ("problem = \"admission\"", "problem = \"admision\"", "no problem is called `admision`; there is `admission`"),
        ("metric = \"regret\"", "metric = \"regrets\"", "`regrets` is nothing that can be bounded"),
        ("prompt = 1\n", "promt = 1\n", "`promt`: nothing of this name has a price; these have: prompt, output"),
        ("output = 4\n", "output = -4\n", "-4 is no price"),
        ("reference_scale = \"k\"\n", "", "name the parameter of the reference that scales"),
    ] {
        let error = study_with(|text| text.replace(from, to), Some(POPULATION)).unwrap_err().to_string();
        assert!(error.starts_with("study/campaign.toml:") && error.contains(expected), "{error}");
    }
}

const POPULATION: &str = include_str!("../../../experiments/admission/population.toml");

fn inputs() -> BTreeMap<String, String> {
    LoadedExperiment::read(&directory("tests/fixtures/experiments/tiny"), &problems::all()).unwrap().inputs
}

fn meaning(directory: &str, change: impl Fn(&mut BTreeMap<String, String>)) -> Hash {
    let mut inputs = inputs();
    change(&mut inputs);
    LoadedExperiment::from_texts(Path::new(directory), inputs, &problems::all()).unwrap().meaning()
}

fn replace(file: &'static str, from: &'static str, to: &'static str) -> impl Fn(&mut BTreeMap<String, String>) {
    move |inputs| {
        let text = inputs.get_mut(file).unwrap();
        assert!(text.contains(from), "{file}: {from}");
        *text = text.replace(from, to);
    }
}

#[test]
fn names_files_comments_order_question_and_budget_do_not_change_what_is_measured() {
    let own = meaning("tiny", |_| {});
    assert_eq!(own, meaning("elsewhere", |_| {}));
    let order = replace(
        CAMPAIGN_FILE,
        "[\"scenarios/calm.toml\", \"scenarios/busy.toml\"]",
        "[\"scenarios/busy.toml\", \"scenarios/calm.toml\"]",
    );
    assert_eq!(own, meaning("tiny", order));
    assert_eq!(own, meaning("tiny", replace(CAMPAIGN_FILE, "Which policy sheds least", "What is best")));
    assert_eq!(own, meaning("tiny", replace(CAMPAIGN_FILE, "iterations = 3", "iterations = 4 # more")));
    assert_eq!(own, meaning("tiny", replace(CAMPAIGN_FILE, "\"probabilistic\"", "\"probabilistic( k = 300.0 )\"")));
    assert_eq!(own, meaning("tiny", replace("scenarios/busy.toml", "name = \"busy\"", "name = \"rush\" # hour")));
    let moved = |inputs: &mut BTreeMap<String, String>| {
        let text = inputs.remove("scenarios/busy.toml").unwrap();
        inputs.insert("other.toml".into(), text);
        replace(CAMPAIGN_FILE, "scenarios/busy.toml", "other.toml")(inputs);
    };
    assert_eq!(own, meaning("tiny", moved));
}

#[test]
fn another_scenario_baseline_or_reference_is_another_measurement() {
    let own = meaning("tiny", |_| {});
    assert_ne!(own, meaning("tiny", replace("scenarios/busy.toml", "rate = 48.0", "rate = 48.5")));
    assert_ne!(own, meaning("tiny", replace(CAMPAIGN_FILE, "\"probabilistic\"", "\"probabilistic(k=301)\"")));
    assert_ne!(own, meaning("tiny", replace(CAMPAIGN_FILE, "\"gaie-legacy\"", "\"gaie-legacy(kv=0.7)\"")));
}
