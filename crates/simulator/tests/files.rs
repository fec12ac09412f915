//! Scenario and trace files: what is read, and how a mistake is answered.

mod common;

use std::path::Path;

use files::{self, FileError};
use simulator::cluster::{Preemption, Routing, Scheduler, Scorer};
use simulator::slo::Class;
use simulator::trace::{self, Prefix};
use simulator::{Scenario, Workload};

const FULL: &str = r#"name = "full"

[cluster]
instances = 4
model = "qwen3-14b"
hardware = "h100"
tensor_parallel = 2
latency = "roofline"
routing = "weighted"
routing_scorers = [["queue-depth", 2], ["kv-utilization", 2.0], ["load-balance", 1]]
scheduler = "sjf"
preemption = "priority"
max_num_seqs = 64
max_num_batched_tokens = 4096
long_prefill_threshold = 128
max_model_len = 8192
block_size = 32
gpu_memory_utilization = 0.95
snapshot_interval_us = 0
admission_latency_us = 10
routing_latency_us = 20
horizon_us = 1000000
tie_seed = 7

[priorities]
batch = 1
gold = 5

[slo.critical]
ttft_ms = 500

[workload]
rate = 90
requests = 1000

[[workload.clients]]
slo_class = "critical"
fraction = 0.5
arrival = { process = "poisson" }
input = { distribution = "normal", mean = 1024, sd = 256, min = 256, max = 2048 }
output = { distribution = "log-normal", mu = 5.0, sigma = 1.0 }

[[workload.clients]]
slo_class = "gold"
fraction = 0.5
arrival = { process = "constant" }
input = { distribution = "exponential", mean = 300, max = 4096 }
output = { distribution = "constant", value = 64 }

[[workload.rate_steps]]
from_s = 5
factor = 2
"#;

fn parse(text: &str) -> Result<Scenario, FileError> {
    Scenario::parse(text, Path::new("dir/s.toml"))
}

/// The full scenario with one line replaced.
fn edited(line: &str, by: &str) -> String {
    assert!(FULL.lines().any(|found| found == line), "{line}");
    FULL.replacen(line, by, 1)
}

#[test]
fn every_key_of_the_format_is_read() {
    let scenario = parse(FULL).unwrap();
    let cluster = &scenario.cluster;
    assert_eq!((cluster.instances, cluster.tensor_parallel, cluster.block_size, cluster.tie_seed), (4, 2, 32, 7));
    let scorers = vec![(Scorer::QueueDepth, 0.4), (Scorer::KvUtilization, 0.4), (Scorer::LoadBalance, 0.2)];
    assert_eq!(cluster.routing, Routing::Weighted(scorers));
    assert_eq!((cluster.scheduler, cluster.preemption), (Scheduler::Sjf, Preemption::Priority));
    assert_eq!((cluster.max_num_seqs, cluster.max_num_batched_tokens), (64, 4096));
    assert_eq!((cluster.long_prefill_threshold, cluster.max_model_len), (128, 8192));
    assert_eq!((cluster.admission_latency_us, cluster.routing_latency_us), (10, 20));
    assert_eq!((cluster.snapshot_interval_us, cluster.horizon_us), (0, Some(1_000_000)));
    let priority = |class| cluster.priorities.of(&Class::new(class));
    assert_eq!((priority("batch"), priority("gold"), priority("critical"), priority("")), (1, 5, 4, 3));
    assert_eq!(scenario.slo[&Class::new("critical")].ttft_ms, Some(500.0));
    assert!(matches!(&scenario.workload, Workload::Generated(generated) if generated.rate_steps.len() == 1));
}

#[test]
fn a_short_scenario_has_the_defaults_of_blis() {
    let cluster = common::cluster(1, "");
    assert_eq!((cluster.kv_blocks, cluster.block_size, cluster.max_model_len), (15_909, 16, 40_960));
    assert_eq!((cluster.max_num_seqs, cluster.max_num_batched_tokens), (256, 2048));
    assert_eq!((cluster.snapshot_interval_us, cluster.tie_seed, cluster.horizon_us), (50_000, 42, None));
}

