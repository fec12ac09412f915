//! An arm that explores an idea on a panel large enough to tell what is hopeless after a third of it.

use super::brain;
use crate::environment::Environment;
use crate::scripted_server::{Answer, KEY, Received, Server};
use serde_json::{Value, json};

/// A limiter that sets these bands' ceilings to this.
fn policy((bands, ceiling): (&str, &str)) -> String {
    format!(
        "```rust
use limiter::prelude::*;
pub struct Policy;
impl Limiter for Policy {{
    fn new(_: &[f64]) -> Self {{ Policy }}
    fn limit(&mut self, _: &Reading, _: &[i32], ceilings: &mut [f64]) {{ ceilings[{bands}].fill({ceiling}); }}
}}
```
"
    )
}

/// Explores in the first iteration: lower bands wait from 0.97 on, and twice everybody waits, which helps nobody. The second
/// iteration is planned in vain.
fn answer(request: &Received) -> Answer {
    let part = brain::part(request.message(0));
    if part.starts_with("You draw lessons") {
        return Answer::text("```json\n{\"changes\": [], \"notes\": null}\n```");
    }
    if part.starts_with("You write") {
        return Answer::text(&[("1..", "0.97"), ("..", "0.2"), ("..", "0.3")].map(policy).concat());
    }
    if request.message(1).contains("Iteration 2 of 2") {
        return Answer::text("I have no idea.");
    }
    let main = json!({
        "name": "main", "kind": "main", "hypothesis": "h", "mechanism": "m", "diagnostic": "d", "metric": "extra_improvement",
        "against": ["reference"], "scope": [], "relation": "at-least", "size": 0.02, "confidence": 0.3,
        "intent": "lower bands wait", "variants": ["all wait from 0.2 on", "all wait from 0.3 on"], "point": null,
    });
    let bundle = json!({"question": "q", "parent": "reference", "components": [], "arms": [main]});
    Answer::text(&format!("```json\n{bundle}\n```"))
}

fn explored() -> (Environment, Server) {
    let server = Server::start(answer);
    let mut environment = Environment::new();
    environment.ok(&["init", "flow", "--problem", "flow-control"]);
    environment.set("OPENAI_BASE_URL", &server.base_url());
    environment.set("OPENAI_API_KEY", KEY);
    let campaign = environment.read("flow/campaign.toml");
    assert!(campaign.contains("evaluations = 15"), "{campaign}");
    environment.write("flow/campaign.toml", &campaign.replace("evaluations = 15", "evaluations = 9"));
    (environment, server)
}

const RUN: [&str; 10] =
    ["run", "flow", "--agents", "openai", "--model", "scripted-1", "--iterations", "2", "--nonce", "5"];

fn digest(environment: &Environment) -> Value {
    environment.json(&["show", "--format", "json"])["digest"].clone()
}

#[test]
fn a_hopeless_variant_is_stopped_after_a_third_of_the_panel_and_everybody_is_told() {
    let (environment, server) = explored();
    environment.ok(&RUN);
    let report = environment.json(&["report", "--format", "json"]);
    let arm = &report["iterations"][0]["arms"][0];
    let stopped = arm["stopped"].as_array().unwrap();
    assert_eq!(stopped.len(), 2, "{arm:#}");
    assert_eq!((&stopped[0]["workloads"], &stopped[0]["of"]), (&json!(23), &json!(67)), "{stopped:#?}");
    assert_eq!(stopped[0]["rival"], arm["candidate"], "the first is what they lie behind");
    let outcomes: Vec<&Value> = report["lineage"].as_array().unwrap().iter().map(|own| &own["outcome"]).collect();
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == "stopped").count(), 2, "{outcomes:?}");
    let text = environment.ok(&["report", "--format", "markdown"]);
    assert!(text.contains("2 of them stopped after 23 of 67 workloads"), "{text}");
    environment.ok(&["doctor", "--state"]);

    let told = server.requests().into_iter().find(|request| request.message(1).contains("Iteration 2 of 2")).unwrap();
    let told = told.message(1);
    assert!(told.contains("stopped after 23 of 67 workloads, ") && told.contains("`, variant 1 ("), "{told}");
    assert!(told.contains("- evaluations: 7 of 9 left"), "one and a third are charged as two: {told}");

    // What was stopped follows from the record: the same again, with nobody to ask.
    environment.ok(&["cassette", "--output", "tape.jsonl"]);
    let before = digest(&environment);
    environment.ok(&["--state-dir", "again", "run", "flow", "--replay", "tape.jsonl"]);
    assert_eq!(environment.json(&["--state-dir", "again", "show", "--format", "json"])["digest"], before);
}
