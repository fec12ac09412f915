//! The event log: append a step, read it back, fold it.
//!
//! What an event means and what it says in words ([`science::words`]) are stored apart, each in a chain of its own. The first
//! one's last link is the campaign's digest. The second one finds damage; it does not stop an owner who makes it again.

use crate::campaigns::CampaignId;
use crate::error::StoreError;
use crate::log::{self, chain, damaged, payload, said};
use crate::open::{Store, now_ms};
use crate::project::{Step, project};
use crate::script::Script;
use crate::trials::TrialRow;
use science::event::Event;
use science::id::Hash;
use science::state::State;
use std::sync::PoisonError;

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
    /// The digest of its log.
    pub digest: Hash,
    /// The number that its next event will have.
    pub next_seq: u64,
    /// The hash over the yardsticks' trials, once they were measured: see [`Store::baseline`].
    pub calibrated: Option<Hash>,
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
    /// Appends an event with all rows that follow from it, in one transaction; gives the log's new digest.
    pub async fn append(&self, id: &CampaignId, seq: u64, event: &Event, extra: Extra<'_>) -> Result<Hash, StoreError> {
        self.append_all(id, seq, std::slice::from_ref(event), extra).await
    }

    /// Appends an event together with others that follow from it alone, in one transaction; `extra` is what comes with the first.
    pub async fn append_all(
        &self,
        id: &CampaignId,
        seq: u64,
        events: &[Event],
        extra: Extra<'_>,
    ) -> Result<Hash, StoreError> {
        self.step(id, seq, events, extra).await.map_err(|error| error.at(&self.path))
    }

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
        let calibrated = events.iter().find_map(|stored| match &stored.event {
            Event::Calibrated { trials, .. } => Some(trials.clone()),
            _ => None,
        });
        let tail = Tail::fold(id, events)?;
        Ok(Loaded { state: tail.state, digest: Hash::from(tail.digest), next_seq: tail.next, calibrated })
    }

    async fn step(&self, id: &CampaignId, seq: u64, events: &[Event], extra: Extra<'_>) -> Result<Hash, StoreError> {
        // Taken, not borrowed: after a step that fails halfway the database is asked again.
        let kept = self.tail.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut tail = match kept {
            Some(tail) if tail.campaign == *id && tail.next == seq => tail,
            _ => self.tail_of(id).await?,
        };
        if seq != tail.next {
            return Err(StoreError::Conflict { campaign: id.clone(), seq, next: tail.next });
        }
        let mut script = Script::default();
        for (at, event) in events.iter().enumerate() {
            tail.advance(&mut script, event, if at == 0 { extra } else { Extra::default() })?;
        }
        if let Err(error) = self.run(script).await {
            // Events are neither changed nor deleted (triggers see to that), so a kept tail is out of date only where somebody
            // has gone on, and then this event is there already.
            if error.is_taken()
                && let Ok(Tail { next, .. }) = self.tail_of(id).await
                && next != seq
            {
                return Err(StoreError::Conflict { campaign: id.clone(), seq, next });
            }
            return Err(error.of(events, seq));
        }
        let digest = Hash::from(tail.digest.clone());
        self.keep(tail);
        Ok(digest)
    }

    /// The end of a campaign's log as the database has it.
    async fn tail_of(&self, id: &CampaignId) -> Result<Tail, StoreError> {
        let read = log::read(&mut *self.snapshot().await?, id, &self.path).await?;
        Tail::fold(id, read.unwrap_or_default())
    }

    /// Remembers where a campaign stands, once that is committed.
    pub(crate) fn keep(&self, tail: Tail) {
        *self.tail.lock().unwrap_or_else(PoisonError::into_inner) = Some(tail);
    }
}

/// The end of a campaign's log, and the state that the log folds to.
#[derive(Debug)]
pub(crate) struct Tail {
    campaign: CampaignId,
    state: State,
    /// The campaign's workloads, by whose positions its events mean them.
    workloads: Vec<String>,
    /// Both are empty before the first event.
    digest: String,
    words_digest: String,
    next: u64,
}

impl Tail {
    pub(crate) fn of_new(campaign: CampaignId) -> Self {
        let (state, workloads) = (State::default(), Vec::new());
        Tail { campaign, state, workloads, digest: String::new(), words_digest: String::new(), next: 0 }
    }

    fn fold(campaign: &CampaignId, events: Vec<Stored>) -> Result<Self, StoreError> {
        let mut tail = Tail::of_new(campaign.clone());
        for stored in events {
            tail.apply(&stored.event).map_err(|error| damaged(campaign, stored.seq, &error.to_string()))?;
            tail.digest = stored.digest.as_str().to_owned();
            tail.words_digest = stored.words_digest;
            tail.next = stored.seq + 1;
        }
        Ok(tail)
    }

