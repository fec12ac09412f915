//! How a run of the simulator went, as lines: what a look at the worst workload is shown with.

use science::seal::{Line, POINTS};
use simulator::flow::Waiting;
use simulator::timeline::{self, Sample};
use simulator::{Arrival, ClusterConfig, Run, Traffic};
use std::convert::Infallible;

/// The share of requests whose times are drawn: the very last ones would leave the others no room.
const SHARE: f64 = 0.99;
/// Bins of time that shares are taken of together: few requests make no share.
const TOGETHER: usize = 6;
/// What time is called.
const TIME: &str = "time since the measured window began, s";

/// Times to the first token, queues, memory and refusals; `critical` says whose times count.
pub(crate) fn lines(
    (cluster, traffic): (&ClusterConfig, &Traffic),
    run: &Run,
    critical: impl Fn(&Arrival) -> bool,
) -> Vec<Line> {
    let start_us = match traffic.measured.start {
        0 => 0,
        _ => traffic.window().first().map_or(0, |arrival| arrival.arrival_us),
    };
    let span = Span { start_us, duration_us: run.totals.duration_us.max(1) };
    let (mut waiting, mut kv) = (Means::default(), Means::default());
    let sampled: Result<(), Infallible> = timeline::replay(cluster, &traffic.arrivals, run, |sample: Sample| {
        let bin = span.bin(sample.time_us);
        waiting.add(bin, f64::from(sample.waiting));
        kv.add(bin, 100.0 * sample.kv_utilization);
        Ok(())
    });
    let Ok(()) = sampled;
    let mut lines = vec![
        first_tokens(traffic, run, critical),
        Line::new("requests that wait in an instance, mean", TIME, &span.points(&waiting)),
        Line::new("KV cache in use, % of an instance, mean", TIME, &span.points(&kv)),
    ];
    lines.push(match run.passages {
        Some(_) => held_back((cluster, traffic), run, &span),
        None => refused((cluster, traffic), run, &span),
    });
    lines
}

/// How many of the critical requests of the window have their first token by when.
fn first_tokens(traffic: &Traffic, run: &Run, critical: impl Fn(&Arrival) -> bool) -> Line {
    let records = &run.requests[traffic.measured.clone()];
    let own = traffic.window().iter().zip(records).filter(|(arrival, _)| critical(arrival));
    let mut times: Vec<f64> = own.filter_map(|(_, record)| record.ttft_us).map(|us| us as f64 / 1e6).collect();
    times.sort_by(f64::total_cmp);
    let of = times.len().max(1) as f64;
    let shown = ((of * SHARE).ceil() as usize).min(times.len());
    let points: Vec<[f64; 2]> =
        times[..shown].iter().zip(1..).map(|(time, n)| [*time, 100.0 * f64::from(n) / of]).collect();
    Line::new("critical requests that have their first token, %", "time to first token, s", &points)
}

/// Of what may be refused, the share that is, by when it arrived.
fn refused((cluster, traffic): (&ClusterConfig, &Traffic), run: &Run, span: &Span) -> Line {
    let mut shares = Means::default();
    for (arrival, record) in traffic.arrivals.iter().zip(&run.requests) {
        if cluster.priorities.of(&arrival.class) < 0 {
            let refused = record.admitted == Some(false);
            shares.add(
                span.bin(arrival.arrival_us) / TOGETHER * TOGETHER + TOGETHER / 2,
                if refused { 100.0 } else { 0.0 },
            );
        }
    }
    Line::new("droppable requests refused, % of those that arrive", TIME, &span.points(&shares))
}

/// How many requests wait at the router.
fn held_back((cluster, traffic): (&ClusterConfig, &Traffic), run: &Run, span: &Span) -> Line {
    let waiting = Waiting::new(cluster, traffic, run);
    let mut held = Means::default();
    for bin in 0..POINTS {
        held.add(bin, waiting.at(span.middle_us(bin)).sum::<u64>() as f64);
    }
    Line::new("requests that wait at the router", TIME, &span.points(&held))
}

/// The time of a run, in as many bins as a line has points.
struct Span {
    /// When the measured window begins, µs.
    start_us: u64,
    duration_us: u64,
}

impl Span {
    fn bin(&self, time_us: u64) -> usize {
        ((u128::from(time_us) * POINTS as u128 / u128::from(self.duration_us)) as usize).min(POINTS - 1)
    }

    fn middle_us(&self, bin: usize) -> u64 {
        (self.duration_us as f64 * (bin as f64 + 0.5) / POINTS as f64) as u64
    }

    fn points(&self, means: &Means) -> Vec<[f64; 2]> {
        let at = |bin: usize| (self.middle_us(bin) as f64 - self.start_us as f64) / 1e6;
        (0..POINTS).filter_map(|bin| Some([at(bin), means.of(bin)?])).collect()
    }
}

/// A mean for each bin.
struct Means([(f64, u64); POINTS]);

impl Default for Means {
    fn default() -> Self {
        Means([(0.0, 0); POINTS])
    }
}

impl Means {
    fn add(&mut self, bin: usize, value: f64) {
        let (sum, count) = &mut self.0[bin];
        *sum += value;
        *count += 1;
    }

    /// None where nothing was.
    fn of(&self, bin: usize) -> Option<f64> {
        let (sum, count) = self.0[bin];
        (count > 0).then(|| sum / count as f64)
    }
}
