//! `elenchus simulate`

mod files;
mod queue;
mod summary;

use crate::context::{Format, Global};
use crate::failure::{Code, Failure};
use crate::output;
use ::files::{FileError, MAX_TEXT_BYTES, MAX_TRACE_BYTES, read_inside, read_text};
use engine::Prepared;
use engine::panel::drive;
use engine::problem::Machine;
use engine::sandbox::{Kit, Outcome};
use problems::admission::{self, AdmissionCase};
use problems::flow_control::{self, FlowCase};
use simulator::flow::{FlowControl, limiters};
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
    /// A built-in admitter with parameters, as in 'probabilistic(k=200)', or a candidate's source file; by default gaie-legacy
    #[arg(long, value_name = "NAME|FILE.rs")]
    admitter: Option<String>,
    /// With [flow_control], which takes the admitter's place: constant, 'threshold(0.9)' or soft-reflective, or a candidate's
    /// source file; by default the scenario's usage_limit_threshold, of which 1 is constant
    #[arg(long, value_name = "NAME|FILE.rs")]
    limiter: Option<String>,
    /// A trace instead of the scenario's own workload
    #[arg(long, value_name = "CSV")]
    trace: Option<PathBuf>,
    /// The seed of generated arrivals and of the policy's draws, which are made of it by two unrelated one-way functions
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Write one row for each request: request,admitted,instance,ttft_us,e2e_us and, with [flow_control],
    /// outcome,dispatch_us,queue_wait_us
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
  the legacy gate closes at 1. With [flow_control] also gateway_waiting, the requests that wait in
  its queue at this time, and gateway_waiting_PRIORITY, those of one band; the same for each instance.

Rows of --requests: what arrives, in its order. The past comes first, and last what comes after the
  measured window. Classes and overall speak of the measured window, totals and bands of all.
  With [flow_control], admitted is 1 for what was dispatched, dispatch_us is since the start of the
  run, and outcome is completed, rejected (the queue was full), shed (displaced by a more important
  request), expired, evicted (taken back from its instance), timed_out, dropped or unfinished.

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
    peak_waiting, peak_running             of any one instance
    shed, expired, evicted, waiting_at_gateway    with [flow_control]; the last one is at the end
  with [flow_control], where admitter is null and rejected of a class is all that never got to an
  instance: limiter, shed_by_class (shed, expired and evicted requests), and for each
  bands[]
    priority, queued, rejected, dispatched, shed, expired, evicted, left, peak_waiting
    wait_ms    {mean, p50, p90, p99} of what was dispatched";

pub(crate) fn simulate(args: Args, global: &Global) -> Result<Code, Failure> {
    let scenario = Scenario::load(&args.scenario)?;
    let policy = Policy::new(&args, &scenario)?;
    let traffic = traffic(&args, &scenario)?;
    let run = run(&policy, args.seed, global, &scenario, traffic.clone())?;
    let cannot_write =
        |file: &Path, error: csv::Error| Failure::failed(format!("cannot write {}: {error}", file.display()));
    if let Some(file) = &args.requests {
        files::write_requests(file, &run).map_err(|error| cannot_write(file, error))?;
    }
    if let Some(file) = &args.timeline {
        files::write_timeline(file, &scenario.cluster, &traffic, &run).map_err(|error| cannot_write(file, error))?;
    }
    let summary = summary::Summary::new(&scenario, &traffic, &run);
    match args.format {
        Format::Text => output::line(summary.text(policy.name(), args.seed).trim_end())?,
        Format::Json => output::json(summary.json(policy.name(), args.seed)?)?,
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

/// Who decides: an admitter or, where requests are queued, a limiter.
enum Policy<'a> {
    Admitter(String),
    Limiter { flow: &'a FlowControl, name: String },
}

impl<'a> Policy<'a> {
    fn new(args: &Args, scenario: &'a Scenario) -> Result<Self, Failure> {
        let name = |given: &Option<String>, default: &str| given.clone().unwrap_or_else(|| default.to_owned());
        match (&scenario.flow_control, &args.admitter, &args.limiter) {
            (None, _, None) => Ok(Policy::Admitter(name(&args.admitter, "gaie-legacy"))),
            (None, _, Some(_)) => {
                let file = args.scenario.display();
                Err(Failure::usage(format!("--limiter needs a [flow_control] table, which {file} does not have")))
            }
            // Everything is let into the queue.
            (Some(_), Some(admitter), _) if admitter != "always-admit" => Err(Failure::usage(format!(
                "flow control takes the place of the admitter {admitter}: leave --admitter out, or [flow_control]"
            ))),
            (Some(flow), _, limiter) => {
                let default = match flow.usage_limit_threshold {
                    1.0 => "constant".to_owned(),
                    lowest => format!("threshold({lowest})"),
                };
                Ok(Policy::Limiter { flow, name: name(limiter, &default) })
            }
        }
    }

    fn name(&self) -> &str {
        let (Policy::Admitter(name) | Policy::Limiter { name, .. }) = self;
        name
    }
}

fn run(policy: &Policy<'_>, seed: u64, global: &Global, scenario: &Scenario, traffic: Traffic) -> Result<Run, Failure> {
    let cluster = || Arc::new(scenario.cluster.clone());
    match policy {
        Policy::Limiter { flow, name } if name.ends_with(".rs") => {
            let mut run = FlowCase::new(cluster(), Arc::new((*flow).clone()), traffic).run();
            run_file(name, global, flow_control::KIT, &mut run)?;
            Ok(run.finish())
        }
        Policy::Limiter { flow, name } => {
            let mut limiter = limiters::Builtin::parse(name).map_err(Failure::usage)?;
            simulator::flow::simulate(&scenario.cluster, flow, traffic, &mut limiter)
                .map_err(|invalid| Failure::bug(format!("{name}: {invalid}")))
        }
        Policy::Admitter(name) if name.ends_with(".rs") => {
            let mut run = AdmissionCase::new(cluster(), traffic).run(seed);
            run_file(name, global, admission::KIT, &mut run)?;
            Ok(run.finish())
        }
        Policy::Admitter(name) => {
            let mut admitter = Builtin::parse(name).map_err(Failure::usage)?;
            Ok(simulator::simulate(&scenario.cluster, traffic, &mut admitter, seed))
        }
    }
}

/// Drives a run by a candidate.
fn run_file(name: &str, global: &Global, kit: Kit, run: &mut dyn Machine) -> Result<(), Failure> {
    let source = read_text(Path::new(name), MAX_TEXT_BYTES)
        .map_err(|error| Failure::usage(format!("cannot read {name}: {error}")))?;
    let ended = |outcome: Outcome| Failure::failed(format!("{name}: {}: {outcome}", outcome.name()));
    let sandbox = global.places()?.sandbox(kit)?;
    let artifact = Prepared::new(source, &kit).artifact(&sandbox)?.map_err(ended)?;
    drive(&sandbox, &artifact, &mut [run])?.map_err(ended)?;
    Ok(())
}