#[test]
fn a_model_and_a_gpu_may_be_tables() {
    let model = "model = { name = \"m\", num_hidden_layers = 32, hidden_size = 4096, num_attention_heads = 32, \
                 num_key_value_heads = 8, intermediate_size = 14336, vocab_size = 128256, \
                 max_position_embeddings = 8192, dtype = \"fp8\" }";
    let hardware = "hardware = { peak_tflops_bf16 = 989.5, peak_tflops_fp8 = 1979, hbm_tb_per_s = 3.35, memory_gib = 80, \
                    mfu_prefill = 0.45, mfu_decode = 0.3 }";
    let text = edited("model = \"qwen3-14b\"", model).replace("hardware = \"h100\"", hardware);
    assert_eq!(parse(&text).unwrap().cluster.model.max_position_embeddings, 8192);
    let error = parse(&text.replace("hidden_size = 4096", "hidden_size = 0")).unwrap_err();
    assert_eq!(error.key.as_deref(), Some("cluster.model.hidden_size"));
    let error = parse(&text.replace("hidden_size", "hiden_size")).unwrap_err();
    assert!(error.problem.contains("unknown field `hiden_size`"), "{error}");
}

#[test]
fn a_mistake_in_a_scenario_names_line_and_key() {
    for (line, by, key, problem) in [
        ("instances = 4", "instances = 0", "cluster.instances", "between 1 and 128"),
        ("instances = 4", "instances = -4", "cluster.instances", "invalid value"),
        ("instances = 4", "instances = 2.5", "cluster.instances", "invalid type"),
        ("instances = 4", "instances = 4\ninstance = 4", "cluster.instance", "unknown field"),
        ("name = \"full\"", "name = \" \"", "name", "empty"),
        ("model = \"qwen3-14b\"", "model = \"gpt\"", "cluster.model", "no model card is called `gpt`"),
        ("hardware = \"h100\"", "hardware = \"tpu\"", "cluster.hardware", "h100"),
        ("tensor_parallel = 2", "tensor_parallel = 3", "cluster.tensor_parallel", "evenly"),
        ("latency = \"roofline\"", "latency = \"h100-measured\"", "cluster.tensor_parallel", "one GPU per instance"),
        ("latency = \"roofline\"", "latency = \"fast\"", "cluster.latency", "trained-physics"),
        ("routing = \"weighted\"", "routing = \"round-robin\"", "cluster.routing_scorers", "only weighted"),
        ("routing = \"weighted\"", "routing = \"best\"", "cluster.routing", "least-loaded"),
        ("scheduler = \"sjf\"", "scheduler = \"lifo\"", "cluster.scheduler", "unknown variant"),
        ("block_size = 32", "block_size = 32\nkv_blocks = 0", "cluster.kv_blocks", "between 1"),
        ("gpu_memory_utilization = 0.95", "gpu_memory_utilization = nan", "cluster.gpu_memory_utilization", "above 0"),
        ("gpu_memory_utilization = 0.95", "gpu_memory_utilization = 0.2", "cluster.model", "no room"),
        ("batch = 1", "batch = 101", "priorities.batch", "between -100 and 100"),
        ("[slo.critical]", "[slo.crtical]", "slo.crtical", "no priority"),
        ("ttft_ms = 500", "ttft_ms = -1", "slo.critical.ttft_ms", "positive"),
        ("rate = 90", "rate = -90", "workload.rate", "between"),
        ("rate = 90", "rate = nan", "workload.rate", "between"),
        ("rate = 90", "rate = 90\ntrace = \"t.csv\"", "workload.rate", "not both"),
        ("requests = 1000", "requests = 10000001", "workload.requests", "between 1 and 10000000"),
        ("slo_class = \"gold\"", "slo_class = \"golden\"", "workload.clients.1.slo_class", "no priority"),
        ("arrival = { process = \"poisson\" }", "arrival = { process = \"pareto\" }", "workload.clients.0", "pareto"),
        ("from_s = 5", "from_s = inf", "workload.rate_steps.0.from_s", "between"),
        ("factor = 2", "factor = 0", "workload.rate_steps.0.factor", "never ends"),
    ] {
        let text = edited(line, by);
        let error = parse(&text).expect_err(by);
        assert!(error.key.as_deref().is_some_and(|found| found.starts_with(key)), "{by}: {error:?}");
        assert!(error.problem.contains(problem), "{by}: {error}");
        assert!(error.line.is_some(), "{by}: {error}");
        assert!(error.to_string().starts_with("dir/s.toml:"), "{error}");
    }
}

