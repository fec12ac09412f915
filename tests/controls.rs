//! `elenchus controls`: policies of a known kind, on variants of a population.

use crate::environment::{Environment, fixture_path, root};
use crate::seal::drawn;
use serde_json::Value;

/// A run on so few workloads that it takes seconds.
const FEW: [&str; 7] = ["controls", "--experiment", "tiny", "--workloads", "12", "--format", "json"];

/// The tiny experiment with these controls, out of those that are shipped, and one variant.
fn with(controls: &[&str]) -> Environment {
    let environment = drawn();
    for name in controls {
        let shipped = root().join(format!("experiments/admission/controls/{name}.rs"));
        environment
            .write(&format!("tiny/controls/{name}.rs"), &std::fs::read_to_string(shipped).expect("it is shipped"));
    }
    environment
        .write("tiny/variants/one_instance.toml", "# one instance\nstress = true\n\n[population]\ninstances = [1]\n");
    environment
}

fn tables(environment: &Environment, arguments: &[&str]) -> Value {
    let outcome = environment.run(&[&FEW[..], arguments].concat());
    assert!(outcome.code == 0 || outcome.code == 1, "{}", outcome.stderr);
    let tables: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    assert_eq!(outcome.code == 1, !tables["failures"].as_array().expect("failures").is_empty(), "{tables:#}");
    tables
}

fn names<'a>(all: &'a Value, key: &str) -> Vec<&'a str> {
    all.as_array().expect("a list").iter().filter_map(|one| one.pointer(key)?.as_str()).collect()
}

#[test]
fn every_policy_has_a_row_on_every_variant_and_the_same_nonce_the_same_table() {
    let environment = with(&["step", "coin"]);
    let file = fixture_path("candidates/quintic.rs");
    let arguments = [file.to_str().expect("a printable path"), "--nonce", "7"];
    let found = tables(&environment, &arguments);
    assert_eq!(names(&found["policies"], "/name"), ["probabilistic", "quintic", "step", "coin"], "{found:#}");
    assert_eq!(names(&found["variants"], "/variant/name"), ["population", "one_instance"]);
    for variant in found["variants"].as_array().expect("variants") {
        let rows = variant["rows"].as_array().expect("rows");
        assert!(rows.len() == 4 && rows.iter().all(|row| row["found"].is_object()), "{variant:#}");
        assert_eq!(names(&variant["differences"], "/control"), ["step"], "no gaming control is there to be beaten");
    }
    assert_ne!(found["variants"][0]["rows"], found["variants"][1]["rows"]);
    assert_eq!(tables(&environment, &arguments), found);
    let other = tables(&environment, &[arguments[0], "--nonce", "8"]);
    assert_ne!(other["variants"], found["variants"]);
}

#[test]
fn shares_are_of_a_yardstick_on_the_same_workloads_at_the_same_prices() {
    let environment = with(&["step", "coin"]);
    environment.write("tiny/variants/same.toml", "# the same\nyardstick = \"step\"\n");
    environment.write("tiny/variants/dear.toml", "# others\n[objective.prices]\noutput = 9\n");
    let found = tables(&environment, &[]);
    for variant in found["variants"].as_array().expect("variants") {
        let name = variant["variant"]["name"].as_str().expect("a name");
        let expected: &[&str] = if ["population", "same"].contains(&name) { &["step"] } else { &[] };
        assert_eq!(names(&variant["shares"], "/policy"), expected, "{name}: {variant:#}");
        for share in variant["shares"].as_array().expect("shares") {
            let own = &share["share"]["estimate"];
            assert!(own.is_null() || own.as_f64().is_some_and(|own| (own - 1.0).abs() < 1e-9), "{share:#}");
        }
    }
}

