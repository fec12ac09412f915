//! Trials: what a campaign ran, and what early verdicts spared it.

use crate::words::grouped;
use science::objective::Measurement;
use science::sequence::CAP;
use science::state::{ArmRecord, State};
use serde::Serialize;

/// Trials of a campaign: one policy on one scenario with one seed each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Effort {
    /// On search seeds: yardsticks and candidates.
    pub(crate) search: usize,
    /// On verdict seeds, the baseline's included.
    pub(crate) verdict: usize,
    /// Not run, since an arm was skipped, decided before its last look, or acted like a candidate that was measured.
    pub(crate) spared: usize,
}

/// Counts the trials of a campaign.
pub(crate) fn effort(state: &State) -> Effort {
    let Some(yardsticks) = &state.yardsticks else { return Effort::default() };
    let panel = trials(&yardsticks.reference);
    // Baseline, reference twice, refusing everything, louder and softer.
    let mut effort = Effort { search: 6 * panel, ..Effort::default() };
    for record in state.candidates.values().filter(|record| record.measurement.is_some()) {
        let counted = if record.acts_like.is_some() { &mut effort.spared } else { &mut effort.search };
        *counted += panel;
    }
    let scenarios = yardsticks.reference.cells.len();
    for iteration in &state.iterations {
        let tests = || iteration.tests.iter().filter_map(|test| test.measured.as_ref().ok());
        let baseline = tests().map(trials).max().unwrap_or(0);
        effort.verdict += baseline + tests().map(trials).sum::<usize>();
        effort.spared += iteration.arms.iter().map(|arm| spared(arm, panel, scenarios)).sum::<usize>();
    }
    effort
}

fn spared(arm: &ArmRecord, panel: usize, scenarios: usize) -> usize {
    match (&arm.finding, &arm.skipped) {
        (Some(finding), _) if finding.effect.is_some() => CAP.saturating_sub(finding.seeds) * scenarios,
        (None, Some(_)) => panel + CAP * scenarios,
        _ => 0,
    }
}

fn trials(measurement: &Measurement) -> usize {
    measurement.cells.iter().map(Vec::len).sum()
}

impl Effort {
    /// All of it in one sentence.
    pub(crate) fn sentence(self) -> String {
        let [search, verdict, spared] = [self.search, self.verdict, self.spared].map(|n| grouped(n as u64));
        format!(
            "Trials: {search} on search seeds, {verdict} on verdict seeds; early verdicts and skipped arms spared {spared}."
        )
    }
}
