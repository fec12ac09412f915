//! The event log: append a step, read it back, fold it.

use crate::campaigns::CampaignId;
use crate::error::StoreError;
use crate::observations::Observation;
use crate::open::{Store, now_ms};
use crate::project::{Step, project};
use crate::script::Script;
use crate::trials::TrialRow;
use science::event::Event;
use science::id::Hash;
use science::state::State;
use sqlx::SqliteConnection;
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
    /// When it was appended, ms since 1970; outside of the digest.
    pub at_ms: i64,
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
    /// What the world said, where the event rests on it and it is not on record yet.
    pub observation: Option<&'a Observation>,
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

    /// Every event of a campaign, in order; an error if the log is not what was written.
    pub async fn events(&self, id: &CampaignId) -> Result<Vec<Stored>, StoreError> {
        let events = async { read(&mut *self.pool.acquire().await?, id).await };
        let events = events.await.map_err(|error| error.at(&self.path))?;
        if events.is_empty() {
            // Every campaign has its `started` event: there is no such campaign. `find` words that.
            self.find(Some(id.as_str())).await?;
            return Err(damaged(id, 0, "it is missing"));
        }
        Ok(events)
    }

    /// Folds a campaign's events: this is all there is to resuming one.
    pub async fn load(&self, id: &CampaignId) -> Result<Loaded, StoreError> {
        let tail = Tail::fold(id, self.events(id).await?)?;
        Ok(Loaded { state: tail.state, digest: Hash::from(tail.digest), next_seq: tail.next })
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
            return Err(error.of(events, seq, extra.observation));
        }
        let digest = Hash::from(tail.digest.clone());
        self.keep(tail);
        Ok(digest)
    }

    /// The end of a campaign's log as the database has it.
    async fn tail_of(&self, id: &CampaignId) -> Result<Tail, StoreError> {
        Tail::fold(id, read(&mut *self.pool.acquire().await?, id).await?)
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
    /// Empty before the first event.
    digest: String,
    next: u64,
}

impl Tail {
    pub(crate) fn of_new(campaign: CampaignId) -> Self {
        Tail { campaign, state: State::default(), digest: String::new(), next: 0 }
    }

    fn fold(campaign: &CampaignId, events: Vec<Stored>) -> Result<Self, StoreError> {
        let mut tail = Tail::of_new(campaign.clone());
        for stored in events {
            tail.state.apply(&stored.event).map_err(|error| damaged(campaign, stored.seq, &error.to_string()))?;
            tail.digest = stored.digest.as_str().to_owned();
            tail.next = stored.seq + 1;
        }
        Ok(tail)
    }

    /// Applies an event and adds what is to be written for it: itself, and everything that follows from it.
    pub(crate) fn advance(&mut self, script: &mut Script, event: &Event, extra: Extra<'_>) -> Result<(), StoreError> {
        extra.check(event)?;
        let payload = payload(event)?;
        self.state.apply(event)?;
        self.digest = chain(&self.digest, event.kind().as_bytes(), payload.as_bytes());
        let step = Step { campaign: &self.campaign, seq: self.next.cast_signed(), event, extra, after: &self.state };
        insert(script, &step, &payload, &self.digest);
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

/// digest of n = blake3(digest of n−1 || kind || payload). A kind has no brace and a payload begins with one, so no two
/// events give the same bytes. Campaign, time and diagnostics stay outside.
fn chain(before: &str, kind: &[u8], payload: &[u8]) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(before.as_bytes()).update(kind).update(payload);
    hasher.finalize().to_hex().to_string()
}

/// The event as JSON; an error if it would read back as another one, as a number that is not finite does.
fn payload(event: &Event) -> Result<String, StoreError> {
    let unstorable =
        |problem: String| StoreError::Unstorable { what: format!("the event `{}`", event.kind()), problem };
    let payload = serde_json::to_string(event).map_err(|error| unstorable(error.to_string()))?;
    // JSON writes what is not finite as null. Reading takes longer than all else that is done for an event.
    if !payload.contains("null") {
        return Ok(payload);
    }
    match serde_json::from_str::<Event>(&payload) {
        Ok(same) if same == *event => Ok(payload),
        Ok(_) | Err(_) => Err(unstorable("a number in it is not finite".into())),
    }
}

fn insert(script: &mut Script, step: &Step<'_>, payload: &str, digest: &str) {
    script
        .add("INSERT INTO events (campaign, seq, kind, payload, digest, at_ms) VALUES (?, ?, ?, ?, ?, ?)")
        .bind(step.campaign.as_str())
        .bind(step.seq)
        .bind(step.event.kind())
        .bind(payload)
        .bind(digest)
        .bind(now_ms());
}

/// An event as stored, in bytes: a damaged one need not be text any more.
#[derive(sqlx::FromRow)]
struct Row {
    seq: i64,
    kind: Vec<u8>,
    payload: Vec<u8>,
    digest: Vec<u8>,
    at_ms: i64,
}

async fn read(connection: &mut SqliteConnection, id: &CampaignId) -> Result<Vec<Stored>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT seq, CAST(kind AS BLOB) AS kind, CAST(payload AS BLOB) AS payload, CAST(digest AS BLOB) AS digest, at_ms
         FROM events WHERE campaign = ? ORDER BY seq",
    )
    .bind(id.as_str())
    .fetch_all(connection)
    .await?;
    let mut digest = String::new();
    let mut events = Vec::with_capacity(rows.len());
    for (expected, row) in (0..).zip(rows) {
        if row.seq != expected {
            return Err(damaged(id, expected.cast_unsigned(), "it is missing"));
        }
        let seq = row.seq.cast_unsigned();
        digest = chain(&digest, &row.kind, &row.payload);
        if digest.as_bytes() != row.digest {
            return Err(damaged(id, seq, "it is not what was written: its digest differs"));
        }
        let event = serde_json::from_slice(&row.payload)
            .map_err(|error| damaged(id, seq, &format!("this program cannot read it: {error}")))?;
        events.push(Stored { seq, event, digest: Hash::from(digest.clone()), at_ms: row.at_ms });
    }
    Ok(events)
}

fn damaged(campaign: &CampaignId, seq: u64, problem: &str) -> StoreError {
    StoreError::DamagedLog { campaign: campaign.clone(), seq, problem: problem.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use science::event::{EndReason, Started};
    use science::experiment::{Agents, Budget, Experiment, Objective};
    use science::nonce::Nonce;
    use std::collections::BTreeMap;

    fn started() -> Started {
        Started {
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
