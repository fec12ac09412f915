//! The one transition function.

use super::{ArmRecord, CandidateRecord, Iteration, Phase, Simplification, State, Tested, Tuning};
use crate::bundle::{Arm, Side};
use crate::event::{Candidate, Event, Started};
use crate::objective::{Measurement, Score, Yardsticks};
use crate::outcome::Outcome;
use crate::principle::{Change, Principle, Status};
use crate::tuner::goal::{self, Worth};
use crate::work::Work;
use crate::yardsticks::SCALES;

/// An event that cannot happen where the campaign stands: the log is damaged, or the program has a bug.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the event `{event}` cannot follow here: {problem}")]
pub struct IllegalEvent {
    /// Its kind.
    pub event: &'static str,
    /// What is wrong with it.
    pub problem: String,
}

impl State {
    /// Moves the campaign by one event; leaves it as it was where the event is illegal.
    pub fn apply(&mut self, event: &Event) -> Result<(), IllegalEvent> {
        let illegal = |problem: String| Err(IllegalEvent { event: event.kind(), problem });
        match (event, self.phase) {
            (Event::Started(started), Phase::Unopened) => {
                if let Err((key, problem)) =
                    started.experiment.check().and_then(|()| started.experiment.check_against(&started.spec))
                {
                    return illegal(format!("its experiment: {key}: {problem}"));
                }
                self.started = Some(Started::clone(started));
                self.phase = Phase::Calibrating;
            }
            (Event::Calibrated { yardsticks, .. }, Phase::Calibrating) => {
                let (rows, scenarios) = (yardsticks.reference.cells.len(), self.opened().scenarios.len());
                if rows.checked_sub(yardsticks.drawn) != Some(scenarios) {
                    let drawn = yardsticks.drawn;
                    return illegal(format!("{rows} workloads are not {scenarios} scenarios and {drawn} drawn ones"));
                }
                if let Err(problem) = self.check_yardsticks(yardsticks) {
                    return illegal(problem);
                }
                self.yardsticks = Some((**yardsticks).clone());
                self.phase = Phase::Planning;
            }
            (Event::BundleRegistered { bundle, asked, work }, Phase::Planning) => {
                if let Err(problem) = self.check_registered(bundle).and_then(|()| self.check_asked(asked)) {
                    return illegal(problem);
                }
                // An arm that takes a known candidate has it from the beginning.
                let taken = |arm: &Arm| ArmRecord { candidate: arm.design.candidate.clone(), ..ArmRecord::default() };
                let arms = bundle.arms.iter().map(taken).collect();
                let (bundle, planner, asked) = (Some((**bundle).clone()), author(work), asked.clone());
                self.evaluations += asked.len() as u32;
                self.iterations.push(Iteration { bundle, asked, arms, planner, ..Iteration::default() });
                self.phase = Phase::Arm(0);
            }
            (Event::PlanFailed { reason, asked, work }, Phase::Planning) => {
                if let Err(problem) = self.check_asked(asked) {
                    return illegal(problem);
                }
                let (failure, planner, asked) = (Some(reason.clone()), author(work), asked.clone());
                self.evaluations += asked.len() as u32;
                self.iterations.push(Iteration { failure, asked, planner, ..Iteration::default() });
                self.phase = self.after_lessons();
            }
            (Event::CandidateWritten { arm, candidate, work }, Phase::Arm(at)) => {
                self.expect_arm(event, arm, at)?;
                let before = self.arm_record(at).candidate.clone();
                if before != candidate.repairs || before.as_ref() == Some(&candidate.id) {
                    return illegal(format!("arm `{arm}` has another candidate, or none, or this very one"));
                }
                self.arm_record(at).repairs += u32::from(before.is_some());
                self.arm_record(at).candidate = Some(candidate.id.clone());
                if !self.candidates.contains_key(&candidate.id) {
                    self.take_candidate(candidate, arm.clone(), author(work));
                }
            }
            (Event::VariantWritten { arm, candidate, left, work }, Phase::Arm(at)) => {
                self.expect_arm(event, arm, at)?;
                if let Err(problem) = self.take_variant(at, candidate, *left, author(work)) {
                    return illegal(problem);
                }
            }
            (Event::ExecutorFailed { arm, reason, .. }, Phase::Arm(at)) => {
                self.expect_arm(event, arm, at)?;
                self.arm_record(at).finding =
                    Some(crate::judge::invalid(format!("the executor wrote nothing usable: {reason}")));
                self.next_arm(at);
            }
            (Event::RepairFailed { arm, reason, .. }, Phase::Arm(at)) => {
                self.expect_arm(event, arm, at)?;
                self.arm_record(at).repairs += 1;
                self.arm_record(at).unmended = Some(reason.clone());
            }
            (
                Event::CandidateEvaluated {
                    candidate, outcome, scale, measurement, part, descriptor, acts_like, ..
                },
                Phase::Arm(_) | Phase::Extracting | Phase::Planning,
            ) => {
                let behind = match self.check_stopped(candidate, *outcome, part.as_deref()) {
                    Ok(behind) => behind,
                    Err(problem) => return illegal(problem),
                };
                let made = self.simplification.as_ref().and_then(|simplification| simplification.made.as_ref());
                if self.phase == Phase::Planning && made != Some(candidate) {
                    return illegal(format!("candidate {candidate} is not what simplifying made"));
                }
                if let Some(other) = acts_like
                    && self
                        .candidates
                        .get(other)
                        .is_none_or(|known| known.measurement.as_ref() != measurement.as_deref())
                {
                    return illegal(format!("candidate {other}, which it acts like, was not measured so"));
                }
                if let (Some(measured), Some(yardsticks)) = (measurement, &self.yardsticks)
                    && (measured.seeds() != yardsticks.reference.seeds() || !measured.is_whole(self.spec()))
                {
                    return illegal(format!("candidate {candidate} was measured on another panel than the reference"));
                }
                let (score, worth) = match measurement {
                    Some(measured) => {
                        let (score, worth) = self.valued(measured);
                        (Some(score), Some(worth))
                    }
                    None => (None, None),
                };
                let Some(record) = self.candidates.get_mut(candidate) else {
                    return illegal(format!("candidate {candidate} was never written"));
                };
                if record.outcome.is_some_and(|outcome| outcome != Outcome::Stopped) {
                    return illegal(format!("candidate {candidate} was evaluated before"));
                }
                record.behind = behind;
                record.outcome = Some(*outcome);
                record.scale = *scale;
                record.measurement = measurement.as_deref().cloned();
                (record.score, record.worth) = (score, worth);
                record.descriptor = descriptor.as_deref().cloned();
                record.acts_like = acts_like.clone();
                let admissible = record.score.is_some() && self.objections(candidate).is_empty();
                self.candidates.get_mut(candidate).expect("it was just there").admissible = admissible;
                self.charge(*outcome);
                self.settle_variants();
            }
            (Event::Tested { policy, from, outcome, measurement, yardsticks, .. }, Phase::Arm(_)) => {
                let measured = yardsticks.as_deref().map(|yardsticks| &yardsticks.reference).or(measurement.as_deref());
                let checked = self.check_against(policy, yardsticks.as_deref());
                if let Err(problem) = checked.and_then(|()| self.take_test(policy, *from, *outcome, measured)) {
                    return illegal(problem);
                }
                self.take_against(yardsticks.as_deref());
            }
            (Event::ArmJudged { arm, finding }, Phase::Arm(at)) => {
                self.expect_arm(event, arm, at)?;
                self.arm_record(at).finding = Some(finding.clone());
                let advice = self.advice();
                self.iterations.last_mut().expect("an iteration is under way").advice = advice;
                self.next_arm(at);
            }
            (Event::ArmSkipped { arm, reason }, Phase::Arm(at)) => {
                self.expect_arm(event, arm, at)?;
                self.arm_record(at).skipped = Some(reason.clone());
                self.next_arm(at);
            }
            (Event::Tuned { candidate, tunables, tried, best, retuned, .. }, Phase::Extracting) => {
                let tuning = Tuning {
                    candidate: candidate.clone(),
                    tunables: tunables.clone(),
                    tried: tried.clone(),
                    best: best.clone(),
                    retuned: retuned.as_ref().map(|retuned| retuned.id.clone()),
                };
                if let Err(problem) = self.take_tuning(tuning, retuned.as_ref()) {
                    return illegal(problem);
                }
            }
            (Event::Simplified { of, tried, candidate, .. }, Phase::Planning) if self.is_through() => {
                let made = candidate.as_ref().map(|candidate| candidate.id.clone());
                let simplification = Simplification { of: of.clone(), tried: tried.clone(), made };
                if let Err(problem) = self.take_simplification(simplification, candidate.as_ref()) {
                    return illegal(problem);
                }
            }
            (Event::Finals { yardsticks, finalists, .. }, Phase::Planning | Phase::Arm(_)) => {
                if let Err(problem) = self.take_finals(yardsticks, finalists) {
                    return illegal(problem);
                }
            }
            (Event::PrinciplesRevised { changes, failure, notes, .. }, Phase::Extracting) => {
                self.revise(event, changes)?;
                self.iterations.last_mut().expect("an iteration is under way").extraction_failure = failure.clone();
                if notes.is_some() {
                    self.notes.clone_from(notes);
                }
                self.phase = self.after_lessons();
            }
            (Event::Audited { principle, points, .. }, Phase::Auditing) => {
                if let Err(problem) = self.take_audit(principle, points) {
                    return illegal(problem);
                }
                self.phase = self.after_lessons();
            }
            (Event::IterationClosed { volume }, Phase::Closing) => {
                let (champion, false_exclusion) = (self.champion(), self.false_exclusion());
                let iteration = self.iterations.last_mut().expect("closing an iteration");
                iteration.volume = Some(*volume);
                iteration.false_exclusion = false_exclusion;
                iteration.champion = champion;
                self.phase = Phase::Planning;
            }
            (
                Event::Ended { reason },
                Phase::Calibrating
                | Phase::Planning
                | Phase::Arm(_)
                | Phase::Extracting
                | Phase::Auditing
                | Phase::Closing,
            ) => {
                self.ended = Some(reason.clone());
                self.phase = Phase::Ended;
            }
            (
                Event::Started(_)
                | Event::Calibrated { .. }
                | Event::BundleRegistered { .. }
                | Event::PlanFailed { .. }
                | Event::CandidateWritten { .. }
                | Event::VariantWritten { .. }
                | Event::ExecutorFailed { .. }
                | Event::RepairFailed { .. }
                | Event::CandidateEvaluated { .. }
                | Event::Tested { .. }
                | Event::ArmJudged { .. }
                | Event::ArmSkipped { .. }
                | Event::Tuned { .. }
                | Event::Simplified { .. }
                | Event::Finals { .. }
                | Event::PrinciplesRevised { .. }
                | Event::Audited { .. }
                | Event::IterationClosed { .. }
                | Event::Ended { .. },
                phase,
            ) => return illegal(format!("the campaign is {phase:?}")),
        }
        let iteration = self.iterations.len() as u32;
        self.work.extend(event.work().iter().map(|work| (iteration, work.clone())));
        Ok(())
    }

