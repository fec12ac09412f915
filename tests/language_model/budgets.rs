//! Caps on what models may take.

use super::{RUN, brain, with_model};

/// Prices at which a plan costs some cents, and replies so short that the worst case is near.
const CONFIGURATION: &str = r#"
[models."scripted-1"]
max_completion_tokens = 2000

[prices."scripted-1"]
prompt = 10.0
cached = 1.0
completion = 40.0
"#;

#[test]
fn a_budget_of_calls_ends_the_campaign_with_its_own_code() {
    let server = brain::server();
    let environment = with_model(&server);
    let outcome = environment.run(&["run", "tiny", "--agents", "openai", "--model", "m", "--max-calls", "3"]);
    assert_eq!(outcome.code, 4, "{}", outcome.stderr);
    assert!(outcome.stdout.contains("calls (3)"), "{}", outcome.stdout);
    assert!(environment.ok(&["report", "--full"]).contains("3 of 3 calls"));
    assert_eq!(server.requests().len(), 3);
    let again = environment.run(&["resume"]);
    assert_eq!(again.code, 4, "{}", again.stderr);
    assert!(again.stdout.contains("calls (3)"), "{}", again.stdout);
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn a_budget_in_money_without_a_price_is_refused_before_anything_is_written() {
    let server = brain::server();
    let environment = with_model(&server);
    let message = environment.fails(2, &[&RUN[..], &["--max-usd", "5"][..]].concat());
    assert!(message.contains("[prices.\"scripted-1\"]"), "{message}");
    assert!(!environment.path(".elenchus").exists());
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn a_budget_in_money_is_never_passed() {
    let server = brain::server();
    let environment = with_model(&server);
    environment.write("config.toml", CONFIGURATION);
    let arguments =
        ["run", "tiny", "--agents", "openai", "--model", "scripted-1", "--config", "config.toml", "--max-usd", "0.6"];
    let outcome = environment.run(&arguments);
    assert_eq!(outcome.code, 4, "{}", outcome.stderr);
    assert!(outcome.stdout.contains("usd (0.60)"), "{}", outcome.stdout);
    let spend = environment.json(&["status", "--format", "json"])["spend"].clone();
    let usd = spend["usd"].as_f64().expect("a known sum");
    assert!(usd > 0.0 && usd <= 0.6, "{spend}");
    assert!(spend["calls"].as_u64().is_some_and(|calls| calls > 1), "{spend}");
    let status = environment.ok(&["status"]);
    assert!(status.split_whitespace().collect::<Vec<_>>().join(" ").contains("of 0.60 USD"), "{status}");
}

#[test]
fn a_budget_of_tokens_stops_before_the_first_request_that_may_not_fit() {
    let server = brain::server();
    let environment = with_model(&server);
    let outcome = environment.run(&[&RUN[..], &["--max-tokens", "1000"][..]].concat());
    assert_eq!(outcome.code, 4, "{}", outcome.stderr);
    assert!(outcome.stdout.contains("tokens (1000)"), "{}", outcome.stdout);
    assert_eq!(server.requests().len(), 0);
}
