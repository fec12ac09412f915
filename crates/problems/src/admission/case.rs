//! One workload with one seed, and what a run of it says.

use super::spec::Metric;
use admitter::{Decision, wire};
use engine::problem::{Case, Machine};
use science::trial::Trial;
use simulator::metrics::percentile;
use simulator::{Arrival, ClusterConfig, Draws, Run, Simulation};
use std::sync::Arc;

/// A cluster and what arrives there.
#[derive(Clone, Debug)]
pub struct AdmissionCase {
    cluster: Arc<ClusterConfig>,
    arrivals: Arc<[Arrival]>,
}

impl AdmissionCase {
    /// This cluster under these arrivals.
    pub fn new(cluster: Arc<ClusterConfig>, arrivals: Arc<[Arrival]>) -> Self {
        AdmissionCase { cluster, arrivals }
    }

    /// A run whose draws follow from this.
    pub fn run(&self, draws: u64) -> AdmissionRun {
        let simulation = Simulation::new(&self.cluster, Arc::clone(&self.arrivals));
        AdmissionRun { case: self.clone(), simulation, draws: Draws::new(draws) }
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
}

impl Case for AdmissionCase {
    fn start(&self, draws: u64) -> Box<dyn Machine> {
        Box::new(self.run(draws))
    }

    fn questions(&self) -> usize {
        self.arrivals.len()
    }

    fn question_bytes(&self) -> usize {
        wire::HEADER_BYTES + wire::INSTANCE_BYTES * usize::from(self.cluster.instances)
    }

    fn bytes(&self) -> usize {
        Simulation::bytes(&self.cluster, self.arrivals.len())
    }

    fn describe(&self) -> String {
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
}

/// A run: each arrival is a question.
pub struct AdmissionRun {
    case: AdmissionCase,
    simulation: Simulation,
    draws: Draws,
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
        let draw = self.draws.of(pending.index as u64);
        wire::ask(&pending.request, pending.instances, &draw, |piece| question.extend_from_slice(piece));
        true
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
        (run.totals.still_queued + run.totals.still_running == 0).then(|| trial(&case.cluster, &case.arrivals, &run))
    }
}

/// What a run that drained says about the critical and the droppable tier.
pub fn trial(cluster: &ClusterConfig, arrivals: &[Arrival], run: &Run) -> Trial {
    let mut tiers = Tiers::default();
    let third = arrivals.len() / 3;
    for (at, (arrival, record)) in arrivals.iter().zip(&run.requests).enumerate() {
        let refused = record.admitted == Some(false);
        if cluster.priorities.of(&arrival.class) < 0 {
            let work = u64::from(arrival.input_tokens) + u64::from(arrival.output_tokens);
            tiers.droppable.add(work);
            if refused {
                tiers.refused.add(work);
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
    tiers.trial(run.totals.output_tokens)
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
    /// Work, tokens, of droppable requests.
    droppable: Sum,
    refused: Sum,
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
    fn trial(mut self, output_tokens: u64) -> Trial {
        let means = (mean(&self.ttft_us), mean(&self.e2e_us));
        self.ttft_us.sort_by(f64::total_cmp);
        self.e2e_us.sort_by(f64::total_cmp);
        let drifted = self.first.count > 0 && self.last.count > 0;
        let mut trial = Trial { values: vec![0.0; Metric::COUNT] };
        let mut set = |metric: Metric, value: f64| trial.values[metric as usize] = value;
        set(Metric::TtftMean, means.0);
        set(Metric::TtftP90, percentile(&self.ttft_us, 90.0));
        set(Metric::TtftP99, percentile(&self.ttft_us, 99.0));
        set(Metric::E2eMean, means.1);
        set(Metric::E2eP90, percentile(&self.e2e_us, 90.0));
        set(Metric::Drift, if drifted { self.last.mean() / self.first.mean() } else { 1.0 });
        set(Metric::CriticalRequests, self.ttft_us.len() as f64);
        set(Metric::ProtectedRejections, self.protected_rejections as f64);
        set(Metric::DroppableRequests, self.droppable.count as f64);
        set(Metric::DroppableWork, self.droppable.sum as f64);
        set(Metric::RefusedRequests, self.refused.count as f64);
        set(Metric::RefusedWork, self.refused.sum as f64);
        set(Metric::OutputTokens, output_tokens as f64);
        trial
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}
