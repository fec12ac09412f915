//! Replies that are well-formed and out of all proportion: no reply ends a campaign, makes its prompts grow, or keeps it from
//! being resumed.

use crate::environment::{Environment, fixture_path};
use crate::language_model::brain::part;
use crate::scripted_server::{Answer, KEY, Received, Server};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Characters of the longest prompt of an ordinary campaign, and then some.
const PROMPT: usize = 60_000;

fn with(server: &Server) -> Environment {
    let mut environment = Environment::new();
    environment.copy("experiments/tiny");
    environment.set("OPENAI_BASE_URL", &server.base_url());
    environment.set("OPENAI_API_KEY", KEY);
    environment
}

/// A main arm, and what is changed in it.
fn arm(changes: &Value) -> Value {
    let mut arm = json!({
        "name": "main", "kind": "main", "hypothesis": "A smaller factor sheds less.", "mechanism": "m", "diagnostic": "d",
        "metric": "saving", "against": ["reference"], "scope": [], "relation": "at-least", "size": 0.02,
        "confidence": 0.3, "intent": "Reject with probability min(s^5*250, 1).", "point": null,
    });
    for (name, value) in changes.as_object().expect("changes") {
        arm[name] = value.clone();
    }
    arm
}

fn bundle(changes: &Value, arms: Vec<Value>) -> String {
    let mut bundle = json!({"question": "Is the factor too large?", "parent": "reference", "arms": arms});
    for (name, value) in changes.as_object().expect("changes") {
        bundle[name] = value.clone();
    }
    format!("```json\n{bundle}\n```")
}

fn code(factor: &str) -> String {
    let source = std::fs::read_to_string(fixture_path("candidates/quintic.rs")).expect("a fixture");
    format!("```rust\n{}\n```", source.replace("300.0", factor))
}

/// A server that says this about the roles, and something sane where it says nothing.
fn server(say: impl Fn(&str) -> Option<String> + Send + 'static, usage: Value) -> Server {
    Server::start(move |request: &Received| {
        let role = part(request.message(0)).split(' ').nth(1).unwrap_or_default().to_owned();
        let sane = || match role.as_str() {
            "plan" => bundle(&json!({}), vec![arm(&json!({}))]),
            "write" | "mend" => code("250.0"),
            "draw" => "```json\n{\"changes\": []}\n```".into(),
            _ => "Nothing was learned.".to_owned(),
        };
        let message = json!({"role": "assistant", "content": say(&role).unwrap_or_else(sane)});
        let choice = json!({"index": 0, "finish_reason": "stop", "message": message});
        Answer::json(json!({"choices": [choice], "usage": usage}))
    })
}

/// Runs two iterations. They must end, be there to be resumed and reported, and have asked nothing long.
fn campaign(server: &Server) -> Environment {
    iterations(server, 2)
}

/// What became of plans none of which can be used, an iteration each: why not.
fn unusable(plans: Vec<String>) -> Vec<Value> {
    let count = plans.len();
    let asked = AtomicUsize::new(0);
    // An unusable reply goes back twice.
    let say = move |role: &str| {
        (role == "plan").then(|| plans[(asked.fetch_add(1, Ordering::Relaxed) / 3).min(plans.len() - 1)].clone())
    };
    let shown = iterations(&server(say, plainly()), count).json(&["show", "--format", "json"]);
    let failures: Vec<Value> =
        shown["iterations"].as_array().expect("a list").iter().map(|iteration| iteration["failure"].clone()).collect();
    assert_eq!(failures.len(), count, "{shown}");
    failures
}

fn iterations(server: &Server, count: usize) -> Environment {
    let environment = with(server);
    environment.ok(&["run", "tiny", "--agents", "openai", "--model", "m", "--iterations", &count.to_string()]);
    environment.ok(&["resume"]);
    for request in server.requests() {
        let length = request.message(0).len() + request.message(1).len();
        assert!(length < PROMPT, "a prompt of {length} bytes");
    }
    environment.ok(&["report"]);
    environment
}

fn plainly() -> Value {
    json!({"prompt_tokens": 1000, "completion_tokens": 50})
}

