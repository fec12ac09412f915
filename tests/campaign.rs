//! Whole campaigns: the same seed gives the same digest, whatever is killed when.

use crate::candidates::busy_first;
use crate::environment::Environment;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

fn digest(environment: &Environment, state: &str) -> String {
    let shown = environment.json(&["show", "--format", "json", "--state-dir", state]);
    shown["digest"].as_str().expect("a digest").to_owned()
}

fn tiny() -> Environment {
    let environment = Environment::new();
    environment.copy("experiments/tiny");
    environment
}

#[test]
fn a_campaign_runs_to_its_end_and_can_be_read_in_every_form() {
    let environment = tiny();
    let output = environment.run(&["run", "tiny"]);
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert!(output.stderr.contains("change") && output.stderr.contains("]   3  "), "{}", output.stderr);

    let shown = environment.json(&["show", "--format", "json"]);
    assert_eq!(shown["iterations"].as_array().map(Vec::len), Some(3));
    assert!(shown["champion"]["source"].as_str().is_some_and(|source| source.contains("impl Admitter")));
    let listed = environment.json(&["list", "--format", "json"]);
    assert_eq!(listed.as_array().map(Vec::len), Some(1));
    assert!(environment.json(&["status", "--format", "json"]).is_object());
    assert!(environment.json(&["report", "--format", "json"]).is_object());
    assert!(environment.ok(&["champion"]).contains("impl Admitter for Policy"));
    assert!(environment.ok(&["status"]).contains("completed"));
    let report = environment.ok(&["report", "--full"]);
    assert!(report.contains("Refuse everything"), "{report}");
    let page = environment.ok(&["report"]);
    assert!(page.lines().count() <= 60 && report.starts_with(&page), "{page}");
    let outcome = if page.contains("DOES NOT BEAT") { "does not beat it" } else { "beats the reference" };
    assert_eq!(listed[0]["outcome"], outcome, "{page}");
    let id = shown["campaign"].as_str().or(shown["id"].as_str()).expect("an id");
    let kept = |ending: &str| environment.read(&format!(".elenchus/reports/{}.{ending}", &id[..8]));
    assert_eq!(environment.ok(&["report", "--format", "html"]), kept("html"));
    environment.ok(&["report", "--format", "markdown", "--out", &format!("{}.md", &id[..8])]);
    assert_eq!(environment.read(&format!("{}.md", &id[..8])), kept("md"));
    assert!(kept("md").contains("-lineage.svg)"));
    assert!(environment.read(&format!("{}-lineage.svg", &id[..8])).starts_with("<svg"));
    assert!(!environment.ok(&["report", "--format", "markdown"]).contains(".svg"), "nobody wrote it beside");
}

#[test]
fn the_researcher_begins_with_a_safe_check_and_what_it_writes_is_scored() {
    let environment = busy_first("");
    environment.ok(&["run", "tiny", "--iterations", "4"]);
    let shown = environment.json(&["show", "--format", "json"]);
    let iterations = shown["iterations"].as_array().expect("a list");
    let arms = iterations.iter().flat_map(|iteration| iteration["arms"].as_array().expect("a list"));
    for arm in arms.filter(|arm| !arm["outcome"].is_null()) {
        assert_eq!(arm["outcome"], "scored", "{arm:#}");
    }
    let report = environment.ok(&["report", "--format", "markdown"]);
    assert!(report.contains("Safe check"), "{report}");
}

#[test]
fn an_experiment_without_a_space_to_search_is_refused_before_anything_is_recorded() {
    let environment = tiny();
    let campaign = environment.read("tiny/campaign.toml");
    let without_source = campaign.replace("space = \"space.rs\"\n", "");
    let without_dimensions = &without_source[..without_source.find("[[dimension]]").expect("a dimension")];
    for (text, missing) in [(without_source.as_str(), "no `space` source"), (without_dimensions, "no [[dimension]]")] {
        environment.write("tiny/campaign.toml", text);
        let said = environment.fails(2, &["run", "tiny"]);
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(missing) && said.contains("--agents openai"), "{said}");
    }
    assert!(environment.ok(&["list"]).contains("elenchus run"), "no campaign was begun");
}

