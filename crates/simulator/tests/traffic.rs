//! A past, a measured window and what comes after it: all of it is decided and simulated, and the window alone is measured.

mod common;

use std::path::Path;

use admitter::prelude::*;
use simulator::{Scenario, Traffic, metrics, plain, simulate};

const CLUSTER: &str = "name = 'a'\n[cluster]\ninstances = 2\nmodel = 'qwen3-14b'\nhardware = 'h100'\n\
                       latency = 'trained-physics'\nrouting = 'round-robin'\n";
const CLIENTS: &str = "[[TABLE.clients]]\nslo_class = 'critical'\nfraction = 0.5\narrival = { process = 'poisson' }\n\
                       input = { distribution = 'log-normal', mu = 6, sigma = 0.8 }\n\
                       output = { distribution = 'pareto', alpha = 1.5, xm = 20, max = 2000 }\n\
                       [[TABLE.clients]]\nslo_class = 'sheddable'\nfraction = 0.5\narrival = { process = 'gamma', cv = 2 }\n\
                       input = { distribution = 'constant', value = 700 }\noutput = { distribution = 'exponential', mean = 90 }\n";

fn scenario(keys: &str, tables: &str) -> Scenario {
    let workload = format!("[workload]\nrate = 20\nrequests = 400\n{keys}\n{}", CLIENTS.replace("TABLE", "workload"));
    let text = format!("{CLUSTER}{workload}{}", tables.replace("CLIENTS", &CLIENTS.replace("TABLE", "past")));
    Scenario::parse(&text, Path::new("a.toml")).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

const PAST: &str = "[past]\nseconds = 60\nrate = 3\nCLIENTS";

/// Refuses every third droppable request, and counts what it is asked.
#[derive(Clone, Default)]
struct Third {
    asked: Vec<Request>,
}

impl Admitter for Third {
    fn new(_: &[f64]) -> Self {
        Third::default()
    }

    fn admit(&mut self, request: &Request, _: &Cluster, _: &mut Draw) -> Decision {
        self.asked.push(*request);
        Decision::reject_if(request.priority < 0 && self.asked.len().is_multiple_of(3))
    }
}

#[test]
fn without_the_new_tables_a_scenario_makes_the_traffic_that_its_workload_makes() {
    let plain = scenario("", "").generated(7);
    let wide = scenario("after_s = 30\nepoch_us = 5000", PAST).generated(7);
    assert_eq!((plain.measured.clone(), plain.epoch_us, plain.memory), (0..400, 0, None));
    let shifted: Vec<_> = wide.window().iter().map(|arrival| arrival.arrival_us - 60_000_000).collect();
    assert_eq!(shifted, plain.window().iter().map(|arrival| arrival.arrival_us).collect::<Vec<_>>());
    let lengths = |traffic: &Traffic| -> Vec<(u32, u32)> {
        traffic.window().iter().map(|arrival| (arrival.input_tokens, arrival.output_tokens)).collect()
    };
    assert_eq!(lengths(&wide), lengths(&plain));
}

#[test]
fn the_past_ends_where_the_window_begins_and_nothing_lies_beyond_what_comes_after() {
    for seed in 0..20 {
        let traffic = scenario("after_s = 30", PAST).generated(seed);
        let (before, rest) = traffic.arrivals.split_at(traffic.measured.start);
        let after = &traffic.arrivals[traffic.measured.end..];
        assert!((120..=240).contains(&before.len()), "{} in the past, seed {seed}", before.len());
        assert!((450..=750).contains(&after.len()), "{} afterwards, seed {seed}", after.len());
        assert!(before.iter().all(|arrival| arrival.arrival_us < 60_000_000), "seed {seed}");
        assert!(rest.iter().all(|arrival| arrival.arrival_us >= 60_000_000), "seed {seed}");
        let end_us = traffic.window().last().unwrap().arrival_us;
        assert!(
            after.iter().all(|arrival| (end_us..=end_us + 30_000_000).contains(&arrival.arrival_us)),
            "seed {seed}"
        );
        assert!(traffic.arrivals.is_sorted_by_key(|arrival| arrival.arrival_us), "seed {seed}");
        assert!(traffic.arrivals.len() as u64 <= scenario("after_s = 30", PAST).requests().unwrap());
    }
}

#[test]
fn traffic_after_the_window_is_decided_and_not_counted() {
    let scenario = scenario("after_s = 30", PAST);
    let traffic = scenario.generated(1);
    let mut policy = Third::default();
    let run = simulate(&scenario.cluster, traffic.clone(), &mut policy, 1);
    assert_eq!(policy.asked.len(), traffic.arrivals.len());
    let after = traffic.measured.end..traffic.arrivals.len();
    let refused = |rows: std::ops::Range<usize>| {
        run.requests[rows].iter().filter(|record| record.admitted == Some(false)).count() as u64
    };
    assert!(refused(after) > 10 && refused(0..traffic.measured.start) > 10);
    let classes = metrics::by_class(&traffic, &run, &scenario.slo);
    let all = metrics::overall(&traffic, &run, &classes);
    assert_eq!((all.requests, all.rejected), (400, refused(traffic.measured.clone())));
    assert_eq!(classes.iter().map(|class| class.requests).sum::<u64>(), 400);
    assert_eq!(run.totals.rejected, refused(0..traffic.arrivals.len()));
}

#[test]
fn what_comes_after_weighs_on_what_is_measured_and_what_came_before_too() {
    let ends = |keys: &str, past: &str| {
        let scenario = scenario(keys, past);
        let traffic = scenario.generated(1);
        let run = simulate(&scenario.cluster, traffic.clone(), &mut Third::default(), 1);
        run.requests[traffic.measured].iter().filter_map(|record| record.e2e_us).collect::<Vec<_>>()
    };
    let heavy = PAST.replace("rate = 3", "rate = 30");
    assert_ne!(ends("", ""), ends("after_s = 30", ""));
    assert_ne!(ends("", "").first(), ends("", &heavy).first());
}

#[test]
fn the_clock_of_policies_starts_at_the_epoch_and_nothing_else_knows_it() {
    let run = |keys: &str| {
        let scenario = scenario(keys, PAST);
        let mut policy = Third::default();
        let run = simulate(&scenario.cluster, scenario.generated(3), &mut policy, 1);
        (policy.asked.iter().map(|request| request.now_us).collect::<Vec<_>>(), run)
    };
    let (zero, epoch) = (run(""), run("epoch_us = 1234567890123"));
    assert_eq!(zero.1, epoch.1);
    assert!(zero.0.iter().zip(&epoch.0).all(|(own, late)| own + 1_234_567_890_123 == *late));
}

#[test]
fn a_clients_own_rate_steps_change_the_mix_and_not_the_rate() {
    let steps = |factor: f64| format!("rate_steps = [{{ from_s = 10, factor = {factor} }}]\n");
    let mixed = |index: usize, factor: f64, text: &str| {
        let at = text.match_indices("[[workload.clients]]").nth(index).unwrap().0 + "[[workload.clients]]\n".len();
        format!("{}{}{}", &text[..at], steps(factor), &text[at..])
    };
    let workload = format!("{CLUSTER}[workload]\nrate = 20\nrequests = 400\n{}", CLIENTS.replace("TABLE", "workload"));
    let text = mixed(1, 1.8, &mixed(0, 0.2, &workload));
    let scenario = Scenario::parse(&text, Path::new("a.toml")).unwrap();
    let simulator::Workload::Generated(generated) = &scenario.workload else { panic!("it is generated") };
    assert!((generated.expected_end_s() - 20.0).abs() < 1e-9, "{}", generated.expected_end_s());
    let traffic = scenario.generated(5);
    let critical = |from_s: u64, to_s: u64| {
        let within = traffic.arrivals.iter().filter(|a| (from_s * 1_000_000..to_s * 1_000_000).contains(&a.arrival_us));
        let (all, own) = within.fold((0, 0), |(all, own), a| (all + 1, own + u32::from(a.class.name() == "critical")));
        f64::from(own) / f64::from(all)
    };
    assert!(
        (0.35..0.65).contains(&critical(0, 10)) && critical(10, 19) < 0.2,
        "{} {}",
        critical(0, 10),
        critical(10, 19)
    );
}

#[test]
fn a_scenario_with_all_of_it_runs_alike_on_both_engines() {
    let scenario =
        scenario("after_s = 20\nepoch_us = 77", &format!("[hints]\npredictor = {{ source = 'learned' }}\n{PAST}"));
    let traffic = scenario.generated(2);
    let (mut one, mut other) = (Third::default(), Third::default());
    let fast = simulate(&scenario.cluster, traffic.clone(), &mut one, 1);
    let plain = plain::simulate(&scenario.cluster, traffic, &mut other, 1);
    assert!(fast == plain && one.asked == other.asked);
    assert!(one.asked.iter().any(|request| request.predicted_output_tokens.is_some()));
}

#[test]
fn what_is_wrong_around_a_window_is_named_with_its_line_and_key() {
    let own = CLIENTS.replace("TABLE", "workload");
    let parse = |keys: &str, tables: &str| {
        let text = format!("{CLUSTER}[workload]\n{keys}\n{tables}");
        Scenario::parse(&text, Path::new("a.toml")).unwrap_err().to_string()
    };
    let rated = |key: &str| format!("rate = 20\nrequests = 400\n{key}");
    let past = |keys: &str| format!("{own}[past]\n{keys}\n{}", CLIENTS.replace("TABLE", "past"));
    let cases = [
        (rated("after_s = -1"), own.clone(), "a.toml:11: workload.after_s: must lie between 0 and 1000000"),
        (rated("after_s = nan"), own.clone(), "a.toml:11: workload.after_s: must lie"),
        (rated("epoch_us = 9007199254740993"), own.clone(), "a.toml:11: workload.epoch_us: must lie"),
        (rated(""), past("seconds = 0\nrate = 1"), "a.toml:25: past.seconds: must lie between 0.001"),
        (rated(""), past("seconds = 9\nrate = 0"), "a.toml:26: past.rate: must lie"),
        (rated(""), past("seconds = 9\nrate = 1\nrequests = 0"), "a.toml:27: past.requests: must lie"),
        (rated(""), past("seconds = 9\nrate = 1").replace("'sheddable'\nfraction = 0.5\narrival = { process = 'gamma', cv = 2 }\ninput = { distribution = 'constant', value = 700 }\noutput = { distribution = 'exponential', mean = 90 }\n[past]", "'sheddable'\nfraction = 0.5\narrival = { process = 'gamma', cv = 2 }\ninput = { distribution = 'constant', value = 700 }\noutput = { distribution = 'exponential', mean = 90 }\nmax_output_tokens = 9\n[past]"), "a.toml:24: workload.clients.1.max_output_tokens: needs a [hints] table"),
        ("trace = 't.csv'".into(), format!("[past]\nseconds = 9\nrate = 1\n{}", CLIENTS.replace("TABLE", "past")), "a.toml:10: past: only a generated"),
        ("trace = 't.csv'\nafter_s = 4".into(), String::new(), "a.toml:10: workload.after_s: only a generated"),
        (rated(""), format!("{own}[hints]\npredictor = {{ source = 'model', rho = 2 }}\n"), "a.toml:25: hints.predictor.rho: must lie between -1 and 1"),
        (rated(""), format!("{own}[hints]\npredictor = {{ source = 'oracle' }}\n"), "a.toml:25: hints.predictor.source: unknown variant"),
        (rated("rate_steps = [{ from_s = 1, factor = 1000000 }]\nafter_s = 1e6"), own.clone(), "a.toml:8: workload: past, measured window"),
    ];
    for (keys, tables, expected) in cases {
        let error = parse(&keys, &tables);
        assert!(error.starts_with(expected), "{expected}: {error}");
    }
}
