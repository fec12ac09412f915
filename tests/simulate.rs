//! The simulator by itself, as other tools call it.

use crate::environment::{Environment, fixture_path};

const CLUSTER: &str = r#"
name = "study"
[cluster]
instances = 4
model = "qwen3-14b"
hardware = "h100"
latency = "trained-physics"
routing = "round-robin"
scheduler = "fcfs"
[workload]
rate = 10.0
requests = 10
[[workload.clients]]
slo_class = "critical"
fraction = 1.0
arrival = { process = "poisson" }
input = { distribution = "normal", mean = 100, sd = 10, min = 1, max = 200 }
output = { distribution = "normal", mean = 10, sd = 1, min = 1, max = 20 }
"#;

fn requests(environment: &Environment, trace: &str, admitter: &str, seed: &str) -> String {
    let trace = fixture_path(&format!("blis/workloads/{trace}.csv"));
    let trace = trace.to_str().unwrap();
    let arguments =
        ["simulate", "study.toml", "--admitter", admitter, "--trace", trace, "--seed", seed, "--requests", "out.csv"];
    environment.ok(&arguments);
    environment.read("out.csv")
}

#[test]
fn every_request_of_a_study_workload_comes_out_as_the_published_simulator_has_it() {
    let environment = Environment::new();
    environment.write("study.toml", CLUSTER);
    for trace in ["chatbot_near", "blindspot_under"] {
        let golden = std::fs::read_to_string(fixture_path(&format!("blis/workloads/{trace}.csv"))).unwrap();
        let ours = requests(&environment, trace, "gaie-legacy", "42");
        // request,arrival,class,input,output,admitted,instance,ttft,e2e against request,admitted,instance,ttft,e2e
        for (line, (golden, ours)) in golden.lines().zip(ours.lines()).enumerate().skip(1) {
            let golden: Vec<&str> = golden.split(',').collect();
            let wanted = [&golden[..1], &golden[5..]].concat().join(",");
            assert_eq!(ours, wanted, "{trace}, line {}", line + 1);
        }
        assert_eq!(ours.lines().count(), golden.lines().count());
    }
}

#[test]
fn the_quintic_from_a_file_decides_as_the_built_in_one_does() {
    let environment = Environment::new();
    environment.write("study.toml", CLUSTER);
    environment.write("quintic.rs", &std::fs::read_to_string(fixture_path("candidates/quintic.rs")).unwrap());
    for (trace, seed) in [("balanced_under", "1"), ("blindspot_near", "2"), ("codecompletion_under", "3")] {
        let built_in = requests(&environment, trace, "probabilistic", seed);
        let from_file = requests(&environment, trace, "quintic.rs", seed);
        assert!(built_in.contains(",0,,,"), "{trace}: nothing was refused, so nothing was compared");
        assert_eq!(built_in, from_file, "{trace}");
    }
}

#[test]
fn the_json_has_every_documented_key() {
    let environment = Environment::new();
    environment.copy("scenarios");
    let json = environment.json(&["simulate", "scenarios/burst.toml", "--format", "json", "--seed", "7"]);
    assert_eq!(
        (&json["scenario"], &json["admitter"], &json["seed"]),
        (&"burst".into(), &"gaie-legacy".into(), &7.into())
    );
    let names: Vec<&str> = json["classes"].as_array().unwrap().iter().map(|c| c["class"].as_str().unwrap()).collect();
    assert_eq!((names, &json["overall"]["class"]), (vec!["batch", "critical", "sheddable"], &"all".into()));
    for class in json["classes"].as_array().unwrap().iter().chain([&json["overall"]]) {
        let count = |key: &str| class[key].as_u64().unwrap_or_else(|| panic!("{key} in {class}"));
        assert_eq!(count("requests"), count("admitted") + count("rejected"));
        assert_eq!(count("admitted"), count("completed") + count("dropped") + count("timed_out"));
        for latency in ["ttft_ms", "mean_itl_ms", "e2e_ms"] {
            let ms = |key: &str| class[latency][key].as_f64().unwrap_or_else(|| panic!("{latency}.{key} in {class}"));
            assert!(0.0 < ms("p50") && ms("p50") < ms("p90") && ms("p90") < ms("p99") && ms("mean") > 0.0);
        }
        assert!(class["output_tokens_per_s"].as_f64().unwrap() > 0.0);
    }
    let [batch, critical] = [&json["classes"][0], &json["classes"][1]];
    for key in ["slo", "good", "goodput_per_s", "slo_attainment"] {
        assert!(batch[key].is_null() && !critical[key].is_null(), "{key}");
    }
    assert_eq!(critical["slo"]["ttft_ms"], 500.0);
    let share = critical["good"].as_f64().unwrap() / critical["requests"].as_f64().unwrap();
    assert_eq!(critical["slo_attainment"].as_f64().unwrap(), share);
    for key in
        "requests admitted rejected routed completed dropped timed_out still_queued still_running preemptions steps \
                input_tokens output_tokens duration_us cache_hit_rate peak_kv_utilization peak_waiting peak_running"
            .split_whitespace()
    {
        assert!(json["totals"][key].is_number(), "{key}");
    }
    assert_eq!(json["totals"]["requests"], 5400);
}

