//! What was read of campaigns, kept until something is added to them.
//!
//! One campaign is read at a time: whoever asks often, or with many windows, takes no more of the machine than one reader does.

use futures::future::BoxFuture;
use report::html::live::{Place, Served};
use report::{Held, Listed};
use science::id::CandidateId;
use science::seal::Look;
use science::state::State;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use store::{CampaignId, CampaignRow, Pulse, Store, StoreError};
use tokio::sync::Mutex;

/// Reads a campaign's record, and by themselves the looks at its champion under the seal. The command hands it over: what belongs to a
/// record beside its log, this crate does not know.
pub struct Reader {
    record: Read<Held>,
    looks: Read<Vec<Look>>,
}

type Read<T> = Box<dyn Fn(CampaignId) -> BoxFuture<'static, Result<T, String>> + Send + Sync>;

impl Reader {
    /// A reader that asks these.
    pub fn new<R, L>(
        record: impl Fn(CampaignId) -> R + Send + Sync + 'static,
        looks: impl Fn(CampaignId) -> L + Send + Sync + 'static,
    ) -> Self
    where
        R: Future<Output = Result<Held, String>> + Send + 'static,
        L: Future<Output = Result<Vec<Look>, String>> + Send + 'static,
    {
        Reader { record: Box::new(move |id| Box::pin(record(id))), looks: Box::new(move |id| Box::pin(looks(id))) }
    }
}

/// Campaigns whose records are kept: those that somebody has open.
const KEPT: usize = 4;

/// Why something is not shown.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error("{0}")]
    Nothing(String),
    #[error("{0}")]
    Unreadable(String),
    #[error("too many windows follow a campaign; close some of them")]
    Busy,
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::UnknownCampaign { .. }
            | StoreError::AmbiguousCampaign { .. }
            | StoreError::NoCampaign { .. } => Trouble::Nothing(error.to_string()),
            other => Trouble::Unreadable(other.to_string()),
        }
    }
}

/// A campaign's record as it was read.
pub(crate) struct Seen {
    pub(crate) id: CampaignId,
    /// How much of it was there.
    pub(crate) pulse: Pulse,
    pub(crate) held: Held,
    page: OnceLock<Arc<Served>>,
}

impl Seen {
    /// Its page, which is made once.
    pub(crate) fn page(&self) -> Arc<Served> {
        let make = || {
            let events = format!("/campaign/{}/events", self.id);
            let place = Place { campaigns: "/", events: &events, version: &self.pulse.to_string() };
            Arc::new(report::html::live::report(&self.held.record(), &place))
        };
        Arc::clone(self.page.get_or_init(make))
    }
}

/// A row of the list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) opened_ms: i64,
    pub(crate) last_ms: i64,
    pub(crate) events: u64,
    pub(crate) said: Listed,
}

pub(crate) struct Records {
    store: Arc<Store>,
    reader: Reader,
    /// The latest first.
    seen: Mutex<Vec<Arc<Seen>>>,
    listed: Mutex<BTreeMap<CampaignId, (Pulse, Row)>>,
}

impl Records {
    pub(crate) fn new(store: Arc<Store>, reader: Reader) -> Self {
        Records { store, reader, seen: Mutex::default(), listed: Mutex::default() }
    }

    /// The campaign whose id begins so.
    pub(crate) async fn find(&self, prefix: &str) -> Result<CampaignId, Trouble> {
        Ok(self.store.find(Some(prefix)).await?)
    }

    /// How much of a campaign is on record.
    pub(crate) async fn pulse(&self, id: &CampaignId) -> Result<Pulse, Trouble> {
        Ok(self.store.pulse(id).await?)
    }

    /// A campaign's record, read again if something was added to it, and what reading it took.
    pub(crate) async fn of(&self, id: &CampaignId) -> Result<(Arc<Seen>, Duration), Trouble> {
        let mut seen = self.seen.lock().await;
        // Asked before: what is added while the rest is read is read again.
        let (pulse, begun) = (self.store.pulse(id).await?, Instant::now());
        if let Some(known) = seen.iter().find(|seen| seen.id == *id && seen.pulse == pulse) {
            return Ok((Arc::clone(known), Duration::ZERO));
        }
        let held = (self.reader.record)(id.clone()).await.map_err(Trouble::Unreadable)?;
        let read = Arc::new(Seen { id: id.clone(), pulse, held, page: OnceLock::new() });
        seen.retain(|seen| seen.id != *id);
        seen.insert(0, Arc::clone(&read));
        seen.truncate(KEPT);
        Ok((read, begun.elapsed()))
    }

    /// The source of a candidate, of whichever campaign has one whose id begins so.
    pub(crate) async fn source(&self, prefix: &str) -> Result<String, Trouble> {
        let holder = self.store.holder(prefix, None).await?;
        let nothing =
            || Trouble::Nothing(format!("no campaign has exactly one candidate whose id begins with `{prefix}`"));
        let (campaign, id): (CampaignId, CandidateId) = holder.ok_or_else(nothing)?;
        let (seen, _) = self.of(&campaign).await?;
        let candidate = &seen.held.state.candidates.get(&id).ok_or_else(nothing)?.candidate;
        self.store.source(&campaign, candidate).await?.ok_or_else(nothing)
    }

    /// Every campaign, as its own log tells it, the latest last.
    pub(crate) async fn list(&self) -> Result<Vec<Row>, Trouble> {
        let mut known = self.listed.lock().await;
        let mut all = Vec::new();
        for row in self.store.campaigns().await? {
            let listed = match known.get(&row.id) {
                Some((was, listed)) if *was == row.pulse => listed.clone(),
                _ => {
                    let state = self.store.load(&row.id).await.map(|loaded| loaded.state);
                    listed(&row, state, (self.reader.looks)(row.id.clone()).await)
                }
            };
            let running = listed.said.open && self.store.is_running(&row.id);
            // What was added while the rest was read is read again.
            known.insert(row.id, (row.pulse, listed.clone()));
            all.push(Row { said: listed.said.while_running(running), ..listed });
        }
        Ok(all)
    }
}

fn listed(row: &CampaignRow, state: Result<State, StoreError>, looks: Result<Vec<Look>, String>) -> Row {
    let said = match state {
        Ok(state) => Listed::of(&state, looks.ok().as_deref()),
        // The log cannot be read: then the table is all there is.
        Err(error) => Listed {
            name: row.name.clone(),
            agents: row.agents.clone(),
            standing: error.to_string(),
            ..Listed::default()
        },
    };
    Row { id: row.id.to_string(), opened_ms: row.created_at_ms, last_ms: row.last_at_ms, events: row.events, said }
}