#[test]
fn tokens_that_nobody_can_have_used_count_as_uncounted() {
    let huge = Value::from(u64::MAX);
    for usage in [
        json!({"prompt_tokens": 1_u64 << 63, "completion_tokens": huge, "total_tokens": huge}),
        json!({"prompt_tokens": 1000, "completion_tokens": 50, "prompt_tokens_details": {"cached_tokens": huge},
            "completion_tokens_details": {"reasoning_tokens": huge}}),
        json!({"prompt_tokens": -5, "completion_tokens": 1e300}),
        json!({"prompt_tokens": [1], "completion_tokens": {"a": 2}}),
        json!([1, 2, 3]),
    ] {
        let environment = campaign(&server(|_| None, usage.clone()));
        let shown = environment.json(&["report", "--format", "json"]).to_string();
        assert!(!shown.contains("9223372036854775807") && !shown.contains("18446744073709551615"), "{usage}");
    }
}

#[test]
fn a_list_of_any_length_in_a_plan_is_refused_and_no_prompt_grows() {
    let many = |what: &str| json!(vec![what; 100_000]);
    let sides = |n: usize| json!((0..n).map(|_| "reference").collect::<Vec<_>>());
    let plans = [
        (json!({"against": many("reference")}), json!({})),
        (json!({"against": sides(900)}), json!({})),
        (json!({"against": ["reference", "reference"]}), json!({})),
        (json!({"metric": "improvement", "relation": "within", "scope": many("calm")}), json!({})),
        (json!({"metric": "improvement", "relation": "within", "scope": ["calm", "calm"]}), json!({})),
        (json!({"uses": many("prompt")}), json!({})),
        (json!({"interval": vec![0.1; 100_000]}), json!({})),
        (json!({}), json!({"components": many("a")})),
        (json!({}), json!({"components": ["a".repeat(5000)]})),
        (json!({}), json!({"components": (0..900).map(|n| format!("c{n}")).collect::<Vec<_>>()})),
        (json!({}), json!({"arms": vec![arm(&json!({})); 1000]})),
        (json!({"hypothesis": "A".repeat(1_000_000)}), json!({})),
        (
            json!({"point": (0..5000).map(|n| (format!("d{n}"), json!(n))).collect::<serde_json::Map<_, _>>()}),
            json!({}),
        ),
        (json!({"without": "x".repeat(1_000_000)}), json!({})),
        (json!({"name": "x".repeat(1_000_000)}), json!({})),
        (json!({}), json!({"parent": "x".repeat(1_000_000)})),
    ];
    let plans = plans.iter().map(|(changes, whole)| bundle(whole, vec![arm(changes)])).collect();
    for failure in unusable(plans) {
        assert!(failure.as_str().expect("no usable plan").len() < 1000, "{failure}");
    }
}

#[test]
fn a_number_that_nothing_could_measure_is_no_claim() {
    let claims = [
        ("size", "1e308"),
        ("size", "5e-324"),
        ("size", "-1"),
        ("at_most", "1e308"),
        ("interval", "[-1e308, 1e308]"),
        ("confidence", "2"),
        ("confidence", "1e308"),
        ("size", "1e999"),
        ("point", "{\"mix\": 1e308}"),
        ("point", "{\"mix\": \"0.3\", \"zzz\": 1}"),
    ];
    let plan = |(name, value): &(&str, &str)| {
        bundle(&json!({}), vec![arm(&json!({*name: "THIS"}))]).replace("\"THIS\"", value)
    };
    for (claim, failure) in claims.iter().zip(unusable(claims.iter().map(plan).collect())) {
        assert!(failure.is_string(), "{claim:?}: {failure}");
    }
}

