//! The built-in researcher in a world that is a formula.

use crate::campaign;
use crate::verdict_seeds::tested;
use agents::builtin::Researcher;
use agents::{Brief, Extractor as _, Planner as _};
use science::bundle::ArmKind;
use science::event::{Candidate, Event, Started};
use science::experiment::{Guard, GuardMetric};
use science::fastfail::{self, Advice};
use science::id::{CandidateId, Hash};
use science::nonce::Nonce;
use science::outcome::Outcome;
use science::principle::Change;
use science::space::{Dimension, Measure, Point, Value};
use science::state::{Action, State};
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// What each trait saves at equal improvement in a world: a step, weighing prompts, weighing the mix.
type Savings = [f64; 3];

fn number(point: &Point, name: &str) -> f64 {
    match point.get(name) {
        Some(Value::Number(value)) => *value,
        _ => 0.0,
    }
}

/// Improvement and cost of a design: the sooner it sheds, the more of both; some traits shed better.
fn outcome(point: &Point, savings: Savings) -> (f64, f64) {
    let place = number(point, "half").ln() - number(point, "mix") * 0.5;
    let beyond = -0.15 * (place - 0.278_f64.ln());
    let step = f64::from(u8::from(point.get("family") == Some(&Value::Choice("step".into()))));
    let traits = [step, number(point, "prompt").clamp(0.0, 0.5) * 2.0, number(point, "mix").min(0.5) * 2.0];
    let saving: f64 = traits.iter().zip(savings).map(|(present, worth)| present * worth).sum();
    (0.2937 + beyond, 0.407 * (1.0 - saving) * (4.8 * beyond).exp())
}

fn opened() -> (Started, State) {
    let state = campaign::after(0);
    let mut started = state.opened().clone();
    let dimension = |name: &str, range: Option<[f64; 2]>, values: &[&str], under: &[&str]| Dimension {
        name: name.into(),
        meaning: name.into(),
        range,
        values: values.iter().map(|value| (*value).to_owned()).collect(),
        measure: if name == "half" || name == "exponent" { Measure::LogUniform } else { Measure::Uniform },
        parent: under
            .iter()
            .map(|family| ("family".to_owned(), vec![(*family).to_owned()]))
            .collect::<BTreeMap<_, _>>(),
    };
    started.experiment.dimensions = vec![
        dimension("family", None, &["step", "ramp", "power"], &[]),
        dimension("half", Some([0.03, 0.9]), &[], &[]),
        dimension("prompt", Some([-0.5, 1.0]), &[], &[]),
        dimension("mix", Some([0.0, 2.0]), &[], &[]),
        dimension("onset", Some([0.0, 0.95]), &[], &["ramp"]),
        dimension("exponent", Some([0.5, 16.0]), &[], &["power"]),
    ];
    (started, state)
}

/// A whole campaign of the researcher's.
async fn campaign_in(savings: Savings, seed: u64, iterations: u32) -> State {
    campaign_under(vec![], savings, seed, iterations).await.0
}

/// The same under these constraints, and how often it was about to forbid something.
async fn campaign_under(constraints: Vec<Guard>, savings: Savings, seed: u64, iterations: u32) -> (State, usize) {
    let (mut started, calibrated) = opened();
    (started.nonce, started.experiment.iterations) = (Nonce::of(seed.into()), iterations);
    started.experiment.objective.constraints = constraints;
    let (researcher, mut forbids) = (Researcher::default(), 0);
    let mut state = State::default();
    state.apply(&Event::Started(Box::new(started))).unwrap();
    loop {
        let event = match state.next_action() {
            Action::Record(event) => *event,
            Action::Calibrate => {
                Event::Calibrated { yardsticks: Box::new(calibrated.yardsticks().clone()), trials: Hash::of(b"") }
            }
            Action::Plan => {
                let answer = researcher.plan(Brief { state: &state, source: None }).await.unwrap();
                let bundle = answer.content.unwrap();
                assert_eq!(state.check_bundle(&bundle), Ok(()), "{bundle:#?}");
                Event::BundleRegistered { bundle: Box::new(fastfail::ordered(bundle)), work: vec![] }
            }
            Action::Implement { arm } => {
                let arm = &state.bundle().arms[arm];
                let point = arm.design.point.clone();
                let id = CandidateId::of(&format!("{point:?}"));
                let candidate = Candidate {
                    id,
                    source: Hash::of(b""),
                    parent: None,
                    point,
                    description_length: Some(4),
                    repairs: None,
                    tunables: 0,
                    tunes: None,
                };
                Event::CandidateWritten { arm: arm.name.clone(), candidate, work: vec![] }
            }
            Action::Evaluate { candidate } => {
                let (y, x) = outcome(state.candidates[&candidate].candidate.point.as_ref().unwrap(), savings);
                Event::CandidateEvaluated {
                    candidate,
                    outcome: Outcome::Scored,
                    measurement: Some(Box::new(campaign::measurement(y, x))),
                    trials: Hash::of(b""),
                    descriptor: None,
                    acts_like: None,
                }
            }
            Action::Test { tests } => tested(&state, &tests),
            Action::Tune { .. } => unreachable!("no candidate declares constants"),
            Action::Simplify { candidate: of } => {
                Event::Simplified { of, tried: vec![], trials: Hash::of(b""), candidate: None }
            }
            Action::Extract => {
                let lessons = researcher.extract(Brief { state: &state, source: None }).await.unwrap().content.unwrap();
                forbids += lessons.changes.iter().filter(|change| is_constraint(change)).count();
                Event::PrinciplesRevised { changes: vec![], failure: None, notes: None, work: vec![] }
            }
            Action::Audit { .. } => unreachable!("no lesson forbids anything"),
            Action::Repair { .. } | Action::Finals { .. } => unreachable!("nobody repairs here or asks for finals"),
            Action::Rest => return (state, forbids),
        };
        state.apply(&event).unwrap();
    }
}

