//! The sealed looks at a champion that is fixed, from the database alone.
//!
//! Seeds and workloads follow from the nonce, the champion, the meaning of the experiment and the number of the look: not from
//! the bytes of the log, and not from a name. So nothing can be changed about a campaign to have them drawn again; another look
//! is another number, and every one is on record.

mod illustration;
mod own_scale;

use crate::Places;
use crate::cores::blocking;
use crate::error::EngineError;
use crate::experiment::LoadedExperiment;
use crate::observed::{Kind, was_given};
use crate::panel::{Draws, Panel, Sealing};
use crate::policy::Policy;
use crate::prepared::Prepared;
use crate::yardsticks::{Measured, against_itself, measure};
use sandbox::Sandbox;
use science::event::Started;
use science::experiment::Experiment;
use science::id::{CandidateId, Hash};
use science::nonce::Nonce;
use science::objective::Scoring;
use science::seal::{self, Itself, Look, Taken};
use science::spec::Spec;
use science::trial::Trial;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use store::{CampaignId, Loaded, Observation, Store};

/// What a sealed look found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verified {
    /// The champion.
    pub champion: CandidateId,
    /// The number of the look, from 1.
    pub number: u32,
    /// What is measured: looks at the same are counted together.
    #[serde(default)]
    pub meaning: Option<Hash>,
    /// The nonce of the campaign.
    #[serde(default)]
    pub nonce: Option<Nonce>,
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
    let wrong = |problem: String| EngineError::Unreadable {
        what: format!("a sealed look of campaign {}", id.short()),
        problem,
    };
    let read = |look: &Observation| serde_json::from_str(&look.payload);
    let looks: Vec<Verified> =
        looks.iter().map(read).collect::<Result<_, _>>().map_err(|error| wrong(error.to_string()))?;
    // All are looks at one champion of one campaign, one after the other.
    let follows = |(at, look): (usize, &Verified)| {
        let first = &looks[0];
        let same = (&look.champion, &look.meaning, &look.nonce) == (&first.champion, &first.meaning, &first.nonce);
        same && look.number as usize == at + 1
    };
    match looks.iter().enumerate().position(|look| !follows(look)) {
        Some(at) => Err(wrong(format!("what stands at place {} is no look at the same champion", at + 1))),
        None => Ok(looks),
    }
}

/// What every look that is on record showed, in order.
pub async fn looks(store: &Store, id: &CampaignId) -> Result<Vec<Look>, EngineError> {
    Ok(recorded(store, id).await?.into_iter().map(|verified| verified.look).collect())
}

/// How often the seal of what a campaign measures was opened, as far as this database knows.
pub async fn taken(store: &Store, id: &CampaignId) -> Result<Taken, EngineError> {
    let given = was_given(store, id).await?;
    let own = openings(store, id).await?.into_iter().next();
    let Some(Opened { meaning: Some(meaning), .. }) = own else { return Ok(Taken { given, ..Taken::default() }) };
    let (mut champions, mut nonces, mut campaigns, mut looks) = (BTreeSet::new(), BTreeSet::new(), 0, 0);
    for row in store.campaigns().await? {
        let mut all = openings(store, &row.id).await?;
        all.retain(|opened| opened.meaning.as_ref() == Some(&meaning));
        campaigns += usize::from(!all.is_empty());
        looks += all.len();
        nonces.extend(all.iter().filter_map(|opened| opened.nonce.map(|nonce| nonce.to_string())));
        champions.extend(all.into_iter().map(|opened| opened.champion));
    }
    Ok(Taken { looks, champions: champions.len(), campaigns, nonces: nonces.len(), given })
}

/// Whose seal was opened, of all that a look holds: another campaign's look is counted whatever else stands there.
#[derive(Deserialize)]
struct Opened {
    champion: CandidateId,
    #[serde(default)]
    meaning: Option<Hash>,
    #[serde(default)]
    nonce: Option<Nonce>,
}