    /// Says what is wrong with yardsticks, if anything is.
    pub(super) fn check_yardsticks(&self, yardsticks: &Yardsticks) -> Result<(), String> {
        let (spec, seeds) = (self.spec(), yardsticks.reference.seeds());
        let scales = if spec.aim.cost_names().is_some() { SCALES.len() } else { 0 };
        let twins = self.yardsticks.as_ref().map_or(yardsticks.twins.len(), |known| known.twins.len());
        if yardsticks.extremes.len() != spec.extremes.len()
            || yardsticks.scales.len() != scales
            || (twins, yardsticks.twins.is_empty()) != (yardsticks.twins.len(), false)
        {
            return Err("they are not those of the problem".into());
        }
        match yardsticks.all().all(|measured| measured.seeds() == seeds && measured.is_whole(spec)) {
            true => Ok(()),
            false => Err("they were not all measured on one panel".into()),
        }
    }

    /// The score of a measurement on the search panel, and what it is worth.
    pub(super) fn valued(&self, measured: &Measurement) -> (Score, Worth) {
        let score = self.scoring().score(measured);
        let worth = goal::worth(measured, &score, self.yardsticks(), (&self.opened().experiment, self.spec()));
        (score, worth)
    }

    /// Keeps a candidate that nobody wrote before.
    pub(super) fn take_candidate(&mut self, candidate: &Candidate, arm: String, author: Option<String>) {
        let record = CandidateRecord {
            candidate: candidate.clone(),
            position: self.order.len(),
            iteration: self.iterations.len() as u32,
            arm,
            author,
            outcome: None,
            scale: None,
            measurement: None,
            score: None,
            worth: None,
            descriptor: None,
            admissible: false,
            acts_like: None,
            behind: None,
            violations: 0,
        };
        self.order.push(candidate.id.clone());
        self.candidates.insert(candidate.id.clone(), record);
    }

