//! `elenchus compare`: random search and tuning alone beside a campaign that has ended.

use crate::design_space::sandbox;
use crate::environment::{Environment, fixture_path};
use crate::seal::drawn;
use engine::panel::{Draws, Panel};
use engine::policy::Policy;
use engine::science::nonce::Nonce;
use engine::science::space::Point;
use engine::{LoadedExperiment, Points};
use serde_json::Value;

#[test]
fn a_campaign_that_has_ended_is_held_against_random_search_and_tuning_and_the_report_keeps_it() {
    let environment = drawn();
    // Each search may spend as much, five times over.
    let campaign = environment.read("tiny/campaign.toml");
    environment.write("tiny/campaign.toml", &format!("{campaign}\n[budget]\nevaluations = 3\nverdict_trials = 300\n"));
    environment.ok(&["run", "tiny", "--iterations", "2"]);
    let status = environment.json(&["status", "--format", "json"]);
    let digest = status["digest"].clone();
    assert_eq!(report(&environment)["comparison"], Value::Null, "nobody asked yet");
    let message = environment.fails(2, &["compare", "--pool", "1"]);
    assert!(message.contains("a pool of 1 points is less than one search"), "{message}");

    let compared = environment.json(&["compare", "--pool", "20", "--format", "json"]);
    let number = |value: &Value| value.as_u64().unwrap_or_else(|| panic!("{compared:#}"));
    assert_eq!((number(&compared["pool"]), number(&compared["random"]["searches"])), (20, 10_000));
    // Everything that the campaign ran, verdicts included: 70 trials are one evaluation (2 x 3 and 64 drawn workloads).
    let spent = &compared["spent"];
    assert_eq!(spent["evaluations"], status["evaluations"]);
    assert_eq!(number(&spent["audited"]) * 70, number(&status["trials"]["audit"]));
    assert_eq!(number(&spent["verdicts"]), number(&status["trials"]["verdict"]).div_ceil(70));
    assert_eq!(compared["champion"], status["champion"]["score"]["saving"]);
    assert_eq!(compared["tuned"].as_array().map(Vec::len), Some(5), "{compared:#}");
    ordered(&compared["random"]);
    let sealed = &compared["sealed"];
    assert_eq!(number(&sealed["random"]["searches"]), 200);
    ordered(&sealed["random"]);

    // A recorded comparison is shown and not made again, whatever pool is asked for.
    assert_eq!(environment.json(&["compare", "--format", "json"]), compared);
    let report = report(&environment);
    assert_eq!((&report["comparison"], &report["digest"]), (&compared, &digest));
    let text = environment.ok(&["report"]);
    assert!(text.contains("Random search and tuning alone"), "{text}");
    assert!(environment.ok(&["report", "--format", "markdown"]).contains("## Random search and tuning alone"));
    let text = environment.ok(&["compare"]).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("Of 20 points drawn from the declared space"), "{text}");

    // Another pool is another comparison, and the same one comes to the same.
    let smaller = environment.json(&["compare", "--pool", "18", "--again", "--format", "json"]);
    assert_eq!(smaller["pool"], 18);
    assert_eq!(environment.json(&["report", "--format", "json"])["comparison"], smaller);
    assert_eq!(environment.json(&["compare", "--pool", "20", "--again", "--format", "json"]), compared);
}

/// What quantiles are of: nothing is less than everything.
fn ordered(spread: &Value) {
    let quantiles = ["low", "median", "high"].map(|name| spread[name].as_f64().unwrap_or(f64::NEG_INFINITY));
    assert!(quantiles.is_sorted(), "{spread:#}");
    let [nothing, searches] = ["nothing", "searches"].map(|name| spread[name].as_u64().expect("a count"));
    // `high` is the 95 % quantile: nothing, where at least that many found nothing.
    assert_eq!(nothing >= searches - searches / 20, spread["high"].is_null(), "{spread:#}");
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
