//! `elenchus list`, `status` and `show`

use crate::commands::report::Source;
use crate::context::{Format, Global, campaign};
use crate::failure::{Code, Failure};
use crate::output;
use engine::science::text::{self, clip};
use serde_json::json;

/// Characters of a name in a table.
const NAME: usize = 80;

/// List the campaigns of this state directory, the latest last.
#[derive(clap::Args)]
pub(crate) struct ListArgs {
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// Which campaign, and how.
#[derive(clap::Args)]
pub(crate) struct OneArgs {
    /// The campaign, by the beginning of its id; the latest if left out
    campaign: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(crate) async fn list(args: ListArgs, global: &Global) -> Result<Code, Failure> {
    let campaigns = global.store().await?.campaigns().await?;
    if args.format == Format::Json {
        let rows = campaigns.iter().map(|c| {
            json!({ "id": c.id.as_str(), "name": c.name, "directory": c.directory, "nonce": c.nonce, "agents": c.agents,
                    "events": c.events, "created_at_ms": c.created_at_ms, "last_at_ms": c.last_at_ms })
        });
        output::json(rows.collect())?;
        return Ok(Code::Done);
    }
    if campaigns.is_empty() {
        output::line("no campaign yet; `elenchus run EXPERIMENT` starts one")?;
        return Ok(Code::Done);
    }
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_header(["campaign", "experiment", "agents", "events"]);
    for c in &campaigns {
        let [name, agents] = [&c.name, &c.agents].map(|words| clip(&text::line(words), NAME));
        table.add_row([c.id.short(), &name, &agents, &c.events.to_string()]);
    }
    output::line(table.to_string())?;
    Ok(Code::Done)
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
