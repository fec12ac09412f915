//! Roles filled by different agents: built-in ones, models, commands; and what a role is told.

use super::{brain, with_model};
use crate::environment::{Environment, root};
use crate::scripted_server::KEY;

fn shown(environment: &Environment) -> serde_json::Value {
    environment.json(&["show", "--format", "json"])
}

#[test]
fn a_built_in_planner_gets_its_code_from_a_model() {
    let server = brain::server();
    let environment = with_model(&server);
    environment.ok(&["run", "tiny", "--executor", "coder", "--iterations", "2"]);
    let shown = shown(&environment);
    assert_eq!(shown["agents"], "planner=builtin executor=coder extractor=builtin");
    assert!(shown["iterations"][0]["planner"].is_null());
    assert_eq!(shown["iterations"][0]["arms"][0]["author"], "coder");
    let models: Vec<_> = server.requests().iter().map(|request| request.body["model"].clone()).collect();
    assert!(!models.is_empty() && models.iter().all(|model| model == "coder"), "{models:?}");
    assert!(server.requests().iter().all(|request| !brain::part(request.message(0)).starts_with("You plan")));
}

#[test]
fn a_model_plans_for_the_built_in_executor() {
    let server = brain::server();
    let environment = with_model(&server);
    environment.ok(&["run", "tiny", "--planner", "thinker", "--extractor", "reader", "--iterations", "4"]);
    let shown = shown(&environment);
    assert_eq!(shown["agents"], "planner=thinker executor=builtin extractor=reader");
    assert_eq!(shown["iterations"][0]["planner"], "thinker");
    // Only iteration 4 declares a point, which is all that the built-in executor can write down.
    assert_eq!(shown["iterations"][3]["arms"][0]["outcome"], "scored", "{:#}", shown["iterations"][3]);
    assert!(shown["iterations"][3]["arms"][0]["author"].is_null());
    let models: Vec<_> = server.requests().iter().map(|r| r.body["model"].as_str().unwrap().to_owned()).collect();
    assert!(models.contains(&"thinker".to_owned()) && models.contains(&"reader".to_owned()), "{models:?}");
}

/// Says where it is and what it can see, and answers with the quintic.
const SCRIPT: &str = r#"#!/bin/sh
/bin/cat > /dev/null
echo "Here it is."
echo '```rust'
/usr/bin/env | /usr/bin/sed 's|^|// |'
/bin/cat "$CANDIDATE"
echo '```'
"#;

fn with_command(environment: &mut Environment) -> String {
    use std::os::unix::fs::PermissionsExt;
    environment.write("coder.sh", SCRIPT);
    let script = environment.path("coder.sh");
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let quintic = std::fs::read_to_string(crate::environment::fixture_path("candidates/quintic.rs")).unwrap();
    environment.write("candidate.rs", &quintic.replace("300.0", "240.0"));
    let candidate = environment.path("candidate.rs");
    environment.set("CANDIDATE", candidate.to_str().unwrap());
    script.to_str().unwrap().to_owned()
}

#[test]
fn a_command_of_the_users_writes_candidates_and_never_sees_a_key() {
    let server = brain::server();
    let mut environment = with_model(&server);
    environment.set("SECOND_KEY", "another-secret-0123456789");
    let base_url = server.base_url();
    environment
        .write("config.toml", &format!("[endpoints.other]\nbase_url = {base_url:?}\nkey_variable = \"SECOND_KEY\"\n"));
    let script = with_command(&mut environment);
    let run = ["run", "tiny", "--executor-command", &script, "--config", "config.toml", "--iterations", "1"];
    environment.ok(&run);
    let shown = shown(&environment);
    assert_eq!(shown["agents"], "planner=builtin executor=executor-command extractor=builtin");
    assert_eq!(shown["iterations"][0]["arms"][0]["author"], "executor-command");
    assert_eq!(shown["iterations"][0]["arms"][0]["outcome"], "scored", "{shown:#}");
    let cassette = environment.ok(&["cassette"]);
    assert!(cassette.contains("// CANDIDATE="), "the environment is in the reply: {cassette}");
    assert!(!cassette.contains(KEY) && !cassette.contains("another-secret-0123456789"));
    environment.holds_nowhere(KEY);
    assert_eq!(server.requests().len(), 0, "nobody else was asked");
}

#[test]
fn a_command_has_to_be_given_again_for_a_campaign_to_go_on() {
    let server = brain::server();
    let mut environment = with_model(&server);
    let script = with_command(&mut environment);
    environment.write("fails.sh", "#!/bin/sh\nexit 3\n");
    let failing = format!("/bin/sh {}", environment.path("fails.sh").display());
    let message = environment.fails(1, &["run", "tiny", "--executor-command", &failing, "--iterations", "1"]);
    assert!(message.contains("/bin/sh"), "{message}");
    let message = environment.fails(2, &["resume"]);
    assert!(message.contains("--executor-command"), "{message}");
    environment.ok(&["resume", "--executor-command", &script]);
    assert_eq!(shown(&environment)["ended"], "completed");
    let message = environment.fails(2, &["run", "tiny", "--executor-command", &script, "--max-usd", "1"]);
    assert!(message.contains("limit calls instead"), "{message}");
}

#[test]
fn a_prompt_of_the_users_own_is_what_is_sent() {
    let server = brain::server();
    let environment = with_model(&server);
    let shipped = std::fs::read_to_string(root().join("prompts/implement.hbs")).unwrap();
    let mine = shipped.replacen("exactly as designed.", "exactly as designed. Mind the gap.", 1);
    environment.write("mine/implement.hbs", &mine);
    environment.write("config.toml", "prompts = \"mine\"\n");
    environment.ok(&["run", "tiny", "--executor", "m", "--config", "config.toml", "--iterations", "1"]);
    assert!(server.requests()[0].message(0).contains("Mind the gap."));

    environment.write("mine/implement.hbs", &format!("{mine}\n{{{{questoin}}}}\n"));
    let message = environment.fails(2, &["run", "tiny", "--executor", "m", "--config", "config.toml"]);
    assert!(message.contains("questoin"), "{message}");
    environment.write("mine/implment.hbs", "typo");
    let message = environment.fails(2, &["run", "tiny", "--executor", "m", "--config", "config.toml"]);
    assert!(message.contains("there is no template `implment`"), "{message}");
}
