//! Which constraints are to be audited, and what audits lead to.

mod bar;

use super::{Action, CandidateRecord, Phase, State};
use crate::audit::{self, Audit, AuditedPoint, BASES, POINTS};
use crate::event::Event;
use crate::judge::Verdict;
use crate::principle::{Confidence, Principle};
use crate::space::{Constraint, Point};
use crate::trial;
use crate::volume::Mask;
use std::collections::BTreeSet;
use std::sync::OnceLock;

/// A constraint that waits for its audit.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) principle: String,
    pub(super) constraint: Constraint,
    /// The principle as it was, where it was in force with another constraint: it is so again if this one is refused.
    pub(super) before: Option<Principle>,
}

/// A constraint in force, and the points that it excludes once somebody has asked for them.
#[derive(Clone, Debug)]
pub(super) struct Excluded {
    constraint: Constraint,
    mask: OnceLock<Mask>,
}

/// The audit that is due.
struct Due<'a> {
    principle: &'a str,
    constraint: &'a Constraint,
}

impl State {
    /// With 95 % confidence, at most this share of what audits may draw in the excluded regions is better than what was known
    /// when they were audited, pooled over all constraints in force; none where nothing was audited, or nothing is excluded.
    pub fn false_exclusion(&self) -> Option<f64> {
        audit::bound(self.audited_points())
    }

    /// Points without a better one that the constraints in force rest on, all together.
    pub fn audited_points(&self) -> u32 {
        self.constraints().map(|(principle, _)| self.backed(principle)).sum()
    }

    fn backed(&self, principle: &Principle) -> u32 {
        self.backing.get(&principle.id).copied().unwrap_or(0)
    }

    /// Trials that audits took.
    pub fn audit_trials(&self) -> usize {
        self.audited as usize * self.yardsticks.as_ref().map_or(0, |known| known.reference.trials())
    }

    /// What a principle's constraint excludes.
    pub(super) fn mask(&self, principle: &Principle, constraint: &Constraint) -> Mask {
        let find = || self.opened().experiment.space().mask(constraint);
        match self.excluded.get(&principle.id) {
            Some(known) if known.constraint == *constraint => known.mask.get_or_init(find).clone(),
            Some(_) | None => find(),
        }
    }

    /// How well these findings support a lesson: established if findings of two iterations confirm what was claimed, or
    /// findings of two iterations refute it.
    pub fn confidence(&self, evidence: &[String]) -> Confidence {
        let iterations = |verdict: Verdict| {
            let speaking = evidence.iter().filter(|one| self.cited(one).is_some_and(|(_, _, f)| f.verdict == verdict));
            speaking
                .filter_map(|one| one.split_once('.').map(|(iteration, _)| iteration))
                .collect::<BTreeSet<_>>()
                .len()
        };
        if iterations(Verdict::Confirmed).max(iterations(Verdict::Refuted)) >= 2 {
            Confidence::Established
        } else {
            Confidence::Provisional
        }
    }

    /// The phase after the lessons of an iteration, or after an audit of one.
    pub(super) fn after_lessons(&self) -> Phase {
        if self.due().is_some() { Phase::Auditing } else { Phase::Closing }
    }

    /// The audit that is due. One that takes no run takes nobody's work.
    pub(super) fn next_audit(&self) -> Action {
        let due = self.due().expect("the phase ends with the last audit");
        let principle = due.principle.to_owned();
        let points = self.points_to_audit(&due);
        if points.is_empty() {
            return Action::Record(Box::new(Event::Audited { principle, points: vec![], trials: trial::hash(&[]) }));
        }
        Action::Audit { principle, points }
    }

    /// The best policies known, moved into what is to be forbidden; none where the best of all lies there already.
    fn points_to_audit(&self, due: &Due<'_>) -> Vec<Point> {
        if self.best_point().is_some_and(|best| due.constraint.excludes(best)) {
            return Vec::new();
        }
        let bases = self.best_points();
        let round = self.iterations.iter().flat_map(|i| &i.audits).filter(|a| a.principle == due.principle).count();
        let key = self.opened().nonce.seed(&["audit", due.principle, &round.to_string()]);
        let in_force: Vec<&Constraint> = self.constraints().map(|(_, constraint)| constraint).collect();
        audit::points(&self.opened().experiment.space(), due.constraint, &in_force, (&bases, key, POINTS))
    }

