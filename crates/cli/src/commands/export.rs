//! `elenchus export`

use crate::context::{Global, campaign};
use crate::failure::{Code, Failure};
use crate::output;
use clap::ValueEnum;
use engine::science::text::clean;
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use store::{Cell, Export};

/// Write every table of a campaign's record as CSV: claims, candidates, what each gains and costs in each workload, principles, looks
/// under the seal, and the rest.
///
/// A text that a spreadsheet would take for a formula begins with an apostrophe. The same tables are views of the database.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The directory that the files are written to
    directory: PathBuf,
    /// The form of the files
    #[arg(long, value_enum, default_value = "csv")]
    to: Form,
    /// The campaign, by the beginning of its id; the latest if left out
    #[arg(long)]
    campaign: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// Comma-separated values, UTF-8, with a line of names
    Csv,
}

pub(crate) async fn export(args: Args, global: &Global) -> Result<Code, Failure> {
    let store = global.store().await?;
    let id = campaign(&store, args.campaign.as_deref()).await?;
    let Form::Csv = args.to;
    if !super::is_free(&args.directory) {
        let problem = format!("{} is no empty directory, and nothing is overwritten", args.directory.display());
        return Err(Failure::usage(problem));
    }
    std::fs::create_dir_all(&args.directory).map_err(|error| unwritten(&args.directory, &error))?;
    let mut tables = store.export(&id).await?;
    for name in Export::names() {
        let file = args.directory.join(format!("{name}.csv"));
        let failed = |error: &dyn std::fmt::Display| unwritten(&file, error);
        let created = std::fs::File::create_new(&file).map_err(|error| failed(&error))?;
        // In quotes, a text is one cell whatever a spreadsheet takes for a separator.
        let mut writer = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::NonNumeric).from_writer(created);
        let row = |cells: &[Cell]| -> std::io::Result<()> {
            Ok(writer.write_record(cells.iter().map(|cell| shown(cell).into_owned()))?)
        };
        let rows = tables.table(name, row).await?.map_err(|error| failed(&error))?;
        writer.flush().map_err(|error| failed(&error))?;
        output::line(format!("{}: {rows} rows", file.display()))?;
    }
    Ok(Code::Done)
}

fn unwritten(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::failed(format!("cannot write {}: {error}", path.display()))
}

fn shown(cell: &Cell) -> Cow<'_, str> {
    match cell {
        Cell::Null => "".into(),
        Cell::Integer(number) => number.to_string().into(),
        // As short as it reads back to the bit.
        Cell::Real(number) => format!("{number:?}").into(),
        Cell::Text(text) => harmless(clean(text)).into(),
    }
}

/// A text that no spreadsheet runs: what begins as a formula does is marked as a text.
fn harmless(text: String) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if is_formula { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_a_text_and_numbers_stay_numbers() {
        for formula in ["=1+1", "+1", "-2.6 % of saving", "@SUM(A1)", "\t=1", "＝cmd|' /C calc'!A0"] {
            let text = shown(&Cell::Text(formula.into())).into_owned();
            assert_eq!(text, format!("'{formula}"));
        }
        assert_eq!(shown(&Cell::Text("F1.main".into())), "F1.main");
        assert_eq!(shown(&Cell::Real(-0.1)), "-0.1");
        assert_eq!(shown(&Cell::Integer(-3)), "-3");
        assert_eq!(shown(&Cell::Null), "");
    }
}
