//! How fast a simulation is: `cargo bench -p simulator`. First a table of the study's eight workloads against the plain
//! engine and BLIS, then what a queue at the gateway costs, then how the cost grows. `cargo bench -p simulator -- NAME` runs only the benchmarks of that name.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![expect(clippy::print_stdout, reason = "a benchmark prints")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use divan::Bencher;
use divan::counter::ItemsCount;
use simulator::admitters::Builtin;
use simulator::flow::limiters::Builtin as Limiters;
use simulator::flow::{Attempt, FlowControl, Limiter};
use simulator::hints::Hints;
use simulator::scenario::Scenario;
use simulator::slo::Class;
use simulator::trace::{self, Arrival};
use simulator::{ClusterConfig, Run, plain, simulate};

/// The study's workloads, and the seconds that BLIS took for each on a machine with 2 cores.
const WORKLOADS: [(&str, f64); 8] = [
    ("balanced_under", 24.0),
    ("balanced_near", 40.6),
    ("chatbot_under", 7.1),
    ("chatbot_near", 16.2),
    ("codecompletion_under", 27.5),
    ("codecompletion_near", 41.4),
    ("blindspot_under", 8.3),
    ("blindspot_near", 14.6),
];

fn main() {
    if std::env::args().any(|argument| argument == "--bench") {
        print_table();
        print_queue();
        print_steps();
        print_memory();
    }
    divan::main();
}

fn print_table() {
    println!(
        "{:<22}{:>10}{:>10}{:>12}{:>12}{:>10}{:>12}{:>12}",
        "workload", "requests", "steps", "median ms", "fastest ms", "req/s", "plain/fast", "BLIS/fast"
    );
    for (name, blis_s) in WORKLOADS {
        let (cluster, arrivals) = (cluster(4), workload(name));
        let (fast_s, fastest_s) = median_s(51, || fast(&cluster, &arrivals));
        let (plain_s, _) = median_s(11, || plain_run(&cluster, &arrivals));
        println!(
            "{name:<22}{:>10}{:>10}{:>12.3}{:>12.3}{:>9.2}M{:>12.1}{:>12.0}",
            arrivals.len(),
            fast(&cluster, &arrivals).totals.steps,
            fast_s * 1e3,
            fastest_s * 1e3,
            arrivals.len() as f64 / fast_s / 1e6,
            plain_s / fast_s,
            blis_s / fast_s
        );
    }
}

/// Workloads in front of which a queue builds up, and what the queue costs: the same with admission of everything, and with a
/// queue under each limiter and schedule.
fn print_queue() {
    println!(
        "\n{:<24}{:>10}{:>14}{:>10}{:>12}{:>10}{:>10}",
        "workload, with a queue", "requests", "without, ms", "constant", "reflective", "router", "every tick"
    );
    for name in ["full-codegen-near", "full-codegen-over", "full-reasoning-over", "full-chat-over"] {
        let (cluster, arrivals) = (configured_as(4, WEIGHTED), load(&format!("flow/{name}")));
        let (without_s, _) = median_s(21, || {
            simulate(&cluster, Arc::clone(&arrivals), &mut Builtin::parse("always-admit").expect("it is built in"), 1)
        });
        let with_ms = |lines: &str, limiter: &str| {
            let (flow, limiter) = (flow(lines), Limiters::parse(limiter).expect("it is built in"));
            let run = || queued(&cluster, &flow, &arrivals, &mut limiter.clone());
            format!("{:.1}", median_s(21, run).0 * 1e3)
        };
        let (blis, router) =
            ("detector = \"utilization\"\n", "detector = \"utilization\"\nticks = \"router\"\nbands = [4, -2]\n");
        let every_tick = || queued(&cluster, &flow(router), &arrivals, &mut Asked);
        println!(
            "{name:<24}{:>10}{:>14.1}{:>10}{:>12}{:>10}{:>10.1}",
            arrivals.len(),
            without_s * 1e3,
            with_ms(blis, "constant"),
            with_ms(blis, "soft-reflective"),
            with_ms(router, "soft-reflective"),
            median_s(5, every_tick).0 * 1e3,
        );
    }
}

/// Leaves all bands open, and wants to be called at every attempt.
struct Asked;

