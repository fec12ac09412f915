//! Observations: what the world did once, stored on arrival.

use crate::campaigns::CampaignId;
use crate::error::StoreError;
use crate::open::Store;
use science::id::Hash;

/// Something that the world did once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// The hash of everything that was asked.
    pub key: Hash,
    /// How often the same was asked before.
    pub ordinal: u32,
    /// What kind of thing it is, for example `reply` or `outcome`.
    pub kind: String,
    /// What the world said.
    pub payload: String,
}

impl Store {
    /// Records an observation, in its own transaction. Recording the same again changes nothing; something else under
    /// the same key and ordinal is an error.
    pub async fn observe(&self, id: &CampaignId, observation: &Observation) -> Result<(), StoreError> {
        todo!("{id} {observation:?}")
    }

    /// What was observed under a key.
    pub async fn observation(&self, id: &CampaignId, key: &Hash, ordinal: u32) -> Result<Option<String>, StoreError> {
        todo!("{id} {key} {ordinal}")
    }

    /// Every observation of a kind, in order of arrival.
    pub async fn observations(&self, id: &CampaignId, kind: &str) -> Result<Vec<Observation>, StoreError> {
        todo!("{id} {kind}")
    }
}
