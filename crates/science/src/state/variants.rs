//! An arm that tries several variants of one idea: all of them are measured on the search panel, and its claim is about the best.

use super::{Action, Phase, State};
use crate::event::Candidate;
use crate::id::CandidateId;
use crate::measurement::Measurement;
use crate::outcome::Outcome;
use crate::stopping::{self, Behind, Rival};

impl State {
    /// What an arm needs that has no candidate yet; none once nothing is left to be measured by.
    pub(super) fn next_variant(&self, at: usize) -> Option<Action> {
        let record = &self.current().arms[at];
        if record.variants.is_empty() || record.variants_left > 0 {
            return Some(Action::Implement { arm: at });
        }
        let candidate = self.unmeasured(&record.variants)?.clone();
        self.may_evaluate().then_some(Action::Evaluate { candidate })
    }

    /// Whom a candidate is held against that is the next variant of the arm under way: the best admissible one of those that ran on the
    /// whole panel, since who breaks a guard is worth more by that. None of any other candidate, and before there is one.
    pub fn rival(&self, id: &CandidateId) -> Option<Rival> {
        let Phase::Arm(at) = self.phase else { return None };
        let record = &self.current().arms[at];
        if record.candidate.is_some() || self.unmeasured(&record.variants) != Some(id) {
            return None;
        }
        let best = self.worthiest().find(|known| known.admissible && record.variants.contains(&known.candidate.id))?;
        let (yardsticks, aim) = (self.yardsticks(), &self.spec().aim);
        Some(Rival::new(best.candidate.id.clone(), best.measurement.as_ref()?, yardsticks, aim))
    }

    /// Whether what became of a candidate is known; of one that was stopped it is not, for whoever needs it.
    pub(super) fn is_measured(&self, id: &CandidateId) -> bool {
        self.candidates[id].outcome.is_some_and(|outcome| outcome != Outcome::Stopped)
    }

    /// How far a variant lay behind that is said to have been stopped; an error if it was not to be.
    pub(super) fn check_stopped(
        &self,
        id: &CandidateId,
        outcome: Outcome,
        part: Option<&Measurement>,
    ) -> Result<Option<Behind>, String> {
        let part = match (outcome, part) {
            (Outcome::Stopped, Some(part)) => part,
            (Outcome::Stopped, None) => return Err(format!("nothing says why candidate {id} was stopped")),
            (_, Some(_)) => return Err(format!("candidate {id} ran on a part of the panel, and was not stopped")),
            (_, None) => return Ok(None),
        };
        let rival = self.rival(id).filter(|rival| rival.is_of_the_part(part) && part.is_whole(self.spec()));
        let behind = rival.and_then(|rival| rival.leaves_behind(part));
        behind.map(Some).ok_or_else(|| format!("candidate {id} lies behind nobody"))
    }

    /// Charges an evaluation: three that were stopped after a third of the panel for one.
    pub(super) fn charge(&mut self, outcome: Outcome) {
        let stops = outcome == Outcome::Stopped;
        self.evaluations += u32::from(!stops || stopping::is_charged(self.stopped));
        self.stopped += u32::from(stops);
    }

    fn unmeasured<'a>(&self, variants: &'a [CandidateId]) -> Option<&'a CandidateId> {
        variants.iter().find(|id| self.waits(id, variants))
    }

    /// Whether nothing is known of one of these variants: who was stopped in another arm was held against others there.
    fn waits(&self, id: &CandidateId, variants: &[CandidateId]) -> bool {
        let record = &self.candidates[id];
        match record.outcome {
            None => true,
            Some(Outcome::Stopped) => record.behind.as_ref().is_none_or(|behind| !variants.contains(&behind.rival)),
            Some(_) => false,
        }
    }

    /// Takes one of the variants of an arm's design.
    pub(super) fn take_variant(
        &mut self,
        at: usize,
        candidate: &Candidate,
        left: u32,
        author: Option<String>,
    ) -> Result<(), String> {
        let (arm, record) = (&self.bundle().arms[at], &self.current().arms[at]);
        let most = arm.design.variants.len() as u32;
        let foreseen = if record.variants.is_empty() { left <= most } else { left + 1 == record.variants_left };
        if most == 0 || record.candidate.is_some() || !foreseen {
            return Err(format!("arm `{}` does not wait for a variant with {left} to come", arm.name));
        }
        if candidate.repairs.is_some() {
            return Err("a variant mends nothing".into());
        }
        let name = arm.name.clone();
        if !self.candidates.contains_key(&candidate.id) {
            self.take_candidate(candidate, name, author);
        }
        let record = self.arm_record(at);
        record.variants.push(candidate.id.clone());
        record.variants_left = left;
        self.settle_variants();
        Ok(())
    }

    /// Gives the arm under way the best of its variants, once all are measured that the budget reaches for.
    pub(super) fn settle_variants(&mut self) {
        let Phase::Arm(at) = self.phase else { return };
        let record = &self.current().arms[at];
        let (Some(first), true, None) = (record.variants.first(), record.variants_left == 0, &record.candidate) else {
            return;
        };
        let measured = |id: &&CandidateId| !self.waits(id, &record.variants);
        let waits = self.unmeasured(&record.variants).is_some();
        if waits && (self.may_evaluate() || !record.variants.iter().any(|id| measured(&id))) {
            return;
        }
        let ranked = self.worthiest().map(|record| &record.candidate.id);
        let best =
            ranked.filter(|id| record.variants.contains(id)).chain(record.variants.iter().filter(measured)).next();
        let best = best.unwrap_or(first).clone();
        self.arm_record(at).candidate = Some(best);
    }
}
