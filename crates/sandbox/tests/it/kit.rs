//! The contract of the tests, and a sandbox for it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sandbox::{Artifact, Kit, Limits, Options, Outcome, Sandbox, Screened, Session, Walls};

/// A candidate is a `pub struct Policy` that implements `toy::Player`.
pub(crate) const KIT: Kit = Kit {
    name: "toy",
    files: &[("lib.rs", LIB), ("inner.rs", INNER)],
    state: "toy::inner::Seat<candidate::Policy>",
    answer_bytes: 1,
    install: "toy::inner::install",
    private: &["inner", "SECRET"],
};

const LIB: &str = r#"//! A toy contract.
#![no_std]
pub mod inner;
pub mod prelude {
    pub use crate::{Player, add};
}
pub const SECRET: u8 = 7;
pub trait Player: Sized {
    fn new(parameters: &[f64]) -> Self;
    fn play(&mut self, question: &[u8]) -> u8;
    fn about() -> &'static str {
        "toy"
    }
}
pub fn add(x: f64, y: f64) -> f64 {
    inner::call(0, x, y)
}
/// The two words of a reference to a trait object, which a candidate in safe Rust cannot take apart.
pub fn halves(object: &dyn core::fmt::Debug) -> [usize; 2] {
    unsafe { core::mem::transmute::<&dyn core::fmt::Debug, [usize; 2]>(object) }
}
/// What a candidate can do once it has broken out of the language: any system call.
pub fn system_call(number: usize, a: usize, b: usize, c: usize) -> isize {
    let result: isize;
    #[cfg(target_arch = "x86_64")]
    unsafe {
        core::arch::asm!("syscall", inlateout("rax") number as isize => result, in("rdi") a, in("rsi") b, in("rdx") c,
            in("r10") 0, out("rcx") _, out("r11") _)
    }
    #[cfg(target_arch = "aarch64")]
    unsafe {
        core::arch::asm!("svc 0", in("x8") number, inlateout("x0") a as isize => result, in("x1") b, in("x2") c, in("x3") 0)
    }
    result
}
"#;

const INNER: &str = r#"
use core::sync::atomic::{AtomicPtr, Ordering};
type Maths = [extern "C" fn(f64, f64) -> f64; 2];
static TABLE: AtomicPtr<Maths> = AtomicPtr::new(core::ptr::null_mut());
pub fn install(table: &'static Maths) {
    TABLE.store(core::ptr::from_ref(table).cast_mut(), Ordering::Release);
}
pub(crate) fn call(index: usize, x: f64, y: f64) -> f64 {
    unsafe { (*TABLE.load(Ordering::Acquire))[index](x, y) }
}
pub struct Seat<P>(P);
impl<P: crate::Player> Seat<P> {
    pub fn start(parameters: &[f64]) -> Self {
        Seat(P::new(parameters))
    }
    pub fn answer(&mut self, question: &[u8]) -> [u8; 1] {
        [self.0.play(question)]
    }
    pub fn describe(out: &mut [u8]) -> usize {
        let text = P::about().as_bytes();
        out[..text.len()].copy_from_slice(text);
        text.len()
    }
}
"#;

/// Adds up: the parameter, what it has seen, and the question's first byte.
pub(crate) const GOOD: &str = r#"use toy::prelude::*;

/// Adds up.
pub struct Policy {
    sum: f64,
}

impl Player for Policy {
    fn new(parameters: &[f64]) -> Self {
        Policy { sum: parameters.first().copied().unwrap_or(0.0) }
    }

    fn play(&mut self, question: &[u8]) -> u8 {
        self.sum = add(self.sum, f64::from(question[0]));
        self.sum as u8
    }

    fn about() -> &'static str {
        "adds up"
    }
}
"#;

/// A candidate that does this on a question, with the question in `q`.
pub(crate) fn playing(body: &str) -> String {
    candidate("", "Policy", body)
}

/// A candidate with these items, this body of `new` and this body of `play`.
pub(crate) fn candidate(items: &str, new: &str, play: &str) -> String {
    format!(
        "use toy::prelude::*;\npub struct Policy;\n{items}\nimpl Player for Policy {{\n\
         fn new(_p: &[f64]) -> Self {{ {new} }}\n\
         fn play(&mut self, q: &[u8]) -> u8 {{ let _ = q; {play} }}\n}}\n"
    )
}

/// A sandbox with a cache of its own, which goes when it is dropped.
pub(crate) struct Lab {
    pub(crate) sandbox: Sandbox,
    pub(crate) cache: tempfile::TempDir,
}

pub(crate) fn lab() -> Lab {
    lab_with(limits(), Walls::Required)
}

/// Walls first: a time that only a hang exceeds; loops end by processor time.
pub(crate) fn limits() -> Limits {
    Limits { run_cpu: Duration::from_secs(1), round_wall: Duration::from_secs(120), ..Limits::default() }
}

pub(crate) fn lab_with(limits: Limits, walls: Walls) -> Lab {
    let cache = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::new(options(cache.path(), limits, walls)).unwrap();
    Lab { sandbox, cache }
}

pub(crate) fn options(cache: &Path, limits: Limits, walls: Walls) -> Options {
    Options {
        cache: cache.to_path_buf(),
        runner: PathBuf::from(env!("CARGO_BIN_EXE_sandbox-jail")),
        rustc: PathBuf::from("rustc"),
        kit: KIT,
        limits,
        walls,
    }
}

impl Lab {
    /// Compiles without asking the screen.
    pub(crate) fn compile(&self, source: &str) -> Result<Artifact, Outcome> {
        self.sandbox.compile(&Screened::unchecked(source)).unwrap()
    }

    /// Compiles and starts with these parameters.
    pub(crate) fn start(&self, source: &str, seats: &[Vec<f64>]) -> Result<Session, Outcome> {
        let artifact = self.compile(source).expect("it compiles");
        self.sandbox.start(&artifact, seats).unwrap()
    }

    /// What becomes of a candidate that is asked one question.
    pub(crate) fn ask(&self, source: &str) -> Result<u8, Outcome> {
        let mut session = self.start(source, &[vec![]])?;
        ask(&mut session, 0, &[1])
    }
}

pub(crate) fn ask(session: &mut Session, seat: u16, question: &[u8]) -> Result<u8, Outcome> {
    let mut round = sandbox::Round::new();
    round.push(seat, question);
    session.round(&mut round).map(|mut answers| answers.next().expect("an answer")[0])
}

/// The bytes of all answers of a round.
pub(crate) fn bytes(session: &mut Session, round: &mut sandbox::Round) -> Vec<u8> {
    session.round(round).unwrap().flatten().copied().collect()
}
