//! A lock that keeps two processes from running one campaign.

use crate::campaigns::CampaignId;
use crate::error::StoreError;
use std::fs::File;
use std::path::Path;

/// Holds a campaign's lock until it is dropped. The kernel releases it however the process ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Takes the lock of a campaign, or says who holds it. `dir` is the state directory.
pub fn lock(dir: &Path, id: &CampaignId) -> Result<Lock, StoreError> {
    todo!("{dir:?} {id}")
}
