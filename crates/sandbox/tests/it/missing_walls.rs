//! What happens on a system that lacks a wall: this one, behind a filter that denies the calls by which the wall is made.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use sandbox::{Options, Sandbox, SandboxError, Walls};

use crate::kit::{self, GOOD, lab};

const RUNNER: &str = env!("CARGO_BIN_EXE_sandbox-jail");

/// What the program says that puts a candidate through all gates.
fn evaluated(without: Option<&str>, walls: &str) -> String {
    let cache = tempfile::tempdir().unwrap();
    let mut command = Command::new(RUNNER);
    command.args(without.iter().flat_map(|wall| ["without", wall]));
    command.arg("evaluate").arg(cache.path()).arg(walls);
    let output = command.output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn a_mandatory_wall_that_is_missing_is_named_and_nothing_runs() {
    assert_eq!(evaluated(None, "required"), "answer 7", "the control");
    for wall in [
        "limits",
        "no_new_privs",
        "landlock",
        "seccomp",
        "process file descriptors",
        "fixed places",
        "descriptors",
        "death signal",
    ] {
        let said = evaluated(Some(wall), "required");
        assert!(said.starts_with(&format!("error the jail cannot be closed: {wall}: ")), "{wall}: {said}");
    }
}

#[test]
fn without_walls_candidates_run_where_there_are_none_but_never_without_limits() {
    for wall in ["no_new_privs", "landlock", "seccomp", "fixed places", "no randomisation", "namespaces"] {
        assert_eq!(evaluated(Some(wall), "disabled"), "answer 7", "{wall}");
    }
    let said = evaluated(Some("limits"), "disabled");
    assert!(said.starts_with("error the jail cannot be closed: limits: "), "{said}");
}

#[test]
fn a_system_without_namespaces_is_no_error() {
    assert_eq!(evaluated(Some("namespaces"), "required"), "answer 7");
}

#[test]
fn a_system_that_insists_on_random_addresses_is_no_error_since_no_candidate_sees_them() {
    assert_eq!(evaluated(Some("no randomisation"), "required"), "answer 7");
}

/// A runner that lacks a wall, while its master does not notice.
fn runner_without(directory: &Path, wall: &str) -> PathBuf {
    let runner = directory.join(wall.replace(' ', "_"));
    fs::write(&runner, format!("#!/bin/sh\nexec '{RUNNER}' without '{wall}' \"$@\"\n")).unwrap();
    fs::set_permissions(&runner, fs::Permissions::from_mode(0o755)).unwrap();
    runner
}

#[test]
fn a_jail_that_alone_lacks_a_wall_says_which_and_touches_no_candidate() {
    let lab = lab();
    let artifact = lab.compile(GOOD).unwrap();
    let directory = tempfile::tempdir().unwrap();
    for wall in ["limits", "no_new_privs", "landlock", "seccomp", "fixed places", "descriptors"] {
        let runner = runner_without(directory.path(), wall);
        let is_named = |error: Option<SandboxError>| match error {
            Some(SandboxError::Wall { wall: named, .. }) => assert!(
                // The library that applies filters sets this itself, so it is the filter that fails.
                named == wall || (wall == "no_new_privs" && named == "seccomp"),
                "{wall}: {named}"
            ),
            other => panic!("{wall}: {other:?}"),
        };
        // The candidate's jail: the cache has what is compiled.
        let options = Options { runner: runner.clone(), ..lab.sandbox.options().clone() };
        let sandbox = Sandbox::new(options).unwrap();
        is_named(sandbox.start(&artifact, &[vec![]]).err());
        if wall == "fixed places" {
            continue; // the compiler lies where it likes
        }
        // The compiler's jail, at the first thing that it compiles.
        let empty = directory.path().join(format!("cache of {wall}"));
        let options = Options { runner, ..kit::options(&empty, kit::limits(), Walls::Required) };
        is_named(Sandbox::new(options).err());
    }
}

#[test]
fn a_probe_tells_which_walls_are_missing_and_which_of_them_matter() {
    let probed = |wall: &str| {
        let output = Command::new(RUNNER).args(["without", wall, "probe"]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(probed("landlock").contains("landlock mandatory missing\n"));
    assert!(probed("landlock").contains("seccomp mandatory stands\n"), "the control");
    assert!(probed("fixed places").contains("fixed places mandatory missing\n"));
    assert!(probed("no randomisation").contains("no randomisation optional missing\n"));
    let bare = probed("namespaces");
    for name in ["user", "network", "ipc"] {
        assert!(bare.contains(&format!("{name} namespace optional missing\n")), "{bare}");
    }
    assert!(!bare.contains("mandatory missing"), "{bare}");
}

/// Whether this optional wall stands here.
fn stands(name: &str) -> bool {
    sandbox::walls::probe().iter().any(|wall| wall.name == name && wall.state.is_ok())
}

#[test]
fn a_jailed_candidate_has_no_capability_and_a_user_namespace_of_its_own() {
    let user = |process: &str| fs::read_link(format!("/proc/{process}/ns/user")).unwrap();
    for (walls, jailed) in [(Walls::Required, stands("user namespace")), (Walls::Disabled, false)] {
        let session = kit::lab_with(kit::limits(), walls).start(GOOD, &[vec![]]).unwrap();
        let process = session.process().to_string();
        assert_eq!(user(&process) != user("self"), jailed, "{walls:?}");
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let line = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
        assert!(!jailed || (line("CapEff:"), line("CapPrm:")) == (line("CapInh:"), "0".repeat(16)), "{status}");
    }
}

#[test]
fn a_cache_where_others_may_write_is_refused() {
    let cache = tempfile::tempdir().unwrap();
    let options = kit::options(cache.path(), kit::limits(), Walls::Required);
    drop(Sandbox::new(options.clone()).unwrap());
    let inner = fs::read_dir(cache.path()).unwrap().next().unwrap().unwrap().path();
    fs::set_permissions(&inner, fs::Permissions::from_mode(0o777)).unwrap();
    let error = Sandbox::new(options).unwrap_err().to_string();
    assert!(error.contains("cache") && error.contains(inner.to_str().unwrap()), "{error}");
}

#[test]
fn limits_below_ours_that_whoever_starts_us_has_set_are_kept() {
    let cache = tempfile::tempdir().unwrap();
    // 64 files and 9 s are less than what the compiler's jail asks for; an ordinary user cannot lift them.
    let script =
        format!("ulimit -n 64 && ulimit -t 9 && exec '{RUNNER}' evaluate '{}' required", cache.path().display());
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "answer 7", "{output:?}");
}
