//! Trials: one policy on one scenario with one seed.

use crate::campaigns::CampaignId;
use crate::error::StoreError;
use crate::open::Store;
use science::trial::Trial;

/// A trial and what it is a trial of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrialRow<'a> {
    /// A candidate's id, or the name of a yardstick: `baseline`, `reference` …
    pub policy: &'a str,
    /// The scenario, by its name in the `started` event.
    pub scenario: &'a str,
    /// The position of the seed, from 0.
    pub seed: u32,
    /// What it yielded.
    pub trial: Trial,
}

impl Store {
    /// The trials of a policy, scenario by scenario in the experiment's order, seed by seed.
    pub async fn trials(&self, id: &CampaignId, policy: &str) -> Result<Vec<Trial>, StoreError> {
        todo!("{id} {policy}")
    }
}
