//! One GPU under load, measured and simulated.
//!
//! The measurements are those that the authors of the quintic policy published for a single instance (vLLM 0.20.2 in eager
//! mode, Qwen3-14B in bf16 on one H100 SXM, blocks of 16 tokens, a KV cache of 281,008 tokens, at most 2,048 tokens and
//! 256 requests in a batch, no prefix hits), three repeats pooled. Prompts have 1024 ± 256 tokens, outputs 256 ± 64.
//! Served requests per second and decoding requests follow from their counts and times.

use std::path::Path;

use simulator::cluster::LatencyKind;
use simulator::{Arrival, Scenario, Simulation};

/// A published number and ours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    /// Offered requests per second.
    pub(crate) rate: f64,
    /// What is compared, with its unit.
    pub(crate) quantity: &'static str,
    pub(crate) measured: f64,
    pub(crate) simulated: f64,
    /// Whether the fit looks at it.
    pub(crate) fitted: bool,
}

impl Row {
    /// ln(simulated / measured).
    pub(crate) fn error(&self) -> f64 {
        (self.simulated / self.measured).ln()
    }
}

/// The published table, by offered rate: requests of one repeat, and (quantity, value, whether it is fitted).
type Load = (f64, u64, &'static [(&'static str, f64, bool)]);

#[rustfmt::skip]
const TABLE: [Load; 4] = [
    (5.0, 2_300, &[
        (TTFT_CONSTANT, 53.0, true), (TTFT_SLOPE, 36.0, true), (TPOT_MEAN, 18.5, true), (TPOT_P50, 18.4, false),
        (TPOT_P99, 21.4, false), (E2E_MEAN, 4.78, true), (DECODING, 22.7, true), (KV, 10.0, true), (SERVED, 4.85, true),
    ]),
    (8.0, 3_800, &[
        (TTFT_CONSTANT, 75.0, true), (TTFT_SLOPE, 36.8, true), (TPOT_MEAN, 24.0, true), (TPOT_P50, 23.3, false),
        (TPOT_P99, 33.8, false), (E2E_MEAN, 6.21, true), (DECODING, 46.8, true), (KV, 21.0, true), (SERVED, 7.69, true),
    ]),
    (10.0, 4_800, &[
        (TTFT_CONSTANT, 107.0, true), (TTFT_SLOPE, 37.1, true), (TPOT_MEAN, 32.3, true), (TPOT_P50, 31.4, false),
        (TPOT_P99, 49.1, false), (E2E_MEAN, 8.38, true), (DECODING, 79.6, true), (KV, 34.0, true), (SERVED, 9.69, true),
    ]),
    // Beyond saturation, where a queue in front of the instance held requests back: what the instance itself does.
    (15.0, 7_299, &[
        (TPOT_MEAN, 69.2, true), (TPOT_P50, 70.0, false), (TPOT_P99, 84.0, false), (E2E_MEAN, 69.4, false),
        (DECODING, 214.0, true), (KV, 93.0, true), (SERVED, 12.1, true),
    ]),
];

const TTFT_CONSTANT: &str = "TTFT, constant part, ms";
const TTFT_SLOPE: &str = "TTFT per prompt token, us";
const TPOT_MEAN: &str = "time per output token, mean, ms";
const TPOT_P50: &str = "time per output token, p50, ms";
const TPOT_P99: &str = "time per output token, p99, ms";
const E2E_MEAN: &str = "E2E, mean, s";
const DECODING: &str = "decoding requests, mean";
const KV: &str = "KV cache in use, %";
const SERVED: &str = "served, requests/s";

/// Seeds of the repeats.
const SEEDS: [u64; 3] = [1, 2, 3];

/// Simulates the runs of the table with this latency model.
pub(crate) fn compare(latency: LatencyKind) -> Vec<Row> {
    let mut rows = Vec::new();
    for (rate, requests, published) in TABLE {
        let repeats = SEEDS.map(|seed| Repeat::run(latency, rate, requests, seed));
        for &(quantity, measured, fitted) in published {
            let simulated = repeats.iter().map(|repeat| repeat.quantity(quantity)).sum::<f64>() / SEEDS.len() as f64;
            rows.push(Row { rate, quantity, measured, simulated, fitted });
        }
    }
    rows
}

/// What the fit minimises: the mean square of the errors of the fitted rows.
pub(crate) fn loss(rows: &[Row]) -> f64 {
    let squares: Vec<f64> = rows.iter().filter(|row| row.fitted).map(|row| row.error() * row.error()).collect();
    squares.iter().sum::<f64>() / squares.len() as f64
}

