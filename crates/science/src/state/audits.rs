//! Which constraints are to be audited, and what audits lead to.

use super::{Action, CandidateRecord, Phase, State};
use crate::audit::{self, AGAIN, Audit, AuditedPoint, Bar, ENOUGH, EVERY, POINTS};
use crate::champion;
use crate::event::Event;
use crate::experiment::GuardMetric;
use crate::id::CandidateId;
use crate::judge::Verdict;
use crate::keyed;
use crate::objective::{self, COMPARABLE, Measurement, Score};
use crate::placing;
use crate::principle::{Confidence, Principle, Status};
use crate::space::{Constraint, Dimension, Point, Space, Value, Within};
use crate::trial;
use crate::tuner::goal::{self, Worth};
use crate::volume::Mask;
use std::collections::BTreeSet;
use std::sync::OnceLock;

/// Measurements of each kind from which the place of a new one is guessed, the latest.
const KEPT: usize = 100;

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
        let cells = self.yardsticks.as_ref().map_or(0, |known| known.reference.trials());
        self.audited as usize * cells
    }

    /// What a measurement on the search panel says of a point; none measured means that it did not run.
    pub fn audited_point(&self, point: Point, measurement: Option<&Measurement>) -> AuditedPoint {
        let started = self.opened();
        let score = measurement.map(|m| objective::score(m, self.yardsticks(), &started.scenarios));
        let objections = |score| champion::objections(score, 0, None, &started.experiment);
        let measured = measurement.zip(score.as_ref());
        AuditedPoint {
            point,
            saving: score.as_ref().and_then(|score| score.net_saving),
            admissible: score.as_ref().is_some_and(|score| objections(score).is_empty()),
            worth: measured.map(|(measured, score)| self.worth_of(measured, score)),
            room: measured.map(|(measured, score)| self.room(measured, score)),
            runs: 1,
        }
    }

    /// What a principle's constraint excludes.
    pub(super) fn mask(&self, principle: &Principle, constraint: &Constraint) -> Mask {
        let find = || self.opened().experiment.space().mask(constraint);
        match self.excluded.get(&principle.id) {
            Some(known) if known.constraint == *constraint => known.mask.get_or_init(find).clone(),
            Some(_) | None => find(),
        }
    }

    /// Where a point that an audit draws is to be measured next: at the place on the objective's scale where it improves as
    /// much as it has to, as far as that place is inside of what is excluded. None if what was run shows enough.
    ///
    /// A curve that is bad only in its place says nothing of its form, and most places are bad for every form.
    pub fn next_place(&self, drawn: &Point, runs: &[AuditedPoint]) -> Option<Point> {
        let space = self.opened().experiment.space();
        let Some((dimension, Value::Number(own))) = self.scale(&space).and_then(|d| Some((d, drawn.get(&d.name)?)))
        else {
            return runs.is_empty().then(|| drawn.clone());
        };
        let inside = match self.due().and_then(|due| due.constraint.excludes.get(&dimension.name)) {
            Some(Within::Range(ends)) => ends.map(|end| dimension.mass_below(end)),
            Some(Within::OneOf(_)) | None => [0.0, 1.0],
        };
        let bar = self.bar().worth;
        let hopeless = |run: &AuditedPoint| match (run.worth, run.room.map(f64::abs)) {
            (Some(worth), Some(off)) => off <= COMPARABLE && worth + placing::SLACK + placing::MENDS * off < bar,
            _ => true,
        };
        if runs.iter().any(hopeless) {
            return None;
        }
        let mass = |point: &Point| match point.get(&dimension.name) {
            Some(Value::Number(value)) => dimension.mass_below(*value),
            Some(Value::Choice(_)) | None => 0.0,
        };
        let ran: Vec<(f64, f64)> = runs.iter().filter_map(|run| Some((mass(&run.point), run.room?))).collect();
        let slope = self.yardsticks().refuse_everything.y() / placing::STRETCH;
        let guess =
            || placing::guess(&self.places(&space, dimension, slope), &space.coordinates(&dimension.name, drawn));
        let start = if ran.is_empty() { guess() } else { None };
        let next = placing::next(inside, start.unwrap_or_else(|| dimension.mass_below(*own)), slope, &ran)?;
        let mut point = drawn.clone();
        point.insert(dimension.name.clone(), dimension.at_mass(next));
        Some(point)
    }

    /// What a point or a candidate is worth.
    fn worth_of(&self, measured: &Measurement, score: &Score) -> f64 {
        goal::worth(measured, score, self.yardsticks(), &self.opened().experiment.objective).value()
    }

    /// How much more a policy improves than it has to, log units: on the whole panel, and where a guard asks for it on the
    /// study and on the drawn workloads.
    fn room(&self, measured: &Measurement, score: &Score) -> f64 {
        let panel = measured.y() - self.yardsticks().reference.y();
        let objective = &self.opened().experiment.objective;
        let study = objective.at_most(GuardMetric::Shortfall).map(|bound| (bound - score.shortfall) / 100.0);
        let least = objective.at_least(GuardMetric::DrawnGain).zip(score.panels.as_ref());
        let drawn = least.map(|(bound, panels)| (panels.drawn.against_reference - bound) / 100.0);
        [study, drawn].into_iter().flatten().fold(panel, f64::min)
    }

    /// What a point of an audit must not exceed.
    pub fn bar(&self) -> Bar {
        let worth = |record: &CandidateRecord| self.worth(record).map(Worth::value);
        let champion = self.champion().map(|champion| &self.candidates[&champion.id]);
        // A champion that is worse than the reference lowers no bar.
        let saving = champion.and_then(|record| record.score.as_ref()?.net_saving).filter(|saving| *saving > 0.0);
        let reference = &self.yardsticks().reference;
        let score = objective::score(reference, self.yardsticks(), &self.opened().scenarios);
        let known = champion.and_then(worth).or_else(|| self.worthiest().find_map(worth));
        Bar { saving, worth: known.unwrap_or(f64::NEG_INFINITY).max(self.worth_of(reference, &score)) }
    }

    /// The dimension along which points are placed.
    fn scale<'a>(&self, space: &'a Space) -> Option<&'a Dimension> {
        space.dimension(self.opened().experiment.objective.scale.as_ref()?)
    }

    /// Where what was measured belongs on the scale, as prior mass, with its other coordinates: the latest candidates and
    /// points of audits that are not far off.
    fn places(&self, space: &Space, scale: &Dimension, slope: f64) -> Vec<(Vec<f64>, f64)> {
        let audited = self.iterations.iter().rev().flat_map(|iteration| iteration.audits.iter().rev());
        let audited =
            audited.flat_map(|audit| &audit.points).filter_map(|audited| Some((&audited.point, audited.room?)));
        let written = self.order.iter().rev().take(KEPT).filter_map(|id| {
            let (_, room) = self.worth_and_room(id)?;
            Some((self.candidates[id].candidate.point.as_ref()?, room))
        });
        let near = audited.take(KEPT).chain(written).filter(|(_, room)| room.abs() <= 3.0 * COMPARABLE);
        let places = near.filter_map(|(point, room)| match point.get(&scale.name) {
            Some(Value::Number(value)) => {
                Some((space.coordinates(&scale.name, point), scale.mass_below(*value) + room / slope))
            }
            Some(Value::Choice(_)) | None => None,
        });
        places.collect()
    }

    /// What a candidate is worth, and how much more it improves than it has to, log units; none if it was not scored.
    pub fn worth_and_room(&self, id: &CandidateId) -> Option<(f64, f64)> {
        let record = self.candidates.get(id)?;
        Some((record.worth?.value(), self.room(record.measurement.as_ref()?, record.score.as_ref()?)))
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
        let key = keyed::seed(&["audit", due.principle, &round.to_string()], self.opened().seed);
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
        let last = self.iterations.len() as u32 >= self.opened().experiment.iterations;
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
