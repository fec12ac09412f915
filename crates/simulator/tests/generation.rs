//! Generated workloads: the distributions are what they are called, and a seed is a workload.

use simulator::Arrival;
use simulator::sampler::{ArrivalProcess, Length};
use simulator::workload::{Client, GeneratedWorkload, RateStep, generate};

fn client(slo_class: &str, fraction: f64, arrival: ArrivalProcess, input: Length) -> Client {
    Client { slo_class: slo_class.to_owned(), fraction, arrival, input, output: Length::Constant { value: 8 } }
}

fn poisson(input: Length) -> GeneratedWorkload {
    let clients = vec![client("critical", 1.0, ArrivalProcess::Poisson {}, input)];
    GeneratedWorkload { rate: 50.0, requests: 20_000, clients, rate_steps: Vec::new() }
}

fn mean_and_sd(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let n = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / n;
    (mean, (values.map(|value| (value - mean).powi(2)).sum::<f64>() / n).sqrt())
}

fn inputs(length: Length) -> Vec<f64> {
    generate(&poisson(length), 1).iter().map(|arrival| f64::from(arrival.input_tokens)).collect()
}

fn near(found: f64, expected: f64, share: f64) {
    assert!((found / expected - 1.0).abs() < share, "{found}, not {expected}");
}

#[test]
fn a_seed_is_a_workload() {
    let workload = poisson(Length::Normal { mean: 1024.0, sd: 256.0, min: Some(256), max: Some(2048) });
    let first = generate(&workload, 42);
    assert_eq!(first, generate(&workload, 42));
    assert_ne!(first, generate(&workload, 43));
    // These bits are the same on every host.
    let start: Vec<(u64, u32)> = first[..4].iter().map(|arrival| (arrival.arrival_us, arrival.input_tokens)).collect();
    assert_eq!(start, START);
}

const START: [(u64, u32); 4] = [(21_481, 437), (41_574, 683), (71_080, 723), (94_700, 880)];

#[test]
fn poisson_gaps_are_exponential() {
    let arrivals = generate(&poisson(Length::Constant { value: 1 }), 1);
    let gaps: Vec<f64> = arrivals.windows(2).map(|pair| (pair[1].arrival_us - pair[0].arrival_us) as f64).collect();
    let (mean, sd) = mean_and_sd(gaps.iter().copied());
    near(mean, 20_000.0, 0.02);
    near(sd, 20_000.0, 0.03);
}

#[test]
fn lengths_follow_their_distribution_and_keep_to_their_bounds() {
    let (mean, sd) = mean_and_sd(inputs(Length::Normal { mean: 1000.0, sd: 100.0, min: None, max: None }).into_iter());
    near(mean, 1000.0, 0.01);
    near(sd, 100.0, 0.03);
    let (mean, sd) = mean_and_sd(inputs(Length::Exponential { mean: 500.0, min: None, max: None }).into_iter());
    near(mean, 500.0, 0.03);
    near(sd, 500.0, 0.03);
    let log_normal = inputs(Length::LogNormal { mu: 6.0, sigma: 0.5, min: None, max: None });
    let (mean, sd) = mean_and_sd(log_normal.iter().map(|length| length.ln()));
    near(mean, 6.0, 0.01);
    near(sd, 0.5, 0.03);
    let bounded = inputs(Length::Normal { mean: 100.0, sd: 100.0, min: Some(50), max: Some(120) });
    assert!(bounded.iter().all(|length| (50.0..=120.0).contains(length)));
    assert!(bounded.contains(&50.0) && bounded.contains(&120.0));
}

#[test]
fn clients_have_their_shares_and_streams_of_their_own() {
    let length = Length::Exponential { mean: 100.0, min: None, max: None };
    let two = |second: ArrivalProcess| GeneratedWorkload {
        rate: 100.0,
        requests: 10_000,
        clients: vec![
            client("critical", 0.3, ArrivalProcess::Poisson {}, length),
            client("sheddable", 0.7, second, length),
        ],
        rate_steps: Vec::new(),
    };
    let critical = |arrivals: Vec<Arrival>| -> Vec<Arrival> {
        arrivals.into_iter().filter(|arrival| arrival.class.name() == "critical").collect()
    };
    let arrivals = generate(&two(ArrivalProcess::Poisson {}), 9);
    assert_eq!(arrivals.len(), 10_000);
    assert!(arrivals.is_sorted_by_key(|arrival| arrival.arrival_us));
    let ours = critical(arrivals);
    near(ours.len() as f64, 3_000.0, 0.05);
    let theirs = critical(generate(&two(ArrivalProcess::Constant {}), 9));
    assert_eq!(ours[..2_500], theirs[..2_500], "a client does not notice what another one does");
}

#[test]
fn constant_arrivals_are_evenly_spaced_and_rate_steps_change_the_pace() {
    let workload = GeneratedWorkload {
        rate: 10.0,
        requests: 8,
        clients: vec![client("batch", 1.0, ArrivalProcess::Constant {}, Length::Constant { value: 5 })],
        rate_steps: vec![RateStep { from_s: 0.25, factor: 0.0 }, RateStep { from_s: 1.0, factor: 2.0 }],
    };
    let ms: Vec<u64> = generate(&workload, 1).iter().map(|arrival| (arrival.arrival_us + 500) / 1000).collect();
    // Half a gap is left over from before the pause.
    assert_eq!(ms, [100, 200, 1025, 1075, 1125, 1175, 1225, 1275]);
}