#[test]
fn the_fractions_of_the_clients_must_add_up() {
    let error = parse(&FULL.replace("fraction = 0.5", "fraction = 0.4")).unwrap_err();
    assert!(error.problem.contains("add up to 1"), "{error}");
    let error = parse(&FULL.replacen("fraction = 0.5", "fraction = -0.5", 1)).unwrap_err();
    let line = 1 + FULL.lines().position(|line| line == "fraction = 0.5").unwrap();
    assert_eq!((error.key.as_deref(), error.line), (Some("workload.clients.0.fraction"), Some(line)));
}

#[test]
fn a_workload_needs_clients() {
    let head = FULL.split("[workload]").next().unwrap();
    let error = parse(&format!("{head}[workload]\nrate = 1\nrequests = 1\nclients = []\n")).unwrap_err();
    assert!(error.problem.contains("1 to 10000") && error.key.as_deref() == Some("workload.clients"), "{error}");
    let error = parse(&format!("{head}[workload]\nrate = 1\nrequests = 1\n")).unwrap_err();
    assert!(error.problem.contains("`trace` or `clients`") && error.line.is_some(), "{error}");
}

#[test]
fn a_workload_is_over_before_the_clock_is() {
    let error =
        parse(&edited("rate = 90", "rate = 1e-6").replace("requests = 1000", "requests = 10000000")).unwrap_err();
    assert!(error.problem.contains("100 years") && error.key.as_deref() == Some("workload.rate"), "{error}");
}

#[test]
fn every_process_and_distribution_is_read_and_its_numbers_are_checked() {
    let arrival = "arrival = { process = \"poisson\" }";
    let output = "output = { distribution = \"constant\", value = 64 }";
    for (line, by) in [
        (arrival, "arrival = { process = \"gamma\", cv = 2 }"),
        (arrival, "arrival = { process = \"gamma\" }"),
        (arrival, "arrival = { process = \"weibull\", cv = 0.5 }"),
        (output, "output = { distribution = \"empirical\", values = [[10, 1], [20, 0.5]] }"),
        (
            output,
            "output = { distribution = \"pareto-log-normal\", alpha = 2, xm = 100, mu = 4, sigma = 1, mix_weight = 0.1 }",
        ),
    ] {
        parse(&edited(line, by)).unwrap_or_else(|error| panic!("{by}: {error}"));
    }
    let mix =
        "output = { distribution = \"pareto-log-normal\", alpha = 2, xm = 100, mu = 4, sigma = 1, mix_weight = 0.1 }";
    for (line, by, key, problem) in [
        (arrival, "arrival = { process = \"gamma\", cv = 0 }", "0.arrival.cv", "between"),
        (arrival, "arrival = { process = \"weibull\", cv = 1e9 }", "0.arrival.cv", "between"),
        (arrival, "arrival = { process = \"gamma\", cv = nan }", "0.arrival.cv", "between"),
        (arrival, "arrival = { process = \"constant\", cv = 1 }", "0", "unknown field"),
        (arrival, "arrival = { cv = 1 }", "0", "process"),
        (output, "output = { distribution = \"empirical\", values = [] }", "1.output.values", "1 to 1000"),
        (output, "output = { distribution = \"empirical\", values = [[0, 1]] }", "1.output.values", "between 1"),
        (output, "output = { distribution = \"empirical\", values = [[5, -1]] }", "1.output.values", "between 0"),
        (output, "output = { distribution = \"empirical\", values = [[5, 0]] }", "1.output.values", "above 0"),
        (output, "output = { distribution = \"constant\", value = 99999999 }", "1.output.value", "between 1"),
        (output, &mix.replace("alpha = 2", "alpha = 0"), "1.output.alpha", "between"),
        (output, &mix.replace("xm = 100", "xm = inf"), "1.output.xm", "between"),
        (output, &mix.replace("mix_weight = 0.1", "mix_weight = 1.1"), "1.output.mix_weight", "between"),
        (output, &mix.replace("sigma = 1", "sigma = -1"), "1.output.sigma", "between"),
        (output, &mix.replace("mu = 4", "mu = 1e300"), "1.output.mu", "between"),
        (output, &mix.replace(", mix_weight = 0.1", ""), "1", "mix_weight"),
    ] {
        let error = parse(&edited(line, by)).expect_err(by);
        assert!(
            error.key.as_deref().is_some_and(|found| found.starts_with(&format!("workload.clients.{key}"))),
            "{by}: {error:?}"
        );
        assert!(error.problem.contains(problem) && error.line.is_some(), "{by}: {error}");
    }
}

