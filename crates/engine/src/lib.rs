//! Performs what the state machine asks for: loads experiments, runs policies on panels, asks agents, keeps the record.
//!
//! Start with [`campaign`] (the loop), then [`panel`] (what a candidate is measured on) and [`evaluate`] (one candidate from
//! source to trials). Nothing here decides anything about science, and nothing here prints.

pub mod campaign;
pub mod cassette;
pub mod compare;
pub mod cores;
pub mod error;
pub mod evaluate;
pub mod experiment;
pub mod panel;
pub mod policy;
pub mod population;
pub mod probe;
pub mod prompt;
pub mod realise;
mod recorder;
mod search;
pub mod single;
pub mod verify;
mod yardsticks;

// The command reaches the rooms below through here: it has arrows to `report`, `engine` and `store` only.
pub use {agents, sandbox, science, simulator};

pub use campaign::{Agents, Author, Campaign, Casting, Progress, Source, Stop, Team};
pub use error::EngineError;
pub use evaluate::{Evaluation, Evaluator, Timing};
pub use experiment::LoadedExperiment;
pub use population::Population;
pub use realise::Points;
pub use recorder::LOSS;
pub use yardsticks::{Measured, measure};

use std::path::PathBuf;

/// The contract that candidates are compiled against.
pub const KIT: sandbox::Kit = sandbox::Kit {
    name: "admitter",
    files: &[("lib.rs", admitter::SOURCE), ("wire.rs", admitter::wire::SOURCE)],
    state: "admitter::wire::Seat<candidate::Policy>",
    install: "admitter::install_maths",
    private: &["wire", "install_maths", "MathsTable", "MathsFn", "SOURCE"],
};

/// Where things are on this machine.
#[derive(Clone, Debug)]
pub struct Places {
    /// Everything that a working directory keeps (`.elenchus`).
    pub state: PathBuf,
    /// Compiled contracts and candidates; may be deleted at any time.
    pub cache: PathBuf,
    /// The program that becomes the jail: this one.
    pub runner: PathBuf,
    /// The compiler.
    pub rustc: PathBuf,
    /// Whether the sandbox's walls are mandatory.
    pub walls: sandbox::Walls,
}

impl Places {
    /// The git mirror of candidates.
    pub fn mirror(&self) -> PathBuf {
        self.state.join("candidates.git")
    }

    /// Opens the sandbox.
    pub fn sandbox(&self) -> Result<sandbox::Sandbox, sandbox::SandboxError> {
        sandbox::Sandbox::new(sandbox::Options {
            cache: self.cache.clone(),
            runner: self.runner.clone(),
            rustc: self.rustc.clone(),
            kit: KIT,
            limits: sandbox::Limits::default(),
            walls: self.walls,
        })
    }
}
