//! `elenchus champion`

use crate::context::{Format, Global, campaign};
use crate::failure::{Code, Failure};
use crate::output;

/// Print the source of the best candidate; exit 1 if there is none that is admissible.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The campaign, by the beginning of its id; the latest if left out
    campaign: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(crate) async fn champion(args: Args, global: &Global) -> Result<Code, Failure> {
    let store = global.store().await?;
    let id = campaign(&store, args.campaign.as_deref()).await?;
    let held = super::report::read(&store, &id).await?;
    let Some(text) = held.champion() else {
        return Err(Failure::failed(format!("campaign {} has no admissible candidate yet", id.short())));
    };
    match args.format {
        // A source is cleaned when it is taken from a reply, so this is byte for byte what was compiled.
        Format::Text => output::laid_out(&engine::science::text::clean(text))?,
        Format::Json => output::json(report::json::show(&held.record())["champion"].take())?,
    }
    Ok(Code::Done)
}
