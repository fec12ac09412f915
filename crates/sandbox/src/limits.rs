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

/// Processor time of a session. One of 40 trials takes a candidate of ordinary policies less than 1 s, mostly the copying of
/// questions; so this is ten times what is honest, on a slow machine still several times. It is processor time, hence the
/// same whatever else the machine does.
pub const RUN_CPU: Duration = Duration::from_secs(10);

/// Processor time of a compilation, of which an ordinary candidate takes 0.1 s.
pub const COMPILE_CPU: Duration = Duration::from_secs(10);

/// The largest compiled candidate, in bytes. They have about 10 kB.
pub const MAX_OBJECT_BYTES: usize = 1 << 20;

/// The most that a candidate may keep for one seat, in bytes: the size of its policy's value. It is moved in and out of the one
/// slot at each answer. Policies have some hundred bytes.
pub const MAX_STATE_BYTES: usize = 64 << 10;

/// The backstop for what waits instead of computing, in one compilation or one round: six times the processor time, so that
/// on a busy machine the limit that does not depend on its mood is met first.
pub const WALL: Duration = Duration::from_secs(60);

impl Default for Limits {
    fn default() -> Self {
        Limits {
            compile_wall: WALL,
            compile_cpu: COMPILE_CPU,
            compile_memory_bytes: 2 << 30,
            run_cpu: RUN_CPU,
            round_wall: WALL,
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
