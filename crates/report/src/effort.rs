//! Trials: what a campaign ran, and what early verdicts spared it.

use crate::words::grouped;
use science::outcome::Outcome;
use science::state::{ArmRecord, State, Tuning};
use science::stopping;
use science::tuner::goal::Worth;
use science::yardsticks::policies;
use serde::Serialize;

/// Trials of a campaign: one policy on one scenario with one seed each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Effort {
    /// On search seeds: yardsticks, candidates, and the points at which constants were tuned.
    pub(crate) search: usize,
    /// On search seeds as well, to audit constraints; outside of the budget of evaluations.
    pub(crate) audit: usize,
    /// On verdict seeds, the baseline's included.
    pub(crate) verdict: usize,
    /// On seeds and workloads of the finals, the baseline's and the reference's included.
    pub(crate) finals: usize,
    /// The most that verdicts may take.
    pub(crate) verdict_budget: Option<u32>,
    /// Not run, since an arm was skipped or decided before its last look.
    pub(crate) spared: usize,
}

/// Counts the trials of a campaign.
pub(crate) fn effort(state: &State) -> Effort {
    let Some(yardsticks) = &state.yardsticks else { return Effort::default() };
    let panel = yardsticks.reference.trials();
    let mut effort = Effort {
        search: policies(state.spec(), yardsticks.twins.len()).len() * panel,
        audit: state.audit_trials(),
        verdict: state.verdict_trials() as usize,
        finals: state.finals.as_ref().map_or(0, |finals| finals.trials),
        verdict_budget: state.opened().experiment.budget.verdict_trials,
        ..Effort::default()
    };
    effort.search += panel * state.candidates.values().filter(|record| record.measurement.is_some()).count();
    effort.search += panel * state.tunings().map(measured).sum::<usize>();
    let taken_apart = state.simplification.iter().flat_map(|simplification| &simplification.tried);
    effort.search += panel * taken_apart.filter(|tried| tried.outcome == Outcome::Scored).count();
    let replaced = state.iterations.iter().flat_map(|iteration| &iteration.asked);
    effort.search += panel * replaced.filter(|replaced| replaced.outcome == Outcome::Scored).count();
    let part: usize = stopping::part(yardsticks.reference.cells.len())
        .into_iter()
        .map(|workload| yardsticks.reference.cells[workload].len())
        .sum();
    effort.search += part * state.stopped as usize;
    for iteration in &state.iterations {
        let each = iteration.bundle.as_ref().map_or(0, |bundle| state.rows_each(bundle));
        let predictions = iteration.bundle.iter().flat_map(|bundle| &bundle.arms).map(|arm| &arm.prediction);
        let most = predictions.map(|prediction| state.sequence(prediction.is_about_all()).last());
        effort.spared +=
            iteration.arms.iter().zip(most).map(|(arm, most)| spared(arm, panel, each, most)).sum::<usize>();
    }
    effort
}

/// Points of a tuning that were run: what a principle forbids, or what failed, took no trials to its end.
fn measured(tuning: &Tuning) -> usize {
    tuning.tried.iter().filter(|tried| tried.value > Worth::NOTHING.value()).count()
}

/// Trials that an arm did not take of its panel and of its `most` verdict seeds with so many trials each.
fn spared(arm: &ArmRecord, panel: usize, each: usize, most: usize) -> usize {
    match &arm.finding {
        Some(finding) if finding.effect.is_some() => most.saturating_sub(finding.seeds) * each,
        None if arm.is_spared() => panel + most * each,
        _ => 0,
    }
}

impl Effort {
    /// All of it in one sentence.
    pub(crate) fn sentence(self) -> String {
        let budget = self.verdict_budget.map_or_else(String::new, |most| format!(" of {}", grouped(u64::from(most))));
        let [search, verdict, spared] = [self.search, self.verdict, self.spared].map(|n| grouped(n as u64));
        let some = |n: usize, of: &str| if n == 0 { String::new() } else { format!("{} {of}, ", grouped(n as u64)) };
        let (audit, finals) = (some(self.audit, "on audits of constraints"), some(self.finals, "in the finals"));
        format!(
            "Trials: {search} on search seeds, {audit}{finals}{verdict}{budget} on verdict seeds; early verdicts and skipped arms spared {spared}."
        )
    }
}
