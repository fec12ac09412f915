//! A language model that is no model: it answers every role for the tiny experiment by looking at the request alone, so
//! that whole campaigns run over real HTTP, and the same request always gets the same reply.

use crate::environment::fixture_path;
use crate::scripted_server::{Answer, Received, Server};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

/// A server that thinks.
pub(super) fn server() -> Server {
    Server::start(answer)
}

/// The answer to a request, with what it took: four bytes a token, the system's part from a cache.
pub(super) fn answer(request: &Received) -> Answer {
    let text = text(request.message(0), request.message(1));
    let tokens = |text: &str| text.len().div_ceil(4);
    let (system, user) = (tokens(request.message(0)), tokens(request.message(1)));
    let message = json!({"role": "assistant", "content": text});
    Answer::json(json!({
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": {"prompt_tokens": system + user, "completion_tokens": tokens(&text),
                  "prompt_tokens_details": {"cached_tokens": system}},
    }))
}

/// How a role is addressed.
pub(crate) fn part(system: &str) -> &str {
    system.split_once("\n# Your part\n\n").map_or("", |(_, part)| part)
}

/// What a role says; the role is recognised by how it is addressed.
pub(crate) fn text(system: &str, user: &str) -> String {
    let begins = |words: &str| part(system).starts_with(words);
    if begins("You plan experiments") {
        plan(user)
    } else if begins("You write one admission policy") {
        designs(user).iter().map(|design| code(design)).collect()
    } else if begins("You mend one admission policy") {
        // What acted like another candidate was written with that one's factor.
        let mended = design(user).replace("carelessly", "").replace("in other words", "");
        code(&mended.replace("* 200", "* 205"))
    } else if begins("You draw lessons") {
        format!("I have thought about it.\n\n```json\n{}\n```\n", lessons(user))
    } else {
        panic!("no role is addressed like this: {}", part(system))
    }
}

/// What each iteration asks about: the factor of the quintic that its main arm has.
fn plan(user: &str) -> String {
    let drafts = user.contains("\nDraft ");
    let iteration = number(user, if drafts { "\nDraft " } else { "\nIteration " });
    let design = |factor: u32, how: &str| {
        format!("Reject droppable requests with probability min(saturation^5 * {factor}, 1). {how}")
    };
    // The reference's own factor is 300, so hardly anything differs.
    let whom = if iteration == 4 { "baseline" } else { "reference" };
    let mut main = arm("main", "main", whom, &design(180 + 20 * iteration, ""));
    let mut arms = Vec::new();
    match iteration {
        _ if drafts => {}
        2 if !user.contains("# Your last reply cannot be used") => main["metric"] = json!("speed"),
        2 => {
            let mut control = arm("control-nearly", "control-negative", "main", &design(221, ""));
            (control["relation"], control["size"]) = (json!("within"), json!(0.1));
            arms.push(control);
            let mut ablation = arm("ablation-factor", "ablation", "main", &design(120, ""));
            ablation["without"] = json!("factor");
            arms.push(ablation);
        }
        3 => main["intent"] = json!(design(240, "Write it carelessly.")),
        4 => {
            // As good as the baseline, which it is not, at a declared point: this is what a constraint is earned by.
            main["point"] = json!({"family": "power", "prompt": 0.0, "mix": 0.0, "exponent": 1.0});
            main["size"] = json!(0.001);
            // Far less than the reference gains, so that it does not compare.
            main["intent"] = json!(design(3, ""));
        }
        // The factor of iteration 1.
        5 => main["intent"] = json!(design(200, "Write it in other words.")),
        // It asks first, of a candidate and of a signal; then how a run went, and what a part of the text is worth.
        6 if !user.contains("You have no questions left") => {
            let id = best(user);
            let asked = match user.contains("\n# What you asked\n") {
                false => json!([{"what": "where", "of": id}, {"what": "signal", "of": "prompt"}]),
                true => json!([
                    {"what": "timeline", "of": id, "workload": "busy"},
                    {"what": "ablation", "of": id, "find": "saturation(5.0, 0.8)", "replace": "saturation(5.0, 0.7)"},
                ]),
            };
            return format!("```json\n{}\n```\n", json!({"ask": asked}));
        }
        // One idea in three strengths, of which the best is claimed to be better.
        7 => {
            main["variants"] = json!([design(340, ""), design(360, "")]);
            (main["metric"], main["relation"], main["size"]) = (json!("saving"), json!("at-least"), json!(0.01));
        }
        _ => {}
    }
    arms.insert(0, main);
    let components = if arms.len() > 1 { json!(["factor"]) } else { json!([]) };
    let question = format!("Does factor number {iteration} do?");
    let bundle = json!({"question": question, "parent": "reference", "components": components, "arms": arms});
    format!("I would like to know.\n\n```json\n{bundle:#}\n```\n")
}

