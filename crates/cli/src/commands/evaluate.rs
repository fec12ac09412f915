//! `elenchus evaluate`

use crate::context::{Format, Global};
use crate::failure::{Code, Failure};
use engine::evaluate::read;
use engine::panel::Panel;
use engine::science::objective::{self, Measurement};
use engine::science::outcome::Outcome;
use engine::{Evaluator, LoadedExperiment};
use report::{Evaluation, Timing};
use std::path::PathBuf;

/// Score one source file against an experiment's baseline and reference; exit 1 unless it is scored.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The candidate's source
    file: PathBuf,
    /// The experiment's directory
    #[arg(long, value_name = "DIR", default_value = "experiments/admission")]
    experiment: PathBuf,
    /// Search seeds for each scenario, instead of the experiment's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    seeds: Option<u32>,
    /// The campaign seed that the search seeds derive from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Also show the refusal probability against saturation, queue, KV utilisation and prompt length, as probed
    #[arg(long)]
    curve: bool,
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(crate) fn evaluate(args: Args, global: &Global) -> Result<Code, Failure> {
    let source = std::fs::read_to_string(&args.file)
        .map_err(|error| Failure::usage(format!("cannot read {}: {error}", args.file.display())))?;
    let loaded = LoadedExperiment::read(&args.experiment)?;
    let seeds = args.seeds.unwrap_or(loaded.experiment.seeds) as usize;
    let places = global.places()?;
    let sandbox = places.sandbox()?;
    let panel = Panel::search(&loaded, args.seed, seeds)?;
    let evaluator = Evaluator { sandbox, panel };
    let evaluation = evaluator.evaluate(&source, |_| None)?;
    let measured = engine::measure(&loaded, &evaluator.panel, &evaluator.sandbox)?;
    let (yardsticks, names) = (&measured.yardsticks, loaded.scenario_names());
    let baseline = &measured.trials[0].1;
    let reading = read(&source);
    let score = (evaluation.outcome == Outcome::Scored)
        .then(|| objective::score(&Measurement::pair(&evaluation.trials, baseline, seeds), yardsticks, &names));
    let free_parameters = reading.free_parameters;
    let objections = score.as_ref().map_or_else(Vec::new, |score| {
        engine::science::champion::objections(
            score,
            free_parameters.unwrap_or(u32::MAX),
            evaluation.probe.as_ref().map(|probe| &probe.descriptor),
            &loaded.experiment,
        )
    });
    let ms = |duration: std::time::Duration| duration.as_secs_f64() * 1000.0;
    let shown = Evaluation {
        candidate: reading.id.as_str(),
        outcome: evaluation.outcome,
        message: &evaluation.message,
        score: score.as_ref(),
        free_parameters,
        objections: &objections,
        reference: &objective::score(&yardsticks.reference, yardsticks, &names),
        sandboxed: places.walls == engine::sandbox::Walls::Required,
        descriptor: evaluation.probe.as_ref().map(|probe| &probe.descriptor),
        curves: evaluation.probe.as_ref().filter(|_| args.curve).map_or(&[], |probe| &probe.curves),
        timing: Timing {
            screen: ms(evaluation.timing.screen),
            compile: ms(evaluation.timing.compile),
            probe: ms(evaluation.timing.probe),
            simulate: ms(evaluation.timing.simulate),
            decide: ms(evaluation.timing.decide),
        },
    };
    match args.format {
        Format::Text => print!("{}", report::terminal::score(&shown)),
        Format::Json => println!("{:#}", report::json::evaluation(&shown)),
    }
    Ok(if evaluation.outcome == Outcome::Scored { Code::Done } else { Code::Failed })
}
