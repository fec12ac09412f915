//! `elenchus compare`

use crate::context::{Format, Global, campaign};
use crate::failure::{Code, Failure};
use crate::output;
use engine::compare::{POOL, compare, recorded};

/// Hold a campaign that has ended against random search and against tuning alone, at what it spent.
///
/// Draws a pool of points from the declared design space, scores each on the campaign's own search panel, and asks what
/// searches of the campaign's size would have found in it; tunes the best points of such searches, and the reference's own
/// constants; and looks at what they all found on the campaign's sealed workloads. The result is kept and printed in the
/// report. It takes minutes: 2,000 points are 2,000 evaluations.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The campaign, by the beginning of its id; the latest if left out
    campaign: Option<String>,
    /// Points to draw from the declared space
    #[arg(long, value_name = "N", default_value_t = POOL, value_parser = points)]
    pool: usize,
    /// Search again, even if a comparison is on record
    #[arg(long)]
    again: bool,
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// More would not fit into memory with their scores.
const MOST: usize = 100_000;

fn points(text: &str) -> Result<usize, String> {
    let points = text.parse().ok().filter(|points| (1..=MOST).contains(points));
    points.ok_or_else(|| format!("a whole number from 1 to {MOST}"))
}

pub(crate) async fn run(args: Args, global: &Global) -> Result<Code, Failure> {
    let store = global.store().await?;
    let id = campaign(&store, args.campaign.as_deref()).await?;
    let known = if args.again { None } else { recorded(&store, &id).await? };
    let comparison = match known {
        Some(known) => known,
        None => compare(&store, &global.places()?, &id, args.pool).await?,
    };
    match args.format {
        Format::Text => {
            output::laid_out(&report::terminal::comparison(&comparison, store.load(&id).await?.state.spec()))?
        }
        Format::Json => output::json(report::json::comparison(&comparison))?,
    }
    Ok(Code::Done)
}
