//! The event log, read back and folded, and what comes beside its events.
//!
//! What an event means and what it says in words ([`science::words`]) are stored apart, each in a chain of its own. The first
//! one's last link is the campaign's digest. The second one finds damage; it does not stop an owner who makes it again.

use crate::campaigns::CampaignId;
use crate::error::StoreError;
use crate::head::LogHead;
use crate::log::{self, damaged};
use crate::open::Store;
use crate::trials::TrialRow;
use science::event::Event;
use science::id::Hash;
use science::origins::Origins;
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
    /// The same of its words.
    pub(crate) words_digest: String,
    /// When it was appended, ms since 1970; outside of the digest.
    pub at_ms: i64,
    /// The diagnostics that came with it.
    pub(crate) message: Option<String>,
}

/// A campaign as its log tells it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Where it stands.
    pub state: State,
    /// Where its log ends.
    pub head: LogHead,
    /// The hash over the yardsticks' trials, once they were measured: see [`Store::baseline`].
    pub calibrated: Option<Hash>,
    /// The kind of each event and when it was appended, ms since 1970.
    pub course: Vec<(&'static str, i64)>,
    /// Which of them each figure follows from.
    pub origins: Origins,
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
}

impl Store {
    /// Every event of a campaign, in order; an error if the log is not what was written, or under other rules.
    pub async fn events(&self, id: &CampaignId) -> Result<Vec<Stored>, StoreError> {
        let events = async { log::read(&mut *self.snapshot().await?, id, &self.path).await };
        match events.await.map_err(|error| error.at(&self.path))? {
            Some(events) => Ok(events),
            None => Err(self.unknown(id).await),
        }
    }

    /// Folds a campaign's events: this is all there is to resuming one. What the world said is held against its chain too,
    /// so that nothing of the campaign is used that is not what was recorded.
    pub async fn load(&self, id: &CampaignId) -> Result<Loaded, StoreError> {
        let events = self.events(id).await?;
        self.check_observations(id).await?;
        let (mut state, mut head, mut calibrated) = (State::default(), LogHead::of_new(id.clone()), None);
        let mut origins = Origins::default();
        let course = events.iter().map(|stored| (stored.event.kind(), stored.at_ms)).collect();
        for stored in events {
            state.apply(&stored.event).map_err(|error| damaged(id, stored.seq, &error.to_string()))?;
            origins.note(stored.seq, &stored.event, &state);
            if let Event::Calibrated { trials, .. } = &stored.event {
                calibrated = Some(trials.clone());
            }
            head.pass(stored);
        }
        Ok(Loaded { state, head, calibrated, course, origins })
    }
}

impl Extra<'_> {
    /// What would be stored nowhere is refused, not dropped.
    pub(crate) fn check(&self, event: &Event) -> Result<(), StoreError> {
        let (source, trials, message) = match event {
            Event::CandidateWritten { candidate, .. } | Event::VariantWritten { candidate, .. } => {
                (Some(&candidate.source), false, false)
            }
            Event::Tuned { retuned, .. } => (retuned.as_ref().map(|retuned| &retuned.source), false, false),
            Event::Simplified { candidate, .. } => (candidate.as_ref().map(|made| &made.source), false, false),
            Event::Calibrated { .. } | Event::Tested { .. } => (None, true, false),
            Event::CandidateEvaluated { .. } => (None, true, true),
            Event::Started(_)
            | Event::BundleRegistered { .. }
            | Event::PlanFailed { .. }
            | Event::ExecutorFailed { .. }
            | Event::RepairFailed { .. }
            | Event::ArmJudged { .. }
            | Event::ArmSkipped { .. }
            | Event::PrinciplesRevised { .. }
            | Event::Audited { .. }
            | Event::Finals { .. }
            | Event::IterationClosed { .. }
            | Event::Ended { .. } => (None, false, false),
        };
        let what = match self.source.map(|text| Hash::of(text.as_bytes())) {
            Some(hash) if Some(&hash) != source => "this source",
            _ if !self.trials.is_empty() && !trials => "trials",
            _ if self.message.is_some() && !message => "a message",
            _ => return Ok(()),
        };
        let problem = format!("the `{}` event speaks of none", event.kind());
        Err(StoreError::Unstorable { what: what.into(), problem })
    }
}
