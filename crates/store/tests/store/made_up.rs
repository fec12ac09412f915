//! A campaign in which every kind of event happens, played by the state machine itself.

// The tests of other crates read this file from where it lies.
#[path = "made_up/steps.rs"]
mod steps;

use crate::verdict_seeds::tested;
use science::bundle::Side;
use science::event::{Event, RULES, Started};
use science::experiment::{Agents, Budget, Claim, Experiment, Objective};
use science::id::Hash;
use science::nonce::Nonce;
use science::space::{Dimension, Measure};
use science::spec::Spec;
use science::state::{Action, State, Test};
use science::trial::{self, Trial};
use science::work::{Role, Tokens, Work};
use science::yardsticks;
use std::collections::BTreeMap;
use std::path::Path;
use steps::{audited, calibrated, evaluate, implement, lessons, plain, plan, simplify, tune};
use store::{CampaignId, Extra, Loaded, LogHead, Store, StoreError, TrialRow};

pub(crate) const SCENARIOS: [&str; 2] = ["near", "far"];
pub(crate) const SEEDS: u32 = 3;

/// The spec of one of the problems.
pub(crate) fn spec() -> Spec {
    serde_json::from_str(include_str!("../../../../tests/fixtures/admission.spec.json")).unwrap()
}

/// An event and what is stored beside it.
#[derive(Clone)]
pub(crate) struct Played {
    pub(crate) event: Event,
    pub(crate) source: Option<String>,
    pub(crate) message: Option<String>,
    /// Policies whose trials came with it.
    pub(crate) policies: Vec<String>,
}

pub(crate) fn inputs() -> BTreeMap<String, String> {
    let files = [("campaign.toml", "question = \"?\""), ("scenarios/near.toml", "name = \"near\"")];
    files.map(|(path, text)| (path.to_owned(), text.to_owned())).into()
}

pub(crate) fn started(seed: u64) -> Started {
    let half = Dimension {
        name: "half".into(),
        meaning: String::new(),
        range: Some([0.0, 1.0]),
        values: vec![],
        measure: Measure::Uniform,
        parent: BTreeMap::new(),
    };
    Started {
        rules: RULES,
        name: "admission".into(),
        experiment: Experiment {
            problem: "admission".into(),
            question: "?".into(),
            iterations: 4,
            seeds: SEEDS,
            baseline: "b".into(),
            reference: "r".into(),
            space_source: Some("space.rs".into()),
            scenarios: vec!["near.toml".into(), "far.toml".into()],
            population: None,
            objective: Objective { reference_scale: Some("k".into()), ..Objective::default() },
            claim: Claim::default(),
            dimensions: vec![half],
            budget: Budget::default(),
            agents: Agents::default(),
        },
        spec: spec(),
        scenarios: SCENARIOS.map(String::from).to_vec(),
        training: vec![],
        features: vec![],
        workloads: vec![],
        inputs: inputs().into_iter().map(|(path, text)| (path, Hash::of(text.as_bytes()))).collect(),
        nonce: Nonce::of(seed.into()),
        meaning: Hash::of(b"what is measured"),
        traces: vec![],
        agents: "scripted".into(),
        toolchain: "rustc".into(),
        version: "0".into(),
        sandboxed: true,
        repairs: 1,
    }
}

/// A policy on verdict seeds, with its trials; the baseline's come with the first. `trials` makes up those of three seeds: one
/// look. Of further looks this campaign keeps none.
fn test(state: &State, tests: &[Test]) -> Played {
    let policies = match &tests[0].policy {
        Side::Candidate(id) => vec!["baseline".to_owned(), id.to_string()],
        Side::Baseline | Side::Reference | Side::Arm(_) => {
            yardsticks::policies(&spec(), state.yardsticks().twins.len())
        }
    };
    let mut event = tested(state, tests);
    if tests[0].from > 0 {
        return plain(event);
    }
    let Event::Tested { trials, .. } = &mut event else { unreachable!("it was just made") };
    *trials = hash(&policies);
    let known = usize::from(!state.current().tests.is_empty());
    Played { policies: policies[known..].to_vec(), ..plain(event) }
}

/// The hash over trials of policies, in the order of the experiment.
fn hash<P: AsRef<str>>(policies: &[P]) -> Hash {
    let cells = |policy: &str| {
        let policy = policy.to_owned();
        SCENARIOS.iter().flat_map(move |scenario| {
            let policy = policy.clone();
            (0..SEEDS).map(move |seed| trial(&policy, scenario, seed))
        })
    };
    trial::hash(&policies.iter().flat_map(|policy| cells(policy.as_ref())).collect::<Vec<Trial>>())
}

/// What a model did.
fn work(role: Role) -> Work {
    let tokens = Tokens { prompt: 1000, cached: 800, completion: 50, reasoning: 20 };
    Work { role, by: "m".into(), calls: 2, uncounted: 0, tokens, usd: Some(0.25) }
}