#[test]
fn a_file_is_read_within_bounds_and_inside_its_directory() {
    let directory = tempfile::tempdir().unwrap();
    let inner = directory.path().join("inner");
    std::fs::create_dir(&inner).unwrap();
    std::fs::write(directory.path().join("outer.txt"), "outside").unwrap();
    std::fs::write(inner.join("a.txt"), "12345").unwrap();
    assert_eq!(files::read_inside(&inner, "a.txt", 5).unwrap(), "12345");
    assert!(files::read_inside(&inner, "a.txt", 4).unwrap_err().to_string().contains("longer than 4 bytes"));
    assert!(files::read_inside(&inner, "../outer.txt", 99).unwrap_err().to_string().contains("leads out"));
    assert!(files::read_inside(directory.path(), "inner", 99).unwrap_err().to_string().contains("not a regular file"));
    std::fs::write(inner.join("b.txt"), b"a\nb\n\xff").unwrap();
    assert!(files::read_inside(&inner, "b.txt", 99).unwrap_err().to_string().contains("line 3 is not UTF-8"));
}

#[test]
fn what_is_quoted_from_a_file_is_bounded() {
    assert_eq!((files::clip("äbcdef", 3), files::clip("abc", 3)), ("äbc…".into(), "abc".into()));
    let trace = format!("arrival_us,slo_class,input_tokens,output_tokens\n{},critical,1,1\n", "9".repeat(100_000));
    assert!(trace::read(&trace, Path::new("t.csv")).unwrap_err().to_string().len() < 300);
}

#[test]
fn what_is_no_regular_file_is_named_and_not_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let fifo = directory.path().join("fifo");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let problem = |path: &Path| files::read_text(path, 99).unwrap_err().to_string();
    assert_eq!(problem(&fifo), "it is a named pipe, not a regular file");
    assert_eq!(problem(Path::new("/dev/zero")), "it is a device, not a regular file");
    assert_eq!(problem(directory.path()), "it is a directory, not a regular file");
    let inside = files::read_inside(directory.path(), "fifo", 99).unwrap_err().to_string();
    assert_eq!(inside, "it is a named pipe, not a regular file");
}

#[test]
fn a_missing_key_is_named_with_its_table() {
    let error = parse(&edited("model = \"qwen3-14b\"", "")).unwrap_err();
    assert!(error.problem.contains("missing field `model`"), "{error}");
    assert_eq!((error.key.as_deref(), error.line), (Some("cluster"), Some(3)));
    let weightless = FULL.lines().filter(|line| !line.starts_with("routing_scorers")).collect::<Vec<_>>().join("\n");
    let error = parse(&weightless).unwrap_err();
    assert_eq!((error.key.as_deref(), error.line), (Some("cluster.routing_scorers"), Some(3)));
}

#[test]
fn a_trace_stays_inside_the_directory_of_its_scenario() {
    let head = FULL.split("[workload]").next().unwrap();
    let with = |trace: &str| parse(&format!("{head}[workload]\ntrace = \"{trace}\"\n"));
    assert_eq!(with("a/b.csv").unwrap().workload, Workload::Trace { file: "a/b.csv".to_owned(), held_out: 0.4 });
    for outside in ["/etc/passwd", "../t.csv", "a/../../t.csv", ""] {
        assert_eq!(with(outside).unwrap_err().key.as_deref(), Some("workload.trace"), "{outside}");
    }
}

#[test]
fn a_class_without_priority_in_a_trace_is_refused() {
    let head = FULL.split("[workload]").next().unwrap();
    let scenario = parse(&format!("{head}[workload]\ntrace = \"t.csv\"\n")).unwrap();
    let rows = |class: &str| Ok(format!("arrival_us,slo_class,input_tokens,output_tokens\n1,{class},1,1\n"));
    assert!(scenario.traffic(1, |_| rows("gold")).is_ok());
    assert!(scenario.traffic(1, |_| rows("")).is_ok());
    let error = scenario.traffic(1, |_| rows("critcal")).unwrap_err();
    assert!(error.to_string().starts_with("t.csv:2: slo_class: class `critcal`"), "{error}");
    let error = scenario.traffic(1, |_| Err(std::io::Error::other("gone"))).unwrap_err();
    assert!(error.problem.contains("gone"), "{error}");
}

fn read(text: &str) -> Result<Vec<simulator::Arrival>, FileError> {
    trace::read(text, Path::new("t.csv"))
}

