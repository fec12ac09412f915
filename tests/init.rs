//! `elenchus init`: the experiment that a user begins with.

use crate::environment::Environment;

#[test]
fn the_experiment_that_init_writes_runs_and_judges_its_champion_and_scores_the_starter() {
    let environment = Environment::new();
    let said = environment.ok(&["init", "first"]);
    assert!(said.contains("elenchus run first"), "{said}");
    environment.ok(&["run", "first", "--iterations", "3"]);
    let report = environment.json(&["report", "--format", "json"]);
    assert_eq!(report["ended"], "completed");
    let text = environment.ok(&["report"]);
    assert!(text.contains("On 216 sealed workloads"), "{text}");
    environment.ok(&["new", "mine.rs"]);
    let score = environment.json(&["evaluate", "mine.rs", "--experiment", "first", "--seeds", "2", "--format", "json"]);
    assert_eq!(score["outcome"], "scored", "{score}");
}

#[test]
fn init_writes_into_an_empty_directory_and_leaves_any_other_place_alone() {
    let environment = Environment::new();
    std::fs::create_dir(environment.path("empty")).expect("a directory");
    environment.ok(&["init", "empty"]);
    environment.write("empty/campaign.toml", "mine");
    let said = environment.fails(2, &["init", "empty"]);
    assert!(said.contains("empty is not empty"), "{said}");
    assert_eq!(environment.read("empty/campaign.toml"), "mine");
    environment.write("hidden/.keep", "");
    environment.fails(2, &["init", "hidden"]);
    assert!(!environment.path("hidden/campaign.toml").exists());
    environment.write("file", "mine");
    environment.fails(2, &["init", "file"]);
    assert_eq!(environment.read("file"), "mine");
}

#[test]
fn init_knows_the_problems_by_name() {
    let said = Environment::new().fails(2, &["init", "first", "--problem", "weather"]);
    assert!(said.contains("no problem is called `weather`; there is `admission`, `flow-control`"), "{said}");
}
