//! What the compiler's jail lets through.

use std::time::Duration;

use sandbox::{Limits, Outcome, Walls, screen};

use crate::kit::{self, GOOD, KIT, Lab, candidate, lab, lab_with, playing};

fn diagnostics(outcome: Result<sandbox::Artifact, Outcome>) -> String {
    match outcome {
        Err(Outcome::DoesNotCompile { diagnostics }) => diagnostics,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_syntax_error_and_a_type_error_carry_the_authors_own_line() {
    let lab = lab();
    for (from, to, place) in [("self.sum as u8", "self.sum as", "candidate.rs:16"), ("as u8", "", "candidate.rs:15")] {
        let screened = screen(&GOOD.replace(from, to), &KIT).unwrap();
        let said = diagnostics(lab.sandbox.compile(&screened).unwrap());
        assert!(said.contains(place), "{said}");
        assert!(!said.contains(lab.cache.path().to_str().unwrap()), "{said}");
    }
}

#[test]
fn diagnostics_begin_with_the_first_error_name_no_path_of_the_host_and_are_the_same_in_every_run() {
    // One error in the candidate, one that points into the contract, one into the standard library, one with a type so
    // long that the compiler writes it to a file.
    let items = "fn a() -> u8 { 1.5 }\n\
                 fn b() { add(1.0); }\n\
                 fn c(x: &[u8]) { let _: u8 = x.iter().map(3).sum(); }\n\
                 fn d(x: &[u8]) { x.iter().map(|a| (a, a)).zip(x.iter().map(|a| (a, a, a))).map(|a| [a; 3]).filter(|_| true)\
                 .enumerate().zip(x.iter().map(|a| (a, a, a))).zip(x.iter().map(|a| (a, a, a))).nothing(); }\n\
                 fn unused() { let x = 1; }";
    let source = candidate(items, "Policy", "0");
    let line = 1 + source.lines().position(|line| line.starts_with("fn a()")).unwrap();
    let said = || {
        let lab = lab();
        let said = diagnostics(lab.compile(&source));
        for path in [lab.cache.path().to_str().unwrap(), "rustup", "build-", "long-type"] {
            assert!(!said.contains(path), "{path} in {said}");
        }
        said
    };
    let first = said();
    let place = format!("--> candidate.rs:{line}:");
    assert!(first.starts_with("error") && first.contains(&place), "{first}");
    assert!(!first.contains("warning"), "{first}");
    for part in ["lib.rs:", "library/core", "`nothing`"] {
        assert!(first.contains(part), "{part} is not in {first}");
    }
    assert_eq!(said(), first, "another directory, another process of the compiler");
}

#[test]
fn a_second_compilation_comes_from_the_cache_even_in_another_sandbox() {
    let lab = lab();
    let first = lab.compile(GOOD).unwrap();
    assert!(!first.cached);
    let again = lab.compile(GOOD).unwrap();
    assert!(again.cached);
    assert_eq!(again.path, first.path);
    let options = kit::options(lab.cache.path(), kit::limits(), Walls::Required);
    let other = sandbox::Sandbox::new(options).unwrap();
    assert!(other.compile(&screen(GOOD, &KIT).unwrap()).unwrap().unwrap().cached);
}

#[test]
fn a_damaged_object_in_the_cache_is_compiled_again() {
    let lab = lab();
    let artifact = lab.compile(GOOD).unwrap();
    let whole = std::fs::read(&artifact.path).unwrap();
    std::fs::write(&artifact.path, &whole[..whole.len() / 8]).unwrap();
    assert!(!lab.compile(GOOD).unwrap().cached);
    assert_eq!(std::fs::read(&artifact.path).unwrap(), whole, "the same text gives the same object");
}

#[test]
fn an_object_larger_than_usual_by_far_is_denied_and_does_not_stay() {
    let lab = lab();
    let table = |bytes: usize| {
        candidate(
            &format!("const T: [u8; {bytes}] = [7; {bytes}];"),
            "Policy",
            "T[q[0] as usize * 100] + T.len() as u8",
        )
    };
    assert!(lab.compile(&table(500_000)).is_ok(), "the control");
    for bytes in [2_000_000, 50_000_000] {
        let outcome = lab.compile(&table(bytes));
        assert!(matches!(outcome, Err(Outcome::Denied { .. })), "{bytes}: {outcome:?}");
    }
    let directories = std::fs::read_dir(lab.cache.path()).unwrap().flatten();
    let entries = directories.flat_map(|directory| std::fs::read_dir(directory.path()).unwrap().flatten());
    assert!(
        entries.map(|entry| entry.metadata().unwrap().len()).all(|bytes| bytes <= sandbox::MAX_OBJECT_BYTES as u64)
    );
}

#[test]
fn unsafe_code_is_rejected_by_the_compiler_itself() {
    let lab = lab();
    for source in [
        playing("unsafe { *q.as_ptr() }"),
        playing("#[allow(unsafe_code)] unsafe { *q.as_ptr() }"),
        format!("#![allow(unsafe_code)]\n{}", playing("unsafe { *q.as_ptr() }")),
        candidate("#[unsafe(no_mangle)] pub extern \"C\" fn candidate_answer() {}", "Policy", "0"),
        candidate("#[unsafe(link_section = \".init_array\")] static A: fn() = f; fn f() {}", "Policy", "0"),
        candidate("core::arch::global_asm!(\"nop\");", "Policy", "0"),
        candidate("unsafe extern \"C\" { safe fn getpid() -> i32; }", "Policy", "getpid() as u8"),
    ] {
        let outcome = lab.compile(&source);
        assert!(matches!(outcome, Err(Outcome::DoesNotCompile { .. })), "{source}\n{outcome:?}");
    }
}

#[test]
fn the_standard_library_does_not_get_in() {
    let lab = lab();
    let source = format!("extern crate std;\n{}", playing("std::process::id() as u8"));
    let outcome = lab.compile(&source);
    assert!(matches!(outcome, Err(Outcome::DoesNotCompile { .. } | Outcome::Denied { .. })), "{outcome:?}");
}

#[test]
fn an_endless_constant_ends_within_its_processor_time() {
    let limits = Limits { compile_cpu: Duration::from_secs(1), ..kit::limits() };
    let lab = lab_with(limits, Walls::Required);
    let outcome = lab.compile(&candidate(
        "#[allow(long_running_const_eval)] const N: u8 = { let mut n = 0u8; loop { n = n.wrapping_add(1); } };",
        "Policy",
        "N",
    ));
    assert!(matches!(outcome, Err(Outcome::Timeout { .. })), "{outcome:?}");
    // Without the attribute the compiler notices by itself.
    diagnostics(lab_with(kit::limits(), Walls::Required).compile(&candidate(
        "const N: u8 = { loop {} };",
        "Policy",
        "N",
    )));
}

#[test]
fn a_compilation_that_lasts_too_long_is_a_timeout_whatever_the_processor_says() {
    let limits = Limits { compile_wall: Duration::from_millis(1500), ..kit::limits() };
    let lab = lab_with(limits, Walls::Required);
    let outcome =
        lab.compile(&candidate("#[allow(long_running_const_eval)] const N: u8 = { loop {} };", "Policy", "N"));
    assert!(matches!(&outcome, Err(Outcome::Timeout { what }) if what.contains("1.5 s")), "{outcome:?}");
}

#[test]
fn a_blow_up_of_types_ends_by_time_or_memory_or_by_the_compiler() {
    let limits = Limits { compile_cpu: Duration::from_secs(2), compile_memory_bytes: 1 << 30, ..kit::limits() };
    let lab = lab_with(limits, Walls::Required);
    let items = "trait T { fn f() -> u8; } struct P<A>(A); impl T for u8 { fn f() -> u8 { 1 } }\n\
                 fn grow<A: T>(n: u8) -> u8 where P<(A, A)>: T { A::f() }\n\
                 impl<A> T for P<A> { fn f() -> u8 { P::<(A, A)>::f() } }";
    let outcome = lab.compile(&candidate(items, "Policy", "P::<u8>::f()"));
    let ends = matches!(
        outcome,
        Err(Outcome::DoesNotCompile { .. } | Outcome::Timeout { .. } | Outcome::OutOfMemory | Outcome::Crashed { .. })
    );
    assert!(ends, "{outcome:?}");
}

#[test]
fn a_constant_larger_than_the_memory_is_out_of_memory() {
    let outcome = lab().compile(&candidate("const N: [u64; 1 << 30] = [1; 1 << 30];", "Policy", "N[q.len()] as u8"));
    assert!(matches!(outcome, Err(Outcome::OutOfMemory | Outcome::DoesNotCompile { .. })), "{outcome:?}");
}

#[test]
fn deep_nesting_past_the_screen_is_still_an_outcome() {
    let source = playing(&format!("{}1{}", "(".repeat(100_000), ")".repeat(100_000)));
    let outcome = lab().compile(&source);
    assert!(outcome.is_err());
}

#[test]
fn diagnostics_are_capped() {
    let limits = Limits { diagnostics_bytes: 1000, ..kit::limits() };
    let many: String = (0..300).map(|n| format!("const C{n}: u8 = nowhere{n};\n")).collect();
    let said = diagnostics(lab_with(limits, Walls::Required).compile(&candidate(&many, "Policy", "0")));
    assert!(said.len() <= 1000 && said.contains("candidate.rs:3"), "{said}");
}

/// A candidate that shows this file to whoever runs it, if it compiles.
fn reader(file: &std::path::Path) -> String {
    playing(&format!("include_str!({:?}).as_bytes()[usize::from(q[0])]", file.to_str().unwrap()))
}

fn reads(lab: &Lab, file: &std::path::Path) -> Result<u8, Outcome> {
    let artifact = lab.compile(&reader(file))?;
    let mut session = lab.sandbox.start(&artifact, &[vec![]]).unwrap()?;
    kit::ask(&mut session, 0, &[1])
}

#[test]
fn the_jailed_compiler_cannot_read_a_file_of_the_host_and_an_unjailed_one_can() {
    let directory = tempfile::tempdir().unwrap();
    let secret = directory.path().join("secret.txt");
    std::fs::write(&secret, "xyz").unwrap();
    assert!(screen(&reader(&secret), &KIT).is_err(), "the screen refuses it first");
    let said = match reads(&lab(), &secret) {
        Err(Outcome::DoesNotCompile { diagnostics }) => diagnostics,
        other => panic!("{other:?}"),
    };
    assert!(said.contains("Permission denied"), "{said}");
    assert!(!said.contains("xyz"), "{said}");
    assert_eq!(reads(&lab_with(kit::limits(), Walls::Disabled), &secret), Ok(b'y'), "the control");
}

#[test]
fn the_compiler_has_no_environment() {
    let lab = lab_with(kit::limits(), Walls::Disabled);
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some(), "the control");
    assert_eq!(lab.ask(&playing("if option_env!(\"CARGO_MANIFEST_DIR\").is_some() { 1 } else { 2 }")), Ok(2));
}
