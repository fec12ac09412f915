//! The champion loses what does not matter.

use crate::environment::{Environment, fixture_path};
use std::os::unix::fs::PermissionsExt;

const SUPERFLUOUS: &str = "saturation.powi(5) * 300.0 * 1.0001";

/// The tiny experiment, and an executor that always writes the quintic with a factor that changes next to nothing.
fn with_a_superfluous_constant() -> (Environment, String) {
    let environment = Environment::new();
    environment.copy("experiments/tiny");
    let quintic = std::fs::read_to_string(fixture_path("candidates/quintic.rs")).unwrap();
    let source = quintic.replace("saturation.powi(5) * 300.0", SUPERFLUOUS);
    assert_ne!(source, quintic);
    environment
        .write("coder.sh", &format!("#!/bin/sh\n/bin/cat > /dev/null\n/bin/cat <<'END'\n```rust\n{source}```\nEND\n"));
    let script = environment.path("coder.sh");
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    (environment, script.to_str().unwrap().to_owned())
}

#[test]
fn a_champion_with_a_superfluous_constant_loses_it() {
    let (environment, script) = with_a_superfluous_constant();
    environment.ok(&["run", "tiny", "--executor-command", &script, "--iterations", "1"]);
    let shown = environment.json(&["show", "--format", "json"]);
    let (done, champion) = (&shown["simplification"], &shown["champion"]);
    let tried = done["tried"].as_array().expect("the champion was taken apart");
    let dropped =
        |tried: &&serde_json::Value| tried["change"].as_str().unwrap().starts_with("without `* 1.0001` in line");
    let alone = tried.iter().find(dropped).expect("it was tried");
    assert!(alone["admissible"] == true && alone["gain"].as_f64().is_some_and(|gain| gain.abs() < 0.005), "{alone}");
    assert!(tried.iter().any(|tried| tried["admissible"] == false || tried["gain"].as_f64().is_none_or(|g| g < -0.01)));
    assert_eq!((&champion["candidate"], &champion["parent"]), (&done["candidate"], &done["of"]), "{done:#}");
    assert!(!champion["source"].as_str().unwrap().contains("1.0001"));
    let length = |id: &serde_json::Value| {
        let lineage = shown["lineage"].as_array().expect("a lineage");
        lineage.iter().find(|node| node["candidate"] == *id).and_then(|node| node["description_length"].as_u64())
    };
    assert!(length(&done["candidate"]) < length(&done["of"]), "{done:#}");
    assert!(tried.iter().all(|tried| tried["description_length"].as_u64() <= length(&done["of"])), "{done:#}");
    let report = environment.ok(&["report", "--full"]);
    assert!(report.contains("What each part is worth"), "{report}");
}

#[test]
fn a_campaign_that_is_killed_while_it_simplifies_ends_with_the_digest_of_an_undisturbed_one() {
    let (killed, script) = with_a_superfluous_constant();
    let run = ["run", "tiny", "--executor-command", &script, "--iterations", "1"];
    let resume = ["resume", "--executor-command", &script];
    let landed = [&run[..], &resume, &resume].map(|run| killed.kill_while(run, "leaving out of"));
    assert!(landed.contains(&true), "it was always done before it was killed");
    killed.ok(&resume);
    killed.ok(&[&run[..], &["--state-dir", "whole"]].concat());
    let report = |state: &str| killed.json(&["report", "--format", "json", "--state-dir", state]);
    let (killed, whole) = (report(".elenchus"), report("whole"));
    assert!(whole["simplification"].is_object(), "{whole:#}");
    for part in ["digest", "evaluations", "simplification", "trials"] {
        assert_eq!(killed[part], whole[part], "{part}");
    }
}
