//! How much a candidate may use.

use std::time::Duration;

/// What a candidate may use of time and memory, at compile time and at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Time for one compilation by the clock on the wall.
    pub compile_wall: Duration,
    /// Processor time of one compilation, whole seconds.
    pub compile_cpu: Duration,
    /// Address space of the compiler in bytes. Below about 800 MB it cannot start.
    pub compile_memory_bytes: u64,
    /// Processor time of a whole session, whole seconds.
    pub run_cpu: Duration,
    /// Time to answer one round, or to start all seats, by the clock on the wall. Processor time ends a loop sooner.
    pub round_wall: Duration,
    /// Address space of the process that holds the candidate, in bytes, its program included.
    pub run_memory_bytes: u64,
    /// Stack of that process in bytes.
    pub stack_bytes: u64,
    /// How much of the compiler's diagnostics is kept, in bytes.
    pub diagnostics_bytes: usize,
}

impl Default for Limits {
    /// Generous for honest candidates: a compilation takes about 0.1 s and 100 MB, a session about 1 s.
    fn default() -> Self {
        Limits {
            compile_wall: Duration::from_secs(40),
            compile_cpu: Duration::from_secs(20),
            compile_memory_bytes: 2 << 30,
            run_cpu: Duration::from_secs(30),
            round_wall: Duration::from_secs(60),
            run_memory_bytes: 512 << 20,
            stack_bytes: 8 << 20,
            diagnostics_bytes: 32 << 10,
        }
    }
}

/// Whether the walls of the jail are mandatory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walls {
    /// A wall that cannot be set up is an error.
    Required,
    /// No Landlock, no seccomp: candidates run with the user's own rights, only their time and memory are limited. For
    /// systems without these walls, at the user's explicit demand (`--unsafe-no-sandbox`).
    Disabled,
}
