//! The sealed look at a frozen champion, from the database alone.
//!
//! The seeds are made from the digest of the record: nobody, not even whoever runs the campaign, can know them before the
//! record is complete, and whoever verifies it again meets the same ones.

use crate::Places;
use crate::error::EngineError;
use crate::experiment::LoadedExperiment;
use crate::panel::{Draws, Panel};
use crate::policy::Policy;
use science::experiment::GuardMetric;
use science::id::{CandidateId, Hash};
use science::objective::Measurement;
use science::seal::{self, Look};
use std::path::PathBuf;
use store::{CampaignId, Store};

/// What a sealed look found.
#[derive(Debug)]
pub struct Verified {
    /// The champion.
    pub champion: CandidateId,
    /// The digest that the seeds are made from.
    pub digest: Hash,
    /// What the look showed.
    pub look: Look,
}

/// Scores the champion of a campaign that has ended on sealed seeds of its scenarios.
pub async fn verify(store: &Store, places: &Places, id: &CampaignId) -> Result<Verified, EngineError> {
    let record = store.load(id).await?;
    let cannot = |problem: &str| Err(EngineError::Unresumable(format!("campaign {} {problem}", id.short())));
    if record.state.ended.is_none() {
        return cannot("has not ended: its champion is not fixed, and the seal stays closed");
    }
    let Some(champion) = record.state.champion() else { return cannot("has no admissible candidate to verify") };
    let Some(source) = store.source(id, &champion.id).await? else { return cannot("lacks its champion's source") };
    let started = record.state.opened();
    let loaded = LoadedExperiment::from_texts(&PathBuf::from(&started.name), store.inputs(id).await?)?;
    let guards = &started.experiment.objective.constraints;
    let regret = guards.iter().filter(|guard| guard.metric == GuardMetric::Regret).find_map(|guard| guard.at_most);
    let (digest, places, scenarios) = (record.digest, places.clone(), started.scenarios.clone());
    let seed_of = digest.clone();
    let run = move || {
        let sandbox = places.sandbox()?;
        let panel = Panel::sealed(&loaded, &seed_of, seal::SEEDS)?;
        let baseline = panel.yardstick(&loaded, "baseline", &loaded.experiment.baseline, &sandbox)?;
        let reference = panel.yardstick(&loaded, "reference", &loaded.experiment.reference, &sandbox)?;
        let candidate = Policy::of_source(&source, &sandbox)?
            .map_err(|outcome| EngineError::Yardsticks(format!("the champion ended as {outcome}")))?;
        let candidate = panel.must("champion", &candidate, Draws::Shared, &sandbox)?;
        let against = |trials: &[_]| Measurement::pair(trials, &baseline, panel.seeds);
        Ok::<_, EngineError>(seal::look(&against(&candidate), &against(&reference), &scenarios, regret))
    };
    let look = tokio::task::spawn_blocking(run).await.map_err(|error| EngineError::Panicked(error.to_string()))??;
    Ok(Verified { champion: champion.id, digest, look })
}
