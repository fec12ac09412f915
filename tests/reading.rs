//! What an executor writes cannot hold up the program by being hard to read.

use crate::environment::Environment;
use std::os::unix::fs::PermissionsExt;

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

/// Runs and resumes a campaign; what became of its candidates.
fn outcomes(body: &str) -> Vec<String> {
    let (environment, script) = with_an_executor_of(body);
    // An end that does not come is an end by a signal.
    let limited = |arguments: &[&str]| {
        let command = environment.command(arguments);
        let mut limited = std::process::Command::new("/bin/sh");
        limited.args(["-c", "ulimit -t 120; exec \"$0\" \"$@\""]).arg(command.get_program()).args(command.get_args());
        limited.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        limited.current_dir(environment.path("")).stdin(std::process::Stdio::null()).output().expect("it starts")
    };
    let run = ["run", "tiny", "--iterations", "1", "--executor-command", &script];
    let said = limited(&run);
    assert_eq!(said.status.code(), Some(0), "{}", String::from_utf8_lossy(&said.stderr));
    let resumed = limited(&["resume", "--executor-command", &script]);
    assert!(resumed.status.code().is_some(), "{}", String::from_utf8_lossy(&resumed.stderr));
    let shown = environment.json(&["show", "--format", "json"]);
    let lineage = shown["lineage"].as_array().expect("a lineage");
    lineage.iter().map(|node| node["outcome"].as_str().unwrap_or("none").to_owned()).collect()
}

#[test]
fn a_sum_of_sixty_ones_is_a_candidate_like_others() {
    let sum = format!("let _ = {}1;", "1+".repeat(59));
    assert!(outcomes(&sum).contains(&"scored".to_owned()));
}

#[test]
fn a_candidate_that_is_nested_too_deeply_is_refused_and_the_campaign_goes_on() {
    let deep = format!("let _ = {}1{};", "(".repeat(25_000), ")".repeat(25_000));
    assert!(outcomes(&deep).iter().all(|outcome| outcome == "refused"));
}

#[test]
fn a_candidate_with_a_number_of_thirty_thousand_digits_is_refused_and_the_campaign_goes_on() {
    let long = format!("let _ = {};", "9".repeat(30_000));
    assert!(outcomes(&long).iter().all(|outcome| outcome == "refused"));
}
