//! Safe Rust sees addresses. None of them tells a candidate where it is: in which seat, process, directory or system.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use sandbox::{Artifact, Limits, MAX_STATE_BYTES, Options, Outcome, Round, Sandbox, Screened, Session, Walls};

use crate::kit::{self, ask, candidate, lab, lab_with, playing};

/// What the first byte of a question may ask the address of.
const ASKED: [&str; 12] = [
    "its state",
    "a field of it",
    "a local",
    "a local deep within calls",
    "one of its functions",
    "a method of the contract",
    "a closure",
    "a constant",
    "a text",
    "its question",
    "its parameters",
    "a table of a trait object",
];

/// Answers with the byte that the second byte of a question names, of the address that the first one names.
const WITNESS: &str = r#"use toy::prelude::*;
use core::fmt::Debug;
const CONSTANT: &[u64; 4] = &[3, 1, 4, 1];
pub struct Policy { parameters: usize, seen: [u64; 5] }
fn here() {}
#[inline(never)]
fn deep(n: u32) -> usize {
    let local = [n; 40];
    if n == 0 { core::hint::black_box(&local) as *const _ as usize } else { deep(n - 1) + (core::hint::black_box(local)[3] as usize & 0) }
}
impl Player for Policy {
    fn new(p: &[f64]) -> Self { Policy { parameters: p.as_ptr() as usize, seen: [0; 5] } }
    fn play(&mut self, q: &[u8]) -> u8 {
        self.seen[0] += 1;
        let local = 0_u8;
        let closure = |x: u64| x + 1;
        let place = match q[0] {
            0 => self as *mut Self as usize,
            1 => &self.seen[3] as *const u64 as usize,
            2 => core::hint::black_box(&local) as *const u8 as usize,
            3 => deep(50),
            4 => here as fn() as usize,
            5 => add as fn(f64, f64) -> f64 as usize,
            6 => closure as fn(u64) -> u64 as usize,
            7 => CONSTANT as *const _ as usize,
            8 => "some text".as_ptr() as usize,
            9 => q.as_ptr() as usize,
            10 => self.parameters,
            _ => {
                let object: &dyn Debug = &self.seen;
                let [_, table]: [usize; 2] = toy::halves(object);
                table
            }
        };
        (place >> (8 * u32::from(q[1]))) as u8
    }
}
"#;

/// All that a seat can find out.
fn addresses(session: &mut Session, seat: u16) -> Vec<u64> {
    let mut round = Round::new();
    for asked in 0..ASKED.len() as u8 {
        (0..8).for_each(|byte| round.push(seat, &[asked, byte]));
    }
    let bytes = kit::bytes(session, &mut round);
    bytes.chunks(8).map(|word| u64::from_le_bytes(word.try_into().unwrap())).collect()
}

/// The addresses that all seats of a session agree on.
fn agreed(mut session: Session, seats: u16) -> Vec<u64> {
    let first = addresses(&mut session, 0);
    for seat in (0..seats).rev() {
        assert_eq!(addresses(&mut session, seat), first, "seat {seat}");
    }
    first
}

fn witness(sandbox: &Sandbox) -> Artifact {
    sandbox.compile(&Screened::unchecked(WITNESS)).unwrap().unwrap()
}

fn seats(count: usize) -> Vec<Vec<f64>> {
    (0..count).map(|seat| vec![seat as f64; seat % 5]).collect()
}

#[test]
fn every_seat_of_every_process_finds_the_same_addresses_and_elsewhere_others() {
    let lab = lab();
    let artifact = witness(&lab.sandbox);
    let start = |count: usize| lab.sandbox.start(&artifact, &seats(count)).unwrap().unwrap();
    let first = agreed(start(1), 1);
    assert_eq!(agreed(start(200), 200), first, "more seats");
    assert_eq!(agreed(start(7), 7), first, "another process");
    // The control: what was compared are addresses, and such as would move.
    let elsewhere = agreed(lab.sandbox.start_elsewhere(&artifact, &seats(7)).unwrap().unwrap(), 7);
    for ((here, there), what) in first.iter().zip(&elsewhere).zip(ASKED) {
        assert_ne!(here, there, "{what}");
    }
    // And such as tell, within a page already, that they moved.
    for what in [0, 1, 2, 3, 9, 10] {
        assert_ne!(first[what] % 4096, elsewhere[what] % 4096, "{}", ASKED[what]);
    }
}

#[test]
fn neither_the_length_of_a_path_nor_limits_nor_environment_move_an_address_or_change_a_byte_of_the_object() {
    let lab = lab();
    let artifact = witness(&lab.sandbox);
    let first = agreed(lab.sandbox.start(&artifact, &seats(2)).unwrap().unwrap(), 2);
    let long = lab.cache.path().join("a directory with a long name ".repeat(8)).join("and more of it ".repeat(15));
    let elsewhere = Sandbox::new(kit::options(&long, kit::limits(), Walls::Required)).unwrap();
    let again = witness(&elsewhere);
    assert!(fs::read(&again.path).unwrap() == fs::read(&artifact.path).unwrap(), "one text, one object");
    assert_eq!(agreed(elsewhere.start(&again, &seats(2)).unwrap().unwrap(), 2), first, "a long path");
    for preparation in ["ulimit -s 1024", "ulimit -s unlimited", "export A=$(head -c 100000 /dev/zero | tr '\\0' x)"] {
        let runner = script(lab.cache.path(), preparation);
        let sandbox = Sandbox::new(Options { runner, ..lab.sandbox.options().clone() }).unwrap();
        assert_eq!(agreed(sandbox.start(&artifact, &seats(2)).unwrap().unwrap(), 2), first, "{preparation}");
    }
    let other_limits = Limits { run_memory_bytes: 300 << 20, ..kit::limits() };
    for options in [
        Options { limits: other_limits, ..lab.sandbox.options().clone() },
        Options { walls: Walls::Disabled, ..lab.sandbox.options().clone() },
    ] {
        let sandbox = Sandbox::new(options).unwrap();
        assert_eq!(agreed(sandbox.start(&artifact, &seats(2)).unwrap().unwrap(), 2), first, "{:?}", sandbox.options());
    }
}