#[test]
fn the_table_fits_a_terminal_of_100_columns_and_shows_every_class() {
    let environment = Environment::new();
    environment.copy("scenarios");
    let text = environment.ok(&["simulate", "scenarios/burst.toml", "--admitter", "probabilistic(k=100)"]);
    for line in text.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
    for word in
        ["batch", "critical", "sheddable", "all", "TTFT", "ITL", "E2E", "p50", "p99", "shed", "goodput/s", "SLO met"]
    {
        assert!(text.contains(word), "{word}: {text}");
    }
    for word in ["5,400 requests", "preemptions", "timed out", "dropped", "queue", "KV", "prefix cache hits"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    environment.write("study.toml", CLUSTER);
    let text = environment.ok(&["simulate", "study.toml"]);
    assert!(text.contains("10 completed") && !text.contains("SLO met"), "{text}");
}

#[test]
fn the_names_in_a_scenario_do_not_command_the_terminal() {
    let environment = Environment::new();
    let long = "c".repeat(200);
    let text = CLUSTER.replace("\"study\"", "\"\\u001b[31mred\"").replace("critical", &long);
    environment.write("study.toml", &format!("{text}[priorities]\n{long} = 2\n"));
    let text = environment.ok(&["simulate", "study.toml"]);
    assert!(!text.contains('\u{1b}') && text.contains("red"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
}

#[test]
fn the_timeline_shows_the_burst_come_and_go() {
    let environment = Environment::new();
    environment.copy("scenarios");
    environment.ok(&["simulate", "scenarios/burst.toml", "--admitter", "always-admit", "--timeline", "burst.csv"]);
    let text = environment.read("burst.csv");
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("time_us,instance,waiting,running,in_flight,kv_utilization,saturation"));
    let rows: Vec<Vec<f64>> = lines.map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect()).collect();
    for (n, row) in rows.iter().enumerate() {
        assert_eq!((row[0], row[1]), ((n / 4 * 50_000) as f64, (n % 4) as f64));
        assert!(row[4] >= row[2] + row[3], "a request in flight is waiting, running or on its way: {row:?}");
        assert!((0.0..=1.0).contains(&row[5]));
        assert!((row[6] - (row[2] / 5.0).max(row[5] / 0.8)).abs() < 1e-5, "{row:?}");
    }
    let mean_running = |from_s: f64, to_s: f64| {
        let within = |row: &&Vec<f64>| (from_s * 1e6..to_s * 1e6).contains(&row[0]);
        let (count, sum) = rows.iter().filter(within).fold((0.0, 0.0), |(count, sum), row| (count + 1.0, sum + row[3]));
        sum / count
    };
    let (before, burst, after) = (mean_running(20.0, 30.0), mean_running(50.0, 60.0), mean_running(80.0, 88.0));
    assert!(burst > 3.0 * before && burst > 3.0 * after, "{before}, {burst}, {after}");
    assert_eq!(rows.last().unwrap()[4], 0.0, "it ends idle");
}

#[test]
fn a_candidate_from_a_file_has_a_timeline_as_the_built_in_policy_has() {
    let environment = Environment::new();
    environment.copy("experiments/tiny");
    environment.write("quintic.rs", &std::fs::read_to_string(fixture_path("candidates/quintic.rs")).unwrap());
    let timeline = |admitter: &str| {
        let scenario = "tiny/scenarios/busy.toml";
        environment.ok(&["simulate", scenario, "--admitter", admitter, "--timeline", "out.csv"]);
        environment.read("out.csv")
    };
    assert_eq!(timeline("quintic.rs"), timeline("probabilistic"));
}
