//! `elenchus diff`

use crate::commands::report::read;
use crate::context::{Format, Global};
use crate::failure::{Code, Failure};
use crate::output;
use engine::science::id::CandidateId;
use engine::science::state::State;
use engine::science::text::clip;
use report::Held;
use report::contrast::{Differing, Side, campaigns, compared};
use serde_json::{Value, json};
use store::{CampaignId, Store, StoreError};

/// Hold two candidates beside each other: what was asked of them, how they are written, what they do, and what the second is worth
/// beyond the first on the workloads that both ran on.
///
/// Two campaigns are first held beside each other themselves: verdicts, what the seal says, requirements, effort. Then, and wherever
/// a campaign stands beside a candidate, a campaign stands for its champion.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A candidate or a campaign, by the beginning of its id
    first: String,
    /// Another one
    second: String,
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// A candidate with its campaign.
struct Found {
    campaign: String,
    state: State,
    candidate: CandidateId,
    source: String,
}

pub(crate) async fn diff(args: Args, global: &Global) -> Result<Code, Failure> {
    let store = global.store().await?;
    let first = named(&store, &args.first, None).await?;
    // The same candidate may be of several campaigns: then that of the first one is meant.
    let second = named(&store, &args.second, Some(&first.0)).await?;
    let (whole, sides) = match (first, second) {
        ((first, None), (second, None)) => {
            let [first, second] = [read(&store, &first).await?, read(&store, &second).await?];
            let whole = campaigns(&first.record(), &second.record());
            (Some(whole), Found::leading(first).zip(Found::leading(second)))
        }
        (first, second) => (None, Some((Found::of(&store, first).await?, Found::of(&store, second).await?))),
    };
    match args.format {
        Format::Text => text(whole.as_deref(), sides.as_ref())?,
        Format::Json => output::json(json(whole.as_deref(), sides.as_ref()))?,
    }
    Ok(Code::Done)
}

fn text(whole: Option<&[Differing]>, sides: Option<&(Found, Found)>) -> Result<(), Failure> {
    let (width, color) = (output::width(), output::is_coloured());
    let whole = whole.map(|rows| report::terminal::campaigns(rows, width, color) + "\n");
    let sides = match sides {
        Some((first, second)) => {
            let compared = compared(first.side(), second.side());
            report::terminal::contrast(&compared, first.state.spec(), width, color)
        }
        None => "One of them has no champion, so no candidates are held beside each other.\n".into(),
    };
    output::laid_out(&(whole.unwrap_or_default() + &sides))
}

fn json(whole: Option<&[Differing]>, sides: Option<&(Found, Found)>) -> Value {
    let compared = sides.map(|(first, second)| report::json::contrast(&compared(first.side(), second.side())));
    let mut out = compared.unwrap_or_else(|| json!({}));
    if let Some(rows) = whole {
        out["campaigns"] = report::json::campaigns(rows);
    }
    out
}

impl Found {
    async fn of(store: &Store, (campaign, candidate): (CampaignId, Option<CandidateId>)) -> Result<Self, Failure> {
        let state = store.load(&campaign).await?.state;
        let candidate = candidate
            .or_else(|| state.champion().map(|champion| champion.id))
            .ok_or_else(|| Failure::failed(format!("campaign {} has no admissible candidate yet", campaign.short())))?;
        let record = state.candidates.get(&candidate).ok_or_else(|| {
            Failure::usage(format!("campaign {} does not have candidate {}", campaign.short(), candidate.short()))
        })?;
        let source = store.source(&campaign, &record.candidate).await?.unwrap_or_default();
        Ok(Found { campaign: campaign.to_string(), candidate, source, state })
    }

    /// The champion of a campaign that was read; none if it has none.
    fn leading(held: Held) -> Option<Self> {
        let (candidate, source) = (held.state.champion()?.id, held.champion().unwrap_or_default().to_owned());
        Some(Found { campaign: held.id, candidate, source, state: held.state })
    }

    fn side(&self) -> Side<'_> {
        Side { campaign: &self.campaign, state: &self.state, candidate: &self.candidate, source: &self.source }
    }
}

/// The campaign or the candidate of a campaign whose id begins so.
pub(super) async fn named(
    store: &Store,
    prefix: &str,
    near: Option<&CampaignId>,
) -> Result<(CampaignId, Option<CandidateId>), Failure> {
    let shown = clip(prefix, 60);
    let campaign = match store.find(Some(prefix)).await {
        Ok(campaign) => Some(campaign),
        Err(StoreError::UnknownCampaign { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let holder = store.holder(prefix, near).await?;
    match (campaign, holder) {
        (Some(campaign), None) => Ok((campaign, None)),
        (None, Some((campaign, candidate))) => Ok((campaign, Some(candidate))),
        (Some(_), Some(_)) => {
            let hint = "a campaign and a candidate begin so; write more of the one that is meant";
            Err(Failure::usage(format!("`{shown}` is not clear: {hint}")))
        }
        (None, None) => {
            let hint = "`elenchus list` and `elenchus show` say which there are";
            Err(Failure::usage(format!("no campaign and no single candidate begins with `{shown}`; {hint}")))
        }
    }
}