#[test]
fn the_same_seed_gives_the_same_digest_and_another_seed_another() {
    let environment = tiny();
    let run = ["run", "tiny", "--iterations", "2", "--state-dir"];
    let with = |more: &[&str]| environment.ok(&[&run[..], more].concat());
    let said = with(&["a"]);
    assert!(said.contains("elenchus --state-dir a verify"), "what is to be typed next finds the campaign: {said}");
    with(&["b"]);
    with(&["c", "--nonce", "2"]);
    assert_eq!(digest(&environment, "a"), digest(&environment, "b"));
    assert_ne!(digest(&environment, "a"), digest(&environment, "c"));
}

#[test]
fn a_campaign_that_is_killed_ten_times_ends_with_the_digest_of_an_undisturbed_one() {
    let environment = tiny();
    environment.ok(&["run", "tiny", "--state-dir", "whole"]);
    // Killed as soon as it has said this many lines: the moments spread over the campaign without a clock.
    for (attempt, lines) in [1, 2, 2, 3, 1, 2, 4, 2, 3, 2].into_iter().enumerate() {
        let arguments: &[&str] = if attempt == 0 { &["run", "tiny"] } else { &["resume"] };
        let mut child = environment.command(arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(child.stderr.take().unwrap()).lines().take(lines);
        assert!(said.count() > 0, "attempt {attempt} said nothing");
        child.kill().unwrap();
        child.wait().unwrap();
    }
    environment.ok(&["resume"]);
    assert_eq!(digest(&environment, ".elenchus"), digest(&environment, "whole"));
}

#[test]
fn a_campaign_goes_on_without_its_experiments_directory() {
    let environment = tiny();
    let mut child = environment.command(&["run", "tiny"]).stderr(Stdio::piped()).spawn().unwrap();
    BufReader::new(child.stderr.take().unwrap()).lines().nth(2);
    child.kill().unwrap();
    child.wait().unwrap();
    std::fs::remove_dir_all(environment.path("tiny")).unwrap();
    environment.ok(&["resume"]);
    environment.copy("experiments/tiny");
    environment.ok(&["run", "tiny", "--state-dir", "whole"]);
    assert_eq!(digest(&environment, ".elenchus"), digest(&environment, "whole"));
}

#[test]
fn an_ended_campaign_that_is_resumed_only_says_so_again() {
    let environment = Environment::ended(1);
    let before = digest(&environment, ".elenchus");
    environment.ok(&["resume"]);
    assert_eq!(digest(&environment, ".elenchus"), before);
}

#[test]
fn a_spent_budget_ends_the_campaign_with_its_own_code() {
    let environment = tiny();
    let file = environment.read("tiny/campaign.toml");
    environment.write("tiny/campaign.toml", &format!("{file}\n[budget]\nevaluations = 2\n"));
    let outcome = environment.run(&["run", "tiny"]);
    assert_eq!(outcome.code, 4, "{}", outcome.stderr);
    assert!(outcome.stdout.contains("evaluations (2)"), "{}", outcome.stdout);
    assert_eq!(environment.run(&["resume"]).code, 4);
}

#[test]
fn verdicts_stay_within_their_budget_and_a_claim_that_it_cuts_short_stays_open() {
    let environment = tiny();
    environment.write(
        "tiny/campaign.toml",
        &format!("{}\n[budget]\nverdict_trials = 400\n", environment.read("tiny/campaign.toml")),
    );
    environment.ok(&["run", "tiny", "--iterations", "4"]);
    let report = environment.json(&["report", "--format", "json"]);
    let trials = &report["trials"];
    assert_eq!(trials["verdict_budget"], 400);
    assert!(trials["verdict"].as_u64().is_some_and(|taken| taken > 0 && taken <= 400), "{trials}");
    let arms = report["iterations"].as_array().unwrap().iter().flat_map(|i| i["arms"].as_array().unwrap());
    let short: Vec<_> = arms
        .filter(|arm| arm["reason"].as_str().is_some_and(|reason| reason.contains("of the verdict trials")))
        .collect();
    assert!(!short.is_empty(), "{report:#}");
    assert!(short.iter().all(|arm| arm["verdict"] == "inconclusive"), "{short:#?}");
    let text = environment.ok(&["report", "--full"]).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains(&format!("{} of 400 on verdict seeds", trials["verdict"])), "{text}");
}

