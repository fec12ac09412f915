//! The jail as a program of its own, for the tests of this crate. In production the command itself plays this part.
//!
//! `without WALL` before anything else makes a system of this one that lacks a wall, for this process and all that it
//! starts. Then: `__jail ...`, the jail; `probe`, which prints the walls; `evaluate CACHE required|disabled`, which puts
//! a candidate through all gates with this program as the jail.

#![expect(clippy::print_stdout, reason = "the tests read it")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use sandbox::{Kit, Limits, Options, Outcome, Round, Sandbox, SandboxError, Screened, Walls, jail, walls};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

extern "C" fn add(x: f64, y: f64) -> f64 {
    x + y
}

extern "C" fn sqrt(x: f64, _: f64) -> f64 {
    x.sqrt()
}

static MATHS: [jail::MathsFn; 2] = [add, sqrt];

fn main() {
    let mut arguments = std::env::args_os().skip(1).peekable();
    if arguments.next_if(|first| first == "without").is_some() {
        let wall = arguments.next().expect("a wall");
        take_away(wall.to_str().expect("a name"));
    }
    let task = arguments.next().expect("a task");
    match task.to_str() {
        Some(jail::ARGUMENT) => jail::main(arguments, &MATHS),
        Some("probe") => walls::probe().iter().for_each(|wall| {
            let state = if wall.state.is_ok() { "stands" } else { "missing" };
            println!("{} {} {state}", wall.name, if wall.mandatory { "mandatory" } else { "optional" });
        }),
        Some("evaluate") => {
            let cache = PathBuf::from(arguments.next().expect("a cache"));
            let required = arguments.next().is_some_and(|walls| walls == "required");
            match evaluate(cache, if required { Walls::Required } else { Walls::Disabled }) {
                Ok(Ok(answer)) => println!("answer {answer}"),
                Ok(Err(outcome)) => println!("outcome {}: {outcome}", outcome.name()),
                Err(error) => println!("error {error}"),
            }
        }
        _ => panic!("unknown task"),
    }
}

/// A call that a wall is made with: its number and, where only some of its uses are meant, an argument with its value, or
/// with any value but zero.
type Call = (i64, Option<(u8, SeccompCmpOp, i32)>);

/// Denies this process the calls that a wall is made with, as a system would that does not know them.
fn take_away(wall: &str) {
    let calls: &[Call] = match wall {
        "limits" => &[(libc::SYS_prlimit64, Some((2, SeccompCmpOp::Ne, 0)))],
        "no_new_privs" => &[(libc::SYS_prctl, Some((0, SeccompCmpOp::Eq, libc::PR_SET_NO_NEW_PRIVS)))],
        "landlock" => &[(libc::SYS_landlock_create_ruleset, None)],
        "seccomp" => &[(libc::SYS_seccomp, None), (libc::SYS_prctl, Some((0, SeccompCmpOp::Eq, libc::PR_SET_SECCOMP)))],
        "process file descriptors" => &[(libc::SYS_pidfd_open, None)],
        "descriptors" => &[(libc::SYS_close_range, None)],
        "fixed places" => &[(
            libc::SYS_mmap,
            Some((3, SeccompCmpOp::MaskedEq(libc::MAP_FIXED_NOREPLACE as u64), libc::MAP_FIXED_NOREPLACE)),
        )],
        "no randomisation" => &[(libc::SYS_personality, None)],
        "death signal" => &[(libc::SYS_prctl, Some((0, SeccompCmpOp::Eq, libc::PR_SET_PDEATHSIG)))],
        "namespaces" => &[(libc::SYS_unshare, None)],
        _ => panic!("no wall `{wall}`"),
    };
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for (call, argument) in calls {
        let rules = rules.entry(*call).or_default();
        if let Some((index, comparison, value)) = argument {
            let condition = SeccompCondition::new(*index, SeccompCmpArgLen::Qword, comparison.clone(), *value as u64);
            rules.push(SeccompRule::new(vec![condition.expect("an argument")]).expect("a rule"));
        }
    }
    let arch = std::env::consts::ARCH.try_into().expect("a known processor");
    let absent = SeccompAction::Errno(libc::ENOSYS as u32);
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, absent, arch).expect("a filter");
    let program: BpfProgram = filter.try_into().expect("a program");
    seccompiler::apply_filter(&program).expect("it applies");
}

fn evaluate(cache: PathBuf, walls: Walls) -> Result<Result<u8, Outcome>, SandboxError> {
    let runner = std::env::current_exe().expect("this program");
    let options = Options { cache, runner, rustc: "rustc".into(), kit: KIT, limits: Limits::default(), walls };
    let sandbox = Sandbox::new(options)?;
    let artifact = match sandbox.compile(&Screened::unchecked("pub struct Policy;"))? {
        Ok(artifact) => artifact,
        Err(outcome) => return Ok(Err(outcome)),
    };
    let mut round = Round::new();
    round.push(0, &[]);
    Ok(sandbox
        .start(&artifact, &[vec![]])?
        .and_then(|mut session| Ok(session.round(&mut round)?.next().map_or(0, |answer| answer[0]))))
}

/// A contract without demands, under which every candidate answers 7.
const KIT: Kit = Kit {
    name: "tiny",
    files: &[(
        "lib.rs",
        "#![no_std]\npub fn install(_: &'static [extern \"C\" fn(f64, f64) -> f64; 2]) {}\n\
         pub struct Seat<P>(core::marker::PhantomData<P>);\nimpl<P> Seat<P> {\n\
         pub fn start(_: &[f64]) -> Self { Seat(core::marker::PhantomData) }\n\
         pub fn answer(&mut self, _: &[u8]) -> [u8; 1] { [7] }\npub fn describe(_: &mut [u8]) -> usize { 0 }\n}\n",
    )],
    state: "tiny::Seat<candidate::Policy>",
    answer_bytes: 1,
    install: "tiny::install",
    private: &[],
};
