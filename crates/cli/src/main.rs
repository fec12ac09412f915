//! The `elenchus` command: arguments, printing, progress, exit codes. Everything else is in the libraries.
//!
//! One file for each command under `commands/`; its `Args` documentation is the help text.

mod agents;
mod commands;
mod configuration;
mod context;
mod failure;
mod output;
mod progress;

use clap::Parser;
use std::process::ExitCode;

/// Discovers algorithms by refuting claims: plans, writes, compiles, simulates and judges, and records every step.
#[derive(Parser)]
#[command(name = "elenchus", version, disable_help_subcommand = true)]
struct Command {
    #[command(flatten)]
    global: context::Global,
    #[command(subcommand)]
    command: commands::Subcommand,
}

fn main() -> ExitCode {
    // The jail is this program started again; it must seal itself before any thread or runtime exists.
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == engine::sandbox::jail::ARGUMENT) {
        engine::sandbox::jail::main(arguments, &simulator::maths::TABLE);
    }
    let command = match Command::try_parse() {
        Ok(command) => command,
        // Help and version are ours, and whoever closed the pipe has seen enough of them.
        Err(error) if !error.use_stderr() => {
            let _ = error.print();
            return ExitCode::SUCCESS;
        }
        // It quotes the arguments.
        Err(error) => {
            output::note(error.render().to_string().trim_end());
            return failure::Code::Usage.into();
        }
    };
    let filter = tracing_subscriber::EnvFilter::try_from_env("ELENCHUS_LOG").unwrap_or_else(|_| "error".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(|| output::Log).init();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(commands::dispatch(command.command, &command.global)),
        Err(error) => Err(failure::Failure::bug(format!("no runtime: {error}"))),
    };
    match result {
        Ok(code) => code.into(),
        Err(failure) => {
            output::note(format!("error: {failure}"));
            failure.code.into()
        }
    }
}