#[test]
fn a_campaign_on_a_variant_has_its_workloads_and_is_kept_with_its_texts() {
    let environment = with(&[]);
    environment.ok(&["run", "tiny", "--variant", "one_instance", "--iterations", "1"]);
    std::fs::remove_dir_all(environment.path("tiny")).expect("it was there");
    let report = environment.json(&["report", "--format", "json"]);
    assert_eq!(report["experiment"], "tiny on one_instance", "{report:#}");
    let verified = environment.run(&["verify", "--format", "json"]);
    let verified: Value = serde_json::from_str(&verified.stdout).expect("a look from the database alone");
    assert_eq!(verified["score"], report["sealed"]["score"]);
    let unknown = with(&[]).run(&["run", "tiny", "--variant", "nowhere", "--iterations", "1"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains("there are population, one_instance"), "{}", unknown.stderr);
}

#[test]
fn a_table_for_a_person_fits_in_120_columns_and_says_its_nonce() {
    let environment = with(&["step", "admit_everything"]);
    let outcome = environment.run(&["controls", "--experiment", "tiny", "--workloads", "12", "--nonce", "b"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let widest = outcome.stdout.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(120), "{widest:?}: {}", outcome.stdout);
    assert!(outcome.stdout.contains("0000000000000000000000000000000b (--nonce repeats it)"), "{}", outcome.stdout);
    assert!(outcome.stderr.contains("2 of 2: one_instance, 12 workloads"), "{}", outcome.stderr);
}

#[test]
fn a_control_that_refuses_everything_or_nothing_is_never_admissible() {
    let environment = with(&["admit_everything", "refuse_everything"]);
    for nonce in ["1", "2", "3"] {
        let found = tables(&environment, &["--nonce", nonce]);
        assert_eq!(found["failures"], Value::Array(vec![]), "nonce {nonce}: {found:#}");
        for variant in found["variants"].as_array().expect("variants") {
            for row in &variant["rows"].as_array().expect("rows")[1..] {
                let found = &row["found"];
                assert!(found.is_object() && found["worth"].is_null(), "nonce {nonce}: {row:#}");
            }
        }
    }
}

#[test]
fn a_hostile_control_is_contained_and_is_an_outcome_in_the_table() {
    let environment = with(&["step"]);
    for name in ["divides_by_zero", "file_read", "error_flood"] {
        let source = std::fs::read_to_string(fixture_path(&format!("candidates/hostile/{name}.rs"))).expect("a source");
        environment.write(&format!("tiny/controls/{name}.rs"), &format!("//! gaming: it is hostile\n{source}"));
    }
    let found = tables(&environment, &["--variant", "population"]);
    let policies = found["policies"].as_array().expect("policies");
    assert_eq!(names(&found["policies"], "/name")[2..], ["divides_by_zero", "error_flood", "file_read"]);
    for (policy, row) in policies.iter().zip(found["variants"][0]["rows"].as_array().expect("rows")).skip(2) {
        assert!(row["found"].is_null() && policy["outcome"] != "scored", "{policy:#} {row:#}");
        assert_eq!(row["outcome"], policy["outcome"]);
    }
    assert!(found["variants"][0]["rows"][1]["found"].is_object(), "those beside it ran");
}

#[test]
fn what_is_wrong_with_a_variant_names_file_line_and_key() {
    let environment = with(&["step"]);
    for (text, place, problem) in [
        ("# x\n[population]\nlode = [1, 2]\n", "bad.toml:3: population.lode:", "unknown field `lode`"),
        ("# x\nstres = true\n", "bad.toml:2: stres:", "unknown field `stres`"),
        ("# x\n[population]\nload = [0.4, 9.0]\n", "bad.toml:3: population.load:", "between"),
        ("# x\n[population.cluster]\nhardware = \"tpu\"\n", "bad.toml:3: population.cluster.hardware:", "tpu"),
        ("# x\nyardstick = \"nobody\"\n", "bad.toml:2: yardstick:", "no control is called `nobody`"),
        ("# x\n[objective.prices]\noutput = -1\n", "bad.toml:3: objective.prices.output:", "no price"),
        ("stress = true\n", "bad.toml:1:", "first line"),
    ] {
        environment.write("tiny/variants/bad.toml", text);
        let said = environment.fails(2, &FEW);
        assert!(said.contains(place) && said.contains(problem), "{text}: {said}");
    }
    std::fs::remove_file(environment.path("tiny/variants/bad.toml")).unwrap();
    let said = environment.fails(2, &[&FEW[..], &["--variant", "none"]].concat());
    assert!(said.contains("no variant is called `none`") && said.contains("population, one_instance"), "{said}");
    environment.write("tiny/controls/unsaid.rs", "use admitter::prelude::*;\n");
    let said = environment.fails(2, &FEW);
    assert!(said.contains("unsaid.rs:1:") && said.contains("`hand-written`"), "{said}");
}

#[test]
fn what_is_shipped_is_read_and_each_variant_draws() {
    let environment = Environment::new();
    let experiment = root().join("experiments/admission");
    let said = environment
        .fails(2, &["controls", "--experiment", experiment.to_str().expect("a printable path"), "--variant", "none"]);
    for name in ["true_lengths", "hints_reversed", "h100_measured", "prices_1_10", "stress_70b"] {
        assert!(said.contains(name), "{name}: {said}");
    }
}

#[test]
fn an_experiment_without_a_population_is_refused_with_what_is_missing() {
    let environment = Environment::new();
    environment.copy("experiments/tiny");
    let said = environment.fails(2, &FEW);
    assert!(said.contains("`population`"), "{said}");
}
