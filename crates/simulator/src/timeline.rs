//! The state of the instances over time, by replaying a finished run.
//!
//! Once it is known which request went to which instance and when, instances have nothing to do with each other: each is
//! replayed as a cluster of one, with *probes* at the times of interest, which are requests that are refused at once and so
//! change nothing. The samples are therefore the true state, not the view of the router, which is up to `snapshot_interval_us`
//! old; and a run of which nobody wants a timeline pays nothing for it.

use admitter::Decision;

use crate::cluster::ClusterConfig;
use crate::hints::Hints;
use crate::run::Run;
use crate::simulation::Simulation;
use crate::slo::Class;
use crate::trace::Arrival;

/// The state of one instance at one time; what happens at this very time is not yet in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// When, in µs since the start of the run.
    pub time_us: u64,
    /// Which instance.
    pub instance: u16,
    /// Requests in its wait queue.
    pub waiting: u32,
    /// Requests in its batch.
    pub running: u32,
    /// Requests routed to it and not yet finished.
    pub in_flight: u32,
    /// Share of its KV blocks in use, 0 to 1.
    pub kv_utilization: f64,
}

impl Sample {
    /// Its part in the saturation signal of the llm-d router, with the thresholds of production; the signal is the mean
    /// over the instances, and the legacy gate closes at 1.
    pub fn saturation(&self) -> f64 {
        let seen = admitter::Instance {
            waiting: self.waiting,
            running: self.running,
            in_flight: self.in_flight,
            kv_utilization: self.kv_utilization,
            metrics_age_us: 0,
            kv_capacity_tokens: 0,
        };
        admitter::Cluster { instances: &[seen] }.saturation(5.0, 0.8)
    }
}

/// How often samples are taken, in µs: as often as llm-d's router reads its metrics.
const INTERVAL_US: u64 = 50_000;
/// About the most samples of all instances together; longer runs have longer intervals.
const MAX_SAMPLES: u64 = 200_000;

/// The time between two samples of an instance, in µs: 50 ms, or more where this would be more than some 200,000 samples
/// of all instances.
pub fn interval_us(run: &Run, instances: u16) -> u64 {
    INTERVAL_US.max(run.totals.duration_us.div_ceil(MAX_SAMPLES / u64::from(instances)))
}

/// Replays a run and calls `look` with each sample: time by time from 0 until the run has ended or reached its horizon,
/// instance by instance. Stops at the first error that `look` returns.
pub fn replay<E>(
    cluster: &ClusterConfig,
    arrivals: &[Arrival],
    run: &Run,
    mut look: impl FnMut(Sample) -> Result<(), E>,
) -> Result<(), E> {
    let interval_us = interval_us(run, cluster.instances);
    let times = 1 + run.totals.duration_us.div_ceil(interval_us);
    let mut replays: Vec<Replay> =
        (0..cluster.instances).map(|index| Replay::new(cluster, arrivals, run, index, interval_us, times)).collect();
    for n in 0..times {
        for replay in &mut replays {
            if let Some(sample) = replay.until_probe(n * interval_us) {
                look(sample)?;
            }
        }
    }
    Ok(())
}

/// One instance, by itself.
struct Replay {
    index: u16,
    simulation: Simulation,
}

/// What happens at the gateway, by request, in the order of time; nothing else arrives.
pub(crate) struct Script {
    /// Requests that are asked about.
    pub(crate) admissions: Vec<(u64, u32)>,
    /// Requests that are sent to an instance.
    pub(crate) routings: Vec<(u64, u32)>,
    /// Requests that are taken back.
    pub(crate) evictions: Vec<(u64, u32)>,
}

impl Replay {
    fn new(cluster: &ClusterConfig, arrivals: &[Arrival], run: &Run, index: u16, interval_us: u64, times: u64) -> Self {
        let alone = ClusterConfig { instances: 1, snapshot_interval_us: 0, ..cluster.clone() };
        let mut ours = Vec::new();
        let mut script = Script { admissions: Vec::new(), routings: Vec::new(), evictions: Vec::new() };
        for (row, time_us) in routed(cluster, arrivals, run) {
            let record = &run.requests[row];
            if record.instance != Some(index) {
                continue;
            }
            let id = ours.len() as u32;
            ours.push(arrivals[row].clone());
            script.routings.push((time_us, id));
            let removed_us = run.passages.as_ref().and_then(|passages| passages.requests[row].removed_us);
            script.evictions.extend(removed_us.map(|removed_us| (removed_us, id)));
        }
        script.evictions.sort_unstable();
        let requests = ours.len() as u32;
        script.admissions.extend((0..times).map(|n| (n * interval_us, requests + n as u32)));
        ours.extend(script.admissions.iter().map(|&(time_us, _)| probe(time_us)));
        Replay { index, simulation: Simulation::scripted(&alone, ours, script) }
    }

    /// Runs to the next probe, which lies at this time; `None` if the horizon comes first.
    fn until_probe(&mut self, time_us: u64) -> Option<Sample> {
        let pending = self.simulation.next()?;
        debug_assert!(pending.request.now_us == time_us);
        let seen = pending.instances[0];
        self.simulation.decide(Decision::Reject);
        Some(Sample {
            time_us,
            instance: self.index,
            waiting: seen.waiting,
            running: seen.running,
            in_flight: seen.in_flight,
            kv_utilization: seen.kv_utilization,
        })
    }
}

/// The rows of the requests that may have been routed, and when they were, in this order.
fn routed(cluster: &ClusterConfig, arrivals: &[Arrival], run: &Run) -> Vec<(usize, u64)> {
    if let Some(passages) = &run.passages {
        let time_us = |row: usize| passages.requests[row].dispatch_us.unwrap_or(0) + cluster.routing_latency_us;
        return passages.dispatched.iter().map(|&row| (row as usize, time_us(row as usize))).collect();
    }
    let delay_us = cluster.admission_latency_us + cluster.routing_latency_us;
    let mut routed: Vec<(usize, u64)> =
        arrivals.iter().enumerate().map(|(row, arrival)| (row, arrival.arrival_us + delay_us)).collect();
    routed.sort_by_key(|&(_, time_us)| time_us);
    routed
}

fn probe(arrival_us: u64) -> Arrival {
    Arrival {
        arrival_us,
        class: Class::default(),
        input_tokens: 1,
        output_tokens: 0,
        deadline_us: None,
        prefix: None,
        hints: Hints::default(),
    }
}
