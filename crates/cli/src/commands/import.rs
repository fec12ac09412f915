//! `elenchus import`

use crate::failure::{Code, Failure};
use crate::output;
use engine::science::text;
use files::{MAX_TRACE_BYTES, read_text};
use problems::admission::translate::log::{Imported, Log, imported};
use std::path::{Path, PathBuf};

/// Make a trace and a scenario of the log of a translated admission plugin: your own traffic.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Logs that the plugin wrote, of one or several replicas
    #[arg(required = true, value_name = "LOG")]
    logs: Vec<PathBuf>,
    /// Where to write trace.csv and scenario.toml: a directory that is empty or not there yet
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
    /// The scenario's name
    #[arg(long, value_name = "NAME", default_value = "my_traffic")]
    name: String,
}

/// Characters of a scenario's name, at most, as in an experiment.
const NAME: usize = 60;

pub(crate) fn import(args: Args) -> Result<Code, Failure> {
    if !super::is_free(&args.out) {
        let out = args.out.display();
        return Err(Failure::usage(format!("{out} is there and not an empty directory; name another one")));
    }
    if !text::is_name(&args.name, NAME) {
        return Err(Failure::usage(format!(
            "a scenario's name has 1 to {NAME} characters that can be seen, in one line"
        )));
    }
    let mut logs = Vec::new();
    for path in &args.logs {
        let text = read_text(path, MAX_TRACE_BYTES)
            .map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))?;
        let log = Log::read(&text);
        named(path, &log);
        logs.push(log);
    }
    let Some(found) = imported(&logs, &args.name) else {
        if logs.iter().any(|log| log.ceilings > 0) {
            return Err(Failure::failed(
                "the logs are of a policy that sets ceilings: it sees no request, so no traffic can be made of them",
            ));
        }
        return Err(Failure::failed(
            "the logs have no request with a complete response; set `log` of the plugin, in shadow mode, and let it run",
        ));
    };
    write(&args.out, &found)
        .map_err(|error| Failure::failed(format!("cannot write {}: {error}", args.out.display())))?;
    let out = args.out.display();
    output::line(format!("{out}: {} requests in trace.csv, and scenario.toml", found.requests))?;
    found.notes.iter().try_for_each(output::line)?;
    output::line(format!("Say in {out}/scenario.toml what you run, then: elenchus simulate {out}/scenario.toml"))?;
    Ok(Code::Done)
}

/// Says which lines were not read.
fn named(path: &Path, log: &Log) {
    for (line, problem) in &log.bad {
        output::note(format!("{}:{line}: {problem}; the line is left out", path.display()));
    }
    if log.more > 0 {
        output::note(format!("{}: {} more lines like that", path.display(), log.more));
    }
    if log.foreign > 0 {
        output::note(format!("{}: {} lines are of others", path.display(), log.foreign));
    }
}

fn write(out: &Path, found: &Imported) -> std::io::Result<()> {
    std::fs::create_dir_all(out)?;
    std::fs::write(out.join("trace.csv"), &found.trace)?;
    std::fs::write(out.join("scenario.toml"), &found.scenario)
}
