//! What belongs to which turn of the loop, and when it happened: the table of contents of a campaign.

use crate::campaigns::CampaignId;
use crate::error::StoreError;
use crate::open::Store;
use science::id::CandidateId;

/// A turn of the loop that has ended, or what came after the last one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chapter {
    /// Whether the campaign ended with it; else an iteration did.
    pub is_end: bool,
    /// When, ms since 1970.
    pub ended_ms: i64,
    /// The candidates that were first written in it, in order, each with when that was, ms since 1970.
    pub candidates: Vec<(CandidateId, i64)>,
}

impl Store {
    /// The chapters of a campaign, in order. Times are no part of its digest; its words' chain holds them.
    pub async fn chapters(&self, id: &CampaignId) -> Result<Vec<Chapter>, StoreError> {
        let read = async {
            let mut snapshot = self.snapshot().await?;
            let ends: Vec<(i64, i64, bool)> = sqlx::query_as(
                "SELECT seq, at_ms, kind = 'ended' FROM events
                 WHERE campaign = ? AND kind IN ('iteration-closed', 'ended') ORDER BY seq",
            )
            .bind(id.as_str())
            .fetch_all(&mut *snapshot)
            .await?;
            let written: Vec<(i64, String, i64)> = sqlx::query_as(
                "SELECT candidates.seq, candidates.id, events.at_ms FROM candidates JOIN events USING (campaign, seq)
                 WHERE campaign = ? ORDER BY candidates.seq",
            )
            .bind(id.as_str())
            .fetch_all(&mut *snapshot)
            .await?;
            Ok((ends, written))
        };
        let (ends, written) = read.await.map_err(|error: StoreError| error.at(&self.path))?;
        let mut written = written.into_iter().peekable();
        let chapter = |(end, ended_ms, is_end): (i64, i64, bool)| {
            let mut candidates = Vec::new();
            while let Some((_, id, at_ms)) = written.next_if(|(seq, _, _)| *seq < end) {
                candidates.push((CandidateId::from(id), at_ms));
            }
            Chapter { is_end, ended_ms, candidates }
        };
        Ok(ends.into_iter().map(chapter).collect())
    }
}
