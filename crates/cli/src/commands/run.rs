//! `elenchus run`

use crate::agents::{CapOptions, Choice, live, recorded};
use crate::commands::controls::chosen;
use crate::commands::report::{read, save_markdown, save_page};
use crate::context::{Global, random_nonce, unusual};
use crate::failure::{Code, Failure};
use crate::output;
use crate::progress::{Display, Shown};
use engine::campaign::Opening;
use engine::cassette::{Cassette, replays};
use engine::controls::{controls, variants};
use engine::science::event::EndReason;
use engine::science::experiment::Experiment;
use engine::science::id::Hash;
use engine::science::nonce::Nonce;
use engine::verify::unseal;
use engine::{Campaign, LoadedExperiment, Roles, Stop};
use files::{MAX_TRACE_BYTES, read_text};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Launch a campaign on an experiment.
///
/// The campaign ends after its iterations or when a budget is spent. Ctrl-C stops it after the step that is under way;
/// `elenchus resume` goes on from there, as it does after a crash.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The experiment's directory
    experiment: PathBuf,
    /// Run it on a variant of its population instead: the name of a file in `variants/`, as for `elenchus controls`
    #[arg(long, value_name = "NAME")]
    variant: Option<String>,
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    caps: CapOptions,
    /// What all seeds derive from, 1 to 32 hexadecimal digits: the same nonce gives the same campaign. Random if left out, and
    /// printed at the end
    #[arg(long, value_name = "HEX")]
    nonce: Option<Nonce>,
    /// Turns of the loop, instead of the experiment's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    iterations: Option<u32>,
    /// So many candidates that know nothing of each other: each is planned and written as the first one. What the loop is held
    /// against; needs a planner that is a model
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "iterations")]
    independent: Option<u32>,
    /// Run a recorded campaign again, from the cassette that `elenchus cassette` wrote: nobody is asked, and the digest
    /// must come out the same. Agents, nonce, iterations and budgets are the recorded ones
    #[arg(long, value_name = "FILE", conflicts_with_all = [
        "agents", "model", "planner", "executor", "extractor", "planner_command", "executor_command", "max_usd",
        "max_tokens", "max_calls", "nonce", "iterations", "independent",
    ])]
    replay: Option<PathBuf>,
    #[command(flatten)]
    shown: Shown,
}

pub(crate) async fn run(args: Args, global: &Global) -> Result<Code, Failure> {
    let places = global.places()?;
    let loaded = LoadedExperiment::read(&args.experiment, &places.problems)?;
    let loaded = match &args.variant {
        Some(name) => varied(loaded, name)?,
        None => loaded,
    };
    let opening = match &args.replay {
        Some(file) => replay(file, loaded, global)?,
        None => opening(&args, loaded, global)?,
    };
    let campaign = Campaign::open(global.new_store().await?, &places, opening).await?;
    drive(campaign, global, args.shown, Vec::new()).await
}

/// The experiment on one of its variants.
fn varied(loaded: LoadedExperiment, name: &str) -> Result<LoadedExperiment, Failure> {
    let controls = controls(&loaded.directory, loaded.problem.kit())?;
    let only = [name.to_owned()];
    let chosen = chosen(variants(&loaded, &controls)?, &only)?;
    Ok(chosen.into_iter().next().map_or(loaded, |variant| variant.loaded))
}

/// A new campaign, as the command line wants it.
fn opening(args: &Args, mut loaded: LoadedExperiment, global: &Global) -> Result<Opening, Failure> {
    let turns = args.independent.or(args.iterations);
    loaded.experiment.iterations = turns.unwrap_or(loaded.experiment.iterations);
    loaded.experiment.agents.independent |= args.independent.is_some();
    args.caps.apply(&mut loaded.experiment.budget)?;
    let budget = &loaded.experiment.budget;
    let roles = args.choice.roles()?;
    if args.independent.is_some() && roles.planner.is_none() {
        let problem = "--independent asks a model for each draft: choose one with --agents openai --model NAME";
        return Err(Failure::usage(problem));
    }
    let agents = live(&roles, args.choice.commands(), budget, &global.configuration()?)?;
    let nonce = args.nonce.map_or_else(random_nonce, Ok)?;
    Ok(Opening {
        loaded,
        nonce,
        given: args.nonce.is_some(),
        agents,
        cassette: None,
        version: env!("CARGO_PKG_VERSION").into(),
    })
}

