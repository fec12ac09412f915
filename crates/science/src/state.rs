//! The state machine of a campaign.
//!
//! [`State::apply`] is the only way in which a campaign moves: running a campaign applies events as they happen, resuming
//! one applies the stored events, and there is no other code for resuming. [`State::next_action`] says what is to be
//! done; whoever does it (the engine) comes back with an event.

mod advice;
mod allowance;
mod apply;
mod asked;
mod audits;
mod blind;
mod finals;
mod leaders;
mod records;
mod simplifying;
mod tuning;
mod variants;
mod verdict;

use crate::bundle::{Arm, ArmKind, Bundle, Side};
use crate::champion;
use crate::defect::Defect;
use crate::effect::Measured;
use crate::event::{EndReason, Event, Started};
use crate::id::{CandidateId, Hash};
use crate::judge::Finding;
use crate::objective::{Measurement, Score, Scoring, Yardsticks};
use crate::principle::{Principle, Status};
use crate::space::{Constraint, Point};
use crate::spec::Spec;
use crate::volume::Mask;
use crate::work::Work;
pub use apply::IllegalEvent;
pub use finals::{Final, Finals};
pub use records::{ArmRecord, CandidateRecord, Iteration, Tested};
pub use simplifying::Simplification;
use std::collections::BTreeMap;
pub use tuning::Tuning;

/// Where a campaign stands, folded from its events.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// What the campaign was opened with.
    pub started: Option<Started>,
    /// What all candidates are held against.
    pub yardsticks: Option<Yardsticks>,
    /// The turns of the loop so far; the last one may be under way.
    pub iterations: Vec<Iteration>,
    /// Every candidate that was written.
    pub candidates: BTreeMap<CandidateId, CandidateRecord>,
    /// Their ids in the order in which they were written.
    pub order: Vec<CandidateId>,
    /// Every principle that was drawn, retired ones included.
    pub principles: Vec<Principle>,
    /// What somebody keeps in mind of the campaign, in words; of bounded length.
    pub notes: Option<String>,
    /// What agents did, each with the number of its iteration.
    pub work: Vec<(u32, Work)>,
    /// What simplifying the champion showed, once that was done.
    pub simplification: Option<Simplification>,
    /// What the finals showed, once they were held.
    pub finals: Option<Finals>,
    /// Candidates that went through the sandbox, and sources that planners had measured; three variants that were stopped after a
    /// third of the panel count as one.
    pub evaluations: u32,
    /// Variants that were stopped.
    pub stopped: u32,
    /// Runs on the whole search panel that audits of constraints took.
    pub audited: u32,
    /// Why the campaign ended, if it has.
    pub ended: Option<EndReason>,
    /// Points without a better one that a principle's constraint rests on.
    backing: BTreeMap<String, u32>,
    /// Constraints that are in force once they are audited.
    pending: Vec<audits::Pending>,
    phase: Phase,
    /// Turns of the loop that are not among its iterations, of a campaign as it is shown to others.
    hidden: u32,
    /// What the constraint of a principle excludes, since it was audited.
    excluded: BTreeMap<String, audits::Excluded>,
}

/// A run on further verdict seeds.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// The reference, or a candidate.
    pub policy: Side,
    /// Seeds that it has run on.
    pub from: usize,
    /// Seeds that it shall have run on.
    pub to: usize,
}

