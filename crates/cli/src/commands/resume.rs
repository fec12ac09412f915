//! `elenchus resume`

use crate::agents::{Commands, live, recorded};
use crate::commands::run::drive;
use crate::context::{Global, campaign};
use crate::failure::{Code, Failure};
use crate::output;
use crate::progress::Shown;
use engine::cassette::{Cassette, replays};
use engine::{Agents, Campaign, EngineError, Roles};
use std::sync::Arc;
use store::{CampaignId, Store};

/// Go on with a campaign where its record ends: after Ctrl-C, a crash or a reboot.
///
/// The record says who plans and writes, and what may be spent; endpoints and keys come from the environment and your
/// configuration again, and a command of yours is to be given again.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The campaign, by the beginning of its id; the latest that has not ended if left out
    campaign: Option<String>,
    #[command(flatten)]
    commands: Commands,
    #[command(flatten)]
    shown: Shown,
}

/// The campaign that is meant: the newest that has not ended, or the newest of all, which then only says so again.
async fn chosen(store: &Store, prefix: Option<&str>) -> Result<CampaignId, Failure> {
    let open = if prefix.is_none() { store.find_open().await? } else { None };
    let id = match open {
        Some(id) => id,
        None => return campaign(store, prefix).await,
    };
    output::note(format!("resuming campaign {}", id.short()));
    Ok(id)
}

pub(crate) async fn resume(args: Args, global: &Global) -> Result<Code, Failure> {
    let store = global.store().await?;
    let id = chosen(&store, args.campaign.as_deref()).await?;
    let (places, mut refused) = (global.places()?, None);
    let cassette = match replays(&store, &id).await? {
        Some(_) => Some(Cassette::export(&store, &id).await?),
        None => None,
    };
    // A campaign that has ended asks nobody any more, and may be read without a key.
    let ended = store.load(&id).await?.state.ended.is_some();
    let choose = |label: &str, budget: &_| -> Result<Agents, Failure> {
        let (roles, configuration) = (Roles::parse(label).map_err(Failure::usage)?, global.configuration()?);
        match cassette {
            Some(cassette) => recorded(&roles, &configuration, |model| cassette.settings(model)),
            None if ended => recorded(&roles, &configuration, |_| None),
            None => live(&roles, &args.commands, budget, &configuration),
        }
    };
    let resumed = Campaign::resume(Arc::new(store), &places, id, |started| {
        choose(&started.agents, &started.experiment.budget).map_err(|failure| {
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
    drive(campaign, global, args.shown, warnings).await
}