    /// Says what is wrong with what policies are to be held against on further verdict seeds, if anything is: the reference brings
    /// it along.
    fn check_against(&self, policy: &Side, yardsticks: Option<&Yardsticks>) -> Result<(), String> {
        let yardsticks = match (policy, yardsticks) {
            (Side::Reference, Some(yardsticks)) => yardsticks,
            (Side::Reference, None) => return Err("the reference ran without its other scales".into()),
            (_, None) => return Ok(()),
            (_, Some(_)) => return Err("only the reference says what gain costs".into()),
        };
        match yardsticks.drawn == self.drawn_each() {
            true => self.check_yardsticks(yardsticks),
            false => Err(format!("{} of its workloads were drawn and not {}", yardsticks.drawn, self.drawn_each())),
        }
    }

    fn take_against(&mut self, yardsticks: Option<&Yardsticks>) {
        let Some(yardsticks) = yardsticks else { return };
        let against = &mut self.iterations.last_mut().expect("an iteration is under way").against;
        match against {
            Some(known) => known.extend(yardsticks),
            None => *against = Some(yardsticks.clone()),
        }
    }

    /// Adds further verdict seeds to what a policy has run on.
    fn take_test(
        &mut self,
        policy: &Side,
        from: u32,
        outcome: Outcome,
        measurement: Option<&Measurement>,
    ) -> Result<(), String> {
        let rows = self.rows_each(self.bundle());
        let further = match (outcome, measurement) {
            (Outcome::Scored, Some(further)) if further.cells.len() == rows && further.is_whole(self.spec()) => {
                // Seed by seed: a record may have been written by anybody.
                if further.seeds().windows(2).any(|rows| rows[0] != rows[1]) {
                    return Err("it has more seeds in one workload than in another".into());
                }
                Ok(further)
            }
            (Outcome::Scored, _) => return Err("it holds no trials, or not of every workload".into()),
            (outcome, _) => Err(outcome),
        };
        let tests = &self.current().tests;
        let known = tests.iter().position(|test| test.policy == *policy);
        let had = known.map_or(0, |at| tests[at].measured.as_ref().map_or(0, super::verdict::seeds));
        if had != from as usize {
            return Err(format!("it begins after {from} seeds, and {} were run", had));
        }
        if known.is_some_and(|at| tests[at].measured.is_err()) {
            return Err("it failed before".into());
        }
        if let Ok(further) = further {
            self.count_trials(policy, had, had + super::verdict::seeds(further));
            if let Side::Candidate(id) = policy {
                self.take_violations(id, further.violations());
            }
        }
        let tests = &mut self.iterations.last_mut().expect("an iteration is under way").tests;
        match (known, further) {
            (None, further) => {
                tests.push(Tested { policy: policy.clone(), measured: further.cloned() });
            }
            (Some(at), Ok(further)) => {
                let Ok(measured) = &mut tests[at].measured else { unreachable!("it was just looked at") };
                measured.extend(further);
            }
            (Some(at), Err(outcome)) => tests[at].measured = Err(outcome),
        }
        Ok(())
    }