#[test]
fn a_list_of_any_length_in_a_lesson_is_refused_or_cut_and_no_prompt_grows() {
    let change = |changes: &Value| {
        let mut change = json!({"action": "insert", "id": null, "statement": "s", "mechanism": "m", "regime": "r",
            "evidence": ["F1.main"], "excludes": null, "reason": null});
        for (name, value) in changes.as_object().expect("changes") {
            change[name] = value.clone();
        }
        change
    };
    for changes in [
        vec![change(&json!({"evidence": vec!["F1.main"; 100_000]}))],
        vec![change(&json!({"evidence": vec!["F1.main"; 900]}))],
        vec![change(&json!({"statement": "s".repeat(1_000_000)}))],
        vec![change(&json!({"excludes": {"family": vec!["power"; 100_000]}}))],
        vec![change(&json!({"excludes": {"mix": [-1e308, 1e308]}}))],
        vec![change(&json!({"excludes": {"x".repeat(100_000): [0, 1]}}))],
        vec![change(&json!({"action": "retire", "id": "P999999999999999999999", "reason": "r".repeat(100_000)}))],
        vec![change(&json!({})); 5000],
    ] {
        let text = format!("```json\n{}\n```", json!({"changes": changes}));
        campaign(&server(move |role| (role == "draw").then(|| text.clone()), plainly()));
    }
}

#[test]
fn a_candidate_with_an_endless_constant_does_not_keep_its_campaign_from_going_on() {
    let policy = "use admitter::prelude::*;
pub struct Policy { k: f64 }
impl Admitter for Policy {
    const TUNABLES: &'static [Tunable] = &[
        Tunable { name: \"k\", default: 250.0, low: 100.0, high: 400.0 },
        Tunable { name: \"cap\", default: LAST, low: 0.0, high: f64::INFINITY },
    ];
    fn new(parameters: &[f64]) -> Self { Policy { k: parameters[0] } }
    fn admit(&mut self, r: &Request, c: &Cluster, d: &mut Draw) -> Decision {
        Decision::reject_if(r.priority < 0 && d.uniform() < c.saturation(5.0, 0.8).powi(5) * self.k)
    }
}";
    for last in ["f64::INFINITY", "f64::NAN", "1.0"] {
        let text = format!("```rust\n{}\n```", policy.replace("LAST", last));
        let environment = campaign(&server(move |role| (role == "write").then(|| text.clone()), plainly()));
        let shown = environment.json(&["show", "--format", "json"]);
        assert_eq!(
            (&shown["lineage"][0]["outcome"], &shown["ended"]),
            (&json!("inconsistent"), &json!("completed")),
            "{shown}"
        );
    }
}

#[test]
fn the_server_itself_may_say_anything() {
    let body = |choice: Value, more: Value| {
        let mut body = json!({"choices": [choice]});
        for (name, value) in more.as_object().expect("members") {
            body[name] = value.clone();
        }
        Answer::json(body)
    };
    let said = |content: Value| json!({"finish_reason": "stop", "message": {"role": "assistant", "content": content}});
    let answers: Vec<Box<dyn Fn() -> Answer + Send>> = vec![
        Box::new(move || body(json!({"finish_reason": "x".repeat(1_000_000), "message": {"content": ""}}), json!({}))),
        Box::new(move || {
            body(
                json!({"finish_reason": {"a": vec![1; 1000]}, "message": {"refusal": "no".repeat(1_000_000)}}),
                json!({}),
            )
        }),
        Box::new(move || body(said(json!("\u{0}\u{1b}".repeat(100_000))), json!({"usage": null}))),
        Box::new(move || body(said(json!("{".repeat(100_000))), json!({"model": "m".repeat(1_000_000)}))),
        Box::new(move || body(said(json!(format!("```json\n{{\"arms\": {}\n```", "[".repeat(100_000)))), json!({}))),
    ];
    for answer in answers {
        campaign(&Server::start(move |_| answer()));
    }
}

#[test]
fn a_cassette_whose_experiment_was_edited_is_refused() {
    let environment = Environment::ended(1);
    environment.ok(&["cassette", "--output", "tape.jsonl"]);
    let tape = environment.read("tape.jsonl");
    for (from, to) in [("\"seeds\":3", "\"seeds\":4000000000"), ("\"iterations\":1", "\"iterations\":0")] {
        assert!(tape.contains(from));
        environment.write("edited.jsonl", &tape.replacen(from, to, 1));
        let message = environment.fails(2, &["run", "tiny", "--replay", "edited.jsonl"]);
        assert!(message.contains("edited.jsonl: line 1"), "{message}");
    }
    environment.ok(&["run", "tiny", "--replay", "tape.jsonl"]);
}
