//! A synthetic campaign of any length, and models that follow a script.

use crate::verdict_seeds::tested;
use agents::llm::{Context, Model, ModelError, Passages, Reply, Request, Settings, Templates};
use futures::future::BoxFuture;
use science::audit::AuditedPoint;
use science::bundle::{Arm, ArmKind, Bundle, Design, Prediction, Relation, Side};
use science::event::{Candidate, Event, RULES, Started};
use science::experiment::{Agents, Budget, Claim, Experiment, Guard, Objective};
use science::id::{CandidateId, Hash};
use science::measurement::{Cell, Measurement, Paired};
use science::nonce::Nonce;
use science::objective::Yardsticks;
use science::outcome::Outcome;
use science::principle::{Change, Confidence, Principle, Status};
use science::space::{Constraint, Dimension, Measure, Point, Within};
use science::spec::{Aim, Series, Spec, Unit};
use science::state::{Action, State};
use science::yardsticks::SCALES;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// The contract of a problem.
pub(crate) const CONTRACT: &str =
    "//! What a policy sees.\n\npub trait Chooser {\n    fn choose(&mut self) -> bool;\n}\n";

/// What a problem says in the prompts.
pub(crate) fn passages() -> Passages {
    Passages {
        contract: "chooser".into(),
        hook: "Chooser".into(),
        system: "A passage about the system: `{{setting.reference}}` beats `{{setting.baseline}}`.".into(),
        scoring: "- A passage about scoring.".into(),
        probing: "A passage about probing.".into(),
        rules: "- A passage about code.".into(),
        questions: "- A passage that asks?".into(),
        bundle: "{\"question\": \"a passage\"}".into(),
        lesson: "    {\"action\": \"insert\", \"excludes\": {{example}}}".into(),
        violation: "A passage about what must never be done.".into(),
        invariance: "A passage about what must not matter.".into(),
    }
}

/// The spec of a problem in which cost is saved, as an experiment records it.
pub(crate) fn spec() -> Spec {
    serde_json::from_str(include_str!("../../../../tests/fixtures/admission.spec.json")).unwrap()
}

const SCENARIOS: [&str; 4] = ["balanced_under", "balanced_near", "chatbot_near", "blindspot_near"];

/// A calibrated campaign of which `iterations` turns of the loop are done, each with a main arm and a control.
pub(crate) fn after(iterations: u32) -> State {
    begun(started(iterations), iterations)
}

/// The same, opened with this.
pub(crate) fn begun(started: Started, iterations: u32) -> State {
    let mut state = State::default();
    state.apply(&Event::Started(Box::new(started))).unwrap();
    while state.next_action() != Action::Plan || (state.iterations.len() as u32) < iterations {
        state.apply(&next(&state)).unwrap();
    }
    state
}

/// What happens next in such a campaign.
pub(crate) fn next(state: &State) -> Event {
    match state.next_action() {
        Action::Record(event) => *event,
        Action::Calibrate => {
            Event::Calibrated { yardsticks: Box::new(yardsticks(state.spec())), trials: Hash::of(b"") }
        }
        Action::Plan => {
            let bundle = bundle_about(&state.spec().aim.worth_name().name, state.iteration_number());
            Event::BundleRegistered { bundle: Box::new(bundle), asked: vec![], work: vec![] }
        }
        Action::Implement { arm } => written(state, arm),
        Action::Evaluate { candidate } => evaluated(state, candidate),
        Action::Test { tests } => tested(state, &tests),
        Action::Tune { .. } => unreachable!("no candidate declares constants"),
        Action::Simplify { candidate: of } => {
            Event::Simplified { of, tried: vec![], trials: Hash::of(b""), candidate: None }
        }
        Action::Extract => Event::PrinciplesRevised {
            changes: vec![Change::Insert(principle(state))],
            failure: None,
            notes: None,
            work: vec![],
        },
        Action::Audit { principle, points } => audited(principle, points),
        Action::Repair { .. } | Action::Finals { .. } | Action::Rest => {
            unreachable!("nothing is repaired, no finals are asked for, and the campaign is longer")
        }
    }
}

/// None of these points is better than what is known.
pub(crate) fn audited(principle: String, points: Vec<Point>) -> Event {
    let point = |point| AuditedPoint { point, saving: None, worth: Some(-1.0), scale: None, runs: 1, admissible: true };
    Event::Audited { principle, points: points.into_iter().map(point).collect(), trials: Hash::of(b"") }
}

/// The id of a candidate of `after`.
pub(crate) fn candidate(iteration: u32, arm: usize) -> CandidateId {
    CandidateId::of(&format!("{iteration}.{arm}"))
}

