//! Campaigns: opening one, listing them, finding one by the beginning of its id.

use crate::error::StoreError;
use crate::open::Store;
use science::event::Started;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// A campaign: 32 hexadecimal digits drawn at random. It lies outside of the digest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CampaignId(String);

impl CampaignId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Enough of the id for a person to tell campaigns apart.
    pub fn short(&self) -> &str {
        self.0.get(..8).unwrap_or(&self.0)
    }
}

impl From<String> for CampaignId {
    fn from(text: String) -> Self {
        CampaignId(text)
    }
}

impl fmt::Display for CampaignId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A campaign in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignRow {
    /// Its id.
    pub id: CampaignId,
    /// The experiment's name.
    pub name: String,
    /// The experiment's directory when the campaign was opened; for people only.
    pub directory: PathBuf,
    /// Its seed.
    pub seed: u64,
    /// Who plans and writes.
    pub agents: String,
    /// When it was opened, ms since 1970.
    pub created_at_ms: i64,
    /// How many events it has.
    pub events: u64,
    /// When its last event was appended, ms since 1970.
    pub last_at_ms: i64,
}

impl Store {
    /// Opens a campaign: its row, its input files and its `started` event in one transaction. `inputs` are the texts of
    /// exactly the files that `started` names.
    pub async fn create(
        &self,
        started: &Started,
        directory: &Path,
        inputs: &BTreeMap<String, String>,
    ) -> Result<CampaignId, StoreError> {
        todo!("{started:?} {directory:?} {inputs:?}")
    }

    /// Every campaign, newest last.
    pub async fn campaigns(&self) -> Result<Vec<CampaignRow>, StoreError> {
        todo!()
    }

    /// The campaign whose id begins with `prefix`, or the newest.
    pub async fn find(&self, prefix: Option<&str>) -> Result<CampaignId, StoreError> {
        todo!("{prefix:?}")
    }
}
