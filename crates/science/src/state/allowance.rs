//! What is left of the budgets of evaluations and of verdict trials, and an iteration's share of it.

use super::{State, Test};
use crate::bundle::Side;

impl State {
    /// Trials that the campaign's verdicts took so far, the baseline's included.
    pub fn verdict_trials(&self) -> u32 {
        self.iterations.iter().map(|iteration| iteration.verdict_trials).sum()
    }

    /// The even share of the verdict trials that are left for the iteration that comes next; none without a budget.
    pub fn verdict_share(&self) -> Option<u32> {
        let left = self.opened().experiment.budget.verdict_trials?.saturating_sub(self.verdict_trials());
        Some(left / self.iterations_to_come().max(1))
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
    /// An iteration may take twice its even share of what is left: a close call may cost more than others, but not what
    /// all later claims need. To stop here is as good as anywhere: the intervals hold under every rule of stopping.
    pub(super) fn unaffordable(&self, tests: &[Test]) -> Option<String> {
        let budget = self.opened().experiment.budget.verdict_trials?;
        let spent = self.current().verdict_trials;
        let left = budget.saturating_sub(self.verdict_trials() - spent);
        // The one under way is a turn, too.
        let turns = u64::from(self.iterations_to_come()) + 1;
        let share = (2 * u64::from(left) / turns).min(u64::from(left));
        let wanted = u64::from(spent) + self.trials(tests);
        (wanted > share).then(|| {
            format!(
                "a further look does not fit into this iteration's share of the verdict trials ({share} of {budget})"
            )
        })
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
        let baseline = furthest.saturating_sub(self.current().verdict_seeds);
        ((runs + baseline) * self.opened().scenarios.len()) as u64
    }

    /// Counts the trials of a policy that went from `from` to `to` verdict seeds.
    pub(super) fn count_trials(&mut self, policy: &Side, from: usize, to: usize) {
        let taken = self.trials(&[Test { policy: policy.clone(), from, to }]) as u32;
        let iteration = self.iterations.last_mut().expect("an iteration is under way");
        iteration.verdict_trials += taken;
        iteration.verdict_seeds = iteration.verdict_seeds.max(to);
    }
}
