//! The built-in researcher in a world that is a formula.

use crate::campaign;
use crate::verdict_seeds::tested;
use agents::builtin::{Researcher, check};
use agents::{Brief, Executor as _, Extractor as _, Planner as _};
use science::bundle::{ArmKind, Bundle, Relation, Side};
use science::event::{Candidate, Event};
use science::fastfail;
use science::id::{CandidateId, Hash};
use science::nonce::Nonce;
use science::outcome::Outcome;
use science::principle::Change;
use science::space::{Dimension, Measure, Point, Value};
use science::state::{Action, State};
use std::collections::{BTreeMap, BTreeSet};

const SPACE: &str = include_str!("../../../../tests/fixtures/experiments/tiny/space.rs");

fn number(point: &Point, name: &str) -> f64 {
    match point.get(name) {
        Some(Value::Number(value)) => *value,
        _ => 0.0,
    }
}

/// Gain and cost of a design. Its scale is set to equal gain, which misses by a little, and at what that costs. Some designs cost
/// less: a step by so much, and a mix of one by as much.
fn outcome(point: &Point, saves: f64) -> (f64, f64) {
    let gain = 0.2937 + 0.001 * (number(point, "mix") - 2.0 * number(point, "prompt") - 0.5);
    let step = f64::from(u8::from(point.get("family") == Some(&Value::Choice("step".into()))));
    let saving = saves * (step + 1.0 - (number(point, "mix") - 1.0).powi(2) - number(point, "prompt").powi(2));
    (gain, campaign::price(gain) * (1.0 - saving))
}

fn dimensions() -> Vec<Dimension> {
    let dimension = |name: &str, range: Option<[f64; 2]>, values: &[&str], under: &[&str]| Dimension {
        name: name.into(),
        meaning: name.into(),
        range,
        values: values.iter().map(|value| (*value).to_owned()).collect(),
        measure: if name == "exponent" { Measure::LogUniform } else { Measure::Uniform },
        parent: under
            .iter()
            .map(|family| ("family".to_owned(), vec![(*family).to_owned()]))
            .collect::<BTreeMap<_, _>>(),
    };
    vec![
        dimension("family", None, &["step", "ramp", "power"], &[]),
        dimension("prompt", Some([-0.5, 1.0]), &[], &[]),
        dimension("mix", Some([0.0, 2.0]), &[], &[]),
        dimension("onset", Some([0.0, 0.95]), &[], &["ramp"]),
        dimension("exponent", Some([0.5, 16.0]), &[], &["power"]),
    ]
}

/// What came of a campaign, and the lessons that were drawn in it.
struct Told {
    state: State,
    changes: Vec<Change>,
}

impl Told {
    fn bundles(&self) -> impl Iterator<Item = &Bundle> {
        self.state.iterations.iter().filter_map(|iteration| iteration.bundle.as_ref())
    }
}

