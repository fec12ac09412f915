//! The table `[flow_control]` of a scenario: what is read, and how a mistake is answered.

use std::path::Path;

use files::FileError;
use simulator::flow::{Capacity, Credit, Detector, DispatchOrder, Fairness, FlowControl, Input, Ticks};
use simulator::slo::Class;
use simulator::{Scenario, trace};

const HEAD: &str = "name = \"s\"\n[workload]\ntrace = \"t.csv\"\n[cluster]\ninstances = 1\nmodel = \"qwen3-14b\"\n\
                    hardware = \"h100\"\nlatency = \"roofline\"\nrouting = \"round-robin\"\n";

fn parse(table: &str) -> Result<Option<FlowControl>, FileError> {
    Scenario::parse(&format!("{HEAD}{table}"), Path::new("dir/s.toml")).map(|scenario| scenario.flow_control)
}

#[test]
fn without_the_table_there_is_no_queue_and_a_detector_is_enough_for_one() {
    assert_eq!(parse(""), Ok(None));
    let default = FlowControl {
        detector: Detector::Utilization { queue_depth: 5.0, kv: 0.8 },
        credit: Credit::None,
        order: DispatchOrder::Fifo,
        slo_targets: [].into(),
        fairness: Fairness::GlobalStrict,
        usage_limit_threshold: 1.0,
        capacity: Capacity { band: None, all: None, shedding: false },
        ttl_us: None,
        tick_us: 1_000,
        evicts: false,
        ticks: Ticks::Blis,
        bands: vec![],
        told: [].into(),
    };
    assert_eq!(parse("[flow_control]\ndetector = \"utilization\"\n"), Ok(Some(default.clone())));
    let zeros = "per_band_capacity = 0\nmax_depth = 0\nrequest_ttl_us = 0\ndispatch_tick_interval_us = 0\n";
    assert_eq!(parse(&format!("[flow_control]\ndetector = \"utilization\"\n{zeros}")), Ok(Some(default)));
}

const FULL: &str = r#"
[flow_control]
detector = "concurrency"
queue_depth_threshold = 2
kv_cache_util_threshold = 0.5
max_concurrency = 7
credit = "unseen"
dispatch_order = "slo-deadline"
slo_targets = { critical = 200000, batch = 1 }
fairness = "round-robin"
usage_limit_threshold = 0.9
per_band_capacity = 3
max_depth = 9
shedding = true
request_ttl_us = 60000
dispatch_tick_interval_us = 500
in_flight_eviction = true
ticks = "router"
bands = [4, -2]
told = ["age", "unseen"]
"#;

#[test]
fn every_key_of_the_table_is_read() {
    let expected = FlowControl {
        detector: Detector::Concurrency { max: 7 },
        credit: Credit::Unseen,
        order: DispatchOrder::SloDeadline,
        slo_targets: [(Class::new("critical"), 200_000), (Class::new("batch"), 1)].into(),
        fairness: Fairness::RoundRobin,
        usage_limit_threshold: 0.9,
        capacity: Capacity { band: Some(3), all: Some(9), shedding: true },
        ttl_us: Some(60_000),
        tick_us: 500,
        evicts: true,
        ticks: Ticks::Router,
        bands: vec![4, -2],
        told: [Input::Age, Input::Unseen].into(),
    };
    assert_eq!(parse(FULL), Ok(Some(expected)));
}

#[test]
fn a_mistake_in_the_table_names_file_line_and_key_and_says_what_is_right() {
    for (line, by, key, problem) in [
        ("detector = \"concurrency\"", "detector = \"wait\"", "detector", "expected one of `never`, `utilization`"),
        ("fairness = \"round-robin\"", "fairness = \"fair\"", "fairness", "expected `global-strict` or `round-robin`"),
        ("credit = \"unseen\"", "credits = 1", "credits", "unknown field `credits`"),
        ("ticks = \"router\"", "ticks = \"fast\"", "ticks", "expected `blis` or `router`"),
        ("ticks = \"router\"", "", "bands", "with ticks = \"router\" only"),
        ("bands = [4, -2]", "bands = [101]", "bands", "between -100 and 100"),
        (
            "told = [\"age\", \"unseen\"]",
            "told = [\"lengths\"]",
            "told.0",
            "expected one of `age`, `waiting`, `in-flight`",
        ),
        ("queue_depth_threshold = 2", "queue_depth_threshold = 0", "queue_depth_threshold", "positive number, not 0"),
        (
            "kv_cache_util_threshold = 0.5",
            "kv_cache_util_threshold = nan",
            "kv_cache_util_threshold",
            "positive number",
        ),
        ("max_concurrency = 7", "max_concurrency = 0", "max_concurrency", "between 1 and 16777216, not 0"),
        ("max_concurrency = 7", "max_concurrency = 1.5", "max_concurrency", "expected u64"),
        (
            "usage_limit_threshold = 0.9",
            "usage_limit_threshold = 0",
            "usage_limit_threshold",
            "above 0 and at most at 1",
        ),
        ("usage_limit_threshold = 0.9", "usage_limit_threshold = 1.1", "usage_limit_threshold", "not 1.1"),
        ("per_band_capacity = 3", "per_band_capacity = -1", "per_band_capacity", "-1"),
        ("max_depth = 9", "max_depth = 16777217", "max_depth", "between 0 and 16777216"),
        ("request_ttl_us = 60000", "request_ttl_us = 9007199254740993", "request_ttl_us", "between 0"),
        (
            "slo_targets = { critical = 200000, batch = 1 }",
            "slo_targets = { batch = 0 }",
            "slo_targets.batch",
            "between 1",
        ),
        (
            "slo_targets = { critical = 200000, batch = 1 }",
            "slo_targets = { gold = 9 }",
            "slo_targets.gold",
            "no priority",
        ),
    ] {
        let text = FULL.replace(line, by);
        assert_ne!(text, FULL, "{line}");
        let error = parse(&text).expect_err(by);
        assert!(error.problem.contains(problem), "{by}: {error}");
        let found = error.key.as_deref().unwrap_or_default();
        assert!(found == format!("flow_control.{key}") || error.problem.contains(key), "{by}: {error:?}");
        let at =
            1 + format!("{HEAD}{text}").lines().position(|line| line.contains(key.split('.').next().unwrap())).unwrap();
        assert_eq!(error.line, Some(at), "{by}: {error}");
        assert!(error.to_string().starts_with("dir/s.toml:"), "{error}");
    }
    let error = parse("[flow_control]\nmax_depth = 3\n").unwrap_err();
    assert!(error.problem.contains("missing field `detector`"), "{error}");
}

#[test]
fn a_trace_keeps_the_order_of_its_clients_names() {
    let scenario = Scenario::parse(HEAD, Path::new("s.toml")).unwrap();
    let rows = "arrival_us,slo_class,input_tokens,output_tokens,client\n1,,1,1,t2\n2,,1,1,t10\n3,,1,1,\n4,,1,1,t2\n";
    let traffic = scenario.traffic(1, |_| Ok(rows.to_owned())).unwrap();
    let clients: Vec<u32> = traffic.arrivals.iter().map(|arrival| arrival.hints.client).collect();
    assert_eq!(clients, [1, 2, 0, 1]);
    // `default` stands for no name, before t10 and t2.
    assert_eq!(traffic.ranks.as_deref(), Some(&[0, 2, 1][..]));
    assert_eq!(trace::read(rows, Path::new("t.csv")).unwrap(), traffic.arrivals.to_vec());
}
