//! What early verdicts save, and what they ask of the next plan.

use super::*;
use crate::fastfail::{Advice, ordered};

/// A main arm that changes components `a` and `b`, in the order in which the arms are tried.
fn compound() -> Bundle {
    let only = |name: &str, without: &str| {
        let mut arm = arm(name, ArmKind::Ablation, Side::Arm("main".into()));
        arm.design.without = Some(without.into());
        arm
    };
    let mut control = arm("control", ArmKind::ControlNegative, Side::Reference);
    control.prediction = Prediction {
        metric: "improvement".into(),
        relation: Relation::Within(0.005),
        against: vec![Side::Reference],
        ..control.prediction
    };
    let mut sum = arm("sum", ArmKind::SuperAdditivity, Side::Arm("only-b".into()));
    sum.prediction.against.push(Side::Arm("only-a".into()));
    let main = arm("main", ArmKind::Main, Side::Reference);
    Bundle {
        question: "q".into(),
        parent: Side::Reference,
        components: vec!["a".into(), "b".into()],
        arms: vec![main, control, only("only-b", "a"), only("only-a", "b"), sum],
    }
}

/// Plays the arms of the compound bundle with these candidates, as far as they are asked for: improvement and cost each.
fn played(measured: &[(f64, f64)]) -> State {
    played_as(compound(), |arm| measurement(measured[arm].0, measured[arm].1))
}

fn played_as(bundle: Bundle, measured: impl Fn(usize) -> Measurement) -> State {
    let registered = Event::BundleRegistered { bundle: Box::new(bundle), asked: vec![], work: vec![] };
    let mut state = fold(&[started(None), calibrated(), registered]);
    while let Action::Implement { arm } = settle(&mut state) {
        let (id, name) = (format!("c{arm}"), state.bundle().arms[arm].name.clone());
        state.apply(&written(&name, &id)).unwrap();
        state.apply(&evaluated(&id, Some(measured(arm)))).unwrap();
    }
    state
}

fn skipped(state: &State) -> Vec<Option<&str>> {
    state.iterations[0].arms.iter().map(|arm| arm.skipped.as_deref()).collect()
}

#[test]
fn a_refuted_control_sends_a_claim_that_is_not_confirmed_back_to_design() {
    // A saving of 1 %, half of what is claimed, and an improvement where none should be.
    let state = played(&[(0.25, 0.396), (0.26, 0.396), (0.25, 0.4), (0.25, 0.4), (0.25, 0.396)]);
    assert_eq!(state.iterations[0].advice, Some(Advice::Redesign { control: "control".into() }));
    assert!(skipped(&state)[2..].iter().all(|why| why.is_some_and(|why| why.contains("redesign"))), "{state:?}");
    let words = state.iterations[0].advice.as_ref().unwrap().words(1);
    assert!(words.starts_with("redesign: the control of iteration 1 (F1.control) is confounded"), "{words}");
}

#[test]
fn a_refuted_control_beside_a_confirmed_claim_skips_nothing() {
    // Both components are worth half of the saving each.
    let state = played(&[(0.25, 0.36), (0.26, 0.36), (0.25, 0.38), (0.25, 0.38), (0.25, 0.36)]);
    assert_eq!((state.iterations[0].advice.clone(), skipped(&state)), (None, vec![None; 5]));
}

#[test]
fn a_claim_that_stays_open_spares_what_would_be_said_about_its_components_and_hears_its_control() {
    let state = played_as(compound(), open);
    let verdict = |at: usize| state.iterations[0].arms[at].finding.as_ref().map(|finding| finding.verdict);
    assert_eq!((verdict(0), verdict(1)), (Some(Verdict::Inconclusive), Some(Verdict::Confirmed)));
    let why = Some("the main claim is inconclusive: what its effect rests on cannot be told");
    assert_eq!(skipped(&state), [None, None, why, why, why]);
    assert_eq!(state.candidates.len(), 2, "nobody wrote the others");
    // A control that is held against one of them could not be judged without it.
    let mut bundle = compound();
    bundle.arms[1].prediction.against = vec![Side::Arm("only-b".into())];
    let state = played_as(ordered(bundle), open);
    assert_eq!((skipped(&state), state.candidates.len()), (vec![None, why, why, why, why], 1));
}

/// On one seed it saves a third, on another it costs a sixth.
fn open(_: usize) -> Measurement {
    fixture::measured(vec![[0.27, 0.38, 0.47].map(|cost| fixture::cell(0.25, cost)).to_vec()])
}

#[test]
fn a_component_that_carries_nearly_all_of_the_effect_spares_the_other_arms() {
    // Without `a` 9.5 of 10 % are left.
    let state = played(&[(0.25, 0.36), (0.25, 0.36), (0.25, 0.362), (0.25, 0.399), (0.25, 0.36)]);
    assert_eq!(state.iterations[0].advice, Some(Advice::Simplify { component: "b".into() }));
    let why = Some("component `b` carries more than 80 % of the effect: simplify");
    assert_eq!(skipped(&state), [None, None, None, why, why]);
}

