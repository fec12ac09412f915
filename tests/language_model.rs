//! Campaigns with language-model agents, over real HTTP against scripted servers.

pub(crate) mod brain;
mod budgets;
mod explored;
mod recorded;
mod teams;
mod tuned;

use crate::environment::{Environment, fixture_path};
use crate::scripted_server::{Answer, KEY, Received, Server};

const BUNDLE: &str = include_str!("fixtures/replies/bundle.txt");

/// The tiny experiment with its scenarios the other way round.
pub(crate) fn copy_tiny(environment: &Environment) {
    environment.copy("experiments/tiny");
    // One workload in three says where a scale lies: the first one, so it has to be one that a scale matters in.
    let campaign = environment.read("tiny/campaign.toml");
    let [calm, busy] = ["\"scenarios/calm.toml\"", "\"scenarios/busy.toml\""];
    let campaign = campaign.replace(&format!("{calm}, {busy}"), &format!("{busy}, {calm}"));
    environment.write("tiny/campaign.toml", &campaign);
}

/// The tiny experiment, and a server that needs no configuration.
fn with_model(server: &Server) -> Environment {
    let mut environment = Environment::new();
    copy_tiny(&environment);
    environment.set("OPENAI_BASE_URL", &server.base_url());
    environment.set("OPENAI_API_KEY", KEY);
    environment
}

const RUN: [&str; 8] = ["run", "tiny", "--agents", "openai", "--model", "scripted-1", "--iterations", "1"];

#[test]
fn one_iteration_is_planned_written_and_learned_from_by_a_model() {
    let server = brain::server();
    let environment = with_model(&server);
    environment.ok(&RUN);
    let shown = environment.json(&["show", "--format", "json"]);
    assert_eq!(shown["iterations"][0]["planner"], "scripted-1");
    assert_eq!(shown["iterations"][0]["arms"][0]["author"], "scripted-1");
    assert_eq!(shown["agents"], "openai:scripted-1");
    let hypothesis = shown["iterations"][0]["arms"][0]["hypothesis"].as_str().unwrap_or_default();
    assert!(hypothesis.contains("protects critical requests"), "the model's words are on the record: {shown:#}");
    let begins =
        server.requests().iter().map(|request| brain::part(request.message(0))[..12].to_owned()).collect::<Vec<_>>();
    assert_eq!(begins, ["You plan exp", "You write on"], "nobody reads what the last iteration teaches");
    let contract = server.requests().iter().filter(|r| r.message(0).contains("pub trait Admitter")).count();
    assert_eq!(contract, 2, "everybody is shown the contract");
}

#[test]
fn the_key_is_nowhere_on_the_disk_and_in_no_message() {
    let server = Server::scripted(vec![Answer::error(401, "who are you?")]);
    let environment = with_model(&server);
    let outcome = environment.run(&RUN);
    assert_eq!(outcome.code, 1);
    assert!(
        outcome.stderr.contains("OPENAI_API_KEY") && outcome.stderr.contains("elenchus resume"),
        "{}",
        outcome.stderr
    );
    environment.holds_nowhere(KEY);
    assert!(!outcome.stderr.contains(KEY) && !outcome.stdout.contains(KEY));
}

#[test]
fn a_candidate_that_acts_as_an_earlier_one_is_known_by_its_own_trials() {
    let source = std::fs::read_to_string(fixture_path("candidates/quintic.rs")).unwrap();
    let code = format!("```rust\n{}\n```\n", source.replace("300.0", "250.0"));
    let same = code.replace("saturation.powi(5) * 250.0", "250.0 * saturation.powi(5)");
    assert_ne!(same, code);
    let second = BUNDLE.replace("\"parent\": \"reference\"", "\"parent\": \"baseline\"");
    let server = Server::scripted([BUNDLE, &code, &second, &same].map(Answer::text).into());
    let environment = with_model(&server);
    let file = environment.read("tiny/campaign.toml");
    // So few evaluations leave none to simplify the champion with.
    environment.write("tiny/campaign.toml", &format!("{file}\n[agents]\nrepairs = 0\n[budget]\nevaluations = 3\n"));
    environment.ok(&["run", "tiny", "--planner", "m", "--executor", "m", "--iterations", "2"]);
    let lineage = environment.json(&["show", "--format", "json"])["lineage"].clone();
    assert_eq!(lineage.as_array().map(Vec::len), Some(2));
    assert_eq!(lineage[1]["acts_like"], lineage[0]["candidate"]);
    assert_eq!(lineage[1]["saving"], lineage[0]["saving"]);
    assert!(environment.ok(&["report", "--full"]).contains("acts exactly like"));
}

#[test]
fn without_a_key_or_a_model_nothing_is_begun() {
    let environment = Environment::new();
    environment.copy("experiments/tiny");
    let message = environment.fails(2, &RUN);
    assert!(message.contains("OPENAI_API_KEY"), "{message}");
    for (arguments, expected) in [
        (&["run", "tiny", "--agents", "openai"][..], "--model"),
        (&["run", "tiny", "--model", "m"], "--agents openai"),
        (&["run", "tiny", "--planner", "a=b"], "cannot be the name of a model"),
        (&["run", "tiny", "--planner", "a,b"], "a role has one"),
        (
            &["run", "tiny", "--agents", "openai", "--model", "a", "--model", "b"],
            "to compare models, run a campaign with each",
        ),
        (&["run", "tiny", "--executor", "m", "--executor-command", "x"], "cannot be used with"),
        (&["run", "tiny", "--executor-command", "'x"], "open quote"),
        (&["run", "tiny", "--replay", "x", "--nonce", "2"], "cannot be used with"),
        (&["run", "tiny", "--replay", "none.jsonl"], "none.jsonl"),
        (&["run", "tiny", "--executor", "m", "--max-usd", "nan"], "--max-usd"),
    ] {
        let message = environment.fails(2, arguments);
        assert!(message.contains(expected), "{arguments:?}: {message}");
    }
    assert!(!environment.path(".elenchus").exists());
}

