//! Workloads that nobody chose: drawn from a population that the experiment declares in a file.
//!
//! A handful of workloads made by hand misleads: what a policy saves differs far more between workloads than between seeds. A
//! drawn workload is an ordinary scenario: it is written as a scenario file is written, and read as one is.

mod check;
mod clients;
mod drawn;
mod luck;
mod text;

pub use clients::{Clients, Limited, Shape};

use super::workload::AdmissionWorkload;
pub use crate::drawing::{Arrivals, Machines, PastRange, Saturated, Surge, saturated, saturated_rate};
use crate::drawing::{Luck, stratified};
use engine::problem::Workload;
use files::{FileError, parse_toml};
use luck::{DIMENSIONS, Unit};
use schemars::JsonSchema;
use serde::Deserialize;
use simulator::Scenario;
use std::path::Path;

/// A population of workloads: the file that `population` in `campaign.toml` names. A range is written `[low, high]`. A key that is
/// not listed here is an error, which shows its line.
///
/// Every workload has two tiers, of the classes `critical` and `sheddable`. Without `[clients]` each is one client, and they differ
/// in their share alone: lengths are normal with a standard deviation of a quarter of their mean, cut off at an eighth of it and at
/// twice of it. Without `[past]` and `after` all that arrives is measured.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Population {
    /// For how long requests are measured, as far as `requests` allows it; seconds, 1 to 3600.
    pub seconds: f64,
    /// With this key, that time is drawn, log-uniform, from `seconds` to it; seconds, `seconds` to 3600.
    #[serde(default)]
    pub seconds_to: Option<f64>,
    /// The fewest requests that are measured and the most that there are in a workload, those of the past and after the window
    /// included; 50 to 20000. The window is longer, or shorter, rather than leave this range: few requests say little about a
    /// 90th percentile, and many cost time without saying more.
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
    /// GPUs per instance for each of `models`, in their order; 1 to 64, by default those of `[cluster]` for all.
    #[serde(default)]
    pub tensor_parallel: Vec<u32>,
    /// The largest batches that an instance may have, each as often; 1 to 16 numbers, requests, 4 to 1024 each; by
    /// default 256 alone.
    #[serde(default = "usual_batch")]
    pub max_num_seqs: Vec<u32>,
    /// How an instance may be chosen for an admitted request, each way as often; up to 16 words, by default that of `[cluster]`.
    #[serde(default)]
    pub routings: Vec<String>,
    /// How arrivals may be spread over time, each way as often; 1 to 16 of them, as in `{ process = { process = "poisson" } }`.
    pub arrivals: Vec<Arrivals>,
    /// For how long traffic goes on after the measured window, uniform; in times that nine of ten requests take at most from their
    /// first token to the last in full batches, 0 to 20, by default 0. It is cut where it would be more than two fifths of the
    /// most requests.
    #[serde(default)]
    pub after: [f64; 2],
    /// What the clock that policies read shows at the start, uniform; seconds, 0 to 1e9, by default 0.
    #[serde(default)]
    pub epoch_s: [f64; 2],
    /// Who sends the requests of a tier.
    #[serde(default)]
    pub clients: Option<Clients>,
    /// What came before the measured window.
    #[serde(default)]
    pub past: Option<PastRange>,
    /// What all clusters have in common.
    pub cluster: Machines,
}

fn usual_batch() -> Vec<u32> {
    vec![256]
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
        let drawn = DIMENSIONS.map(|dimension| stratified(count, seed(dimension)));
        let clients = seed("clients");
        let unit = |n: usize| Unit { at: drawn.each_ref().map(|parts| parts[n]), luck: Luck::new(clients, n) };
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

#[cfg(test)]
mod tests;
