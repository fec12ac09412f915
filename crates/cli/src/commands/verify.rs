//! `elenchus verify`

use crate::context::{Format, Global, campaign};
use crate::failure::{Code, Failure};
use crate::output;
use engine::science::seal::{self, Look, Taken};
use engine::science::spec::Spec;
use engine::verify::{Verified, again, recorded, taken, verify};

/// Score the champion of a campaign that has ended on sealed seeds and workloads, from the database alone.
///
/// Both follow from the nonce, the champion, what is measured and the number of the look, so nobody can have chosen a candidate
/// by them. Without `--again` the first look is repeated and held against the record; the verdict is that of the first
/// look, unless all looks together do not bear it. Exit 1 unless the champion beats the reference: on 216 fresh workloads drawn from the experiment's population and on 5
/// fresh seeds of its scenarios (20 where it declares no population), what it is worth is, with all of its 95 %
/// interval, above zero and above what the reference is off by against itself, and at least what `[claim]` asks, and every guard of the objective is kept.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The campaign, by the beginning of its id; the latest if left out
    campaign: Option<String>,
    /// Take another look, with seeds and workloads of its own, and add it to the record: every look is counted
    #[arg(long)]
    again: bool,
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(crate) async fn run(args: Args, global: &Global) -> Result<Code, Failure> {
    let store = global.store().await?;
    let id = campaign(&store, args.campaign.as_deref()).await?;
    let places = global.places()?;
    let verified = match args.again {
        true => again(&store, &places, &id).await?,
        false => verify(&store, &places, &id).await?,
    };
    let on_record = recorded(&store, &id).await?;
    let looks: Vec<Look> = on_record.iter().map(|verified| verified.look.clone()).collect();
    let taken = taken(&store, &id).await?;
    let state = store.load(&id).await?.state;
    let spec = state.spec();
    match args.format {
        Format::Text => print(&verified, (&looks, taken), spec)?,
        Format::Json => output::json(shown(&verified, (&looks, taken), spec))?,
    }
    let same = on_record.iter().find(|recorded| recorded.number == verified.number);
    if same.is_some_and(|recorded| *recorded != verified) {
        let problem = "this is not what was recorded when the campaign ended: another build, or a changed database";
        return Err(Failure::failed(problem));
    }
    // The verdict is that of the first look; further ones may take it back, and never make it.
    Ok(if seal::beats(&verified.look, &looks) { Code::Done } else { Code::Failed })
}

fn shown(verified: &Verified, (looks, taken): (&[Look], Taken), spec: &Spec) -> serde_json::Value {
    let Verified { champion, number, look, .. } = verified;
    let mut shown = report::json::look(look, looks, taken, spec);
    shown["champion"] = champion.as_str().into();
    shown["look"] = (*number).into();
    shown
}

fn print(verified: &Verified, (looks, taken): (&[Look], Taken), spec: &Spec) -> Result<(), Failure> {
    let Verified { champion, number, look, .. } = verified;
    output::line(format!("Champion {} under its seal, look {number}:\n", champion.short()))?;
    output::laid_out(&report::terminal::sealed(look, looks, taken, spec))
}
