//! A scenario file as it is written, and the check that turns its `[cluster]` into a [`ClusterConfig`].
//!
//! The documentation of the fields, here and in the types that they hold, is what `elenchus schema scenario` prints: it says unit
//! and range of each.

use std::borrow::Cow;
use std::collections::BTreeMap;

use admitter::wire::MAX_INSTANCES;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;

use crate::capacity;
use crate::cards::{self, CardRef, HardwareCard, ModelCard};
use crate::cluster::{ClusterConfig, LatencyKind, Measured, Preemption, Routing, Scheduler, Scorer};
use crate::flow::RawFlowControl;
use crate::hints::HintTable;
use crate::scenario::{Place, Scenario};
use crate::slo::{Priorities, Slo};
use crate::trace::MAX_TIME_US;
use crate::workload::raw::{RawPast, RawWorkload};
use files::FileError;

/// A scenario file: a cluster and what is asked of it. A key that is not listed here is an error, which shows its line.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawScenario {
    /// Its name, 1 to 60 characters in one line; no two scenarios of an experiment have the same.
    pub(crate) name: String,
    /// The cluster.
    pub(crate) cluster: RawCluster,
    /// What arrives in the measured window.
    pub(crate) workload: RawWorkload,
    /// What came before it: decided and simulated, not measured. Only a generated workload has one.
    pub(crate) past: Option<RawPast>,
    /// What the router is told of requests.
    pub(crate) hints: Option<HintTable>,
    /// A queue at the gateway.
    pub(crate) flow_control: Option<RawFlowControl>,
    /// Priorities of service classes; -100 to 100, a higher one is more important and one below 0 may be refused. They add to
    /// `critical` = 4, `standard` = 3, `batch` = -1, `sheddable` = -2 and `background` = -3, or change them.
    #[serde(default)]
    pub(crate) priorities: BTreeMap<String, i32>,
    /// Latency targets of service classes, by the name of the class, as in `[slo.critical]`.
    #[serde(default)]
    pub(crate) slo: BTreeMap<String, Slo>,
}

const TENSOR_PARALLEL: u64 = 1;
const MAX_NUM_SEQS: u64 = 256;
const MAX_NUM_BATCHED_TOKENS: u64 = 2048;
const LONG_PREFILL_THRESHOLD: u64 = 0;
const BLOCK_SIZE: u64 = 16;
const GPU_MEMORY_UTILIZATION: f64 = 0.9;
const SNAPSHOT_INTERVAL_US: u64 = 50_000;
const DECISION_LATENCY_US: u64 = 0;
const TIE_SEED: u64 = 42;

/// The cluster: everything that decides how it treats its requests, except the policy.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Cluster")]
pub(crate) struct RawCluster {
    /// Serving instances; 1 to 128.
    instances: u64,
    /// What they serve: a built-in model card by name, or a table of the same keys.
    model: CardRef<ModelCard>,
    /// The GPU that they run on: a built-in card by name, or a table of the same keys.
    hardware: CardRef<HardwareCard>,
    /// GPUs per instance; 1 to 64, and the model's attention heads are a multiple of it.
    #[schemars(extend("default" = TENSOR_PARALLEL))]
    tensor_parallel: Option<u64>,
    /// How the duration of a step is computed: `trained-physics` (BLIS's fitted model), `roofline` (the larger of compute time
    /// and memory time) or `h100-measured` (costs fitted to measurements: `qwen3-14b` on one `h100` per instance only).
    latency: String,
    /// How an instance is chosen for an admitted request: `round-robin`, `random`, `least-loaded` (the smallest sum of waiting,
    /// running and in-flight requests) or `weighted` (the highest weighted sum of scores).
    routing: String,
    /// The scores of `weighted` routing with their weights, which are above 0, as in `[["queue-depth", 2], ["kv-utilization", 1]]`:
    /// `queue-depth` is 1 for the shortest wait queue and 0 for the longest, `kv-utilization` is 1 minus the share of the KV
    /// blocks in use, `load-balance` is 1 / (1 + requests at the instance).
    routing_scorers: Option<Vec<(Scorer, f64)>>,
    /// In which order an instance takes requests from its wait queue.
    #[serde(default)]
    scheduler: Scheduler,
    /// Who loses its place when KV blocks run out.
    #[serde(default)]
    preemption: Preemption,
    /// The largest batch; requests, 1 to 16777216.
    #[schemars(extend("default" = MAX_NUM_SEQS))]
    max_num_seqs: Option<u64>,
    /// The most that one step computes; tokens, 1 to 16777216.
    #[schemars(extend("default" = MAX_NUM_BATCHED_TOKENS))]
    max_num_batched_tokens: Option<u64>,
    /// The longest prefill chunk; tokens, 0 to 16777216, 0 for no such limit.
    #[schemars(extend("default" = LONG_PREFILL_THRESHOLD))]
    long_prefill_threshold: Option<u64>,
    /// The longest request, prompt and output together; longer ones are dropped. Tokens, 1 to 16777216; by default the model's
    /// context, and never more than an instance's KV blocks hold.
    max_model_len: Option<u64>,
    /// Length of a KV block; tokens, 1 to 4096.
    #[schemars(extend("default" = BLOCK_SIZE))]
    block_size: Option<u64>,
    /// KV blocks of an instance; 1 to 16777216, by default what its GPUs' memory leaves room for.
    kv_blocks: Option<u64>,
    /// Share of the GPUs' memory that is used; a fraction, above 0 and at most 1. It counts only where `kv_blocks` is absent.
    #[schemars(extend("default" = GPU_MEMORY_UTILIZATION))]
    gpu_memory_utilization: Option<f64>,
    /// How old the router's view of an instance may get; µs, 0 to 2^53, 0 for always fresh.
    #[schemars(extend("default" = SNAPSHOT_INTERVAL_US))]
    snapshot_interval_us: Option<u64>,
    /// From arrival to the admission decision; µs, 0 to 2^53.
    #[schemars(extend("default" = DECISION_LATENCY_US))]
    admission_latency_us: Option<u64>,
    /// From the admission decision to the routing decision; µs, 0 to 2^53.
    #[schemars(extend("default" = DECISION_LATENCY_US))]
    routing_latency_us: Option<u64>,
    /// Events after this time do not happen any more; µs, 1 to 2^53. Without it a run goes on until all is done.
    horizon_us: Option<u64>,
    /// Seed of the draws of routing: ties, and all of `random`.
    #[schemars(extend("default" = TIE_SEED))]
    tie_seed: Option<u64>,
}

