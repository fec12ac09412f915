//! `elenchus verify`

use crate::context::{Format, Global, campaign};
use crate::failure::{Code, Failure};
use engine::verify::{Verified, verify};
use serde_json::json;

/// Score the champion of a campaign that has ended on sealed seeds, from the database alone.
///
/// The seeds are made from the digest of the record, so nobody can have chosen a candidate by them. Exit 1 unless the
/// champion beats the reference: at most 0.92 times its extra shed work, no more requests, improvement not lower, and no
/// scenario given up, each at 5 %. This speaks of fresh arrivals in the scenarios of the experiment, not of other workloads.
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
    match args.format {
        Format::Text => print(&verified),
        Format::Json => println!("{:#}", shown(&verified)),
    }
    Ok(if verified.look.holds() { Code::Done } else { Code::Failed })
}

fn shown(verified: &Verified) -> serde_json::Value {
    let Verified { champion, digest, look } = verified;
    json!({
        "champion": champion.as_str(),
        "digest": digest.as_str(),
        "beats_reference": look.holds(),
        "work_ratio": look.work_ratio,
        "rate_ratio": look.rate_ratio,
        "points": look.points,
        "tests": look.tests,
    })
}

fn print(verified: &Verified) {
    let Verified { champion, digest, look } = verified;
    println!(
        "Champion {} on {} sealed seeds of each scenario, made from digest {}:",
        champion.short(),
        engine::science::seal::SEEDS,
        &digest.as_str()[..16]
    );
    println!(
        "{:.3} times the reference's extra shed work, {:.3} times its extra shed rate, {:+.2} points of improvement.\n",
        look.work_ratio, look.rate_ratio, look.points
    );
    for test in &look.tests {
        let word = if test.holds { "holds" } else { "FAILS" };
        println!(
            "{word}  {} (margin {:+.4}, at least {:+.4} at 5 %)",
            report::clean_line(&test.requirement),
            test.margin,
            test.low
        );
    }
    let verdict = if look.holds() { "It beats the reference" } else { "It does not beat the reference" };
    println!("\n{verdict} on fresh arrivals in these scenarios. Of other workloads this says nothing.");
}
