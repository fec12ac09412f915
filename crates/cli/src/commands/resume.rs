//! `elenchus resume`

use crate::commands::run::drive;
use crate::context::{Agents, Global, agents, campaign};
use crate::failure::{Code, Failure};
use engine::{Campaign, EngineError};
use std::sync::Arc;

/// Go on with a campaign where its record ends: after Ctrl-C, a crash or a reboot.
///
/// The record says who plans and writes; for a language model the endpoint and key come from the environment again.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The campaign, by the beginning of its id; the latest if left out
    campaign: Option<String>,
}

pub(crate) async fn resume(args: Args, global: &Global) -> Result<Code, Failure> {
    let store = global.store().await?;
    let id = campaign(&store, args.campaign.as_deref()).await?;
    let (places, mut refused) = (global.places()?, None);
    let resumed = Campaign::resume(Arc::new(store), &places, id, |started| {
        let choice = match started.agents.split_once(':') {
            None => agents(Agents::Builtin, None),
            Some((_, model)) => agents(Agents::Openai, Some(model)),
        };
        choice.map_err(|failure| {
            let message = failure.to_string();
            refused = Some(failure);
            EngineError::Unresumable(message)
        })
    });
    let resumed = resumed.await;
    if let Some(failure) = refused {
        return Err(failure);
    }
    let (campaign, warnings) = resumed?;
    drive(campaign, global, warnings).await
}
