//! Workloads that nobody chose: drawn from a population that the experiment declares in a file.
//!
//! A handful of workloads made by hand misleads: what a policy saves differs far more between workloads than between seeds. A
//! drawn workload is an ordinary scenario: it is written as a scenario file is written, and read as one is.

mod capacity;
mod check;
mod drawn;

pub use capacity::saturated_rate;

use super::workload::AdmissionWorkload;
use drawn::Unit;
use engine::problem::Workload;
use files::{FileError, parse_toml};
use schemars::JsonSchema;
use science::keyed;
use serde::Deserialize;
use simulator::Scenario;
use simulator::sampler::ArrivalProcess;
use std::path::Path;

/// A population of workloads: the file that `population` in `campaign.toml` names. A range is written `[low, high]`. A key that is
/// not listed here is an error, which shows its line.
///
/// Every workload has two kinds of clients, of the classes `critical` and `sheddable`, which differ in their share alone.
/// Lengths are normal with a standard deviation of a quarter of their mean, cut off at an eighth of it and at twice of it.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Population {
    /// For how long requests arrive, as far as `requests` allows it; seconds, 1 to 3600.
    pub seconds: f64,
    /// The fewest and the most requests of a workload; 50 to 20000. Arrivals go on for longer, or stop sooner, rather than
    /// leave this range: few requests say little about a 90th percentile, and many cost time without saying more.
    pub requests: [u64; 2],
    /// Share of the requests that are critical, uniform; fractions, 0.01 to 0.99.
    pub critical_share: [f64; 2],
    /// Requests that arrive over those that the cluster completes at most, uniform; ratios, 0.05 to 3. Where the critical part
    /// would exceed `critical_load`, the range ends sooner.
    pub load: [f64; 2],
    /// The most that the critical requests alone may ask of the cluster, as a share of what it can serve, at the time of
    /// their highest rate; a fraction, 0.05 to 1. Above 1, no admission policy could help.
    pub critical_load: f64,
    /// Mean prompt length, log-uniform; tokens, 8 to 32768.
    pub prompt_tokens: [u32; 2],
    /// Mean output length, log-uniform; tokens, 8 to 8192.
    pub output_tokens: [u32; 2],
    /// How many instances a cluster may have, each number as often; 1 to 16 numbers, 1 to 128 each.
    pub instances: Vec<u16>,
    /// What they may serve, each as often; 1 to 16 names of built-in model cards, which `elenchus schema scenario` lists.
    pub models: Vec<String>,
    /// How arrivals may be spread over time, each way as often; 1 to 16 of them, as in `{ process = { process = "poisson" } }`.
    pub arrivals: Vec<Arrivals>,
    /// What all clusters have in common.
    pub cluster: Machines,
}

/// A way in which arrivals are spread over time.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arrivals {
    /// The process of each kind of client, as `arrival` in a scenario.
    pub process: ArrivalProcess,
    /// A time of another rate; without, the rate is the same throughout.
    #[serde(default)]
    pub surge: Option<Surge>,
}

/// A time in which the rate is another. The mean over the whole workload is what `load` says, with and without a surge.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Surge {
    /// When it begins, as a share of the time in which requests arrive; a fraction, 0 to 1.
    pub from: f64,
    /// When it ends, likewise; a fraction, above `from` and at most 1.
    pub to: f64,
    /// Its rate over the rate before and after; a ratio, 0.1 to 10.
    pub factor: f64,
}

/// What all clusters have in common: keys and values as in a scenario's, whose defaults hold for the rest. There is no horizon,
/// so that runs drain.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Machines {
    /// The GPU, a built-in card, as in `h100`.
    pub hardware: String,
    /// GPUs per instance; 1 to 64, and the attention heads of each model are a multiple of it.
    #[serde(default = "one")]
    pub tensor_parallel: u32,
    /// How the duration of a step is computed: `trained-physics`, `roofline` or `h100-measured`.
    pub latency: String,
    /// How an instance is chosen for an admitted request: `round-robin`, `random` or `least-loaded`.
    pub routing: String,
    /// In which order an instance takes requests from its queue: `fcfs`, `priority-fcfs` or `sjf`.
    pub scheduler: String,
    /// Who loses its place when KV blocks run out: `fcfs` or `priority`.
    pub preemption: String,
}

fn one() -> u32 {
    1
}

impl Population {
    /// The most requests that a drawn workload may have.
    pub const MOST_REQUESTS: u64 = 20_000;

    /// Reads a population from its text; `file` only serves to name it.
    pub fn parse(text: &str, file: &Path) -> Result<Self, FileError> {
        let population: Population = parse_toml(text, file)?;
        population.check().map_err(|(key, problem)| FileError::at_key(file, text, &key, problem))?;
        Ok(population)
    }

    /// A Latin hypercube: of n workloads, each n-th part of a dimension holds one. Compared with independent draws this
    /// leaves less to the luck of a campaign, and each choice is made equally often; an interval that is computed as if
    /// the draws were independent is a little too wide.
    pub fn scenarios(&self, role: &str, count: usize, seed: &dyn Fn(&str) -> u64) -> Vec<Scenario> {
        let [share, load, prompt, output, instances, model, arrivals] =
            ["critical share", "load", "prompt tokens", "output tokens", "instances", "model", "arrivals"]
                .map(|dimension| stratified(count, seed(dimension)));
        let unit = |n: usize| Unit {
            share: share[n],
            load: load[n],
            prompt: prompt[n],
            output: output[n],
            instances: instances[n],
            model: model[n],
            arrivals: arrivals[n],
        };
        (0..count).map(|n| self.at(&format!("{role}_{:02}", n + 1), &unit(n)).scenario()).collect()
    }
}

impl engine::problem::Population for Population {
    fn meaning(&self) -> String {
        format!("{self:?}")
    }

    fn draw(&self, role: &str, count: usize, seed: &dyn Fn(&str) -> u64) -> Vec<Box<dyn Workload>> {
        let workload = |scenario| Box::new(AdmissionWorkload::drawn(scenario)) as Box<dyn Workload>;
        self.scenarios(role, count, seed).into_iter().map(workload).collect()
    }
}

/// `count` numbers in 0..1, one in each of `count` equal parts, in random order.
fn stratified(count: usize, seed: u64) -> Vec<f64> {
    let mut parts: Vec<usize> = (0..count).collect();
    let place = |part: &usize| keyed::uniform(seed, *part as u64);
    parts.sort_by(|a, b| place(a).total_cmp(&place(b)));
    let within = |n: usize| keyed::uniform(seed, (count + n) as u64);
    parts.iter().enumerate().map(|(n, &part)| (part as f64 + within(n)) / count as f64).collect()
}

#[cfg(test)]
mod tests;