/// A whole campaign of the researcher's.
async fn campaign_in(saves: f64, seed: u64, iterations: u32) -> Told {
    let calibrated = campaign::after(0);
    let mut started = calibrated.opened().clone();
    started.experiment.dimensions = dimensions();
    started.experiment.objective.constraints = vec![];
    (started.nonce, started.experiment.iterations) = (Nonce::of(seed.into()), iterations);
    let (mut state, mut changes) = (State::default(), Vec::new());
    state.apply(&Event::Started(Box::new(started))).unwrap();
    loop {
        let brief = Brief { state: &state, source: None, space: Some(SPACE), library: None };
        let event = match state.next_action() {
            Action::Record(event) => *event,
            Action::Calibrate => {
                Event::Calibrated { yardsticks: Box::new(calibrated.yardsticks().clone()), trials: Hash::of(b"") }
            }
            Action::Plan => {
                let bundle = Researcher.plan(brief).await.unwrap().content.unwrap();
                assert_eq!(state.check_bundle(&bundle), Ok(()), "{bundle:#?}");
                assert_eq!(Researcher.plan(brief).await.unwrap().content.as_ref(), Ok(&bundle), "the same every time");
                Event::BundleRegistered { bundle: Box::new(fastfail::ordered(bundle)), asked: vec![], work: vec![] }
            }
            Action::Implement { arm } => {
                let arm = &state.bundle().arms[arm];
                let source = Researcher.implement(brief, arm).await.unwrap().content.unwrap().remove(0);
                let candidate = Candidate {
                    id: CandidateId::of(&source),
                    source: Hash::of(source.as_bytes()),
                    parent: None,
                    point: arm.design.point.clone(),
                    description_length: Some(4),
                    repairs: None,
                    tunables: 0,
                    tunes: None,
                };
                Event::CandidateWritten { arm: arm.name.clone(), candidate, work: vec![] }
            }
            Action::Evaluate { candidate } => {
                let (gain, cost) = outcome(state.candidates[&candidate].candidate.point.as_ref().unwrap(), saves);
                Event::CandidateEvaluated {
                    candidate,
                    outcome: Outcome::Scored,
                    scale: None,
                    measurement: Some(Box::new(campaign::measurement(gain, cost))),
                    part: None,
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
                let lessons = Researcher.extract(brief).await.unwrap().content.unwrap();
                changes.extend(lessons.changes.clone());
                Event::PrinciplesRevised { changes: lessons.changes, failure: None, notes: None, work: vec![] }
            }
            Action::Audit { principle, points } => campaign::audited(principle, points),
            Action::Repair { .. } | Action::Finals { .. } => unreachable!("nobody repairs here or asks for finals"),
            Action::Rest => return Told { state, changes },
        };
        state.apply(&event).unwrap();
    }
}

#[tokio::test]
async fn it_begins_with_a_safe_check_and_then_claims_changes_against_their_parent_or_checks_them_against_the_reference()
{
    let told = campaign_in(0.1, 1, 12).await;
    for (at, bundle) in told.bundles().enumerate() {
        let main = &bundle.arms[0].prediction;
        let is_check = bundle.question.starts_with("Safe check");
        let against = if is_check { &Side::Reference } else { &bundle.parent };
        assert_eq!(main.against.as_slice(), std::slice::from_ref(against), "{bundle:#?}");
        assert!(main.interval.is_some() && (0.0..=1.0).contains(&main.confidence));
        assert!(is_check || at > 0, "{}", bundle.question);
        assert_eq!(matches!(main.relation, Relation::Within(_)), at == 0);
        assert!(
            at == 0 || bundle.question.contains('\u{2192}') || bundle.question.contains("onset"),
            "{}",
            bundle.question
        );
    }
    let against_parents =
        told.bundles().filter(|bundle| matches!(bundle.arms[0].prediction.against[..], [Side::Candidate(_)]));
    assert!(against_parents.count() > 2);
}

#[tokio::test]
async fn it_finds_what_saves_in_a_world_that_it_knows_nothing_of() {
    let mut savings = Vec::new();
    for seed in 1..=4 {
        let told = campaign_in(0.1, seed, 14).await;
        let champion = told.state.champion().expect("something is admissible");
        let score = told.state.candidates[&champion.id].score.as_ref();
        savings.push(score.and_then(|score| score.worth).unwrap_or_default());
    }
    // The best there is saves 0.2, and the start nothing.
    let mean = savings.iter().sum::<f64>() / savings.len() as f64;
    assert!(mean > 0.12 && savings.iter().all(|saving| *saving > 0.03), "{savings:?}");
}

#[tokio::test]
async fn a_changed_choice_comes_with_its_control_and_now_and_then_it_asks_how_exact_a_number_must_be() {
    let mut kinds = BTreeSet::new();
    for seed in 1..=4 {
        for bundle in campaign_in(0.1, seed, 15).await.bundles() {
            let has = |kind| bundle.arms.iter().any(|arm| arm.kind == kind);
            assert_eq!(!bundle.components.is_empty(), has(ArmKind::ControlNegative), "{bundle:#?}");
            kinds.extend(bundle.arms.iter().map(|arm| arm.kind.as_str()));
        }
    }
    let all = [ArmKind::Main, ArmKind::ControlNegative, ArmKind::Robustness];
    assert_eq!(kinds, all.map(ArmKind::as_str).into());
}

#[tokio::test]
async fn a_lesson_forbids_what_was_tried_and_lost_and_nothing_that_saves() {
    let mut forbidding = 0;
    for seed in 1..=4 {
        let told = campaign_in(0.1, seed, 15).await;
        for change in &told.changes {
            let (Change::Insert(principle) | Change::Refine(principle)) = change else { continue };
            assert!(principle.statement.contains("% of saving ["), "{}", principle.statement);
            let Some(constraint) = &principle.constraint else { continue };
            forbidding += 1;
            let tried = told.state.candidates.values().filter_map(|record| record.candidate.point.as_ref());
            assert!(tried.clone().any(|point| constraint.excludes(point)), "{constraint}");
            assert!(tried.clone().any(|point| !constraint.excludes(point)), "{constraint}");
        }
        if let Some(champion) = told.state.champion() {
            let point = told.state.candidates[&champion.id].candidate.point.clone().unwrap();
            assert!(told.state.constraints().all(|(_, constraint)| !constraint.excludes(&point)));
        }
    }
    assert!(forbidding > 0, "nothing was ever worth forbidding");
}

#[test]
fn what_it_cannot_use_is_said_with_who_needs_none_of_it() {
    let mut experiment = campaign::after(0).opened().experiment.clone();
    experiment.dimensions = dimensions();
    assert_eq!(check(&experiment, Some(SPACE)), Ok(()));
    let lacks = |experiment: &_, space| check(experiment, space).unwrap_err();
    assert!(lacks(&experiment, None).contains("no `space` source"));
    assert!(lacks(&experiment, Some("")).contains("does not declare `family`"));
    experiment.dimensions.clear();
    let said = lacks(&experiment, Some(SPACE));
    assert!(said.contains("[[dimension]]") && said.contains("--agents openai"), "{said}");
}
