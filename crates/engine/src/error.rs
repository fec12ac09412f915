//! What can go wrong that is nobody's hypothesis.

use agents::llm::ModelError;
use files::FileError;
use science::state::IllegalEvent;
use std::path::PathBuf;

/// Why a command cannot go on. The campaign's record is intact in every case.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A file of the experiment is wrong.
    #[error(transparent)]
    File(#[from] FileError),
    /// A directory is no experiment.
    #[error("{} is not an experiment: {problem}", directory.display())]
    NotAnExperiment {
        /// The directory.
        directory: PathBuf,
        /// What is missing.
        problem: String,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] store::StoreError),
    /// The sandbox itself.
    #[error(transparent)]
    Sandbox(#[from] sandbox::SandboxError),
    /// A language model cannot be reached.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The yardsticks cannot be measured.
    #[error("the yardsticks cannot be measured: {0}")]
    Yardsticks(String),
    /// A campaign cannot be gone on with in this way.
    #[error("{0}")]
    Unresumable(String),
    /// What was asked for cannot be had of this campaign, or not yet.
    #[error("{0}")]
    Refused(String),
    /// What was recorded after a campaign had ended is not what this program records.
    #[error("{what} cannot be read: {problem}")]
    Unreadable {
        /// What, and whose.
        what: String,
        /// Why.
        problem: String,
    },
    /// What is to be recorded is no JSON.
    #[error("this is a bug: {0}")]
    Unwritable(#[from] serde_json::Error),
    /// The state machine refused an event of ours.
    #[error("this is a bug: {0}")]
    Bug(#[from] IllegalEvent),
    /// A thread of ours died.
    #[error("this is a bug: {0}")]
    Panicked(String),
}

impl From<tokio::task::JoinError> for EngineError {
    fn from(error: tokio::task::JoinError) -> Self {
        EngineError::Panicked(error.to_string())
    }
}
