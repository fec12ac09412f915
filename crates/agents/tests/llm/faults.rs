//! Every way in which a server can misbehave: what the caller gets, how often it was asked, and what it cost.

use crate::http::{LIMITS, chain, endpoint, request};
use crate::meter::{REAL, WORST, WORST_TOKENS, meter};
use crate::scripted_server::{Answer, KEY, Server};
use agents::llm::{Caps, Endpoint, Limits, Model, Router};
use futures::future::join_all;
use serde_json::{Value, json};
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// A way to misbehave, and what is to come of it.
struct Fault {
    name: &'static str,
    answers: Vec<Answer>,
    /// A part of what the caller gets, as `shown` says it.
    expected: &'static str,
    attempts: u32,
    /// Answers that are charged what they took.
    real: u32,
    /// Answers and losses that are charged the worst case.
    worst: u32,
    /// Those of them that are losses.
    losses: u32,
    limits: Limits,
}

fn fault(name: &'static str, answers: Vec<Answer>, expected: &'static str) -> Fault {
    let attempts = answers.len() as u32;
    Fault { name, answers, expected, attempts, real: 0, worst: 0, losses: 0, limits: LIMITS }
}

impl Fault {
    /// The last answer is a reply that says what it took.
    fn then_well(mut self) -> Self {
        self.answers.push(Answer::text("hello"));
        Fault { attempts: self.attempts + 1, real: self.real + 1, ..self }
    }

    fn lost(self, losses: u32) -> Self {
        Fault { worst: losses, losses, ..self }
    }

    fn counted(self) -> Self {
        Fault { real: 1, ..self }
    }

    fn uncounted(self) -> Self {
        Fault { worst: 1, ..self }
    }

    /// Two attempts at a server that falls silent.
    fn silent(self) -> Self {
        let limits = Limits { attempt: Duration::from_secs(1), attempts: 2, ..LIMITS };
        Fault { limits, ..self }.lost(2)
    }
}

fn thrice(answer: impl Fn() -> Answer) -> Vec<Answer> {
    (0..3).map(|_| answer()).collect()
}

/// A completion with the usual count of tokens and one choice.
fn choice(choice: Value) -> Vec<Answer> {
    let usage = json!({"prompt_tokens": 1000, "completion_tokens": 50});
    vec![Answer::json(json!({"choices": [choice], "usage": usage}))]
}