#[test]
fn every_prompt_can_be_seen_before_anything_is_asked_and_written_down_to_be_changed() {
    let server = brain::server();
    let environment = with_model(&server);
    for (role, expected) in [
        ("plan", "You plan experiments"),
        ("implement", "You write one admission policy"),
        ("repair", "You mend one admission policy"),
        ("extract", "You draw lessons"),
    ] {
        let shown = environment.ok(&["prompt", "show", role, "--experiment", "tiny"]);
        assert!(shown.contains(expected) && shown.contains("Which policy sheds least on a tiny cluster?"), "{shown}");
    }
    assert!(!environment.path(".elenchus").exists());
    assert_eq!(server.requests().len(), 0);

    environment.ok(&["prompt", "write", "mine"]);
    environment.fails(2, &["prompt", "write", "mine"]);
    let plan = environment.read("mine/plan.hbs");
    environment.write("mine/plan.hbs", &plan.replacen("You plan experiments.", "You plan, and mind the gap.", 1));
    environment.write("config.toml", "prompts = \"mine\"\n");
    let shown = environment.ok(&["prompt", "show", "plan", "--experiment", "tiny", "--config", "config.toml"]);
    assert!(shown.contains("You plan, and mind the gap."), "{shown}");
    let listed = environment.ok(&["prompt", "list", "--config", "config.toml"]);
    assert!(listed.contains("mine/plan.hbs"), "{listed}");
    assert!(environment.ok(&["prompt", "list"]).lines().all(|line| line.ends_with("shipped")));
}

#[test]
fn independent_drafts_see_nothing_of_each_other_and_are_sealed_like_any_campaign() {
    let server = brain::server();
    let environment = with_model(&server);
    environment.ok(&["run", "tiny", "--agents", "openai", "--model", "scripted-1", "--independent", "3"]);
    let requests = server.requests();
    let plans: Vec<&str> =
        requests.iter().map(|r| r.message(1)).filter(|user| user.contains("# Where the campaign stands")).collect();
    let [first, second, third] = plans.as_slice() else { panic!("three plans of {}", requests.len()) };
    for (number, plan) in [(2, second), (3, third)] {
        let alike = plan.replace(&format!("raft {number} of 3"), "raft 1 of 3");
        assert_eq!(alike.replace(&format!("for iteration {number}."), "for iteration 1."), **first);
    }
    assert_eq!(requests.len(), 6, "a plan and a source each; nobody draws lessons");
    let report = environment.json(&["report", "--format", "json"]);
    assert_eq!(report["lineage"].as_array().map(Vec::len), Some(3));
    assert!(report["sealed"].is_object() || report["sealed"].is_array(), "{:#}", report["sealed"]);
    environment.fails(2, &["run", "tiny", "--independent", "3"]);

    // A loop of the same agents is put beside them.
    assert_eq!(report["beside"], serde_json::json!([]));
    environment.ok(&["run", "tiny", "--agents", "openai", "--model", "scripted-1", "--iterations", "1"]);
    let beside = environment.json(&["report", "--format", "json"])["beside"].clone();
    let of = |key: &str| [0, 1].map(|at| beside[at][key].clone());
    assert_eq!((of("independent"), of("calls")[1].as_u64()), ([false.into(), true.into()], Some(6)), "{beside:#}");
    assert_eq!(beside[1]["candidates"][0], 3, "{beside:#}");
    let text = environment.ok(&["report", "--full"]);
    assert!(text.contains("Independent drafts of the same agents"), "{text}");
}

#[test]
fn what_is_shown_is_what_is_sent() {
    let server = brain::server();
    let environment = with_model(&server);
    environment.ok(&["run", "tiny", "--agents", "openai", "--model", "scripted-1", "--iterations", "2"]);
    // Of a campaign that has ended, what each role was sent last, for the main arm; nobody was asked what the last iteration teaches.
    let roles =
        [("plan", "You plan", ""), ("implement", "You write", "- Arm: `main`"), ("extract", "You draw lessons", "")];
    for (role, begins, holds) in roles {
        let shown = environment.json(&["prompt", "show", role, "--format", "json"]);
        let sent = server.requests();
        let corrects = |user: &str| user.contains("Your last reply cannot be used");
        let first = |request: &&Received| !corrects(request.message(1)) && request.message(1).contains(holds);
        let mut sent = sent.iter().filter(first).rev();
        let sent = sent.find(|request| brain::part(request.message(0)).starts_with(begins)).unwrap();
        assert_eq!([&shown["system"], &shown["user"]], [sent.message(0), sent.message(1)], "{role}");
        assert_eq!(shown["model"].as_str(), Some("scripted-1"));
        assert_eq!(shown["max_completion_tokens"], sent.body["max_completion_tokens"]);
    }
}
