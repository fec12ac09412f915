//! The sealed look at a frozen champion, from the database alone.
//!
//! Seeds and workloads are made from the digest of the record: nobody, not even whoever runs the campaign, can know them
//! before the record is complete, and whoever verifies it again meets the same ones.

use crate::Places;
use crate::error::EngineError;
use crate::evaluate::source;
use crate::experiment::LoadedExperiment;
use crate::panel::{Draws, Panel};
use crate::policy::Policy;
use crate::yardsticks::{Measured, measure};
use sandbox::Sandbox;
use science::experiment::{Experiment, REGRET};
use science::id::{CandidateId, Hash};
use science::keyed;
use science::objective::Measurement;
use science::seal::{self, Look};
use science::trial::Trial;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use store::{CampaignId, Loaded, Observation, Store};

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
    let record = store.load(id).await?;
    if record.state.champion().is_none() {
        return Ok(None);
    }
    let verified = look(store, places, id, record).await?;
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
    look(store, places, id, record).await
}

async fn look(store: &Store, places: &Places, id: &CampaignId, record: Loaded) -> Result<Verified, EngineError> {
    let cannot = |problem: &str| Err(EngineError::Unresumable(format!("campaign {} {problem}", id.short())));
    if record.state.ended.is_none() {
        return cannot("has not ended: its champion is not fixed, and the seal stays closed");
    }
    let Some(champion) = record.state.champion() else { return cannot("has no admissible candidate to verify") };
    let source = source(store, id, &record.state.candidates[&champion.id].candidate).await?;
    let started = record.state.opened();
    let loaded = LoadedExperiment::from_texts(&PathBuf::from(&started.name), store.inputs(&started.inputs).await?)?;
    let (digest, places, experiment) = (record.digest, places.clone(), started.experiment.clone());
    let seal = digest.clone();
    let run = move || {
        let sandbox = places.sandbox()?;
        let candidate = Policy::of_source(&source, &sandbox)?
            .map_err(|outcome| EngineError::Yardsticks(format!("the champion ended as {outcome}")))?;
        Seal::open(&loaded, &experiment, &seal, &sandbox)?.look("champion", &candidate, &sandbox)
    };
    let look = tokio::task::spawn_blocking(run).await.map_err(|error| EngineError::Panicked(error.to_string()))??;
    Ok(Verified { champion: champion.id, digest, look })
}

/// The sealed seeds and workloads of a frozen record, with what policies are held against on them.
pub(crate) struct Seal {
    study: Panel,
    baseline: Vec<Trial>,
    reference: Measurement,
    /// Drawn workloads; none where the experiment has no population.
    workloads: Option<(Panel, Measured)>,
    regret: Option<f64>,
    /// What the bootstrap follows from.
    key: u64,
}

impl Seal {
    /// Opens the seal of the record with this digest.
    pub(crate) fn open(
        loaded: &LoadedExperiment,
        experiment: &Experiment,
        digest: &Hash,
        sandbox: &Sandbox,
    ) -> Result<Self, EngineError> {
        let study = Panel::sealed(loaded, digest, seal::SEEDS)?;
        let baseline = study.yardstick(loaded, "baseline", &experiment.baseline, sandbox)?;
        let reference = study.yardstick(loaded, "reference", &experiment.reference, sandbox)?;
        let workloads = Panel::sealed_workloads(loaded, digest)?;
        let workloads = match workloads.drawn {
            0 => None,
            _ => Some((measure(loaded, &workloads, sandbox)?, workloads)),
        };
        Ok(Seal {
            reference: study.measure(&reference, &baseline),
            baseline,
            study,
            workloads: workloads.map(|(measured, panel)| (panel, measured)),
            regret: experiment.claimed_regret(),
            key: keyed::seed(&["bootstrap", digest.as_str()], 0),
        })
    }

    /// Whether there are workloads under it.
    pub(crate) fn draws_workloads(&self) -> bool {
        self.workloads.is_some()
    }

    /// Looks at a policy, which is to run everywhere.
    pub(crate) fn look(&self, name: &str, policy: &Policy, sandbox: &Sandbox) -> Result<Look, EngineError> {
        let trials = self.study.must(name, policy, Draws::Shared, sandbox)?;
        let measured = self.study.measure(&trials, &self.baseline);
        let study = seal::study(&measured, &self.reference, &self.study.names, self.regret);
        let Some((panel, against)) = &self.workloads else { return Ok(Look { study, workloads: None }) };
        let trials = panel.must(name, policy, Draws::Shared, sandbox)?;
        let measured = panel.measure(&trials, &against.trials[0].1);
        let bound = self.regret.unwrap_or(REGRET);
        let workloads = seal::workloads(&measured, &against.yardsticks, &panel.names, bound, self.key);
        Ok(Look { study, workloads: Some(workloads) })
    }
}
