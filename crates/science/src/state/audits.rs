//! Which constraints are to be audited, and what audits lead to.

mod place;

use super::{Action, Phase, State};
use crate::audit::{self, AGAIN, Audit, AuditedPoint, ENOUGH, EVERY, POINTS};
use crate::event::Event;
use crate::judge::Verdict;
use crate::objective::Yardsticks;
use crate::principle::{Confidence, Principle, Status};
use crate::space::Constraint;
use crate::trial;
use crate::volume::Mask;
pub use place::Place;
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
    again: bool,
}

impl State {
    /// With 95 % confidence, at most this share of what the constraints in force exclude is better than what was known when
    /// it was audited, pooled over all of them; none where nothing was audited, or nothing is excluded.
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
        let cells = |known: Option<&Yardsticks>| known.map_or(0, |known| known.reference.trials());
        let third = self.third.as_ref().map(|(_, yardsticks)| yardsticks);
        self.audited as usize * cells(self.yardsticks.as_ref()) + self.thirds as usize * cells(third)
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

    /// The audit that is due. One whose region has no point left takes nobody's work.
    pub(super) fn next_audit(&self) -> Action {
        let due = self.due().expect("the phase ends with the last audit");
        let round = self.iterations.iter().flat_map(|i| &i.audits).filter(|a| a.principle == due.principle).count();
        let key = self.opened().nonce.seed(&["audit", due.principle, &round.to_string()]);
        let in_force: Vec<&Constraint> = self.constraints().map(|(_, constraint)| constraint).collect();
        let (others, count) = if due.again { (&[][..], AGAIN) } else { (&in_force[..], POINTS) };
        let points = audit::points(&self.opened().experiment.space(), due.constraint, others, key, count);
        let principle = due.principle.to_owned();
        if points.is_empty() {
            return Action::Record(Box::new(Event::Audited { principle, points: vec![], trials: trial::hash(&[]) }));
        }
        Action::Audit { principle, points }
    }

    fn due(&self) -> Option<Due<'_>> {
        if let Some(pending) = self.pending.first() {
            return Some(Due { principle: &pending.principle, constraint: &pending.constraint, again: false });
        }
        let audits = &self.current().audits;
        let done = |principle: &Principle| audits.iter().filter(|audit| audit.principle == principle.id).count();
        let found = if (self.iterations.len() as u32).is_multiple_of(EVERY) {
            self.constraints().find(|(principle, _)| done(principle) == 0)
        } else {
            None
        };
        let (principle, constraint) = found.or_else(|| self.too_little_tested())?;
        Some(Due { principle: &principle.id, constraint, again: true })
    }

    /// When a campaign is through, the constraint that rests on fewest points, if all of them together rest on too few.
    fn too_little_tested(&self) -> Option<(&Principle, &Constraint)> {
        let last = self.iterations.len() as u32 >= self.opened().experiment.iterations || !self.may_evaluate();
        if !last || self.audited_points() >= ENOUGH {
            return None;
        }
        // What holds no points yields none another time.
        let holds = |principle: &Principle| {
            let mut tests = self.current().audits.iter().filter(|audit| audit.again && audit.principle == principle.id);
            tests.all(|audit| !audit.points.is_empty())
        };
        self.constraints().filter(|(principle, _)| holds(principle)).min_by_key(|(principle, _)| self.backed(principle))
    }

    /// Takes a constraint to audit; what cannot be audited is not taken.
    pub(super) fn propose(&mut self, principle: &str, constraint: Constraint, before: Option<Principle>) {
        let principle = principle.to_owned();
        if self.opened().experiment.space_source.is_some() {
            self.pending.push(Pending { principle, constraint, before });
            return;
        }
        let refused = Some("the experiment names no `space` source to audit it by".into());
        let audit = Audit { principle, constraint, again: false, points: vec![], refused };
        self.iterations.last_mut().expect("an iteration is under way").audits.push(audit);
    }

    /// Puts a constraint into force, refuses it, or retires its principle, by what was measured where it forbids.
    pub(super) fn take_audit(&mut self, id: &str, points: &[AuditedPoint]) -> Result<(), String> {
        let Due { principle, constraint, again } = self.due().ok_or("no audit is due")?;
        if principle != id {
            return Err(format!("it is about principle {id}, the turn is {principle}'s"));
        }
        if let Some(point) = points.iter().find(|audited| !constraint.excludes(&audited.point)) {
            return Err(format!("{} lies outside of what {id} forbids", audit::words(&point.point)));
        }
        let refused = audit::refutation(points, self.bar());
        let (principle, constraint) = (principle.to_owned(), constraint.clone());
        let count = points.len() as u32;
        let before = self.pending.first().filter(|_| !again).and_then(|pending| pending.before.clone());
        self.audited += points.iter().map(|point| point.runs).sum::<u32>();
        self.thirds += points.iter().map(|point| point.thirds).sum::<u32>();
        let known = self.principles.iter_mut().find(|p| p.id == principle).expect("an audit's principle is known");
        match (again, &refused) {
            (true, None) => *self.backing.entry(principle.clone()).or_default() += count,
            (true, Some(_)) => known.status = Status::Retired,
            (false, None) => {
                known.constraint = Some(constraint.clone());
                // What replaces a constraint rests on what was found in the part that it keeps as well.
                let before =
                    self.iterations.iter().flat_map(|i| &i.audits).filter(|audit| audit.principle == principle);
                let held = before.filter(|audit| audit.refused.is_none()).flat_map(|audit| &audit.points);
                let kept = held.filter(|audited| constraint.excludes(&audited.point)).count() as u32;
                self.backing.insert(principle.clone(), count + kept);
                let excluded = Excluded { constraint: constraint.clone(), mask: OnceLock::new() };
                self.excluded.insert(principle.clone(), excluded);
            }
            (false, Some(_)) => {
                if let Some(before) = before {
                    *known = before;
                }
            }
        }
        if !again {
            self.pending.remove(0);
        }
        let audit = Audit { principle, constraint, again, points: points.to_vec(), refused };
        self.iterations.last_mut().expect("an iteration is under way").audits.push(audit);
        Ok(())
    }
}