fn is_constraint(change: &Change) -> bool {
    matches!(change, Change::Insert(principle) | Change::Refine(principle) if principle.constraint.is_some())
}

#[tokio::test]
async fn nothing_is_forbidden_before_a_champion_is_known() {
    let unreachable = Guard { metric: GuardMetric::WorkRatio, at_most: Some(0.6), at_least: None };
    for (constraints, forbids) in [(vec![], true), (vec![unreachable], false)] {
        let mut count = 0;
        for seed in 1..=3 {
            let (state, forbidden) = campaign_under(constraints.clone(), [0.05, 0.05, 0.2], seed, 8).await;
            assert_eq!(state.champion().is_some(), forbids);
            count += forbidden;
        }
        assert_eq!(count > 0, forbids, "{count} lessons forbid something");
    }
}

#[tokio::test]
async fn its_bundles_have_the_arms_that_their_components_ask_for_and_all_kinds_occur() {
    // Which of them one campaign comes to depends on its seed.
    let mut kinds = BTreeSet::new();
    for seed in 1..=8 {
        let state = campaign_in([0.03, 0.03, 0.06], seed, 15).await;
        let bundles = state.iterations.iter().map(|iteration| iteration.bundle.as_ref().unwrap());
        for arm in bundles.flat_map(|bundle| &bundle.arms) {
            assert!(arm.prediction.interval.is_some(), "every claim comes with an interval");
            kinds.insert(arm.kind.as_str());
        }
    }
    let all =
        [ArmKind::Main, ArmKind::ControlNegative, ArmKind::Ablation, ArmKind::SuperAdditivity, ArmKind::Robustness];
    assert_eq!(kinds, all.map(ArmKind::as_str).into());
}

#[tokio::test]
async fn where_one_component_carries_the_effect_the_next_design_drops_the_other() {
    // Whether a researcher comes to such a bundle at all depends on the world and on its seed.
    for seed in 1..=6 {
        for savings in [[0.0, 0.2, 0.0], [0.0, 0.0, 0.2], [0.2, 0.0, 0.0]] {
            if heeds(&campaign_in(savings, seed, 5).await) > 0 {
                return;
            }
        }
    }
    panic!("no component ever carried the effect by itself");
}

/// How often the researcher was told to simplify. It must have done so each time.
fn heeds(state: &State) -> usize {
    let mut heeded = 0;
    for (before, after) in state.iterations.iter().zip(state.iterations.iter().skip(1)) {
        let Some(Advice::Simplify { component }) = &before.advice else { continue };
        let (bundle, next) = (before.bundle.as_ref().unwrap(), after.bundle.as_ref().unwrap());
        let others = bundle.components.iter().filter(|other| *other != component);
        // What the bundle took away comes back instead: its change is what is dropped.
        let (main, point) = (&bundle.arms[0], next.arms[0].design.point.as_ref().unwrap());
        let added = |other: &&String| number(main.design.point.as_ref().unwrap(), other) != 0.0;
        for other in others.filter(|other| *other != "curve" && added(other)) {
            assert!(number(point, other).abs() < 1e-12, "{other} is still there after {before:?}: {point:?}");
        }
        heeded += 1;
    }
    heeded
}
