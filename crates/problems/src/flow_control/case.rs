//! One workload with one seed: each attempt that comes to the ceilings is a question.

use super::figures;
use crate::seen;
use engine::problem::{Case, Machine};
use limiter::wire::{self, MAX_BANDS, OPEN, Question};
use science::seal::Line;
use science::trial::Trial;
use simulator::flow::{Attempt, FlowControl, Input, Simulation};
use simulator::{Arrival, ClusterConfig, Outcome, Run, Traffic};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A cluster with a queue at the router, and what arrives there.
#[derive(Clone, Debug)]
pub struct FlowCase {
    cluster: Arc<ClusterConfig>,
    flow: Arc<FlowControl>,
    traffic: Traffic,
}

/// Questions for each request, as far as room is kept for them.
const USUAL: usize = 4;

impl FlowCase {
    /// This cluster with this queue under this traffic.
    pub fn new(cluster: Arc<ClusterConfig>, flow: Arc<FlowControl>, traffic: impl Into<Traffic>) -> Self {
        FlowCase { cluster, flow, traffic: traffic.into() }
    }

    /// A run from the start.
    pub fn run(&self) -> FlowRun {
        let simulation = Simulation::new(&self.cluster, &self.flow, self.traffic.clone());
        FlowRun { case: self.clone(), simulation, bands: 0 }
    }

    /// From the start of the measured window to its last arrival; where nothing comes before it, from the first instant.
    fn seconds(&self) -> f64 {
        let window = self.traffic.window();
        let at = |arrival: Option<&Arrival>| arrival.map_or(0, |arrival| arrival.arrival_us);
        let start_us = if self.traffic.measured.start == 0 { 0 } else { at(window.first()) };
        ((at(window.last()) - start_us) as f64 / 1e6).max(1e-6)
    }

    fn mean(&self, value: impl Fn(&Arrival) -> f64) -> f64 {
        let window = self.traffic.window();
        window.iter().map(value).sum::<f64>() / window.len().max(1) as f64
    }
}

/// The priorities of these requests, the highest first.
pub(super) fn priorities(cluster: &ClusterConfig, arrivals: &[Arrival]) -> Vec<i32> {
    let own: BTreeSet<i32> = arrivals.iter().map(|arrival| cluster.priorities.of(&arrival.class)).collect();
    own.into_iter().rev().collect()
}

impl Case for FlowCase {
    /// A limiter draws nothing.
    fn start(&self, _: u64) -> Box<dyn Machine> {
        Box::new(self.run())
    }

    fn questions(&self) -> usize {
        USUAL * self.traffic.arrivals.len()
    }

    fn question_bytes(&self) -> usize {
        wire::HEADER_BYTES + wire::BAND_BYTES * MAX_BANDS
    }

    fn bytes(&self) -> usize {
        Simulation::bytes(&self.cluster, self.traffic.arrivals.len())
    }

    fn describe(&self) -> String {
        let (cluster, seconds) = (&self.cluster, self.seconds());
        let bands = priorities(cluster, self.traffic.window());
        let share =
            |priority: i32| 100.0 * self.mean(|own| f64::from(u8::from(cluster.priorities.of(&own.class) == priority)));
        let shares: Vec<String> =
            bands.iter().map(|priority| format!("{:.0} % of priority {priority}", share(*priority))).collect();
        let age = match cluster.snapshot_interval_us {
            0 => "always fresh".to_owned(),
            us => format!("up to {:.0} ms old", us as f64 / 1000.0),
        };
        format!(
            "{} instances of {}, each on {} GPU with a KV cache of {} tokens and batches of up to {}; readings {age}; {:.1} requests/s for {seconds:.0} s, {}; prompts of {:.0} tokens in the mean, outputs of {:.0}",
            cluster.instances,
            cluster.model.name,
            cluster.tensor_parallel,
            u64::from(cluster.kv_blocks) * u64::from(cluster.block_size),
            cluster.max_num_seqs,
            self.traffic.measured.len() as f64 / seconds,
            shares.join(", "),
            self.mean(|arrival| f64::from(arrival.input_tokens)),
            self.mean(|arrival| f64::from(arrival.output_tokens)),
        )
    }