pub(crate) fn started(iterations: u32) -> Started {
    let dimension = |name: &str, meaning: &str| Dimension {
        name: name.into(),
        meaning: meaning.into(),
        range: Some([1.0, 16.0]),
        values: vec![],
        measure: Measure::LogUniform,
        parent: BTreeMap::new(),
    };
    let mut exponent = dimension("exponent", "How steeply it rises.");
    exponent.parent.insert("family".into(), vec!["power".into()]);
    let values = vec!["step".into(), "power".into()];
    let family = Dimension { range: None, values, ..dimension("family", "The curve.") };
    let bound = |metric: &str, bound| Guard { metric: metric.into(), at_most: Some(bound), at_least: None };
    Started {
        rules: RULES,
        name: "admission".into(),
        experiment: Experiment {
            problem: "admission".into(),
            question: "Which policy protects critical traffic at the least cost in refused work?".into(),
            iterations: iterations + 10,
            seeds: 3,
            baseline: "gaie-legacy(queue=5,kv=0.8)".into(),
            reference: "probabilistic(power=5,k=300,queue=5,kv=0.8)".into(),
            space_source: Some("space.rs".into()),
            scenarios: SCENARIOS.map(|name| format!("{name}.toml")).to_vec(),
            population: None,
            objective: Objective {
                reference_scale: Some("k".into()),
                constraints: vec![bound("regret", 5.0), bound("loss", 1.0)],
                ..Objective::default()
            },
            claim: Claim { worth: 0.08, ..Claim::default() },
            dimensions: vec![family, exponent],
            budget: Budget { evaluations: Some(400), ..Budget::default() },
            agents: Agents::default(),
        },
        spec: spec(),
        scenarios: SCENARIOS.map(str::to_owned).to_vec(),
        training: vec![],
        features: vec![],
        workloads: vec!["4 instances of qwen3-14b; 90.0 requests/s for 120 s, 80 % of them critical".into()],
        inputs: BTreeMap::new(),
        nonce: Nonce::of(1),
        meaning: Hash::of(b"what is measured"),
        traces: vec![],
        agents: "openai:test".into(),
        toolchain: "rustc".into(),
        version: "0".into(),
        sandboxed: true,
        repairs: 0,
    }
}

/// A policy with this gain (log units) and cost on every scenario, give or take.
pub(crate) fn measurement(gain: f64, cost: f64) -> Measurement {
    measured(&spec(), gain, cost)
}

fn measured(spec: &Spec, gain: f64, cost: f64) -> Measurement {
    let series = |series: &Series| match series.unit {
        Unit::Log => gain,
        Unit::Fraction => cost,
        _ => 10.0,
    };
    let pair = |scenario: usize, seed: usize| Paired {
        cell: Cell {
            gain: gain + scenario as f64 * 0.02 - 0.03 + seed as f64 * 1e-4,
            cost: cost + seed as f64 * 1e-4,
            violations: 0,
        },
        series: spec.series.iter().map(series).collect(),
    };
    let pairs: Vec<Paired> = (0..SCENARIOS.len() * 3).map(|at| pair(at / 3, at % 3)).collect();
    Measurement::of(&pairs, &[3; SCENARIOS.len()], spec)
}

/// What the reference costs at any gain: its other scales lie on this curve.
pub(crate) fn price(gain: f64) -> f64 {
    0.407 * (4.8 * (gain - 0.2937)).exp()
}

fn yardsticks(spec: &Spec) -> Yardsticks {
    let measured = |gain, cost| measured(spec, gain, cost);
    let scaled = |power: i32| 0.2937 + 0.03 * f64::from(power);
    let scales = match spec.aim {
        Aim::Saving { .. } => SCALES.map(|power| measured(scaled(power), price(scaled(power)))).into(),
        Aim::Gain { .. } => vec![],
    };
    let extremes = [measured(0.42, 0.77), measured(0.0, 0.0)];
    let twins = vec![measured(0.2947, 0.4071), measured(0.2927, 0.4069)];
    let extremes = extremes.into_iter().take(spec.extremes.len()).collect();
    let of = Yardsticks::new(measured(0.2937, 0.407), twins, extremes, scales);
    Yardsticks { overloaded: vec!["chatbot_near".into()], ..of }
}

/// Texts as long as a talkative model writes them.
pub(crate) fn bundle(iteration: u32) -> Bundle {
    bundle_about("saving", iteration)
}

