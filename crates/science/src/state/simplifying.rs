//! When the champion is simplified, what may go, and what is kept of it.

use super::{Action, Phase, State};
use crate::champion;
use crate::event::{Candidate, Simpler};
use crate::id::CandidateId;
use crate::objective::Measurement;
use crate::outcome::Outcome;

/// What simplifying the champion showed.
#[derive(Clone, Debug, PartialEq)]
pub struct Simplification {
    /// The champion.
    pub of: CandidateId,
    /// Everything that was tried.
    pub tried: Vec<Simpler>,
    /// The candidate without what does not matter; none if everything does.
    pub made: Option<CandidateId>,
}

impl Simplification {
    /// What all changes together may lose, in worth.
    pub const MAY_LOSE: f64 = 0.005;
}

impl Simpler {
    /// Whether the change may stay: what it leaves could still be champion, and saves about as much.
    pub fn may_stay(&self) -> bool {
        self.admissible && self.gain.is_some_and(|gain| gain >= -Simplification::MAY_LOSE)
    }
}

impl State {
    /// What is to be done between the last iteration and the end, if anything is.
    pub(super) fn next_for_simplifying(&self) -> Option<Action> {
        match &self.simplification {
            None => self.worth_simplifying().map(|candidate| Action::Simplify { candidate }),
            Some(simplification) => {
                let made = simplification.made.clone()?;
                let open = self.candidates[&made].outcome.is_none() && self.may_evaluate();
                open.then_some(Action::Evaluate { candidate: made })
            }
        }
    }

    /// What a candidate was made of by leaving out what does not matter; none if it was not.
    pub fn simplified(&self, id: &CandidateId) -> Option<&CandidateId> {
        let simplification = self.simplification.as_ref()?;
        (simplification.made.as_ref() == Some(id)).then_some(&simplification.of)
    }

    /// The champion, if what it is worth says what a change costs, and if the budget holds for at least one change and the
    /// candidate that comes of it.
    fn worth_simplifying(&self) -> Option<CandidateId> {
        if self.evaluations_left().is_some_and(|left| left < 2) {
            return None;
        }
        let champion = self.champion()?.id;
        self.candidates[&champion].score.as_ref()?.worth?;
        Some(champion)
    }

    /// Whether simplifying made this candidate.
    pub fn is_simplified(&self, id: &CandidateId) -> bool {
        self.simplification.as_ref().and_then(|simplification| simplification.made.as_ref()) == Some(id)
    }

    /// What a change of a candidate is worth, given what became of it.
    pub fn simpler(
        &self,
        of: &CandidateId,
        change: String,
        description_length: Option<u32>,
        measured: Result<&Measurement, Outcome>,
    ) -> Simpler {
        let mut simpler = Simpler {
            change,
            outcome: Outcome::Scored,
            gain: None,
            description_length,
            admissible: false,
            kept: false,
        };
        let measured = match measured {
            Ok(measured) => measured,
            Err(outcome) => return Simpler { outcome, ..simpler },
        };
        let against = (&self.opened().experiment, self.spec());
        let score = self.scoring().score(measured);
        let own = self.candidates.get(of).and_then(|record| record.score.as_ref()?.worth);
        simpler.gain = score.worth.zip(own).map(|(saving, own)| saving - own);
        let length = description_length.unwrap_or(u32::MAX);
        // A champion that matches the reference is not to be traded for one that does not.
        let matches = self.champion().is_none_or(|champion| !champion.matches_reference)
            || measured.gain() >= self.yardsticks().reference.gain();
        simpler.admissible = matches && champion::objections(&score, length, None, against).is_empty();
        simpler
    }

    pub(super) fn take_simplification(
        &mut self,
        simplification: Simplification,
        made: Option<&Candidate>,
    ) -> Result<(), String> {
        let Simplification { of, tried, .. } = &simplification;
        if self.simplification.is_some() || self.worth_simplifying().as_ref() != Some(of) {
            return Err(format!("candidate {of} is not to be simplified here"));
        }
        let tried = tried.len() as u32;
        if let Some(made) = made {
            if made.parent.as_ref() != Some(of) || self.candidates.contains_key(&made.id) {
                return Err(format!("candidate {} is not what simplifying made", made.id));
            }
            // It stands beside the one that it was made of: no arm of its own led to it.
            let (arm, iteration) = (self.candidates[of].arm.clone(), self.candidates[of].iteration);
            self.take_candidate(made, arm, None);
            let record = self.candidates.get_mut(&made.id).expect("it was just taken");
            record.iteration = iteration;
        }
        self.evaluations += tried;
        self.simplification = Some(simplification);
        Ok(())
    }

    /// Whether all iterations that were planned are done.
    pub(super) fn is_through(&self) -> bool {
        self.phase == Phase::Planning && self.iterations.len() as u32 >= self.opened().experiment.iterations
    }
}
