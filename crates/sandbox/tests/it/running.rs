//! What a candidate does once it runs.

use std::time::Duration;

use sandbox::{Kit, Limits, MAX_ANSWER_BYTES, Options, Outcome, Round, Sandbox, SandboxError, Screened, Walls};

use crate::kit::{self, GOOD, ask, candidate, lab, playing};

#[test]
fn a_good_candidate_answers_in_order_and_keeps_a_state_for_each_seat() {
    let lab = lab();
    let mut session = lab.start(GOOD, &[vec![10.0], vec![20.0]]).unwrap();
    assert_eq!(session.describe(), b"adds up");
    let mut round = Round::new();
    for (seat, question) in [(1, 1), (0, 2), (1, 3)] {
        round.push(seat, &[question]);
    }
    assert_eq!(kit::bytes(&mut session, &mut round), [21, 12, 24]);
    assert!(round.is_empty());
    assert_eq!(ask(&mut session, 0, &[5]), Ok(17));
}

#[test]
fn a_round_larger_than_a_pipe_is_answered() {
    let lab = lab();
    let mut session = lab.start(&playing("q[q.len() - 1]"), &[vec![]]).unwrap();
    let mut round = Round::new();
    let mut question = vec![0; 60_000];
    for last in 0..100 {
        *question.last_mut().unwrap() = last;
        round.push(0, &question);
    }
    let expected: Vec<u8> = (0..100).collect();
    assert_eq!(kit::bytes(&mut session, &mut round), expected);
    assert_eq!(kit::bytes(&mut session, &mut round), []);
}

/// The contract of the tests, but that an answer says for each of eight numbers whether the question has it.
const LONGER: Kit = Kit {
    files: &[(
        "lib.rs",
        "#![no_std]\npub fn install(_: &'static [extern \"C\" fn(f64, f64) -> f64; 2]) {}\n\
         pub struct Seat<P>(core::marker::PhantomData<P>, u8);\nimpl<P> Seat<P> {\n\
         pub fn start(_: &[f64]) -> Self { Seat(core::marker::PhantomData, 0) }\n\
         pub fn answer(&mut self, q: &[u8]) -> [u8; 128] { self.1 += 1; core::array::from_fn(|i| q[i % q.len()] + self.1) }\n\
         pub fn describe(_: &mut [u8]) -> usize { 0 }\n}\n",
    )],
    state: "toy::Seat<candidate::Policy>",
    install: "toy::install",
    answer_bytes: MAX_ANSWER_BYTES,
    ..kit::KIT
};

#[test]
fn an_answer_has_as_many_bytes_as_the_contract_says() {
    let cache = tempfile::tempdir().unwrap();
    let with = |answer_bytes| {
        let options = kit::options(cache.path(), kit::limits(), Walls::Required);
        Sandbox::new(Options { kit: Kit { answer_bytes, ..LONGER }, ..options }).unwrap()
    };
    let sandbox = with(MAX_ANSWER_BYTES);
    let artifact = sandbox.compile(&Screened::unchecked("pub struct Policy;")).unwrap().unwrap();
    let ask = |sandbox: &Sandbox| {
        let mut session = sandbox.start(&artifact, &[vec![], vec![]]).unwrap().unwrap();
        let mut round = Round::new();
        [(1, 10), (0, 20), (1, 30)].into_iter().for_each(|(seat, byte)| round.push(seat, &[byte, byte + 5]));
        session.round(&mut round).map(|answers| answers.map(<[u8]>::to_vec).collect::<Vec<_>>())
    };
    let answers = ask(&sandbox).unwrap();
    let expected: [Vec<u8>; 3] = [11, 21, 32].map(|first| [first, first + 5].repeat(64));
    assert_eq!(answers, expected);
    assert!(ask(&with(8)).is_err(), "a contract that is not what the session expects is no answer");
}

#[test]
fn sharing_a_core_changes_no_answer_and_ends_with_the_bond() {
    let lab = lab();
    let mut session = lab.start(GOOD, &[vec![]]).unwrap();
    let before = std::thread::available_parallelism().unwrap();
    {
        let core = session.share_core().unwrap();
        assert_eq!(core.number().is_some(), std::thread::available_parallelism().unwrap().get() == 1);
        assert_eq!(ask(&mut session, 0, &[3]), Ok(3));
    }
    assert_eq!(std::thread::available_parallelism().unwrap(), before);
    assert_eq!(ask(&mut session, 0, &[3]), Ok(6));
}

