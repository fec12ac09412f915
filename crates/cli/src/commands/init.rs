//! `elenchus init`

use crate::failure::{Code, Failure};
use crate::output;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Write a commented experiment that runs in seconds, ready to be changed.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The directory to write; it must be empty, if it is there
    directory: PathBuf,
    /// The problem that the experiment asks
    #[arg(long, value_name = "NAME", default_value = problems::admission::NAME)]
    problem: String,
}

pub(crate) fn init(args: Args) -> Result<Code, Failure> {
    let problem = problems::all().find(&args.problem).map_err(Failure::usage)?;
    let shown = args.directory.display();
    if !is_free(&args.directory)? {
        return Err(Failure::usage(format!("{shown} is not empty; nothing was written")));
    }
    for (path, text) in problem.template() {
        let file = args.directory.join(path);
        let folder = file.parent().unwrap_or(&args.directory);
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(&file, text))
            .map_err(|error| cannot("write", &file, &error))?;
        output::line(format!("wrote {}", file.display()))?;
    }
    output::line(format!(
        "start with {}, or at once: `elenchus run {shown}`",
        args.directory.join("README.md").display()
    ))?;
    Ok(Code::Done)
}

/// Whether there is nothing at a place, or a directory with nothing in it.
fn is_free(directory: &Path) -> Result<bool, Failure> {
    match std::fs::read_dir(directory) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        Err(error) => Err(cannot("use", directory, &error)),
    }
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("cannot {what} {}: {error}", path.display()))
}
