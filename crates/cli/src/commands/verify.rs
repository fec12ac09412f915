//! `elenchus verify`

use crate::context::{Format, Global, campaign};
use crate::failure::{Code, Failure};
use crate::output;
use engine::verify::{Verified, recorded, verify};
use serde_json::json;

/// Score the champion of a campaign that has ended on sealed seeds and workloads, from the database alone.
///
/// Both are made from the digest of the record, so nobody can have chosen a candidate by them. Exit 1 unless the champion
/// beats the reference. On fresh arrivals in the experiment's scenarios: at most 0.92 times its extra shed work, no more
/// requests, improvement not lower, and no scenario given up, each at 5 %. On 96 workloads drawn from its population, where
/// it declares one: at least 10 % of the cost saved at equal improvement, and at most one workload in ten given up.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The campaign, by the beginning of its id; the latest if left out
    campaign: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(crate) async fn run(args: Args, global: &Global) -> Result<Code, Failure> {
    let store = global.store().await?;
    let id = campaign(&store, args.campaign.as_deref()).await?;
    let verified = verify(&store, &global.places()?, &id).await?;
    let recorded = recorded(&store, &id).await?;
    match args.format {
        Format::Text => print(&verified)?,
        Format::Json => output::json(shown(&verified))?,
    }
    if recorded.is_some_and(|recorded| recorded != verified) {
        let problem = "this is not what was recorded when the campaign ended: another build, or a changed database";
        return Err(Failure::failed(problem));
    }
    Ok(if verified.look.holds() { Code::Done } else { Code::Failed })
}

fn shown(verified: &Verified) -> serde_json::Value {
    let Verified { champion, digest, look } = verified;
    json!({
        "champion": champion.as_str(),
        "digest": digest.as_str(),
        "beats_reference": look.holds(),
        "work_ratio": look.study.work_ratio,
        "rate_ratio": look.study.rate_ratio,
        "points": look.study.points,
        "tests": look.tests().collect::<Vec<_>>(),
        "workloads": look.workloads,
    })
}

fn print(verified: &Verified) -> Result<(), Failure> {
    let Verified { champion, digest, look } = verified;
    output::line(format!("Champion {} under the seal of digest {}:\n", champion.short(), &digest.as_str()[..16]))?;
    output::laid_out(&report::terminal::sealed(look))
}
