//! One workload with one seed, and what a run of it says.

use super::groups;
use super::spec::Metric;
use crate::seen;
use admitter::{Decision, wire};
use engine::problem::{Case, Machine};
use science::seal::Line;
use science::trial::Trial;
use simulator::gpu::GpuTime;
use simulator::metrics::percentile;
use simulator::{Arrival, ClusterConfig, Draws, Outcome, Run, Simulation, Traffic};
use std::sync::Arc;

/// A cluster and what arrives there.
#[derive(Clone, Debug)]
pub struct AdmissionCase {
    cluster: Arc<ClusterConfig>,
    traffic: Traffic,
}

impl AdmissionCase {
    /// This cluster under this traffic.
    pub fn new(cluster: Arc<ClusterConfig>, traffic: impl Into<Traffic>) -> Self {
        AdmissionCase { cluster, traffic: traffic.into() }
    }

    /// A run whose draws follow from this.
    pub fn run(&self, draws: u64) -> AdmissionRun {
        let simulation = Simulation::new(&self.cluster, self.traffic.clone());
        AdmissionRun { case: self.clone(), simulation, draws: Draws::new(draws), protected: false }
    }

    /// From the start of the measured window to its last arrival; where nothing comes before it, from the first instant.
    fn seconds(&self) -> f64 {
        let window = self.traffic.window();
        let at = |arrival: Option<&Arrival>| arrival.map_or(0, |arrival| arrival.arrival_us);
        let start_us = if self.traffic.measured.start == 0 { 0 } else { at(window.first()) };
        ((at(window.last()) - start_us) as f64 / 1e6).max(1e-6)
    }

    fn critical_share(&self) -> f64 {
        self.mean(|arrival| u32::from(self.cluster.priorities.of(&arrival.class) >= 0))
    }

    fn mean(&self, value: impl Fn(&Arrival) -> u32) -> f64 {
        let window = self.traffic.window();
        window.iter().map(|arrival| f64::from(value(arrival))).sum::<f64>() / window.len().max(1) as f64
    }
}

/// What production tells of a single request, by the name of the input.
fn told(arrival: &Arrival, input: &str) -> Option<f64> {
    match input {
        "prompt" => Some(f64::from(arrival.input_tokens)),
        "limit" => arrival.hints.max_output_tokens.map(f64::from),
        "prediction" => arrival.hints.predicted_output_tokens,
        _ => None,
    }
}

impl Case for AdmissionCase {
    fn start(&self, draws: u64) -> Box<dyn Machine> {
        Box::new(self.run(draws))
    }

    fn questions(&self) -> usize {
        self.traffic.arrivals.len()
    }

    fn question_bytes(&self) -> usize {
        wire::HEADER_BYTES + wire::INSTANCE_BYTES * usize::from(self.cluster.instances)
    }

    fn bytes(&self) -> usize {
        Simulation::bytes(&self.cluster, self.traffic.arrivals.len())
    }

    fn describe(&self) -> String {
        let (cluster, seconds) = (&self.cluster, self.seconds());
        format!(
            "{} instances of {}, each on {} GPU of {:.0} GiB; {:.1} requests/s for {seconds:.0} s, {:.0} % of them critical; prompts of {:.0} tokens in the mean, outputs of {:.0}",
            cluster.instances,
            cluster.model.name,
            cluster.tensor_parallel,
            cluster.hardware.memory_gib,
            self.traffic.measured.len() as f64 / seconds,
            100.0 * self.critical_share(),
            self.mean(|arrival| arrival.input_tokens),
            self.mean(|arrival| arrival.output_tokens),
        )
    }

    fn features(&self) -> Vec<f64> {
        let (cluster, critical) = (&self.cluster, self.critical_share());
        let told = |told: fn(&Arrival) -> bool| self.mean(|arrival| u32::from(told(arrival)));
        vec![
            f64::from(cluster.kv_blocks) * f64::from(cluster.block_size),
            f64::from(cluster.max_num_seqs),
            critical,
            self.traffic.measured.len() as f64 / self.seconds() / f64::from(cluster.instances),
            self.mean(|arrival| arrival.input_tokens),
            self.mean(|arrival| arrival.output_tokens),
            told(|arrival| arrival.hints.max_output_tokens.is_some()),
            told(|arrival| arrival.hints.predicted_output_tokens.is_some()),
            f64::from(u8::from(self.traffic.measured.start > 0)),
        ]
    }

    /// GPU time for each droppable request of the window.
    fn hindsight(&self, input: &str) -> Vec<[f64; 2]> {
        let gpu = GpuTime::new(&self.cluster);
        let droppable = self.traffic.window().iter().filter(|arrival| self.cluster.priorities.of(&arrival.class) < 0);
        let seen = droppable.filter_map(|arrival| {
            told(arrival, input).map(|told| [told, gpu.of(arrival.input_tokens, arrival.output_tokens)])
        });
        seen.collect()
    }
}

/// A run: each arrival is a question.
pub struct AdmissionRun {
    case: AdmissionCase,
    simulation: Simulation,
    draws: Draws,
    /// Whether the request that waits may not be refused.
    protected: bool,
}

impl AdmissionRun {
    /// The whole run, request by request.
    pub fn finish(self) -> Run {
        self.simulation.finish()
    }
}

impl Machine for AdmissionRun {
    fn ask(&mut self, question: &mut Vec<u8>) -> bool {
        let Some(pending) = self.simulation.next() else { return false };
        self.protected = pending.request.priority >= 0;
        let draw = self.draws.of(pending.index as u64);
        wire::ask(&pending.request, pending.instances, &draw, |piece| question.extend_from_slice(piece));
        true
    }

