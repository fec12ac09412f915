//! Performs what the state machine asks for: loads experiments, runs policies on panels, asks agents, keeps the record.
//!
//! Start with [`campaign`] (the loop), then [`panel`] (what a candidate is measured on) and [`evaluate`] (one candidate from
//! source to trials; [`prepared`] is what it is before that). What can be asked is a [`problem`], of which nothing here knows
//! any. What the world said once is listed in [`observed`]. Nothing here decides anything about science, and nothing here
//! prints.

pub mod campaign;
pub mod cassette;
pub mod compare;
pub mod controls;
pub mod cores;
pub mod error;
pub mod evaluate;
pub mod experiment;
pub mod observed;
pub mod panel;
pub mod policy;
pub mod prepared;
pub mod probe;
pub mod problem;
pub mod prompt;
pub mod realise;
mod recorder;
pub mod scale;
mod search;
pub mod single;
pub mod verify;
mod yardsticks;

// The command reaches these rooms through here: it has no arrows to them.
pub use {agents, sandbox, science};

pub use campaign::{Agents, Author, Campaign, Progress, Roles, Stop, Team};
pub use error::EngineError;
pub use evaluate::{Evaluation, Evaluator, Timing};
pub use experiment::LoadedExperiment;
pub use prepared::Prepared;
pub use problem::Problems;
pub use realise::Points;
pub use recorder::Source;
pub use yardsticks::{Measured, measure};

use std::path::PathBuf;

// The problem of the tests is the same for those of this crate and those of the command.
#[cfg(test)]
extern crate self as engine;
#[cfg(test)]
#[path = "../../../tests/newsvendor/problem.rs"]
mod newsvendor;

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
    /// What this program can be asked.
    pub problems: Problems,
}

impl Places {
    /// The git mirror of candidates.
    pub fn mirror(&self) -> PathBuf {
        self.state.join("candidates.git")
    }

    /// Opens the sandbox for candidates of a contract.
    pub fn sandbox(&self, kit: sandbox::Kit) -> Result<sandbox::Sandbox, sandbox::SandboxError> {
        sandbox::Sandbox::new(sandbox::Options {
            cache: self.cache.clone(),
            runner: self.runner.clone(),
            rustc: self.rustc.clone(),
            kit,
            limits: sandbox::Limits::default(),
            walls: self.walls,
        })
    }
}