#[test]
fn a_component_that_carries_three_quarters_is_not_dominant() {
    let state = played(&[(0.25, 0.36), (0.25, 0.36), (0.25, 0.37), (0.25, 0.39), (0.25, 0.36)]);
    assert_eq!((state.iterations[0].advice.clone(), skipped(&state)), (None, vec![None; 5]));
}

#[test]
fn arms_are_tried_in_the_order_that_saves_most_and_none_before_what_it_is_compared_with() {
    let mut bundle = compound();
    let mut robust = arm("robust", ArmKind::Robustness, Side::Arm("main".into()));
    robust.prediction.confidence = 0.5;
    bundle.arms.insert(1, robust);
    bundle.arms.iter_mut().find(|arm| arm.name == "only-b").unwrap().prediction.confidence = 0.9;
    bundle.arms.iter_mut().find(|arm| arm.name == "only-a").unwrap().prediction.confidence = 0.4;
    let names = |bundle: &Bundle| bundle.arms.iter().map(|arm| arm.name.clone()).collect::<Vec<_>>();
    let expected = ["main", "control", "only-a", "only-b", "sum", "robust"];
    assert_eq!(names(&ordered(bundle.clone())), expected);
    // A control that is held against an ablation waits for it, and for nothing else.
    bundle.arms.remove(2);
    let mut late = arm("late", ArmKind::ControlNegative, Side::Arm("only-a".into()));
    late.prediction.relation = Relation::Within(0.01);
    bundle.arms.push(late);
    assert_eq!(names(&ordered(bundle)), ["main", "only-a", "late", "only-b", "sum", "robust"]);
}

type Change<'a> = &'a dyn Fn(&mut Bundle);

#[test]
fn a_bundle_has_the_arms_that_its_components_ask_for() {
    let check = |change: Change<'_>| {
        let mut bundle = compound();
        change(&mut bundle);
        fold(&[started(None), calibrated()]).check_bundle(&bundle)
    };
    let without = |name: &'static str| move |bundle: &mut Bundle| bundle.arms.retain(|arm| arm.name != name);
    assert_eq!(check(&|_| {}), Ok(()));
    let main_only = |components: &[&str]| {
        let components: Vec<String> = components.iter().map(|name| (*name).to_owned()).collect();
        move |bundle: &mut Bundle| {
            bundle.arms.truncate(1);
            bundle.components.clone_from(&components);
        }
    };
    assert_eq!(check(&main_only(&[])), Ok(()), "parameters only");
    let one_with_a_control = |bundle: &mut Bundle| {
        bundle.arms.truncate(2);
        bundle.components.truncate(1);
    };
    assert_eq!(check(&one_with_a_control), Ok(()));
    let cases: [(Change<'_>, &str); 10] = [
        (&main_only(&["a"]), "needs an arm of kind `control-negative`"),
        (&without("control"), "needs an arm of kind `control-negative`"),
        (&without("sum"), "the main design again, against `only-b` and `only-a`"),
        (
            &|bundle| bundle.arms.retain(|arm| arm.name != "only-a" && arm.name != "sum"),
            "no ablation leaves out `b`: add one whose `without` is that",
        ),
        (&|bundle| bundle.arms[2].design.without = Some("c".into()), "`c`, which is not among"),
        (&|bundle| bundle.arms[2].design.without = None, "its `without` must name the component"),
        (&|bundle| bundle.arms[1].design.without = Some("a".into()), "is no ablation"),
        (&|bundle| bundle.components[1] = "a".into(), "`a` is named twice"),
        (
            &|bundle| bundle.arms[4].prediction.against = vec![Side::Arm("only-a".into()); 2],
            "compares with the same side twice",
        ),
        (
            &|bundle| bundle.arms[4].prediction.against = vec![Side::Arm("only-a".into()), Side::Reference],
            "its `against` must be the two ablations",
        ),
    ];
    for (change, expected) in cases {
        let problem = check(change).unwrap_err();
        assert!(problem.contains(expected), "{problem:?} does not say {expected:?}");
    }
}

#[test]
fn the_whole_held_against_the_sum_of_its_parts_counts_from_the_parent() {
    // The parts save 4 % each, the whole 10 %: 2 % more than their sum.
    let state = played(&[(0.25, 0.36), (0.25, 0.36), (0.25, 0.384), (0.25, 0.384), (0.25, 0.36)]);
    let effect = state.iterations[0].arms[4].finding.as_ref().unwrap().effect.unwrap();
    assert!((effect.estimate - 0.02).abs() < 1e-4, "{effect:?}");
}
