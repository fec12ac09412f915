//! A scenario file as it is written, and the check that turns its `[cluster]` into a [`ClusterConfig`].

use std::collections::BTreeMap;

use admitter::wire::MAX_INSTANCES;
use serde::Deserialize;

use crate::capacity;
use crate::cards::{self, CardRef, HardwareCard, ModelCard};
use crate::cluster::{ClusterConfig, LatencyKind, Measured, Preemption, Routing, Scheduler, Scorer};
use crate::file::FileError;
use crate::scenario::Place;
use crate::slo::{Priorities, Slo};
use crate::trace::MAX_TIME_US;
use crate::workload::{Client, RateStep};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawScenario {
    pub(crate) name: String,
    pub(crate) cluster: RawCluster,
    pub(crate) workload: RawWorkload,
    #[serde(default)]
    pub(crate) priorities: BTreeMap<String, i32>,
    #[serde(default)]
    pub(crate) slo: BTreeMap<String, Slo>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawWorkload {
    pub(crate) trace: Option<String>,
    pub(crate) held_out: Option<f64>,
    pub(crate) rate: Option<f64>,
    pub(crate) requests: Option<u64>,
    pub(crate) clients: Option<Vec<Client>>,
    pub(crate) rate_steps: Option<Vec<RateStep>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawCluster {
    instances: u64,
    model: CardRef<ModelCard>,
    hardware: CardRef<HardwareCard>,
    tensor_parallel: Option<u64>,
    latency: String,
    routing: String,
    routing_scorers: Option<Vec<(Scorer, f64)>>,
    #[serde(default)]
    scheduler: Scheduler,
    #[serde(default)]
    preemption: Preemption,
    max_num_seqs: Option<u64>,
    max_num_batched_tokens: Option<u64>,
    long_prefill_threshold: Option<u64>,
    max_model_len: Option<u64>,
    block_size: Option<u64>,
    kv_blocks: Option<u64>,
    gpu_memory_utilization: Option<f64>,
    snapshot_interval_us: Option<u64>,
    admission_latency_us: Option<u64>,
    routing_latency_us: Option<u64>,
    horizon_us: Option<u64>,
    tie_seed: Option<u64>,
}

impl RawCluster {
    pub(crate) fn check(
        self,
        place: &Place<'_>,
        priorities: &BTreeMap<String, i32>,
    ) -> Result<ClusterConfig, FileError> {
        let within = |key: &str, value: u64, low: u64, high: u64| {
            if (low..=high).contains(&value) {
                return Ok(value);
            }
            Err(place.wrong(&format!("cluster.{key}"), format!("must lie between {low} and {high}, not {value}")))
        };
        let count = |key: &str, value: Option<u64>, default: u64, low: u64| {
            within(key, value.unwrap_or(default), low, 1 << 24).map(|value| value as u32)
        };
        let time = |key: &str, value: u64| within(key, value, 0, MAX_TIME_US);

        let instances = within("instances", self.instances, 1, MAX_INSTANCES as u64)? as u16;
        let tensor_parallel = within("tensor_parallel", self.tensor_parallel.unwrap_or(1), 1, 64)? as u32;
        let latency = latency(&self.latency, place)?;
        let routing = routing(&self.routing, self.routing_scorers, place)?;
        let model = self.model.resolve(cards::model).map_err(|problem| place.wrong("cluster.model", problem))?;
        model.check().map_err(|(key, problem)| place.wrong(&format!("cluster.model.{key}"), problem))?;
        let hardware =
            self.hardware.resolve(cards::hardware).map_err(|problem| place.wrong("cluster.hardware", problem))?;
        hardware.check().map_err(|(key, problem)| place.wrong(&format!("cluster.hardware.{key}"), problem))?;
        card_fit(&model, &hardware, tensor_parallel, place)?;
        if let LatencyKind::Measured(_) = latency {
            as_measured(&model, &hardware, tensor_parallel, place)?;
        }
        let block_size = within("block_size", self.block_size.unwrap_or(16), 1, 4096)? as u32;
        let utilization = self.gpu_memory_utilization.unwrap_or(0.9);
        if !(utilization > 0.0 && utilization <= 1.0) {
            return Err(place.wrong("cluster.gpu_memory_utilization", "must lie above 0 and at most at 1"));
        }
        let kv_blocks = match self.kv_blocks {
            Some(blocks) => within("kv_blocks", blocks, 1, 1 << 24)? as u32,
            None => match capacity::kv_blocks(&model, &hardware, tensor_parallel, utilization, block_size) {
                0 => {
                    let problem =
                        format!("{} leaves no room for a KV cache on {tensor_parallel} of these GPUs", model.name);
                    return Err(place.wrong("cluster.model", problem));
                }
                blocks => blocks.min(1 << 24) as u32,
            },
        };
        let longest = u64::from(kv_blocks) * u64::from(block_size);
        let max_model_len = count("max_model_len", self.max_model_len, model.max_position_embeddings.into(), 1)?;
        Ok(ClusterConfig {
            instances,
            tensor_parallel,
            latency,
            routing,
            scheduler: self.scheduler,
            preemption: self.preemption,
            max_num_seqs: count("max_num_seqs", self.max_num_seqs, 256, 1)?,
            max_num_batched_tokens: count("max_num_batched_tokens", self.max_num_batched_tokens, 2048, 1)?,
            long_prefill_threshold: count("long_prefill_threshold", self.long_prefill_threshold, 0, 0)?,
            max_model_len: longest.min(max_model_len.into()) as u32,
            block_size,
            kv_blocks,
            snapshot_interval_us: time("snapshot_interval_us", self.snapshot_interval_us.unwrap_or(50_000))?,
            admission_latency_us: time("admission_latency_us", self.admission_latency_us.unwrap_or(0))?,
            routing_latency_us: time("routing_latency_us", self.routing_latency_us.unwrap_or(0))?,
            horizon_us: self.horizon_us.map(|horizon| within("horizon_us", horizon, 1, MAX_TIME_US)).transpose()?,
            tie_seed: self.tie_seed.unwrap_or(42),
            priorities: checked_priorities(priorities, place)?,
            model,
            hardware,
        })
    }
}

fn latency(name: &str, place: &Place<'_>) -> Result<LatencyKind, FileError> {
    match name {
        "trained-physics" => Ok(LatencyKind::TrainedPhysics),
        "roofline" => Ok(LatencyKind::Roofline),
        "h100-measured" => Ok(LatencyKind::Measured(Measured::H100)),
        _ => {
            let problem =
                format!("no latency model is called `{name}`; there are trained-physics, roofline and h100-measured");
            Err(place.wrong("cluster.latency", problem))
        }
    }
}

fn routing(name: &str, scorers: Option<Vec<(Scorer, f64)>>, place: &Place<'_>) -> Result<Routing, FileError> {
    let routing = match name {
        "round-robin" => Routing::RoundRobin,
        "random" => Routing::Random,
        "least-loaded" => Routing::LeastLoaded,
        "weighted" => {
            let problem = "weighted routing needs scorers, as in [[\"queue-depth\", 2], [\"kv-utilization\", 1]]";
            let Some(scorers) = scorers else { return Err(place.wrong("cluster.routing_scorers", problem)) };
            let sum: f64 = scorers.iter().map(|&(_, weight)| weight).sum();
            if scorers.iter().any(|&(_, weight)| !(weight > 0.0 && weight.is_finite()))
                || !(sum > 0.0 && sum.is_finite())
            {
                return Err(place.wrong("cluster.routing_scorers", "weights must be positive numbers"));
            }
            return Ok(Routing::Weighted(scorers.into_iter().map(|(scorer, weight)| (scorer, weight / sum)).collect()));
        }
        _ => {
            let problem =
                format!("no routing is called `{name}`; there are round-robin, random, least-loaded and weighted");
            return Err(place.wrong("cluster.routing", problem));
        }
    };
    match scorers {
        Some(_) => Err(place.wrong("cluster.routing_scorers", "only weighted routing has scorers")),
        None => Ok(routing),
    }
}

/// What must hold between the cards and the number of GPUs.
fn card_fit(
    model: &ModelCard,
    hardware: &HardwareCard,
    tensor_parallel: u32,
    place: &Place<'_>,
) -> Result<(), FileError> {
    if !model.num_attention_heads.is_multiple_of(tensor_parallel) {
        let problem =
            format!("{tensor_parallel} GPUs cannot share {} attention heads evenly", model.num_attention_heads);
        return Err(place.wrong("cluster.tensor_parallel", problem));
    }
    if model.dtype.bytes() == 1 && hardware.peak_tflops_fp8 == 0.0 {
        return Err(place.wrong("cluster.hardware", "this GPU has no FP8 rate, which the weights of the model need"));
    }
    Ok(())
}

/// Measurements hold for what was measured; nothing else can be computed from them.
fn as_measured(
    model: &ModelCard,
    hardware: &HardwareCard,
    tensor_parallel: u32,
    place: &Place<'_>,
) -> Result<(), FileError> {
    let only = |key: &str, what: &str| {
        let problem = format!("latency `h100-measured` is known for {what} only; trained-physics computes others");
        Err(place.wrong(&format!("cluster.{key}"), problem))
    };
    if cards::model("qwen3-14b").as_ref() != Ok(model) {
        return only("model", "the built-in model qwen3-14b");
    }
    if cards::hardware("h100").as_ref() != Ok(hardware) {
        return only("hardware", "the built-in hardware h100");
    }
    if tensor_parallel != 1 {
        return only("tensor_parallel", "one GPU per instance");
    }
    Ok(())
}

fn checked_priorities(changes: &BTreeMap<String, i32>, place: &Place<'_>) -> Result<Priorities, FileError> {
    for (class, priority) in changes {
        if class.is_empty() || !(-100..=100).contains(priority) {
            let problem = "a class has a name and a priority between -100 and 100";
            return Err(place.wrong(&format!("priorities.{class}"), problem));
        }
    }
    Ok(Priorities::with(changes))
}
