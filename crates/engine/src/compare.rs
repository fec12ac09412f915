//! Honest yardsticks for a campaign that has ended: what random search and tuning alone find with as much.
//!
//! It stands outside of the campaign's budget and of its digest. Every point runs through the experiment's `space` source,
//! on the campaign's own search panel, and under the seal of the campaign's first look.

use crate::Places;
use crate::cores::{blocking, on_all_cores};
use crate::error::EngineError;
use crate::experiment::LoadedExperiment;
use crate::observed::Kind;
use crate::search::{Ground, best};
use crate::verify::{self, Seal};
use sandbox::Sandbox;
use science::comparison::{self, Best, Comparison, Scored, Sealed, Spent, find, most};
use science::id::CandidateId;
use science::keyed;
use science::resample::{self, Spread};
use science::seal::Look;
use science::space::Value;
use science::state::State;
use std::collections::BTreeMap;
use store::{CampaignId, Observation, Store};

/// Points that random searches are drawn from, unless the user says otherwise.
pub const POOL: usize = 2_000;
/// Random searches on the search panel, and those of them whose finds are looked at under the seal.
const SEARCHES: (u32, usize) = (10_000, 200);
/// Keys of random search and tuning.
const REPEATED: u32 = 5;
/// How far tuning looks around the best point of a random search, as a share of each dimension's prior.
const AROUND: f64 = 0.2;

/// The comparison that was recorded last, if one was.
pub async fn recorded(store: &Store, id: &CampaignId) -> Result<Option<Comparison>, EngineError> {
    let last = Kind::Comparison.all(store, id).await?.pop();
    let read = |observation: Observation| serde_json::from_str(&observation.payload);
    last.map(read).transpose().map_err(|error| EngineError::Unreadable {
        what: "the comparison".into(),
        problem: format!("{error}: compare again"),
    })
}

/// Compares a campaign that has ended with searches of a pool of so many points, and records what came of it.
pub async fn compare(store: &Store, places: &Places, id: &CampaignId, pool: usize) -> Result<Comparison, EngineError> {
    let record = store.load(id).await?;
    if record.state.ended.is_none() {
        let problem = "has not ended: what it spends and what it finds are not known yet";
        return Err(EngineError::Refused(format!("campaign {} {problem}", id.short())));
    }
    if record.state.yardsticks.is_none() {
        return Err(EngineError::Refused(format!("campaign {} ended before anything was measured", id.short())));
    }
    let champion = match (verify::recorded(store, id).await?.into_iter().next(), record.state.champion()) {
        (Some(first), _) => Some(first.look),
        (None, Some(_)) => Some(verify::verify(store, places, id).await?.look),
        (None, None) => None,
    };
    let started = record.state.opened();
    let loaded = LoadedExperiment::of_campaign(store, started, &places.problems).await?;
    let places = places.clone();
    let run = move || {
        let sandbox = places.sandbox(*loaded.problem.kit())?;
        searched(&record.state, &loaded, &sandbox, (pool, champion))
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

fn searched(
    state: &State,
    loaded: &LoadedExperiment,
    sandbox: &Sandbox,
    (size, champion): (usize, Option<Look>),
) -> Result<Comparison, EngineError> {
    let Some(ground) = Ground::of(state, loaded, sandbox)? else {
        let problem = "the experiment names no `space` source, so that points of its design space cannot be run";
        return Err(EngineError::Refused(problem.into()));
    };
    let spent = Spent::of(state);
    if size < spent.total() {
        let total = spent.total();
        let problem =
            format!("the campaign spent {total} evaluations; a pool of {size} points is less than one search");
        return Err(EngineError::Refused(problem));
    }
    let pool = ground.pool(size)?;
    let key = ground.key();
    let finds: Vec<Option<&Scored>> =
        resample::searches(size, spent.total(), SEARCHES.0, keyed::seed(&["searches"], key), |drawn| {
            find(drawn.iter().map(|at| &pool[*at]))
        });
    let tuned = tuned(&ground, &pool, spent)?;
    let only = tuned_only(&ground, spent)?;
    let finalists = Finalists {
        random: &finds[..SEARCHES.1],
        tuned: tuned.iter().map(|points| find(points.iter())).collect(),
        only: only.as_ref().and_then(|points| find(points.iter())),
        champion,
    };
    let found: Vec<Option<f64>> = finds.iter().map(|find| find.and_then(Scored::saving)).collect();
    let best_of = |points: &Vec<Scored>, find: Option<&Scored>| Best {
        admissible: find.and_then(Scored::saving),
        any: most(points.iter()),
    };
    let own = state.champion().and_then(|champion| state.candidates[&champion.id].score.as_ref()?.worth);
    Ok(Comparison {
        pool: size as u32,
        admissible: pool.iter().filter(|point| point.admissible).count() as u32,
        spent,
        champion: own,
        p: own.and_then(|own| resample::as_good(&found, own)),
        random: Spread::of(&found),
        tuned: tuned.iter().zip(&finalists.tuned).map(|(points, find)| best_of(points, *find)).collect(),
        tune_only: only.as_ref().map(|points| best_of(points, finalists.only)),
        sealed: finalists.sealed(state, loaded, (&ground, sandbox))?,
    })
}

/// For each key half of the evaluations at random, out of the pool, and half on tuning the best of them.
fn tuned(ground: &Ground<'_>, pool: &[Scored], spent: Spent) -> Result<Vec<Vec<Scored>>, EngineError> {
    let half = (spent.total() / 2).max(1);
    let halves = resample::searches(pool.len(), half, REPEATED, keyed::seed(&["halves"], ground.key()), |drawn| {
        drawn.iter().map(|at| pool[*at].clone()).collect::<Vec<Scored>>()
    });
    let numbered: Vec<(u64, Vec<Scored>)> = (0..).zip(halves).collect();
    on_all_cores(&numbered, |(number, drawn)| {
        let key = keyed::seed(&["half", &number.to_string()], ground.key());
        let tuning = ground.tune(&best(drawn).point, |_| true, (spent.total() - half, AROUND, key))?;
        Ok(drawn.iter().chain(&tuning).cloned().collect())
    })
}

/// All evaluations on the constants of the design space's own start: the coordinates at which that is not neutral.
fn tuned_only(ground: &Ground<'_>, spent: Spent) -> Result<Option<Vec<Scored>>, EngineError> {
    let start = ground.points.start();
    let open = |name: &str| start.get(name).is_some_and(|value| *value != Value::Number(0.0));
    let key = keyed::seed(&["reference"], ground.key());
    ground.tune(&start, open, (spent.total(), 1.0, key)).map(Some)
}

/// The finds that are looked at under the seal.
struct Finalists<'a> {
    random: &'a [Option<&'a Scored>],
    tuned: Vec<Option<&'a Scored>>,
    only: Option<&'a Scored>,
    champion: Option<Look>,
}

