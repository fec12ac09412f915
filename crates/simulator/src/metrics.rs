//! What a run means for its clients: percentiles and summaries per class.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::run::{Outcome, Record, Run};
use crate::slo::{Class, Slo};
use crate::trace::Arrival;
use crate::traffic::Traffic;

/// How one class, or any other group of requests, fared. Its fields are the keys of a class in the JSON of
/// `elenchus simulate`: they may be added to, but neither renamed nor removed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassSummary {
    /// The name of the group; `default` for requests without a class, `all` for all together.
    pub class: String,
    /// Requests that arrived.
    pub requests: u64,
    /// Requests that were let in.
    pub admitted: u64,
    /// Requests that were refused (shed).
    pub rejected: u64,
    /// Requests completed.
    pub completed: u64,
    /// Requests that were let in, but are too long for an instance.
    pub dropped: u64,
    /// Requests whose deadline passed before they were complete.
    pub timed_out: u64,
    /// Time to first token, of all requests that got one.
    pub ttft_ms: Spread,
    /// Mean time between tokens, of each completed request.
    pub mean_itl_ms: Spread,
    /// Time from arrival to the last token, of completed requests.
    pub e2e_ms: Spread,
    /// Output tokens of the completed requests for each second of the measured window.
    pub output_tokens_per_s: f64,
    /// The targets; `None` without.
    pub slo: Option<Slo>,
    /// Completed requests that met every target; `None` without targets.
    pub good: Option<u64>,
    /// The same for each second of the run.
    pub goodput_per_s: Option<f64>,
    /// Share of all its requests, refused ones included, that met every target; `None` without targets.
    pub slo_attainment: Option<f64>,
}

/// Mean and percentiles of some values; zeros where there are none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Spread {
    /// Sum / number.
    pub mean: f64,
    /// The median.
    pub p50: f64,
    /// Nine of ten lie below.
    pub p90: f64,
    /// 99 of 100 lie below.
    pub p99: f64,
}

/// One summary for each class of which requests are measured, in the order of their names.
pub fn by_class(traffic: &Traffic, run: &Run, slo: &BTreeMap<Class, Slo>) -> Vec<ClassSummary> {
    let mut groups: BTreeMap<&Class, Vec<usize>> = BTreeMap::new();
    for row in traffic.measured.clone() {
        groups.entry(&traffic.arrivals[row].class).or_default().push(row);
    }
    let summary = |(class, rows): (&Class, Vec<usize>)| {
        let name = if class.name().is_empty() { "default" } else { class.name() };
        summarise(name, traffic, run, rows.into_iter(), slo.get(class))
    };
    groups.into_iter().map(summary).collect()
}

/// The summary of all measured requests; goodput and attainment are those of the classes that have targets.
pub fn overall(traffic: &Traffic, run: &Run, classes: &[ClassSummary]) -> ClassSummary {
    let with_targets = || classes.iter().filter_map(|class| Some((class.good?, class.requests)));
    let good = with_targets().map(|(good, _)| good).reduce(|sum, good| sum + good);
    let requests: u64 = with_targets().map(|(_, requests)| requests).sum();
    ClassSummary {
        good,
        goodput_per_s: good.map(|good| ratio(good as f64, seconds(traffic, run))),
        slo_attainment: good.map(|good| ratio(good as f64, requests as f64)),
        ..summarise("all", traffic, run, traffic.measured.clone(), None)
    }
}

/// The summary of the requests in these rows.
pub fn summarise(
    name: &str,
    traffic: &Traffic,
    run: &Run,
    rows: impl Iterator<Item = usize>,
    slo: Option<&Slo>,
) -> ClassSummary {
    let rows: Vec<(&Arrival, &Record)> = rows.map(|row| (&traffic.arrivals[row], &run.requests[row])).collect();
    let count = |wanted: &dyn Fn(&Record) -> bool| rows.iter().filter(|(_, record)| wanted(record)).count() as u64;
    let ended = |outcome: Outcome| count(&|record| record.outcome == outcome);
    let completed = |record: &Record| record.outcome == Outcome::Completed;
    let output: u64 =
        rows.iter().filter(|(_, record)| completed(record)).map(|(arrival, _)| u64::from(arrival.output_tokens)).sum();
    let good = slo.map(|slo| count(&|record| completed(record) && meets(record, slo)));
    let ms =
        |value: fn(&Record) -> Option<f64>| Spread::of(rows.iter().filter_map(|(_, record)| value(record)).collect());
    ClassSummary {
        class: name.to_owned(),
        requests: rows.len() as u64,
        admitted: count(&|record| record.admitted == Some(true)),
        rejected: count(&|record| record.admitted == Some(false)),
        completed: ended(Outcome::Completed),
        dropped: ended(Outcome::Dropped),
        timed_out: ended(Outcome::TimedOut),
        ttft_ms: ms(|record| record.ttft_us.map(in_ms)),
        mean_itl_ms: ms(|record| record.mean_itl_us.map(|us| us / 1000.0)),
        e2e_ms: ms(|record| record.e2e_us.map(in_ms)),
        output_tokens_per_s: ratio(output as f64, seconds(traffic, run)),
        slo: slo.copied(),
        good,
        goodput_per_s: good.map(|good| ratio(good as f64, seconds(traffic, run))),
        slo_attainment: good.map(|good| ratio(good as f64, rows.len() as f64)),
    }
}

/// From the start of the measured window to its last arrival; where nothing comes before, from the start of the run, and where
/// nothing comes after, to its end.
fn seconds(traffic: &Traffic, run: &Run) -> f64 {
    let at = |row: usize| traffic.arrivals.get(row).map_or(0, |arrival| arrival.arrival_us);
    let (first, end) = (traffic.measured.start, traffic.measured.end);
    let from_us = if first == 0 { 0 } else { at(first) };
    let to_us = if end == traffic.arrivals.len() { run.totals.duration_us } else { at(end - 1) };
    to_us.saturating_sub(from_us) as f64 / 1e6
}

impl Spread {
    /// The spread of these values.
    pub fn of(mut values: Vec<f64>) -> Self {
        let mean = ratio(values.iter().sum(), values.len() as f64);
        values.sort_by(f64::total_cmp);
        Spread { mean, p50: percentile(&values, 50.0), p90: percentile(&values, 90.0), p99: percentile(&values, 99.0) }
    }
}

/// The p-th percentile (0 to 100) of values in ascending order, interpolated between neighbours; 0 for none.
pub fn percentile(sorted: &[f64], p: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let rank = p / 100.0 * last as f64;
    let (below, above) = (rank.floor() as usize, (rank.ceil() as usize).min(last));
    sorted[below] + (rank - below as f64) * (sorted[above] - sorted[below])
}

fn meets(record: &Record, slo: &Slo) -> bool {
    let within =
        |value: Option<f64>, target: Option<f64>| target.is_none_or(|target| value.is_some_and(|v| v <= target));
    within(record.ttft_us.map(in_ms), slo.ttft_ms)
        && within(record.mean_itl_us.map(|us| us / 1000.0), slo.itl_ms)
        && within(record.e2e_us.map(in_ms), slo.e2e_ms)
}

fn in_ms(us: u64) -> f64 {
    us as f64 / 1000.0
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}
