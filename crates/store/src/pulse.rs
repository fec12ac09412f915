//! Whether anything was added to a campaign: one row, by its key, for whoever asks often.

use crate::campaigns::CampaignId;
use crate::error::StoreError;
use crate::open::Store;
use std::fmt;

/// How much of a campaign is on record. Nothing is ever taken away, so two that are alike mean the same record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pulse {
    /// Events.
    pub events: u64,
    /// Observations: replies of models, sealed looks.
    pub observed: u64,
}

impl Pulse {
    pub(crate) fn of(events: i64, observed: i64) -> Self {
        Pulse { events: events.cast_unsigned(), observed: observed.cast_unsigned() }
    }
}

impl fmt::Display for Pulse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.events, self.observed)
    }
}

impl Store {
    /// How much of a campaign is on record by its own row.
    pub async fn pulse(&self, id: &CampaignId) -> Result<Pulse, StoreError> {
        let read = async {
            let row: Option<(i64, i64)> = sqlx::query_as(
                "SELECT coalesce(log_length, 0), coalesce(observed_length, 0) FROM campaigns WHERE id = ?",
            )
            .bind(id.as_str())
            .fetch_optional(&mut *self.connection().await?)
            .await?;
            Ok(row)
        };
        match read.await.map_err(|error: StoreError| error.at(&self.path))? {
            Some((events, observed)) => Ok(Pulse::of(events, observed)),
            None => Err(self.unknown(id).await),
        }
    }
}