    fn features(&self) -> Vec<f64> {
        let (cluster, bands) = (&self.cluster, priorities(&self.cluster, self.traffic.window()));
        let critical = |own: &Arrival| bands.first() == Some(&cluster.priorities.of(&own.class));
        vec![
            f64::from(cluster.kv_blocks) * f64::from(cluster.block_size),
            f64::from(cluster.max_num_seqs),
            cluster.snapshot_interval_us as f64 / 1000.0,
            bands.len() as f64,
            self.mean(|arrival| f64::from(u8::from(critical(arrival)))),
            self.traffic.measured.len() as f64 / self.seconds() / f64::from(cluster.instances),
            self.mean(|arrival| f64::from(arrival.input_tokens)),
            self.mean(|arrival| f64::from(arrival.output_tokens)),
            f64::from(u8::from(self.traffic.measured.start > 0)),
        ]
    }
}

/// A run in progress.
pub struct FlowRun {
    case: FlowCase,
    simulation: Simulation,
    /// Bands of the attempt that waits for its ceilings.
    bands: usize,
}

impl FlowRun {
    /// The whole run, request by request.
    pub fn finish(self) -> Run {
        self.simulation.finish()
    }
}

/// What is asked of an attempt: production's inputs, and those that are told besides.
fn question(attempt: &Attempt<'_>, told: &BTreeSet<Input>) -> Question {
    let bands = attempt.priorities.len().min(MAX_BANDS);
    let (mut priorities, mut waiting) = ([0; MAX_BANDS], [0; MAX_BANDS]);
    priorities[..bands].copy_from_slice(&attempt.priorities[..bands]);
    waiting[..bands].copy_from_slice(&attempt.waiting[..bands]);
    let tells = |input: Input| told.contains(&input);
    let in_flight = || attempt.instances.iter().map(|instance| u64::from(instance.in_flight)).sum();
    Question {
        saturation: attempt.saturation,
        age_us: tells(Input::Age).then_some(attempt.reading_age_us),
        in_flight: tells(Input::InFlight).then(in_flight),
        unseen: tells(Input::Unseen).then_some(attempt.dispatched_unseen),
        bands,
        priorities,
        waiting: tells(Input::Waiting).then_some(waiting),
    }
}

impl Machine for FlowRun {
    fn ask(&mut self, bytes: &mut Vec<u8>) -> bool {
        let Some(attempt) = self.simulation.next_open() else { return false };
        self.bands = attempt.priorities.len().min(MAX_BANDS);
        question(&attempt, &self.case.flow.told).write(|piece| bytes.extend_from_slice(piece));
        true
    }

    fn answer(&mut self, answer: &[u8]) -> Result<(), String> {
        let ceilings = wire::ceilings(answer).ok_or_else(|| {
            format!("it answered {} bytes instead of {}, a ceiling for each band", answer.len(), wire::ANSWER_BYTES)
        })?;
        let (own, others) = ceilings.split_at(self.bands);
        if others.iter().any(|ceiling| *ceiling != OPEN) {
            return Err(format!("it answered more ceilings than there are bands, which are {}", own.len()));
        }
        self.simulation.limit(own).map_err(|invalid| format!("it answered what sets no ceilings: {invalid}"))
    }

    /// None if the cluster did not drain, for another reason than that requests were held back.
    fn trial(self: Box<Self>) -> Option<Trial> {
        let FlowRun { case, simulation, .. } = *self;
        let run = simulation.finish();
        let is_left = run.requests.iter().any(|record| record.outcome == Outcome::Waiting);
        let has_drained = run.totals.still_queued + run.totals.still_running == 0;
        (has_drained || is_left).then(|| figures::trial(&case.cluster, &case.traffic, &run))
    }

    fn seen(self: Box<Self>) -> Vec<Line> {
        let FlowRun { case, simulation, .. } = *self;
        let highest = priorities(&case.cluster, case.traffic.window()).first().copied();
        let is_critical = |arrival: &Arrival| Some(case.cluster.priorities.of(&arrival.class)) == highest;
        seen::lines((&case.cluster, &case.traffic), &simulation.finish(), is_critical)
    }
}
