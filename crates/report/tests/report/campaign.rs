//! A campaign of three iterations, built from its events: a confirmed claim with its ablation, a refuted one whose other
//! arm is skipped, and a candidate that timed out. A principle with a constraint is drawn, another one retired.

use crate::verdict_seeds::tested;
use report::{Losses, Record, Times};
use science::audit::{AuditedPoint, POINTS};
use science::bundle::{Arm, ArmKind, Bundle, Design, Prediction, Relation, Side};
use science::event::{Candidate, Event, RULES, Simpler, Started};
use science::experiment::{Agents, Budget, Claim, Experiment, Guard, Objective};
use science::id::{CandidateId, Hash};
use science::nonce::Nonce;
use science::objective::{Cell, Measurement, Yardsticks};
use science::origins::Origins;
use science::outcome::Outcome;
use science::principle::{Change, Confidence, Principle, Status};
use science::seal::Taken;
use science::space::{Constraint, Dimension, Measure, Value, Within};
use science::spec::Spec;
use science::state::{Action, State};
use science::yardsticks::SCALES;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

/// The first candidate, which becomes the champion.
pub(crate) const FIRST: &str = "aaaa1111aaaa1111";
/// Its source.
pub(crate) const SOURCE: &str = "use admitter::prelude::*;\n\npub struct Policy;\n// ``` a fence, <b>markup</b>\n";

static ORIGINS: OnceLock<Origins> = OnceLock::new();
static SOURCES: OnceLock<BTreeMap<CandidateId, String>> = OnceLock::new();

/// What admission measures.
pub(crate) fn spec() -> Spec {
    serde_json::from_str(include_str!("../../../../tests/fixtures/admission.spec.json")).unwrap()
}

/// Gain `y` in log units and cost `x` in both of two scenarios, with a little spread over three seeds.
pub(crate) fn measurement(y: f64, x: f64) -> Measurement {
    let cell = |seed: usize| Cell { gain: y + seed as f64 * 1e-3, cost: x + seed as f64 * 1e-3, violations: 0 };
    let series = |name: &str| match name {
        "extra_shed_rate" | "extra_tokens" | "extra_gpu" => x * 0.9,
        "extra_sheds" => 10.0,
        "droppable" => 100.0,
        "saved_ms" => 1.0,
        "throughput" => 0.98,
        _ => y,
    };
    Measurement {
        cells: vec![(0..3).map(cell).collect(); 2],
        series: spec().series.into_iter().map(|own| (own.name.clone(), vec![vec![series(&own.name); 3]; 2])).collect(),
    }
}

/// How the campaign was opened.
pub(crate) fn opening() -> Started {
    let dimension = Dimension {
        name: "half".into(),
        meaning: String::new(),
        range: Some([0.0, 1.0]),
        values: vec![],
        measure: Measure::Uniform,
        parent: BTreeMap::new(),
    };
    let scenarios: Vec<String> = vec!["balanced_near".into(), "chatbot_near".into()];
    Started {
        rules: RULES,
        name: "admission".into(),
        spec: spec(),
        experiment: Experiment {
            problem: "admission".into(),
            question: "Which rule of admission saves work?".into(),
            iterations: 3,
            seeds: 3,
            baseline: "gaie-legacy".into(),
            reference: "probabilistic(k=300)".into(),
            space_source: Some("space.rs".into()),
            scenarios: scenarios.iter().map(|name| format!("scenarios/{name}.toml")).collect(),
            population: None,
            objective: Objective {
                reference_scale: Some("k".into()),
                constraints: vec![Guard { metric: "regret".into(), at_most: Some(5.0), at_least: None }],
                ..Objective::default()
            },
            claim: Claim { worth: 0.05, ..Claim::default() },
            dimensions: vec![dimension],
            budget: Budget::default(),
            agents: Agents::default(),
        },
        scenarios,
        training: vec![],
        features: vec![],
        workloads: vec![],
        inputs: BTreeMap::from([("campaign.toml".into(), Hash::of(b"campaign"))]),
        nonce: Nonce::of(7),
        meaning: Hash::of(b"what is measured"),
        traces: vec![],
        agents: "builtin".into(),
        toolchain: "rustc 1.95.0".into(),
        version: "0.1.0".into(),
        sandboxed: true,
        repairs: 0,
    }
}

