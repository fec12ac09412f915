//! What a cluster can serve at most.

use simulator::admitters::Builtin;
use simulator::metrics::percentile;
use simulator::run::Record;
use simulator::sampler::{ArrivalProcess, Length};
use simulator::workload::{Client, GeneratedWorkload, generate};
use simulator::{Arrival, ClusterConfig, simulate};

/// Every cluster meets the same lengths: an estimate that depended on luck would add to the luck of the draw.
const SEED: u64 = 0;
/// Requests over the largest batch: what is measured begins and ends with full batches, and requests of the first one no
/// longer end together.
const BATCHES: u64 = 5;

/// What a cluster does at steady state, when each instance always finds as many requests in its queue as it can take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Saturated {
    /// Requests per second that it completes.
    pub rate: f64,
    /// How long nine of ten requests take at most from their first token to the last, in full batches; seconds.
    pub stay_s: f64,
}

/// Requests of these lengths that a cluster completes per second when it is saturated.
pub fn saturated_rate(cluster: &ClusterConfig, prompt: &Length, output: &Length) -> f64 {
    let client = Client {
        slo_class: "critical".into(),
        fraction: 1.0,
        arrival: ArrivalProcess::Constant {},
        input: prompt.clone(),
        output: output.clone(),
        max_output_tokens: None,
        prefix_share: None,
        rate_steps: vec![],
    };
    saturated(cluster, &[client]).rate
}

/// The same for the requests of these clients, whose classes and arrivals do not matter: the rate at which one instance completes
/// the middle half of a pile of requests that were all there at the start, times the number of instances.
pub fn saturated(cluster: &ClusterConfig, clients: &[Client]) -> Saturated {
    let one = ClusterConfig { instances: 1, horizon_us: None, ..cluster.clone() };
    let mut admit_all = Builtin::parse("always-admit").expect("it is built in");
    let run = simulate(&one, pile(&one, clients), &mut admit_all, SEED);
    let mut ends_us: Vec<u64> = run.requests.iter().filter_map(|record| record.e2e_us).collect();
    ends_us.sort_unstable();
    let Some(last) = ends_us.len().checked_sub(1).filter(|&last| last >= 4) else {
        return Saturated { rate: 0.0, stay_s: 0.0 };
    };
    let (from, to) = (last / 4, last - last / 4);
    let seconds = (ends_us[to] - ends_us[from]).max(1) as f64 / 1e6;
    let rate = (to - from) as f64 / seconds;
    let stay = |record: &Record| Some((record.e2e_us? - record.ttft_us?) as f64 / 1e6);
    let mut stays: Vec<f64> = run.requests.iter().filter_map(stay).collect();
    stays.sort_by(f64::total_cmp);
    Saturated { rate: rate * f64::from(cluster.instances), stay_s: percentile(&stays, 90.0) }
}

/// Requests that arrive all at once.
fn pile(cluster: &ClusterConfig, clients: &[Client]) -> Vec<Arrival> {
    let alike = |client: &Client| Client {
        slo_class: "critical".into(),
        arrival: ArrivalProcess::Constant {},
        rate_steps: vec![],
        ..client.clone()
    };
    let clients: Vec<Client> = clients.iter().map(alike).collect();
    let workload = |requests| GeneratedWorkload { rate: 1.0, requests, clients: clients.clone(), rate_steps: vec![] };
    let sample = generate(&workload(50 * clients.len() as u64), SEED);
    let tokens: u64 = sample.iter().map(|arrival| u64::from(arrival.input_tokens + arrival.output_tokens / 2)).sum();
    let room = u64::from(cluster.kv_blocks) * u64::from(cluster.block_size);
    // A request holds its prompt and, on average, half of its output.
    let batch = (room * sample.len() as u64 / tokens.max(1)).clamp(4, u64::from(cluster.max_num_seqs).max(4));
    let mut arrivals = generate(&workload(BATCHES * batch), SEED);
    for arrival in &mut arrivals {
        arrival.arrival_us = 0;
    }
    arrivals
}
