//! The table `[flow_control]` of a scenario as it is written, and the check that turns it into a [`FlowControl`].

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Deserialize;

use super::config::{Capacity, Credit, Detector, DispatchOrder, Fairness, FlowControl, Input, Ticks};
use crate::scenario::Place;
use crate::slo::Class;
use crate::trace::MAX_TIME_US;
use files::FileError;

const QUEUE_DEPTH_THRESHOLD: f64 = 5.0;
const KV_CACHE_UTIL_THRESHOLD: f64 = 0.8;
const MAX_CONCURRENCY: u64 = 100;
const USAGE_LIMIT_THRESHOLD: f64 = 1.0;
const DISPATCH_TICK_INTERVAL_US: u64 = 1_000;
/// The most of what is counted in requests.
const MAX_COUNT: u64 = 1 << 24;

/// A queue at the gateway, which holds requests back while the instances are saturated and takes the place of the admission
/// policy. Requests wait in bands, one for each priority. Without this table there is no queue.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "FlowControl")]
pub(crate) struct RawFlowControl {
    /// How the saturation of the instances is measured, which is 1 and more when nothing is dispatched any more: `utilization`
    /// (the mean over instances of max(waiting / `queue_depth_threshold`, KV utilisation / `kv_cache_util_threshold`), as the
    /// router read them last), `concurrency` (requests in flight / (instances · `max_concurrency`)) or `never` (always 0).
    detector: DetectorName,
    /// The wait queue that saturates an instance, for `utilization`; requests, above 0.
    #[schemars(extend("default" = QUEUE_DEPTH_THRESHOLD))]
    queue_depth_threshold: Option<f64>,
    /// The KV utilisation that saturates an instance, for `utilization`; a fraction, above 0.
    #[schemars(extend("default" = KV_CACHE_UTIL_THRESHOLD))]
    kv_cache_util_threshold: Option<f64>,
    /// Requests in flight that saturate an instance, for `concurrency`; requests, 1 to 16777216.
    #[schemars(extend("default" = MAX_CONCURRENCY))]
    max_concurrency: Option<u64>,
    /// Which dispatches count as waiting, for `utilization`, although the readings do not show them yet.
    #[serde(default)]
    credit: Credit,
    /// Which request of a client goes first within a band.
    #[serde(default)]
    dispatch_order: DispatchOrder,
    /// What a class wants under `slo-deadline`, as in `{ critical = 200000 }`: its deadline is so long after it was queued, and
    /// a class that is not listed comes last. µs, 1 to 2^53.
    #[serde(default)]
    slo_targets: BTreeMap<String, u64>,
    /// Which client's turn it is within a band.
    #[serde(default)]
    fairness: Fairness,
    /// The ceiling of the lowest band, where no limiter is named: at this saturation nothing of it is dispatched any more. That
    /// of the highest band is 1, and between them they fall in even steps. Above 0 and at most 1.
    #[schemars(extend("default" = USAGE_LIMIT_THRESHOLD))]
    usage_limit_threshold: Option<f64>,
    /// What a band holds; requests, 0 to 16777216, 0 for no limit. A request that finds it full is refused.
    #[serde(default)]
    per_band_capacity: u64,
    /// What all bands hold together; requests, 0 to 16777216, 0 for no limit.
    #[serde(default)]
    max_depth: u64,
    /// Whether a request that finds `max_depth` reached displaces a waiting one of a lower priority, which must be below 0.
    #[serde(default)]
    shedding: bool,
    /// How long a request may wait; µs, 0 to 2^53, 0 for as long as it takes.
    #[serde(default)]
    request_ttl_us: u64,
    /// From one attempt to the next while nothing arrives; µs, 0 to 2^53, 0 for the default.
    #[schemars(extend("default" = DISPATCH_TICK_INTERVAL_US))]
    dispatch_tick_interval_us: Option<u64>,
    /// Whether a saturated gateway with requests of priority 0 or more in its queue takes requests below 0 back from instances.
    #[serde(default)]
    in_flight_eviction: bool,
    /// When attempts to dispatch are made, besides at arrivals.
    #[serde(default)]
    ticks: Ticks,
    /// Priorities that have a band from the start, for `router` ticks; others get one when their first request comes. Each -100
    /// to 100.
    #[serde(default)]
    bands: Vec<i32>,
    /// What a limiter in a file is told besides the saturation and the priorities of the bands, which is all that production
    /// tells it. `unseen` is what `credit` adds.
    #[serde(default)]
    told: BTreeSet<Input>,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum DetectorName {
    Never,
    Utilization,
    Concurrency,
}

impl RawFlowControl {
    pub(crate) fn check(self, place: &Place<'_>) -> Result<FlowControl, FileError> {
        let wrong = |key: &str, problem: String| place.wrong(&format!("flow_control.{key}"), problem);
        let within = |key: &str, value: u64, low: u64, high: u64| {
            if (low..=high).contains(&value) {
                return Ok(value);
            }
            Err(wrong(key, format!("must lie between {low} and {high}, not {value}")))
        };
        let positive = |key: &str, value: Option<f64>, default: f64| {
            let value = value.unwrap_or(default);
            let is_positive = value > 0.0 && value.is_finite();
            if is_positive { Ok(value) } else { Err(wrong(key, format!("must be a positive number, not {value}"))) }
        };
        let limit = |key: &str, value: u64| within(key, value, 0, MAX_COUNT).map(|limit| (limit > 0).then_some(limit));
        let queue_depth = positive("queue_depth_threshold", self.queue_depth_threshold, QUEUE_DEPTH_THRESHOLD)?;
        let kv = positive("kv_cache_util_threshold", self.kv_cache_util_threshold, KV_CACHE_UTIL_THRESHOLD)?;
        let max = within("max_concurrency", self.max_concurrency.unwrap_or(MAX_CONCURRENCY), 1, MAX_COUNT)?;
        let usage_limit_threshold = self.usage_limit_threshold.unwrap_or(USAGE_LIMIT_THRESHOLD);
        if !(usage_limit_threshold > 0.0 && usage_limit_threshold <= 1.0) {
            let problem = format!("must lie above 0 and at most at 1, not {usage_limit_threshold}");
            return Err(wrong("usage_limit_threshold", problem));
        }
        for (class, &target_us) in &self.slo_targets {
            within(&format!("slo_targets.{class}"), target_us, 1, MAX_TIME_US)?;
        }
        let capacity = Capacity {
            band: limit("per_band_capacity", self.per_band_capacity)?,
            all: limit("max_depth", self.max_depth)?,
            shedding: self.shedding,
        };
        let ttl_us = within("request_ttl_us", self.request_ttl_us, 0, MAX_TIME_US)?;
        let tick_us = self.dispatch_tick_interval_us.filter(|&us| us > 0).unwrap_or(DISPATCH_TICK_INTERVAL_US);
        if self.ticks == Ticks::Blis && !self.bands.is_empty() {
            let problem = "bands exist from the start with ticks = \"router\" only; leave them out, or set ticks";
            return Err(wrong("bands", problem.into()));
        }
        if self.bands.iter().any(|priority| !(-100..=100).contains(priority)) {
            return Err(wrong("bands", "a priority lies between -100 and 100".into()));
        }
        Ok(FlowControl {
            detector: match self.detector {
                DetectorName::Never => Detector::Never,
                DetectorName::Utilization => Detector::Utilization { queue_depth, kv },
                DetectorName::Concurrency => Detector::Concurrency { max },
            },
            credit: self.credit,
            order: self.dispatch_order,
            slo_targets: self.slo_targets.iter().map(|(class, &us)| (Class::new(class), us)).collect(),
            fairness: self.fairness,
            usage_limit_threshold,
            capacity,
            ttl_us: (ttl_us > 0).then_some(ttl_us),
            tick_us: within("dispatch_tick_interval_us", tick_us, 0, MAX_TIME_US)?,
            evicts: self.in_flight_eviction,
            ticks: self.ticks,
            bands: self.bands,
            told: self.told,
        })
    }
}