#[test]
fn a_plain_trace_is_read_by_the_names_of_its_columns() {
    let text = "note,output_tokens,input_tokens,slo_class,arrival_us,deadline_us,prefix_group,prefix_length\n\
                x,0,100,batch,5,,,\n y , 3 , 200 , critical , 5 , 90 , a , 64 \n,1,50,,9,0,b,16\n";
    let arrivals = read(text).unwrap();
    assert_eq!(arrivals.len(), 3);
    assert_eq!((arrivals[0].arrival_us, arrivals[0].output_tokens, arrivals[0].prefix), (5, 0, None));
    assert_eq!(arrivals[1].class, Class::new("critical"));
    assert_eq!((arrivals[1].deadline_us, arrivals[1].prefix), (Some(90), Some(Prefix { group: 0, tokens: 64 })));
    assert_eq!((arrivals[2].deadline_us, arrivals[2].prefix), (None, Some(Prefix { group: 1, tokens: 16 })));
}

const V2: &str = "request_id,client_id,tenant_id,slo_class,session_id,round_index,prefix_group,prefix_length,streaming,\
                  input_tokens,output_tokens,text_tokens,image_tokens,audio_tokens,video_tokens,reason_ratio,model,\
                  deadline_us,server_input_tokens,arrival_time_us,send_time_us,first_chunk_time_us,\
                  last_chunk_time_us,num_chunks,status,error_message,finish_reason";

#[test]
fn a_trace_of_blis_is_recognised_by_its_header() {
    let rows = "0,,,critical,,0,A,64,false,100,7,0,0,0,0,0,,0,0,10,15,0,0,0,ok,,\n\
                1,,,,,0,A,999,false,50,7,0,0,0,0,0,,99,0,20,0,0,0,0,ok,,\n\
                2,,,batch,,0,,0,false,50,7,0,0,0,0,0,,0,60,30,0,0,0,0,ok,,\n";
    let arrivals = read(&format!("{V2}\n{rows}")).unwrap();
    let times: Vec<u64> = arrivals.iter().map(|arrival| arrival.arrival_us).collect();
    assert_eq!(times, [15, 20, 30]);
    let inputs: Vec<u32> = arrivals.iter().map(|arrival| arrival.input_tokens).collect();
    assert_eq!(inputs, [164, 114, 60], "the shared prefix comes on top, with the length of the group's first row");
    assert_eq!(arrivals[1].prefix, Some(Prefix { group: 0, tokens: 64 }));
    assert_eq!(arrivals[1].deadline_us, Some(99));

    let with_optional = V2.replace("deadline_us", "deadline_us,slo_target_us") + ",adapter";
    let row = "0,,,critical,,0,,0,false,100,7,0,0,0,0,0,,0,5,0,10,15,0,0,0,ok,,,\n";
    assert_eq!(read(&format!("{with_optional}\n{row}")).unwrap()[0].arrival_us, 15);
    let error = read(&V2.replace("tenant_id,", "")).unwrap_err();
    assert!(error.problem.contains("TraceV2"), "{error}");
}

#[test]
fn a_mistake_in_a_trace_names_the_line() {
    let head = "arrival_us,slo_class,input_tokens,output_tokens,deadline_us";
    for (rows, line, problem) in [
        ("1,batch,1,1,\n0,batch,1,1,\n", 3, "row 1 arrives at 0 µs"),
        ("1,batch,1\n", 2, "the row has 3 cells, the header row has 5"),
        ("1,batch,0,1,\n", 2, "at least 1 token"),
        ("1,batch,-5,1,\n", 2, "not a whole number"),
        ("1,batch,1.5,1,\n", 2, "not a whole number"),
        ("1,batch,1,99999999,\n", 2, "more than"),
        ("99999999999999999999999,batch,1,1,\n", 2, "not a whole number"),
        ("7,batch,1,1,6\n", 2, "before the arrival"),
    ] {
        let error = read(&format!("{head}\n{rows}")).expect_err(rows);
        assert_eq!(error.line, Some(line), "{error}");
        assert!(error.problem.contains(problem), "{error}");
    }
    assert!(read("").unwrap_err().problem.contains("no column"));
    assert!(read(head).unwrap_err().problem.contains("no requests"));
    assert!(read("arrival_us,slo_class,input_tokens\n").unwrap_err().problem.contains("no column `output_tokens`"));
    let twice = "arrival_us,slo_class,input_tokens,output_tokens,slo_class\n";
    assert!(read(twice).unwrap_err().problem.contains("two columns `slo_class`"));
}
