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
//! 4. [`Sandbox::start`] hands the object to a second jail, which puts it in memory at a fixed place and then gives up
//!    everything but reading questions and writing answers. [`Session::round`] talks to it: bytes in, as many bytes per
//!    question out as the kit fixes. All seats are answered at one place, so no address tells a candidate where it is (`places.rs`).
//!
//! What goes wrong with a candidate is an [`Outcome`], data for the caller; what goes wrong with us is a [`SandboxError`].
//! Hence the shape [`Verdict`] of the fallible calls. A wall that cannot be set up is an error, never a shrug, unless the
//! caller says [`Walls::Disabled`].
//!
//! Reading guide: `outcome.rs` (what can happen), `jail.rs` (what the child process does, in order), `walls.rs` (what keeps
//! it in), `places.rs` (what it sees of memory), then `screen.rs`, `compile.rs` and `session.rs`, one for each gate.

pub mod jail;
pub mod screen;
pub mod walls;

mod cache;
mod cell;
mod compile;
mod cores;
mod elf;
mod group;
mod kit;
mod limits;
mod outcome;
mod places;
mod protocol;
mod session;
mod toolchain;
mod wrapper;

use std::path::PathBuf;
use std::sync::Arc;

pub use cache::{MAX_CACHE_BYTES, MAX_CACHE_OBJECTS};
use compile::Compiler;
pub use cores::Core;
pub use kit::Kit;
pub use limits::{COMPILE_CPU, Limits, MAX_OBJECT_BYTES, MAX_STATE_BYTES, RUN_CPU, WALL, Walls};
pub use outcome::{Outcome, SandboxError, Verdict};
use places::Placement;
pub use protocol::{MAX_ANSWER_BYTES, MAX_PARAMETERS, MAX_QUESTION_BYTES, MAX_ROUND_BYTES, MAX_SEATS, QUESTION_HEADER};
pub use screen::{Refusal, Screened, on_deep_stack, screen};
pub use session::{Answers, Round, Session};

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

/// A compiled candidate: an object that was proven to stand alone. What was proven is what runs: it is held in memory, whatever
/// becomes of the cache.
#[derive(Clone, PartialEq, Eq)]
pub struct Artifact {
    /// Its bytes.
    object: Arc<[u8]>,
    /// Where the cache has it, until it is evicted.
    pub path: PathBuf,
    /// Whether it was there already.
    pub cached: bool,
}

impl std::fmt::Debug for Artifact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Artifact").field("path", &self.path).field("cached", &self.cached).finish_non_exhaustive()
    }
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
    ///
    /// # Panics
    /// If there are more than [`MAX_SEATS`] seats, or their parameters do not fit: see [`MAX_ROUND_BYTES`].
    pub fn start(&self, artifact: &Artifact, seats: &[Vec<f64>]) -> Verdict<Session> {
        Session::start(&self.options, artifact, seats, Placement::Home)
    }

    /// The same, but for where the candidate lies in memory: its code, its state, its stack and what it is given have other
    /// addresses than in every session of [`start`](Sandbox::start). A candidate that answers differently depends on
    /// addresses, which are none of its business.
    pub fn start_elsewhere(&self, artifact: &Artifact, seats: &[Vec<f64>]) -> Verdict<Session> {
        Session::start(&self.options, artifact, seats, Placement::Elsewhere)
    }
}
