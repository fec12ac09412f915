//! Workloads that nobody chose: drawn from a population that the experiment declares in a file. A drawn workload is an ordinary
//! scenario: it is written as a scenario file is written, and read as one is.

mod check;
mod drawn;
mod text;

use super::workload::FlowWorkload;
use crate::drawing::{Arrivals, Luck, Machines, PastRange, stratified};
use drawn::{DIMENSIONS, Unit};
use engine::problem::Workload;
use files::{FileError, parse_toml};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simulator::Scenario;
use simulator::flow::{Credit, Input, Ticks};
use std::collections::BTreeSet;
use std::path::Path;

/// A population of workloads: the file that `population` in `campaign.toml` names. A range is written `[low, high]`. A key that is
/// not listed here is an error, which shows its line.
///
/// Each band of a workload is one client with log-normal lengths. The highest is of the class `critical`; below it, two bands have
/// `sheddable`, three `standard` and `sheddable`, four `standard`, `batch` and `sheddable`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Population {
    /// For how long requests are measured, log-uniform, as far as `requests` allows it; seconds, 1 to 3600.
    pub seconds: [f64; 2],
    /// The fewest requests that are measured and the most that there are in a workload, those of the past and after the window
    /// included; 50 to 20000. The window is longer, or shorter, rather than leave this range.
    pub requests: [u64; 2],
    /// What requests are like, each kind as often: 1 to 16 of them. Which term of the saturation binds follows from it.
    pub kind: Vec<Kind>,
    /// Mean lengths of the band with the longest over those of the one with the shortest, log-uniform; ratios, 1 to 20. Those
    /// between them are spread evenly by ratio, prompts and outputs together, in any order; by default 1.
    #[serde(default = "alike")]
    pub spread: [f64; 2],
    /// Standard deviation of the natural logarithm of lengths, uniform; 0 to 2.
    pub sigma: [f64; 2],
    /// Where prompts and outputs are cut off; tokens, 16 to 32768 each.
    pub longest: [u32; 2],
    /// How many bands there are, each number as often; 2 to 4 each.
    pub bands: Vec<u8>,
    /// Share of the requests that are critical, uniform; fractions, 0.01 to 0.99. The others are shared out among the lower bands.
    pub critical_share: [f64; 2],
    /// Requests that arrive over those that the cluster completes at most, uniform; ratios, 0.05 to 3. Where the critical part
    /// would exceed `critical_load`, the range ends sooner.
    pub load: [f64; 2],
    /// The most that the critical requests alone may ask of the cluster, as a share of what it can serve, at the time of
    /// their highest rate; a fraction, 0.05 to 1.
    pub critical_load: f64,
    /// How old the router's view of an instance may get, uniform, in whole ms, 0 for always fresh; ms, 0 to 1000.
    pub staleness_ms: [f64; 2],
    /// Share of the workloads in which it is always fresh; a fraction, 0 to 1, by default 0.
    #[serde(default)]
    pub fresh_share: f64,
    /// How long a request may wait at the router, each as often; seconds, 0 to 3600, 0 for as long as it takes, which is the default.
    #[serde(default = "patient")]
    pub request_ttl_s: Vec<f64>,
    /// How many instances a cluster may have, each number as often; 1 to 16 numbers, 1 to 128 each.
    pub instances: Vec<u16>,
    /// What they may serve, each as often; 1 to 16 names of built-in model cards, which `elenchus schema scenario` lists.
    pub models: Vec<String>,
    /// How an instance may be chosen for a dispatched request, each way as often; up to 16 words, by default that of `[cluster]`.
    /// `weighted` has the router's scorers here: queue depth 2, KV utilisation 2, load 1.
    #[serde(default)]
    pub routings: Vec<String>,
    /// How arrivals may be spread over time, each way as often; 1 to 16 of them, as in `{ process = { process = "poisson" } }`.
    pub arrivals: Vec<Arrivals>,
    /// For how long traffic goes on after the measured window, uniform; in times that nine of ten requests take at most from their
    /// first token to the last in full batches, 0 to 20, by default 0. It is cut where it would be more than two fifths of the
    /// most requests.
    #[serde(default)]
    pub after: [f64; 2],
    /// What came before the measured window.
    #[serde(default)]
    pub past: Option<PastRange>,
    /// What all queues have in common.
    #[serde(default)]
    pub flow_control: Queue,
    /// What all clusters have in common.
    pub cluster: Machines,
}

/// A kind of requests, with the batches and the caches that they meet.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    /// Mean prompt length, log-uniform; tokens, 8 to 32768.
    pub prompt_tokens: [u32; 2],
    /// Mean output length over that of the prompt, log-uniform: by how much a request grows after it was let in; ratios, 0.01 to 100.
    /// An output has 4 to 8192 tokens in the mean.
    pub growth: [f64; 2],
    /// The largest batches that an instance may have, each as often; 1 to 16 numbers, requests, 4 to 1024 each.
    pub max_num_seqs: Vec<u32>,
    /// KV blocks of an instance, each number as often; up to 16 numbers, 100 to 16777216 each, by default what the GPU's memory holds.
    #[serde(default)]
    pub kv_blocks: Vec<u32>,
}

/// What all queues have in common: keys and values as in a scenario's `[flow_control]`, whose defaults hold for the rest. The
/// detector is `utilization`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Queue {
    /// Which dispatches count as waiting although the readings do not show them yet.
    pub credit: Credit,
    /// When attempts to dispatch are made, besides at arrivals.
    pub ticks: Ticks,
    /// What a candidate is told besides what production tells it.
    pub told: BTreeSet<Input>,
}

fn alike() -> [f64; 2] {
    [1.0; 2]
}

fn patient() -> Vec<f64> {
    vec![0.0]
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

    /// A Latin hypercube: of n workloads, each n-th part of a dimension holds one.
    pub fn scenarios(&self, role: &str, count: usize, seed: &dyn Fn(&str) -> u64) -> Vec<Scenario> {
        let drawn = DIMENSIONS.map(|dimension| stratified(count, seed(dimension)));
        let bands = seed("bands of a workload");
        let unit = |n: usize| Unit { at: drawn.each_ref().map(|parts| parts[n]), luck: Luck::new(bands, n) };
        (0..count).map(|n| self.at(&format!("{role}_{:02}", n + 1), &unit(n)).scenario()).collect()
    }
}

impl engine::problem::Population for Population {
    fn meaning(&self) -> String {
        format!("{self:?}")
    }

    fn draw(&self, role: &str, count: usize, seed: &dyn Fn(&str) -> u64) -> Vec<Box<dyn Workload>> {
        let workload = |scenario: Scenario| {
            let flow = scenario.flow_control.clone()?;
            Some(Box::new(FlowWorkload::drawn(scenario, flow)) as Box<dyn Workload>)
        };
        self.scenarios(role, count, seed).into_iter().filter_map(workload).collect()
    }
}

#[cfg(test)]
mod tests;
