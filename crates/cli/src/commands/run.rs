//! `elenchus run`

use crate::commands::report::Source;
use crate::context::{Agents, Global, agents};
use crate::failure::{Code, Failure};
use crate::progress::Display;
use engine::campaign::Opening;
use engine::science::event::EndReason;
use engine::{Campaign, LoadedExperiment, Stop};
use std::path::PathBuf;

/// Launch a campaign on an experiment.
///
/// The campaign ends after its iterations or when a budget is spent. Ctrl-C stops it after the step that is under way;
/// `elenchus resume` goes on from there, as it does after a crash.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The experiment's directory
    experiment: PathBuf,
    /// Who plans and writes
    #[arg(long, value_enum, default_value = "builtin")]
    agents: Agents,
    /// The model, for --agents openai
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// The campaign's seed: the same seed gives the same campaign
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Turns of the loop, instead of the experiment's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    iterations: Option<u32>,
}

pub(crate) async fn run(args: Args, global: &Global) -> Result<Code, Failure> {
    let agents = agents(args.agents, args.model.as_deref())?;
    let mut loaded = LoadedExperiment::read(&args.experiment)?;
    if let Some(iterations) = args.iterations {
        loaded.experiment.iterations = iterations;
    }
    let places = global.places()?;
    let opening = Opening { loaded, seed: args.seed, agents, version: env!("CARGO_PKG_VERSION").into() };
    let campaign = Campaign::open(global.new_store().await?, &places, opening).await?;
    drive(campaign, global, Vec::new()).await
}

/// Runs a campaign to its end, or to Ctrl-C, and says what came of it.
pub(crate) async fn drive(mut campaign: Campaign, global: &Global, warnings: Vec<String>) -> Result<Code, Failure> {
    let stop = Stop::default();
    tokio::spawn(listen(stop.clone()));
    let mut display = Display::new(campaign.id.short());
    for warning in warnings {
        display.warn(&warning);
    }
    let result = campaign.run(&stop, |progress| display.show(&progress)).await;
    display.close();
    let ended = result?;
    let id = campaign.id.clone();
    if !ended {
        eprintln!("stopped; `elenchus resume {}` goes on", id.short());
        return Ok(Code::Interrupted);
    }
    let end = campaign.state.ended.clone();
    drop(campaign);
    let source = Source::load(&global.store().await?, &id).await?;
    let file = global.state_dir.join("reports").join(format!("{}.md", id.short()));
    source.save_markdown(&file)?;
    print!("{}", report::terminal::status(&source.record()));
    println!("report     {} (or `elenchus report`)", file.display());
    match end {
        Some(EndReason::BudgetSpent(_)) => Ok(Code::BudgetSpent),
        Some(EndReason::Completed) | None => Ok(Code::Done),
    }
}

/// The first Ctrl-C asks to stop after the step that is under way; a second one ends the program at once, which loses
/// nothing but that step.
async fn listen(stop: Stop) {
    while tokio::signal::ctrl_c().await.is_ok() {
        if stop.requested() {
            std::process::exit(Code::Interrupted as i32);
        }
        stop.request();
        eprintln!("\nstopping after this step; Ctrl-C again stops at once");
    }
}
