//! Workloads with their seeds, and policies measured on them.

use engine::cores::each;
use engine::panel::{Role, Sealing, Seeds};
use engine::problem::Problem;
use problems::admission::{Admission, trial};
use science::id::Hash;
use science::nonce::Nonce;
use science::trial::Trial;
use simulator::admitters::Builtin;
use simulator::{ClusterConfig, Scenario, Traffic, simulate};
use std::collections::BTreeMap;

/// What a policy does in one trial, against the baseline.
#[derive(Clone, Copy)]
pub(crate) struct Cell {
    /// Improvement, log units.
    pub(crate) y: f64,
    /// Droppable work refused beyond the baseline's, as a share of all of it.
    pub(crate) work: f64,
    /// The same in requests.
    pub(crate) requests: f64,
}

/// `[workload][seed]`.
pub(crate) type Cells = Vec<Vec<Cell>>;

/// Workloads, with the same number of seeds each.
pub(crate) struct Bench {
    pub(crate) names: Vec<String>,
    rows: Vec<Vec<Run>>,
}

/// One workload with one seed.
struct Run {
    cluster: ClusterConfig,
    traffic: Traffic,
    draws: u64,
    baseline: Trial,
}

/// Seeds and workloads of this page are made as those under a seal are.
pub(crate) fn sealing() -> Sealing {
    Sealing { champion: None, meaning: Hash::of(b"the path of the study"), look: 1 }
}

impl Bench {
    pub(crate) fn new(scenarios: &[Scenario], nonce: Nonce, seeds: usize) -> Self {
        let baseline = Builtin::parse("gaie-legacy").expect("it is built in");
        let sealing = sealing();
        let run = |at: usize| {
            let scenario = &scenarios[at / seeds];
            let keys = Seeds::new(nonce, Role::Sealed(&sealing), &scenario.name, at % seeds);
            let mut run = Run {
                cluster: scenario.cluster.clone(),
                traffic: scenario.generated(keys.arrivals),
                draws: keys.draws[0],
                baseline: Trial::default(),
            };
            run.baseline = run.trial(&baseline);
            run
        };
        let mut runs = each(scenarios.len() * seeds, run).expect("no thread panics").into_iter();
        let rows = scenarios.iter().map(|_| runs.by_ref().take(seeds).collect()).collect();
        Bench { names: scenarios.iter().map(|scenario| scenario.name.clone()).collect(), rows }
    }

    pub(crate) fn measure(&self, policy: &Builtin) -> Cells {
        each(self.rows.len(), |row| self.measure_row(row, policy)).expect("no thread panics")
    }

    /// One workload, on this thread.
    pub(crate) fn measure_row(&self, row: usize, policy: &Builtin) -> Vec<Cell> {
        self.rows[row].iter().map(|run| Cell::of(&run.trial(policy), &run.baseline)).collect()
    }
}

impl Cell {
    fn of(trial: &Trial, baseline: &Trial) -> Self {
        let requests = Admission.spec().series.iter().position(|series| series.name == "extra_shed_rate");
        let paired = Admission.pair(trial, baseline, &Admission.spec().prices(&BTreeMap::new()));
        let requests = paired.series[requests.expect("it is a series of the problem")];
        Cell { y: paired.cell.gain, work: paired.cell.cost, requests }
    }
}

impl Run {
    fn trial(&self, policy: &Builtin) -> Trial {
        let run = simulate(&self.cluster, self.traffic.clone(), &mut policy.clone(), self.draws);
        trial(&self.cluster, &self.traffic, &run)
    }
}

/// The mean over workloads, each with the same weight, of the mean over its seeds.
pub(crate) fn mean_of(cells: &[Vec<Cell>], value: impl Fn(&Cell) -> f64) -> f64 {
    let rows = cells.iter().map(|row| row.iter().map(&value).sum::<f64>() / row.len() as f64);
    rows.sum::<f64>() / cells.len() as f64
}