pub(crate) fn started() -> Event {
    Event::Started(Box::new(opening()))
}

pub(crate) fn calibrated() -> Event {
    // Its other scales gain and cost evenly more and less.
    let scales = SCALES.map(|power| measurement(0.25 + 0.02 * f64::from(power), 0.4 + 0.04 * f64::from(power)));
    let twins = vec![measurement(0.2501, 0.4001), measurement(0.2499, 0.3999)];
    let extremes = vec![measurement(0.42, 0.77), measurement(0.0, 0.0)];
    let yardsticks = Yardsticks {
        overloaded: vec!["chatbot_near".into()],
        ..Yardsticks::new(measurement(0.25, 0.4), twins, extremes, scales.into())
    };
    Event::Calibrated { yardsticks: Box::new(yardsticks), trials: Hash::of(b"") }
}

pub(crate) fn arm(name: &str, kind: ArmKind, against: Side, confidence: f64) -> Arm {
    Arm {
        name: name.into(),
        kind,
        hypothesis: format!("the {name} arm saves work because long queues say more than short ones"),
        mechanism: "load is felt late".into(),
        diagnostic: "look at balanced_near".into(),
        prediction: Prediction {
            metric: "saving".into(),
            against: vec![against],
            scope: vec![],
            relation: Relation::AtLeast(0.02),
            at_most: None,
            each: false,
            confidence,
            interval: Some([0.0, 0.2]),
        },
        design: Design {
            intent: "shed earlier".into(),
            point: None,
            uses: BTreeSet::new(),
            without: None,
            variants: vec![],
            candidate: None,
        },
    }
}

pub(crate) fn bundle(question: &str, parent: Side, arms: Vec<Arm>) -> Event {
    Event::BundleRegistered {
        bundle: Box::new(Bundle { question: question.into(), parent, components: vec![], arms }),
        asked: vec![],
        work: vec![],
    }
}

/// A bundle with a main arm and its ablation.
pub(crate) fn pair(question: &str) -> Event {
    let main = arm("main", ArmKind::Main, Side::Reference, 0.7);
    let ablation = arm("ablation-mix", ArmKind::Ablation, Side::Arm("main".into()), 0.6);
    bundle(question, Side::Reference, vec![main, ablation])
}

pub(crate) fn written(arm: &str, id: &str, parent: Option<&str>) -> Event {
    let candidate = Candidate {
        id: CandidateId::from(id.to_owned()),
        source: Hash::of(id.as_bytes()),
        parent: parent.map(|parent| CandidateId::from(parent.to_owned())),
        point: None,
        description_length: Some(4),
        repairs: None,
        tunables: 0,
        tunes: None,
    };
    Event::CandidateWritten { arm: arm.into(), candidate, work: vec![] }
}

pub(crate) fn evaluated(id: &str, measured: Option<Measurement>) -> Event {
    Event::CandidateEvaluated {
        candidate: CandidateId::from(id.to_owned()),
        outcome: if measured.is_some() { Outcome::Scored } else { Outcome::Timeout },
        scale: measured.as_ref().map(|_| 0.7),
        measurement: measured.map(Box::new),
        part: None,
        trials: Hash::of(b""),
        descriptor: None,
        acts_like: None,
    }
}

pub(crate) fn principle(id: &str, statement: &str, evidence: &[&str], constraint: Option<Constraint>) -> Principle {
    Principle {
        id: id.into(),
        statement: statement.into(),
        mechanism: "late news costs more".into(),
        regime: "both scenarios".into(),
        evidence: evidence.iter().map(|id| (*id).into()).collect(),
        confidence: Confidence::Provisional,
        status: Status::Active,
        constraint,
    }
}

/// As many points of what a principle is to forbid as a campaign ends with, one of them off the scale, none of them better.
fn audited(principle: &str) -> Event {
    let point = |at: u32| AuditedPoint {
        point: BTreeMap::from([("half".into(), Value::Number(0.008 * f64::from(at)))]),
        saving: (at > 0).then(|| -0.01 * f64::from(at)),
        worth: Some(-0.01 * f64::from(at + 1)),
        scale: (at > 0).then_some(0.7),
        runs: 1,
        admissible: true,
    };
    Event::Audited {
        principle: principle.into(),
        points: (0..POINTS as u32).map(point).collect(),
        trials: Hash::of(b""),
    }
}