#[test]
fn every_candidate_is_a_commit_whose_parents_are_its_parents() {
    let environment = tiny();
    environment.ok(&["run", "tiny"]);
    let shown = environment.json(&["show", "--format", "json"]);
    let repository = environment.path(".elenchus/candidates.git");
    for candidate in shown["lineage"].as_array().expect("a lineage") {
        let id = candidate["candidate"].as_str().or(candidate["id"].as_str()).expect("an id");
        let found = std::fs::read_dir(repository.join("refs/candidates"))
            .unwrap()
            .any(|campaign| campaign.unwrap().path().join(id).is_file());
        assert!(found, "no commit for {id}");
    }
    // Thrown away and written again from the record, it is the same; iterations and the champion have names there.
    let campaign = shown["campaign"].as_str().expect("an id");
    let before = references(&repository);
    let named = |name: String| before.iter().any(|(known, _)| *known == name);
    let iterations = shown["iterations"].as_array().map_or(0, Vec::len);
    assert!(iterations > 1 && named(format!("iterations/{campaign}/{}", iterations + 1)), "{before:?}");
    assert!(
        named(format!("heads/{}", &campaign[..8])) && named(format!("tags/champion-{}", &campaign[..8])),
        "{before:?}"
    );
    std::fs::remove_dir_all(&repository).expect("a directory");
    environment.ok(&["resume", campaign]);
    assert_eq!(references(&repository), before);
}

/// Every reference of a git repository with what it points at.
fn references(repository: &std::path::Path) -> Vec<(String, String)> {
    let (refs, mut found) = (repository.join("refs"), Vec::new());
    let mut folders = vec![refs.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(&refs).expect("below it").display().to_string();
                found.push((name, std::fs::read_to_string(&path).expect("a reference")));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_champion_is_verified_on_sealed_seeds_from_the_database_alone() {
    let environment = tiny();
    environment.ok(&["run", "tiny", "--iterations", "4"]);
    std::fs::remove_dir_all(environment.path("tiny")).unwrap();
    let first = environment.run(&["verify", "--format", "json"]);
    let verified: serde_json::Value = serde_json::from_str(&first.stdout).expect("JSON");
    assert_eq!((&verified["look"], &verified["looks"]), (&1.into(), &1.into()));
    assert_eq!(
        verified["tests"].as_array().map(Vec::len),
        Some(4),
        "the saving, its guard, who is given up, and what must never be done"
    );
    let holds = verified["tests"].as_array().unwrap().iter().all(|test| test["holds"] == true);
    assert_eq!((verified["beats_reference"].as_bool(), first.code), (Some(holds), i32::from(!holds)));
    assert_eq!(environment.run(&["verify", "--format", "json"]).stdout, first.stdout, "it meets the same seeds again");
    assert!(environment.run(&["verify"]).stdout.contains("sealed seeds"));
}

#[test]
fn the_seal_stays_closed_until_the_champion_is_fixed() {
    let environment = tiny();
    let mut child = environment.command(&["run", "tiny"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let said = BufReader::new(child.stderr.take().unwrap()).lines().take(3);
    assert!(said.count() > 0);
    child.kill().unwrap();
    child.wait().unwrap();
    for command in ["verify", "compare"] {
        let message = environment.fails(2, &[command]);
        assert!(message.contains("has not ended"), "{message}");
    }
}