/// The id of the best candidate so far.
fn best(user: &str) -> Option<&str> {
    let best = user.split("\n## Best candidates so far\n").nth(1).expect("there are some");
    let mut words = best.split(|c: char| !c.is_ascii_alphanumeric());
    words.find(|word| word.len() == 8 && word.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn arm(name: &str, kind: &str, against: &str, intent: &str) -> Value {
    json!({
        "name": name, "kind": kind, "hypothesis": format!("The {name} arm protects critical requests."),
        "mechanism": "What is refused slows nobody.", "diagnostic": "The busy scenario.", "metric": "improvement",
        "against": [against], "scope": [], "relation": "within", "size": 0.1, "confidence": 0.6,
        "intent": intent, "point": null,
    })
}

/// The lines that say what to implement; an empty one for a design of another's.
fn designs(user: &str) -> Vec<String> {
    let (_, after) = user.rsplit_once("**Design to implement:**").expect("the prompt has a design");
    let of_the_arm = after.split("\n# ").next().unwrap_or_default();
    let all: Vec<String> =
        of_the_arm.lines().filter(|line| line.contains("saturation^5 * ")).map(str::to_owned).collect();
    if all.is_empty() { vec![String::new()] } else { all }
}

fn design(user: &str) -> String {
    designs(user).swap_remove(0)
}

/// The quintic with the factor of the design. What is designed to be careless does not compile; what is put in other
/// words acts as it would otherwise.
fn code(design: &str) -> String {
    let factor =
        design.split_once("saturation^5 * ").map_or("250", |(_, rest)| rest.split(',').next().unwrap_or("250"));
    let quintic = std::fs::read_to_string(fixture_path("candidates/quintic.rs")).expect("a fixture");
    let mut source = quintic.replace("300.0", &format!("{factor}.0"));
    if design.contains("carelessly") {
        source = source.replace("let saturation = cluster", "let saturation: &str = cluster");
    }
    if design.contains("in other words") {
        source =
            source.replace(&format!("saturation.powi(5) * {factor}.0"), &format!("{factor}.0 * saturation.powi(5)"));
    }
    format!("Here is the policy.\n\n```rust\n{source}\n```\n")
}

fn lessons(user: &str) -> Value {
    let iteration = number(user, "# Iteration ");
    let excludes = match iteration {
        4 => json!({"mix": [0.0, 0.1], "exponent": [0.9, 1.1], "family": ["power"]}),
        _ => Value::Null,
    };
    json!({"changes": [{
        "action": "insert", "id": null, "statement": format!("Factor number {iteration} protects critical requests."),
        "mechanism": "Fewer requests run beside them.", "regime": "both scenarios",
        "evidence": [format!("F{iteration}.main")], "excludes": excludes, "reason": null,
    }], "notes": format!("Learned: iteration {iteration} is done.")})
}

/// The number behind these words.
fn number(text: &str, words: &str) -> u32 {
    let (_, after) = text.split_once(words).unwrap_or_else(|| panic!("no `{words}` in the prompt"));
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().expect("a number")
}

/// Replies that were given, by body: a body that stands here twice was paid for twice.
#[derive(Clone, Default)]
pub(super) struct Paid(Arc<Mutex<Vec<String>>>);

impl Paid {
    /// A server that keeps account of what it answers, and fails for good at these requests.
    pub(super) fn server(&self, moments: &'static [u32]) -> Server {
        let (count, paid) = (AtomicU32::new(0), self.clone());
        Server::start(move |request| {
            if moments.contains(&count.fetch_add(1, Ordering::SeqCst)) {
                return Answer::error(400, "no more today");
            }
            paid.0.lock().expect("no poison").push(request.body.to_string());
            answer(request)
        })
    }

    /// How many replies were given, and how many of them again.
    pub(super) fn count(&self) -> (usize, usize) {
        let bodies = self.0.lock().expect("no poison");
        let distinct: std::collections::BTreeSet<&String> = bodies.iter().collect();
        (bodies.len(), bodies.len() - distinct.len())
    }
}