impl Finalists<'_> {
    /// What they save on sealed workloads; none where the experiment draws none. Searches often find the same, which is
    /// looked at once.
    fn sealed(
        &self,
        state: &State,
        loaded: &LoadedExperiment,
        (ground, sandbox): (&Ground<'_>, &Sandbox),
    ) -> Result<Option<Sealed>, EngineError> {
        let champion = state.champion().map(|champion| champion.id);
        let sealing = verify::sealing(state.opened(), champion.as_ref(), 1);
        if loaded.population.is_none() {
            return Ok(None);
        }
        let seal = Seal::open(loaded, state.opened(), &sealing, sandbox)?;
        let all = self.random.iter().chain(&self.tuned).flatten().copied().chain(self.only);
        let distinct: BTreeMap<&CandidateId, &Scored> = all.map(|find| (&find.id, find)).collect();
        let distinct: Vec<&Scored> = distinct.into_values().collect();
        let looks = on_all_cores(&distinct, |find| {
            let policy = ground.points.policy(&find.point, find.scale);
            Ok((find.id.clone(), seal.look("finalist", (&policy, 0), sandbox)?))
        })?;
        let looks: BTreeMap<CandidateId, Look> = looks.into_iter().collect();
        let look = |find: &Option<&Scored>| find.and_then(|find| looks.get(&find.id));
        let saving = |find: &Option<&Scored>| look(find).and_then(saved);
        let random: Vec<Option<f64>> = self.random.iter().map(saving).collect();
        let champion = self.champion.as_ref().and_then(saved);
        Ok(Some(Sealed {
            p: champion.and_then(|champion| resample::as_good(&random, champion)),
            champion,
            random: comparison::Spread::of(&random),
            beating: self.random.iter().filter(|find| look(find).is_some_and(Look::holds)).count() as u32,
            tuned: self.tuned.iter().map(saving).collect(),
            tune_only: saving(&self.only),
        }))
    }
}

/// What a finalist saves on sealed workloads.
fn saved(look: &Look) -> Option<f64> {
    look.worth.value
}
