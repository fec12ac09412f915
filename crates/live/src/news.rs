//! What an open page is told: that something was added to its campaign, and where that stands now.
//!
//! The database is asked for the length of the campaign's record, one row by its key, in no transaction of any length; only when that grew is
//! the record read. Where reading takes long it is done less often, so that it takes a quarter of a processor at most.

use crate::records::Records;
use axum::response::sse::Event;
use futures::Stream;
use futures::stream;
use serde_json::json;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use store::{CampaignId, Pulse};
use tokio::sync::{OwnedSemaphorePermit, watch};

/// Between two looks.
const TICK: Duration = Duration::from_millis(250);
/// How much longer than reading a record the pause after it is.
const REST: u32 = 3;

/// Somebody who follows a campaign.
pub(crate) struct Follower {
    pub(crate) records: Arc<Records>,
    pub(crate) campaign: CampaignId,
    /// Whether the server stops.
    pub(crate) stopped: watch::Receiver<bool>,
    /// A place among those who follow.
    pub(crate) _place: OwnedSemaphorePermit,
}

/// Everything from now on: first where the campaign stands, then whatever is added.
pub(crate) fn news(follower: Follower) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(Some((follower, None, Duration::ZERO)), |following| async move {
        let (mut follower, said, pause) = following?;
        let Follower { stopped, .. } = &mut follower;
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stopped.wait_for(|stopped| *stopped) => return None,
        }
        match follower.next(said).await? {
            Ok((event, pulse, took)) => Some((Ok(event), Some((follower, Some(pulse), TICK.max(took * REST))))),
            // The last word; the browser asks again after a while.
            Err(trouble) => Some((Ok(trouble), None)),
        }
    })
}

impl Follower {
    /// The next news, and what reading them took; none when the server stops.
    async fn next(&mut self, said: Option<Pulse>) -> Option<Result<(Event, Pulse, Duration), Event>> {
        let trouble =
            |trouble: String| Some(Err(Event::default().event("trouble").data(science::text::line(&trouble))));
        loop {
            match self.records.pulse(&self.campaign).await {
                Err(error) => return trouble(error.to_string()),
                Ok(pulse) if Some(pulse) == said => {}
                Ok(_) => match self.records.of(&self.campaign).await {
                    Err(error) => return trouble(error.to_string()),
                    Ok((seen, took)) => {
                        let state = &seen.held.state;
                        let data = json!({
                            "version": seen.pulse.to_string(),
                            "status": science::text::line(&report::live::status(state)),
                            "ended": state.ended.is_some(),
                        });
                        return Some(Ok((Event::default().event("news").data(data.to_string()), seen.pulse, took)));
                    }
                },
            }
            tokio::select! {
                () = tokio::time::sleep(TICK) => {}
                _ = self.stopped.wait_for(|stopped| *stopped) => return None,
            }
        }
    }
}
