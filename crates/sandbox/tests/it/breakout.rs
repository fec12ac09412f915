//! A candidate that has broken out of the language and makes system calls, which the contract of these tests lets it do.

use std::os::fd::AsRawFd;

use sandbox::{Outcome, Walls};

use crate::kit::{self, Lab, ask, candidate, lab, lab_with, playing};

/// Questions and answers in a jail: what it has cloned from stdin and stdout.
const ANSWERS: i32 = 4;

fn call(number: i64, arguments: [&str; 3]) -> String {
    format!(
        "toy::system_call({number}, {} as usize, {} as usize, {} as usize)",
        arguments[0], arguments[1], arguments[2]
    )
}

/// Answers 1 if the call succeeds, 2 if it fails.
fn succeeds(call: &str) -> String {
    playing(&format!("if {call} >= 0 {{ 1 }} else {{ 2 }}"))
}

#[test]
fn a_sealed_candidate_dies_of_the_first_forbidden_call_and_an_unsealed_one_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let secret = directory.path().join("secret.txt");
    std::fs::write(&secret, "xyz").unwrap();
    let path = format!("c\"{}\".as_ptr()", secret.to_str().unwrap());
    let sealed = lab();
    let unsealed = lab_with(kit::limits(), Walls::Disabled);
    let here = format!("({}isize)", libc::AT_FDCWD);
    for call in [
        call(libc::SYS_openat, [&here, &path, "0"]),
        call(libc::SYS_socket, ["2", "1", "0"]),
        call(libc::SYS_getpid, ["0", "0", "0"]),
        call(libc::SYS_kill, ["0", "0", "0"]),
        call(libc::SYS_mmap, ["0", "4096", "7"]),
        call(libc::SYS_dup, ["1", "0", "0"]),
        call(libc::SYS_write, ["2", &path, "1"]),
    ] {
        // What the unjailed one cannot do either would prove nothing; mmap lacks an argument and fails there, but lives.
        let control = unsealed.ask(&succeeds(&call));
        assert!(control == Ok(1) || call.contains(", 4096"), "{call}: {control:?}");
        let outcome = sealed.ask(&succeeds(&call));
        assert!(matches!(outcome, Err(Outcome::Denied { .. })), "{call}: {outcome:?}");
    }
}

#[test]
fn a_sealed_candidate_cannot_start_a_process_or_make_code() {
    let lab = lab();
    for call in [call(libc::SYS_clone, ["17", "0", "0"]), call(libc::SYS_mprotect, ["q.as_ptr()", "1", "7"])] {
        let outcome = lab.ask(&succeeds(&call));
        assert!(matches!(outcome, Err(Outcome::Denied { .. })), "{call}: {outcome:?}");
    }
}

/// A candidate that writes these bytes to its answers before it answers.
fn forger(lab: &Lab, frame: &[u8], then: &str) -> Result<u8, Outcome> {
    let bytes = format!("{frame:?} as [u8; {}]", frame.len());
    let write = call(libc::SYS_write, [&ANSWERS.to_string(), &format!("({bytes}).as_ptr()"), &frame.len().to_string()]);
    lab.ask(&playing(&format!("{write}; {then}")))
}

fn frame(status: u32, length: u32, payload: &[u8]) -> Vec<u8> {
    [&status.to_le_bytes(), &length.to_le_bytes(), payload].concat()
}

#[test]
fn forged_answers_are_inconsistent_whatever_is_wrong_with_them() {
    let lab = lab();
    let exit = call(libc::SYS_exit_group, ["0", "0", "0"]) + "; 0";
    let answers = 3;
    for (name, bytes, then) in [
        ("unknown status", frame(99, 0, &[]), "0"),
        ("a status out of turn", frame(1, 0, &[]), "0"),
        ("too few answers", frame(answers, 0, &[]), "0"),
        ("too many answers", frame(answers, 2, &[1, 1]), "0"),
        ("far too many answers", frame(answers, u32::MAX, &[1]), "0"),
        ("half a header", frame(answers, 1, &[])[..5].to_vec(), exit.as_str()),
        ("half an answer", frame(answers, 1, &[]), exit.as_str()),
        ("nothing at all", vec![], exit.as_str()),
        ("garbage", vec![b'x'; 3000], "0"),
    ] {
        let outcome = forger(&lab, &bytes, then);
        assert!(matches!(outcome, Err(Outcome::Inconsistent { .. })), "{name}: {outcome:?}");
    }
}

#[test]
fn a_jail_inherits_no_descriptor() {
    // A descriptor that a program without our care would pass on.
    let file = tempfile::tempfile().unwrap();
    let leaked = file.as_raw_fd();
    let lab = lab_with(kit::limits(), Walls::Disabled);
    let source = succeeds(&call(libc::SYS_fcntl, ["q[0]", "1", "0"]));
    let mut session = lab.start(&source, &[vec![]]).unwrap();
    for number in 0..=u8::MAX {
        let expected = if i32::from(number) <= ANSWERS { 1 } else { 2 };
        assert_eq!(ask(&mut session, 0, &[number]), Ok(expected), "descriptor {number}, leaked {leaked}");
    }
}

#[test]
fn a_candidate_that_breaks_out_at_the_start_gets_no_further() {
    let outcome = lab().ask(&candidate("", &format!("{}; Policy", call(libc::SYS_getpid, ["0", "0", "0"])), "0"));
    assert!(matches!(outcome, Err(Outcome::Denied { .. })), "{outcome:?}");
}
