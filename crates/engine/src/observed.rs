//! What a campaign observes of the world: every kind of it, under the name by which the database and cassettes keep it.

use science::id::Hash;
use store::{CampaignId, Observation, Store, StoreError};

/// Where a nonce came from, as [`Kind::Nonce`] keeps it.
pub(crate) fn origin(given: bool) -> String {
    if given { GIVEN.into() } else { "drawn".into() }
}

/// Whether the nonce of a campaign was given; none if that is not on record.
pub(crate) async fn was_given(store: &Store, id: &CampaignId) -> Result<Option<bool>, StoreError> {
    Ok(Kind::Nonce.all(store, id).await?.first().map(|origin| origin.payload == GIVEN))
}

const GIVEN: &str = "given";

/// A kind of observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A language model was asked, and what came of it.
    Call,
    /// An attempt whose answer never came whole, and which may have been billed.
    Loss,
    /// An outcome that depends on the machine's mood: time, memory.
    Outcome,
    /// Before which event the time budget ran out.
    Time,
    /// When a process took up the campaign.
    Session,
    /// Whether the nonce was drawn for the campaign or given: "drawn", "given".
    Nonce,
    /// A look at the champion under the seal.
    SealedLook,
    /// What searches without agents found with as much.
    Comparison,
    /// The campaign is a replay; holds the digest that it should end with.
    Replay,
}

impl Kind {
    /// Those that a campaign's course depends on. All others belong to the run or follow from the record.
    pub(crate) const COURSE: [Kind; 3] = [Kind::Call, Kind::Outcome, Kind::Time];

    /// Its name on record.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Call => "model-call",
            Kind::Loss => "model-loss",
            Kind::Outcome => "outcome",
            Kind::Time => "time",
            Kind::Session => "session",
            Kind::Nonce => "nonce",
            Kind::SealedLook => "sealed-look",
            // By its first name: records have it.
            Kind::Comparison => "yardsticks",
            Kind::Replay => "replay",
        }
    }

    /// Every observation of the kind, in order of arrival.
    pub async fn all(self, store: &Store, id: &CampaignId) -> Result<Vec<Observation>, StoreError> {
        store.observations(id, self.as_str()).await
    }

    /// An observation of a kind that has one key for all.
    pub(crate) fn observation(self, ordinal: u32, payload: String) -> Observation {
        self.under(Hash::of(self.as_str().as_bytes()), ordinal, payload)
    }

    /// An observation under a key of its own.
    pub(crate) fn under(self, key: Hash, ordinal: u32, payload: String) -> Observation {
        Observation { key, ordinal, kind: self.as_str().into(), payload }
    }
}