/// What is to be done next.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Measure the yardsticks.
    Calibrate,
    /// Ask the planner for a bundle.
    Plan,
    /// Ask the executor for an arm's source.
    Implement {
        /// Position of the arm in the bundle.
        arm: usize,
    },
    /// Ask the executor to mend an arm's candidate.
    Repair {
        /// Position of the arm in the bundle.
        arm: usize,
        /// What is wrong with it.
        defect: Defect,
    },
    /// Put a candidate through the sandbox and the simulator.
    Evaluate {
        /// The candidate.
        candidate: CandidateId,
    },
    /// Run policies on further verdict seeds of the iteration. They may run side by side; the first one's event is next.
    Test {
        /// Everything that the next look takes, at least one test.
        tests: Vec<Test>,
    },
    /// Tune the constants that a candidate declares.
    Tune {
        /// The candidate.
        candidate: CandidateId,
    },
    /// Leave out of the champion what does not matter.
    Simplify {
        /// The champion.
        candidate: CandidateId,
    },
    /// Run candidates that may become champion on seeds and workloads of the finals.
    Finals {
        /// The candidates, the likeliest first; at least two.
        finalists: Vec<CandidateId>,
    },
    /// Ask the extractor for lessons.
    Extract,
    /// Measure points of what a principle forbids, or is to forbid, on the search panel, each where [`State::next_place`] says.
    Audit {
        /// The principle.
        principle: String,
        /// At least one point.
        points: Vec<Point>,
    },
    /// Nothing of the world is needed: this event follows from what is known.
    Record(Box<Event>),
    /// The campaign has ended.
    Rest,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Unopened,
    Calibrating,
    Planning,
    /// Working on the arm at this position.
    Arm(usize),
    Extracting,
    Auditing,
    Closing,
    Ended,
}

impl State {
    /// What is to be done next.
    ///
    /// # Panics
    /// If no `Started` event was applied: there is no campaign to go on with.
    pub fn next_action(&self) -> Action {
        match self.phase {
            Phase::Unopened => panic!("a campaign begins with its `started` event"),
            Phase::Calibrating => Action::Calibrate,
            Phase::Planning if self.is_through() => self
                .next_for_simplifying()
                .or_else(|| self.next_for_finals())
                .unwrap_or_else(|| Action::Record(Box::new(Event::Ended { reason: EndReason::Completed }))),
            Phase::Planning if !self.may_evaluate() => self.next_for_finals().unwrap_or_else(|| self.spent()),
            Phase::Planning => Action::Plan,
            Phase::Arm(at) => self.next_for_arm(at),
            Phase::Extracting => self.next_for_tuning().unwrap_or(Action::Extract),
            Phase::Auditing => self.next_audit(),
            Phase::Closing => Action::Record(Box::new(Event::IterationClosed { volume: self.volume() })),
            Phase::Ended => Action::Rest,
        }
    }

    fn next_for_arm(&self, at: usize) -> Action {
        let (bundle, iteration) = (self.bundle(), self.current());
        let arm = &bundle.arms[at];
        if let Some(reason) = self.spared(at) {
            return Action::Record(Box::new(Event::ArmSkipped { arm: arm.name.clone(), reason }));
        }
        // What the main arm showed is still to be learned from.
        if at > 0 && iteration.arms[at].candidate.is_none() && !self.may_evaluate() {
            let reason = records::EVALUATIONS_SPENT.to_owned();
            return Action::Record(Box::new(Event::ArmSkipped { arm: arm.name.clone(), reason }));
        }
        let Some(candidate) = &iteration.arms[at].candidate else {
            let next = self.next_variant(at);
            return next.or_else(|| self.next_for_finals()).unwrap_or_else(|| self.spent());
        };
        if self.is_measured(candidate) {
            let record = &iteration.arms[at];
            let taken = arm.design.candidate.is_some();
            let may_repair =
                !taken && record.repairs < self.opened().repairs && record.unmended.is_none() && self.may_evaluate();
            if let Some(defect) = self.defect(at).filter(|_| may_repair) {
                return Action::Repair { arm: at, defect };
            }
            return match self.judge(at, candidate) {
                Ok(finding) => Action::Record(Box::new(Event::ArmJudged { arm: arm.name.clone(), finding })),
                Err(test) => test,
            };
        }
        if self.may_evaluate() {
            return Action::Evaluate { candidate: candidate.clone() };
        }
        self.next_for_finals().unwrap_or_else(|| self.spent())
    }

    /// The end of a campaign that may evaluate nothing more.
    fn spent(&self) -> Action {
        let budget = self.opened().experiment.budget.evaluations.unwrap_or_default();
        let reason = EndReason::BudgetSpent(format!("evaluations ({budget})"));
        Action::Record(Box::new(Event::Ended { reason }))
    }

