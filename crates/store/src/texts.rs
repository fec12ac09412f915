//! Texts by their hash: the sources of candidates and the files of experiments.

use crate::campaigns::CampaignId;
use crate::error::StoreError;
use crate::open::Store;
use science::id::{CandidateId, Hash};
use std::collections::BTreeMap;

impl Store {
    /// The text with this hash.
    pub async fn text(&self, hash: &Hash) -> Result<Option<String>, StoreError> {
        todo!("{hash}")
    }

    /// The files that the campaign's experiment consists of, by path, as they were when it was opened.
    pub async fn inputs(&self, id: &CampaignId) -> Result<BTreeMap<String, String>, StoreError> {
        todo!("{id}")
    }

    /// The source of a candidate, as it was first written.
    pub async fn source(&self, id: &CampaignId, candidate: &CandidateId) -> Result<Option<String>, StoreError> {
        todo!("{id} {candidate}")
    }

    /// The diagnostics of a candidate's outcome.
    pub async fn message(&self, id: &CampaignId, candidate: &CandidateId) -> Result<Option<String>, StoreError> {
        todo!("{id} {candidate}")
    }
}
