//! `elenchus diff`

use crate::context::{Format, Global};
use crate::failure::{Code, Failure};
use crate::output;
use engine::science::id::CandidateId;
use engine::science::state::State;
use engine::science::text::clip;
use report::contrast::{Side, compared};
use store::{CampaignId, Store, StoreError};

/// Hold two candidates beside each other: what was asked of them, how they are written, what they do, and what the second is worth
/// beyond the first on the workloads that both ran on.
///
/// A campaign stands for its champion.
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
    campaign: CampaignId,
    state: State,
    candidate: CandidateId,
    source: String,
}

pub(crate) async fn diff(args: Args, global: &Global) -> Result<Code, Failure> {
    let store = global.store().await?;
    let first = Found::of(&store, &args.first, None).await?;
    // The same candidate may be of several campaigns: then that of the first one is meant.
    let second = Found::of(&store, &args.second, Some(&first.campaign)).await?;
    let compared = compared(first.side(), second.side());
    match args.format {
        Format::Text => {
            let (width, color) = (output::width(), output::is_coloured());
            output::laid_out(&report::terminal::contrast(&compared, first.state.spec(), width, color))?;
        }
        Format::Json => output::json(report::json::contrast(&compared))?,
    }
    Ok(Code::Done)
}

impl Found {
    async fn of(store: &Store, prefix: &str, near: Option<&CampaignId>) -> Result<Self, Failure> {
        let (campaign, candidate) = named(store, prefix, near).await?;
        let state = store.load(&campaign).await?.state;
        let candidate = candidate
            .or_else(|| state.champion().map(|champion| champion.id))
            .ok_or_else(|| Failure::failed(format!("campaign {} has no admissible candidate yet", campaign.short())))?;
        let record = state.candidates.get(&candidate).ok_or_else(|| {
            Failure::usage(format!("campaign {} does not have candidate {}", campaign.short(), candidate.short()))
        })?;
        let source = store.source(&campaign, &record.candidate).await?.unwrap_or_default();
        Ok(Found { campaign, candidate, source, state })
    }

    fn side(&self) -> Side<'_> {
        Side { campaign: self.campaign.as_str(), state: &self.state, candidate: &self.candidate, source: &self.source }
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