#[test]
fn an_endless_loop_in_an_answer_is_a_timeout_by_processor_time() {
    let outcome = lab().ask(&playing("let mut n = 0u8; loop { n = core::hint::black_box(n.wrapping_add(1)); }"));
    assert!(matches!(&outcome, Err(Outcome::Timeout { what }) if what.contains("processor")), "{outcome:?}");
}

#[test]
fn an_endless_loop_at_the_start_is_a_timeout() {
    let outcome = lab().ask(&candidate("", "loop { core::hint::spin_loop() }", "0"));
    assert!(matches!(outcome, Err(Outcome::Timeout { .. })), "{outcome:?}");
}

#[test]
fn a_round_that_lasts_too_long_is_a_timeout_whatever_the_processor_says() {
    let limits = Limits { run_cpu: Duration::from_secs(100), round_wall: Duration::from_millis(300), ..kit::limits() };
    let lab = kit::lab_with(limits, Walls::Required);
    let Ok(mut session) = lab.start(&playing("loop { core::hint::spin_loop() }"), &[vec![]]) else {
        return; // a machine so busy that even the start was too slow
    };
    let outcome = ask(&mut session, 0, &[1]);
    assert!(matches!(&outcome, Err(Outcome::Timeout { what }) if what.contains("0.3 s")), "{outcome:?}");
    assert_eq!(ask(&mut session, 0, &[1]), outcome, "a session that is over stays so");
}

#[test]
fn a_panic_is_a_crash_with_the_authors_line_and_words() {
    let outcome = lab().ask("use toy::prelude::*;\npub struct Policy;\nimpl Player for Policy {\n    fn new(_: &[f64]) -> Self { Policy }\n    fn play(&mut self, q: &[u8]) -> u8 {\n        q[q.len() + 2]\n    }\n}\n");
    let Err(Outcome::Crashed { signal: Some(libc::SIGILL), text }) = outcome else { panic!("{outcome:?}") };
    assert!(text.contains("candidate.rs:6:9"), "{text}");
    assert!(text.contains("the len is 1 but the index is 3"), "{text}");
}

#[test]
fn a_panic_at_the_start_and_one_within_a_panic_are_crashes() {
    let lab = lab();
    let outcome = lab.ask(&candidate("", "panic!(\"no \\u{1b}[31mparameters\")", "0"));
    let Err(Outcome::Crashed { text, .. }) = outcome else { panic!("{outcome:?}") };
    assert!(text.contains("no \u{fffd}[31mparameters"), "control characters are taken out: {text}");
    let items = "struct Bad; impl core::fmt::Display for Bad {\
                 fn fmt(&self, _: &mut core::fmt::Formatter<'_>) -> core::fmt::Result { panic!(\"inner\") } }";
    let outcome = lab.ask(&candidate(items, "Policy", "panic!(\"{}\", Bad)"));
    assert!(matches!(outcome, Err(Outcome::Crashed { .. })), "{outcome:?}");
}

#[test]
fn endless_recursion_is_a_crash() {
    let items = "#[inline(never)] fn deep(n: u64) -> u64 { let a = core::hint::black_box([n; 64]);\
                 deep(n + 1) + core::hint::black_box(a)[1] }";
    let outcome = lab().ask(&candidate(items, "Policy", "deep(u64::from(q[0])) as u8"));
    assert!(matches!(outcome, Err(Outcome::Crashed { signal: Some(libc::SIGSEGV), .. })), "{outcome:?}");
}

#[test]
fn a_state_larger_than_the_memory_is_denied_before_anything_runs() {
    let source = "use toy::prelude::*;\npub struct Policy([u8; 4 << 30]);\nimpl Player for Policy {\n\
                  fn new(_: &[f64]) -> Self { Policy([0; 4 << 30]) }\nfn play(&mut self, q: &[u8]) -> u8 { self.0[q.len()] }\n}\n";
    let outcome = lab().ask(source);
    assert!(matches!(&outcome, Err(Outcome::Denied { what }) if what.contains("4294967296 bytes")), "{outcome:?}");
}

