//! How an arm comes by its verdict: on fresh seeds, look by look.

use super::{Action, State, Test};
use crate::bundle::{Arm, ArmKind, Bundle, Prediction, Side};
use crate::defect::Defect;
use crate::effect::{self, Comparison, Effects};
use crate::id::CandidateId;
use crate::judge::{self, Finding};
use crate::objective::{Measurement, Yardsticks};
use crate::outcome::Outcome;
use crate::sequence::{DRAWN, Sequence};
use crate::stats::Interval;

/// The sides of an arm's claim: what ran on the verdict seeds, or is to run. The baseline needs no run of its own.
struct Sides {
    left: Side,
    right: Vec<Side>,
    parent: Side,
}

impl State {
    /// The verdict on an arm whose candidate was evaluated, or the test that it still takes.
    pub(super) fn judge(&self, at: usize, candidate: &CandidateId) -> Result<Finding, Action> {
        if let Some(defect) = self.defect(at).filter(Defect::invalidates) {
            return Ok(judge::invalid(defect.words(self.spec())));
        }
        let arm = &self.bundle().arms[at];
        let sides = match self.sides(arm, candidate) {
            Ok(sides) => sides,
            Err(reason) => return Ok(judge::invalid(reason)),
        };
        if let Some((side, outcome)) = sides.policies().into_iter().find_map(|policy| self.failed(policy)) {
            let (side, outcome) = (super::describe(&side), outcome.as_str());
            return Ok(judge::invalid(format!("{side} ended as {outcome} on the verdict seeds")));
        }
        if let Some(reason) = sides.policies().iter().find_map(|policy| self.violated(policy)) {
            return Ok(judge::invalid(reason));
        }
        let mut before = None;
        let looks = self.sequence(arm.prediction.is_about_all()).looks();
        for (number, look) in looks.into_iter().enumerate() {
            let tests = self.in_steps(self.lacking(&sides, look));
            if !tests.is_empty() {
                let hopeless = || self.out_of_reach(&sides, &arm.prediction, before.as_ref());
                return match self.unaffordable(&tests).or_else(hopeless) {
                    Some(reason) => Ok(judge::broken_off(before.as_ref(), reason)),
                    None => Err(Action::Test { tests }),
                };
            }
            let effects = self.comparison(&sides).effects(&arm.prediction, look);
            if arm.kind != ArmKind::ControlNegative && effects.are_nothing() {
                return Ok(judge::invalid("not exercised: in every workload both sides decide exactly alike".into()));
            }
            if let Some(mut finding) = judge::judge(&arm.prediction, &effects, number + 1 == looks.len()) {
                // No seed changes what a trace brings: what varies is the policies' draws, which no interval should pass for more.
                if self.opened().one_trace() {
                    finding.effect = finding.effect.map(|i| Interval { low: i.estimate, high: i.estimate, ..i });
                }
                return Ok(finding);
            }
            before = Some(effects);
        }
        unreachable!("the last look decides")
    }

    /// What has to run for a look.
    fn lacking(&self, sides: &Sides, look: usize) -> Vec<Test> {
        let lacking = |policy: Side| {
            let from = self.tested(&policy).and_then(Result::ok).map_or(0, seeds);
            (from < look).then_some(Test { policy, from, to: look })
        };
        sides.policies().into_iter().filter_map(lacking).collect()
    }

    /// Tests by the steps that the reference has taken, one step at a time: what it and its other scales did there is known, and arms
    /// whose claims are looked at after other numbers of seeds share it.
    fn in_steps(&self, mut tests: Vec<Test>) -> Vec<Test> {
        let steps = &self.current().verdict_steps;
        for test in &mut tests {
            test.to = steps.iter().copied().find(|end| *end > test.from).unwrap_or(test.to);
        }
        tests
    }

    /// Why a claim that is open after some looks is left so, if no look that the budget of verdict trials reaches for is
    /// likely to decide it: what it would take serves later claims.
    fn out_of_reach(&self, sides: &Sides, prediction: &Prediction, before: Option<&Effects>) -> Option<String> {
        let affordable = |look: &usize| self.unaffordable(&self.lacking(sides, *look)).is_none();
        let furthest = self.sequence(prediction.is_about_all()).looks().into_iter().rev().find(affordable)?;
        let hopeless = !judge::within_reach(prediction, before?, furthest);
        (hopeless && self.opened().experiment.budget.verdict_trials.is_some()).then(|| {
            format!(
                "even {furthest} seeds, all that this iteration's share of the verdict trials allows, would hardly decide"
            )
        })
    }

    /// Who is compared, by candidates instead of arms; says why nothing can be, where that is so.
    fn sides(&self, arm: &Arm, candidate: &CandidateId) -> Result<Sides, String> {
        let resolved =
            |side: &Side| self.resolved(side).ok_or_else(|| format!("{} was not scored", super::describe(side)));
        let left = Side::Candidate(candidate.clone());
        let mut right: Vec<Side> = arm.prediction.against.iter().map(resolved).collect::<Result<_, _>>()?;
        let parent = resolved(&self.bundle().parent)?;
        let uses_parent = right.len() > 1;
        for side in right.iter().chain([&left]).chain(uses_parent.then_some(&parent)) {
            let measured = self.measured(side)?;
            if arm.prediction.metric == self.spec().aim.worth_name().name {
                self.comparable(side, measured)?;
            }
        }
        match (arm.kind, right.as_mut_slice()) {
            // An ablation's effect is the full design less this arm.
            (ArmKind::Ablation, [full]) => {
                let full = full.clone();
                Ok(Sides { left: full, right: vec![left], parent })
            }
            _ => Ok(Sides { left, right, parent }),
        }
    }

