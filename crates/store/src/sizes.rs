//! Bounds on what is read from a database into memory: whoever wrote it may say that a text has a gigabyte, or the same page
//! a thousand times. SQLite tells lengths without reading what they are the lengths of.

use crate::error::StoreError;
use std::path::Path;

/// Bytes of a text among a campaign's files: what a trace may have.
pub(crate) const FILE: i64 = 1 << 30;

/// Bytes of all files of a campaign.
pub(crate) const FILES: i64 = 2 << 30;

/// Bytes of an event's meaning, of its words, or of an observation. Nothing larger is written either.
pub(crate) const ENTRY: i64 = 64 << 20;

/// Bytes of a campaign's events, or of its observations.
pub(crate) const LOG: i64 = 1 << 30;

/// Bytes of a trial: a value takes some twenty.
pub(crate) const TRIAL: i64 = 1 << 20;

/// Bytes of all trials of a policy.
pub(crate) const TRIALS: i64 = 1 << 30;

/// Events, observations or trials of a campaign that are read at once.
pub(crate) const ROWS: i64 = 1_000_000;

/// Campaigns that are listed, and bytes of a name in the list.
pub(crate) const CAMPAIGNS: i64 = 10_000;
pub(crate) const NAME: i64 = 4096;

/// The number of rows, the largest and all bytes of what is about to be read.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub(crate) struct Weight {
    rows: i64,
    largest: i64,
    total: i64,
}

impl Weight {
    /// Refuses what is too much. `what` names the rows.
    pub(crate) fn check(self, path: &Path, what: &str, largest: i64, total: i64) -> Result<(), StoreError> {
        let refused = |what: String, most: String| Err(StoreError::TooLarge { path: path.to_owned(), what, most });
        if self.rows > ROWS {
            return refused(format!("{} {what}", self.rows), ROWS.to_string());
        }
        if self.largest > largest {
            return refused(format!("one of {} bytes among {what}", self.largest), format!("{largest} bytes"));
        }
        if self.total > total {
            return refused(format!("{} bytes of {what}", self.total), format!("{total} bytes"));
        }
        Ok(())
    }
}
