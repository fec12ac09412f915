//! Flow control as a problem, from the command: an experiment that finds a limiter, and a limiter in a file.

use crate::environment::Environment;

#[test]
fn the_experiment_on_flow_control_that_init_writes_runs_and_judges_its_champion() {
    let environment = Environment::new();
    let said = environment.ok(&["init", "first", "--problem", "flow-control"]);
    assert!(said.contains("elenchus run first"), "{said}");
    environment.ok(&["run", "first", "--iterations", "2"]);
    let report = environment.json(&["report", "--format", "json"]);
    assert_eq!(report["ended"], "completed");
    let text = environment.ok(&["report", "--full"]).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("on 216 fresh workloads"), "{text}");
    for word in ["shed", "refus", "quintic", "admission"] {
        assert!(!text.contains(word), "{word}: {text}");
    }
    environment.ok(&["new", "mine.rs", "--problem", "flow-control"]);
    let score = environment.json(&["evaluate", "mine.rs", "--experiment", "first", "--format", "json"]);
    assert_eq!(score["outcome"], "scored", "{score}");
    // The starter is the reference.
    assert_eq!((&score["extra_improvement"], &score["regret"]), (&0.0.into(), &0.0.into()), "{score}");
    environment.write(
        "wrong.rs",
        "use limiter::prelude::*;\npub struct Policy;\nimpl Limiter for Policy {\n    fn new(_: &[f64]) -> Self { Policy }\n    \
         fn limit(&mut self, _: &Reading, _: &[i32], ceilings: &mut [f64]) { ceilings.fill(f64::NAN); }\n}\n",
    );
    let outcome = environment.run(&["evaluate", "wrong.rs", "--experiment", "first", "--format", "json"]);
    assert!(outcome.stdout.contains("\"outcome\": \"inconsistent\""), "{}", outcome.stdout);
}

#[test]
fn a_limiter_in_a_file_gives_the_requests_that_the_built_in_one_gives() {
    let environment = Environment::new();
    environment.ok(&["init", "first", "--problem", "flow-control"]);
    environment.ok(&["new", "mine.rs", "--problem", "flow-control"]);
    let simulate = |limiter: &str, out: &str| {
        environment.ok(&["simulate", "first/scenarios/cache.toml", "--limiter", limiter, "--requests", out]);
        environment.read(out)
    };
    let own = simulate("mine.rs", "mine.csv");
    assert_eq!(own, simulate("soft-reflective", "soft.csv"));
    assert_ne!(own, simulate("constant", "constant.csv"));
    let missing = environment.fails(2, &["simulate", "first/scenarios/cache.toml", "--limiter", "none.rs"]);
    assert!(missing.contains("cannot read none.rs"), "{missing}");
}
