//! `elenchus simulate`

use crate::context::{Format, Global};
use crate::failure::{Code, Failure};
use engine::panel::Panel;
use engine::policy::Policy;
use engine::simulator::metrics::{ClassSummary, by_class};
use engine::simulator::{Arrival, Run, Scenario, Workload, admitters::Builtin};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Run the simulator by itself on one scenario.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The scenario file
    scenario: PathBuf,
    /// A built-in admitter with parameters, as in 'probabilistic(k=200)', or a candidate's source file
    #[arg(long, value_name = "NAME|FILE.rs", default_value = "gaie-legacy")]
    admitter: String,
    /// A trace instead of the scenario's own workload
    #[arg(long, value_name = "CSV")]
    trace: Option<PathBuf>,
    /// The seed of generated arrivals and of the policy's draws
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Write one row for each request: request,admitted,instance,ttft_us,e2e_us
    #[arg(long, value_name = "CSV")]
    requests: Option<PathBuf>,
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(crate) fn simulate(args: Args, global: &Global) -> Result<Code, Failure> {
    let scenario = Scenario::load(&args.scenario)?;
    let arrivals = arrivals(&args, &scenario)?;
    let run = run(&args, global, &scenario, Arc::clone(&arrivals))?;
    if let Some(file) = &args.requests {
        write_requests(file, &run)
            .map_err(|error| Failure::failed(format!("cannot write {}: {error}", file.display())))?;
    }
    let classes = by_class(&arrivals, &run, &scenario.slo);
    match args.format {
        Format::Text => print_text(&scenario.name, &args.admitter, &classes, &run),
        Format::Json => {
            let totals = json!({
                "completed": run.totals.completed, "rejected": run.totals.rejected, "dropped": run.totals.dropped,
                "timed_out": run.totals.timed_out, "preemptions": run.totals.preemptions,
                "output_tokens": run.totals.output_tokens, "duration_us": run.totals.duration_us,
                "peak_kv_utilization": run.totals.peak_kv_utilization, "peak_waiting": run.totals.peak_waiting,
            });
            let classes = serde_json::to_value(&classes).map_err(|error| Failure::bug(error.to_string()))?;
            let all = json!({ "scenario": scenario.name, "admitter": args.admitter, "seed": args.seed,
                              "classes": classes, "totals": totals });
            println!("{all:#}");
        }
    }
    Ok(Code::Done)
}

fn arrivals(args: &Args, scenario: &Scenario) -> Result<Arc<[Arrival]>, Failure> {
    if let Some(trace) = &args.trace {
        // A trace named on the command line may lie anywhere; one named in a scenario must lie beside it.
        let text = std::fs::read_to_string(trace)
            .map_err(|error| Failure::usage(format!("cannot read {}: {error}", trace.display())))?;
        let replay = Scenario { workload: Workload::Trace(trace.display().to_string()), ..scenario.clone() };
        return Ok(replay.arrivals(args.seed, |_| Ok(text))?);
    }
    let beside = args.scenario.parent().unwrap_or(Path::new("."));
    Ok(scenario.arrivals(args.seed, |name| std::fs::read_to_string(beside.join(name)))?)
}

fn run(args: &Args, global: &Global, scenario: &Scenario, arrivals: Arc<[Arrival]>) -> Result<Run, Failure> {
    if !args.admitter.ends_with(".rs") {
        let mut admitter = Builtin::parse(&args.admitter).map_err(Failure::usage)?;
        return Ok(engine::simulator::simulate(&scenario.cluster, arrivals, &mut admitter, args.seed));
    }
    let source = std::fs::read_to_string(&args.admitter)
        .map_err(|error| Failure::usage(format!("cannot read {}: {error}", args.admitter)))?;
    let ended = |outcome: engine::sandbox::Outcome| {
        Failure::failed(format!("{}: {}: {outcome}", args.admitter, outcome.name()))
    };
    let sandbox = global.places()?.sandbox()?;
    let screened = engine::sandbox::screen(&source, &engine::KIT).map_err(|refusal| ended(refusal.into()))?;
    let artifact = sandbox.compile(&screened)?.map_err(ended)?;
    let panel = Panel::single(&scenario.cluster, arrivals, args.seed);
    let runs = panel.records(&Policy::Candidate { artifact, parameters: Vec::new() }, &sandbox)?.map_err(ended)?;
    runs.results.into_iter().next().ok_or_else(|| Failure::bug("a panel of one yielded nothing"))
}

fn write_requests(file: &Path, run: &Run) -> Result<(), csv::Error> {
    let mut rows = csv::Writer::from_path(file)?;
    rows.write_record(["request", "admitted", "instance", "ttft_us", "e2e_us"])?;
    for (request, record) in run.requests.iter().enumerate() {
        let cell = |value: Option<u64>| value.map_or_else(String::new, |value| value.to_string());
        rows.write_record([
            request.to_string(),
            cell(record.admitted.map(u64::from)),
            cell(record.instance.map(u64::from)),
            cell(record.ttft_us),
            cell(record.e2e_us),
        ])?;
    }
    Ok(rows.flush()?)
}

fn print_text(scenario: &str, admitter: &str, classes: &[ClassSummary], run: &Run) {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_header([
        "class",
        "requests",
        "admitted",
        "refused",
        "TTFT mean",
        "p90",
        "p99",
        "ITL mean",
        "E2E mean",
        "p90",
        "p99",
        "tokens/s",
    ]);
    for c in classes {
        let counts = [c.requests, c.admitted, c.rejected].map(|n| n.to_string());
        let ms = [
            c.ttft_ms.mean,
            c.ttft_ms.p90,
            c.ttft_ms.p99,
            c.mean_itl_ms.mean,
            c.e2e_ms.mean,
            c.e2e_ms.p90,
            c.e2e_ms.p99,
        ];
        let ms = ms.map(|value| format!("{value:.1}"));
        let rate = format!("{:.0}", c.output_tokens_per_s);
        table.add_row([c.class.clone()].into_iter().chain(counts).chain(ms).chain([rate]));
    }
    let t = &run.totals;
    println!("{scenario} under {admitter} (latencies in ms)\n{table}");
    println!(
        "{} completed, {} refused, {} preemptions, KV peak {:.1} %, queue peak {}, {:.1} s simulated",
        t.completed,
        t.rejected,
        t.preemptions,
        t.peak_kv_utilization * 100.0,
        t.peak_waiting,
        t.duration_us as f64 / 1e6
    );
}