impl Limiter for Asked {
    fn limit(&mut self, _: &Attempt<'_>, _: &mut [f64]) {}
}

fn queued(cluster: &ClusterConfig, flow: &FlowControl, arrivals: &Arc<[Arrival]>, limiter: &mut impl Limiter) -> Run {
    simulator::flow::simulate(cluster, flow, Arc::clone(arrivals), limiter).expect("built-in ceilings are valid")
}

/// The median time of a run and the shortest, in seconds; its result is not dropped on the clock.
fn median_s(runs: usize, run: impl Fn() -> Run) -> (f64, f64) {
    let once = |_| {
        let start = Instant::now();
        let result = divan::black_box(run());
        let elapsed = start.elapsed();
        drop(result);
        elapsed
    };
    let mut times: Vec<Duration> = (0..runs).map(once).collect();
    times.sort();
    (times[runs / 2].as_secs_f64(), times[0].as_secs_f64())
}

/// What one more decode step costs: the difference between long answers and short ones, without arrivals and completions.
fn print_steps() {
    println!("\n{:<10}{:>16}{:>14}", "batch", "prompt tokens", "ns per step");
    for (batch, input_tokens) in [(1, 16), (16, 16), (256, 16), (4_096, 16), (16, 256), (16, 4_096), (16, 32_768)] {
        let cluster = roomy();
        let (short, long) = (burst(batch, input_tokens, 2_000), burst(batch, input_tokens, 30_000));
        let (short_s, _) = median_s(11, || fast(&cluster, &short));
        let (long_s, _) = median_s(11, || fast(&cluster, &long));
        println!("{batch:<10}{input_tokens:>16}{:>14.1}", (long_s - short_s) / 28_000.0 * 1e9);
    }
}

/// The most memory that this process has had so far, the largest of all benchmarks included: a million requests.
fn print_memory() {
    let arrivals = steady(1_000_000, 64);
    let run = fast(&cluster(64), &arrivals);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM: unknown");
    println!("\n{} requests on 64 instances, {} completed; {peak}\n", run.requests.len(), run.totals.completed);
}

#[divan::bench(args = WORKLOADS.map(|(name, _)| name))]
fn workloads(bencher: Bencher<'_, '_>, name: &str) {
    let (cluster, arrivals) = (cluster(4), workload(name));
    bencher.counter(ItemsCount::new(arrivals.len())).bench(|| fast(&cluster, &arrivals));
}

#[divan::bench(args = WORKLOADS.map(|(name, _)| name))]
fn workloads_plain(bencher: Bencher<'_, '_>, name: &str) {
    let (cluster, arrivals) = (cluster(4), workload(name));
    bencher.counter(ItemsCount::new(arrivals.len())).bench(|| plain_run(&cluster, &arrivals));
}

/// The same load on each instance.
#[divan::bench(args = [1, 4, 16, 64])]
fn instances(bencher: Bencher<'_, '_>, instances: u32) {
    let (cluster, arrivals) = (cluster(instances), steady(10_000, instances));
    bencher.counter(ItemsCount::new(arrivals.len())).bench(|| fast(&cluster, &arrivals));
}

#[divan::bench(args = [1_000, 10_000, 100_000, 1_000_000], sample_count = 10)]
fn requests(bencher: Bencher<'_, '_>, requests: u32) {
    let (cluster, arrivals) = (cluster(4), steady(requests, 4));
    bencher.counter(ItemsCount::new(arrivals.len())).bench(|| fast(&cluster, &arrivals));
}

/// One instance with room for everything.
fn roomy() -> ClusterConfig {
    let room = "kv_blocks = 16000000\nmax_num_seqs = 4096\nmax_num_batched_tokens = 1000000\nmax_model_len = 100000";
    configured(1, room)
}

/// Requests that arrive, and so begin and end, together.
fn burst(requests: u32, input_tokens: u32, output_tokens: u32) -> Arc<[Arrival]> {
    (0..requests).map(|_| arrival(0, input_tokens, output_tokens)).collect()
}

fn fast(cluster: &ClusterConfig, arrivals: &Arc<[Arrival]>) -> Run {
    simulate(cluster, Arc::clone(arrivals), &mut gate(), 1)
}

fn plain_run(cluster: &ClusterConfig, arrivals: &Arc<[Arrival]>) -> Run {
    plain::simulate(cluster, Arc::clone(arrivals), &mut gate(), 1)
}

fn gate() -> Builtin {
    Builtin::parse("gaie-legacy").expect("it is built in")
}

fn cluster(instances: u32) -> ClusterConfig {
    configured(instances, "")
}

const WEIGHTED: &str = "routing = \"weighted\"\n\
                        routing_scorers = [[\"queue-depth\", 2], [\"kv-utilization\", 2], [\"load-balance\", 1]]\n";

fn configured(instances: u32, lines: &str) -> ClusterConfig {
    configured_as(instances, &format!("routing = \"round-robin\"\n{lines}"))
}

fn configured_as(instances: u32, lines: &str) -> ClusterConfig {
    scenario(instances, lines).cluster
}

fn flow(lines: &str) -> FlowControl {
    let text = format!("routing = \"round-robin\"\n[flow_control]\n{lines}");
    scenario(1, &text).flow_control.expect("there is a table")
}

fn scenario(instances: u32, lines: &str) -> Scenario {
    let text = format!(
        "name = \"bench\"\n[workload]\ntrace = \"t.csv\"\n[cluster]\ninstances = {instances}\nmodel = \"qwen3-14b\"\n\
         hardware = \"h100\"\nlatency = \"trained-physics\"\n{lines}"
    );
    Scenario::parse(&text, Path::new("bench.toml")).unwrap_or_else(|error| panic!("{error}"))
}

fn workload(name: &str) -> Arc<[Arrival]> {
    load(&format!("workloads/{name}"))
}

fn load(name: &str) -> Arc<[Arrival]> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../tests/fixtures/blis/{name}.csv"));
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    trace::read(&text, &file).unwrap_or_else(|error| panic!("{error}")).into()
}

/// Requests at 20 per second and instance, of which an instance has about 30 in its batch.
fn steady(requests: u32, instances: u32) -> Arc<[Arrival]> {
    let gap_us = 50_000.0 / f64::from(instances);
    (0..requests).map(|n| arrival((f64::from(n) * gap_us) as u64, 200 + n % 600, 50 + n % 100)).collect()
}

fn arrival(arrival_us: u64, input_tokens: u32, output_tokens: u32) -> Arrival {
    thread_local!(static CLASS: Class = Class::new("standard"));
    let class = CLASS.with(Class::clone);
    Arrival { arrival_us, class, input_tokens, output_tokens, deadline_us: None, prefix: None, hints: Hints::default() }
}
