//! The authors' workloads under both policies, in two settings of the simulator.

use crate::published::Quantity;
use crate::statistics::mean;
use engine::cores::each;
use science::keyed;
use simulator::admitters::Builtin;
use simulator::cluster::{ClusterConfig, LatencyKind, Measured, Routing};
use simulator::metrics::percentile;
use simulator::{Run, Scenario, Traffic, simulate};

/// Which simulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setting {
    /// As the authors simulated: BLIS's fitted step times, one instance after the other.
    BlisLike,
    /// Step times fitted to a single GPU, instances at random as on the cluster.
    Calibrated,
}

pub(crate) const SETTINGS: [Setting; 2] = [Setting::Calibrated, Setting::BlisLike];

/// Baseline and treatment.
pub(crate) const POLICIES: [&str; 2] = ["gaie-legacy", "probabilistic"];

impl Setting {
    /// The cluster of a scenario in this setting; `seed` is that of random routing.
    pub(crate) fn cluster(self, cluster: &ClusterConfig, seed: u64) -> ClusterConfig {
        let (latency, routing) = match self {
            Setting::BlisLike => (LatencyKind::TrainedPhysics, Routing::RoundRobin),
            Setting::Calibrated => (LatencyKind::Measured(Measured::H100), Routing::Random),
        };
        ClusterConfig { latency, routing, tie_seed: seed, ..cluster.clone() }
    }
}

/// What a run says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    pub(crate) ttft_p99_ms: f64,
    pub(crate) e2e_mean_ms: f64,
    pub(crate) tps_p50: f64,
    /// Droppable requests that were refused, in %.
    pub(crate) shed_percent: f64,
    /// Output tokens per second of both tiers.
    pub(crate) output_tps: f64,
    pub(crate) preemptions: f64,
    pub(crate) critical_refused: u64,
}

impl Facts {
    pub(crate) fn of(&self, quantity: Quantity) -> f64 {
        match quantity {
            Quantity::TtftP99 => self.ttft_p99_ms,
            Quantity::E2eMean => self.e2e_mean_ms,
            Quantity::TpsP50 => self.tps_p50,
        }
    }
}

/// One workload in one setting: `facts[policy][seed]`.
pub(crate) struct Comparison {
    pub(crate) workload: String,
    pub(crate) setting: Setting,
    pub(crate) facts: [Vec<Facts>; 2],
}

impl Comparison {
    /// The mean over the seeds.
    pub(crate) fn mean(&self, policy: usize, value: impl Fn(&Facts) -> f64) -> f64 {
        mean(self.facts[policy].iter().map(value))
    }

    /// The gain of the treatment, seed by seed.
    pub(crate) fn gains(&self, quantity: Quantity) -> Vec<f64> {
        let pairs = self.facts[0].iter().zip(&self.facts[1]);
        pairs.map(|(baseline, treatment)| quantity.gain(baseline.of(quantity), treatment.of(quantity))).collect()
    }
}

/// All workloads of an experiment in both settings, with this many seeds.
pub(crate) fn compare(scenarios: &[Scenario], seeds: usize) -> Vec<Comparison> {
    let runs = each(scenarios.len() * SETTINGS.len() * POLICIES.len() * seeds, |job| {
        let (job, seed) = (job / seeds, (job % seeds) as u64);
        let (job, policy) = (job / POLICIES.len(), POLICIES[job % POLICIES.len()]);
        let (scenario, setting) = (&scenarios[job / SETTINGS.len()], SETTINGS[job % SETTINGS.len()]);
        let key = |purpose: &str| keyed::seed(&["fidelity", purpose, &scenario.name], seed);
        let traffic = scenario.generated(key("arrivals"));
        let cluster = setting.cluster(&scenario.cluster, key("routing"));
        let mut admitter = Builtin::parse(policy).expect("is built in");
        let run = simulate(&cluster, traffic.clone(), &mut admitter, key("draws"));
        facts(&cluster, &traffic, &run)
    })
    .expect("no thread panics");
    let mut runs = runs.chunks(seeds).map(<[Facts]>::to_vec);
    let mut comparisons = Vec::new();
    for scenario in scenarios {
        for setting in SETTINGS {
            let facts = [(); 2].map(|()| runs.next().expect("one run for each"));
            comparisons.push(Comparison { workload: scenario.name.clone(), setting, facts });
        }
    }
    comparisons
}

fn facts(cluster: &ClusterConfig, traffic: &Traffic, run: &Run) -> Facts {
    let (mut ttft, mut e2e, mut tps) = (Vec::new(), Vec::new(), Vec::new());
    let (mut droppable, mut shed, mut critical_refused) = (0.0, 0.0, 0);
    for (arrival, record) in traffic.window().iter().zip(&run.requests[traffic.measured.clone()]) {
        let refused = record.admitted == Some(false);
        if cluster.priorities.of(&arrival.class) < 0 {
            droppable += 1.0;
            shed += f64::from(u8::from(refused));
            continue;
        }
        critical_refused += u64::from(refused);
        if let (Some(first_us), Some(end_us)) = (record.ttft_us, record.e2e_us) {
            ttft.push(first_us as f64 / 1e3);
            e2e.push(end_us as f64 / 1e3);
            tps.push(f64::from(arrival.output_tokens) / (end_us as f64 / 1e6));
        }
    }
    let e2e_mean_ms = mean(e2e);
    ttft.sort_by(f64::total_cmp);
    tps.sort_by(f64::total_cmp);
    Facts {
        ttft_p99_ms: percentile(&ttft, 99.0),
        e2e_mean_ms,
        tps_p50: percentile(&tps, 50.0),
        shed_percent: 100.0 * shed / droppable,
        output_tps: run.totals.output_tokens as f64 / (run.totals.duration_us as f64 / 1e6),
        preemptions: run.totals.preemptions as f64,
        critical_refused,
    }
}