/// A campaign that was recorded, on the same experiment.
fn replay(file: &Path, mut loaded: LoadedExperiment, global: &Global) -> Result<Opening, Failure> {
    let unusable = |problem: String| Failure::usage(format!("{}: {problem}", file.display()));
    let text = read_text(file, MAX_TRACE_BYTES).map_err(|error| unusable(error.to_string()))?;
    let cassette = Cassette::read(&text).map_err(unusable)?;
    // What the command line may have changed is taken over; all else is what the files say.
    let then = &cassette.header.experiment;
    let (iterations, budget, agents) = (then.iterations, then.budget, then.agents);
    loaded.experiment = Experiment { iterations, budget, agents, ..loaded.experiment };
    if cassette.header.meaning != loaded.meaning() || !same(then, &loaded.experiment) {
        return Err(unusable(another(&cassette.header.inputs, &loaded)));
    }
    loaded.experiment.check().map_err(|(key, problem)| unusable(format!("line 1: {key}: {problem}")))?;
    let roles = Roles::parse(&cassette.header.agents).map_err(unusable)?;
    let agents = recorded(&roles, &global.configuration()?, |model| cassette.settings(model))?;
    let (nonce, version) = (cassette.header.nonce, env!("CARGO_PKG_VERSION").into());
    Ok(Opening { loaded, nonce, given: true, agents, cassette: Some(cassette), version })
}

/// Whether two experiments ask for the same, whatever their files are called and their question says.
fn same(then: &Experiment, now: &Experiment) -> bool {
    let Experiment { question, baseline, reference, space_source, scenarios, population, .. } = now.clone();
    Experiment { question, baseline, reference, space_source, scenarios, population, ..then.clone() } == *now
}

/// Which files make an experiment another one than a cassette was recorded on.
fn another(then: &BTreeMap<String, Hash>, loaded: &LoadedExperiment) -> String {
    let now = loaded.hashes();
    let files: BTreeSet<&str> = then.keys().chain(now.keys()).map(String::as_str).collect();
    let differing: Vec<&str> = files.into_iter().filter(|path| then.get(*path) != now.get(*path)).collect();
    if differing.is_empty() {
        return "line 1: its experiment is not the one that its files describe: it was edited".into();
    }
    let directory = loaded.directory.display();
    format!("it was recorded on another experiment: {} of {directory} is not the same", differing.join(", "))
}

/// Runs a campaign to its end, or to Ctrl-C, and says what came of it.
pub(crate) async fn drive(
    mut campaign: Campaign,
    global: &Global,
    shown: Shown,
    warnings: Vec<String>,
) -> Result<Code, Failure> {
    let stop = Stop::default();
    tokio::spawn(listen(stop.clone()));
    let mut display = Display::shown(shown);
    display.campaign(campaign.id.short());
    for warning in warnings {
        display.warn(&warning);
    }
    let result = campaign.run(&stop, &mut |progress| display.show(&progress)).await;
    let id = campaign.id.clone();
    if !result.inspect_err(|_| display.close())? {
        display.close();
        let elenchus = report::elenchus(unusual(&global.state_dir).as_deref());
        output::note(format!("stopped; `{elenchus} resume {}` goes on", id.short()));
        return Ok(Code::Interrupted);
    }
    let (end, digest) = (campaign.state.ended.clone(), campaign.digest());
    drop(campaign);
    let store = global.store().await?;
    display.doing("looking at the champion under the seal");
    let sealed = unseal(&store, &global.places()?, &id).await;
    display.close();
    sealed?;
    let held = read(&store, &id).await?;
    let file = global.state_dir.join("reports").join(format!("{}.html", id.short()));
    save_markdown(&held, &file.with_extension("md"))?;
    save_page(&held, &file)?;
    match shown.is_json() {
        true => output::laid_out(&format!("{}\n", report::json::end(&held.record())))?,
        false => {
            output::laid_out(&report::terminal::end(&held.record(), output::width(), output::is_coloured()))?;
            output::line(format!("  {}   # the report, for a browser", file.display()))?;
        }
    }
    match replays(&store, &id).await? {
        Some(recorded) if recorded != digest => {
            return Err(Failure::failed(format!(
                "the replay ends with digest {digest}, the recorded campaign with {recorded}"
            )));
        }
        Some(_) if shown.is_json() => {}
        Some(_) => output::line("replay     the digest is the recorded campaign's")?,
        None => {}
    }
    match end {
        Some(EndReason::BudgetSpent(_)) => Ok(Code::BudgetSpent),
        Some(EndReason::Completed) | None => Ok(Code::Done),
    }
}

/// The first Ctrl-C asks to stop after the step that is under way; a second one ends the program at once, which loses
/// nothing but that step.
pub(crate) async fn listen(stop: Stop) {
    while tokio::signal::ctrl_c().await.is_ok() {
        if stop.requested() {
            std::process::exit(Code::Interrupted as i32);
        }
        stop.request();
        output::note("\nstopping after this step; Ctrl-C again stops at once");
    }
}
