//! What searches without agents find with as many evaluations as a campaign that has ended.
//!
//! It stands outside of the campaign's budget and of its digest. Every point runs through the experiment's `space` source, on the
//! campaign's own search panel and against its own yardsticks; what is found is looked at under the seal of the campaign's first
//! look. All keys follow from the campaign's nonce: the same campaign has the same comparison, and searches beside different
//! campaigns have nothing in common.

use crate::Places;
use crate::cores::{blocking, on_all_cores};
use crate::error::EngineError;
use crate::experiment::LoadedExperiment;
use crate::observed::Kind;
use crate::search::{Ground, Search};
use crate::verify::{self, Seal};
use sandbox::Sandbox;
use science::comparison::{self, Beside, Comparison, Found, Method, Scored, Spent};
use science::event::Started;
use science::experiment::Experiment;
use science::seal::Look;
use science::state::State;
use std::sync::atomic::{AtomicUsize, Ordering};
use store::{CampaignId, Observation, Store};

/// What a comparison is doing.
#[derive(Clone, Copy, Debug)]
pub enum Progress {
    /// A search made an evaluation.
    Searched {
        /// How it chooses.
        method: Method,
        /// The number of its key, from 0.
        repeat: u32,
        /// The number of the evaluation, from 1.
        evaluation: usize,
        /// How many each search may make.
        room: usize,
        /// How many all searches beside this campaign have made.
        done: usize,
        /// What the best admissible point of this search is worth; none yet.
        best: Option<f64>,
    },
    /// So many finds are looked at under the seal.
    Sealed(usize),
}

/// The comparison that was recorded last, if one was.
pub async fn recorded(store: &Store, id: &CampaignId) -> Result<Option<Comparison>, EngineError> {
    let last = Kind::Comparison.all(store, id).await?.pop();
    let read = |observation: Observation| serde_json::from_str(&observation.payload);
    last.map(read).transpose().map_err(|error| EngineError::Unreadable {
        what: format!("the comparison of campaign {}", id.short()),
        problem: format!("another version wrote it ({error}); `elenchus compare {}` makes it again", id.short()),
    })
}

/// How many evaluations a campaign has that can be compared; an error that says why it cannot be, if that is so.
pub fn comparable(id: &CampaignId, state: &State) -> Result<usize, EngineError> {
    let refused = |problem: &str| Err(EngineError::Refused(format!("campaign {} {problem}", id.short())));
    if state.ended.is_none() {
        let problem =
            "has not ended: what it spends and what it finds are not known yet; `elenchus resume` goes on with it";
        return refused(problem);
    }
    if state.yardsticks.is_none() || state.evaluations == 0 {
        return refused("ended before anything was evaluated: there is nothing to compare");
    }
    if state.opened().experiment.space_source.is_none() {
        return refused("has no `space` source in its experiment, so that points of its design space cannot be run");
    }
    Ok((state.evaluations + audited(state)) as usize)
}

/// Whether two campaigns asked the same of the same agents: only then are they repetitions of each other. What each may spend
/// is its own affair, since searches may spend as much.
pub fn alike(one: &Started, other: &Started) -> bool {
    let asked = |started: &Started| {
        let Experiment { mut dimensions, objective, claim, seeds, .. } = started.experiment.clone();
        dimensions.iter_mut().for_each(|dimension| dimension.meaning.clear());
        (dimensions, objective, claim, seeds)
    };
    let held = |started: &Started| (started.meaning.clone(), started.spec.aim.clone(), started.agents.clone());
    held(one) == held(other) && asked(one) == asked(other)
}

/// Where models propose: the campaigns of this database that asked the same of the same agents in the other way, a loop or independent
/// drafts; this one first. Nothing where there are none.
pub async fn beside(store: &Store, id: &CampaignId, state: &State) -> Result<Vec<Beside>, EngineError> {
    let mut all = Vec::new();
    if state.work.is_empty() {
        return Ok(all);
    }
    let of = async |id: &CampaignId, state: &State| -> Result<Beside, EngineError> {
        let first = verify::recorded(store, id).await?.into_iter().next();
        Ok(Beside::of(id.to_string(), state, first.as_ref().map(|verified| &verified.look)))
    };
    let own = state.opened();
    // A log is long: only those of the same agents are read.
    for row in store.campaigns().await?.iter().filter(|row| row.agents == own.agents) {
        // What cannot be read is none of them.
        let Ok(other) = store.load(&row.id).await.map(|loaded| loaded.state) else { continue };
        let asked_alike = other.started.as_ref().is_some_and(|started| alike(started, own));
        if asked_alike && other.is_independent() != state.is_independent() {
            all.push(of(&row.id, &other).await?);
        }
    }
    if !all.is_empty() {
        all.insert(0, of(id, state).await?);
    }
    Ok(all)
}