    fn forced(&self) -> Option<&'static [u8]> {
        self.protected.then_some(&[wire::ADMIT])
    }

    fn answer(&mut self, answer: &[u8]) -> Result<(), String> {
        let decision = match answer {
            [wire::ADMIT] => Decision::Admit,
            [wire::REJECT] => Decision::Reject,
            [other] => return Err(format!("it answered {other}, which is neither admit nor reject")),
            other => return Err(format!("it answered {} bytes instead of one", other.len())),
        };
        self.simulation.decide(decision);
        Ok(())
    }

    /// None if the cluster did not drain.
    fn trial(self: Box<Self>) -> Option<Trial> {
        let AdmissionRun { case, simulation, .. } = *self;
        let run = simulation.finish();
        (run.totals.still_queued + run.totals.still_running == 0).then(|| trial(&case.cluster, &case.traffic, &run))
    }

    fn seen(self: Box<Self>) -> Vec<Line> {
        let AdmissionRun { case, simulation, .. } = *self;
        let is_critical = |arrival: &Arrival| case.cluster.priorities.of(&arrival.class) >= 0;
        seen::lines((&case.cluster, &case.traffic), &simulation.finish(), is_critical)
    }
}

/// What a run that drained says about the critical and the droppable tier of the measured window.
pub fn trial(cluster: &ClusterConfig, traffic: &Traffic, run: &Run) -> Trial {
    let (mut tiers, gpu) = (Tiers::default(), GpuTime::new(cluster));
    let (window, records) = (traffic.window(), &run.requests[traffic.measured.clone()]);
    let third = window.len() / 3;
    let mut droppable: Vec<(&Arrival, bool)> = Vec::new();
    for (at, (arrival, record)) in window.iter().zip(records).enumerate() {
        let refused = record.admitted == Some(false);
        if record.outcome == Outcome::Completed {
            tiers.output_tokens += u64::from(arrival.output_tokens);
        }
        if cluster.priorities.of(&arrival.class) < 0 {
            let gpu_us = gpu.of(arrival.input_tokens, arrival.output_tokens);
            tiers.droppable.add(arrival, gpu_us);
            droppable.push((arrival, !refused));
            if refused {
                tiers.refused.add(arrival, gpu_us);
            }
            continue;
        }
        tiers.protected_rejections += u64::from(refused);
        let (Some(first_token), Some(end)) = (record.ttft_us, record.e2e_us) else { continue };
        tiers.ttft_us.push(first_token as f64);
        tiers.e2e_us.push(end as f64);
        if at < third {
            tiers.first.add(first_token);
        } else if at >= 2 * third {
            tiers.last.add(first_token);
        }
    }
    Trial { served: groups::served(&droppable), ..tiers.trial() }
}

/// What is counted of a run.
#[derive(Default)]
struct Tiers {
    /// Of critical requests that finished.
    ttft_us: Vec<f64>,
    e2e_us: Vec<f64>,
    /// TTFT, µs, of those among the first and the last third of arrivals.
    first: Sum,
    last: Sum,
    protected_rejections: u64,
    /// Droppable requests, and those of them that were refused.
    droppable: Work,
    refused: Work,
    /// Of all requests that finished.
    output_tokens: u64,
}

/// What requests ask for.
#[derive(Default)]
struct Work {
    requests: u64,
    prompt_tokens: u64,
    output_tokens: u64,
    /// As [`GpuTime`] attributes it, µs.
    gpu_us: f64,
}

impl Work {
    fn add(&mut self, arrival: &Arrival, gpu_us: f64) {
        self.requests += 1;
        self.prompt_tokens += u64::from(arrival.input_tokens);
        self.output_tokens += u64::from(arrival.output_tokens);
        self.gpu_us += gpu_us;
    }

    /// Requests, prompt and output tokens together, each of them, GPU time: in the order of the metrics.
    fn values(&self) -> [f64; 5] {
        let tokens = [self.prompt_tokens + self.output_tokens, self.prompt_tokens, self.output_tokens];
        let [work, prompt, output] = tokens.map(|tokens| tokens as f64);
        [self.requests as f64, work, prompt, output, self.gpu_us]
    }
}

#[derive(Default)]
struct Sum {
    sum: u64,
    count: u64,
}

impl Sum {
    fn add(&mut self, value: u64) {
        self.sum += value;
        self.count += 1;
    }

    fn mean(&self) -> f64 {
        self.sum as f64 / self.count.max(1) as f64
    }
}

impl Tiers {
    fn trial(mut self) -> Trial {
        let means = (mean(&self.ttft_us), mean(&self.e2e_us));
        self.ttft_us.sort_by(f64::total_cmp);
        self.e2e_us.sort_by(f64::total_cmp);
        let drifted = self.first.count > 0 && self.last.count > 0;
        let mut trial = Trial::of(vec![0.0; Metric::COUNT]);
        let mut set = |metric: Metric, value: f64| trial.values[metric as usize] = value;
        set(Metric::TtftMean, means.0);
        set(Metric::TtftP90, percentile(&self.ttft_us, 90.0));
        set(Metric::TtftP99, percentile(&self.ttft_us, 99.0));
        set(Metric::E2eMean, means.1);
        set(Metric::E2eP90, percentile(&self.e2e_us, 90.0));
        set(Metric::Drift, if drifted { self.last.mean() / self.first.mean() } else { 1.0 });
        set(Metric::CriticalRequests, self.ttft_us.len() as f64);
        set(Metric::ProtectedRejections, self.protected_rejections as f64);
        let work = Metric::DROPPABLE.into_iter().zip(self.droppable.values());
        work.chain(Metric::REFUSED.into_iter().zip(self.refused.values()))
            .for_each(|(metric, value)| set(metric, value));
        set(Metric::OutputTokens, self.output_tokens as f64);
        trial
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}
