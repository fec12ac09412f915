//! The configuration of the gateway's queue, checked and with every default filled in.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::slo::Class;

/// How a gateway holds requests back while the instances are saturated.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowControl {
    /// How the saturation of the instances is measured.
    pub detector: Detector,
    /// What a reading of the instances is corrected by.
    pub credit: Credit,
    /// Which request of a flow goes first.
    pub order: DispatchOrder,
    /// What each class wants under [`DispatchOrder::SloDeadline`], in µs from the moment a request is queued.
    pub slo_targets: BTreeMap<Class, u64>,
    /// Whose turn it is within a band.
    pub fairness: Fairness,
    /// The ceiling of the lowest band where no limiter is named, above 0 and at most 1.
    pub usage_limit_threshold: f64,
    /// How much the queue holds.
    pub capacity: Capacity,
    /// How long a request may wait, in µs; `None` for as long as it takes.
    pub ttl_us: Option<u64>,
    /// From one tick to the next, in µs, at least 1.
    pub tick_us: u64,
    /// Whether a saturated gateway takes droppable requests back from the instances, for those that must not be dropped.
    pub evicts: bool,
    /// When attempts are made.
    pub ticks: Ticks,
    /// The priorities that have a band from the start.
    pub bands: Vec<i32>,
    /// What a limiter that lives elsewhere is told besides what production tells it.
    pub told: BTreeSet<Input>,
}

/// What production does not tell a limiter today, though a router knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Input {
    /// How old the reading of the instances is, in µs.
    Age,
    /// Requests that wait in each band.
    Waiting,
    /// Requests on all instances together, which the router counts itself.
    InFlight,
    /// Requests dispatched that had not reached the wait queue of an instance when it was read.
    Unseen,
}

/// How the saturation of the instances is measured: 1 and more is saturated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Detector {
    /// It is always 0.
    Never,
    /// The mean over instances of max(waiting / queue_depth, KV utilisation / kv), as last read.
    Utilization {
        /// The wait queue that saturates an instance, in requests, above 0.
        queue_depth: f64,
        /// The KV utilisation that saturates an instance, above 0.
        kv: f64,
    },
    /// Requests in flight over what all instances may have together.
    Concurrency {
        /// Requests in flight that saturate an instance, at least 1.
        max: u64,
    },
}

/// How much the queue holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capacity {
    /// Requests of a band; `None` for no limit.
    pub band: Option<u64>,
    /// Requests of all bands together; `None` for no limit.
    pub all: Option<u64>,
    /// Whether a full queue takes a more important request in place of a droppable one.
    pub shedding: bool,
}

/// Which request of a flow goes first. Bands always go by priority.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DispatchOrder {
    /// The one that was queued first; as in BLIS, bands go by priority all the same.
    #[default]
    Fifo,
    /// The one that was queued first.
    Priority,
    /// The one with the earliest deadline: the time it was queued plus the target of its class.
    SloDeadline,
}

/// Whose turn it is within a band. A flow is what one client has in a band.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fairness {
    /// The flow whose oldest request was queued first.
    #[default]
    GlobalStrict,
    /// One flow after the other, in the order of their clients' names.
    RoundRobin,
}

/// When attempts to dispatch are made, besides at arrivals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ticks {
    /// As in BLIS: only while something waits, counted from the arrival that found nothing waiting.
    #[default]
    Blis,
    /// As in llm-d's router: at every multiple of the interval, with an empty queue too.
    Router,
}

/// Which dispatches count as waiting although no reading of the instances shows them yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Credit {
    /// None.
    #[default]
    None,
    /// Those since the last reading.
    Reading,
    /// Those that had not reached the wait queue of an instance when it was read.
    Unseen,
}
