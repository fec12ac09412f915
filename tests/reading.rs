//! What an executor writes cannot hold up the program by being hard to read.

use crate::environment::Environment;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

/// The tiny experiment, and an executor that always writes a policy with this in its body.
fn with_an_executor_of(body: &str) -> (Environment, String) {
    let environment = Environment::new();
    environment.copy("experiments/tiny");
    let source = format!(
        "use admitter::prelude::*;\npub struct Policy;\nimpl Admitter for Policy {{\nfn new(_: &[f64]) -> Self {{ Policy }}\n\
         fn admit(&mut self, request: &Request, cluster: &Cluster, draw: &mut Draw) -> Decision {{\n{body}\n\
         Decision::reject_if(request.priority < 0 && draw.uniform() < cluster.saturation(5.0, 0.8).powi(5) * 300.0)\n}}\n}}\n"
    );
    environment.write("source.md", &format!("```rust\n{source}```\n"));
    environment.write("coder.sh", "#!/bin/sh\n/bin/cat > /dev/null\n/bin/cat \"${0%/*}/source.md\"\n");
    let script = environment.path("coder.sh");
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).expect("its own file");
    (environment, script.to_str().expect("a printable path").to_owned())
}

/// Runs a command that must end well, within two minutes of processor time.
fn ends(environment: &Environment, arguments: &[&str]) {
    let command = environment.command(arguments);
    let mut limited = std::process::Command::new("/bin/sh");
    limited.args(["-c", "ulimit -t 120; exec \"$0\" \"$@\""]).arg(command.get_program()).args(command.get_args());
    limited.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = limited.current_dir(environment.path("")).stdin(Stdio::null()).output().expect("it starts");
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Runs a campaign, and another one that is killed and resumed; what became of their candidates.
fn outcomes(body: &str) -> Vec<String> {
    let (environment, script) = with_an_executor_of(body);
    let run = ["run", "tiny", "--iterations", "1", "--executor-command", &script];
    environment.kill_while(&run, "");
    ends(&environment, &["resume", "--executor-command", &script]);
    ends(&environment, &[&run[..], &["--state-dir", "whole"]].concat());
    let outcomes = |state: &str| {
        let shown = environment.json(&["show", "--format", "json", "--state-dir", state]);
        let lineage = shown["lineage"].as_array().expect("a lineage").clone();
        lineage.iter().map(|node| node["outcome"].as_str().unwrap_or("none").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(outcomes(".elenchus"), outcomes("whole"));
    outcomes("whole")
}

#[test]
fn a_sum_of_sixty_ones_is_a_candidate_like_others() {
    let sum = format!("let _ = {}1;", "1+".repeat(59));
    assert!(outcomes(&sum).contains(&"scored".to_owned()));
}

#[test]
fn a_candidate_that_is_nested_too_deeply_is_refused_and_the_campaign_goes_on() {
    let deep = format!("let _ = {}1{};", "(".repeat(25_000), ")".repeat(25_000));
    assert!(outcomes(&deep).contains(&"refused".to_owned()));
}

#[test]
fn a_candidate_with_a_number_of_thirty_thousand_digits_is_refused_and_the_campaign_goes_on() {
    let long = format!("let _ = {};", "9".repeat(30_000));
    assert!(outcomes(&long).contains(&"refused".to_owned()));
}
