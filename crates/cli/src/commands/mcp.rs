//! `elenchus mcp`

mod told;
mod tools;

use crate::agents::visited;
use crate::commands::run::listen;
use crate::context::{Global, campaign, random_nonce};
use crate::failure::{Code, Failure};
use engine::agents::llm::Desk;
use engine::campaign::Opening;
use engine::science::nonce::Nonce;
use engine::{Campaign, EngineError, LoadedExperiment, Stop};
use rmcp::ServiceExt;
use std::path::PathBuf;
use std::sync::Arc;
use tools::{Session, Tools};

/// Let a coding agent drive a campaign: a server of the Model Context Protocol on standard input and output.
///
/// The agent plans and writes by tools; claims are registered before anything runs, code judges, and every call is on record as
/// any model's would be. What is sealed is out of its reach: `elenchus verify` looks at the champion afterwards. When it hangs up, the
/// campaign stops after the step that is under way, and goes on with `--campaign`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The experiment's directory, for a new campaign
    #[arg(required_unless_present = "campaign")]
    experiment: Option<PathBuf>,
    /// Go on with this campaign instead, by the beginning of its id
    #[arg(long, value_name = "CAMPAIGN", conflicts_with_all = ["experiment", "nonce", "iterations"])]
    campaign: Option<String>,
    /// What all seeds derive from, 1 to 32 hexadecimal digits; random if left out
    #[arg(long, value_name = "HEX")]
    nonce: Option<Nonce>,
    /// Turns of the loop, instead of the experiment's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    iterations: Option<u32>,
}

pub(crate) async fn mcp(args: Args, global: &Global) -> Result<Code, Failure> {
    let desk = Arc::new(Desk::default());
    let mut campaign = opened(&args, global, &desk).await?;
    let session = Arc::new(Session::new(&desk, global.store().await?, &campaign));
    let serving = Tools::new(Arc::clone(&session)).serve(rmcp::transport::stdio()).await;
    let serving = serving.map_err(|error| Failure::failed(format!("nobody speaks the protocol there: {error}")))?;
    let hung_up = tokio::spawn(serving.waiting());
    let stop = Stop::default();
    tokio::spawn(listen(stop.clone()));
    let seen = Arc::clone(&session);
    let mut watch = move |progress: engine::Progress<'_>| seen.saw(&progress);
    let running = campaign.run(&stop, &mut watch);
    tokio::pin!(running, hung_up);
    let result = tokio::select! {
        result = &mut running => result,
        _ = &mut hung_up => {
            stop.request();
            running.await.map(|_| false)
        }
    };
    session.close(result.as_ref().err().map(ToString::to_string));
    match result? {
        true => {
            // Whoever drives may still read what came of it.
            let _ = hung_up.await;
            Ok(Code::Done)
        }
        false => Ok(Code::Interrupted),
    }
}

async fn opened(args: &Args, global: &Global, desk: &Arc<Desk>) -> Result<Campaign, Failure> {
    let (places, configuration) = (global.places()?, global.configuration()?);
    if let Some(prefix) = &args.campaign {
        let store = global.store().await?;
        let id = campaign(&store, Some(prefix)).await?;
        let agents = |budget: &_| {
            visited(desk, budget, &configuration).map_err(|failure| EngineError::Unresumable(failure.to_string()))
        };
        let resumed = Campaign::resume(Arc::new(store), &places, id, |started| agents(&started.experiment.budget));
        return Ok(resumed.await?.0);
    }
    let directory = args.experiment.as_deref().ok_or_else(|| Failure::usage("name an experiment's directory"))?;
    let mut loaded = LoadedExperiment::read(directory, &places.problems)?;
    loaded.experiment.iterations = args.iterations.unwrap_or(loaded.experiment.iterations);
    let agents = visited(desk, &loaded.experiment.budget, &configuration)?;
    let nonce = args.nonce.map_or_else(random_nonce, Ok)?;
    let (given, version) = (args.nonce.is_some(), env!("CARGO_PKG_VERSION").into());
    let opening = Opening { loaded, nonce, given, agents, cassette: None, version };
    Ok(Campaign::open(global.new_store().await?, &places, opening).await?)
}