impl JsonSchema for Scenario {
    fn schema_name() -> Cow<'static, str> {
        "Scenario".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        RawScenario::json_schema(generator)
    }
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
        let tensor_parallel = within("tensor_parallel", self.tensor_parallel.unwrap_or(TENSOR_PARALLEL), 1, 64)? as u32;
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
        let block_size = within("block_size", self.block_size.unwrap_or(BLOCK_SIZE), 1, 4096)? as u32;
        let utilization = self.gpu_memory_utilization.unwrap_or(GPU_MEMORY_UTILIZATION);
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
            max_num_seqs: count("max_num_seqs", self.max_num_seqs, MAX_NUM_SEQS, 1)?,
            max_num_batched_tokens: count(
                "max_num_batched_tokens",
                self.max_num_batched_tokens,
                MAX_NUM_BATCHED_TOKENS,
                1,
            )?,
            long_prefill_threshold: count(
                "long_prefill_threshold",
                self.long_prefill_threshold,
                LONG_PREFILL_THRESHOLD,
                0,
            )?,
            max_model_len: longest.min(max_model_len.into()) as u32,
            block_size,
            kv_blocks,
            snapshot_interval_us: time(
                "snapshot_interval_us",
                self.snapshot_interval_us.unwrap_or(SNAPSHOT_INTERVAL_US),
            )?,
            admission_latency_us: time(
                "admission_latency_us",
                self.admission_latency_us.unwrap_or(DECISION_LATENCY_US),
            )?,
            routing_latency_us: time("routing_latency_us", self.routing_latency_us.unwrap_or(DECISION_LATENCY_US))?,
            horizon_us: self.horizon_us.map(|horizon| within("horizon_us", horizon, 1, MAX_TIME_US)).transpose()?,
            tie_seed: self.tie_seed.unwrap_or(TIE_SEED),
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// The two ends of the range that a description states.
    fn range(description: &str) -> Option<(u64, u64)> {
        let number = |word: &str| match word.trim_matches([',', '.', ';']) {
            "2^53" => Some(1 << 53),
            word => word.parse().ok(),
        };
        let words: Vec<&str> = description.split_whitespace().collect();
        words.windows(3).filter(|three| three[1] == "to").find_map(|three| number(three[0]).zip(number(three[2])))
    }

    const CLUSTER: [(&str, &str); 5] = [
        ("instances", "1"),
        ("model", "'qwen3-14b'"),
        ("hardware", "'h100'"),
        ("latency", "'roofline'"),
        ("routing", "'random'"),
    ];

    /// How many keys of a table state a range, each of which is the one that is checked.
    fn checked(schema: &Schema, is_out_of_range: impl Fn(&str, u64) -> bool) -> usize {
        let mut checked = 0;
        for (key, property) in schema.as_value()["properties"].as_object().unwrap() {
            let Some((low, high)) = range(property["description"].as_str().unwrap()) else { continue };
            let values = [low.checked_sub(1), Some(low), Some(high), Some(high + 1)];
            let found = values.map(|value| value.map(|value| is_out_of_range(key, value)));
            let expected = [(low > 0).then_some(true), Some(false), Some(false), Some(true)];
            assert_eq!(found, expected, "{key}: {low} to {high}");
            checked += 1;
        }
        checked
    }

    fn is_out_of_range(cluster: &[(&str, &str)], further: &str) -> bool {
        let lines: String = cluster.iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
        let text = format!("name = 'a'\n[workload]\ntrace = 'a.csv'\n[cluster]\n{lines}{further}\n");
        let error = Scenario::parse(&text, Path::new("a.toml")).err();
        error.is_some_and(|error| error.problem.contains("must lie between"))
    }

    #[test]
    fn the_ranges_of_a_cluster_that_are_documented_are_those_that_are_checked() {
        let checked = checked(&schemars::schema_for!(RawCluster), |key, value| {
            let others: Vec<_> = CLUSTER.into_iter().filter(|(other, _)| *other != key).collect();
            is_out_of_range(&others, &format!("{key} = {value}"))
        });
        assert_eq!(checked, 12);
    }

    #[test]
    fn so_are_those_of_flow_control() {
        let checked = checked(&schemars::schema_for!(RawFlowControl), |key, value| {
            let value = if key == "slo_targets" { format!("{{ critical = {value} }}") } else { value.to_string() };
            is_out_of_range(&CLUSTER, &format!("[flow_control]\ndetector = 'never'\n{key} = {value}"))
        });
        assert_eq!(checked, 6);
    }
}
