//! `elenchus compare`

use crate::context::{Format, Global, campaign};
use crate::failure::{Code, Failure};
use crate::output;
use crate::progress::Searching;
use engine::compare::{alike, comparable, compare, recorded};
use engine::science::comparison::{Comparison, Method};
use engine::science::state::State;
use std::sync::Arc;
use store::{CampaignId, Store};

/// Hold campaigns that have ended against random points, tuning alone and TPE, at as many evaluations.
///
/// Every search makes as many evaluations as the campaign did, on the campaign's own search panel, through the experiment's
/// `space` source, with the same setting of the scale and the same guards; what it finds is looked at under the seal of the
/// campaign's first look. Several campaigns of one experiment give intervals over campaigns. What is recorded is printed, and kept in
/// each campaign's report; only what is missing is searched. For each campaign that takes about as long as evaluating nine times
/// as many points on all cores. Ctrl-C loses the campaign that is under way and records nothing of it.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The campaigns, each by the beginning of its id; the latest if left out
    #[arg(value_name = "CAMPAIGN")]
    campaigns: Vec<String>,
    /// All campaigns of this database that have ended and asked the same of the same agents
    #[arg(long)]
    all: bool,
    /// Searches by each method beside a campaign, each with a key of its own [default: what is recorded, or 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    repeats: Option<u32>,
    /// Search again, even where a comparison is on record
    #[arg(long)]
    again: bool,
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// Searches by each method, unless the user says otherwise.
const REPEATS: u32 = 3;

pub(crate) async fn run(args: Args, global: &Global) -> Result<Code, Failure> {
    let store = global.store().await?;
    let chosen = chosen(&store, &args).await?;
    let mut comparisons = Vec::new();
    let mut missing = Vec::new();
    for (id, evaluations) in &chosen.campaigns {
        // One that another version wrote is made again.
        let known = recorded(&store, id).await.ok().flatten();
        let known = known.filter(|known| !args.again && args.repeats.is_none_or(|repeats| has(known, repeats)));
        if known.is_none() {
            missing.push((id, *evaluations));
        }
        comparisons.push(known);
    }
    let repeats = args.repeats.unwrap_or(REPEATS);
    let searches = Method::ALL.len() * repeats as usize;
    let display = Arc::new(Searching::new(missing.iter().map(|(_, evaluations)| evaluations * searches).collect()));
    for (at, (id, _)) in missing.iter().enumerate() {
        let (shown, short, spec) = (Arc::clone(&display), id.short().to_owned(), chosen.state.spec().clone());
        let watch = move |progress| shown.show((at, &short), progress, &spec);
        let made = compare(&store, &global.places()?, id, (repeats, watch)).await?;
        let place = chosen.campaigns.iter().position(|(known, _)| known == *id);
        comparisons[place.expect("it was chosen")] = Some(made);
    }
    display.close();
    let comparisons: Vec<Comparison> = comparisons.into_iter().flatten().collect();
    match args.format {
        Format::Text => output::laid_out(&report::terminal::comparison(&comparisons, chosen.state.spec()))?,
        Format::Json => output::json(report::json::comparison(&comparisons))?,
    }
    Ok(Code::Done)
}

/// Whether a comparison has so many searches by each method.
fn has(known: &Comparison, repeats: u32) -> bool {
    known.searches.len() == Method::ALL.len() * repeats as usize
}

/// Campaigns that can be compared together.
struct Chosen {
    /// Each with its number of evaluations.
    campaigns: Vec<(CampaignId, usize)>,
    /// One of them.
    state: Box<State>,
}

/// The campaigns that were named, or the latest; with `--all` also all that are like the first.
async fn chosen(store: &Store, args: &Args) -> Result<Chosen, Failure> {
    let mut named = Vec::new();
    for prefix in &args.campaigns {
        let id = campaign(store, Some(prefix)).await?;
        if !named.contains(&id) {
            named.push(id);
        }
    }
    if named.is_empty() {
        named.push(campaign(store, None).await?);
    }
    let first = named[0].clone();
    let state = Box::new(store.load(&first).await?.state);
    let mut campaigns = Vec::new();
    // With `--all` a first one that is still running only says which experiment is meant.
    for id in named {
        let other = store.load(&id).await?.state;
        if !alike(state.opened(), other.opened()) {
            let [id, first] = [&id, &first].map(|id| id.short());
            return Err(Failure::usage(format!(
                "campaign {id} is no repetition of campaign {first}: it has another experiment, or other agents; compare it by itself"
            )));
        }
        match comparable(&id, &other) {
            Ok(evaluations) => campaigns.push((id, evaluations)),
            Err(error) if !args.all => return Err(error.into()),
            Err(_) => {}
        }
    }
    if args.all {
        for row in store.campaigns().await? {
            // What cannot be read, or compared, is none of them.
            let Ok(loaded) = store.load(&row.id).await else { continue };
            let like = loaded.state.started.as_ref().is_some_and(|started| alike(state.opened(), started));
            let known = campaigns.iter().any(|(id, _)| *id == row.id);
            if let (true, Ok(evaluations)) = (like && !known, comparable(&row.id, &loaded.state)) {
                campaigns.push((row.id, evaluations));
            }
        }
    }
    match campaigns.is_empty() {
        true => Err(Failure::usage(format!("no campaign like {} has ended", first.short()))),
        false => Ok(Chosen { campaigns, state }),
    }
}