/// Compares a campaign that has ended with so many searches by each method, and records what came of it: all of it or nothing.
pub async fn compare(
    store: &Store,
    places: &Places,
    id: &CampaignId,
    (repeats, watch): (u32, impl Fn(Progress) + Send + Sync + 'static),
) -> Result<Comparison, EngineError> {
    let record = store.load(id).await?;
    comparable(id, &record.state)?;
    let events = store.events(id).await?;
    let course = comparison::course(&record.state, events.iter().map(|stored| &stored.event));
    let champion = match (verify::recorded(store, id).await?.into_iter().next(), record.state.champion()) {
        (Some(first), _) => Some(first.look),
        (None, Some(_)) => Some(verify::verify(store, places, id).await?.look),
        (None, None) => None,
    };
    let loaded = LoadedExperiment::of_campaign(store, record.state.opened(), &places.problems).await?;
    let (places, campaign) = (places.clone(), id.as_str().to_owned());
    let run = move || {
        let sandbox = places.sandbox(*loaded.problem.kit())?;
        let beside = Campaigned { state: &record.state, loaded: &loaded, sandbox: &sandbox };
        let own = looked_at(Found::of(course), champion.as_ref());
        beside.searched(repeats, &watch).map(|(spent, searches)| Comparison { campaign, spent, found: own, searches })
    };
    let comparison = blocking(run).await??;
    keep(store, id, &comparison).await?;
    Ok(comparison)
}

/// Records a comparison after those that were made before.
async fn keep(store: &Store, id: &CampaignId, comparison: &Comparison) -> Result<(), EngineError> {
    let before = Kind::Comparison.all(store, id).await?;
    let payload = serde_json::to_string(comparison)?;
    if before.last().is_some_and(|last| last.payload == payload) {
        return Ok(());
    }
    Ok(store.observe(id, &Kind::Comparison.observation(before.len() as u32, payload)).await?)
}

/// Points of audits that ran.
fn audited(state: &State) -> u32 {
    let points = state.iterations.iter().flat_map(|iteration| &iteration.audits).flat_map(|audit| &audit.points);
    points.filter(|point| point.runs > 0).count() as u32
}

/// What was found with what the seal shows of it.
fn looked_at(found: Found, look: Option<&Look>) -> Found {
    Found { sealed: look.and_then(|look| look.worth.value), beats: look.is_some_and(Look::holds), ..found }
}

/// A campaign that searches are held against.
struct Campaigned<'a> {
    state: &'a State,
    loaded: &'a LoadedExperiment,
    sandbox: &'a Sandbox,
}

/// A search that is done: what it found, the point of it, and the runs that it took.
struct Done {
    found: Found,
    find: Option<Scored>,
    evaluations: usize,
    runs: u32,
}

impl Campaigned<'_> {
    /// Searches side by side on all cores, each by itself; what they found, and what the campaign spent in their terms.
    fn searched(
        &self,
        repeats: u32,
        watch: &(impl Fn(Progress) + Sync),
    ) -> Result<(Spent, Vec<comparison::Search>), EngineError> {
        let Some(ground) = Ground::of(self.state, self.loaded, self.sandbox)? else {
            return Err(EngineError::Refused("the experiment names no `space` source".into()));
        };
        let spent = Spent { evaluations: self.state.evaluations, audited: audited(self.state), elsewhere: 0 };
        let keys = |method: Method| (0..repeats).map(move |repeat| (method, repeat));
        let searches: Vec<(Method, u32)> = Method::ALL.into_iter().flat_map(keys).collect();
        let (room, made) = (spent.total(), AtomicUsize::new(0));
        let done = on_all_cores(&searches, |&(method, repeat)| {
            let watch = |evaluation, best| {
                let done = made.fetch_add(1, Ordering::Relaxed) + 1;
                watch(Progress::Searched { method, repeat, evaluation, room, done, best });
            };
            self.search(&ground, (method, repeat, room), &watch)
        })?;
        let (evaluations, runs) =
            done.iter().fold((0, 0), |sum, done| (sum.0 + done.evaluations, sum.1 + u64::from(done.runs)));
        let each = ground.panel.trials_each() as f64 * runs as f64 / evaluations.max(1) as f64;
        let finals = self.state.finals.as_ref().map_or(0, |finals| finals.trials);
        let elsewhere = (self.state.verdict_trials() as usize + finals) as f64 / each.max(1.0);
        let spent = Spent { elsewhere: elsewhere.round() as u32, ..spent };
        let looks = self.sealed(&ground, &done, watch)?;
        let found = searches.into_iter().zip(done).zip(looks);
        let search = |(((method, repeat), done), look): (((Method, u32), Done), Option<Look>)| comparison::Search {
            method,
            repeat,
            found: looked_at(done.found, look.as_ref()),
        };
        Ok((spent, found.map(search).collect()))
    }

    fn search(
        &self,
        ground: &Ground<'_>,
        (method, repeat, room): (Method, u32, usize),
        watch: &dyn Fn(usize, Option<f64>),
    ) -> Result<Done, EngineError> {
        let key = self.state.opened().nonce.seed(&["compare", method.words(), &repeat.to_string()]);
        let search = Search::run(ground, (method, key, room), watch)?;
        Ok(Done {
            found: Found::of(search.scored.iter().map(|scored| scored.admissible)),
            find: search.find().cloned(),
            evaluations: search.scored.len(),
            runs: search.runs,
        })
    }

    /// What the seal of the campaign's first look shows of what was found.
    fn sealed(
        &self,
        ground: &Ground<'_>,
        done: &[Done],
        watch: &impl Fn(Progress),
    ) -> Result<Vec<Option<Look>>, EngineError> {
        watch(Progress::Sealed(done.iter().filter(|done| done.find.is_some()).count()));
        let champion = self.state.champion().map(|champion| champion.id);
        let sealing = verify::sealing(self.state.opened(), champion.as_ref(), 1);
        let seal = Seal::open(self.loaded, self.state.opened(), &sealing, self.sandbox)?;
        on_all_cores(done, |done| {
            let Some(find) = &done.find else { return Ok(None) };
            let policy = ground.points.policy(&find.point, find.scale);
            match seal.trials("what a search found", &policy, self.sandbox) {
                Ok(trials) => Ok(Some(seal.look(&trials, 0))),
                // It came to no end there, so there is nothing to compare.
                Err(EngineError::Yardsticks(_)) => Ok(None),
                Err(error) => Err(error),
            }
        })
    }
}
