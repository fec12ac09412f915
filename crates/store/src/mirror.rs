//! Candidates as git commits, for people to look at with the tools that they know.

use crate::campaigns::CampaignId;
use crate::error::StoreError;
use science::id::CandidateId;
use std::path::Path;

/// A bare repository that mirrors the candidates of the database. It holds nothing that the database does not hold.
pub struct Mirror {
    repository: git2::Repository,
}

/// A candidate as it goes into the mirror.
#[derive(Clone, Debug)]
pub struct Commit {
    /// Its campaign.
    pub campaign: CampaignId,
    /// The candidate.
    pub candidate: CandidateId,
    /// The candidates that it departs from; recorded before it.
    pub parents: Vec<CandidateId>,
    /// Its source.
    pub source: String,
    /// What to say of it.
    pub message: String,
    /// The event that wrote it; stands in for the time.
    pub seq: u64,
}

impl Mirror {
    /// Opens the mirror at `path`, creating it where it is missing.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        todo!("{path:?}")
    }

    /// Records a candidate. Recording it again changes nothing, so that after a crash all can simply be recorded again.
    pub fn record(&self, commit: &Commit) -> Result<(), StoreError> {
        todo!("{commit:?} {}", self.repository.is_bare())
    }
}