/// The whole campaign after its `started` event.
pub(crate) fn play(started: &Started) -> Vec<Played> {
    let mut state = State::default();
    state.apply(&Event::Started(Box::new(started.clone()))).unwrap();
    let mut played = Vec::new();
    loop {
        let (iteration, action) = (state.iteration_number(), state.next_action());
        let step = match action {
            Action::Calibrate => calibrated(),
            Action::Plan => plain(plan(iteration)),
            Action::Implement { arm } => implement(iteration, &state.bundle().arms[arm].name),
            Action::Repair { arm, .. } => plain(Event::RepairFailed {
                arm: state.bundle().arms[arm].name.clone(),
                reason: "nothing came back".into(),
                work: vec![work(Role::Repair)],
            }),
            Action::Evaluate { candidate } => evaluate(&candidate),
            Action::Test { tests } => test(&state, &tests),
            Action::Tune { candidate } => tune(&candidate),
            Action::Simplify { candidate } => simplify(&candidate),
            Action::Extract => plain(Event::PrinciplesRevised {
                changes: lessons(iteration),
                failure: None,
                notes: None,
                work: vec![],
            }),
            Action::Audit { principle, points } => plain(audited(principle, points)),
            Action::Finals { .. } => unreachable!("the experiment asks for none"),
            Action::Record(event) => plain(*event),
            Action::Rest => return played,
        };
        state.apply(&step.event).unwrap();
        played.push(step);
    }
}

pub(crate) fn fold(started: &Started, played: &[Played]) -> State {
    let mut state = State::default();
    state.apply(&Event::Started(Box::new(started.clone()))).unwrap();
    for step in played {
        state.apply(&step.event).unwrap();
    }
    state
}

/// Moves a campaign by a step, as it stands by its record; gives the digest of its log.
pub(crate) async fn append(store: &Store, id: &CampaignId, step: &Played) -> Result<Hash, StoreError> {
    let Loaded { mut state, head, .. } = store.load(id).await?;
    state.apply(&step.event).unwrap();
    Ok(commit(store, &head, &state, step).await?.digest())
}

/// Puts a step on record that has led to this state.
pub(crate) async fn commit(store: &Store, head: &LogHead, after: &State, step: &Played) -> Result<LogHead, StoreError> {
    let made: Vec<Made<'_>> = step.policies.iter().flat_map(|policy| trials(policy)).collect();
    let trials = rows(&made);
    let (source, message) = (step.source.as_deref(), step.message.as_deref());
    put(store, head, after, &step.event, Extra { source, trials: &trials, message }).await
}

/// Puts an event on record that has led to this state.
pub(crate) async fn put(
    store: &Store,
    head: &LogHead,
    after: &State,
    event: &Event,
    extra: Extra<'_>,
) -> Result<LogHead, StoreError> {
    let mut staged = head.stage();
    staged.push(event, after, extra)?;
    store.commit(staged).await
}

/// Stores the whole campaign.
pub(crate) async fn record(store: &Store, seed: u64, directory: &Path) -> (CampaignId, Vec<Played>) {
    let started = started(seed);
    let id = store.create(&started, directory, &inputs()).await.unwrap();
    let played = play(&started);
    let Loaded { mut state, mut head, .. } = store.load(&id).await.unwrap();
    for step in &played {
        state.apply(&step.event).unwrap();
        head = commit(store, &head, &state, step).await.unwrap();
    }
    (id, played)
}

/// A trial of a policy on a scenario with a seed.
pub(crate) type Made<'a> = (&'a str, &'static str, u32, Trial);

/// The trials of a policy, the last scenario first: the store has to put them in order.
pub(crate) fn trials(policy: &str) -> Vec<Made<'_>> {
    let cells = SCENARIOS.iter().rev().flat_map(|scenario| (0..SEEDS).rev().map(move |seed| (*scenario, seed)));
    cells.map(|(scenario, seed)| (policy, scenario, seed, trial(policy, scenario, seed))).collect()
}

/// Trials as the store takes them.
pub(crate) fn rows<'a>(made: &'a [Made<'_>]) -> Vec<TrialRow<'a>> {
    let row = |(policy, scenario, seed, trial): &'a Made<'_>| TrialRow { policy, scenario, seed: *seed, trial };
    made.iter().map(row).collect()
}

/// Numbers of every size.
pub(crate) fn trial(policy: &str, scenario: &str, seed: u32) -> Trial {
    let value = |metric: usize| {
        let bits = Hash::of(format!("{policy} {scenario} {seed} {metric}").as_bytes());
        let value = f64::from_bits(u64::from_str_radix(&bits.as_str()[..16], 16).unwrap());
        if value.is_finite() { value } else { 0.1 + 0.2 }
    };
    Trial::of((0..spec().metrics.len()).map(value).collect())
}

pub(crate) fn source(candidate: &str) -> String {
    format!("pub struct Policy; // {candidate}")
}
