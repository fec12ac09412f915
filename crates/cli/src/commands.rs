//! The commands, one file each.

mod campaigns;
mod cassette;
mod champion;
mod compare;
mod controls;
mod diff;
mod doctor;
mod evaluate;
mod export;
mod import;
mod init;
mod list;
mod mcp;
mod new;
mod prompt;
mod report;
mod resume;
mod run;
mod schema;
mod serve;
mod simulate;
mod translate;
mod verify;

use crate::context::Global;
use crate::failure::{Code, Failure};

/// What to do.
#[derive(clap::Subcommand)]
pub(crate) enum Subcommand {
    /// Write a commented experiment that runs in seconds
    Init(init::Args),
    /// Print every key of a kind of file: what it means, its type, unit, range and default
    Schema(schema::Args),
    /// Launch a campaign on an experiment
    Run(run::Args),
    /// Go on with a campaign where its record ends
    Resume(resume::Args),
    /// Let a coding agent drive a campaign by tools (Model Context Protocol)
    Mcp(mcp::Args),
    /// List the campaigns of this state directory
    List(list::Args),
    /// Say where a campaign stands
    Status(campaigns::OneArgs),
    /// Show a campaign's lineage, findings and principles
    Show(campaigns::OneArgs),
    /// Print the source of the best candidate
    Champion(champion::Args),
    /// Print the lineage report
    Report(report::Args),
    /// Show the campaigns in a browser, live while they run
    Serve(serve::Args),
    /// Hold two candidates, or two campaigns, beside each other
    Diff(diff::Args),
    /// Show what language models are sent, or write the templates down to be changed
    Prompt(prompt::Args),
    /// Write every table of a campaign's record as CSV
    Export(export::Args),
    /// Write down what the world said to a campaign, so that it can be run again with no model and no network
    Cassette(cassette::Args),
    /// Score the champion on sealed seeds: does it beat the reference?
    Verify(verify::Args),
    /// Hold a campaign against random search and tuning alone
    Compare(compare::Args),
    /// Hold policies beside nulls, gaming and hand-written rules, on variants of the population
    Controls(controls::Args),
    /// Score one source file against an experiment's baseline and reference
    Evaluate(evaluate::Args),
    /// Write a commented starter for a candidate
    New(new::Args),
    /// Run the simulator by itself
    Simulate(simulate::Args),
    /// Write a candidate as a plugin of llm-d-router, in Go, with the proof that it decides alike
    Translate(translate::Args),
    /// Make a trace and a scenario of the log that a translated plugin wrote
    Import(import::Args),
    /// Try the toolchain, each wall of the sandbox, the key and the database
    Doctor(doctor::Args),
}

/// Runs a command.
pub(crate) async fn dispatch(command: Subcommand, global: &Global) -> Result<Code, Failure> {
    match command {
        Subcommand::Init(args) => init::init(args),
        Subcommand::Schema(args) => schema::schema(args),
        Subcommand::Run(args) => run::run(args, global).await,
        Subcommand::Resume(args) => resume::resume(args, global).await,
        Subcommand::Mcp(args) => mcp::mcp(args, global).await,
        Subcommand::List(args) => list::list(args, global).await,
        Subcommand::Status(args) => campaigns::status(args, global).await,
        Subcommand::Show(args) => campaigns::show(args, global).await,
        Subcommand::Champion(args) => champion::champion(args, global).await,
        Subcommand::Report(args) => report::report(args, global).await,
        Subcommand::Serve(args) => serve::serve(args, global).await,
        Subcommand::Diff(args) => diff::diff(args, global).await,
        Subcommand::Prompt(args) => prompt::prompt(args, global).await,
        Subcommand::Export(args) => export::export(args, global).await,
        Subcommand::Cassette(args) => cassette::cassette(args, global).await,
        Subcommand::Verify(args) => verify::run(args, global).await,
        Subcommand::Compare(args) => compare::run(args, global).await,
        Subcommand::Controls(args) => controls::run(args, global).await,
        Subcommand::Evaluate(args) => evaluate::evaluate(args, global),
        Subcommand::New(args) => new::new(args),
        Subcommand::Simulate(args) => simulate::simulate(args, global),
        Subcommand::Translate(args) => translate::translate(args, global).await,
        Subcommand::Import(args) => import::import(args),
        Subcommand::Doctor(args) => doctor::doctor(args, global).await,
    }
}

/// Whether a directory may be written: it is empty, or not there.
fn is_free(directory: &std::path::Path) -> bool {
    let missing = |error: std::io::Error| error.kind() == std::io::ErrorKind::NotFound;
    std::fs::read_dir(directory).map_or_else(missing, |mut all| all.next().is_none())
}
