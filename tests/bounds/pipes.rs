//! A reader who has seen enough.

use crate::environment::Environment;
use std::process::Stdio;

/// Runs a command whose standard output nobody reads any more: its reader has gone before the first byte.
fn unread(environment: &Environment, arguments: &[&str]) -> (Option<i32>, String) {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut command = environment.command(arguments);
    let output = command.stdout(writer).stderr(Stdio::piped()).output().expect("it starts");
    (output.status.code(), String::from_utf8(output.stderr).expect("UTF-8"))
}

#[test]
fn a_closed_pipe_ends_the_program_quietly() {
    let environment = Environment::ended(1);
    for arguments in [
        &["champion"][..],
        &["champion", "--format", "json"],
        &["list"],
        &["list", "--format", "json"],
        &["status"],
        &["show"],
        &["show", "--format", "json"],
        &["report"],
        &["report", "--format", "markdown"],
        &["report", "--format", "html"],
        &["report", "--format", "json"],
        &["cassette"],
        &["prompt", "list"],
        &["prompt", "show", "plan"],
        &["simulate", "tiny/scenarios/calm.toml"],
        &["simulate", "tiny/scenarios/calm.toml", "--format", "json"],
        &["doctor"],
        &["new", "mine.rs"],
        &["evaluate", "mine.rs", "--experiment", "tiny"],
        &["run", "tiny", "--iterations", "1"],
        &["--help"],
        &["--version"],
    ] {
        let read = environment.run(if arguments == ["new", "mine.rs"] { &["new", "other.rs"] } else { arguments });
        let (code, said) = unread(&environment, arguments);
        assert_eq!(code, Some(read.code), "{arguments:?}: {said}");
        assert!(!said.contains("panicked") && !said.contains("error: "), "{arguments:?}: {said}");
    }
}

#[test]
fn a_full_disk_under_the_output_is_an_error_and_no_panic() {
    let environment = Environment::new();
    environment.copy("experiments/tiny");
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("a device");
    let output = environment.command(&["prompt", "list"]).stdout(full).output().expect("it starts");
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("cannot print"), "{said}");
}

#[test]
fn nobody_at_standard_error_is_no_trouble() {
    let environment = Environment::new();
    environment.copy("experiments/tiny");
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut command = environment.command(&["run", "tiny", "--iterations", "1"]);
    let output = command.env("ELENCHUS_LOG", "trace").stderr(writer).output().expect("it starts");
    assert_eq!(output.status.code(), Some(0));
    let gone = environment.command(&["run", "nowhere"]).stderr(std::io::pipe().expect("a pipe").1).output();
    assert_eq!(gone.expect("it starts").status.code(), Some(2));
}
