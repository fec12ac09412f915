//! Which events of a campaign its figures follow from: whoever doubts one can read what it rests on.

use crate::bundle::Side;
use crate::event::Event;
use crate::id::CandidateId;
use crate::state::{Iteration, State};
use std::collections::BTreeMap;

/// Numbers of events (`seq`), in order, by what follows from them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Origins {
    /// What everything is held against: how the campaign was opened, and the yardsticks.
    pub yardsticks: Vec<u64>,
    /// A candidate and its score: written, or made of another one; evaluated; the finals that it ran in.
    pub candidates: BTreeMap<CandidateId, Vec<u64>>,
    /// The findings of each iteration, by their arms: registered; the candidate; every test that the claim speaks of; judged.
    pub findings: Vec<BTreeMap<String, Vec<u64>>>,
    /// A principle: each event that said something of it.
    pub principles: BTreeMap<String, Vec<u64>>,
    /// The finals.
    pub finals: Vec<u64>,
    /// Taking the champion apart.
    pub simplification: Vec<u64>,
    /// The end.
    pub ended: Vec<u64>,
    /// Who was tested in the iteration under way, and when.
    tests: Vec<(Side, u64)>,
}

impl Origins {
    /// Takes note of an event that led to this state.
    pub fn note(&mut self, seq: u64, event: &Event, after: &State) {
        match event {
            Event::Started(_) | Event::Calibrated { .. } => self.yardsticks.push(seq),
            Event::BundleRegistered { bundle, .. } => {
                self.tests.clear();
                self.findings.push(bundle.arms.iter().map(|arm| (arm.name.clone(), vec![seq])).collect());
            }
            Event::PlanFailed { .. } => self.findings.push(BTreeMap::new()),
            Event::CandidateWritten { candidate, .. } | Event::VariantWritten { candidate, .. } => {
                self.candidate(&candidate.id, seq);
            }
            Event::CandidateEvaluated { candidate, .. } => self.candidate(candidate, seq),
            Event::Tuned { retuned: Some(made), .. } => self.candidate(&made.id, seq),
            Event::Simplified { candidate, .. } => {
                self.simplification.push(seq);
                candidate.iter().for_each(|made| self.candidate(&made.id, seq));
            }
            Event::Tested { policy, .. } => self.tests.push((policy.clone(), seq)),
            Event::ArmJudged { arm, .. } => self.judged(arm, seq, after),
            Event::ArmSkipped { arm, .. } | Event::ExecutorFailed { arm, .. } | Event::RepairFailed { arm, .. } => {
                self.finding(arm, &[seq]);
            }
            Event::PrinciplesRevised { changes, .. } => {
                changes.iter().for_each(|change| self.principle(change.id(), seq));
            }
            Event::Audited { principle, .. } => self.principle(principle, seq),
            Event::Finals { finalists, .. } => {
                self.finals.push(seq);
                finalists.iter().for_each(|finalist| self.candidate(&finalist.candidate, seq));
            }
            Event::Ended { .. } => self.ended.push(seq),
            Event::Tuned { retuned: None, .. } | Event::IterationClosed { .. } => {}
        }
    }

    fn candidate(&mut self, id: &CandidateId, seq: u64) {
        self.candidates.entry(id.clone()).or_default().push(seq);
    }

    fn principle(&mut self, id: &str, seq: u64) {
        self.principles.entry(id.to_owned()).or_default().push(seq);
    }

    fn finding(&mut self, arm: &str, events: &[u64]) {
        let Some(own) = self.findings.last_mut() else { return };
        let own = own.entry(arm.to_owned()).or_default();
        own.extend(events);
        own.sort_unstable();
        own.dedup();
    }

    /// What a claim rests on: its own candidate, the reference, and whoever it is held against.
    fn judged(&mut self, arm: &str, seq: u64, after: &State) {
        let Some(iteration) = after.iterations.last() else { return };
        let sides = sides(iteration, arm);
        let tests = self.tests.iter().filter(|(policy, _)| sides.contains(policy)).map(|(_, seq)| *seq);
        let candidates = sides.iter().filter_map(|side| match side {
            Side::Candidate(id) => self.candidates.get(id),
            Side::Baseline | Side::Reference | Side::Arm(_) => None,
        });
        let events: Vec<u64> = candidates.flatten().copied().chain(tests).chain([seq]).collect();
        self.finding(arm, &events);
    }
}

/// Whom the claim of an arm is about, each arm by its candidate.
fn sides(iteration: &Iteration, arm: &str) -> Vec<Side> {
    let Some(bundle) = &iteration.bundle else { return Vec::new() };
    let candidate = |name: &str| {
        let (position, _) = bundle.arm(name)?;
        iteration.arms.get(position)?.candidate.clone().map(Side::Candidate)
    };
    let against = bundle.arm(arm).map(|(_, arm)| arm.prediction.against.as_slice()).unwrap_or_default();
    let against = against.iter().filter_map(|side| match side {
        Side::Arm(name) => candidate(name),
        other => Some(other.clone()),
    });
    candidate(arm).into_iter().chain(against).chain([bundle.parent.clone(), Side::Reference]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::EndReason;
    use crate::principle::Change;

    #[test]
    fn each_event_is_noted_under_what_follows_from_it() {
        let (mut origins, state) = (Origins::default(), State::default());
        let retire = Change::Retire { id: "P1".into(), reason: "contradicted".into() };
        let events = [
            Event::PlanFailed { reason: String::new(), asked: vec![], work: vec![] },
            Event::PrinciplesRevised { changes: vec![retire], failure: None, notes: None, work: vec![] },
            Event::IterationClosed { volume: 1.0 },
            Event::Ended { reason: EndReason::Completed },
        ];
        for (seq, event) in (3..).zip(&events) {
            origins.note(seq, event, &state);
        }
        assert_eq!(origins.findings, [BTreeMap::new()]);
        assert_eq!((&origins.principles["P1"], &origins.ended), (&vec![4], &vec![6]));
    }
}
