//! A campaign in which every kind of event happens, played by the state machine itself.

use crate::verdict_seeds::tested;
use science::audit::AuditedPoint;
use science::bundle::{Arm, ArmKind, Bundle, Design, Prediction, Relation, Side};
use science::event::{Candidate, Event, RULES, Replaced, Simpler, Started};
use science::experiment::{Agents, Budget, Claim, Experiment, Objective};
use science::id::{CandidateId, Hash};
use science::nonce::Nonce;
use science::objective::{Cell, Measurement, Yardsticks};
use science::outcome::Outcome;
use science::principle::{Change, Confidence, Principle, Status};
use science::space::{Constraint, Dimension, Measure, Point, Value, Within};
use science::spec::Spec;
use science::state::{Action, State, Test};
use science::trial::{self, Trial};
use science::tuner::{Range, Tried};
use science::work::{Role, Tokens, Work};
use science::yardsticks::{self, SCALES};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
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

fn plain(event: Event) -> Played {
    Played { event, source: None, message: None, policies: vec![] }
}

fn measurement(y: f64, x: f64) -> Measurement {
    let cell = |seed: u32| {
        let off = f64::from(seed) * 1e-4;
        Cell { gain: y + off, cost: x + off, violations: 0 }
    };
    let thirds = SCENARIOS.map(|_| vec![1.0 / 3.0; SEEDS as usize]).to_vec();
    Measurement {
        cells: SCENARIOS.map(|_| (0..SEEDS).map(cell).collect()).to_vec(),
        series: spec().series.into_iter().map(|series| (series.name, thirds.clone())).collect(),
    }
}

fn calibrated() -> Played {
    let reference = || measurement(0.25, 0.4);
    let scales = SCALES.map(|power| measurement(0.25 + 0.02 * f64::from(power), 0.4 + 0.04 * f64::from(power)));
    let extremes = vec![measurement(0.4, 0.8), measurement(0.0, 0.0)];
    let yardsticks = Yardsticks {
        overloaded: vec!["far".into()],
        ..Yardsticks::new(reference(), vec![reference(), reference()], extremes, scales.into())
    };
    let policies = yardsticks::policies(&spec(), yardsticks.twins.len());
    let event = Event::Calibrated { yardsticks: Box::new(yardsticks), trials: hash(&policies) };
    Played { policies, ..plain(event) }
}

fn arm(name: &str, kind: ArmKind, against: Vec<Side>) -> Arm {
    Arm {
        name: name.into(),
        kind,
        hypothesis: "h".into(),
        mechanism: "m".into(),
        diagnostic: "d".into(),
        prediction: Prediction {
            metric: "saving".into(),
            against,
            scope: vec![],
            relation: Relation::AtLeast(0.02),
            at_most: None,
            each: false,
            confidence: 0.5,
            interval: None,
        },
        design: Design {
            intent: "i".into(),
            point: None,
            uses: BTreeSet::new(),
            without: None,
            variants: vec![],
            candidate: None,
        },
    }
}

fn plan(iteration: u32) -> Event {
    if iteration == 2 {
        let asked = vec![replaced()];
        return Event::PlanFailed { reason: "it answered with a poem".into(), asked, work: vec![] };
    }
    let parent = if iteration == 3 { Side::Candidate(CandidateId::from("c1".to_owned())) } else { Side::Reference };
    let main = arm("main", ArmKind::Main, vec![parent.clone()]);
    let ablation = arm("ablation", ArmKind::Ablation, vec![Side::Arm("main".into())]);
    let mut control = arm("control", ArmKind::ControlNegative, vec![Side::Reference, Side::Arm("main".into())]);
    control.prediction.metric = "ttft_p90".into();
    control.prediction.scope = vec!["far".into()];
    control.prediction.relation = Relation::Within(0.01);
    let bundle = Bundle { question: "q".into(), parent, components: vec![], arms: vec![main, ablation, control] };
    let asked = if iteration == 3 { vec![replaced()] } else { vec![] };
    Event::BundleRegistered { bundle: Box::new(bundle), asked, work: vec![] }
}

/// What a planner had measured.
fn replaced() -> Replaced {
    Replaced {
        of: CandidateId::from("c1".to_owned()),
        find: "5.0".into(),
        replace: "4.0".into(),
        made: CandidateId::from("c9".to_owned()),
        outcome: Outcome::Scored,
        worth: Some(0.1),
        effect: Some([0.01, 0.02]),
        beyond: Some(0.001),
        trials: Hash::of(b""),
    }
}

