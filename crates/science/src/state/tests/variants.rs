//! An arm that tries several variants of one idea.

use super::*;

/// A campaign whose main arm explores an idea by three designs.
fn exploring(budget: Option<u32>) -> State {
    let mut main = arm("main", ArmKind::Main, Side::Reference);
    main.design.variants = vec!["a little more".into(), "much more".into()];
    let bundle = Bundle { question: "q".into(), parent: Side::Reference, components: vec![], arms: vec![main] };
    let registered = Event::BundleRegistered { bundle: Box::new(bundle), work: vec![] };
    fold(&[started(budget), calibrated(), registered])
}

fn variant(id: &str, left: u32) -> Event {
    let Event::CandidateWritten { arm, candidate, work } = written("main", id) else { unreachable!("it is that") };
    Event::VariantWritten { arm, candidate, left, work }
}

fn saves(id: &str, cost: f64) -> Event {
    evaluated(id, Some(measurement(0.25, cost)))
}

fn evaluate(id: &str) -> Action {
    Action::Evaluate { candidate: CandidateId::from(id.to_owned()) }
}

fn apply(state: &mut State, events: &[Event]) {
    events.iter().for_each(|event| state.apply(event).unwrap());
}

#[test]
fn all_variants_are_measured_and_the_claim_is_about_the_best() {
    let mut state = exploring(None);
    for (id, left) in [("c1", 2), ("c2", 1), ("c3", 0)] {
        assert_eq!(settle(&mut state), Action::Implement { arm: 0 });
        apply(&mut state, &[variant(id, left)]);
    }
    for (id, cost) in [("c1", 0.39), ("c2", 0.36), ("c3", 0.38)] {
        assert_eq!(settle(&mut state), evaluate(id));
        apply(&mut state, &[saves(id, cost)]);
    }
    assert_eq!(settle(&mut state), Action::Extract);
    let record = &state.current().arms[0];
    assert_eq!(record.candidate, Some(CandidateId::from("c2".to_owned())));
    assert_eq!(record.finding.as_ref().unwrap().verdict, Verdict::Confirmed);
    assert_eq!(state.evaluations, 3, "each is charged");
}

#[test]
fn a_variant_that_fails_costs_itself_alone() {
    let mut state = exploring(None);
    apply(&mut state, &[variant("c1", 1), variant("c2", 0), evaluated("c1", None), saves("c2", 0.36)]);
    assert_eq!(state.current().arms[0].candidate, Some(CandidateId::from("c2".to_owned())));
}

#[test]
fn where_all_fail_the_first_is_judged() {
    let mut state = exploring(None);
    apply(&mut state, &[variant("c1", 1), variant("c2", 0), evaluated("c1", None), evaluated("c2", None)]);
    assert_eq!(settle(&mut state), Action::Extract);
    let record = &state.current().arms[0];
    assert_eq!(record.candidate, Some(CandidateId::from("c1".to_owned())));
    assert_eq!(record.finding.as_ref().unwrap().verdict, Verdict::Invalid);
}

#[test]
fn a_source_that_was_measured_before_is_not_measured_again() {
    let mut state = exploring(None);
    apply(&mut state, &[variant("c1", 1), variant("c1", 0), saves("c1", 0.36)]);
    assert_eq!(state.evaluations, 1);
    assert!(state.current().arms[0].candidate.is_some());
}

#[test]
fn where_the_budget_ends_the_best_so_far_is_judged() {
    let mut state = exploring(Some(2));
    apply(&mut state, &[variant("c1", 2), variant("c2", 1), variant("c3", 0)]);
    apply(&mut state, &[saves("c1", 0.36), saves("c2", 0.38)]);
    assert_eq!(state.current().arms[0].candidate, Some(CandidateId::from("c1".to_owned())));
}

#[test]
fn variants_come_in_turn_and_only_where_they_were_asked_for() {
    let mut state = exploring(None);
    assert!(state.apply(&variant("c1", 3)).is_err(), "three designs are not four");
    apply(&mut state, &[variant("c1", 2)]);
    assert!(state.apply(&variant("c2", 0)).is_err());
    let mut plain = fold(&[started(None), calibrated(), bundle()]);
    assert!(plain.apply(&variant("c1", 0)).is_err());
}

#[test]
fn who_explores_takes_no_other_arm() {
    let mut main = arm("main", ArmKind::Main, Side::Reference);
    main.design.variants = vec!["more".into()];
    let control = arm("control", ArmKind::ControlNegative, Side::Arm("main".into()));
    let arms = vec![main.clone(), control];
    let names = ["s".to_owned()];
    let mut bundle = Bundle { question: "q".into(), parent: Side::Reference, components: vec![], arms };
    assert!(bundle.check(&names, &fixture::spec()).unwrap_err().contains("no other arm"));
    bundle.arms = vec![main];
    assert_eq!(bundle.check(&names, &fixture::spec()), Ok(()));
    bundle.arms[0].design.variants = vec!["more".into(); 8];
    assert!(bundle.check(&names, &fixture::spec()).unwrap_err().contains("at most 8"));
}