    fn may_evaluate(&self) -> bool {
        self.evaluations_left().is_none_or(|left| left > 0)
    }

    pub(crate) fn measured(&self, side: &Side) -> Result<Measured<'_>, String> {
        let candidate = match side {
            Side::Baseline => return Ok(None),
            Side::Reference => return Ok(Some(&self.yardsticks().reference)),
            Side::Candidate(id) => Some(id),
            Side::Arm(name) => self.bundle().arm(name).and_then(|(at, _)| self.current().arms[at].candidate.as_ref()),
        };
        let record = candidate.and_then(|id| self.candidates.get(id));
        match record.and_then(|record| record.measurement.as_ref()) {
            Some(measurement) => Ok(Some(measurement)),
            None => Err(format!("{} was not scored", describe(side))),
        }
    }

    /// What the campaign was opened with.
    ///
    /// # Panics
    /// If no `Started` event was applied.
    pub fn opened(&self) -> &Started {
        self.started.as_ref().expect("the campaign was opened")
    }

    /// What the problem measures, and what counts there.
    ///
    /// # Panics
    /// If no `Started` event was applied.
    pub fn spec(&self) -> &Spec {
        &self.opened().spec
    }

    /// What candidates are scored by on the search panel.
    ///
    /// # Panics
    /// Before the `Calibrated` event.
    pub fn scoring(&self) -> Scoring<'_> {
        Scoring { yardsticks: self.yardsticks(), names: &self.opened().scenarios, spec: self.spec() }
    }

    /// The yardsticks.
    ///
    /// # Panics
    /// Before the `Calibrated` event.
    pub fn yardsticks(&self) -> &Yardsticks {
        self.yardsticks.as_ref().expect("the campaign is calibrated")
    }

    /// The turn of the loop that is under way or ended last.
    ///
    /// # Panics
    /// Before the first bundle.
    pub fn current(&self) -> &Iteration {
        self.iterations.last().expect("an iteration is under way")
    }

    /// The bundle that is under way.
    ///
    /// # Panics
    /// Where none is.
    pub fn bundle(&self) -> &Bundle {
        self.current().bundle.as_ref().expect("the iteration has a bundle")
    }

    /// What an arm departs from: the main one from the bundle's parent, the others from the main one. None if that is no candidate.
    pub fn departs_from(&self, arm: &Arm) -> Option<&CandidateId> {
        match (arm.kind, &self.bundle().parent) {
            (ArmKind::Main, Side::Candidate(id)) => Some(id),
            (ArmKind::Main, Side::Baseline | Side::Reference | Side::Arm(_)) => None,
            _ => self.current().arms[0].candidate.as_ref(),
        }
    }

    /// The number of the iteration that is under way or comes next, from 1.
    pub fn iteration_number(&self) -> u32 {
        match self.phase {
            Phase::Planning if !self.is_through() => self.hidden + self.iterations.len() as u32 + 1,
            _ => self.hidden + self.iterations.len().max(1) as u32,
        }
    }

    /// The constraints in force, each with its principle.
    pub fn constraints(&self) -> impl Iterator<Item = (&Principle, &Constraint)> {
        let active = self.principles.iter().filter(|p| p.status == Status::Active);
        active.filter_map(|p| p.constraint.as_ref().map(|c| (p, c)))
    }

    /// Share of the design space that the constraints in force leave, 0..1.
    pub fn volume(&self) -> f64 {
        Mask::left(&self.masks())
    }

    fn masks(&self) -> Vec<Mask> {
        self.constraints().map(|(principle, constraint)| self.mask(principle, constraint)).collect()
    }

    /// Which of the first 64 · `words` fixed points of the design space no constraint excludes.
    pub fn open_points(&self, words: usize) -> Vec<u64> {
        Mask::open(&self.masks(), words)
    }

    /// Says why a planner's bundle is not taken, if it is not: it cannot be registered, or it lacks an arm that its change
    /// asks for.
    pub fn check_bundle(&self, bundle: &Bundle) -> Result<(), String> {
        self.check_registered(bundle)?;
        bundle.check_arms(self.spec())?;
        self.check_sides(bundle)
    }

    /// Says why a bundle cannot be registered, if it cannot: it is malformed, speaks of a candidate that is not there, or its main
    /// arm lies where a principle forbids, which is then cited.
    fn check_registered(&self, bundle: &Bundle) -> Result<(), String> {
        bundle.check(&self.opened().scenarios, self.spec())?;
        let sides = bundle.arms.iter().flat_map(|arm| &arm.prediction.against).chain([&bundle.parent]);
        let compared = sides.filter_map(|side| if let Side::Candidate(id) = side { Some(id) } else { None });
        let taken = bundle.arms.iter().filter_map(|arm| arm.design.candidate.as_ref());
        if let Some(id) = compared.chain(taken).find(|id| !self.candidates.contains_key(id)) {
            return Err(format!("it speaks of candidate `{id}`, which this campaign does not have"));
        }
        let Some(point) = bundle.arms[0].design.point.as_ref() else { return Ok(()) };
        self.opened().experiment.space().contains(point)?;
        match self.constraints().find(|(_, constraint)| constraint.excludes(point)) {
            Some((principle, constraint)) => {
                Err(format!("principle {} forbids this design ({constraint}): {}", principle.id, principle.statement))
            }
            None => Ok(()),
        }
    }

    /// The arm that a piece of evidence, `F<iteration>.<arm>`, speaks of, and what became of it; none unless it was judged.
    pub fn cited(&self, evidence: &str) -> Option<(&Arm, &ArmRecord, &Finding)> {
        let (iteration, name) = evidence.strip_prefix('F')?.split_once('.')?;
        let iteration = self.iterations.get(iteration.parse::<usize>().ok()?.checked_sub(1)?)?;
        let (at, arm) = iteration.bundle.as_ref()?.arm(name)?;
        let record = iteration.arms.get(at)?;
        Some((arm, record, record.finding.as_ref()?))
    }

    /// The scored candidates whose declared point a constraint excludes, in order.
    pub fn inside<'a>(&'a self, constraint: &'a Constraint) -> impl Iterator<Item = (&'a CandidateRecord, &'a Score)> {
        let records = self.order.iter().filter_map(|id| self.candidates.get(id));
        let excluded =
            |record: &&CandidateRecord| record.candidate.point.as_ref().is_some_and(|point| constraint.excludes(point));
        records.filter(excluded).filter_map(|record| Some((record, record.score.as_ref()?)))
    }

    /// Why a candidate is not admissible; empty if it is, or has no score yet.
    pub fn objections(&self, id: &CandidateId) -> Vec<String> {
        let Some(record) = self.candidates.get(id) else { return Vec::new() };
        let Some(score) = &record.score else { return Vec::new() };
        let description_length = record.candidate.description_length.unwrap_or(u32::MAX);
        let against = (&self.opened().experiment, self.spec());
        let mut objections = champion::objections(score, description_length, record.descriptor.as_ref(), against);
        if record.violations > 0 {
            objections.push(format!("{} outside of the search panel", self.spec().violated(record.violations)));
        }
        objections
    }

    /// The earliest scored candidate with this behaviour signature and these very measurements.
    pub fn alike(&self, signature: &Hash, measurement: &Measurement) -> Option<&CandidateId> {
        let same = |id: &&CandidateId| {
            let record = &self.candidates[*id];
            record.descriptor.as_ref().is_some_and(|descriptor| descriptor.signature == *signature)
                && record.measurement.as_ref() == Some(measurement)
        };
        self.order.iter().find(same)
    }
}

/// The name of a side in words.
pub fn describe(side: &Side) -> String {
    match side {
        Side::Baseline => "the baseline".into(),
        Side::Reference => "the reference".into(),
        Side::Arm(name) => format!("arm `{name}`"),
        Side::Candidate(id) => format!("candidate {}", id.short()),
    }
}

#[cfg(test)]
mod tests;
