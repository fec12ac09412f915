//! `elenchus evaluate`

use crate::context::{Format, Global};
use crate::failure::{Code, Failure};
use crate::output;
use engine::sandbox::Walls;
use engine::science::champion;
use engine::science::nonce::Nonce;
use engine::science::objective::Scoring;
use engine::science::outcome::Outcome;
use engine::single::{self, Question};
use engine::{LoadedExperiment, Prepared};
use files::{MAX_TEXT_BYTES, read_text};
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
    /// Search seeds for each scenario, instead of 5 or the experiment's if it has more
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    seeds: Option<u32>,
    /// What the search seeds derive from, 1 to 32 hexadecimal digits, instead of the state directory's own
    #[arg(long, value_name = "HEX")]
    nonce: Option<Nonce>,
    /// Also show how its answers go with what it was shown
    #[arg(long)]
    curve: bool,
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// Search seeds of a single evaluation, where the experiment has no more: enough for an interval.
const SEEDS: u32 = 5;

pub(crate) fn evaluate(args: Args, global: &Global) -> Result<Code, Failure> {
    let source = read_text(&args.file, MAX_TEXT_BYTES)
        .map_err(|error| Failure::usage(format!("cannot read {}: {error}", args.file.display())))?;
    let (places, build) = (global.places()?, build()?);
    let loaded = LoadedExperiment::read(&args.experiment, &places.problems)?;
    let candidate = Prepared::new(source, loaded.problem.kit());
    let seeds = args.seeds.unwrap_or(loaded.experiment.seeds.max(SEEDS)) as usize;
    let nonce = args.nonce.map_or_else(|| global.nonce(), Ok)?;
    let question = Question { candidate: &candidate, loaded: &loaded, nonce, seeds, build: &build };
    let answer = single::evaluate(&places, question)?;
    let (yardsticks, names, reading) = (&answer.yardsticks, loaded.scenario_names(), &candidate.reading);
    let spec = loaded.problem.spec();
    let scoring = Scoring { yardsticks, names: &names, spec };
    let score = answer.measurement.as_ref().map(|measured| scoring.score_by_study(measured));
    let descriptor = answer.probe.as_ref().map(|probe| &probe.descriptor);
    let objections = score.as_ref().map_or_else(Vec::new, |score| {
        let description_length = reading.description_length.unwrap_or(u32::MAX);
        champion::objections(score, description_length, descriptor, (&loaded.experiment, spec))
    });
    let shown = Evaluation {
        spec,
        candidate: reading.id.as_str(),
        outcome: answer.outcome,
        message: &answer.message,
        score: score.as_ref(),
        description_length: reading.description_length,
        objections: &objections,
        descriptor,
        curves: answer.probe.as_ref().filter(|_| args.curve).map_or(&[], |probe| &probe.curves),
        reference: &scoring.score_by_study(&yardsticks.reference),
        regret_bound: loaded.experiment.objective.at_most("regret"),
        sandboxed: places.walls == Walls::Required,
        cached: answer.cached,
        timing: timing(&answer.timing),
    };
    match args.format {
        Format::Text => {
            output::laid_out(&report::terminal::score(&shown))?;
            if score.is_some() {
                output::line(format!(
                    "\nMeasured on {seeds} seeds of each scenario, by nonce {nonce} (--nonce takes another)."
                ))?;
            }
        }
        Format::Json => {
            let mut json = report::json::evaluation(&shown);
            json["nonce"] = nonce.to_string().into();
            output::json(json)?;
        }
    }
    Ok(if answer.outcome == Outcome::Scored { Code::Done } else { Code::Failed })
}

fn timing(spent: &engine::Timing) -> Timing {
    let ms = |duration: std::time::Duration| duration.as_secs_f64() * 1000.0;
    Timing {
        screen: ms(spent.screen),
        compile: ms(spent.compile),
        probe: ms(spent.probe),
        simulate: ms(spent.simulate),
        decide: ms(spent.decide),
    }
}

/// What tells this build from others: a cached result of another one is not this one's.
fn build() -> Result<String, Failure> {
    let program = std::env::current_exe().and_then(std::fs::metadata);
    let stamp = program.and_then(|file| Ok((file.len(), file.modified()?)));
    let (length, modified) = stamp.map_err(|error| Failure::bug(format!("what am I? {error}")))?;
    Ok(format!("{} {length} {modified:?}", env!("CARGO_PKG_VERSION")))
}
