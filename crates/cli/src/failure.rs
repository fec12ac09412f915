//! Exit codes, and errors as a person reads them.

use engine::EngineError;
use engine::agents::llm::ModelError;
use files::FileError;
use std::fmt;
use std::process::ExitCode;
use store::StoreError;

/// How the command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// What was asked for is done.
    Done = 0,
    /// The campaign or check failed.
    Failed = 1,
    /// The command was used wrongly, or a file is bad.
    Usage = 2,
    /// A budget is spent.
    BudgetSpent = 4,
    /// Nothing failed, but a check that was asked for could not run.
    Incomplete = 5,
    /// A bug of ours.
    Bug = 70,
    /// The user pressed Ctrl-C.
    Interrupted = 130,
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        ExitCode::from(code as u8)
    }
}

/// Why the command cannot go on.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: Code,
    message: String,
}

impl Failure {
    /// A mistake in the command line or a file.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Failure { code: Code::Usage, message: message.into() }
    }

    /// The world did not cooperate.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Failure { code: Code::Failed, message: message.into() }
    }

    /// We did something wrong.
    pub(crate) fn bug(message: impl Into<String>) -> Self {
        Failure { code: Code::Bug, message: message.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        let message = error.to_string();
        match error {
            EngineError::File(_)
            | EngineError::NotAnExperiment { .. }
            | EngineError::Unresumable(_)
            | EngineError::Refused(_)
            | EngineError::Unreadable { .. } => Failure::usage(message),
            EngineError::Store(error) => error.into(),
            EngineError::Sandbox(error) => error.into(),
            EngineError::Model(
                ModelError::Template(_)
                | ModelError::Unpriced { .. }
                | ModelError::Uncounted { .. }
                | ModelError::Unserved { .. },
            ) => Failure::usage(format!("{message}\nnothing is lost: mend it, and `elenchus resume` goes on")),
            // A replay whose request is not on record, or a record that cannot be written.
            EngineError::Model(ModelError::Record(_)) => Failure::failed(message),
            EngineError::Model(_) => Failure::failed(format!("{message}\nnothing is lost: `elenchus resume` goes on")),
            EngineError::Yardsticks(_) => Failure::failed(message),
            EngineError::Bug(_) | EngineError::Unwritable(_) | EngineError::Panicked(_) => Failure::bug(message),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        match error {
            StoreError::NoDatabase { .. }
            | StoreError::NoCampaign { .. }
            | StoreError::UnknownCampaign { .. }
            | StoreError::AmbiguousCampaign { .. }
            | StoreError::NotADatabase { .. }
            | StoreError::DamagedFile { .. }
            | StoreError::Newer { .. }
            | StoreError::OtherSchema { .. }
            | StoreError::DamagedLog { .. }
            | StoreError::DamagedText { .. }
            | StoreError::DamagedObservation { .. }
            | StoreError::DamagedTrials { .. }
            | StoreError::ForeignTrials { .. }
            | StoreError::DamagedSource { .. }
            | StoreError::Derived { .. }
            | StoreError::Foreign { .. }
            | StoreError::NotAFile { .. }
            | StoreError::Journal { .. }
            | StoreError::UnreadableLog { .. }
            | StoreError::OldReadOnly { .. }
            | StoreError::Older { .. }
            | StoreError::OtherRules { .. }
            | StoreError::TooLarge { .. } => Failure::usage(message),
            _ => Failure::failed(message),
        }
    }
}

impl From<engine::sandbox::SandboxError> for Failure {
    fn from(error: engine::sandbox::SandboxError) -> Self {
        let mut message = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            message.push_str(&format!(": {cause}"));
            source = cause.source();
        }
        if matches!(error, engine::sandbox::SandboxError::Wall { .. }) {
            message.push_str("\ncandidates are untrusted code; --unsafe-no-sandbox runs them with your own rights");
        }
        Failure::failed(message)
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        Failure::usage(error.to_string())
    }
}
