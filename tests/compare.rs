//! `elenchus compare`: searches of as many evaluations beside campaigns that have ended.

use crate::design_space::sandbox;
use crate::environment::{Environment, fixture_path};
use crate::seal::drawn;
use engine::panel::{Draws, Panel};
use engine::policy::Policy;
use engine::science::nonce::Nonce;
use engine::science::space::Point;
use engine::{LoadedExperiment, Points};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

#[test]
fn a_campaign_that_has_ended_is_held_against_searches_of_as_many_evaluations_and_the_report_keeps_it() {
    let environment = small();
    environment.ok(&RUN);
    let status = environment.json(&["status", "--format", "json"]);
    assert_eq!(report(&environment)["comparison"], Value::Null, "nobody asked yet");

    // What is broken off leaves nothing.
    let mut child =
        environment.command(&["compare"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut line = String::new();
    BufReader::new(child.stderr.take().expect("a pipe")).read_line(&mut line).expect("progress");
    child.kill().expect("a signal");
    child.wait().expect("its end");
    assert!(line.contains(" evaluations, about "), "{line}");
    assert_eq!(report(&environment)["comparison"], Value::Null, "{line}");

    let outcome = environment.run(&["compare", "--repeats", "2", "--format", "json"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    for said in ["random points, search 1: ", "TPE, search 2: ", "evaluations, about ", "finds under the seal"] {
        assert!(outcome.stderr.contains(said), "{said}: {}", outcome.stderr);
    }
    let compared: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    let own = &compared["campaigns"][0];
    assert_eq!(own["spent"]["evaluations"], status["evaluations"]);
    assert_eq!(own["found"]["sealed"], report(&environment)["sealed"]["worth"]["value"]);
    let methods: Vec<&str> =
        own["searches"].as_array().expect("searches").iter().filter_map(|search| search["method"].as_str()).collect();
    assert_eq!(methods, ["random", "random", "tuning", "tuning", "tpe", "tpe"]);
    let spent =
        ["evaluations", "audited"].map(|name| own["spent"][name].as_u64().expect("a count")).iter().sum::<u64>();
    for found in own["searches"].as_array().expect("searches").iter().map(|search| &search["found"]) {
        let steps = found["curve"].as_array().expect("a curve");
        assert!(steps.iter().all(|step| step["evaluation"].as_u64().is_some_and(|n| n <= spent)), "{found:#}");
        assert_eq!(found["search"].as_f64(), steps.last().and_then(|step| step["worth"].as_f64()), "{found:#}");
    }

    // What is recorded is shown and not made again, and the digest knows nothing of it.
    assert_eq!(environment.json(&["compare", "--format", "json"]), compared);
    let report = report(&environment);
    assert_eq!((&report["comparison"], &report["digest"]), (&compared, &status["digest"]));
    assert!(environment.ok(&["report", "--full"]).contains("Searches with as many evaluations"));
    let text = environment.ok(&["compare"]);
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");

    // The same once more, to the byte; fewer searches are the first of these.
    assert_eq!(environment.ok(&["compare", "--repeats", "2", "--again", "--format", "json"]), outcome.stdout);
    let fewer = environment.json(&["compare", "--repeats", "1", "--format", "json"]);
    let search = |compared: &Value, at: usize| compared["campaigns"][0]["searches"][at].clone();
    assert_eq!([0, 1, 2].map(|at| search(&fewer, at)), [0, 2, 4].map(|at| search(&compared, at)));
}

#[test]
fn several_campaigns_are_compared_together_and_one_that_has_not_ended_or_asks_something_else_is_refused() {
    let environment = small();
    let run = |nonce: &str, iterations: &str| {
        environment.ok(&["run", "tiny", "--iterations", iterations, "--nonce", nonce]);
        environment.json(&["status", "--format", "json"])["campaign"].as_str().expect("an id").to_owned()
    };
    let ids = ["1", "2", "3"].map(|nonce| run(nonce, "1"));
    let compared = environment.json(&["compare", "--all", "--repeats", "1", "--format", "json"]);
    let mut campaigns: Vec<&str> = compared["campaigns"]
        .as_array()
        .expect("campaigns")
        .iter()
        .filter_map(|own| own["campaign"].as_str())
        .collect();
    // The latest leads: it says which experiment is meant.
    campaigns.rotate_left(1);
    assert_eq!(campaigns, ids.each_ref().map(String::as_str));
    assert!(compared["summary"]["lines"][1]["ahead"]["interval"].is_array(), "{compared:#}");
    let [one, two] = [&ids[0], &ids[1]];
    assert_eq!(environment.json(&["compare", one, two, "--format", "json"])["summary"]["campaigns"], 2);

    // A guard that differs is another experiment.
    let campaign = environment.read("tiny/campaign.toml");
    let short = "\n[[objective.constraint]]\nmetric = \"description_length\"\nat_most = 1\n";
    environment.write("tiny/campaign.toml", &format!("{campaign}{short}"));
    let strict = run("4", "1");
    let message = environment.fails(2, &["compare", one, &strict]);
    assert!(message.contains("is no repetition of campaign"), "{message}");
    assert_eq!(environment.json(&["compare", one, "--all", "--format", "json"])["summary"]["campaigns"], 3);

    // One that found no champion is shown as such, and keeps the reference.
    let alone = environment.json(&["compare", "--repeats", "1", "--format", "json"]);
    assert_eq!(alone["campaigns"][0]["found"]["sealed"], Value::Null, "{alone:#}");
    assert_eq!(alone["summary"]["lines"][0]["sealed"]["mean"], 0.0);

    // One that was killed has not ended.
    environment.kill_while(&["run", "tiny", "--iterations", "9", "--nonce", "5"], "planning");
    let message = environment.fails(2, &["compare"]);
    assert!(message.contains("has not ended"), "{message}");
}

/// Runs of two iterations.
const RUN: [&str; 4] = ["run", "tiny", "--iterations", "2"];

/// A campaign of few evaluations beside which searches take seconds.
fn small() -> Environment {
    let environment = drawn();
    let campaign = environment.read("tiny/campaign.toml");
    environment.write("tiny/campaign.toml", &format!("{campaign}\n[budget]\nevaluations = 3\nverdict_trials = 300\n"));
    environment
}

fn report(environment: &Environment) -> Value {
    environment.json(&["report", "--format", "json"])
}

#[test]
fn points_that_share_a_session_have_the_trials_that_each_has_by_itself() {
    let cache = tempfile::tempdir().expect("a directory");
    let sandbox = sandbox(cache.path());
    let loaded = LoadedExperiment::read(&fixture_path("experiments/tiny"), &problems::all()).expect("the experiment");
    let points = Points::of(&loaded, &sandbox).expect("no error").expect("a space source");
    let panel = Panel::search(&loaded, Nonce::of(1), 2).expect("a panel");
    let space = loaded.experiment.space();
    let drawn: Vec<Point> = (0..3).map(|n| space.draw(11, n)).collect();
    let policies: Vec<Policy> = drawn.iter().map(|point| points.policy(point, None)).collect();
    let alone: Vec<_> = policies
        .iter()
        .map(|policy| panel.trials(policy, Draws::Shared, &sandbox).expect("no error").expect("it runs").results)
        .collect();
    assert!(alone[0] != alone[1] && alone[1] != alone[2], "the points differ");
    let parameters: Vec<Vec<f64>> = policies.iter().map(parameters).collect();
    let Policy::Candidate { artifact, .. } = &policies[0] else { panic!("a compiled source") };
    let together = panel.trials_side_by_side(artifact, &parameters, &sandbox).expect("no error").expect("they run");
    assert_eq!(together.results, alone.into_iter().map(Some).collect::<Vec<_>>());
}

fn parameters(policy: &Policy) -> Vec<f64> {
    match policy {
        Policy::Candidate { parameters, .. } => parameters.clone(),
        Policy::Builtin(_) => panic!("a point is a compiled source"),
    }
}