    fn expect_arm(&self, event: &Event, name: &str, at: usize) -> Result<(), IllegalEvent> {
        let expected = &self.bundle().arms[at].name;
        if expected == name {
            return Ok(());
        }
        Err(IllegalEvent {
            event: event.kind(),
            problem: format!("it is about arm `{name}`, the turn is `{expected}`'s"),
        })
    }

    pub(super) fn arm_record(&mut self, at: usize) -> &mut ArmRecord {
        &mut self.iterations.last_mut().expect("an iteration is under way").arms[at]
    }

    fn next_arm(&mut self, at: usize) {
        let last = at + 1 == self.bundle().arms.len();
        self.phase = if last { Phase::Extracting } else { Phase::Arm(at + 1) };
    }

    /// Changes the principles. A constraint that is new is set aside: it is in force once it is audited.
    fn revise(&mut self, event: &Event, changes: &[Change]) -> Result<(), IllegalEvent> {
        let illegal = |problem: String| Err(IllegalEvent { event: event.kind(), problem });
        let mut principles = self.principles.clone();
        let mut proposed = Vec::new();
        for change in changes {
            let id = change.id();
            let known = principles.iter().position(|p| p.id == id);
            match (change, known) {
                (Change::Insert(principle) | Change::Refine(principle), _)
                    if principle.confidence > self.confidence(&principle.evidence) =>
                {
                    return illegal(format!(
                        "principle {id} is called established, and its evidence does not carry that"
                    ));
                }
                (Change::Insert(principle), None) => {
                    proposed.extend(principle.constraint.clone().map(|constraint| (id, constraint, None)));
                    principles.push(Principle { constraint: None, ..principle.clone() });
                }
                (Change::Insert(_), Some(_)) => return illegal(format!("principle {id} exists already")),
                (Change::Refine(principle), Some(at)) => {
                    let before = &principles[at];
                    let in_force = before.constraint.clone().filter(|_| before.status == Status::Active);
                    let new = principle.constraint.clone().filter(|constraint| Some(constraint) != in_force.as_ref());
                    let kept = in_force.is_some().then(|| before.clone());
                    proposed.extend(new.map(|constraint| (id, constraint, kept)));
                    // What was audited stays until what replaces it is, unless nothing replaces it.
                    let constraint = in_force.filter(|_| principle.constraint.is_some());
                    principles[at] = Principle { constraint, ..principle.clone() };
                }
                (Change::Retire { .. }, Some(at)) => {
                    principles[at].status = Status::Retired;
                    proposed.retain(|(other, _, _)| *other != id);
                }
                (Change::Refine(_) | Change::Retire { .. }, None) => {
                    return illegal(format!("there is no principle {id}"));
                }
            }
        }
        self.principles = principles;
        self.iterations.last_mut().expect("an iteration is under way").changes = changes.to_vec();
        for (id, constraint, before) in proposed {
            self.propose(id, constraint, before);
        }
        Ok(())
    }
}

/// The last one who had a hand in it.
fn author(work: &[Work]) -> Option<String> {
    work.last().map(|work| work.by.clone())
}
