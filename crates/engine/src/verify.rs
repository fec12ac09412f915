//! The sealed look at a frozen champion, from the database alone.
//!
//! Seeds and workloads are made from the digest of the record: nobody, not even whoever runs the campaign, can know them
//! before the record is complete, and whoever verifies it again meets the same ones.

use crate::Places;
use crate::error::EngineError;
use crate::experiment::LoadedExperiment;
use crate::panel::{Draws, Panel};
use crate::policy::Policy;
use crate::yardsticks::measure;
use sandbox::Sandbox;
use science::experiment::Experiment;
use science::id::{CandidateId, Hash};
use science::keyed;
use science::seal::{self, Look};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use store::{CampaignId, Observation, Store};

/// What a sealed look found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verified {
    /// The champion.
    pub champion: CandidateId,
    /// The digest that seeds and workloads are made from.
    pub digest: Hash,
    /// What the look showed.
    pub look: Look,
}

/// Kind of the observation that keeps the look at the end of a campaign.
const SEALED_LOOK: &str = "sealed-look";

/// Takes the one look at the champion of a campaign that has ended, and records it; none if there is no champion. What is
/// on record already is not looked at again. The look follows from the digest, so it lies outside of it.
pub async fn unseal(store: &Store, places: &Places, id: &CampaignId) -> Result<Option<Verified>, EngineError> {
    if let Some(verified) = recorded(store, id).await? {
        return Ok(Some(verified));
    }
    if store.load(id).await?.state.champion().is_none() {
        return Ok(None);
    }
    let verified = verify(store, places, id).await?;
    let payload = serde_json::to_string(&verified).map_err(|error| EngineError::Panicked(error.to_string()))?;
    let (key, kind) = (Hash::of(SEALED_LOOK.as_bytes()), SEALED_LOOK.to_owned());
    store.observe(id, &Observation { key, ordinal: 0, kind, payload }).await?;
    Ok(Some(verified))
}

/// The look that was taken when the campaign ended, if it is on record.
pub async fn recorded(store: &Store, id: &CampaignId) -> Result<Option<Verified>, EngineError> {
    let text = store.observation(id, &Hash::of(SEALED_LOOK.as_bytes()), 0).await?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

/// Scores the champion of a campaign that has ended on sealed seeds of its scenarios and on sealed workloads.
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
    let (digest, places, experiment) = (record.digest, places.clone(), started.experiment.clone());
    let seal = digest.clone();
    let run = move || {
        let sandbox = places.sandbox()?;
        let candidate = Policy::of_source(&source, &sandbox)?
            .map_err(|outcome| EngineError::Yardsticks(format!("the champion ended as {outcome}")))?;
        Ok::<_, EngineError>(Look {
            study: study(&loaded, &experiment, &seal, &candidate, &sandbox)?,
            workloads: workloads(&loaded, &experiment, &seal, &candidate, &sandbox)?,
        })
    };
    let look = tokio::task::spawn_blocking(run).await.map_err(|error| EngineError::Panicked(error.to_string()))??;
    Ok(Verified { champion: champion.id, digest, look })
}

fn study(
    loaded: &LoadedExperiment,
    experiment: &Experiment,
    digest: &Hash,
    candidate: &Policy,
    sandbox: &Sandbox,
) -> Result<seal::Study, EngineError> {
    let panel = Panel::sealed(loaded, digest, seal::SEEDS)?;
    let baseline = panel.yardstick(loaded, "baseline", &experiment.baseline, sandbox)?;
    let reference = panel.yardstick(loaded, "reference", &experiment.reference, sandbox)?;
    let candidate = panel.must("champion", candidate, Draws::Shared, sandbox)?;
    let against = |trials: &[_]| panel.measure(trials, &baseline);
    Ok(seal::study(&against(&candidate), &against(&reference), &panel.names, experiment.regret_bound()))
}

/// The bound on regret where an experiment with a population sets none, points.
const REGRET: f64 = 5.0;

fn workloads(
    loaded: &LoadedExperiment,
    experiment: &Experiment,
    digest: &Hash,
    candidate: &Policy,
    sandbox: &Sandbox,
) -> Result<Option<seal::Workloads>, EngineError> {
    let panel = Panel::sealed_workloads(loaded, digest)?;
    if panel.drawn == 0 {
        return Ok(None);
    }
    let measured = measure(loaded, &panel, sandbox)?;
    let candidate = panel.must("champion", candidate, Draws::Shared, sandbox)?;
    let candidate = panel.measure(&candidate, &measured.trials[0].1);
    let (bound, key) = (experiment.regret_bound().unwrap_or(REGRET), keyed::seed(&["bootstrap", digest.as_str()], 0));
    Ok(Some(seal::workloads(&candidate, &measured.yardsticks, &panel.names, bound, key)))
}
