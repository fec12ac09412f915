//! What others wrote goes out without what commands a terminal, reorders what is read, or hides what nobody sees: at every exit.

use crate::environment::{Environment, fixture_path};
use crate::language_model::brain::part;
use crate::scripted_server::{Answer, KEY, Received, Server};
use serde_json::json;

/// Escapes, controls of both kinds, directions, what has no width, tags, fillers, variation selectors, separators of lines,
/// and a word that must be seen.
const EVIL: &str = "\u{1b}]0;pwn\u{7}\u{1b}[2J\u{1b}[31m\u{9b}31m\u{90}\u{202e}\u{2066}\u{200b}\u{200d}\u{200e}\u{feff}\u{ad}\u{61c}\u{34f}\
\u{180e}\u{2028}\u{2029}\u{85}\u{8}\u{0}\u{7f}\u{2060}\u{206f}\u{3164}\u{ffa0}\u{fe0f}\u{fff9}\u{e0041}\u{e007f}\u{e0101}Ἔλεγχος \
<script>alert(1)</script> | a | \n# H1\n```\n\u{1b}";

/// Whether a person would not see it, or a terminal obey it. Written down by hand: not what the program goes by.
fn is_unseen(c: char) -> bool {
    let controls = (c < ' ' && c != '\n' && c != '\t') || ('\u{7f}'..='\u{9f}').contains(&c);
    let others = [0xad, 0x34f, 0x61c, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x180e, 0x3164, 0xfeff, 0xffa0];
    let ranges =
        [0x200b..=0x200f, 0x2028..=0x202e, 0x2060..=0x206f, 0xfe00..=0xfe0f, 0xfff9..=0xfffb, 0xe0000..=0xe01ef];
    controls || others.contains(&u32::from(c)) || ranges.iter().any(|range| range.contains(&u32::from(c)))
}

#[track_caller]
fn assert_clean(exit: &str, text: &str) {
    let unseen: String = text.chars().filter(|c| is_unseen(*c)).collect();
    assert!(unseen.is_empty(), "{exit}: {}", unseen.escape_unicode());
    for code in ["\\u001b", "\\u200b", "\\u0007", "\\u009b"] {
        assert!(!text.contains(code), "{exit}: JSON's own {code}");
    }
}

/// A model that puts it wherever it may.
fn evil() -> Server {
    Server::start(|request: &Received| {
        let text = match part(request.message(0)).split(' ').nth(1).unwrap_or_default() {
            "plan" => {
                let arm = json!({
                    "name": "main", "kind": "main", "hypothesis": EVIL, "mechanism": EVIL, "diagnostic": EVIL,
                    "metric": "saving", "against": ["reference"], "scope": [], "relation": "at-least", "size": 0.02,
                    "confidence": 0.3, "intent": EVIL, "point": null,
                });
                json!({"question": EVIL, "parent": "reference", "arms": [arm]}).to_string()
            }
            "write" | "mend" => {
                let source = std::fs::read_to_string(fixture_path("candidates/quintic.rs")).expect("a fixture");
                let words = EVIL.replace(['\n', '`'], " ").replace('\u{85}', "").replace(['\u{2028}', '\u{2029}'], "");
                format!(
                    "```rust\n// {words}\n{}\n```",
                    source.replace("300.0", "250.0 /* \u{202e}\u{1b}[2J\u{200b} */")
                )
            }
            "draw" => json!({"changes": [{
                "action": "insert", "id": null, "statement": EVIL, "mechanism": EVIL, "regime": EVIL,
                "evidence": ["F1.main"], "excludes": null, "reason": null,
            }]})
            .to_string(),
            _ => EVIL.to_owned(),
        };
        let message = json!({"role": "assistant", "content": text});
        Answer::json(json!({"choices": [{"message": message, "finish_reason": EVIL}], "model": EVIL}))
    })
}

