//! What the gateway's queue leaves behind: how each request went through it, and what that comes to.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cluster::ClusterConfig;
use crate::metrics::Spread;
use crate::run::{Outcome, Run};
use crate::traffic::Traffic;

/// How the requests of a run went through the gateway's queue.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Passages {
    /// One for each request, in the order of the rows of the workload.
    pub requests: Vec<Passage>,
    /// The rows of those that were dispatched, in the order in which they were.
    pub dispatched: Vec<u32>,
}

/// How one request went through. Times are in µs since the start of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Passage {
    /// When it was queued; `None` if it was refused.
    pub enqueue_us: Option<u64>,
    /// When it was dispatched.
    pub dispatch_us: Option<u64>,
    /// When it was taken out otherwise: shed, expired, or taken back from its instance.
    pub removed_us: Option<u64>,
}

impl Passage {
    /// How long it waited until it was dispatched, in µs.
    pub fn wait_us(&self) -> Option<u64> {
        Some(self.dispatch_us? - self.enqueue_us?)
    }

    /// When it left the queue.
    pub fn left_us(&self) -> Option<u64> {
        self.dispatch_us.or(self.removed_us)
    }
}

/// What became of the requests of one band. Its fields are keys of the JSON of `elenchus simulate`: they may be added to, but
/// neither renamed nor removed.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct BandSummary {
    /// Its priority.
    pub priority: i32,
    /// Requests that were queued.
    pub queued: u64,
    /// Requests that were refused because the queue was full.
    pub rejected: u64,
    /// Requests that were dispatched.
    pub dispatched: u64,
    /// Requests that a more important one displaced.
    pub shed: u64,
    /// Requests that waited too long.
    pub expired: u64,
    /// Requests that were taken back from their instance.
    pub evicted: u64,
    /// Requests that still waited at the end.
    pub left: u64,
    /// The most that waited at one time.
    pub peak_waiting: u64,
    /// How long those dispatched had waited.
    pub wait_ms: Spread,
}

/// One summary for each band, the highest priority first; empty for a run without a queue.
pub fn by_band(cluster: &ClusterConfig, traffic: &Traffic, run: &Run) -> Vec<BandSummary> {
    let Some(passages) = &run.passages else { return Vec::new() };
    let mut bands: BTreeMap<i32, Vec<usize>> = BTreeMap::new();
    for (row, arrival) in traffic.arrivals.iter().enumerate() {
        bands.entry(cluster.priorities.of(&arrival.class)).or_default().push(row);
    }
    let summary = |(priority, rows): (i32, Vec<usize>)| band(priority, &rows, run, passages);
    bands.into_iter().rev().map(summary).collect()
}

/// Requests that were displaced, expired or taken back, by the name of their class, as BLIS counts them.
pub fn shed_by_class(traffic: &Traffic, run: &Run) -> BTreeMap<String, u64> {
    let mut classes = BTreeMap::new();
    for (arrival, record) in traffic.arrivals.iter().zip(&run.requests) {
        if matches!(record.outcome, Outcome::Shed | Outcome::Expired | Outcome::Evicted) {
            let name = if arrival.class.name().is_empty() { "standard" } else { arrival.class.name() };
            *classes.entry(name.to_owned()).or_default() += 1;
        }
    }
    classes
}

fn band(priority: i32, rows: &[usize], run: &Run, passages: &Passages) -> BandSummary {
    let count = |outcome: Outcome| rows.iter().filter(|&&row| run.requests[row].outcome == outcome).count() as u64;
    let passages: Vec<&Passage> = rows.iter().map(|&row| &passages.requests[row]).collect();
    let waits = passages.iter().filter_map(|passage| passage.wait_us());
    BandSummary {
        priority,
        queued: passages.iter().filter(|passage| passage.enqueue_us.is_some()).count() as u64,
        rejected: count(Outcome::Rejected),
        dispatched: passages.iter().filter(|passage| passage.dispatch_us.is_some()).count() as u64,
        shed: count(Outcome::Shed),
        expired: count(Outcome::Expired),
        evicted: count(Outcome::Evicted),
        left: count(Outcome::Waiting),
        peak_waiting: changes(&passages).into_iter().map(|(_, waiting)| waiting).max().unwrap_or(0),
        wait_ms: Spread::of(waits.map(|us| us as f64 / 1000.0).collect()),
    }
}

/// How many of these requests wait from when on: one entry for each time at which that changes, after all that happens then.
fn changes(passages: &[&Passage]) -> Vec<(u64, u64)> {
    let mut steps: Vec<(u64, i64)> = Vec::new();
    for passage in passages {
        if let Some(enqueue_us) = passage.enqueue_us {
            steps.push((enqueue_us, 1));
            steps.extend(passage.left_us().map(|left_us| (left_us, -1)));
        }
    }
    steps.sort_unstable();
    let mut waiting = 0;
    let mut changes: Vec<(u64, u64)> = Vec::new();
    for (time_us, step) in steps {
        waiting += step;
        match changes.last_mut() {
            Some(last) if last.0 == time_us => last.1 = waiting as u64,
            _ => changes.push((time_us, waiting as u64)),
        }
    }
    changes
}

/// How many requests wait at the gateway over time.
pub struct Waiting {
    /// The priority of each band, and its changes.
    bands: Vec<(i32, Vec<(u64, u64)>)>,
}

impl Waiting {
    /// That of a run; without a queue there are no bands.
    pub fn new(cluster: &ClusterConfig, traffic: &Traffic, run: &Run) -> Self {
        let mut bands: BTreeMap<i32, Vec<&Passage>> = BTreeMap::new();
        let passages = run.passages.iter().flat_map(|passages| &passages.requests);
        for (arrival, passage) in traffic.arrivals.iter().zip(passages) {
            bands.entry(cluster.priorities.of(&arrival.class)).or_default().push(passage);
        }
        Waiting { bands: bands.into_iter().rev().map(|(priority, band)| (priority, changes(&band))).collect() }
    }

    /// The priorities of the bands, the highest first.
    pub fn priorities(&self) -> impl Iterator<Item = i32> {
        self.bands.iter().map(|&(priority, _)| priority)
    }

    /// Requests that wait in each band at this time, in µs; what happens at this very time is not yet in it.
    pub fn at(&self, time_us: u64) -> impl Iterator<Item = u64> {
        self.bands.iter().map(move |(_, changes)| {
            let before = changes.partition_point(|&(change_us, _)| change_us < time_us);
            before.checked_sub(1).map_or(0, |last| changes[last].1)
        })
    }
}
