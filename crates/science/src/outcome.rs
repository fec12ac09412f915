//! What became of a candidate. An outcome is a result to learn from, never an error of the framework.

use serde::{Deserialize, Serialize};

/// What became of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// All its trials ran.
    Scored,
    /// The syntactic screen refused it, or a principle's constraint did.
    Refused,
    /// rustc refused it.
    DoesNotCompile,
    /// It tried something that the sandbox denies.
    Denied,
    /// It took too long, to compile or to answer.
    Timeout,
    /// It panicked or died of a signal.
    Crashed,
    /// It asked for more memory than it may have.
    OutOfMemory,
    /// Its answers were malformed.
    Inconsistent,
    /// It ran, and at no value of its scale does it gain as much as the reference does: nothing can be said of what it costs.
    NoScale,
    /// One of several variants of an idea that lay too far behind after a part of the panel, and ran on no more of it.
    Stopped,
}

impl Outcome {
    /// The word for it in commands, reports and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Scored => "scored",
            Outcome::Refused => "refused",
            Outcome::DoesNotCompile => "does-not-compile",
            Outcome::Denied => "denied",
            Outcome::Timeout => "timeout",
            Outcome::Crashed => "crashed",
            Outcome::OutOfMemory => "out-of-memory",
            Outcome::Inconsistent => "inconsistent",
            Outcome::NoScale => "no-scale",
            Outcome::Stopped => "stopped",
        }
    }
}