#[test]
fn states_that_do_not_fit_into_memory_together_are_out_of_memory() {
    let source = "use toy::prelude::*;\npub struct Policy([u8; 60_000]);\nimpl Player for Policy {\n\
                  fn new(_: &[f64]) -> Self { Policy([1; 60_000]) }\nfn play(&mut self, q: &[u8]) -> u8 { self.0[q.len()] }\n}\n";
    // A slow machine takes more than a second to write what is to fit.
    let limits = Limits { run_cpu: Duration::from_secs(100), ..kit::limits() };
    let lab = kit::lab_with(limits, Walls::Required);
    assert_eq!(lab.start(source, &vec![vec![]; 20_000]).err(), Some(Outcome::OutOfMemory));
    assert!(lab.start(source, &vec![vec![]; 2_000]).is_ok(), "the control");
}

#[test]
fn arithmetic_faults_are_crashes_and_odd_numbers_are_not() {
    let lab = lab();
    let outcome = lab.ask(&playing("7 / (q[0] - 1)"));
    assert!(matches!(&outcome, Err(Outcome::Crashed { text, .. }) if text.contains("divide by zero")), "{outcome:?}");
    assert_eq!(lab.ask(&playing("let x = 0.0 / (f64::from(q[0]) - 1.0); if x.is_nan() { 9 } else { x as u8 }")), Ok(9));
}

#[test]
fn a_runner_that_is_no_jail_is_our_error() {
    let lab = lab();
    let artifact = lab.compile(GOOD).unwrap();
    let options = lab.sandbox.options();
    for runner in ["/bin/true", "/bin/cat", "/bin/echo"] {
        let other = sandbox::Options { runner: runner.into(), ..options.clone() };
        let error = sandbox::Sandbox::new(other).unwrap().start(&artifact, &[vec![]]).err();
        assert!(matches!(error, Some(SandboxError::Runner { .. })), "{runner}: {error:?}");
    }
}

#[test]
fn an_object_that_was_evicted_or_damaged_since_it_was_compiled_runs_all_the_same() {
    let lab = lab();
    let artifact = lab.compile(GOOD).unwrap();
    let answer = || ask(&mut lab.sandbox.start(&artifact, &[vec![]]).unwrap().unwrap(), 0, &[5]);
    std::fs::write(&artifact.path, "nothing").unwrap();
    assert_eq!(answer(), Ok(5));
    std::fs::remove_file(&artifact.path).unwrap();
    assert_eq!(answer(), Ok(5));
    assert!(!lab.compile(GOOD).unwrap().cached, "it is compiled again when it is asked for");
}

#[test]
fn a_maths_table_of_the_wrong_length_is_our_error() {
    const FILES: &[(&str, &str)] = &[(
        "lib.rs",
        "#![no_std]\npub trait Player { }\npub fn install(_: &'static [extern \"C\" fn(f64, f64) -> f64; 9]) {}\n\
         pub struct Seat<P>(core::marker::PhantomData<P>);\nimpl<P> Seat<P> {\n\
         pub fn start(_: &[f64]) -> Self { Seat(core::marker::PhantomData) }\n\
         pub fn answer(&mut self, _: &[u8]) -> [u8; 1] { [0] }\npub fn describe(_: &mut [u8]) -> usize { 0 }\n}\n",
    )];
    let cache = tempfile::tempdir().unwrap();
    let mut options = kit::options(cache.path(), kit::limits(), Walls::Required);
    options.kit =
        sandbox::Kit { files: FILES, state: "toy::Seat<candidate::Policy>", install: "toy::install", ..kit::KIT };
    let sandbox = sandbox::Sandbox::new(options).unwrap();
    let candidate = sandbox::Screened::unchecked("pub struct Policy;");
    let artifact = sandbox.compile(&candidate).unwrap().unwrap();
    let error = sandbox.start(&artifact, &[vec![]]).unwrap_err().to_string();
    assert!(error.contains("maths table"), "{error}");
}
