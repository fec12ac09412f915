//! One campaign of ten iterations: undisturbed, stopped and killed, replayed.

use super::brain::{self, Paid};
use super::{copy_tiny, with_model};
use crate::environment::{Environment, root};
use crate::scripted_server::{KEY, Received};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::OnceLock;

const TEN: [&str; 10] =
    ["run", "tiny", "--agents", "openai", "--model", "scripted-1", "--iterations", "10", "--nonce", "4"];

/// What an undisturbed campaign left behind.
struct Recorded {
    digest: String,
    cassette: String,
    report: Value,
    requests: Vec<Received>,
}

/// The undisturbed campaign, run once for all tests; it watches the key on its way.
fn recorded() -> &'static Recorded {
    static RECORDED: OnceLock<Recorded> = OnceLock::new();
    RECORDED.get_or_init(|| {
        let server = brain::server();
        let mut environment = with_model(&server);
        environment.set("ELENCHUS_LOG", "trace");
        let outcome = environment.run(&TEN);
        assert_eq!(outcome.code, 0, "{}", tail(&outcome.stderr));
        let written = environment.ok(&["cassette", "--output", "tape.jsonl"]);
        assert!(written.contains("calls of language models"), "{written}");
        environment.ok(&["report", "--format", "markdown", "--out", "report.md"]);
        assert!(outcome.stderr.contains("TRACE"), "the log was on");
        assert!(!outcome.stderr.contains(KEY) && !outcome.stdout.contains(KEY), "the key was printed");
        environment.holds_nowhere(KEY);
        Recorded {
            digest: digest(&environment),
            cassette: environment.read("tape.jsonl"),
            report: environment.json(&["report", "--format", "json"]),
            requests: server.requests(),
        }
    })
}

fn digest(environment: &Environment) -> String {
    environment.json(&["show", "--format", "json"])["digest"].as_str().expect("a digest").to_owned()
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(8)..].join("\n")
}

#[test]
fn a_campaign_of_ten_iterations_meets_every_turn_that_a_model_can_take() {
    let Recorded { report, requests, .. } = recorded();
    assert_eq!(report["ended"], "completed");
    let iterations = report["iterations"].as_array().unwrap();
    assert_eq!(iterations.len(), 10);
    let arm = |iteration: usize, arm: usize| &iterations[iteration - 1]["arms"][arm];
    assert_eq!(iterations[1]["arms"].as_array().map(Vec::len), Some(3), "several arms");
    assert_eq!(arm(2, 2)["skipped"], Value::Null, "all of which were tried");
    assert_eq!((&arm(3, 0)["repairs"], &arm(3, 0)["outcome"]), (&json!(1), &json!("scored")), "mended");
    assert_eq!(arm(4, 0)["verdict"], "refuted");
    assert_eq!(arm(5, 0)["repairs"], 1, "what acts like another goes back");
    let variants = arm(7, 0)["variants"].as_array().unwrap();
    assert!(
        variants.len() == 3 && variants.contains(&arm(7, 0)["candidate"]),
        "the best of three: {:#}",
        iterations[6]
    );
    let principles = report["principles"]["active"].as_array().unwrap();
    let constraints = principles.iter().filter(|principle| !principle["constraint"].is_null()).count();
    assert_eq!(constraints, 1, "{:#}", iterations[3]);
    assert!(report["notes"].as_str().is_some_and(|notes| notes.contains("iteration 9")));
    assert!(report["volume"].as_f64().is_some_and(|left| left < 1.0), "the constraint narrows the space");

    let spend = &report["spend"];
    assert_eq!(spend["calls"], requests.len(), "every reply is counted, and none twice");
    assert_eq!(spend["unpriced"], json!(["scripted-1"]));
    let roles: Vec<&str> = spend["by"].as_array().unwrap().iter().filter_map(|row| row["role"].as_str()).collect();
    assert_eq!(roles, ["plan", "implement", "repair", "extract"]);
    let plans = &spend["by"][0];
    assert_eq!(plans["calls"], 13, "one bundle had to be corrected, and one came after questions, twice");
    let answered = requests.iter().map(|request| request.message(1)).find(|user| user.contains("\n# What you asked\n"));
    let answered = answered.expect("questions were answered").split("\n# What you asked\n").nth(1).unwrap();
    for words in ["| feature | low: saving", "| prompt | requests | mean | middle half |", "You have 2 questions left"]
    {
        assert!(answered.contains(words), "{words}: {answered}");
    }
    let asked = iterations[5]["asked"].as_array().unwrap();
    assert_eq!(asked.len(), 1, "what was measured for the planner is on record: {:#}", iterations[5]);
    assert_eq!((&asked[0]["outcome"], &asked[0]["find"]), (&json!("scored"), &json!("saturation(5.0, 0.8)")));
    let ran = requests.iter().map(|request| request.message(1)).find(|user| user.contains("## `ablation` of `"));
    let ran = ran.expect("what had to run was answered").split("\n# What you asked\n").nth(2).unwrap();
    for words in [
        "Workload `busy` of the search panel under candidate ",
        "| time since the measured window began, s | ",
        " so changed: saving ",
        "It took an evaluation.",
    ] {
        assert!(ran.contains(words), "{words}: {ran}");
    }
    let bytes: u64 = requests.iter().map(|request| (request.message(0).len() + request.message(1).len()) as u64).sum();
    let prompt = spend["tokens"]["prompt"].as_u64().unwrap();
    assert!(
        (bytes / 4..bytes / 4 + 2 * requests.len() as u64).contains(&prompt),
        "four bytes a token: {prompt}, {bytes}"
    );
}