fn refusals() -> Vec<Fault> {
    let busy = |headers: &[(&'static str, &'static str)]| Answer::Http(429, headers.to_vec(), "slow down".into());
    let quota = json!({"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}}).to_string();
    vec![
        fault("429 without `Retry-After`, then well", vec![busy(&[])], "reply `hello`").then_well(),
        fault("429 with `Retry-After: 0`, then well", vec![busy(&[("Retry-After", "0")])], "reply `hello`").then_well(),
        fault(
            "429 with `Retry-After` of a year, then well",
            vec![busy(&[("Retry-After", "31536000")])],
            "reply `hello`",
        )
        .then_well(),
        fault("429 with `Retry-After: -1`, then well", vec![busy(&[("Retry-After", "-1")])], "reply `hello`")
            .then_well(),
        fault(
            "429 for ever",
            thrice(|| busy(&[])),
            "still limits the rate after 3 attempts (HTTP 429); it says: slow down",
        ),
        fault("429 for a spent quota", vec![Answer::Http(429, vec![], quota)], "quota at the endpoint is spent"),
        fault("401", vec![Answer::error(401, "bad key")], "unauthorized (HTTP 401); check the key in OPENAI_API_KEY"),
        fault("404", vec![Answer::error(404, "no such model")], "is the model's name right"),
        fault("400", vec![Answer::error(400, "the prompt is too long")], "(HTTP 400); it says: the prompt is too long"),
        fault(
            "307",
            vec![Answer::Http(307, vec![("Location", "http://example.invalid/")], String::new())],
            "(HTTP 307)",
        ),
        fault("503, then well", vec![Answer::error(503, "overloaded")], "reply `hello`").then_well(),
        fault("500 with an error, then well", vec![Answer::error(500, "boom")], "reply `hello`").then_well(),
        fault(
            "500 with an error for ever",
            thrice(|| Answer::error(500, "boom")),
            "HTTP 500 after 3 attempts; it says: boom",
        ),
        fault("503 as an HTML page, then well", vec![Answer::page(503)], "reply `hello`").then_well(),
        fault("502 as an HTML page, then well", vec![Answer::page(502)], "reply `hello`").lost(1).then_well(),
        fault(
            "504 as an HTML page for ever",
            thrice(|| Answer::page(504)),
            "HTTP 504 after 3 attempts; it says: an HTML page",
        )
        .lost(3),
        fault(
            "200 with an error of the provider, then well",
            vec![Answer::json(json!({"error": {"code": 502, "message": "the provider is down"}}))],
            "reply `hello`",
        )
        .then_well(),
    ]
}

fn breakages() -> Vec<Fault> {
    vec![
        fault("closes at once, then well", vec![Answer::Drop], "reply `hello`").lost(1).then_well(),
        fault("closes at once for ever", thrice(|| Answer::Drop), "cannot talk to the endpoint after 3 attempts")
            .lost(3),
        fault("cuts the body short, then well", vec![Answer::Cut], "reply `hello`").lost(1).then_well(),
        fault("cuts the body short for ever", thrice(|| Answer::Cut), "cannot talk to the endpoint after 3 attempts")
            .lost(3),
        fault("stalls before the headers", vec![Answer::Stall, Answer::Stall], "did not answer within").silent(),
        fault("stalls in the body", vec![Answer::StallInBody, Answer::StallInBody], "did not answer within").silent(),
        fault("50 MB", vec![Answer::Flood(50 << 20)], "answers with more than 65536 bytes").lost(1),
        fault("200 that is no JSON, then well", vec![Answer::Http(200, vec![], "oops".into())], "reply `hello`")
            .lost(1)
            .then_well(),
        fault(
            "200 that is no JSON for ever",
            thrice(|| Answer::Http(200, vec![], "oops".into())),
            "does not answer like an OpenAI-compatible server: expected value at line 1 column 1; it says: oops",
        )
        .lost(3),
        fault(
            "200 with half of the JSON",
            thrice(|| Answer::Http(200, vec![], "{\"choices\": [".into())),
            "EOF while parsing",
        )
        .lost(3),
        fault("200 as an HTML page for ever", thrice(|| Answer::page(200)), "it says: an HTML page").lost(3),
        fault("200 without a choice for ever", thrice(|| Answer::json(json!({"choices": []}))), "holds no choice")
            .lost(3),
    ]
}

fn oddities() -> Vec<Fault> {
    let message = |content: Value| json!({"finish_reason": "stop", "message": {"content": content}});
    vec![
        fault(
            "unknown `finish_reason`",
            choice(json!({"finish_reason": "eos_token", "message": {"content": "hi"}})),
            "reply `hi`, finish reason eos_token",
        )
        .counted(),
        fault("no `finish_reason`", choice(json!({"message": {"content": "hi"}})), "reply `hi`").counted(),
        fault(
            "cut off at the limit of tokens",
            choice(json!({"finish_reason": "length", "message": {"content": "half a"}})),
            "reply `half a`, finish reason length",
        )
        .counted(),
        fault("empty content", choice(message(json!(""))), "reply ``, finish reason stop").counted(),
        fault("null content", choice(message(Value::Null)), "reply ``, finish reason stop").counted(),
        fault("content in parts", choice(message(json!([{"type": "text", "text": "hi"}]))), "reply `hi`").counted(),
        fault(
            "refusal",
            choice(json!({"finish_reason": "stop", "message": {"content": null, "refusal": "I will not."}})),
            "refusal `I will not.`",
        )
        .counted(),
        fault("no `usage`", vec![Answer::json(json!({"choices": [message(json!("hi"))]}))], "reply `hi`").uncounted(),
        fault(
            "`usage` of the wrong type",
            vec![Answer::json(json!({"choices": [message(json!("hi"))], "usage": "much"}))],
            "reply `hi`",
        )
        .uncounted(),
    ]
}

fn faults() -> impl Iterator<Item = Fault> {
    [refusals(), breakages(), oddities()].into_iter().flatten()
}

/// Asks once. Returns a row of the table.
async fn check(fault: Fault) -> String {
    let Fault { name, answers, expected, attempts, real, worst, losses, limits } = fault;
    let (server, meter) = (Server::scripted(answers), meter(Caps::default()));
    let mut router = Router::new(meter.clone());
    router.serve("m", &Endpoint { limits, ..endpoint(&server) }).unwrap();
    let got = match router.ask(&request(), 0).await {
        Ok(reply) => {
            let refusal = reply.refusal.map(|text| format!(", refusal `{text}`")).unwrap_or_default();
            let reason = reply.finish_reason.map(|text| format!(", finish reason {text}")).unwrap_or_default();
            format!("reply `{}`{reason}{refusal}", reply.text)
        }
        Err(error) => {
            assert!(!chain(&error).contains(KEY), "{name}: {error}");
            error.to_string()
        }
    };
    let got = got.replace(server.base_url().trim_end_matches("/v1"), "the endpoint");
    assert!(got.contains(expected), "{name}: {got}");
    let (spent, lost) = (meter.spent(), meter.take_losses());
    assert_eq!((spent.calls, lost.len() as u32), (attempts, losses), "{name}: {got}");
    let usd = f64::from(real) * REAL + f64::from(worst) * WORST;
    assert!((spent.usd - usd).abs() < 1e-9, "{name}: {spent:?} for {usd}");
    assert_eq!(spent.tokens, u64::from(real) * 1050 + u64::from(worst) * WORST_TOKENS, "{name}");
    for loss in &lost {
        assert!(!loss.problem.contains(KEY) && !loss.problem.is_empty(), "{loss:?}");
        assert!((loss.usd.unwrap() - WORST).abs() < 1e-9 && loss.tokens == WORST_TOKENS, "{loss:?}");
    }
    // All that the server took for a request was a well-formed one.
    assert!(server.requests().len() as u32 <= attempts, "{name}");
    let lost = lost.iter().filter_map(|loss| loss.usd).fold(0.0, |sum, usd| sum + usd);
    format!("| {name} | {got} | {attempts} | {:.3} | {lost:.3} |", spent.usd)
}

/// With `--nocapture` it prints the table.
#[expect(clippy::print_stdout, reason = "the table is for people")]
#[tokio::test]
async fn every_fault_has_one_sentence_and_its_price() {
    println!("A request that costs {REAL} USD when all goes well, and {WORST} USD at worst.\n");
    println!("| what the server does | what the caller gets | attempts | charged, USD | of which lost, USD |");
    println!("|---|---|---|---|---|");
    for row in join_all(faults().map(check)).await {
        println!("{row}");
    }
}

#[tokio::test]
async fn no_fault_shows_a_key_that_the_server_echoes() {
    let words =
        ["slow down", "quota", "bad key", "no such", "the prompt", "boom", "the provider", "oops", "hi", "will"];
    let echo = |answer| match answer {
        Answer::Http(status, mut headers, body) => {
            headers.push(("X-Key", KEY));
            let body = words.iter().fold(body, |body, word| body.replace(word, &format!("{word} {KEY}")));
            Answer::Http(status, headers, body)
        }
        other => other,
    };
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    // Two of them take their time and say nothing anyway.
    for fault in faults().filter(|fault| fault.limits == LIMITS) {
        // Another test may have come by a place of the code at the moment when nobody listened yet.
        tracing::callsite::rebuild_interest_cache();
        let (server, meter) = (Server::scripted(fault.answers.into_iter().map(echo).collect()), meter(Caps::default()));
        let mut router = Router::new(meter.clone());
        router.serve("m", &endpoint(&server)).unwrap();
        let shown = match router.ask(&request(), 0).await {
            Ok(reply) => serde_json::to_string(&reply).unwrap(),
            Err(error) => chain(&error),
        };
        for text in [shown, format!("{:?}", meter.take_losses()), format!("{router:?} {meter:?}")] {
            assert!(!text.contains(KEY), "{}: {text}", fault.name);
        }
    }
    let log = log.0.lock().unwrap();
    assert!(log.contains("trying again") && log.contains("[the key]") && !log.contains(KEY), "{log}");
}

/// All that anybody logs, at every level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        attributes.record(&mut self.clone());
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut self.clone());
    }

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl Visit for Log {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.lock().unwrap().push_str(&format!("{field}: {value:?}\n"));
    }
}
