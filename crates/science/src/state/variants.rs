//! An arm that tries several variants of one idea: all of them are measured on the search panel, and its claim is about the best.

use super::{Action, Phase, State};
use crate::event::Candidate;
use crate::id::CandidateId;

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

    fn unmeasured<'a>(&self, variants: &'a [CandidateId]) -> Option<&'a CandidateId> {
        variants.iter().find(|id| self.candidates[*id].outcome.is_none())
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
        let measured = |id: &&CandidateId| self.candidates[*id].outcome.is_some();
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