#[test]
fn a_prompt_does_not_grow_with_the_campaign() {
    let plans: Vec<usize> = recorded()
        .requests
        .iter()
        .filter(|request| brain::part(request.message(0)).starts_with("You plan"))
        .map(|request| request.message(0).len() + request.message(1).len())
        .collect();
    let (fifth, last) = (plans[5], plans[plans.len() - 1]);
    assert!(last < fifth + fifth / 2, "{plans:?}");
}

#[test]
fn a_campaign_that_is_stopped_at_several_requests_pays_for_none_twice() {
    let (paid, whole) = (Paid::default(), recorded());
    let server = paid.server(&[0, 2, 9, 16, 23, 30]);
    let environment = with_model(&server);
    let mut command: &[&str] = &TEN;
    let mut stops = 0;
    loop {
        let outcome = environment.run(command);
        if outcome.code == 0 {
            break;
        }
        assert_eq!(outcome.code, 1, "{}", tail(&outcome.stderr));
        assert!(outcome.stderr.contains("no more today"), "{}", tail(&outcome.stderr));
        (command, stops) = (&["resume"], stops + 1);
        assert!(stops <= 6, "it stops more often than it was made to");
    }
    assert_eq!(stops, 6);
    assert_eq!(digest(&environment), whole.digest);
    assert_eq!(paid.count(), (whole.requests.len(), 0));
}

#[test]
fn a_campaign_that_is_killed_pays_at_most_for_what_was_under_way() {
    let (paid, whole) = (Paid::default(), recorded());
    let server = paid.server(&[]);
    let environment = with_model(&server);
    let kills = [3, 4, 5];
    for (attempt, lines) in kills.into_iter().enumerate() {
        let arguments: &[&str] = if attempt == 0 { &TEN } else { &["resume"] };
        let mut child = environment.command(arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(child.stderr.take().unwrap()).lines().take(lines);
        assert!(said.count() > 0, "attempt {attempt} said nothing");
        child.kill().unwrap();
        child.wait().unwrap();
    }
    environment.ok(&["resume"]);
    assert_eq!(digest(&environment), whole.digest);
    let (replies, again) = paid.count();
    assert_eq!(replies - again, whole.requests.len());
    // Three arms at most are written side by side.
    assert!(again <= 3 * kills.len(), "{again} replies were paid for twice");
}

/// An environment with the tiny experiment and the cassette, where there is no server and no key.
fn offline() -> Environment {
    let environment = Environment::new();
    copy_tiny(&environment);
    environment.write("tape.jsonl", &recorded().cassette);
    environment
}

#[test]
fn a_cassette_gives_the_same_digest_with_no_server_and_no_key() {
    let environment = offline();
    let said = environment.ok(&["run", "tiny", "--replay", "tape.jsonl"]);
    assert!(said.contains("the digest is the recorded campaign's"), "{said}");
    assert_eq!(digest(&environment), recorded().digest);
    environment.holds_nowhere(KEY);
    environment.ok(&["cassette", "--output", "again.jsonl"]);
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(
        lines(&environment.read("again.jsonl")),
        lines(&recorded().cassette),
        "a replay holds what it was made from"
    );
}

#[test]
fn a_replay_that_is_killed_goes_on_from_its_record_alone() {
    let environment = offline();
    let run = ["run", "tiny", "--replay", "tape.jsonl"];
    let mut child = environment.command(&run).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    assert_eq!(BufReader::new(child.stderr.take().unwrap()).lines().take(5).count(), 5);
    child.kill().unwrap();
    child.wait().unwrap();
    std::fs::remove_file(environment.path("tape.jsonl")).unwrap();
    let said = environment.ok(&["resume"]);
    assert!(said.contains("the digest is the recorded campaign's"), "{said}");
}

#[test]
fn a_replay_with_another_prompt_says_where_it_differs() {
    let environment = offline();
    let plan = std::fs::read_to_string(root().join("prompts/plan.hbs")).unwrap();
    environment.write("mine/plan.hbs", &plan.replacen("You plan experiments.", "You plan experiments with care.", 1));
    environment.write("config.toml", "prompts = \"mine\"\n");
    let message = environment.fails(1, &["run", "tiny", "--replay", "tape.jsonl", "--config", "config.toml"]);
    assert!(message.contains("a replay asks nobody"), "{message}");
    assert!(message.contains("You plan experiments with care."), "{message}");
}

#[test]
fn a_cassette_fits_one_experiment_only_and_cannot_be_edited() {
    let environment = offline();
    let file = environment.read("tiny/campaign.toml");
    environment.write("tiny/campaign.toml", &file.replace("metric = \"regret\"", "metric = \"loss\""));
    let message = environment.fails(2, &["run", "tiny", "--replay", "tape.jsonl"]);
    assert!(message.contains("campaign.toml") && message.contains("not the same"), "{message}");
    environment.write("tiny/campaign.toml", &file);
    let cassette = recorded().cassette.replacen("You plan experiments", "You plan trips", 1);
    environment.write("tape.jsonl", &cassette);
    let message = environment.fails(2, &["run", "tiny", "--replay", "tape.jsonl"]);
    assert!(message.contains("it was edited"), "{message}");
    assert!(!environment.path(".elenchus").exists());
}
