//! One campaign with language-model agents, over real HTTP against a scripted server.

use crate::environment::{Environment, fixture_path};
use crate::scripted_server::{Answer, KEY, Server};

const BUNDLE: &str = include_str!("fixtures/replies/bundle.txt");

fn with_model(server: &Server) -> Environment {
    let mut environment = Environment::new();
    environment.copy("experiments/tiny");
    environment.set("OPENAI_BASE_URL", &server.base_url());
    environment.set("OPENAI_API_KEY", KEY);
    environment
}

const RUN: [&str; 8] = ["run", "tiny", "--agents", "openai", "--model", "scripted-1", "--iterations", "1"];

fn code() -> String {
    let source = std::fs::read_to_string(fixture_path("candidates/quintic.rs")).unwrap();
    format!("Here is the policy.\n\n```rust\n{}\n```\n", source.replace("300.0", "250.0"))
}

#[test]
fn one_iteration_is_planned_and_written_by_a_model() {
    let server = Server::scripted(vec![Answer::text(BUNDLE), Answer::text(&code())]);
    let environment = with_model(&server);
    environment.ok(&RUN);
    let shown = environment.json(&["show", "--format", "json"]);
    let iteration = &shown["iterations"][0];
    assert_eq!(iteration["arms"][0]["arm"], "main");
    assert!(environment.ok(&["show"]).contains("A smaller factor sheds less"), "the model's words are on the record");
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert!(requests[0].message(0).contains("pub trait Admitter"), "the contract is shown to the planner");
    assert!(requests[1].message(0).contains("pub trait Admitter"), "and to the executor");
}

#[test]
fn a_campaign_that_is_killed_after_a_reply_does_not_pay_for_it_again() {
    let server =
        Server::scripted(vec![Answer::text(BUNDLE), Answer::error(400, "no more today"), Answer::text(&code())]);
    let environment = with_model(&server);
    let message = environment.fails(1, &RUN);
    assert!(message.contains("no more today") && message.contains("elenchus resume"), "{message}");
    environment.ok(&["resume"]);
    assert_eq!(server.requests().len(), 3, "the plan was asked for once");
}

#[test]
fn the_key_is_nowhere_on_the_disk_and_in_no_message() {
    let server = Server::scripted(vec![Answer::text(BUNDLE), Answer::error(401, "who are you?")]);
    let environment = with_model(&server);
    let outcome = environment.run(&RUN);
    assert_eq!(outcome.code, 1);
    assert!(!outcome.stderr.contains(KEY) && !outcome.stdout.contains(KEY));
    let mut folders = vec![environment.path("")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = std::fs::read(&path).unwrap();
                assert!(!bytes.windows(KEY.len()).any(|w| w == KEY.as_bytes()), "{}", path.display());
            }
        }
    }
}

#[test]
fn without_a_key_or_a_model_nothing_is_begun() {
    let environment = Environment::new();
    environment.copy("experiments/tiny");
    let message = environment.fails(2, &RUN);
    assert!(message.contains("OPENAI_API_KEY"), "{message}");
    let message = environment.fails(2, &["run", "tiny", "--agents", "openai"]);
    assert!(message.contains("--model"), "{message}");
    assert!(!environment.path(".elenchus").exists());
}

#[test]
fn a_candidate_that_acts_as_an_earlier_one_takes_over_its_score() {
    let second = BUNDLE.replace("\"parent\": \"reference\"", "\"parent\": \"baseline\"");
    let same = code().replace("saturation.powi(5) * 250.0", "250.0 * saturation.powi(5)");
    assert_ne!(same, code());
    let server =
        Server::scripted(vec![Answer::text(BUNDLE), Answer::text(&code()), Answer::text(&second), Answer::text(&same)]);
    let environment = with_model(&server);
    environment.ok(&["run", "tiny", "--agents", "openai", "--model", "scripted-1", "--iterations", "2"]);
    let lineage = environment.json(&["show", "--format", "json"])["lineage"].clone();
    assert_eq!(lineage.as_array().map(Vec::len), Some(2));
    assert_eq!(lineage[1]["acts_like"], lineage[0]["candidate"]);
    assert_eq!(lineage[1]["net_saving"], lineage[0]["net_saving"]);
    assert!(environment.ok(&["report"]).contains("acts exactly like"));
}