/// A runner that prepares something before it becomes the jail.
fn script(directory: &Path, preparation: &str) -> std::path::PathBuf {
    let runner = directory.join("runner.sh");
    fs::write(&runner, format!("#!/bin/sh\n{preparation}\nexec '{}' \"$@\"\n", env!("CARGO_BIN_EXE_sandbox-jail")))
        .unwrap();
    fs::set_permissions(&runner, fs::Permissions::from_mode(0o755)).unwrap();
    runner
}

/// A policy with a state of so many bytes, of which it counts up the last.
fn with_state(bytes: usize) -> String {
    format!(
        "use toy::prelude::*;\npub struct Policy([u8; {bytes}]);\nimpl Player for Policy {{\n\
         fn new(p: &[f64]) -> Self {{ let mut state = [p[0] as u8; {bytes}]; state[{bytes} - 1] = 0; Policy(state) }}\n\
         fn play(&mut self, q: &[u8]) -> u8 {{ self.0[{bytes} - 1] += q[0]; self.0[0] + self.0[{bytes} / 2] + self.0[{bytes} - 1] }}\n}}\n"
    )
}

#[test]
fn a_state_as_large_as_it_may_be_is_kept_for_each_seat_and_a_larger_one_is_refused_with_its_size() {
    let lab = lab();
    let mut session = lab.start(&with_state(MAX_STATE_BYTES), &[vec![10.0], vec![20.0]]).unwrap();
    let answers: Vec<u8> = [0, 1, 0, 1, 1].map(|seat| ask(&mut session, seat, &[1]).unwrap()).to_vec();
    assert_eq!(answers, [21, 41, 22, 42, 43]);
    for bytes in [MAX_STATE_BYTES + 1, 100_000, 1 << 20] {
        match lab.ask(&with_state(bytes)) {
            Err(Outcome::Denied { what }) => assert!(what.contains(&format!("{bytes} bytes")), "{what}"),
            other => panic!("{bytes}: {other:?}"),
        }
    }
}

#[test]
fn what_one_seat_leaves_in_the_slot_is_not_part_of_another_ones_state() {
    // The larger variant leaves bytes where the smaller one has none.
    let source = "use toy::prelude::*;\n#[derive(Clone, Copy)]\nenum State { Large([u8; 64]), Small(u8) }\n\
                  pub struct Policy(State);\nimpl Player for Policy {\n\
                  fn new(p: &[f64]) -> Self { Policy(if p[0] > 0.0 { State::Large([9; 64]) } else { State::Small(1) }) }\n\
                  fn play(&mut self, q: &[u8]) -> u8 {\n\
                  if q[0] == 7 { self.0 = State::Large([0; 64]); }\n\
                  match &mut self.0 { State::Large(all) => { all[5] += 1; all.iter().sum() } State::Small(n) => { *n += 1; *n } } } }\n";
    let mut session = lab().start(source, &[vec![1.0], vec![0.0], vec![1.0]]).unwrap();
    let answers: Vec<u8> = [(0, 1), (1, 1), (2, 1), (1, 7), (0, 1), (1, 1)]
        .map(|(seat, q)| ask(&mut session, seat, &[q]).unwrap())
        .to_vec();
    let nines = (9 * 64_u32) as u8;
    assert_eq!(answers, [nines + 1, 2, nines + 1, 1, nines + 2, 2]);
}

#[test]
fn a_message_holds_no_address() {
    let said = |body: &str| match lab().ask(&playing(body)) {
        Err(Outcome::Crashed { text, .. }) => text,
        other => panic!("{other:?}"),
    };
    let text = said("panic!(\"at {:p}, {:#x} and {:#018X} of {}\", q.as_ptr(), q.as_ptr() as usize, 0x12345_u64, 77)");
    assert!(text.ends_with("at 0x?, 0x? and 0x? of 77"), "{text}");
    assert!(said("panic!(\"{:#x} 0x 0xg {:#x}\", 0xabc, 7)").ends_with("0xabc 0x 0xg 0x7"), "what is no address stays");
}

#[test]
fn the_stack_ends_at_the_same_depth_in_every_seat_and_process() {
    // Answers how deep it got: the first call that the question's depth does not allow would die.
    let items = "#[inline(never)]\nfn down(n: u64) -> u64 { let room = core::hint::black_box([n; 100]); if n == 0 { room[0] } else { down(n - 1) + (room[7] & 1) } }";
    let limits = Limits { stack_bytes: 1 << 20, ..kit::limits() };
    let lab = lab_with(limits, Walls::Required);
    let source = candidate(items, "Policy", "down(u64::from(q[0]) * 16) as u8");
    let depth = |seat: u16| {
        let lives = |n: u8| ask(&mut lab.start(&source, &seats(3)).unwrap(), seat, &[n]).is_ok();
        (0..=u8::MAX).collect::<Vec<_>>().partition_point(|&n| lives(n))
    };
    let first = depth(0);
    assert!(first > 10 && first < 255, "{first}");
    assert_eq!([depth(1), depth(2)], [first; 2]);
}
