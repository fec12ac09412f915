//! What agents may be told of a panel's workloads; each is told of by its first seed.

use super::{Panel, PanelCell};
use agents::Turnout;
use science::stats::mean;

impl Panel {
    /// What arrives in each scenario of the study and where, in words: what whoever designs a policy may know of it.
    pub fn workloads(&self) -> Vec<String> {
        self.firsts().take(self.rows.len() - self.drawn).map(|cell| cell.case.describe()).collect()
    }

    /// What its workloads are told apart by.
    pub fn features(&self) -> Vec<Vec<f64>> {
        self.firsts().map(|cell| cell.case.features()).collect()
    }

    /// What an input told of requests and what they turned out to cost, over the mean of their workload.
    pub(crate) fn hindsight(&self, input: &str) -> Vec<Turnout> {
        let workload = |cell: &PanelCell| {
            let seen = cell.case.hindsight(input);
            let mean = mean(&seen.iter().map(|[_, cost]| *cost).collect::<Vec<_>>());
            let turnout = move |[signal, cost]: [f64; 2]| Turnout { signal, cost: cost / mean };
            seen.into_iter().filter(move |_| mean > 0.0).map(turnout)
        };
        self.firsts().flat_map(workload).collect()
    }
}
