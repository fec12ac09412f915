//! `elenchus status` and `show`

use crate::commands::report::read;
use crate::context::{Format, Global, campaign};
use crate::failure::{Code, Failure};
use crate::output;
use report::Held;

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
    let held = held(args.campaign.as_deref(), global).await?;
    match args.format {
        Format::Text => output::laid_out(&report::terminal::status(&held.record()))?,
        Format::Json => output::json(report::json::status(&held.record()))?,
    }
    Ok(Code::Done)
}

pub(crate) async fn show(args: OneArgs, global: &Global) -> Result<Code, Failure> {
    let held = held(args.campaign.as_deref(), global).await?;
    match args.format {
        Format::Text => output::laid_out(&report::terminal::show(&held.record()))?,
        Format::Json => output::json(report::json::show(&held.record()))?,
    }
    Ok(Code::Done)
}

async fn held(prefix: Option<&str>, global: &Global) -> Result<Held, Failure> {
    let store = global.store().await?;
    let id = campaign(&store, prefix).await?;
    read(&store, &id).await
}
