//! The event log: append a step, read it back, fold it.

use crate::campaigns::CampaignId;
use crate::error::StoreError;
use crate::observations::Observation;
use crate::open::Store;
use crate::trials::TrialRow;
use science::event::Event;
use science::id::Hash;
use science::state::State;

/// An event on record.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// Its number in the campaign, from 0.
    pub seq: u64,
    /// What happened.
    pub event: Event,
    /// The digest of the log up to and with this event.
    pub digest: Hash,
    /// When it was appended, ms since 1970; outside of the digest.
    pub at_ms: i64,
}

/// A campaign as its log tells it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Where it stands.
    pub state: State,
    /// The digest of its log.
    pub digest: Hash,
    /// The number that its next event will have.
    pub next_seq: u64,
}

/// What is stored with an event beyond what the event says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Extra<'a> {
    /// The source of a candidate that was written.
    pub source: Option<&'a str>,
    /// The trials that a calibration or an evaluation ran.
    pub trials: &'a [TrialRow<'a>],
    /// Diagnostics of a candidate's outcome; outside of the digest.
    pub message: Option<&'a str>,
    /// What the world said, where the event rests on it and it is not on record yet.
    pub observation: Option<&'a Observation>,
}

impl Store {
    /// Appends an event with all rows that follow from it, in one transaction; gives the log's new digest.
    pub async fn append(&self, id: &CampaignId, seq: u64, event: &Event, extra: Extra<'_>) -> Result<Hash, StoreError> {
        todo!("{id} {seq} {event:?} {extra:?}")
    }

    /// Every event of a campaign, in order; an error if the log is not what was written.
    pub async fn events(&self, id: &CampaignId) -> Result<Vec<Stored>, StoreError> {
        todo!("{id}")
    }

    /// Folds a campaign's events: this is all there is to resuming one.
    pub async fn load(&self, id: &CampaignId) -> Result<Loaded, StoreError> {
        todo!("{id}")
    }
}