/// One run, and what it is asked about.
struct Repeat {
    /// (prompt tokens, TTFT in ms) of each request.
    first_tokens: Vec<(f64, f64)>,
    /// In ms, ascending.
    tpot: Vec<f64>,
    e2e_s: f64,
    kv_percent: f64,
    served: f64,
}

impl Repeat {
    fn run(latency: LatencyKind, rate: f64, requests: u64, seed: u64) -> Self {
        let scenario = scenario(latency, rate, requests);
        let arrivals = scenario.generated(seed).arrivals;
        let mut simulation = Simulation::new(&scenario.cluster, arrivals.clone());
        // Poisson arrivals see time averages. The first quarter fills the instance.
        let (mut seen, mut kv) = (0.0, 0.0);
        while let Some(pending) = simulation.next() {
            if pending.index >= arrivals.len() / 4 {
                seen += 1.0;
                kv += pending.instances[0].kv_utilization;
            }
            simulation.decide(admitter::Decision::Admit);
        }
        let run = simulation.finish();
        let count = arrivals.len() as f64;
        let ms = |us: Option<u64>| us.expect("every request is served") as f64 / 1000.0;
        let prompt = |arrival: &Arrival| f64::from(arrival.input_tokens);
        let mut tpot: Vec<f64> =
            run.requests.iter().filter_map(|record| record.mean_itl_us).map(|us| us / 1000.0).collect();
        tpot.sort_by(f64::total_cmp);
        Repeat {
            first_tokens: arrivals.iter().zip(&run.requests).map(|(a, r)| (prompt(a), ms(r.ttft_us))).collect(),
            tpot,
            e2e_s: run.requests.iter().map(|record| ms(record.e2e_us)).sum::<f64>() / count / 1000.0,
            kv_percent: 100.0 * kv / seen,
            served: count / (run.totals.duration_us as f64 / 1e6),
        }
    }

    fn quantity(&self, name: &str) -> f64 {
        match name {
            TTFT_CONSTANT => self.ttft_line().0,
            TTFT_SLOPE => self.ttft_line().1 * 1000.0,
            TPOT_MEAN => self.tpot.iter().sum::<f64>() / self.tpot.len() as f64,
            TPOT_P50 => simulator::metrics::percentile(&self.tpot, 50.0),
            TPOT_P99 => simulator::metrics::percentile(&self.tpot, 99.0),
            E2E_MEAN => self.e2e_s,
            DECODING => {
                let ttft_ms = self.first_tokens.iter().map(|(_, ttft)| ttft).sum::<f64>();
                self.served * (self.e2e_s - ttft_ms / self.first_tokens.len() as f64 / 1000.0)
            }
            KV => self.kv_percent,
            SERVED => self.served,
            _ => unreachable!("the table names no other quantity"),
        }
    }

    /// TTFT = a + b · prompt tokens by least squares, twice: the second time without the twentieth that lies furthest
    /// from the first line, since the published lines are trimmed like that.
    fn ttft_line(&self) -> (f64, f64) {
        let (a, b) = line(&self.first_tokens);
        let mut points = self.first_tokens.clone();
        let distance = |&(x, y): &(f64, f64)| (y - a - b * x).abs();
        points.sort_by(|one, other| distance(one).total_cmp(&distance(other)));
        points.truncate(points.len() * 19 / 20);
        line(&points)
    }
}

fn line(points: &[(f64, f64)]) -> (f64, f64) {
    let n = points.len() as f64;
    let (mean_x, mean_y) = (points.iter().map(|p| p.0).sum::<f64>() / n, points.iter().map(|p| p.1).sum::<f64>() / n);
    let covariance: f64 = points.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let slope = covariance / points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum::<f64>();
    (mean_y - slope * mean_x, slope)
}

fn scenario(latency: LatencyKind, rate: f64, requests: u64) -> Scenario {
    let text = format!(
        r#"
        name = "single-gpu"
        [cluster]
        instances = 1
        model = "qwen3-14b"
        hardware = "h100"
        latency = "h100-measured"
        routing = "round-robin"
        block_size = 16
        kv_blocks = 17563
        snapshot_interval_us = 0
        [workload]
        rate = {rate:.1}
        requests = {requests}
        [[workload.clients]]
        slo_class = "critical"
        fraction = 1.0
        arrival = {{ process = "poisson" }}
        input = {{ distribution = "normal", mean = 1024, sd = 256, min = 256, max = 2048 }}
        output = {{ distribution = "normal", mean = 256, sd = 64, min = 32, max = 512 }}
        "#
    );
    let mut scenario = Scenario::parse(&text, Path::new("single-gpu.toml")).expect("is valid");
    scenario.cluster.latency = latency;
    scenario
}
