//! `elenchus simulate`

mod files;
mod summary;

use crate::context::{Format, Global};
use crate::failure::{Code, Failure};
use crate::output;
use ::files::{FileError, MAX_TEXT_BYTES, MAX_TRACE_BYTES, read_inside, read_text};
use engine::Prepared;
use engine::panel::drive;
use problems::admission::{AdmissionCase, KIT};
use simulator::{Run, Scenario, Traffic, Workload, admitters::Builtin};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Run the simulator by itself on one scenario.
#[derive(clap::Args)]
#[command(after_long_help = FORMATS)]
pub(crate) struct Args {
    /// The scenario file
    scenario: PathBuf,
    /// A built-in admitter with parameters, as in 'probabilistic(k=200)', or a candidate's source file
    #[arg(long, value_name = "NAME|FILE.rs", default_value = "gaie-legacy")]
    admitter: String,
    /// A trace instead of the scenario's own workload
    #[arg(long, value_name = "CSV")]
    trace: Option<PathBuf>,
    /// The seed of generated arrivals and of the policy's draws, which are made of it by two unrelated one-way functions
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Write one row for each request: request,admitted,instance,ttft_us,e2e_us
    #[arg(long, value_name = "CSV")]
    requests: Option<PathBuf>,
    /// Write one row for each instance every 50 ms: the columns are explained below
    #[arg(long, value_name = "CSV")]
    timeline: Option<PathBuf>,
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

const FORMATS: &str = "\
Columns of --timeline: time_us, instance, waiting, running, in_flight, kv_utilization, saturation
  The true state every 50 ms (less often in runs with more than some 200,000 rows), while the
  router's own view is up to snapshot_interval_us old. kv_utilization is a fraction. saturation is
  max(waiting / 5, kv_utilization / 0.8); its mean over the instances is the router's signal, and
  the legacy gate closes at 1.

Rows of --requests: what arrives, in its order. The past comes first, and last what comes after the
  measured window. Classes and overall speak of the measured window, totals of all.

Keys of --format json (stable; others may be added):
  scenario, admitter, seed
  classes[] and overall
    class, requests, admitted, rejected, completed, dropped, timed_out
    ttft_ms, mean_itl_ms, e2e_ms    {mean, p50, p90, p99}; zeros where there is nothing to measure
    output_tokens_per_s             of completed requests
    slo, good, goodput_per_s, slo_attainment    null without [slo.CLASS]; a request is good if it
                                    completes within every target; refused ones count as missed
  totals
    requests, admitted, rejected, routed, completed, dropped, timed_out, still_queued,
    still_running, preemptions, steps, input_tokens, output_tokens, duration_us
    cache_hit_rate, peak_kv_utilization    fractions
    peak_waiting, peak_running             of any one instance";

pub(crate) fn simulate(args: Args, global: &Global) -> Result<Code, Failure> {
    let scenario = Scenario::load(&args.scenario)?;
    let traffic = traffic(&args, &scenario)?;
    let run = run(&args, global, &scenario, traffic.clone())?;
    let cannot_write =
        |file: &Path, error: csv::Error| Failure::failed(format!("cannot write {}: {error}", file.display()));
    if let Some(file) = &args.requests {
        files::write_requests(file, &run).map_err(|error| cannot_write(file, error))?;
    }
    if let Some(file) = &args.timeline {
        files::write_timeline(file, &scenario.cluster, &traffic.arrivals, &run)
            .map_err(|error| cannot_write(file, error))?;
    }
    let summary = summary::Summary::new(&scenario, &traffic, &run);
    match args.format {
        Format::Text => output::line(summary.text(&args.admitter, args.seed).trim_end())?,
        Format::Json => output::json(summary.json(&args.admitter, args.seed)?)?,
    }
    Ok(Code::Done)
}

fn traffic(args: &Args, scenario: &Scenario) -> Result<Traffic, Failure> {
    if let Some(trace) = &args.trace {
        // A trace named on the command line may lie anywhere; one named in a scenario must lie beside it.
        let text = read_text(trace, MAX_TRACE_BYTES)
            .map_err(|error| Failure::usage(format!("cannot read {}: {error}", trace.display())))?;
        let replay = Scenario {
            workload: Workload::Trace { file: trace.display().to_string(), held_out: 0.4 },
            ..scenario.clone()
        };
        return Ok(replay.traffic(args.seed, |_| Ok(text))?);
    }
    let beside = args.scenario.parent().unwrap_or(Path::new("."));
    let Workload::Trace { file: name, .. } = &scenario.workload else {
        return Ok(scenario.traffic(args.seed, |_| Err(ErrorKind::NotFound.into()))?);
    };
    let text = read_inside(beside, name, MAX_TRACE_BYTES).map_err(|error| {
        let problem = format!("{} cannot be read: {error}", beside.join(name).display());
        // For the line on which the trace is named.
        let scenario = read_text(&args.scenario, MAX_TEXT_BYTES).unwrap_or_default();
        FileError::at_key(&args.scenario, &scenario, "workload.trace", problem)
    })?;
    Ok(scenario.traffic(args.seed, |_| Ok(text))?)
}

fn run(args: &Args, global: &Global, scenario: &Scenario, traffic: Traffic) -> Result<Run, Failure> {
    if !args.admitter.ends_with(".rs") {
        let mut admitter = Builtin::parse(&args.admitter).map_err(Failure::usage)?;
        return Ok(simulator::simulate(&scenario.cluster, traffic, &mut admitter, args.seed));
    }
    let source = read_text(Path::new(&args.admitter), MAX_TEXT_BYTES)
        .map_err(|error| Failure::usage(format!("cannot read {}: {error}", args.admitter)))?;
    let ended = |outcome: engine::sandbox::Outcome| {
        Failure::failed(format!("{}: {}: {outcome}", args.admitter, outcome.name()))
    };
    let sandbox = global.places()?.sandbox(KIT)?;
    let artifact = Prepared::new(source, &KIT).artifact(&sandbox)?.map_err(ended)?;
    let mut run = AdmissionCase::new(Arc::new(scenario.cluster.clone()), traffic).run(args.seed);
    drive(&sandbox, &artifact, &mut [&mut run])?.map_err(ended)?;
    Ok(run.finish())
}
