//! How the time budget of a campaign runs out, over all processes that ran it.

use crate::cassette;
use crate::error::EngineError;
use crate::observed::Kind;
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use store::{CampaignId, Store};

/// How the time budget runs out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    /// Time spent by earlier processes on this campaign, ms.
    spent_ms: u64,
    since: Instant,
    /// The event before which time ran out, once that is on record.
    pub(super) out_before: Option<u64>,
    /// Whether only the record counts, since the campaign is a replay.
    stopped: bool,
}

impl Clock {
    /// The clock of a campaign that is taken up now.
    pub(super) async fn of(store: &Store, id: &CampaignId) -> Result<Self, EngineError> {
        let out = Kind::Time.all(store, id).await?;
        Ok(Clock {
            spent_ms: time_spent(store, id).await?,
            since: Instant::now(),
            out_before: out.first().and_then(|observation| observation.payload.parse().ok()),
            stopped: cassette::replays(store, id).await?.is_some(),
        })
    }

    /// Whether so many minutes are spent before the event with this number. That is an observation: once made, it is what the
    /// campaign ends by.
    pub(super) async fn is_out(
        &self,
        minutes: Option<f64>,
        next_seq: u64,
        (store, id): (&Store, &CampaignId),
    ) -> Result<bool, EngineError> {
        if let Some(seq) = self.out_before {
            return Ok(next_seq == seq);
        }
        let spent = self.spent_ms as f64 + self.since.elapsed().as_secs_f64() * 1000.0;
        let out = minutes.is_some_and(|minutes| !self.stopped && spent > minutes * 60_000.0);
        if out {
            store.observe(id, &Kind::Time.observation(0, next_seq.to_string())).await?;
        }
        Ok(out)
    }
}

/// Notes that a process takes up the campaign: time budgets count over all of them.
pub(super) async fn begin_session(store: &Store, id: &CampaignId) -> Result<(), EngineError> {
    let earlier = Kind::Session.all(store, id).await?.len() as u32;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    Ok(store.observe(id, &Kind::Session.observation(earlier, now.to_string())).await?)
}

/// Time that earlier processes spent on a campaign, ms: from each one's beginning to its last event.
async fn time_spent(store: &Store, id: &CampaignId) -> Result<u64, EngineError> {
    let sessions = Kind::Session.all(store, id).await?;
    let begun: Vec<i64> = sessions.iter().filter_map(|session| session.payload.parse().ok()).collect();
    let events: Vec<i64> = store.events(id).await?.iter().map(|stored| stored.at_ms).collect();
    let spent = begun.iter().enumerate().map(|(at, start)| {
        let next = begun.get(at + 1).copied().unwrap_or(i64::MAX);
        let last = events.iter().filter(|t| (*start..next).contains(*t)).max();
        last.map_or(0, |last| (last - start).max(0) as u64)
    });
    Ok(spent.sum())
}