    /// The best policies known, the champion first.
    fn best_policies(&self) -> impl Iterator<Item = &CandidateRecord> {
        let champion = self.champion().map(|champion| &self.candidates[&champion.id]);
        champion.into_iter().chain(self.worthiest())
    }

    /// The declared point of the best of all; none where it has none.
    fn best_point(&self) -> Option<&Point> {
        self.best_policies().next()?.candidate.point.as_ref()
    }

    /// The declared points of the best policies known that have one.
    fn best_points(&self) -> Vec<Point> {
        let mut points: Vec<Point> = Vec::new();
        for record in self.best_policies() {
            let new = record.candidate.point.iter().find(|point| !points.contains(point)).cloned();
            points.extend(new);
            if points.len() == BASES {
                break;
            }
        }
        points
    }

    fn due(&self) -> Option<Due<'_>> {
        let pending = self.pending.first()?;
        Some(Due { principle: &pending.principle, constraint: &pending.constraint })
    }

    /// Takes a constraint to audit; what cannot be audited is not taken.
    pub(super) fn propose(&mut self, principle: &str, constraint: Constraint, before: Option<Principle>) {
        let principle = principle.to_owned();
        if self.opened().experiment.space_source.is_some() {
            self.pending.push(Pending { principle, constraint, before });
            return;
        }
        let refused = Some("the experiment names no `space` source to audit it by".into());
        let audit = Audit { principle, constraint, points: vec![], refused };
        self.iterations.last_mut().expect("an iteration is under way").audits.push(audit);
    }

    /// Puts a constraint into force, refuses it, or retires its principle, by what was measured where it forbids.
    pub(super) fn take_audit(&mut self, id: &str, points: &[AuditedPoint]) -> Result<(), String> {
        let due = self.due().ok_or("no audit is due")?;
        if due.principle != id {
            return Err(format!("it is about principle {id}, the turn is {}'s", due.principle));
        }
        if let Some(point) = points.iter().find(|audited| !due.constraint.excludes(&audited.point)) {
            return Err(format!("{} lies outside of what {id} forbids", audit::words(&point.point)));
        }
        let holds_the_best = || {
            let best = self.best_point().filter(|best| due.constraint.excludes(best))?;
            Some(format!("it holds the best policy known ({})", audit::words(best)))
        };
        let nothing_ran = || {
            let none = !points.is_empty() && points.iter().all(|point| point.worth.is_none());
            none.then(|| "none of its points could be measured".to_owned())
        };
        let refused = holds_the_best().or_else(nothing_ran).or_else(|| audit::refutation(points, self.bar()));
        self.audited = points.iter().fold(self.audited, |sum, point| sum.saturating_add(point.runs));
        let Pending { principle, constraint, before } = self.pending.remove(0);
        let known = self.principles.iter_mut().find(|p| p.id == principle).expect("an audit's principle is known");
        if refused.is_none() {
            known.constraint = Some(constraint.clone());
            // What replaces a constraint rests on what was found in the part that it keeps as well.
            let before = self.iterations.iter().flat_map(|i| &i.audits).filter(|audit| audit.principle == principle);
            let held = before.filter(|audit| audit.refused.is_none()).flat_map(|audit| &audit.points);
            let kept = held.filter(|audited| constraint.excludes(&audited.point));
            // A point that did not run says nothing.
            let ran = points.iter().chain(kept).filter(|audited| audited.worth.is_some()).count();
            self.backing.insert(principle.clone(), ran as u32);
            let excluded = Excluded { constraint: constraint.clone(), mask: OnceLock::new() };
            self.excluded.insert(principle.clone(), excluded);
        } else if let Some(before) = before {
            *known = before;
        }
        let audit = Audit { principle, constraint, points: points.to_vec(), refused };
        self.iterations.last_mut().expect("an iteration is under way").audits.push(audit);
        Ok(())
    }
}
