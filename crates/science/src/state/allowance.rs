//! What is left of the budgets of evaluations and of verdict trials, and an iteration's share of it.

use super::{State, Test};
use crate::bundle::Side;
use crate::effect;
use crate::objective::Measurement;
use crate::sequence::DRAWN;
use crate::spec::Metric;
use crate::stats::standard_deviation;

impl State {
    /// Trials that the campaign's verdicts took so far, the baseline's included.
    pub fn verdict_trials(&self) -> u32 {
        self.iterations.iter().map(|iteration| iteration.verdict_trials).sum()
    }

    /// Trials that the verdicts of the iteration that comes next may take; none without a budget.
    pub fn verdict_share(&self) -> Option<u32> {
        let left = self.opened().experiment.budget.verdict_trials?.saturating_sub(self.verdict_trials());
        Some(self.share(left, self.iterations_to_come().max(1)))
    }

    /// Evaluations that the budget still holds; none without a budget.
    pub fn evaluations_left(&self) -> Option<u32> {
        Some(self.opened().experiment.budget.evaluations?.saturating_sub(self.evaluations))
    }

    /// The even share of the evaluations that are left for the iteration that comes next; none without a budget.
    pub fn evaluation_share(&self) -> Option<u32> {
        Some(self.evaluations_left()? / self.iterations_to_come().max(1))
    }

    /// Iterations that were planned and have not begun.
    pub(super) fn iterations_to_come(&self) -> u32 {
        self.opened().experiment.iterations.saturating_sub(self.iterations.len() as u32)
    }

    /// Why a look that takes `tests` is not taken, if the budget of verdict trials does not reach for it.
    ///
    /// To stop here is as good as anywhere: the intervals hold under every rule of stopping.
    pub(super) fn unaffordable(&self, tests: &[Test]) -> Option<String> {
        let budget = self.opened().experiment.budget.verdict_trials?;
        let spent = self.current().verdict_trials;
        let left = budget.saturating_sub(self.verdict_trials() - spent);
        // The one under way is a turn, too.
        let share = self.share(left, self.iterations_to_come() + 1);
        let wanted = u64::from(spent) + self.trials(tests);
        (wanted > u64::from(share)).then(|| {
            format!(
                "a further look does not fit into this iteration's share of the verdict trials ({share} of {budget})"
            )
        })
    }

    /// Trials that a claim about all that is asked takes on each verdict seed: those of the baseline, the reference and all that comes
    /// with it, and of so many candidates.
    pub fn trials_each(&self, candidates: usize) -> usize {
        let rows = if self.drawn_each() > 0 { self.drawn_each() } else { self.opened().scenarios.len() };
        (1 + self.yardsticks().all().count() + candidates) * rows
    }

    /// The spread over verdict seeds of what one policy is worth beyond another, or beyond the reference, as far as the search panel
    /// tells.
    pub fn spread_of_worth(&self, left: &Measurement, right: Option<&Measurement>) -> f64 {
        let (yardsticks, aim) = (self.yardsticks(), &self.spec().aim);
        if self.drawn_each() == 0 {
            let all: Vec<usize> = yardsticks.claimed().rows.collect();
            let chance = effect::chance(yardsticks, &Metric::Worth(aim.worth_name()), &all, self.spec());
            return chance / (all.len() as f64).sqrt();
        }
        let right = right.map_or_else(|| vec![0.0; yardsticks.drawn], |right| yardsticks.parts(right, aim));
        let apart = yardsticks.parts(left, aim).into_iter().zip(right).map(|(left, right)| left - right);
        standard_deviation(&apart.collect::<Vec<f64>>()) / (DRAWN as f64).sqrt()
    }

    /// What an iteration may take of what is left for so many: twice its even share, since a close call may cost more than others, but not
    /// the first looks of later ones.
    fn share(&self, left: u32, turns: u32) -> u32 {
        let first = (self.trials_each(1) * self.sequence(true).looks()[0]) as u32;
        let others = left.saturating_sub((turns - 1).saturating_mul(first));
        (2 * u64::from(left) / u64::from(turns)).min(u64::from(others.max(left / turns))) as u32
    }

    /// Trials that `tests` take, the baseline's on new seeds included.
    fn trials(&self, tests: &[Test]) -> u64 {
        // The reference brings its twins, its other scales and what bounds it.
        let policies = |test: &Test| match test.policy {
            Side::Reference => self.yardsticks().all().count(),
            _ => 1,
        };
        let runs: usize = tests.iter().map(|test| (test.to - test.from) * policies(test)).sum();
        let furthest = tests.iter().map(|test| test.to).max().unwrap_or(0);
        let baseline = furthest.saturating_sub(self.current().verdict_steps.last().copied().unwrap_or(0));
        ((runs + baseline) * self.rows_each(self.bundle())) as u64
    }

    /// Counts the trials of a policy that went from `from` to `to` verdict seeds.
    pub(super) fn count_trials(&mut self, policy: &Side, from: usize, to: usize) {
        let taken = self.trials(&[Test { policy: policy.clone(), from, to }]) as u32;
        let iteration = self.iterations.last_mut().expect("an iteration is under way");
        iteration.verdict_trials += taken;
        if *policy == Side::Reference {
            iteration.verdict_steps.push(to);
        }
    }
}
