//! The finals: a champion chosen by seeds that nobody was chosen by.

use crate::environment::Environment;

fn with_finals() -> Environment {
    let environment = Environment::new();
    environment.copy("experiments/tiny");
    let campaign = environment.read("tiny/campaign.toml");
    environment.write("tiny/campaign.toml", &format!("{campaign}\n[budget]\nfinalists = 3\n"));
    environment
}

#[test]
fn whoever_wins_the_finals_is_champion_and_is_what_the_sealed_look_looks_at() {
    let environment = with_finals();
    environment.ok(&["run", "tiny"]);
    let report = environment.json(&["report", "--format", "json"]);
    let finalists = report["finals"]["finalists"].as_array().expect("finals were held");
    assert!((2..=3).contains(&finalists.len()), "{finalists:#?}");
    let chance = |finalist: &serde_json::Value, when: &str| finalist[when].as_f64().expect("it ran");
    assert!(finalists.is_sorted_by(|a, b| chance(a, "before") >= chance(b, "before")), "{finalists:#?}");
    let most = finalists.iter().map(|finalist| chance(finalist, "after")).fold(0.0, f64::max);
    let winner = finalists.iter().find(|finalist| chance(finalist, "after") == most).expect("somebody won");
    assert_eq!(report["champion"]["candidate"], winner["candidate"]);
    // Baseline, reference and finalists on three seeds of two scenarios.
    assert_eq!(report["trials"]["finals"], 6 * (2 + finalists.len()));
    let text = environment.ok(&["report"]);
    assert!(text.contains("Finals") && text.contains("in the finals"), "{text}");
    let verified = environment.run(&["verify", "--format", "json"]);
    let verified: serde_json::Value = serde_json::from_str(&verified.stdout).expect("JSON");
    assert_eq!(verified["champion"], winner["candidate"]);
}

#[test]
fn a_campaign_that_is_killed_in_its_finals_ends_with_the_digest_of_an_undisturbed_one() {
    let killed = with_finals();
    let landed = [&["run", "tiny"][..], &["resume"], &["resume"]].map(|run| killed.kill_while(run, "running"));
    assert!(landed.contains(&true), "they were always over before it was killed");
    killed.ok(&["resume"]);
    killed.ok(&["run", "tiny", "--state-dir", "whole"]);
    let report = |state: &str| killed.json(&["report", "--format", "json", "--state-dir", state]);
    let (killed, whole) = (report(".elenchus"), report("whole"));
    assert!(whole["finals"].is_object(), "{whole:#}");
    for part in ["digest", "champion", "finals", "trials"] {
        assert_eq!(killed[part], whole[part], "{part}");
    }
}

#[test]
fn more_than_three_finalists_are_refused_where_they_are_asked_for() {
    let environment = with_finals();
    let campaign = environment.read("tiny/campaign.toml").replace("finalists = 3", "finalists = 4");
    environment.write("tiny/campaign.toml", &campaign);
    let said = environment.fails(2, &["run", "tiny"]);
    assert!(said.contains("campaign.toml:") && said.contains("finalists") && said.contains('3'), "{said}");
}
