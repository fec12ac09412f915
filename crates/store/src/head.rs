//! The head of a campaign's log: where its next events go, and what is staged to go there.
//!
//! The store keeps no state of a campaign. Whoever runs one holds its state and this head, moves the state by an event, stages
//! the event with the rows that follow from it, and commits. A head that was not committed is simply not used: where a commit
//! fails, state and head are loaded again.

use crate::batch::Batch;
use crate::campaigns::CampaignId;
use crate::error::StoreError;
use crate::events::{Extra, Stored};
use crate::log::{self, chain, payload, said};
use crate::open::{Store, now_ms};
use crate::project::{Step, project};
use science::event::Event;
use science::id::Hash;
use science::state::State;
use std::sync::Arc;

/// Where a campaign's log ends.
#[derive(Clone, Debug)]
pub struct LogHead {
    campaign: CampaignId,
    /// The campaign's workloads, by whose positions its events mean them.
    workloads: Arc<[String]>,
    /// Both are empty before the first event.
    digest: String,
    words_digest: String,
    next: u64,
}

/// Events that go on record together, with all rows that follow from them. Nothing is written before [`Store::commit`].
pub struct Staged {
    head: LogHead,
    first: u64,
    kinds: Vec<&'static str>,
    batch: Batch,
}

impl LogHead {
    /// The head of a log without events.
    pub(crate) fn of_new(campaign: CampaignId) -> Self {
        let (workloads, digest) = (Arc::default(), String::new());
        LogHead { campaign, workloads, words_digest: digest.clone(), digest, next: 0 }
    }

    /// The head after an event that is on record.
    pub(crate) fn pass(&mut self, stored: Stored) {
        self.name_workloads(&stored.event);
        self.digest = stored.digest.as_str().to_owned();
        self.words_digest = stored.words_digest;
        self.next = stored.seq + 1;
    }

    /// The digest of the log; empty before its first event.
    pub fn digest(&self) -> Hash {
        Hash::from(self.digest.clone())
    }

    /// The number that the next event will have.
    pub fn next_seq(&self) -> u64 {
        self.next
    }

    /// Begins a step.
    pub fn stage(&self) -> Staged {
        Staged { head: self.clone(), first: self.next, kinds: Vec::new(), batch: Batch::default() }
    }

    fn name_workloads(&mut self, event: &Event) {
        if let Event::Started(started) = event {
            self.workloads = started.workload_names().into();
        }
    }
}

impl Staged {
    /// A step that begins with these statements.
    pub(crate) fn after(head: LogHead, batch: Batch) -> Self {
        Staged { batch, ..head.stage() }
    }

    /// The number that the next event will have.
    pub fn next_seq(&self) -> u64 {
        self.head.next
    }

    /// Adds what is to be written for an event: itself, and everything that follows from it. `after` is the state that the
    /// event led to.
    pub fn push(&mut self, event: &Event, after: &State, extra: Extra<'_>) -> Result<(), StoreError> {
        extra.check(event)?;
        self.head.name_workloads(event);
        let (meaning, words) = event.split(&self.head.workloads);
        let (payload, said, at_ms) = (payload(&meaning)?, said(event, words, extra.message)?, now_ms());
        let LogHead { campaign, digest, words_digest, next, .. } = &mut self.head;
        *digest = chain(digest, &[event.kind().as_bytes(), payload.as_bytes()]);
        *words_digest = chain(words_digest, &[at_ms.to_string().as_bytes(), said.as_bytes()]);
        let step = Step { campaign, seq: next.cast_signed(), event, extra, after };
        self.batch
            .add(
                "INSERT INTO events (campaign, seq, kind, payload, digest, at_ms, words, words_digest)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(campaign.as_str())
            .bind(step.seq)
            .bind(event.kind())
            .bind(payload)
            .bind(&*digest)
            .bind(at_ms)
            .bind(said)
            .bind(&*words_digest);
        project(&mut self.batch, &step);
        self.kinds.push(event.kind());
        *next += 1;
        Ok(())
    }
}

impl Store {
    /// Writes all that is staged in one transaction, or nothing of it; gives the log's new head.
    pub async fn commit(&self, staged: Staged) -> Result<LogHead, StoreError> {
        let Staged { head, first, kinds, mut batch } = staged;
        batch
            .add("UPDATE campaigns SET log_length = ?, log_digest = ?, words_digest = ? WHERE id = ?")
            .bind(head.next.cast_signed())
            .bind(&head.digest)
            .bind(&head.words_digest)
            .bind(head.campaign.as_str());
        let Err(error) = self.run(batch).await else { return Ok(head) };
        // Events are neither changed nor deleted (triggers see to that): if the number is taken, somebody has gone on.
        if error.is_taken()
            && let Ok(next) = self.length(&head.campaign).await
            && next > first
        {
            return Err(StoreError::Conflict { campaign: head.campaign, seq: first, next });
        }
        Err(error.of(&kinds, first).at(&self.path))
    }

    async fn length(&self, id: &CampaignId) -> Result<u64, StoreError> {
        log::length(&mut *self.connection().await?, id).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use science::event::{EndReason, RULES, Started};
    use science::experiment::{Agents, Budget, Claim, Experiment, Objective};
    use science::nonce::Nonce;
    use science::spec::Spec;
    use std::collections::BTreeMap;

    fn spec() -> Spec {
        serde_json::from_str(include_str!("../../../tests/fixtures/admission.spec.json")).unwrap()
    }

    fn started() -> Started {
        Started {
            rules: RULES,
            name: "admission".into(),
            experiment: Experiment {
                problem: "made-up".into(),
                question: "?".into(),
                iterations: 1,
                seeds: 3,
                baseline: "b".into(),
                reference: "r".into(),
                space_source: None,
                scenarios: vec!["s.toml".into()],
                population: None,
                objective: Objective { reference_scale: Some("k".into()), ..Objective::default() },
                claim: Claim::default(),
                dimensions: vec![],
                budget: Budget::default(),
                agents: Agents::default(),
            },
            spec: spec(),
            scenarios: vec![],
            training: vec![],
            features: vec![],
            workloads: vec![],
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
        let mut state = before.state;
        state.apply(&event).unwrap();
        for _ in 0..3 {
            let mut staged = before.head.stage();
            staged.push(&event, &state, Extra::default()).unwrap();
            staged.batch.add("INSERT INTO nowhere VALUES (?)").bind(1_i64);
            store.commit(staged).await.unwrap_err();
            assert_eq!(store.load(&id).await.unwrap().head.digest(), before.head.digest());
            let ended = sqlx::query_scalar::<_, Option<String>>("SELECT ended FROM campaigns");
            assert_eq!(ended.fetch_one(&store.pool).await.unwrap(), None);
        }
        // The head of what was not committed is as good as before.
        let mut staged = before.head.stage();
        staged.push(&event, &state, Extra::default()).unwrap();
        let head = store.commit(staged).await.unwrap();
        let after = store.load(&id).await.unwrap().head;
        assert_eq!((after.next_seq(), after.digest()), (2, head.digest()));
    }
}
