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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::CAMPAIGN_FILE;
    use std::collections::BTreeMap;
    use std::path::Path;

    fn inputs() -> BTreeMap<String, String> {
        let study = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/experiments/tiny");
        LoadedExperiment::read(&study).unwrap().inputs
    }

    fn meaning(directory: &str, change: impl Fn(&mut BTreeMap<String, String>)) -> Hash {
        let mut inputs = inputs();
        change(&mut inputs);
        LoadedExperiment::from_texts(Path::new(directory), inputs).unwrap().meaning()
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
}