fn bundle_about(metric: &str, iteration: u32) -> Bundle {
    let long = |word: &str| {
        format!("{word} of iteration {iteration}: {}", "the signal rises before the effect does. ".repeat(20))
    };
    let arm = |name: &str, kind, against, relation| Arm {
        name: name.into(),
        kind,
        hypothesis: long("Hypothesis"),
        mechanism: long("Mechanism"),
        diagnostic: long("Diagnostic"),
        prediction: Prediction {
            metric: metric.into(),
            against: vec![against],
            scope: vec![],
            relation,
            at_most: None,
            each: false,
            confidence: 0.6,
            interval: None,
        },
        design: Design {
            intent: long("Intent"),
            point: None,
            uses: BTreeSet::new(),
            without: None,
            variants: vec![],
            candidate: None,
        },
    };
    Bundle {
        question: long("Question"),
        parent: Side::Reference,
        components: vec![],
        arms: vec![
            arm("main", ArmKind::Main, Side::Reference, Relation::AtLeast(0.01)),
            arm("control", ArmKind::ControlNegative, Side::Arm("main".into()), Relation::Within(0.5)),
        ],
    }
}

fn written(state: &State, arm: usize) -> Event {
    let candidate = written_candidate(state, arm);
    Event::CandidateWritten { arm: state.bundle().arms[arm].name.clone(), candidate, work: vec![] }
}

/// The candidate of an arm.
pub(crate) fn written_candidate(state: &State, arm: usize) -> Candidate {
    let iteration = state.iteration_number();
    Candidate {
        id: candidate(iteration, arm),
        source: Hash::of(b""),
        parent: None,
        point: None,
        description_length: Some(4 + iteration % 3),
        repairs: None,
        tunables: 0,
        tunes: None,
    }
}

fn evaluated(state: &State, candidate: CandidateId) -> Event {
    let n = f64::from(state.evaluations);
    let measured = measured(state.spec(), 0.2937 + 0.004 * (n % 5.0), 0.41 - 0.0371 * (n % 3.0));
    Event::CandidateEvaluated {
        candidate,
        outcome: Outcome::Scored,
        scale: Some(1.0),
        measurement: Some(Box::new(measured)),
        part: None,
        trials: Hash::of(b""),
        descriptor: None,
        acts_like: None,
    }
}

fn principle(state: &State) -> Principle {
    let number = state.iteration_number();
    Principle {
        id: format!("P{number}"),
        statement: "Low exponents pay too early. ".repeat(20),
        mechanism: "They pay where nothing waits. ".repeat(20),
        regime: "balanced load".into(),
        evidence: vec![format!("F{number}.main")],
        confidence: Confidence::Provisional,
        status: Status::Active,
        // One in seven: the volume of what constraints leave is counted anew in every iteration.
        constraint: (number % 7 == 1)
            .then(|| Constraint { excludes: BTreeMap::from([("exponent".into(), Within::Range([2.0, 2.01]))]) }),
    }
}

/// What an agent works with whose model follows a script.
pub(crate) fn context(script: Script) -> (Context, Arc<Script>) {
    let script = Arc::new(script);
    let context = Context {
        model: Arc::clone(&script) as Arc<dyn Model>,
        settings: Settings::new("m"),
        contract: CONTRACT.into(),
        passages: passages(),
        templates: Arc::new(Templates::shipped()),
    };
    (context, script)
}

/// A model that gives its replies in turn and keeps what it was asked.
pub(crate) struct Script {
    replies: Mutex<Vec<Reply>>,
    /// What there is behind the last of them.
    end: ModelError,
    /// Requests with their ordinals.
    pub(crate) asked: Mutex<Vec<(Request, u32)>>,
}

impl Script {
    pub(crate) fn new(texts: &[&str]) -> Self {
        let reply =
            |text: &&str| Reply { text: (*text).into(), finish_reason: Some("stop".into()), ..Reply::default() };
        Script::of(texts.iter().map(reply).collect())
    }

    pub(crate) fn of(mut replies: Vec<Reply>) -> Self {
        replies.reverse();
        let end = ModelError::Record("the script is over".into());
        Script { replies: Mutex::new(replies), end, asked: Mutex::default() }
    }

    /// The same, and then this budget is spent.
    pub(crate) fn within(self, what: &str) -> Self {
        Script { end: ModelError::BudgetSpent { what: what.into() }, ..self }
    }
}

impl Model for Script {
    fn ask<'a>(&'a self, request: &'a Request, ordinal: u32) -> BoxFuture<'a, Result<Reply, ModelError>> {
        self.asked.lock().unwrap().push((request.clone(), ordinal));
        let reply = self.replies.lock().unwrap().pop().ok_or_else(|| self.end.clone());
        Box::pin(async move { reply })
    }
}
