//! `elenchus schema`

mod page;

use crate::context;
use crate::failure::{Code, Failure};
use crate::output;
use engine::controls::VariantFile;
use engine::problem::Format;
use engine::science::experiment::Experiment;

/// Print every key of a kind of file, or of what `report --format json` prints: what it means, its type, unit, range and default.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// `campaign`, `variant`, `report`, or one of the problem's kinds: a name that is none is answered with those there are
    file: String,
    /// The problem whose kinds of files are meant
    #[arg(long, value_name = "NAME", default_value = problems::admission::NAME)]
    problem: String,
    /// How to print it; as JSON it is a JSON Schema
    #[arg(long, value_enum, default_value = "text")]
    format: context::Format,
}

pub(crate) fn schema(args: Args) -> Result<Code, Failure> {
    let problem = problems::all().find(&args.problem).map_err(Failure::usage)?;
    let formats: Vec<Format> = [Format::of::<Experiment>("campaign"), Format::of::<VariantFile>("variant")]
        .into_iter()
        .chain(problem.formats())
        .chain([Format { name: "report", schema: report::json::schema() }])
        .collect();
    let Some(format) = formats.iter().find(|format| format.name == args.file) else {
        let names: Vec<&str> = formats.iter().map(|format| format.name).collect();
        let asked = engine::science::text::clip(&args.file, 60);
        return Err(Failure::usage(format!("no kind of file is called `{asked}`; there are {}", names.join(", "))));
    };
    match args.format {
        context::Format::Text => output::laid_out(&page::page(format.name, &format.schema))?,
        context::Format::Json => output::json(format.schema.clone())?,
    }
    Ok(Code::Done)
}
