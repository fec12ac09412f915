//! One workload with one seed, and what a run of it says.

use super::Draws;
use science::profile::Profile;
use science::trial::Trial;
use simulator::admitters::Builtin;
use simulator::cluster::ClusterConfig;
use simulator::metrics::percentile;
use simulator::{Arrival, Run, Simulation, simulate};
use std::sync::Arc;

/// One workload with one seed.
#[derive(Clone, Debug)]
pub(super) struct PanelCell {
    pub(super) cluster: Arc<ClusterConfig>,
    pub(super) arrivals: Arc<[Arrival]>,
    pub(super) draws: [u64; 2],
}

impl PanelCell {
    pub(super) fn start(&self) -> Simulation {
        Simulation::new(&self.cluster, Arc::clone(&self.arrivals))
    }

    pub(super) fn simulate(&self, mut admitter: Builtin, draws: Draws) -> Run {
        simulate(&self.cluster, Arc::clone(&self.arrivals), &mut admitter, self.draws[draws as usize])
    }

    pub(super) fn profile(&self) -> Profile {
        let cluster = &self.cluster;
        Profile {
            droppable_share: 1.0 - self.critical_share(),
            rate: self.arrivals.len() as f64 / self.seconds() / f64::from(cluster.instances),
            kv_capacity: f64::from(cluster.kv_blocks) * f64::from(cluster.block_size),
            prompt_tokens: self.mean(|arrival| arrival.input_tokens),
        }
    }

    pub(super) fn describe(&self) -> String {
        let (cluster, seconds) = (&self.cluster, self.seconds());
        format!(
            "{} instances of {}, each on {} GPU of {:.0} GiB; {:.1} requests/s for {seconds:.0} s, {:.0} % of them critical; prompts of {:.0} tokens in the mean, outputs of {:.0}",
            cluster.instances,
            cluster.model.name,
            cluster.tensor_parallel,
            cluster.hardware.memory_gib,
            self.arrivals.len() as f64 / seconds,
            100.0 * self.critical_share(),
            self.mean(|arrival| arrival.input_tokens),
            self.mean(|arrival| arrival.output_tokens),
        )
    }

    /// From the first instant to the last arrival.
    fn seconds(&self) -> f64 {
        self.arrivals.last().map_or(0.0, |last| last.arrival_us as f64 / 1e6).max(1e-6)
    }

    fn critical_share(&self) -> f64 {
        self.mean(|arrival| u32::from(self.cluster.priorities.of(&arrival.class) >= 0))
    }

    fn mean(&self, value: impl Fn(&Arrival) -> u32) -> f64 {
        self.arrivals.iter().map(|arrival| f64::from(value(arrival))).sum::<f64>() / self.arrivals.len().max(1) as f64
    }

    /// What a run says about the critical and the droppable tier; none if it did not drain.
    pub(super) fn trial(&self, run: &Run) -> Option<Trial> {
        if run.totals.still_queued + run.totals.still_running > 0 {
            return None;
        }
        Some(trial(&self.cluster, &self.arrivals, run))
    }
}

/// What a run that drained says about the critical and the droppable tier.
pub fn trial(cluster: &ClusterConfig, arrivals: &[Arrival], run: &Run) -> Trial {
    let (mut ttft, mut e2e, mut trial) = (Vec::new(), Vec::new(), Trial::default());
    let third = arrivals.len() / 3;
    let (mut first, mut last) = ((0u64, 0u64), (0u64, 0u64));
    for (at, (arrival, record)) in arrivals.iter().zip(&run.requests).enumerate() {
        let refused = record.admitted == Some(false);
        if cluster.priorities.of(&arrival.class) < 0 {
            let work = u64::from(arrival.input_tokens) + u64::from(arrival.output_tokens);
            trial.droppable_requests += 1;
            trial.droppable_work += work;
            trial.refused_requests += u64::from(refused);
            trial.refused_work += if refused { work } else { 0 };
            continue;
        }
        trial.protected_rejections += u64::from(refused);
        let (Some(first_token), Some(end)) = (record.ttft_us, record.e2e_us) else { continue };
        ttft.push(first_token as f64);
        e2e.push(end as f64);
        let tally = if at < third {
            Some(&mut first)
        } else if at >= 2 * third {
            Some(&mut last)
        } else {
            None
        };
        if let Some((sum, count)) = tally {
            *sum += first_token;
            *count += 1;
        }
    }
    let mean_of = |(sum, count): (u64, u64)| sum as f64 / count.max(1) as f64;
    trial.drift = if first.1 > 0 && last.1 > 0 { mean_of(last) / mean_of(first) } else { 1.0 };
    trial.critical_requests = ttft.len() as u64;
    trial.output_tokens = run.totals.output_tokens;
    (trial.ttft_mean_us, trial.e2e_mean_us) = (mean(&ttft), mean(&e2e));
    ttft.sort_by(f64::total_cmp);
    e2e.sort_by(f64::total_cmp);
    (trial.ttft_p90_us, trial.ttft_p99_us) = (percentile(&ttft, 90.0), percentile(&ttft, 99.0));
    trial.e2e_p90_us = percentile(&e2e, 90.0);
    trial
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}
