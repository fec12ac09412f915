//! Generated workloads: the distributions are what they are called, and a seed is a workload.

use simulator::Arrival;
use simulator::sampler::{ArrivalProcess, Length};
use simulator::workload::{Client, GeneratedWorkload, RateStep, generate};

fn client(slo_class: &str, fraction: f64, arrival: ArrivalProcess, input: Length) -> Client {
    Client {
        slo_class: slo_class.to_owned(),
        fraction,
        arrival,
        input,
        output: Length::Constant { value: 8 },
        max_output_tokens: None,
        prefix_share: None,
        rate_steps: Vec::new(),
    }
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

#[test]
fn prompts_of_a_client_begin_alike_as_far_as_it_says_and_change_nothing_else() {
    let length = Length::Normal { mean: 900.0, sd: 300.0, min: Some(100), max: Some(2000) };
    let plain = poisson(length);
    let mut shared = plain.clone();
    shared.clients[0].prefix_share = Some([0.6, 0.9]);
    let share = |arrival: &Arrival| {
        let prefix = arrival.prefix.expect("every prompt has one");
        assert_eq!(prefix.group, 0);
        f64::from(prefix.tokens) / f64::from(arrival.input_tokens)
    };
    let arrivals = generate(&shared, 7);
    let (mean, _) = mean_and_sd(arrivals.iter().map(share));
    assert!((mean - 0.75).abs() < 0.01, "{mean}");
    assert!(arrivals.iter().map(share).all(|share| (0.59..=0.9).contains(&share)));
    let without = |arrival: &Arrival| Arrival { prefix: None, ..arrival.clone() };
    assert_eq!(arrivals.iter().map(without).collect::<Vec<_>>(), generate(&plain, 7));
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

const START: [(u64, u32); 4] = [(5_806, 1389), (9_531, 1041), (29_492, 1325), (112_069, 1192)];

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
fn a_pareto_log_normal_mix_has_a_tail_of_its_weight_and_exponent() {
    let mix = |mix_weight, max| {
        inputs(Length::ParetoLogNormal { alpha: 1.5, xm: 5000.0, mu: 5.0, sigma: 0.5, mix_weight, min: None, max })
    };
    // The body ends long before the tail begins: e⁵ = 148, and 5000 lies seven standard deviations above.
    let (tail, body): (Vec<f64>, Vec<f64>) = mix(0.2, None).into_iter().partition(|&length| length >= 5000.0);
    near(tail.len() as f64, 0.2 * 20_000.0, 0.05);
    let (mean, sd) = mean_and_sd(body.iter().map(|length| length.ln()));
    near(mean, 5.0, 0.01);
    near(sd, 0.5, 0.03);
    // The logarithm of a Pareto variate above its start is exponential with mean 1 / alpha.
    let (mean, sd) = mean_and_sd(tail.iter().map(|length| (length / 5000.0).ln()));
    near(mean, 1.0 / 1.5, 0.05);
    near(sd, 1.0 / 1.5, 0.08);
    assert!(mix(1.0, None).iter().all(|&length| length >= 5000.0));
    assert!(mix(0.0, None).iter().all(|&length| length < 5000.0));
    let bounded = mix(1.0, Some(6000));
    assert!(bounded.contains(&6000.0) && bounded.iter().all(|&length| (5000.0..=6000.0).contains(&length)));
}

#[test]
fn empirical_lengths_occur_as_often_as_they_were_counted() {
    let found = inputs(Length::Empirical { values: vec![(7, 3.0), (1, 0.0), (900, 1.0)] });
    let share = |wanted: f64| found.iter().filter(|&&length| length == wanted).count() as f64 / found.len() as f64;
    near(share(7.0), 0.75, 0.02);
    near(share(900.0), 0.25, 0.04);
    assert_eq!(share(1.0), 0.0);
}

#[test]
fn no_distribution_leaves_the_range_of_lengths() {
    let extremes = [
        Length::LogNormal { mu: 100.0, sigma: 100.0, min: None, max: None },
        Length::LogNormal { mu: -100.0, sigma: 0.0, min: None, max: None },
        Length::ParetoLogNormal { alpha: 0.01, xm: 1.0, mu: 0.0, sigma: 0.0, mix_weight: 1.0, min: None, max: None },
        Length::Exponential { mean: 1e7, min: None, max: None },
        Length::Normal { mean: 0.0, sd: 1e7, min: None, max: None },
    ];
    for length in extremes {
        assert!(inputs(length.clone()).iter().all(|tokens| (1.0..=1e7).contains(tokens)), "{length:?}");
    }
}

#[test]
fn bursty_processes_keep_the_rate_and_cluster_the_arrivals() {
    for (process, cv) in [
        (ArrivalProcess::Gamma { cv: 2.0 }, 2.0),
        (ArrivalProcess::Weibull { cv: 2.0 }, 2.0),
        (ArrivalProcess::Gamma { cv: 0.5 }, 0.5),
        (ArrivalProcess::Weibull { cv: 0.5 }, 0.5),
    ] {
        let clients = vec![client("critical", 1.0, process, Length::Constant { value: 1 })];
        let workload = GeneratedWorkload { rate: 50.0, requests: 100_000, clients, rate_steps: Vec::new() };
        let arrivals = generate(&workload, 1);
        assert_eq!(arrivals, generate(&workload, 1));
        let gaps = arrivals.windows(2).map(|pair| (pair[1].arrival_us - pair[0].arrival_us) as f64);
        let (mean, sd) = mean_and_sd(gaps);
        near(mean, 20_000.0, 0.02);
        near(sd / mean, cv, 0.03);
    }
}

#[test]
fn several_clients_merged_have_the_sum_of_their_rates_and_uncorrelated_gaps() {
    let gamma = ArrivalProcess::Gamma { cv: 0.8 };
    let clients: Vec<Client> = (0..4).map(|_| client("critical", 0.25, gamma, Length::Constant { value: 1 })).collect();
    let workload = GeneratedWorkload { rate: 100.0, requests: 40_000, clients, rate_steps: Vec::new() };
    let arrivals = generate(&workload, 3);
    near(arrivals.last().unwrap().arrival_us as f64, 400e6, 0.03);
    // Equal streams would send four requests at a time; independent ones do so as rarely as chance has it.
    let together = arrivals.windows(2).filter(|pair| pair[0].arrival_us == pair[1].arrival_us).count();
    assert!(together < 20, "{together} requests arrive at the time of another one");
}

#[test]
fn rate_steps_change_the_rate_where_they_say_and_nowhere_else() {
    let step = |from_s, factor| RateStep { from_s, factor };
    for process in [ArrivalProcess::Poisson {}, ArrivalProcess::Gamma { cv: 2.0 }, ArrivalProcess::Weibull { cv: 0.7 }]
    {
        let workload = GeneratedWorkload {
            rate: 100.0,
            requests: 60_000,
            clients: vec![
                client("critical", 0.4, process, Length::Constant { value: 1 }),
                client("sheddable", 0.6, process, Length::Constant { value: 1 }),
            ],
            rate_steps: vec![step(100.0, 3.0), step(150.0, 0.0), step(200.0, 0.5), step(300.0, 1.0)],
        };
        near(workload.expected_end_s(), 300.0 + (60_000.0 - 10_000.0 - 15_000.0 - 5_000.0) / 100.0, 1e-9);
        let arrivals = generate(&workload, 11);
        let between = |from_s: u64, to_s: u64| {
            let times = from_s * 1_000_000..to_s * 1_000_000;
            arrivals.iter().filter(|arrival| times.contains(&arrival.arrival_us)).count() as f64
        };
        for (from_s, to_s, expected) in
            [(0, 100, 10_000.0), (100, 150, 15_000.0), (200, 300, 5_000.0), (300, 500, 20_000.0)]
        {
            // Five standard deviations of the most irregular of the three.
            let tolerance = 10.0 / f64::sqrt(expected);
            near(between(from_s, to_s), expected, tolerance);
        }
        assert_eq!(between(150, 200), 0.0, "a pause");
        assert!(arrivals.is_sorted_by_key(|arrival| arrival.arrival_us));
    }
}

#[test]
fn clients_have_their_shares_and_streams_of_their_own() {
    let length = Length::Exponential { mean: 100.0, min: None, max: None };
    let two = |second: ArrivalProcess| GeneratedWorkload {
        rate: 100.0,
        requests: 10_000,
        clients: vec![
            client("critical", 0.3, ArrivalProcess::Poisson {}, length.clone()),
            client("sheddable", 0.7, second, length.clone()),
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
