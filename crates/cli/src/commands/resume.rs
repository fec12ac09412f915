//! `elenchus resume`

use crate::agents::{Commands, live, recorded};
use crate::commands::run::drive;
use crate::context::{Global, campaign};
use crate::failure::{Code, Failure};
use engine::cassette::{Cassette, replays};
use engine::{Agents, Campaign, Casting, EngineError};
use std::sync::Arc;

/// Go on with a campaign where its record ends: after Ctrl-C, a crash or a reboot.
///
/// The record says who plans and writes, and what may be spent; endpoints and keys come from the environment and your
/// configuration again, and a command of yours is to be given again.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The campaign, by the beginning of its id; the latest if left out
    campaign: Option<String>,
    #[command(flatten)]
    commands: Commands,
}

pub(crate) async fn resume(args: Args, global: &Global) -> Result<Code, Failure> {
    let store = global.store().await?;
    let id = campaign(&store, args.campaign.as_deref()).await?;
    let (places, mut refused) = (global.places()?, None);
    let cassette = match replays(&store, &id).await? {
        Some(_) => Some(Cassette::export(&store, &id).await?),
        None => None,
    };
    // A campaign that has ended asks nobody any more, and may be read without a key.
    let ended = store.load(&id).await?.state.ended.is_some();
    let choose = |label: &str, budget: &_| -> Result<Agents, Failure> {
        let (casting, configuration) = (Casting::parse(label).map_err(Failure::usage)?, global.configuration()?);
        match cassette {
            Some(cassette) => recorded(&casting, &configuration, |model| cassette.settings(model)),
            None if ended => recorded(&casting, &configuration, |_| None),
            None => live(&casting, &args.commands, budget, &configuration),
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
    drive(campaign, global, warnings).await
}
