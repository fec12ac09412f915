//! An arm that explores an idea on a panel large enough to tell what is hopeless after a third of it.

use super::brain;
use crate::environment::Environment;
use crate::scripted_server::{Answer, KEY, Received, Server};
use crate::seal;
use serde_json::{Value, json};

/// A policy whose pressure is this, with the scale that the product sets.
fn policy(pressure: &str) -> String {
    format!(
        "```rust
use admitter::prelude::*;
pub struct Policy {{ scale: f64 }}
impl Admitter for Policy {{
    const TUNABLES: &'static [Tunable] = &[Tunable {{ name: \"scale\", default: 1.0, low: 0.0001, high: 10000.0 }}];
    fn new(parameters: &[f64]) -> Self {{ Policy {{ scale: parameters[0] }} }}
    fn admit(&mut self, request: &Request, cluster: &Cluster, draw: &mut Draw) -> Decision {{
        if request.priority >= 0 {{ return Decision::Admit; }}
        let saturation = cluster.saturation(5.0, 0.8);
        Decision::reject_if(draw.uniform() < self.scale * {pressure})
    }}
}}
```
"
    )
}

/// Explores in the first iteration: by saturation, and twice with a part at random that is paid for everywhere. The second iteration is planned in vain.
fn answer(request: &Received) -> Answer {
    let part = brain::part(request.message(0));
    if part.starts_with("You draw lessons") {
        return Answer::text("```json\n{\"changes\": [], \"notes\": null}\n```");
    }
    if part.starts_with("You write") {
        return Answer::text(
            &["300.0 * saturation.powi(4)", "(300.0 * saturation.powi(4) + 0.3)", "(300.0 * saturation.powi(4) + 1.0)"]
                .map(policy)
                .concat(),
        );
    }
    if request.message(1).contains("Iteration 2 of 2") {
        return Answer::text("I have no idea.");
    }
    let main = json!({
        "name": "main", "kind": "main", "hypothesis": "h", "mechanism": "m", "diagnostic": "d", "metric": "saving",
        "against": ["reference"], "scope": [], "relation": "at-least", "size": 0.02, "confidence": 0.3,
        "intent": "by saturation", "variants": ["and at random", "and at random, more often"], "point": null,
    });
    let bundle = json!({"question": "q", "parent": "reference", "components": [], "arms": [main]});
    Answer::text(&format!("```json\n{bundle}\n```"))
}

fn explored() -> (Environment, Server) {
    let server = Server::start(answer);
    let mut environment = seal::drawn();
    environment.set("OPENAI_BASE_URL", &server.base_url());
    environment.set("OPENAI_API_KEY", KEY);
    let campaign = environment.read("tiny/campaign.toml");
    environment.write("tiny/campaign.toml", &format!("{campaign}\n[budget]\nevaluations = 9\n"));
    (environment, server)
}

const RUN: [&str; 10] =
    ["run", "tiny", "--agents", "openai", "--model", "scripted-1", "--iterations", "2", "--nonce", "5"];

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
    assert_eq!((&stopped[0]["workloads"], &stopped[0]["of"]), (&json!(22), &json!(66)), "{stopped:#?}");
    assert_eq!(stopped[0]["rival"], arm["candidate"], "the first is what they lie behind");
    let outcomes: Vec<&Value> = report["lineage"].as_array().unwrap().iter().map(|own| &own["outcome"]).collect();
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == "stopped").count(), 2, "{outcomes:?}");
    let text = environment.ok(&["report", "--full"]);
    assert!(text.contains("2 of them stopped after 22 of 66 workloads"), "{text}");
    environment.ok(&["doctor", "--state"]);

    let told = server.requests().into_iter().find(|request| request.message(1).contains("Iteration 2 of 2")).unwrap();
    let told = told.message(1);
    assert!(told.contains("stopped after 22 of 66 workloads, ") && told.contains("Its variants, in order: "), "{told}");
    assert!(told.contains("- evaluations: 7 of 9 left"), "one and a third are charged as two: {told}");

    // What was stopped follows from the record: the same again, with nobody to ask.
    environment.ok(&["cassette", "--output", "tape.jsonl"]);
    let before = digest(&environment);
    environment.ok(&["--state-dir", "again", "run", "tiny", "--replay", "tape.jsonl"]);
    assert_eq!(environment.json(&["--state-dir", "again", "show", "--format", "json"])["digest"], before);
}