async fn openings(store: &Store, id: &CampaignId) -> Result<Vec<Opened>, EngineError> {
    let looks = Kind::SealedLook.all(store, id).await?;
    Ok(looks.iter().filter_map(|look| serde_json::from_str(&look.payload).ok()).collect())
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
    let recorded = &record.state.candidates[&champion.id];
    let candidate = Prepared::recorded((store, id), &recorded.candidate, loaded.problem.kit()).await?;
    let (scale, length) = (recorded.scale, recorded.candidate.description_length.unwrap_or(u32::MAX));
    let (places, started) = (places.clone(), started.clone());
    let sealing = sealing(&started, Some(&champion.id), number);
    let (meaning, nonce) = (Some(started.meaning.clone()), Some(started.nonce));
    let run = move || {
        let sandbox = places.sandbox(*loaded.problem.kit())?;
        let policy = |scale: Option<f64>| {
            let ended = |outcome| EngineError::Yardsticks(format!("the champion ended as {outcome}"));
            candidate.policy(scale, &sandbox)?.map_err(ended)
        };
        let seal = Seal::open(&loaded, &started, &sealing, &sandbox)?;
        let champion = policy(scale)?;
        let trials = seal.trials("champion", &champion, &sandbox)?;
        let look = seal.look(&trials, length);
        let own = own_scale::look(&seal, (&loaded, &started, &sealing), (scale, &trials), &policy, &sandbox)?;
        let shown = || illustration::illustrate(&seal, &look, &champion, (&loaded, &sandbox));
        let illustration = (number == 1).then(shown).transpose()?;
        Ok::<_, EngineError>(Look { own, illustration, ..look })
    };
    let look = blocking(run).await??;
    Ok(Verified { champion: champion.id, number, meaning, nonce, look })
}

/// What a look at this champion follows from.
pub(crate) fn sealing(started: &Started, champion: Option<&CandidateId>, look: u32) -> Sealing {
    Sealing { champion: champion.cloned(), meaning: started.meaning.clone(), look }
}

/// The sealed panel of a look, with what policies are held against on it.
pub(crate) struct Seal {
    panel: Panel,
    measured: Measured,
    /// What the frontier is off by.
    itself: Option<Itself>,
    experiment: Experiment,
    spec: Spec,
    scenarios: Vec<String>,
}

impl Seal {
    /// Opens the seal for one look.
    pub(crate) fn open(
        loaded: &LoadedExperiment,
        started: &Started,
        sealing: &Sealing,
        sandbox: &Sandbox,
    ) -> Result<Self, EngineError> {
        let panel = Panel::sealed(loaded, started.nonce, sealing)?;
        let measured = measure(loaded, &panel, seal::TWINS, sandbox)?;
        let itself = against_itself(loaded, &panel, (&measured, seal::TWINS), sandbox)?;
        Ok(Seal {
            itself: Itself::of(&itself, &measured.yardsticks),
            measured,
            panel,
            experiment: started.experiment.clone(),
            spec: started.spec.clone(),
            scenarios: started.scenarios.clone(),
        })
    }

    /// The trials there of a policy that is to run everywhere.
    pub(crate) fn trials(&self, name: &str, policy: &Policy, sandbox: &Sandbox) -> Result<Vec<Trial>, EngineError> {
        self.panel.must(name, policy, Draws::Shared, sandbox)
    }

    /// Looks at a policy of this description length that has run.
    pub(crate) fn look(&self, trials: &[Trial], description_length: u32) -> Look {
        let own = self.panel.measure(trials, &self.measured.trials[0].1);
        let scoring = Scoring { yardsticks: &self.measured.yardsticks, names: &self.scenarios, spec: &self.spec };
        let fairness = self.measured.fairness(&self.panel, (&own, trials));
        let look = seal::look((&own, fairness, self.itself.clone()), description_length, scoring, &self.experiment);
        let counted = self.panel.counted();
        let plainly = |trials: &[Trial]| seal::plainly(&trials[counted.clone()], &self.spec);
        let pairs = plainly(&self.measured.trials[1].1).into_iter().zip(plainly(trials));
        Look { plainly: pairs.map(|(reference, own)| [reference, own]).collect(), ..look }
    }
}
