//! `elenchus cassette`

use crate::context::{Global, campaign};
use crate::failure::{Code, Failure};
use crate::output;
use engine::cassette::Cassette;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

/// Write down what the world said to a campaign: every model's reply, time-outs, a time budget running out.
///
/// `elenchus run EXPERIMENT --replay FILE` runs the campaign again from it, asks nobody, and must end with the same
/// digest. The file holds all prompts and replies as JSON Lines; it holds no key.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The campaign, by the beginning of its id; the latest if left out
    campaign: Option<String>,
    /// Write it to a file instead of printing it
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(crate) async fn cassette(args: Args, global: &Global) -> Result<Code, Failure> {
    let store = global.store().await?;
    let id = campaign(&store, args.campaign.as_deref()).await?;
    let cassette = Cassette::export(&store, &id).await?;
    let Some(file) = args.output else {
        output::unless_closed(cassette.write(std::io::stdout().lock()))?;
        return Ok(Code::Done);
    };
    let unwritten = |error| Failure::failed(format!("cannot write {}: {error}", file.display()));
    let mut out = BufWriter::new(std::fs::File::create(&file).map_err(unwritten)?);
    cassette.write(&mut out).and_then(|()| out.flush()).map_err(unwritten)?;
    output::line(format!("wrote {}: {} calls of language models", file.display(), cassette.calls()))?;
    Ok(Code::Done)
}
