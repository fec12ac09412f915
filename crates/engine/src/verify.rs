//! The sealed looks at a champion that is fixed, from the database alone.
//!
//! Seeds and workloads follow from the nonce, the champion, the meaning of the experiment and the number of the look: not from
//! the bytes of the log, and not from a name. So nothing can be changed about a campaign to have them drawn again; another look
//! is another number, and every one is on record.

use crate::Places;
use crate::cores::blocking;
use crate::error::EngineError;
use crate::experiment::LoadedExperiment;
use crate::observed::Kind;
use crate::panel::{Draws, Panel, Role, Sealing};
use crate::policy::Policy;
use crate::prepared::Prepared;
use crate::yardsticks::{Measured, measure};
use sandbox::Sandbox;
use science::event::Started;
use science::experiment::Claim;
use science::id::CandidateId;
use science::objective::Measurement;
use science::seal::{self, Asked, Look};
use science::spec::Spec;
use science::trial::Trial;
use serde::{Deserialize, Serialize};
use store::{CampaignId, Loaded, Observation, Store};

/// What a sealed look found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verified {
    /// The champion.
    pub champion: CandidateId,
    /// The number of the look, from 1.
    pub number: u32,
    /// What it showed.
    pub look: Look,
}

/// Takes the first look at the champion of a campaign that has ended, and records it; none if there is no champion. What is on
/// record already is not looked at again. A look follows from the record, so it lies outside of the digest.
pub async fn unseal(store: &Store, places: &Places, id: &CampaignId) -> Result<Option<Verified>, EngineError> {
    if let Some(first) = recorded(store, id).await?.into_iter().next() {
        return Ok(Some(first));
    }
    let record = store.load(id).await?;
    if record.state.champion().is_none() {
        return Ok(None);
    }
    let verified = look(store, places, id, record, 1).await?;
    keep(store, id, &verified).await?;
    Ok(Some(verified))
}

/// Every look that is on record, in order.
pub async fn recorded(store: &Store, id: &CampaignId) -> Result<Vec<Verified>, EngineError> {
    let looks = Kind::SealedLook.all(store, id).await?;
    let read = |look: &Observation| serde_json::from_str(&look.payload);
    looks.iter().map(read).collect::<Result<_, _>>().map_err(|error| EngineError::Unreadable {
        what: format!("a sealed look of campaign {}", id.short()),
        problem: error.to_string(),
    })
}

/// Takes the first look at the champion of a campaign that has ended once more, and records nothing.
pub async fn verify(store: &Store, places: &Places, id: &CampaignId) -> Result<Verified, EngineError> {
    let record = store.load(id).await?;
    look(store, places, id, record, 1).await
}

/// Takes a look with a number that was not looked at yet, and adds it to the record.
pub async fn again(store: &Store, places: &Places, id: &CampaignId) -> Result<Verified, EngineError> {
    let record = store.load(id).await?;
    let number = recorded(store, id).await?.len() as u32 + 1;
    let verified = look(store, places, id, record, number).await?;
    keep(store, id, &verified).await?;
    Ok(verified)
}

async fn keep(store: &Store, id: &CampaignId, verified: &Verified) -> Result<(), EngineError> {
    let look = Kind::SealedLook.observation(verified.number - 1, serde_json::to_string(verified)?);
    Ok(store.observe(id, &look).await?)
}

async fn look(
    store: &Store,
    places: &Places,
    id: &CampaignId,
    record: Loaded,
    number: u32,
) -> Result<Verified, EngineError> {
    let cannot = |problem: &str| Err(EngineError::Refused(format!("campaign {} {problem}", id.short())));
    if record.state.ended.is_none() {
        return cannot("has not ended: its champion is not fixed, and the seal stays closed");
    }
    let Some(champion) = record.state.champion() else { return cannot("has no admissible candidate to verify") };
    let started = record.state.opened();
    let loaded = LoadedExperiment::of_campaign(store, started, &places.problems).await?;
    let recorded = &record.state.candidates[&champion.id].candidate;
    let candidate = Prepared::recorded((store, id), recorded, loaded.problem.kit()).await?;
    let (places, started) = (places.clone(), started.clone());
    let sealing = sealing(&started, Some(&champion.id), number);
    let run = move || {
        let sandbox = places.sandbox(*loaded.problem.kit())?;
        let candidate = candidate
            .policy(&sandbox)?
            .map_err(|outcome| EngineError::Yardsticks(format!("the champion ended as {outcome}")))?;
        Seal::open(&loaded, &started, &sealing, &sandbox)?.look("champion", &candidate, &sandbox)
    };
    let look = blocking(run).await??;
    Ok(Verified { champion: champion.id, number, look })
}

/// What a look at this champion follows from.
pub(crate) fn sealing(started: &Started, champion: Option<&CandidateId>, look: u32) -> Sealing {
    Sealing { champion: champion.cloned(), meaning: started.meaning.clone(), look }
}

/// The sealed seeds and workloads of a look, with what policies are held against on them.
pub(crate) struct Seal {
    study: Panel,
    baseline: Vec<Trial>,
    reference: Measurement,
    /// Drawn workloads; none where the experiment has no population.
    workloads: Option<(Panel, Measured)>,
    claim: Claim,
    spec: Spec,
    /// Whether no seed changes what arrives in the study.
    one_trace: bool,
    /// What the bootstrap follows from.
    key: u64,
}

impl Seal {
    /// Opens the seal for one look.
    pub(crate) fn open(
        loaded: &LoadedExperiment,
        started: &Started,
        sealing: &Sealing,
        sandbox: &Sandbox,
    ) -> Result<Self, EngineError> {
        let (nonce, experiment) = (started.nonce, &started.experiment);
        let study = Panel::sealed(loaded, nonce, sealing, seal::SEEDS)?;
        let baseline = study.yardstick(loaded, "baseline", &experiment.baseline, sandbox)?;
        let reference = study.yardstick(loaded, "reference", &experiment.reference, sandbox)?;
        let workloads = Panel::sealed_workloads(loaded, nonce, sealing)?;
        let workloads = match workloads.drawn {
            0 => None,
            _ => Some((measure(loaded, &workloads, sandbox)?, workloads)),
        };
        Ok(Seal {
            reference: study.measure(&reference, &baseline),
            baseline,
            study,
            workloads: workloads.map(|(measured, panel)| (panel, measured)),
            claim: experiment.claim.clone(),
            spec: started.spec.clone(),
            one_trace: started.one_trace(),
            key: Role::Sealed(sealing).seed(nonce, &["bootstrap"]),
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
        let asked = Asked { claim: &self.claim, spec: &self.spec };
        let study = seal::study(&measured, &self.reference, &self.study.names, asked, self.one_trace);
        let Some((panel, against)) = &self.workloads else { return Ok(Look { study, workloads: None }) };
        let trials = panel.must(name, policy, Draws::Shared, sandbox)?;
        let measured = panel.measure(&trials, &against.trials[0].1);
        let workloads = seal::workloads(&measured, &against.yardsticks, &panel.names, asked, self.key);
        Ok(Look { study, workloads: Some(workloads) })
    }
}
