//! A campaign of one claim, from its opening to its end, with recorded trials in the place of a simulator.

use crate::recorded::{Pool, Runs, take};
use crate::{CAP, LOOKS};
use science::bundle::{Arm, ArmKind, Bundle, Design, Prediction, Relation, Side};
use science::effect::{Comparison, Effects, Series};
use science::event::{Candidate, Event, RULES, Started};
use science::experiment::{Agents, Budget, Claim, Experiment, Objective};
use science::id::{CandidateId, Hash};
use science::judge::{Finding, judge};
use science::nonce::Nonce;
use science::objective::{Measurement, Yardsticks};
use science::outcome::Outcome;
use science::spec::Spec;
use science::state::{Action, State, Test};
use science::yardsticks::SCALES;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

static SPEC: OnceLock<Spec> = OnceLock::new();

/// What admission measures, and what counts there.
pub(crate) fn spec() -> &'static Spec {
    let read = || serde_json::from_str(include_str!("../../../../tests/fixtures/admission.spec.json")).expect("a spec");
    SPEC.get_or_init(read)
}

/// What a policy is worth, as claims name it.
pub(crate) fn worth() -> &'static str {
    &spec().aim.worth_name().name
}

/// What a campaign meets.
pub(crate) struct World<'a> {
    pub(crate) pool: &'a Pool,
    /// On the search seeds.
    pub(crate) search: Runs,
    /// On as many verdict seeds as a claim may take.
    pub(crate) verdict: Runs,
}

/// So many steps from one scale to the next lie between the reference and what bounds the gain: above it, below it, and so on.
const FAR: [f64; 2] = [12.0, -12.0];

/// The yardsticks on some seeds: in each scenario and on each seed the reference's other scales, and what bounds it, lie on the
/// reference's own exchange rate.
pub(crate) fn yardsticks(pool: &Pool, Runs { reference, twin, .. }: &Runs) -> Yardsticks {
    let at = |steps: f64| along(reference, pool.lambda, pool.apart * steps);
    let extremes = FAR.into_iter().cycle().map(at).take(spec().extremes.len()).collect();
    let scales = SCALES.map(|power| at(f64::from(power))).into();
    Yardsticks::new(reference.clone(), vec![twin.clone()], extremes, scales)
}

/// A policy that gains so much more, and pays for it at the exchange rate.
fn along(policy: &Measurement, lambda: f64, more: f64) -> Measurement {
    let mut moved = policy.clone();
    for cell in moved.cells.iter_mut().flatten() {
        cell.gain += more;
        cell.cost *= (lambda * more).exp();
    }
    moved
}

impl World<'_> {
    /// The finding on the claim that the candidate saves at least `size`, as a campaign's own state comes by it.
    pub(crate) fn finding(&self, size: f64) -> Finding {
        let mut state = State::default();
        let written = Event::CandidateWritten { arm: "main".into(), candidate: written(), work: vec![] };
        let opening = [opened(&self.pool.scenarios), self.calibrated(), registered(size), written];
        opening.iter().for_each(|event| state.apply(event).expect("it may follow"));
        loop {
            let events = match state.next_action() {
                Action::Evaluate { candidate } => vec![self.evaluated(candidate)],
                // All that a look takes.
                Action::Test { tests } => tests.into_iter().map(|test| self.tested(test)).collect(),
                Action::Tune { .. } => unreachable!("no candidate declares constants"),
                Action::Simplify { candidate: of } => {
                    vec![Event::Simplified { of, tried: vec![], trials: Hash::of(b""), candidate: None }]
                }
                Action::Extract => {
                    vec![Event::PrinciplesRevised { changes: vec![], failure: None, notes: None, work: vec![] }]
                }
                Action::Record(event) => vec![*event],
                Action::Rest => break,
                action => panic!("a campaign of one claim does not ask for {action:?}"),
            };
            events.iter().for_each(|event| state.apply(event).expect("it may follow"));
        }
        state.iterations[0].arms[0].finding.clone().expect("the claim was judged")
    }

    fn evaluated(&self, candidate: CandidateId) -> Event {
        Event::CandidateEvaluated {
            candidate,
            outcome: Outcome::Scored,
            scale: None,
            measurement: Some(Box::new(self.search.candidate.clone())),
            part: None,
            trials: Hash::of(b""),
            descriptor: None,
            acts_like: None,
        }
    }

    fn calibrated(&self) -> Event {
        let yardsticks = Box::new(yardsticks(self.pool, &self.search));
        Event::Calibrated { yardsticks, trials: Hash::of(b"") }
    }

    fn tested(&self, Test { policy, from, to }: Test) -> Event {
        let seeds: Vec<usize> = (from..to).collect();
        let on = |measured: &Measurement| take(measured, &seeds);
        let Runs { candidate, reference, twin } = &self.verdict;
        let (yardsticks, measurement) = match policy {
            Side::Reference => {
                let runs = Runs { candidate: on(candidate), reference: on(reference), twin: on(twin) };
                (Some(yardsticks(self.pool, &runs)), None)
            }
            Side::Candidate(_) => (None, Some(on(candidate))),
            Side::Baseline | Side::Arm(_) => panic!("{policy:?} needs no run"),
        };
        Event::Tested {
            policy,
            from: from as u32,
            outcome: Outcome::Scored,
            measurement: measurement.map(Box::new),
            yardsticks: yardsticks.map(Box::new),
            trials: Hash::of(b""),
        }
    }
}