#[test]
fn a_models_words_reach_every_exit_without_what_nobody_sees() {
    let server = evil();
    let mut environment = Environment::new();
    environment.copy("experiments/tiny");
    environment.set("OPENAI_BASE_URL", &server.base_url());
    environment.set("OPENAI_API_KEY", KEY);
    let name = "e\u{1b}]0;pwned\u{7}\u{1b}[31m\u{202e}\u{200b}vil";
    std::fs::rename(environment.path("tiny"), environment.path(name)).expect("a directory");
    let run = environment.run(&["run", name, "--agents", "openai", "--model", "m", "--iterations", "2"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.contains("Ἔλεγχος"), "the words themselves are shown: {}", run.stderr);
    assert_clean("progress", &run.stderr);
    assert_clean("run", &run.stdout);
    for arguments in [
        &["list"][..],
        &["list", "--format", "json"],
        &["status"],
        &["status", "--format", "json"],
        &["show"],
        &["show", "--format", "json"],
        &["report"],
        &["report", "--full"],
        &["report", "--format", "markdown"],
        &["report", "--format", "html"],
        &["report", "--format", "json"],
        &["champion"],
        &["champion", "--format", "json"],
        &["prompt", "show", "plan"],
        &["prompt", "show", "extract", "--format", "json"],
        &["resume"],
    ] {
        let outcome = environment.run(arguments);
        assert_clean(&arguments.join(" "), &outcome.stdout);
        assert_clean(&arguments.join(" "), &outcome.stderr);
    }
    assert!(environment.ok(&["report"]).contains("Ἔλεγχος"));
    for file in std::fs::read_dir(environment.path(".elenchus/reports")).expect("reports") {
        let text = std::fs::read_to_string(file.expect("a report").path()).expect("UTF-8");
        assert_clean("saved report", &text);
    }
    for request in server.requests() {
        // A reply that cannot be used is quoted as it was written, JSON's own escapes included: those can be seen.
        let prompt = format!("{}\n{}", request.message(0), request.message(1)).replace("\\u", "\\ u");
        assert_clean("prompt", &prompt);
    }
    let git = std::process::Command::new("git")
        .args(["log", "-p", "--all", "--no-color"])
        .env("GIT_DIR", environment.path(".elenchus/candidates.git"))
        .output();
    if let Ok(git) = git {
        assert_clean("git mirror", &String::from_utf8_lossy(&git.stdout));
    }
}

#[test]
fn a_candidates_source_that_a_compiler_quotes_is_cleaned() {
    let environment = Environment::new();
    environment.copy("experiments/tiny");
    let broken = "use admitter::prelude::*; pub struct Policy; impl Admitter for Policy { fn new(_: &[f64]) -> Self { \"é\u{200b}\u{e0041}\u{2060}\" } }\n";
    let panics = "use admitter::prelude::*;
pub struct Policy;
impl Admitter for Policy {
    fn new(_: &[f64]) -> Self { Policy }
    fn admit(&mut self, _: &Request, _: &Cluster, _: &mut Draw) -> Decision { panic!(\"\\u{1b}[31m\\u{202e}\\u{200b}red\") }
}";
    for source in [broken, panics, "\u{1b}[31m", "fn \u{202e}x() {}"] {
        environment.write("mine.rs", source);
        for format in ["text", "json"] {
            let outcome = environment.run(&["evaluate", "mine.rs", "--experiment", "tiny", "--format", format]);
            assert_eq!(outcome.code, 1, "{}", outcome.stderr);
            assert_clean(format, &outcome.stdout);
            assert_clean(format, &outcome.stderr);
        }
    }
}

#[test]
fn what_files_and_arguments_say_is_cleaned_in_errors_and_tables() {
    let environment = Environment::new();
    environment.copy("experiments/tiny");
    let scenario = environment.read("tiny/scenarios/calm.toml");
    let escaped = "\\u001b[31m\\u202e\\u200b\\u0007red";
    environment.write("named.toml", &scenario.replace("\"calm\"", &format!("\"{escaped}\"")));
    environment.write("class.toml", &scenario.replace("\"critical\"", &format!("\"{escaped}\"")));
    environment.write("key.toml", &scenario.replace("rate =", &format!("\"{escaped}\" = 1\nrate =")));
    environment.write("raw\u{1b}[31m\u{200b}.toml", "x = \u{1b}");
    let classed = scenario.replace("\"critical\"", &format!("\"{escaped}\""));
    environment.write("declared.toml", &format!("{classed}[priorities]\n\"{escaped}\" = 2\n"));
    let cluster = scenario.split("[workload]").next().expect("a cluster");
    environment.write("traced.toml", &format!("{cluster}[workload]\ntrace = \"odd.csv\"\n"));
    environment.write("odd.csv", "arrival_us,slo_class,input_tokens,output_tokens\n0,\u{1b}[31m\u{200b}x,1,1\n");
    environment.write("\u{1b}[31m/campaign.toml", "question = \"\u{202e}\"");
    let header = "iterations\u{200b} = 1";
    environment.write("broken/campaign.toml", header);
    for arguments in [
        &["simulate", "named.toml"][..],
        &["simulate", "named.toml", "--format", "json"],
        &["simulate", "class.toml"],
        &["simulate", "key.toml"],
        &["simulate", "raw\u{1b}[31m\u{200b}.toml"],
        &["simulate", "declared.toml"],
        &["simulate", "declared.toml", "--format", "json"],
        &["simulate", "traced.toml"],
        &["simulate", "\u{1b}[31mnowhere.toml"],
        &["simulate", "named.toml", "--admitter", "\u{1b}[31m\u{200b}"],
        &["evaluate", "\u{1b}[31mnowhere.rs"],
        &["run", "\u{1b}[31m"],
        &["run", "broken"],
        &["status", "\u{1b}[31m"],
        &["new", "\u{1b}[31mnew.rs"],
        &["prompt", "list", "--config", "\u{1b}[31m"],
        &["doctor", "--state-dir", "\u{1b}[31m\u{200b}"],
        &["list", "--state-dir", "\u{1b}[31m\u{200b}"],
        &["\u{1b}[31m\u{200b}"],
        &["list", "--\u{1b}[31m\u{200b}"],
        &["run", "tiny", "--max-usd", "\u{1b}[31m\u{200b}"],
    ] {
        let outcome = environment.run(arguments);
        assert_clean(&format!("{arguments:?}"), &outcome.stdout);
        assert_clean(&format!("{arguments:?}"), &outcome.stderr);
        assert!(!outcome.stdout.is_empty() || !outcome.stderr.is_empty(), "{arguments:?} says something");
    }
}

#[test]
fn one_endless_line_fills_no_screen() {
    let environment = Environment::new();
    environment.write("long.toml", &format!("{} = 1", "x".repeat(900_000)));
    let message = environment.fails(2, &["simulate", "long.toml"]);
    assert!(message.len() < 5000, "{} bytes", message.len());
    let message = environment.fails(2, &["simulate", &"y".repeat(100_000)]);
    assert!(message.len() < 15_000, "{} bytes", message.len());
}

/// The control: what the words would do without the wall stands in the record, as it came.
#[test]
fn the_record_itself_keeps_what_was_said() {
    let server = evil();
    let mut environment = Environment::new();
    environment.copy("experiments/tiny");
    environment.set("OPENAI_BASE_URL", &server.base_url());
    environment.set("OPENAI_API_KEY", KEY);
    environment.ok(&["run", "tiny", "--agents", "openai", "--model", "m", "--iterations", "1"]);
    environment.ok(&["cassette", "--output", "tape.jsonl"]);
    let tape = environment.read("tape.jsonl");
    assert!(!tape.contains(is_unseen), "it can be looked at");
    assert!(tape.contains("\\\\u001b") || tape.contains("\\u001b"), "the reply is kept as it came");
    environment.ok(&["run", "tiny", "--replay", "tape.jsonl"]);
}
