use super::super::Design;
use super::*;
use crate::fixture;
use std::collections::BTreeSet;

fn arm(name: &str, kind: ArmKind, against: Side, relation: Relation) -> Arm {
    Arm {
        name: name.into(),
        kind,
        hypothesis: "h".into(),
        mechanism: "m".into(),
        diagnostic: "d".into(),
        prediction: Prediction {
            metric: "saving".into(),
            against: vec![against],
            scope: vec![],
            relation,
            at_most: None,
            each: false,
            confidence: 0.6,
            interval: None,
        },
        design: Design {
            intent: format!("what {name} does"),
            point: None,
            uses: BTreeSet::new(),
            without: None,
            variants: vec![],
            candidate: None,
        },
    }
}

fn main() -> Arm {
    arm("main", ArmKind::Main, Side::Reference, Relation::AtLeast(0.05))
}

fn control() -> Arm {
    arm("control", ArmKind::ControlNegative, Side::Arm("main".into()), Relation::Within(0.02))
}

fn checked(arms: Vec<Arm>) -> Result<(), String> {
    check(&Bundle { question: "q".into(), parent: Side::Reference, components: vec![], arms }, &fixture::spec())
}

#[track_caller]
fn is_refused(arms: Vec<Arm>, why: &str) {
    let problem = checked(arms).unwrap_err();
    assert!(problem.contains(why), "{problem}");
}

#[test]
fn a_main_arm_with_a_control_is_consistent() {
    assert_eq!(checked(vec![main(), control()]), Ok(()));
}

#[test]
fn a_control_claims_no_difference_and_a_smaller_one_than_the_main_arm_claims() {
    let with = |relation| {
        let mut control = control();
        control.prediction.relation = relation;
        vec![main(), control]
    };
    is_refused(with(Relation::AtLeast(0.02)), "arm `control`: a control must not matter");
    is_refused(with(Relation::Within(0.05)), "a control has to be narrower");
    let mut of_another_metric = with(Relation::Within(0.05));
    of_another_metric[1].prediction.metric = "improvement".into();
    assert_eq!(checked(of_another_metric), Ok(()));
}

#[test]
fn a_design_is_not_compared_with_itself() {
    let mut control = control();
    control.design.intent = "Main".into();
    is_refused(vec![main(), control.clone()], "it compares the main design with itself");
    // In workloads where the mechanism has nothing to do, it is a control.
    (control.prediction.against, control.prediction.scope) = (vec![Side::Reference], vec!["near".into()]);
    assert_eq!(checked(vec![main(), control]), Ok(()));
}

#[test]
fn an_ablation_leaves_something_out() {
    let mut ablation = arm("less", ArmKind::Ablation, Side::Arm("main".into()), Relation::AtLeast(0.01));
    assert_eq!(checked(vec![main(), ablation.clone()]), Ok(()));
    ablation.design.intent = "  What MAIN does ".into();
    is_refused(vec![main(), ablation], "nothing is left out");
}

#[test]
fn no_two_arms_ask_the_same() {
    let mut again = arm("again", ArmKind::Robustness, Side::Reference, Relation::AtLeast(0.02));
    again.design.intent = main().design.intent;
    is_refused(vec![main(), again.clone()], "arm `again`: it compares the same design");
    again.design.intent = "a steeper one".into();
    assert_eq!(checked(vec![main(), again]), Ok(()));
}

#[test]
fn claims_of_one_design_that_differ_in_their_relation_are_told_apart_and_must_not_contradict_each_other() {
    let beside = |relation, kind| {
        let mut again = arm("again", kind, Side::Reference, relation);
        again.design.intent = main().design.intent;
        again
    };
    let (close, wide) = (Relation::Within(0.04), Relation::Within(0.2));
    is_refused(vec![main(), beside(close, ArmKind::Robustness)], "as `main`, and not both claims can hold");
    assert_eq!(checked(vec![main(), beside(wide, ArmKind::Robustness)]), Ok(()), "from 0.05 to 0.2");
    let mut bounded = beside(Relation::AtLeast(0.01), ArmKind::Robustness);
    bounded.prediction.at_most = Some(0.04);
    is_refused(vec![main(), bounded], "not both claims can hold");
    // An ablation's claim is about the reference less the arm.
    let mut other = main();
    other.design.intent = "another one".into();
    let worse = beside(Relation::AtLeast(0.02), ArmKind::Ablation);
    is_refused(vec![other, beside(Relation::AtLeast(0.02), ArmKind::Robustness), worse], "not both claims can hold");
}

#[test]
fn what_a_planner_expects_fits_what_it_claims() {
    let with = |interval, confidence| {
        let mut main = main();
        (main.prediction.interval, main.prediction.confidence) = (Some(interval), confidence);
        vec![main]
    };
    is_refused(with([0.0, 0.04], 0.7), "its claim fails all over the interval from 0 to 0.04");
    is_refused(with([0.06, 0.09], 0.3), "its claim holds all over the interval");
    for (interval, confidence) in [([0.0, 0.04], 0.1), ([0.06, 0.09], 0.9), ([0.02, 0.09], 0.3), ([0.02, 0.09], 0.8)] {
        assert_eq!(checked(with(interval, confidence)), Ok(()), "{interval:?} {confidence}");
    }
}

#[test]
fn only_a_whole_is_compared_with_a_sum_and_nothing_with_a_baseline_that_pays_nothing() {
    let mut sum = main();
    sum.prediction.against.push(Side::Baseline);
    is_refused(vec![sum.clone()], "only a super-additivity arm does that");
    sum.prediction.against = vec![Side::Baseline];
    is_refused(vec![sum.clone()], "the baseline pays nothing");
    sum.prediction.metric = "improvement".into();
    assert_eq!(checked(vec![sum]), Ok(()));
}

#[test]
fn who_looks_for_a_better_variant_does_not_claim_that_there_is_none() {
    let mut main = main();
    main.design.variants = vec!["steeper".into()];
    assert_eq!(checked(vec![main.clone()]), Ok(()));
    main.prediction.relation = Relation::Within(0.05);
    is_refused(vec![main], "it explores variants to find a better one");
}
