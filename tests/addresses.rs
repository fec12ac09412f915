//! What a candidate can work out in its own process tells nothing: neither the place of its code or state, nor its draws.

use crate::environment::{Environment, fixture_path};

/// One run of this scenario of the tiny experiment, told request by request.
fn simulated(environment: &Environment, scenario: &str, source: &str, seed: &str) -> String {
    environment.write("candidate.rs", source);
    let scenario = fixture_path(&format!("experiments/tiny/scenarios/{scenario}.toml"));
    let scenario = scenario.to_str().unwrap();
    environment.ok(&["simulate", scenario, "--admitter", "candidate.rs", "--seed", seed, "--requests", "out.csv"]);
    environment.read("out.csv")
}

fn candidate(name: &str) -> String {
    std::fs::read_to_string(fixture_path(&format!("candidates/{name}.rs"))).unwrap()
}

#[test]
fn a_policy_whose_constant_is_the_place_of_its_code_acts_the_same_in_every_process_and_directory() {
    let source = candidate("told_by_code");
    let mut environment = Environment::new();
    let first = simulated(&environment, "busy", &source, "1");
    for cache in ["c".to_owned(), "a directory with a long name ".repeat(8)] {
        environment.set("XDG_CACHE_HOME", environment.path(&cache).to_str().unwrap());
        for _ in 0..2 {
            assert_eq!(simulated(&environment, "busy", &source, "1"), first, "{cache}");
        }
    }
    // The control: the constant matters, so another place would show.
    let with = |k: &str| simulated(&environment, "busy", &source.replace("200.0 + (place % 128) as f64 * 2.0", k), "1");
    assert_ne!(with("0.02"), with("20.0"));
}

#[test]
fn a_policy_that_asks_for_its_place_gets_one_answer_in_all_scenarios_and_seeds() {
    let source = candidate("told_by_place");
    let environment = Environment::new();
    let refuses = |scenario: &str, seed: &str| {
        simulated(&environment, scenario, &source, seed).lines().any(|line| line.split(',').nth(1) == Some("0"))
    };
    let first = refuses("calm", "1");
    assert_eq!([refuses("busy", "1"), refuses("busy", "7"), refuses("calm", "7")], [first; 3]);
}

#[test]
fn a_policy_that_inverts_its_draws_foretells_these_and_no_request() {
    let environment = Environment::new();
    environment.write("candidate.rs", &candidate("oracle"));
    let scenario = fixture_path("experiments/tiny/scenarios/calm.toml");
    for seed in ["42", "987654321987"] {
        let arguments = ["simulate", scenario.to_str().unwrap(), "--admitter", "candidate.rs", "--seed", seed];
        let said = environment.fails(1, &arguments);
        // The control: it does invert what it is given.
        assert!(said.contains("of 150 requests 0 were foretold exactly, of their draws 150"), "{said}");
    }
}

#[test]
fn a_policy_with_too_large_a_state_is_told_its_size() {
    let environment = Environment::new();
    let source = candidate("quintic");
    let large = source.replace("pub struct Policy", "pub struct Large([u8; 70_000]);\npub struct Policy");
    environment.write("candidate.rs", &large);
    let scenario = fixture_path("experiments/tiny/scenarios/calm.toml");
    let arguments = ["simulate", scenario.to_str().unwrap(), "--admitter", "candidate.rs"];
    environment.ok(&arguments);
    let policy = "use admitter::prelude::*;\npub struct Policy([u8; 70_000]);\nimpl Admitter for Policy {\n\
                  fn new(_: &[f64]) -> Self { Policy([0; 70_000]) }\n\
                  fn admit(&mut self, r: &Request, _: &Cluster, _: &mut Draw) -> Decision {\n\
                  self.0[r.prompt_tokens as usize] += 1; Decision::Admit }\n}\n";
    environment.write("candidate.rs", policy);
    let said = environment.fails(1, &arguments);
    assert!(said.contains("70000 bytes") && said.contains("65536"), "{said}");
}
