//! Screens, compiles and runs untrusted Rust source under limits.
//!
//! A *candidate* is one source file written against a *kit*: a small contract crate whose text the caller hands over. It
//! passes four gates, and each of them may end it with an [`Outcome`]:
//!
//! 1. [`screen::screen`] reads the text and refuses what no candidate needs (`unsafe`, foreign crates, macros that read the
//!    host). It explains refusals well; it is not the fence.
//! 2. [`Sandbox::compile`] runs `rustc` in a jail: a process of its own, without environment, network or any file but the
//!    toolchain and its build directory, under limits of time and memory.
//! 3. The object that comes out is read (`elf.rs`): it may need no library and nothing from outside but five functions that
//!    copy and compare memory, so it cannot call into the process that loads it.
//! 4. [`Sandbox::start`] loads the object in a second jail, which then gives up everything but reading questions and writing
//!    answers. [`Session::round`] talks to it: bytes in, one byte per question out.
//!
//! What goes wrong with a candidate is an [`Outcome`], data for the caller; what goes wrong with us is a [`SandboxError`].
//! Hence the shape [`Verdict`] of the fallible calls. A wall that cannot be set up is an error, never a shrug, unless the
//! caller says [`Walls::Disabled`].
//!
//! Reading guide: `outcome.rs` (what can happen), `jail.rs` (what the child process does, in order), `walls.rs` (what keeps
//! it in), then `screen.rs`, `compile.rs` and `session.rs`, one for each gate.

pub mod jail;
pub mod screen;
pub mod walls;

mod cell;
mod compile;
mod cores;
mod elf;
mod group;
mod kit;
mod limits;
mod outcome;
mod protocol;
mod session;
mod toolchain;
mod wrapper;

use std::path::PathBuf;

use compile::Compiler;
pub use cores::Core;
pub use kit::Kit;
pub use limits::{COMPILE_CPU, Limits, RUN_CPU, WALL, Walls};
pub use outcome::{Outcome, SandboxError, Verdict};
pub use screen::{Refusal, Screened, on_deep_stack, screen};
pub use session::{Round, Session};

/// For the fuzzer (`fuzz/`) alone: reads bytes as a jailed process may send them.
#[cfg(feature = "fuzzing")]
pub fn read_frames(bytes: &[u8], limit: usize) -> (Vec<(u32, Vec<u8>)>, String) {
    session::link::frames(bytes, limit)
}

/// What a [`Sandbox`] is made of.
#[derive(Clone, Debug)]
pub struct Options {
    /// A directory of ours, created if missing, for the compiled kit and compiled candidates. It must belong to the user: the
    /// objects in it are loaded later without being compiled again.
    pub cache: PathBuf,
    /// The program that is started as the jail with the first argument [`jail::ARGUMENT`], and then calls [`jail::main`].
    pub runner: PathBuf,
    /// The compiler: a path, or a name to be looked up in the system's default places. A rustup proxy will do.
    pub rustc: PathBuf,
    /// The contract that candidates are compiled against.
    pub kit: Kit,
    /// How much a candidate may use.
    pub limits: Limits,
    /// Whether the walls of the jail are mandatory.
    pub walls: Walls,
}

/// Compiles and runs candidates.
#[derive(Debug)]
pub struct Sandbox {
    options: Options,
    compiler: Compiler,
}

/// A compiled candidate: an object file in the cache that was proven to stand alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// Where it lies.
    pub path: PathBuf,
    /// Whether it was there already.
    pub cached: bool,
}

impl Sandbox {
    /// Finds the compiler, checks the walls, and compiles the kit unless the cache has it.
    pub fn new(mut options: Options) -> Result<Sandbox, SandboxError> {
        options.runner = options.runner.canonicalize().map_err(SandboxError::io("find", &options.runner))?;
        if options.walls == Walls::Required {
            walls::require()?;
        }
        let compiler = Compiler::new(&options)?;
        Ok(Sandbox { options, compiler })
    }

    /// What it was made of.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The compiler's own account of itself, `rustc -vV`: part of what determines a result.
    pub fn toolchain(&self) -> &str {
        &self.compiler.toolchain.version
    }

    /// Compiles a screened candidate, or finds it in the cache.
    pub fn compile(&self, candidate: &Screened) -> Verdict<Artifact> {
        self.compiler.compile(&self.options, candidate)
    }

    /// Starts a process that holds the candidate once for each seat, with these parameters.
    pub fn start(&self, artifact: &Artifact, seats: &[Vec<f64>]) -> Verdict<Session> {
        Session::start(&self.options, artifact, seats)
    }
}