/// The champion with what matters left out, and with what cannot be.
fn simplified() -> Event {
    let tried = |change: &str, outcome: Outcome, gain: Option<f64>| Simpler {
        change: change.into(),
        outcome,
        gain,
        description_length: Some(3),
        admissible: gain.is_some(),
        kept: false,
    };
    let tried = vec![
        tried("without `share` in `x * share`", Outcome::Scored, Some(-0.05)),
        tried("without `x` in `x * share`", Outcome::DoesNotCompile, None),
    ];
    Event::Simplified { of: CandidateId::from(FIRST.to_owned()), tried, trials: Hash::of(b""), candidate: None }
}

/// The events of the world; what follows from them is recorded in between by [`fold`].
pub(crate) fn events() -> Vec<Event> {
    let low = Constraint { excludes: BTreeMap::from([("half".into(), Within::Range([0.0, 0.25]))]) };
    let lessons = vec![
        Change::Insert(principle("P1", "shedding by mix pays", &["F1.main"], None)),
        Change::Insert(principle("P2", "a low half point sheds in vain", &["F1.ablation-mix", "F9.main"], Some(low))),
    ];
    let first = || Side::Candidate(CandidateId::from(FIRST.to_owned()));
    let second = vec![
        arm("main", ArmKind::Main, first(), 0.8),
        arm("control", ArmKind::ControlNegative, Side::Arm("main".into()), 0.9),
    ];
    vec![
        started(),
        calibrated(),
        pair("Does shedding by tier mix save work?"),
        written("main", FIRST, None),
        evaluated(FIRST, Some(measurement(0.251, 0.36))),
        written("ablation-mix", "bbbb2222bbbb2222", Some(FIRST)),
        evaluated("bbbb2222bbbb2222", Some(measurement(0.25, 0.395))),
        Event::PrinciplesRevised { changes: lessons, failure: None, notes: None, work: vec![] },
        audited("P2"),
        bundle("Does a steeper curve save more?", first(), second),
        written("main", "cccc3333cccc3333", Some(FIRST)),
        evaluated("cccc3333cccc3333", Some(measurement(0.25, 0.39))),
        Event::PrinciplesRevised {
            changes: vec![Change::Retire { id: "P1".into(), reason: "F2.main speaks against it".into() }],
            failure: None,
            notes: None,
            work: vec![],
        },
        bundle("Does a longer memory help?", first(), vec![arm("main", ArmKind::Main, first(), 0.5)]),
        written("main", "dddd4444dddd4444", Some("cccc3333cccc3333")),
        evaluated("dddd4444dddd4444", None),
        Event::PrinciplesRevised { changes: vec![], failure: None, notes: None, work: vec![] },
        simplified(),
    ]
}

/// What follows where nothing else of the world is needed.
fn follows(state: &State) -> Option<Event> {
    match state.next_action() {
        Action::Record(event) => Some(*event),
        Action::Test { tests } => Some(tested(state, &tests)),
        _ => None,
    }
}

/// Applies events, and after each one those that follow by themselves.
pub(crate) fn fold(events: &[Event]) -> State {
    let mut state = State::default();
    for event in events {
        state.apply(event).unwrap();
        while let Some(event) = follows(&state) {
            state.apply(&event).unwrap();
        }
    }
    state
}

/// A record of a state.
pub(crate) fn record<'a>(state: &'a State) -> Record<'a> {
    Record {
        id: "c0ffee00",
        directory: "experiments/admission",
        state_dir: None,
        state,
        digest: "d1ge57",
        sources: SOURCES.get_or_init(|| BTreeMap::from([(CandidateId::from(FIRST.to_owned()), SOURCE.to_owned())])),
        stages: &[],
        times: Times { created_ms: 1_795_355_220_000, last_ms: 1_795_358_820_000 },
        running: false,
        losses: Losses::default(),
        looks: &[],
        taken: Taken::default(),
        translates: true,
        comparison: None,
        beside: &[],
        origins: ORIGINS.get_or_init(Origins::default),
    }
}
