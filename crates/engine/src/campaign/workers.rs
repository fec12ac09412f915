//! Where candidates are run: one place for each core, and a record of what depends on the machine's mood.

use crate::cores::blocking;
use crate::error::EngineError;
use crate::evaluate::kind;
use crate::observed::Kind;
use crate::panel::may_be_the_machine;
use science::id::Hash;
use science::outcome::Outcome;
use std::sync::Arc;
use store::{CampaignId, Store};
use tokio::sync::Semaphore;

/// The places of one campaign on this machine. A candidate and the simulator that asks it share one.
#[derive(Clone)]
pub(super) struct Workers {
    cores: Arc<Semaphore>,
    places: u32,
    store: Arc<Store>,
    campaign: CampaignId,
}

impl Workers {
    pub(super) fn new(store: Arc<Store>, campaign: CampaignId) -> Self {
        let places = std::thread::available_parallelism().map_or(1, usize::from);
        Workers { cores: Arc::new(Semaphore::new(places)), places: places as u32, store, campaign }
    }

    /// The outcome on record under a key, with its message. Outcomes that depend on the machine's mood (time, memory) are
    /// stored on arrival and taken from the record from then on; a score is a function of the experiment and is not.
    pub(super) async fn recorded(&self, key: &Hash) -> Result<Option<(Outcome, String)>, EngineError> {
        let known = self.store.observation(&self.campaign, key, 0).await?;
        Ok(known.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Records an outcome that is no score.
    pub(super) async fn keep(&self, key: Hash, outcome: Outcome, message: &str) -> Result<(), EngineError> {
        let observation = Kind::Outcome.under(key, 0, serde_json::to_string(&(outcome, message))?);
        Ok(self.store.observe(&self.campaign, &observation).await?)
    }

    /// What came of running a policy, or its outcome instead: that on record under the key if there is one, and recorded if
    /// it is new.
    pub(super) async fn outcome<T: Send + 'static>(
        &self,
        key: Hash,
        work: impl Fn() -> Result<Result<T, sandbox::Outcome>, EngineError> + Send + Sync + 'static,
    ) -> Result<Result<T, Outcome>, EngineError> {
        if let Some((outcome, _)) = self.recorded(&key).await? {
            return Ok(Err(outcome));
        }
        match self.run(work, |ran| ran.as_ref().is_err_and(may_be_the_machine)).await? {
            Ok(result) => Ok(Ok(result)),
            Err(outcome) => {
                self.keep(key, kind(&outcome), &outcome.to_string()).await?;
                Ok(Err(kind(&outcome)))
            }
        }
    }

    /// Does some work on one core, and once more with the whole machine to itself if it timed out: perhaps it was the
    /// neighbours.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl Fn() -> Result<T, EngineError> + Send + Sync + 'static,
        timed_out: impl Fn(&T) -> bool,
    ) -> Result<T, EngineError> {
        let work = Arc::new(work);
        let ran = self.on(1, &work).await?;
        if timed_out(&ran) { self.on(self.places, &work).await } else { Ok(ran) }
    }

    async fn on<T: Send + 'static>(
        &self,
        places: u32,
        work: &Arc<impl Fn() -> Result<T, EngineError> + Send + Sync + 'static>,
    ) -> Result<T, EngineError> {
        let _places = Arc::clone(&self.cores).acquire_many_owned(places).await.expect("nobody closes it");
        let work = Arc::clone(work);
        blocking(move || work()).await?
    }
}