/// The finding on a claim of any metric, look by look: of worth it is the one that a campaign's state comes by.
pub(crate) fn finding(comparison: &Comparison<'_>, metric: &str, size: f64) -> Finding {
    let prediction = prediction(metric, size);
    let all = comparison.effects(&prediction, CAP);
    let looks = LOOKS.iter().enumerate();
    let mut findings =
        looks.filter_map(|(number, look)| judge(&prediction, &first(&all, *look), number + 1 == LOOKS.len()));
    findings.next().expect("the last look decides")
}

/// Effects on so many seeds.
fn first(all: &Effects, seeds: usize) -> Effects {
    let of = |series: &Series| Series { values: series.values[..seeds].to_vec(), ..*series };
    let scenarios = all.scenarios.iter().map(|(name, series)| (name.clone(), of(series)));
    Effects { mean: of(&all.mean), scenarios: scenarios.collect() }
}

/// The claim that an arm beats the reference by `size`.
pub(crate) fn prediction(metric: &str, size: f64) -> Prediction {
    Prediction {
        metric: metric.into(),
        against: vec![Side::Reference],
        scope: vec![],
        relation: Relation::AtLeast(size),
        at_most: None,
        each: false,
        confidence: 0.5,
        interval: None,
    }
}

fn opened(scenarios: &[String]) -> Event {
    let experiment = Experiment {
        problem: spec().problem.clone(),
        question: "?".into(),
        iterations: 1,
        seeds: 5,
        baseline: "b".into(),
        reference: "r".into(),
        space_source: None,
        scenarios: scenarios.to_vec(),
        population: None,
        objective: Objective { reference_scale: Some("k".into()), ..Objective::default() },
        claim: Claim::default(),
        dimensions: vec![],
        budget: Budget::default(),
        agents: Agents::default(),
    };
    Event::Started(Box::new(Started {
        rules: RULES,
        name: "admission".into(),
        experiment,
        spec: spec().clone(),
        scenarios: scenarios.to_vec(),
        training: vec![],
        features: vec![],
        workloads: vec![],
        inputs: BTreeMap::new(),
        nonce: Nonce::of(1),
        meaning: Hash::of(b"what is measured"),
        traces: vec![],
        agents: "recorded".into(),
        toolchain: "none".into(),
        version: "0".into(),
        sandboxed: true,
        repairs: 0,
    }))
}

fn registered(size: f64) -> Event {
    let main = Arm {
        name: "main".into(),
        kind: ArmKind::Main,
        hypothesis: "h".into(),
        mechanism: "m".into(),
        diagnostic: "d".into(),
        prediction: prediction(worth(), size),
        design: Design {
            intent: "i".into(),
            point: None,
            uses: BTreeSet::new(),
            without: None,
            variants: vec![],
            candidate: None,
        },
    };
    let bundle = Bundle { question: "q".into(), parent: Side::Reference, components: vec![], arms: vec![main] };
    Event::BundleRegistered { bundle: Box::new(bundle), asked: vec![], work: vec![] }
}

fn written() -> Candidate {
    Candidate {
        id: CandidateId::from("c1".to_owned()),
        source: Hash::of(b"c1"),
        parent: None,
        point: None,
        description_length: Some(3),
        repairs: None,
        tunables: 0,
        tunes: None,
    }
}
