//! `elenchus status` and `show`

use crate::commands::report::Source;
use crate::context::{Format, Global, campaign};
use crate::failure::{Code, Failure};
use crate::output;

/// Which campaign, and how.
#[derive(clap::Args)]
pub(crate) struct OneArgs {
    /// The campaign, by the beginning of its id; the latest if left out
    campaign: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(crate) async fn status(args: OneArgs, global: &Global) -> Result<Code, Failure> {
    let source = source(args.campaign.as_deref(), global).await?;
    match args.format {
        Format::Text => output::laid_out(&report::terminal::status(&source.record()))?,
        Format::Json => output::json(report::json::status(&source.record()))?,
    }
    Ok(Code::Done)
}

pub(crate) async fn show(args: OneArgs, global: &Global) -> Result<Code, Failure> {
    let source = source(args.campaign.as_deref(), global).await?;
    match args.format {
        Format::Text => output::laid_out(&report::terminal::show(&source.record()))?,
        Format::Json => output::json(report::json::show(&source.record()))?,
    }
    Ok(Code::Done)
}

async fn source(prefix: Option<&str>, global: &Global) -> Result<Source, Failure> {
    let store = global.store().await?;
    let id = campaign(&store, prefix).await?;
    Source::load(&store, &id).await
}