fn implement(iteration: u32, arm: &str) -> Played {
    let (id, parent) = match (iteration, arm) {
        (1, "main") => ("c1", None),
        (1, "ablation") => ("c2", Some("c1")),
        (1, _) => ("c1", None), // the same code once more
        (3, "main") => ("c3", Some("c1")),
        _ => {
            return plain(Event::ExecutorFailed {
                arm: arm.into(),
                reason: "it answered with a poem".into(),
                work: vec![],
            });
        }
    };
    let candidate = Candidate {
        id: CandidateId::from(id.to_owned()),
        source: Hash::of(source(id).as_bytes()),
        parent: parent.map(|parent| CandidateId::from(parent.to_owned())),
        point: Some([("half".to_owned(), Value::Number(0.5))].into()),
        description_length: Some(3),
        repairs: None,
        tunables: u32::from(id == "c1"),
        tunes: None,
    };
    Played { source: Some(source(id)), ..plain(Event::CandidateWritten { arm: arm.into(), candidate, work: vec![] }) }
}

fn evaluate(candidate: &CandidateId) -> Played {
    let (outcome, measured) = match candidate.as_str() {
        "c1" => (Outcome::Scored, Some(measurement(0.25, 0.36))),
        "c2" => (Outcome::Timeout, None),
        _ => (Outcome::Scored, Some(measurement(0.25, 0.48))),
    };
    let scored = outcome == Outcome::Scored;
    let event = Event::CandidateEvaluated {
        candidate: candidate.clone(),
        outcome,
        scale: measured.as_ref().map(|_| 0.7),
        measurement: measured.map(Box::new),
        part: None,
        trials: if scored { hash(&[candidate.as_str()]) } else { hash::<&str>(&[]) },
        descriptor: None,
        acts_like: None,
    };
    let policies = if scored { vec![candidate.as_str().to_owned()] } else { vec![] };
    Played { policies, message: Some(format!("what rustc said of {candidate}")), ..plain(event) }
}

/// Its own constant, and one that is better.
fn tune(candidate: &CandidateId) -> Played {
    let tried = |half: f64, value: f64| Tried::new(vec![half], value);
    let retuned = Candidate {
        id: CandidateId::from("c4".to_owned()),
        source: Hash::of(source("c4").as_bytes()),
        parent: Some(candidate.clone()),
        point: Some([("half".to_owned(), Value::Number(0.6))].into()),
        description_length: Some(3),
        repairs: None,
        tunables: 1,
        tunes: Some(candidate.clone()),
    };
    let event = Event::Tuned {
        candidate: candidate.clone(),
        tunables: vec![Range { name: "half".into(), default: 0.5, low: 0.0, high: 1.0 }],
        tried: vec![tried(0.5, 0.1), tried(0.6, 0.12)],
        trials: Hash::of(b"tuning"),
        best: vec![0.6],
        retuned: Some(retuned),
    };
    Played { source: Some(source("c4")), ..plain(event) }
}

/// Points of which the first is off the scale and none is better than what is known.
fn audited(principle: String, points: Vec<Point>) -> Event {
    let saving = |at: usize| (at > 0).then_some(-0.1 / at as f64);
    let points = points.into_iter().enumerate();
    let points = points
        .map(|(at, point)| AuditedPoint {
            point,
            saving: saving(at),
            worth: saving(at),
            scale: saving(at).map(|_| 0.7),
            runs: 1,
            admissible: at % 2 == 0,
        })
        .collect();
    Event::Audited { principle, points, trials: Hash::of(b"") }
}

/// A term that costs too much, and one that does not matter.
fn simplify(candidate: &CandidateId) -> Played {
    let tried = |change: &str, gain: f64, kept: bool| Simpler {
        change: change.into(),
        outcome: Outcome::Scored,
        gain: Some(gain),
        description_length: Some(2),
        admissible: true,
        kept,
    };
    let made = Candidate {
        id: CandidateId::from("c5".to_owned()),
        source: Hash::of(source("c5").as_bytes()),
        parent: Some(candidate.clone()),
        point: None,
        description_length: Some(2),
        repairs: None,
        tunables: 0,
        tunes: None,
    };
    let event = Event::Simplified {
        of: candidate.clone(),
        tried: vec![tried("without `a` in `a * b`", -0.1, false), tried("without `b` in `a * b`", 0.0, true)],
        trials: Hash::of(b"simplifying"),
        candidate: Some(made),
    };
    Played { source: Some(source("c5")), ..plain(event) }
}

fn lessons(iteration: u32) -> Vec<Change> {
    let principle = |id: &str, evidence: &[&str], confidence| Principle {
        id: id.into(),
        statement: "s".into(),
        mechanism: "m".into(),
        regime: "r".into(),
        evidence: evidence.iter().map(|finding| (*finding).to_owned()).collect(),
        confidence,
        status: Status::Active,
        constraint: Some(Constraint { excludes: [("half".to_owned(), Within::Range([0.0, 0.25]))].into() }),
    };
    match iteration {
        1 => vec![Change::Insert(principle("P1", &["F1.main", "F1.ablation"], Confidence::Provisional))],
        3 => vec![
            Change::Refine(principle("P1", &["F1.main", "F3.main"], Confidence::Provisional)),
            Change::Insert(principle("P2", &["F3.main", "F7.hearsay"], Confidence::Provisional)),
        ],
        _ => vec![Change::Retire { id: "P2".into(), reason: "contradicted".into() }],
    }
}
