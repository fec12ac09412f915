//! What can become of a candidate, and, kept apart, what can go wrong with us.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::screen::Refusal;

/// Either the value, or what became of the candidate instead; or, outside, an error that is not the candidate's.
pub type Verdict<T> = Result<Result<T, Outcome>, SandboxError>;

/// How a candidate ended before it could be scored. A result to report and learn from, not an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The screen did not let it pass.
    Refused {
        /// Line of the offence, from 1.
        line: usize,
        /// Column of the offence, from 1.
        column: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// The compiler rejected it.
    DoesNotCompile {
        /// The compiler's own words, with the author's line numbers.
        diagnostics: String,
    },
    /// It tried what the jail forbids.
    Denied {
        /// What it tried.
        what: String,
    },
    /// It used up its time.
    Timeout {
        /// Which limit it met while doing what.
        what: String,
    },
    /// It, or the compiler at work on it, died.
    Crashed {
        /// The signal that ended the process, if one did.
        signal: Option<i32>,
        /// What is known about it: the message of a panic, or the meaning of the signal.
        text: String,
    },
    /// It used up its memory.
    OutOfMemory,
    /// Its answers were not answers.
    Inconsistent {
        /// What was wrong with them.
        what: String,
    },
}

impl Outcome {
    /// Its name in records and reports, as in `does-not-compile`.
    pub fn name(&self) -> &'static str {
        match self {
            Outcome::Refused { .. } => "refused",
            Outcome::DoesNotCompile { .. } => "does-not-compile",
            Outcome::Denied { .. } => "denied",
            Outcome::Timeout { .. } => "timeout",
            Outcome::Crashed { .. } => "crashed",
            Outcome::OutOfMemory => "out-of-memory",
            Outcome::Inconsistent { .. } => "inconsistent",
        }
    }
}

impl fmt::Display for Outcome {
    /// The plain message, without the name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Refused { line, column, reason } => write!(f, "line {line}, column {column}: {reason}"),
            Outcome::DoesNotCompile { diagnostics } => f.write_str(diagnostics),
            Outcome::Denied { what } | Outcome::Timeout { what } | Outcome::Inconsistent { what } => f.write_str(what),
            Outcome::Crashed { text, .. } => f.write_str(text),
            Outcome::OutOfMemory => f.write_str("it needed more memory than it may have"),
        }
    }
}

/// What it means that a process died of this signal. `who` is the subject of the message, `cpu` the limit it had.
pub(crate) fn death(signal: i32, who: &str, cpu: Duration) -> Outcome {
    let crashed = |what: &str| Outcome::Crashed { signal: Some(signal), text: format!("{who} {what}") };
    match signal {
        libc::SIGXCPU => {
            Outcome::Timeout { what: format!("{who} used up the {} s of processor time it may have", cpu.as_secs()) }
        }
        // We kill only after a deadline, which is told apart before: this was the kernel, short of memory.
        libc::SIGKILL => Outcome::OutOfMemory,
        libc::SIGSYS => Outcome::Denied { what: format!("{who} made a system call that the jail forbids") },
        libc::SIGXFSZ => Outcome::Denied { what: format!("{who} wrote a larger file than it may") },
        libc::SIGSEGV | libc::SIGBUS => crashed("overflowed its stack or touched memory that is not its own"),
        libc::SIGILL | libc::SIGTRAP => crashed("panicked without a message"),
        libc::SIGFPE => crashed("divided by zero"),
        libc::SIGABRT => crashed("gave up"),
        _ => crashed(&format!("died of signal {signal}")),
    }
}

impl From<Refusal> for Outcome {
    fn from(refusal: Refusal) -> Self {
        Outcome::Refused { line: refusal.line, column: refusal.column, reason: refusal.reason }
    }
}

/// What went wrong with the sandbox itself. No candidate is to blame.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// No compiler.
    #[error("no usable Rust compiler at `{}`: {reason}; install one from https://rustup.rs or name another", rustc.display())]
    NoCompiler {
        /// What was tried.
        rustc: PathBuf,
        /// Why it will not do.
        reason: String,
    },
    /// The contract does not compile.
    #[error("the contract `{name}` does not compile with this toolchain: {diagnostics}")]
    Kit {
        /// The kit's name.
        name: &'static str,
        /// What became of it.
        diagnostics: String,
    },
    /// A mandatory wall is missing.
    #[error("the jail cannot be closed: {wall}: {reason}")]
    Wall {
        /// Which wall.
        wall: String,
        /// Why it cannot be set up.
        reason: String,
    },
    /// The program that is to be the jail does not behave like one.
    #[error("the jail program `{}` does not work: {reason}", runner.display())]
    Runner {
        /// The program.
        runner: PathBuf,
        /// What it did.
        reason: String,
    },
    /// Files or processes of ours.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// What was tried, as in `create`.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
}

impl SandboxError {
    /// Names what was being done to which path.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> SandboxError {
        move |source| SandboxError::Io { action, path: path.to_path_buf(), source }
    }
}