    /// A side by its candidate instead of its arm; none for an arm without one.
    pub(super) fn resolved(&self, side: &Side) -> Option<Side> {
        match side {
            Side::Arm(name) => {
                let (at, _) = self.bundle().arm(name)?;
                self.current().arms[at].candidate.clone().map(Side::Candidate)
            }
            Side::Baseline | Side::Reference | Side::Candidate(_) => Some(side.clone()),
        }
    }

    /// Says why nothing can be said of what a side is worth, if so: decided on the search seeds, before anything is spent on it.
    fn comparable(&self, side: &Side, measured: Option<&Measurement>) -> Result<(), String> {
        let Some(measured) = measured else {
            return Err("the baseline does not compare: it gains nothing".into());
        };
        let panel = self.yardsticks();
        if panel.worth(measured, &self.spec().aim).is_some() {
            return Ok(());
        }
        let points = (measured.gain() - panel.reference.gain()) * 100.0;
        Err(format!(
            "the {} of {} lies {points:+.1} points from the reference's, or where the reference would pay next to nothing for it: \
             costs do not compare there, and a tunable `scale` would have set it right",
            self.spec().aim.gain_name().name,
            super::describe(side),
        ))
    }

    fn comparison(&self, sides: &Sides) -> Comparison<'_> {
        let measured = |side: &Side| self.tested(side).and_then(Result::ok);
        let against = self.current().against.as_ref().expect("the reference was tested");
        Comparison {
            right: sides.right.iter().map(measured).collect(),
            parent: measured(&sides.parent),
            ..self.compared(measured(&sides.left).expect("the arm was tested"), against)
        }
    }

    /// A policy that ran on the verdict seeds, to be compared with others.
    pub(super) fn compared<'a>(&'a self, left: &'a Measurement, against: &'a Yardsticks) -> Comparison<'a> {
        Comparison {
            left,
            right: Vec::new(),
            parent: None,
            against,
            yardsticks: self.yardsticks(),
            scenarios: &self.opened().scenarios,
            ran: self.tested_on(),
            spec: self.spec(),
        }
    }

    /// What the reference paid on the drawn workloads of an iteration's verdicts over what it paid on those of the search panel, which a
    /// saving there is a share of; none where nothing is paid, or nothing was tested.
    pub fn paid_there(&self, iteration: usize) -> Option<f64> {
        self.spec().aim.cost_names()?;
        let against = self.iterations.get(iteration)?.against.as_ref().filter(|against| against.drawn > 0)?;
        let [there, here] =
            [against, self.yardsticks()].map(|yardsticks| effect::paid(yardsticks, yardsticks.population().rows));
        Some(there / here)
    }

    /// The scenarios that the verdict seeds of the bundle under way bring, by their positions.
    pub fn tested_on(&self) -> Vec<usize> {
        self.bundle().tested_on(&self.opened().scenarios, self.drawn_each() > 0)
    }

    /// What the values of a claim are of: one about all that is asked, or one about scenarios.
    pub fn sequence(&self, is_about_all: bool) -> Sequence {
        Sequence::of(self.drawn_each(), is_about_all)
    }

    /// Workloads that each verdict seed draws; known once the campaign is calibrated.
    pub fn drawn_each(&self) -> usize {
        if self.yardsticks.as_ref().is_some_and(|known| known.drawn > 0) { DRAWN } else { 0 }
    }

    /// Trials that a policy takes on each verdict seed of a bundle.
    pub fn rows_each(&self, bundle: &Bundle) -> usize {
        let drawn = self.drawn_each();
        bundle.tested_on(&self.opened().scenarios, drawn > 0).len() + drawn
    }

    /// The policy with what became of it, if it broke off on the verdict seeds.
    fn failed(&self, policy: Side) -> Option<(Side, Outcome)> {
        let outcome = self.tested(&policy)?.err()?;
        Some((policy, outcome))
    }

    /// Says so if a candidate did what it must never do on verdict seeds, of this iteration or of an earlier one.
    fn violated(&self, policy: &Side) -> Option<String> {
        let Side::Candidate(id) = policy else { return None };
        let count = self.candidates.get(id)?.violations;
        let (who, did) = (super::describe(policy), self.spec().violated(count));
        (count > 0).then(|| format!("{who} {did} outside of the search panel"))
    }

    /// What a policy did on the verdict seeds of the iteration; none if it did not run yet.
    pub(super) fn tested(&self, policy: &Side) -> Option<Result<&Measurement, Outcome>> {
        let test = self.current().tests.iter().find(|test| test.policy == *policy)?;
        Some(test.measured.as_ref().map_err(|outcome| *outcome))
    }
}

impl Sides {
    /// Everybody who has to run: the reference always does, since a saving is one against it.
    fn policies(&self) -> Vec<Side> {
        let mut policies = vec![Side::Reference, self.left.clone()];
        let parent = (self.right.len() > 1).then_some(&self.parent);
        for side in self.right.iter().chain(parent) {
            if *side != Side::Baseline && !policies.contains(side) {
                policies.push(side.clone());
            }
        }
        policies
    }
}

/// Seeds of a measurement.
pub(super) fn seeds(measurement: &Measurement) -> usize {
    measurement.cells.first().map_or(0, Vec::len)
}
