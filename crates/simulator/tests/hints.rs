//! What the router is told of requests besides: that it is what the scenario says, and that it never tells what it must not.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use admitter::prelude::*;
use simulator::hints::{Hints, round_up};
use simulator::{Arrival, Scenario, Traffic, simulate, trace};

const CLUSTER: &str = "name = 'a'\n[cluster]\ninstances = 2\nmodel = 'qwen3-14b'\nhardware = 'h100'\n\
                       latency = 'trained-physics'\nrouting = 'round-robin'\n[workload]\nrate = 20\nrequests = 2000\n";

/// Four clients; outputs around 40, 160, 640 and 2560 tokens. The first has no limit, and the others have one each.
fn scenario(hints: &str) -> Scenario {
    let client = |n: i32| {
        let limit = ["", "max_output_tokens = 300\n", "max_output_tokens = 4096\n", "max_output_tokens = 4096\n"];
        let class = if n % 2 == 0 { "critical" } else { "sheddable" };
        format!(
            "[[workload.clients]]\nslo_class = '{class}'\nfraction = 0.25\narrival = {{ process = 'poisson' }}\n\
             input = {{ distribution = 'constant', value = 100 }}\n\
             output = {{ distribution = 'log-normal', mu = {}, sigma = 0.5 }}\n{}",
            (40.0 * 4f64.powi(n)).ln(),
            if hints.is_empty() { "" } else { limit[n as usize] },
        )
    };
    let text = format!("{CLUSTER}{}{hints}", (0..4).map(client).collect::<String>());
    Scenario::parse(&text, Path::new("a.toml")).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn without_hints(arrivals: &[Arrival]) -> Vec<Arrival> {
    arrivals.iter().map(|arrival| Arrival { hints: Hints::default(), ..arrival.clone() }).collect()
}

/// Spearman's rank correlation of two lists; ties count as they stand.
fn rank_correlation(pairs: &[(f64, f64)]) -> f64 {
    let ranks = |value: fn(&(f64, f64)) -> f64| {
        let mut order: Vec<usize> = (0..pairs.len()).collect();
        order.sort_by(|&a, &b| value(&pairs[a]).total_cmp(&value(&pairs[b])));
        let mut ranks = vec![0.0; pairs.len()];
        order.iter().enumerate().for_each(|(rank, &at)| ranks[at] = rank as f64);
        ranks
    };
    let (a, b, mean) = (ranks(|pair| pair.0), ranks(|pair| pair.1), (pairs.len() - 1) as f64 / 2.0);
    let product: f64 = a.iter().zip(&b).map(|(a, b)| (a - mean) * (b - mean)).sum();
    product / a.iter().map(|a| (a - mean) * (a - mean)).sum::<f64>()
}

fn predictions(predictor: &str) -> Vec<(f64, f64)> {
    let traffic = scenario(&format!("[hints]\npredictor = {predictor}\n")).generated(3);
    let pair = |a: &Arrival| Some((a.hints.predicted_output_tokens?, f64::from(a.output_tokens)));
    traffic.arrivals.iter().filter_map(pair).collect()
}

#[test]
fn without_hints_a_scenario_runs_bit_for_bit_as_before() {
    let (bare, told) = (scenario(""), scenario("[hints]\nlimits = 'none'\npredictor = { source = 'true' }\n"));
    let traffic = bare.generated(3);
    assert!(traffic.arrivals.iter().all(|arrival| arrival.hints == Hints::default()));
    assert!(!format!("{:?}", traffic.arrivals).contains("hints"), "workloads are known by this text");
    let policy = simulator::admitters::Builtin::parse("probabilistic").unwrap();
    let run = |traffic: Traffic| simulate(&bare.cluster, traffic, &mut policy.clone(), 9);
    let hinted = told.generated(3);
    let same: Vec<_> = without_hints(&hinted.arrivals);
    // The limits of the clients end some answers; all else is the same.
    assert!(
        same.iter()
            .zip(&*traffic.arrivals)
            .all(|(a, b)| (a.arrival_us, a.input_tokens, &a.class) == (b.arrival_us, b.input_tokens, &b.class))
    );
    assert_eq!(run(hinted), run(same.into()), "a policy that looks at no hint decides alike");
}

#[test]
fn a_limit_is_a_constant_of_its_client() {
    let traffic = scenario("[hints]\n").generated(3);
    let mut limits: BTreeMap<u32, BTreeSet<Option<u32>>> = BTreeMap::new();
    for Arrival { hints, output_tokens, .. } in traffic.arrivals.iter() {
        limits.entry(hints.client).or_default().insert(hints.max_output_tokens);
        assert!(hints.max_output_tokens.is_none_or(|limit| *output_tokens <= limit), "an answer ends at its limit");
    }
    assert!(limits.values().all(|own| own.len() == 1), "{limits:?}");
    let mut all: Vec<Option<u32>> = limits.into_values().flatten().collect();
    all.sort_unstable();
    assert_eq!(all, [None, Some(300), Some(4096), Some(4096)]);
}

#[test]
fn clients_are_numbers_of_their_own_that_say_nothing_of_their_place() {
    let numbers = |seed: u64, hints: &str| -> Vec<u32> {
        let mut seen: Vec<(f64, u32)> = Vec::new();
        let traffic = scenario(hints).generated(seed);
        for n in 0..4 {
            let own = traffic.arrivals.iter().find(|a| {
                let mean = 40.0 * 4f64.powi(n);
                (0.8..1.2).contains(&(f64::from(a.output_tokens) / mean))
            });
            seen.push((f64::from(n), own.unwrap().hints.client));
        }
        seen.into_iter().map(|(_, number)| number).collect()
    };
    let all: BTreeSet<u32> = scenario("[hints]\n").generated(1).arrivals.iter().map(|a| a.hints.client).collect();
    assert_eq!(all.len(), 4);
    assert_ne!(numbers(1, "[hints]\n"), numbers(2, "[hints]\n"));
    assert_eq!(numbers(1, "[hints]\nclients = false\n"), [0; 4]);
}

#[test]
fn limits_of_the_stress_case_lie_above_each_output_and_follow_it() {
    let traffic = scenario("[hints]\nlimits = 'request'\n").generated(3);
    let pairs: Vec<(f64, f64)> = traffic
        .arrivals
        .iter()
        .map(|arrival| {
            let limit = arrival.hints.max_output_tokens.unwrap();
            assert!(limit >= arrival.output_tokens && limit == round_up(f64::from(limit)));
            (f64::from(limit), f64::from(arrival.output_tokens))
        })
        .collect();
    assert!(rank_correlation(&pairs) > 0.8, "{}", rank_correlation(&pairs));
}

#[test]
fn each_predictor_is_as_good_as_it_is_said_to_be() {
    let truth = predictions("{ source = 'true' }");
    assert!(truth.len() == 2000 && truth.iter().all(|(predicted, output)| predicted == output));
    for rho in [0.0, 0.3, 0.5, 0.7, 0.9, -0.7] {
        let found = rank_correlation(&predictions(&format!("{{ source = 'model', rho = {rho} }}")));
        assert!((found - rho).abs() < 0.06, "{found} for {rho}");
    }
    let bucket = predictions("{ source = 'bucket', unknown = 0.4, wrong = 0.1 }");
    assert!((1100..1300).contains(&bucket.len()), "{} of 2000 are known", bucket.len());
    let right = |&&(predicted, output): &&(f64, f64)| {
        predicted
            == if output < 128.0 {
                64.0
            } else if output < 512.0 {
                256.0
            } else {
                1024.0
            }
    };
    let share = bucket.iter().filter(right).count() as f64 / bucket.len() as f64;
    assert!((0.87..0.93).contains(&share), "{share} are right");
    assert!(predictions("{ source = 'none' }").is_empty() && predictions("{ source = 'learned' }").is_empty());
}

#[test]
fn a_miscalibrated_model_is_off_as_it_is_said_to_be() {
    let logs = |keys: &str| -> Vec<f64> {
        predictions(&format!("{{ source = 'model', rho = 0.7{keys} }}"))
            .iter()
            .map(|(predicted, _)| predicted.ln())
            .collect()
    };
    let (plain, biased, steep, drifting) = (logs(""), logs(", bias = 2"), logs(", slope = 0.5"), logs(", drift = 3"));
    assert!(plain.iter().zip(&biased).all(|(own, twice)| (twice - own - 2f64.ln()).abs() < 1e-9));
    let spread = |logs: &[f64]| {
        logs.iter().fold(0.0, |most, log| f64::max(most, *log))
            - logs.iter().fold(99.0, |least, log| f64::min(least, *log))
    };
    assert!((spread(&steep) / spread(&plain) - 0.5).abs() < 1e-9);
    let changed: Vec<bool> = plain.iter().zip(&drifting).map(|(own, late)| (late - own).abs() > 1e-9).collect();
    let first = changed.iter().position(|changed| *changed).unwrap();
    assert!((800..1200).contains(&first) && changed[first..].iter().all(|changed| *changed), "from row {first} on");
}

/// Lets everyone in, and keeps what it was asked.
#[derive(Default)]
struct Watcher(Vec<Request>);

impl Admitter for Watcher {
    fn new(_: &[f64]) -> Self {
        Watcher::default()
    }

    fn admit(&mut self, request: &Request, _: &Cluster, _: &mut Draw) -> Decision {
        self.0.push(*request);
        Decision::Admit
    }
}

#[test]
fn a_learned_prediction_is_the_forgetting_mean_of_what_had_finished_by_then() {
    for seed in 0..3 {
        let scenario = scenario("[hints]\npredictor = { source = 'learned', memory = 10 }\n");
        let traffic = scenario.generated(seed);
        let mut watcher = Watcher::default();
        let run = simulate(&scenario.cluster, traffic.clone(), &mut watcher, 1);
        let mut ends: Vec<(u64, usize)> = run
            .requests
            .iter()
            .enumerate()
            .filter_map(|(row, record)| Some((traffic.arrivals[row].arrival_us + record.e2e_us?, row)))
            .collect();
        ends.sort_unstable();
        let mut known = 0;
        for (row, request) in watcher.0.iter().enumerate() {
            assert_eq!(request.now_us, traffic.arrivals[row].arrival_us);
            let (mut weight, mut sum) = (0.0, 0.0);
            for &(_, ended) in ends.iter().take_while(|(end_us, _)| *end_us <= request.now_us) {
                if traffic.arrivals[ended].hints.client == request.client {
                    (weight, sum) = (0.9 * weight + 1.0, 0.9 * sum + f64::from(traffic.arrivals[ended].output_tokens));
                }
            }
            assert_eq!(request.predicted_output_tokens, (weight > 0.0).then(|| sum / weight), "row {row}, seed {seed}");
            known += u32::from(weight > 0.0);
        }
        assert!(known > 1000, "{known} of 2000 had a prediction");
    }
}

#[test]
fn a_learned_prediction_uses_no_output_that_has_not_finished() {
    let scenario = scenario("[hints]\npredictor = { source = 'learned', memory = 10 }\n");
    let traffic = scenario.generated(4);
    let asked = |traffic: Traffic| {
        let mut watcher = Watcher::default();
        simulate(&scenario.cluster, traffic, &mut watcher, 1);
        watcher.0
    };
    let row = 600;
    // One output is longer than was said: until it would have ended, nobody may notice.
    let mut longer = traffic.arrivals.to_vec();
    longer[row].output_tokens += 3000;
    let run = simulate(&scenario.cluster, traffic.clone(), &mut Watcher::default(), 1);
    let end_us = longer[row].arrival_us + run.requests[row].e2e_us.unwrap();
    let longer = Traffic { memory: traffic.memory, ..longer.into() };
    let (own, other) = (asked(traffic), asked(longer));
    let before = |asked: &[Request]| -> Vec<Request> {
        asked.iter().filter(|request| request.now_us < end_us).copied().collect()
    };
    assert_eq!(before(&own), before(&other));
    assert_ne!(own, other, "afterwards they do");
}

#[test]
fn a_trace_may_say_whose_requests_are_what_limit_they_have_and_what_was_predicted() {
    let text = "arrival_us,slo_class,input_tokens,output_tokens,client,max_output_tokens,predicted_output_tokens\n\
                1,critical,5,5,ann,100,7.5\n2,sheddable,5,5,ben,0,\n3,critical,5,5,ann,,1e3\n4,critical,5,5,,,\n";
    let hints: Vec<Hints> =
        trace::read(text, Path::new("t.csv")).unwrap().iter().map(|arrival| arrival.hints).collect();
    let hint = |client, max_output_tokens, predicted_output_tokens| Hints {
        client,
        max_output_tokens,
        predicted_output_tokens,
    };
    assert_eq!(
        hints,
        [hint(1, Some(100), Some(7.5)), hint(2, Some(0), None), hint(1, None, Some(1000.0)), hint(0, None, None)]
    );
    for (from, to, expected) in [
        ("100,7.5", "-1,7.5", "t.csv:2: max_output_tokens: `-1` is not a whole number"),
        ("100,7.5", "100,nan", "t.csv:2: predicted_output_tokens: `nan` is not a number above 0"),
        ("100,7.5", "100,inf", "t.csv:2: predicted_output_tokens: `inf` is not a number"),
        ("100,7.5", "100,0", "t.csv:2: predicted_output_tokens: `0` is not a number above 0"),
        (",,1e3", ",,-4", "t.csv:4: predicted_output_tokens: `-4` is not"),
    ] {
        let error = trace::read(&text.replace(from, to), Path::new("t.csv")).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn a_hints_table_hides_what_a_trace_says_or_adds_to_it() {
    let head = CLUSTER.split("[workload]").next().unwrap();
    let rows = "arrival_us,slo_class,input_tokens,output_tokens,client,max_output_tokens\n1,critical,5,9,ann,100\n";
    let told = |hints: &str| {
        let scenario =
            Scenario::parse(&format!("{head}[workload]\ntrace = 't.csv'\n{hints}"), Path::new("a.toml")).unwrap();
        scenario.traffic(1, |_| Ok(rows.to_owned())).unwrap().arrivals[0].hints
    };
    let all = Hints { client: 1, max_output_tokens: Some(100), predicted_output_tokens: None };
    assert_eq!(told(""), all);
    assert_eq!(told("[hints]\n"), all);
    assert_eq!(told("[hints]\nclients = false\nlimits = 'none'\n"), Hints::default());
    let predicted = Hints { predicted_output_tokens: Some(9.0), ..all };
    assert_eq!(told("[hints]\npredictor = { source = 'true' }\n"), predicted);
}

#[test]
fn gpu_time_grows_with_prompt_and_output_and_adds_up_to_what_steps_cost() {
    for latency in ["trained-physics", "roofline", "h100-measured"] {
        let cluster = common::cluster(1, &format!("latency = '{latency}'"));
        let time = simulator::gpu::GpuTime::new(&cluster);
        let of = |input: u32, output: u32| time.of(input, output);
        assert!(of(100, 1) >= 0.0 && of(5000, 100) > of(100, 100) && of(100, 500) > of(100, 100), "{latency}");
        let doubled = (of(1000, 401) - of(1000, 1)) / (of(1000, 201) - of(1000, 1));
        assert!((1.99..2.4).contains(&doubled), "{latency}: twice the output costs {doubled} times as much");
        assert!(of(u32::MAX, u32::MAX).is_finite() && of(1, 0).is_finite(), "{latency}");
        // One request alone: its steps cost what they cost empty, and what is attributed to it.
        let alone = common::run(&cluster, &[common::request(0, "critical", 1000, 201)], "always-admit");
        let busy_us = alone.totals.duration_us as f64;
        assert!(of(1000, 201) < busy_us, "{latency}: {} of {busy_us}", of(1000, 201));
    }
}
