//! `elenchus new`

use crate::failure::{Code, Failure};
use crate::output;
use std::io::Write;
use std::path::PathBuf;

/// Write a commented starter for a candidate: the published quintic, ready to be changed.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The file to write; it must not be there yet
    file: PathBuf,
}

/// The quintic with comments.
pub(crate) const STARTER: &str = include_str!("starter.rs.txt");

pub(crate) fn new(args: Args) -> Result<Code, Failure> {
    let file = std::fs::OpenOptions::new().write(true).create_new(true).open(&args.file);
    file.and_then(|mut file| file.write_all(STARTER.as_bytes()))
        .map_err(|error| Failure::usage(format!("cannot write {}: {error}", args.file.display())))?;
    output::line(format!("wrote {0}; score it with `elenchus evaluate {0}`", args.file.display()))?;
    Ok(Code::Done)
}