    fn apply(&mut self, event: &Event) -> Result<(), StoreError> {
        self.state.apply(event)?;
        if let Event::Started(started) = event {
            self.workloads = started.workload_names();
        }
        Ok(())
    }

    /// Applies an event and adds what is to be written for it: itself, and everything that follows from it.
    pub(crate) fn advance(&mut self, script: &mut Script, event: &Event, extra: Extra<'_>) -> Result<(), StoreError> {
        extra.check(event)?;
        let (meaning, words) = event.split(&self.workloads);
        let (payload, said) = (payload(&meaning)?, said(event, words, extra.message)?);
        self.apply(event)?;
        let at_ms = now_ms();
        self.digest = chain(&self.digest, &[event.kind().as_bytes(), payload.as_bytes()]);
        self.words_digest = chain(&self.words_digest, &[at_ms.to_string().as_bytes(), said.as_bytes()]);
        let step = Step { campaign: &self.campaign, seq: self.next.cast_signed(), event, extra, after: &self.state };
        script
            .add(
                "INSERT INTO events (campaign, seq, kind, payload, digest, at_ms, words, words_digest)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(self.campaign.as_str())
            .bind(step.seq)
            .bind(event.kind())
            .bind(payload)
            .bind(&self.digest)
            .bind(at_ms)
            .bind(said)
            .bind(&self.words_digest);
        script
            .add("UPDATE campaigns SET log_length = ?, log_digest = ?, words_digest = ? WHERE id = ?")
            .bind(step.seq + 1)
            .bind(&self.digest)
            .bind(&self.words_digest)
            .bind(self.campaign.as_str());
        project(script, &step);
        self.next += 1;
        Ok(())
    }
}

impl Extra<'_> {
    /// What would be stored nowhere is refused, not dropped.
    fn check(&self, event: &Event) -> Result<(), StoreError> {
        let (source, trials, message) = match event {
            Event::CandidateWritten { candidate, .. } => (Some(&candidate.source), false, false),
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

#[cfg(test)]
mod tests {
    use super::*;
    use science::event::{EndReason, RULES, Started};
    use science::experiment::{Agents, Budget, Experiment, Objective};
    use science::nonce::Nonce;
    use std::collections::BTreeMap;

    fn started() -> Started {
        Started {
            rules: RULES,
            name: "admission".into(),
            experiment: Experiment {
                question: "?".into(),
                iterations: 1,
                seeds: 3,
                baseline: "b".into(),
                reference: "r".into(),
                space_source: None,
                scenarios: vec![],
                population: None,
                objective: Objective { reference_scale: "k".into(), scale: None, constraints: vec![] },
                dimensions: vec![],
                budget: Budget::default(),
                agents: Agents::default(),
            },
            scenarios: vec![],
            training: vec![],
            workloads: vec![],
            profiles: vec![],
            inputs: BTreeMap::new(),
            nonce: Nonce::of(1),
            meaning: Hash::of(b"what is measured"),
            traces: vec![],
            agents: "scripted".into(),
            toolchain: "rustc".into(),
            version: "0".into(),
            sandboxed: true,
            repairs: 0,
        }
    }

    #[tokio::test]
    async fn an_event_whose_rows_cannot_be_written_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("lineage.db")).await.unwrap();
        let id = store.create(&started(), dir.path(), &BTreeMap::new()).await.unwrap();
        let event = Event::Ended { reason: EndReason::Completed };
        let before = store.load(&id).await.unwrap();
        for _ in 0..3 {
            let mut tail = store.tail_of(&id).await.unwrap();
            let mut script = Script::default();
            tail.advance(&mut script, &event, Extra::default()).unwrap();
            script.add("INSERT INTO nowhere VALUES (?)").bind(1_i64);
            store.run(script).await.unwrap_err();
            assert_eq!(store.load(&id).await.unwrap().digest, before.digest);
            let ended = sqlx::query_scalar::<_, Option<String>>("SELECT ended FROM campaigns");
            assert_eq!(ended.fetch_one(&store.pool).await.unwrap(), None);
        }
        store.append(&id, 1, &event, Extra::default()).await.unwrap();
        assert_eq!(store.load(&id).await.unwrap().next_seq, 2);
    }

    #[tokio::test]
    async fn events_that_are_appended_together_are_all_on_record_or_none_is() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("lineage.db")).await.unwrap();
        let id = store.create(&started(), dir.path(), &BTreeMap::new()).await.unwrap();
        let before = store.load(&id).await.unwrap();
        let ended = Event::Ended { reason: EndReason::Completed };
        let twice = [ended.clone(), ended.clone()];
        store.append_all(&id, 1, &twice, Extra::default()).await.unwrap_err();
        let after = store.load(&id).await.unwrap();
        assert_eq!((after.digest, after.next_seq), (before.digest, 1));
        let digest = store.append_all(&id, 1, &twice[..1], Extra::default()).await.unwrap();
        assert_eq!(store.load(&id).await.unwrap().digest, digest);
    }
}
