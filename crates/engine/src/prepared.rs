//! A candidate, ready to run: screened once, read once, compiled once.
//!
//! Everybody who runs a candidate takes it from here. What the screen refuses is a candidate too, with its refusal.

use crate::error::EngineError;
use crate::policy::{self, Policy, Tunable};
use crate::scale::{SCALE, Scalable};
use sandbox::{Artifact, Kit, Outcome, Refusal, Sandbox, Screened};
use science::event::Candidate;
use science::id::{CandidateId, Hash};
use science::retune;
use science::scale::Guess;
use science::source::description_length;
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use store::{CampaignId, Store, StoreError};

/// A candidate's source with all that is found out about it before it runs.
#[derive(Debug)]
pub struct Prepared {
    /// The text, as its author wrote it.
    pub source: String,
    /// What can be said of it without running it.
    pub reading: Reading,
    /// How long the screen took.
    pub screening: Duration,
    screened: Result<Screened, Refusal>,
    /// Its object, once it was compiled.
    artifact: OnceLock<Artifact>,
}

/// What can be said of a source without running it.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The candidate's id.
    pub id: CandidateId,
    /// Its description length, tokens; none if the screen refuses it.
    pub description_length: Option<u32>,
    /// How long it is without comments and layout, bytes.
    pub bytes: usize,
    /// How many constants it declares as tunable; none that anybody could tell where the screen refuses it.
    pub tunables: u32,
}

impl Prepared {
    /// Screens a source against a contract and reads it. What the screen refuses is hashed as it stands: nobody parses it any further.
    pub fn new(source: impl Into<String>, kit: &Kit) -> Self {
        let (source, start) = (source.into(), Instant::now());
        let screened = sandbox::screen(&source, kit);
        let screening = start.elapsed();
        let reading = match &screened {
            Ok(Screened { normalised, .. }) => sandbox::on_deep_stack(|| Reading {
                id: CandidateId::of(normalised),
                description_length: description_length(normalised),
                bytes: normalised.len(),
                tunables: retune::declared(&source).unwrap_or_default(),
            }),
            Err(_) => {
                let id = CandidateId::of(&source);
                Reading { id, description_length: None, bytes: source.len(), tunables: 0 }
            }
        };
        Prepared { source, reading, screening, screened, artifact: OnceLock::new() }
    }

    /// A candidate on record, once it is sure that its source is the one that the log names and has the candidate's id.
    pub async fn recorded(
        (store, campaign): (&Store, &CampaignId),
        candidate: &Candidate,
        kit: &Kit,
    ) -> Result<Self, EngineError> {
        let wrong = |problem: &str| StoreError::DamagedSource {
            campaign: campaign.clone(),
            candidate: candidate.id.clone(),
            problem: problem.into(),
        };
        let source = store.source(campaign, candidate).await?.ok_or_else(|| wrong("there is none"))?;
        let prepared = Prepared::new(source, kit);
        if !prepared.has_id(&candidate.id) {
            return Err(wrong("its text is another candidate's").into());
        }
        Ok(prepared)
    }

    /// Why the screen refuses it, if it does.
    pub(crate) fn refusal(&self) -> Option<&Refusal> {
        self.screened.as_ref().err()
    }

    /// The candidate's id.
    pub fn id(&self) -> &CandidateId {
        &self.reading.id
    }

    /// The candidate as the record has it, with nothing said of where it comes from.
    pub(crate) fn candidate(&self) -> Candidate {
        Candidate {
            id: self.reading.id.clone(),
            source: Hash::of(self.source.as_bytes()),
            parent: None,
            point: None,
            description_length: self.reading.description_length,
            repairs: None,
            tunables: self.reading.tunables,
            tunes: None,
        }
    }

    /// Its object, or what became of it instead. It is compiled once; where that fails it is tried again the next time, since
    /// it may have been the machine.
    pub fn artifact(&self, sandbox: &Sandbox) -> Result<Result<Artifact, Outcome>, EngineError> {
        let screened = match &self.screened {
            Ok(screened) => screened,
            Err(refusal) => return Ok(Err(refusal.clone().into())),
        };
        if let Some(artifact) = self.artifact.get() {
            return Ok(Ok(artifact.clone()));
        }
        let compiled = sandbox.compile(screened)?;
        Ok(compiled.map(|artifact| self.artifact.get_or_init(|| artifact).clone()))
    }

    /// Its object with the tunables that it declares, or what became of it instead.
    pub(crate) fn described(
        &self,
        sandbox: &Sandbox,
    ) -> Result<Result<(Artifact, Vec<Tunable>), Outcome>, EngineError> {
        match self.artifact(sandbox)? {
            Ok(artifact) => Ok(policy::described(&artifact, sandbox)?.map(|tunables| (artifact, tunables))),
            Err(outcome) => Ok(Err(outcome)),
        }
    }

    /// The policy that it describes, with its own defaults but for the value of its scale, or what became of it instead.
    pub fn policy(&self, scale: Option<f64>, sandbox: &Sandbox) -> Result<Result<Policy, Outcome>, EngineError> {
        let Some(scale) = scale else {
            return Ok(self.artifact(sandbox)?.map(|artifact| Policy::Candidate { artifact, parameters: Vec::new() }));
        };
        Ok(self.described(sandbox)?.map(|(artifact, tunables)| {
            let value = |tunable: &Tunable| if tunable.name == SCALE { scale } else { tunable.default };
            let parameters = tunables.iter().map(value).collect();
            Policy::Candidate { artifact, parameters }
        }))
    }

    /// The same with a scale that is to be set, beginning from the guess.
    pub(crate) fn scalable(
        &self,
        guess: Option<Guess>,
        sandbox: &Sandbox,
    ) -> Result<Result<Scalable, Outcome>, EngineError> {
        Ok(self.described(sandbox)?.map(|(artifact, tunables)| {
            let parameters = tunables.iter().map(|tunable| tunable.default).collect();
            Scalable::new(artifact, &tunables, parameters, guess)
        }))
    }

    /// Whether it is this candidate. What the screen refused when it was written, and would not refuse today, has the id of its
    /// bytes.
    fn has_id(&self, id: &CandidateId) -> bool {
        self.reading.id == *id || CandidateId::of(&self.source) == *id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIT: Kit = Kit { name: "contract", files: &[], state: "", answer_bytes: 1, install: "", private: &[] };

    #[test]
    fn a_source_has_the_id_of_what_it_means_and_no_other_ones() {
        let has_id = |source: &str, id: &CandidateId| Prepared::new(source, &KIT).has_id(id);
        let source = "use contract::prelude::*; pub struct Policy; // as it was written";
        let id = Prepared::new(source, &KIT).reading.id;
        assert!(has_id(source, &id));
        assert!(has_id("use contract::prelude::*;\npub struct Policy;", &id), "comments and white space mean nothing");
        assert!(!has_id("use contract::prelude::*; pub struct Planted;", &id));
        // Refused by the screen: by its bytes.
        assert!(
            has_id("no Rust {", &CandidateId::of("no Rust {")) && !has_id("no Rust [", &CandidateId::of("no Rust {"))
        );
    }
}
