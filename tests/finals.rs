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
    // Of those that are admissible there, whoever is surely worth most.
    let rank = |finalist: &&serde_json::Value| {
        let is = |key: &str| finalist[key].as_bool().expect("it is said");
        (is("admissible"), finalist["low"].as_f64().expect("it ran"))
    };
    let winner = finalists.iter().max_by(|a, b| rank(a).partial_cmp(&rank(b)).expect("numbers")).expect("somebody won");
    assert_eq!(report["champion"]["candidate"], winner["candidate"]);
    // Fourteen yardsticks and finalists on three seeds of two scenarios.
    assert_eq!(report["trials"]["finals"], 6 * (14 + finalists.len()));
    let text = environment.ok(&["report", "--full"]);
    assert!(text.contains("The finals") && text.contains("in the finals"), "{text}");
    let verified = environment.run(&["verify", "--format", "json"]);
    let verified: serde_json::Value = serde_json::from_str(&verified.stdout).expect("JSON");
    assert_eq!(verified["champion"], winner["candidate"]);
}

#[test]
fn more_than_eight_finalists_are_refused_where_they_are_asked_for() {
    let environment = with_finals();
    let campaign = environment.read("tiny/campaign.toml").replace("finalists = 3", "finalists = 9");
    environment.write("tiny/campaign.toml", &campaign);
    let said = environment.fails(2, &["run", "tiny"]);
    assert!(said.contains("campaign.toml:") && said.contains("finalists") && said.contains('8'), "{said}");
}
