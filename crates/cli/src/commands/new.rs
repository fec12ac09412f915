//! `elenchus new`

use crate::failure::{Code, Failure};
use crate::output;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

/// Write a commented starter for a candidate, ready to be changed.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The file to write; it must not be there yet
    file: PathBuf,
    /// The problem that it is to solve
    #[arg(long, value_name = "NAME", default_value = problems::admission::NAME)]
    problem: String,
}

pub(crate) fn new(args: Args) -> Result<Code, Failure> {
    let problem = problems::all().find(&args.problem).map_err(Failure::usage)?;
    let file = std::fs::OpenOptions::new().write(true).create_new(true).open(&args.file);
    let written = file.and_then(|mut file| file.write_all(problem.starter().as_bytes()));
    written.map_err(|error| {
        let name = args.file.display();
        Failure::usage(match error.kind() {
            ErrorKind::AlreadyExists => format!("{name} is there already, and is left as it is; name another file"),
            _ => format!("cannot write {name}: {error}"),
        })
    })?;
    output::line(format!("wrote {0}; score it with `elenchus evaluate {0} --experiment DIR`", args.file.display()))?;
    Ok(Code::Done)
}
