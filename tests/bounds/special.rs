//! What is no regular file stands where one is expected: it is refused by its name, and nobody waits for it.

use crate::environment::Environment;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

/// What may lie where a file is expected, and what it is called.
const KINDS: [(&str, &str); 4] =
    [("fifo", "a named pipe"), ("socket", "a socket"), ("directory", "a directory"), ("device", "a device")];

fn put(path: &Path, kind: &str) {
    let _ = std::fs::remove_file(path);
    let _ = std::fs::remove_dir(path);
    match kind {
        "fifo" => assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo runs").success()),
        // The file stays when its listener is gone.
        "socket" => drop(UnixListener::bind(path).expect("a socket")),
        "directory" => std::fs::create_dir(path).expect("a directory"),
        _ => std::os::unix::fs::symlink("/dev/zero", path).expect("a link"),
    }
}

#[test]
fn a_file_that_is_named_to_a_command_is_a_regular_one() {
    let environment = Environment::new();
    environment.copy("experiments/tiny");
    let scenario = "tiny/scenarios/calm.toml";
    for (kind, name) in KINDS {
        put(&environment.path("odd.rs"), kind);
        put(&environment.path("odd"), kind);
        for arguments in [
            &["evaluate", "odd.rs", "--experiment", "tiny"][..],
            &["simulate", scenario, "--admitter", "odd.rs"],
            &["simulate", scenario, "--trace", "odd"],
            &["simulate", "odd"],
            &["run", "tiny", "--replay", "odd"],
            &["prompt", "list", "--config", "odd"],
            &["run", "tiny", "--config", "odd"],
        ] {
            let message = environment.fails(2, arguments);
            assert!(message.contains("odd") && message.contains(name), "{arguments:?}: {message}");
        }
    }
    assert!(!environment.path(".elenchus/lineage.db").exists(), "a campaign was begun");
}

#[test]
fn a_file_of_an_experiment_is_a_regular_one() {
    for (file, by) in [
        ("campaign.toml", "campaign.toml"),
        ("scenarios/busy.toml", "campaign.toml:6"),
        ("space.rs", "campaign.toml:7"),
        ("scenarios/odd.csv", "scenarios/odd.csv"),
        ("population.toml", "campaign.toml:1"),
    ] {
        // A device lies outside of the directory, and is refused for that.
        for (kind, name) in KINDS.into_iter().filter(|(kind, _)| *kind != "device") {
            let environment = Environment::new();
            environment.copy("experiments/tiny");
            if file == "scenarios/odd.csv" {
                let calm = environment.read("tiny/scenarios/calm.toml");
                let cluster = calm.split("[workload]").next().expect("a cluster");
                environment.write("tiny/scenarios/calm.toml", &format!("{cluster}[workload]\ntrace = \"odd.csv\"\n"));
            }
            if file == "population.toml" {
                let campaign = environment.read("tiny/campaign.toml");
                environment.write("tiny/campaign.toml", &format!("population = \"population.toml\"\n{campaign}"));
            }
            put(&environment.path(&format!("tiny/{file}")), kind);
            let message = environment.fails(2, &["run", "tiny"]);
            assert!(message.contains(by) && message.contains(file) && message.contains(name), "{file}: {message}");
        }
    }
}

#[test]
fn a_prompt_of_the_users_own_is_a_regular_file() {
    let environment = Environment::new();
    environment.ok(&["prompt", "write", "mine"]);
    environment.write("config.toml", "prompts = \"mine\"\n");
    for (kind, name) in KINDS {
        put(&environment.path("mine/plan.hbs"), kind);
        let message = environment.fails(2, &["prompt", "list", "--config", "config.toml"]);
        assert!(message.contains("plan.hbs") && message.contains(name), "{message}");
    }
}
