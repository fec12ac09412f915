//! An arm that tries several variants of one idea.

use super::*;

/// A campaign whose main arm explores an idea by three designs.
fn exploring(budget: Option<u32>) -> State {
    let mut main = arm("main", ArmKind::Main, Side::Reference);
    main.design.variants = vec!["a little more".into(), "much more".into()];
    let bundle = Bundle { question: "q".into(), parent: Side::Reference, components: vec![], arms: vec![main] };
    let registered = Event::BundleRegistered { bundle: Box::new(bundle), asked: vec![], work: vec![] };
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

/// A policy that gains as the reference does in each of 24 workloads, and pays a few per cent more or less from one to the next.
fn wide(cost: f64, seed: u64) -> Measurement {
    let noise = |workload: u64| 0.02 * (crate::keyed::uniform(seed, workload) - 0.5);
    let row = |workload: u64| (0..3).map(|_| fixture::cell(0.25, cost + noise(workload))).collect();
    fixture::measured((0..24).map(row).collect())
}

/// The same campaign on that panel.
fn exploring_widely() -> State {
    let Event::Started(mut started) = started(None) else { unreachable!("it is that") };
    started.scenarios = (0..24).map(|at| format!("s{at}")).collect();
    let yardsticks =
        Box::new(fixture::yardsticks(fixture::measured((0..24).map(|_| vec![fixture::cell(0.25, 0.4); 3]).collect())));
    let mut main = arm("main", ArmKind::Main, Side::Reference);
    main.design.variants = vec!["more".into(); 4];
    let bundle = Bundle { question: "q".into(), parent: Side::Reference, components: vec![], arms: vec![main] };
    let mut state = fold(&[
        Event::Started(started),
        Event::Calibrated { yardsticks, trials: Hash::of(b"") },
        Event::BundleRegistered { bundle: Box::new(bundle), asked: vec![], work: vec![] },
    ]);
    for (id, left) in [("c1", 4), ("c2", 3), ("c3", 2), ("c4", 1), ("c5", 0)] {
        apply(&mut state, &[variant(id, left)]);
    }
    state
}

fn stops(id: &str, measured: &Measurement) -> Event {
    let Event::CandidateEvaluated { candidate, trials, .. } = evaluated(id, None) else { unreachable!("it is that") };
    let part = Some(Box::new(measured.picked(&crate::stopping::part(24))));
    Event::CandidateEvaluated {
        candidate,
        outcome: Outcome::Stopped,
        scale: None,
        measurement: None,
        part,
        trials,
        descriptor: None,
        acts_like: None,
    }
}

#[test]
fn a_variant_far_behind_is_stopped_after_a_third() {
    let mut state = exploring_widely();
    let id = CandidateId::from("c2".to_owned());
    assert!(state.rival(&id).is_none(), "it is not its turn");
    apply(&mut state, &[evaluated("c1", Some(wide(0.34, 1)))]);
    let behind = state.rival(&id).unwrap().leaves_behind(&wide(0.38, 2).picked(&crate::stopping::part(24))).unwrap();
    assert_eq!((behind.rival.as_str(), behind.workloads, behind.of), ("c1", 8, 24));
    assert!((0.08..0.12).contains(&behind.by) && behind.error < 0.02, "{behind:?}");

    apply(&mut state, &[stops("c2", &wide(0.38, 2))]);
    let record = &state.candidates[&id];
    assert_eq!((record.outcome, record.behind.as_ref()), (Some(Outcome::Stopped), Some(&behind)));
    assert!(record.score.is_none() && !record.admissible && state.contender(&id).is_none(), "it leads nobody");
    apply(&mut state, &[stops("c3", &wide(0.39, 3)), stops("c4", &wide(0.40, 4))]);
    assert_eq!((state.evaluations, state.stopped), (2, 3), "three that were stopped are one evaluation");
    apply(&mut state, &[evaluated("c5", Some(wide(0.33, 5)))]);
    assert_eq!(state.current().arms[0].candidate, Some(CandidateId::from("c5".to_owned())));
}

#[test]
fn who_may_still_be_the_better_one_is_not_stopped_and_nobody_without_a_rival() {
    let mut state = exploring_widely();
    assert!(state.apply(&stops("c1", &wide(0.40, 1))).is_err(), "somebody has to be measured");
    apply(&mut state, &[evaluated("c1", Some(wide(0.36, 1)))]);
    let before = (state.evaluations, state.stopped);
    for measured in [wide(0.358, 2), wide(0.362, 2), wide(0.33, 2)] {
        let problem = state.apply(&stops("c2", &measured)).unwrap_err().problem;
        assert!(problem.contains("lies behind nobody"), "{problem}");
    }
    // Where it gains less than the reference its worth says little.
    let mut elsewhere = wide(0.40, 2);
    elsewhere.cells.iter_mut().flatten().for_each(|cell| cell.gain -= 0.02);
    assert!(state.apply(&stops("c2", &elsewhere)).is_err());
    assert!(state.apply(&stops("c3", &wide(0.40, 3))).is_err(), "it is not its turn");
    assert_eq!((state.evaluations, state.stopped), before, "an illegal event changes nothing");
}

#[test]
fn at_most_one_in_fifty_that_are_as_good_is_stopped() {
    let mut state = exploring_widely();
    apply(&mut state, &[evaluated("c1", Some(wide(0.36, 1)))]);
    let rival = state.rival(&CandidateId::from("c2".to_owned())).unwrap();
    let part = crate::stopping::part(24);
    // Both differ from workload to workload, which a single rival does not show.
    let own = |seed: u64| {
        let mut both = wide(0.36, seed);
        let luck = |at: usize| 0.02 * (crate::keyed::uniform(1, at as u64) - 0.5);
        both.cells.iter_mut().enumerate().for_each(|(at, row)| row.iter_mut().for_each(|cell| cell.cost += luck(at)));
        both
    };
    let stopped = (2..2002).filter(|seed| rival.leaves_behind(&own(*seed).picked(&part)).is_some()).count();
    assert!(stopped < 40, "{stopped} of 2000");
}

#[test]
fn who_was_stopped_is_measured_in_whole_when_it_comes_back() {
    let mut state = exploring_widely();
    apply(&mut state, &[evaluated("c1", Some(wide(0.34, 1)))]);
    apply(&mut state, &["c2", "c3", "c4", "c5"].map(|id| stops(id, &wide(0.39, 2))));
    assert_eq!(state.current().arms[0].candidate, Some(CandidateId::from("c1".to_owned())));
    let mut again = exploring_widely();
    apply(&mut again, &[evaluated("c1", Some(wide(0.34, 1))), stops("c2", &wide(0.39, 2))]);
    let record = again.arm_record(0);
    (record.variants, record.candidate) = (vec![], Some(CandidateId::from("c2".to_owned())));
    assert_eq!(again.next_action(), evaluate("c2"));
    apply(&mut again, &[evaluated("c2", Some(wide(0.39, 2)))]);
    let record = &again.candidates[&CandidateId::from("c2".to_owned())];
    assert_eq!((record.outcome, &record.behind), (Some(Outcome::Scored), &None));
}

#[test]
fn what_a_planner_has_measured_takes_an_evaluation_and_is_no_candidate() {
    let mut state = fold(&[started(Some(5)), calibrated()]);
    let (of, made) = (CandidateId::from("c1".to_owned()), CandidateId::from("c2".to_owned()));
    let measured = measurement(0.25, 0.36);
    let replaced = state.replaced(&of, ["a", "b"], (made.clone(), Hash::of(b"")), Ok(&measured));
    assert!(replaced.worth.is_some_and(|worth| (worth - 0.1).abs() < 1e-3), "{replaced:?}");
    assert_eq!((replaced.effect, replaced.beyond.map(|beyond| beyond.abs() < 1e-9)), (None, Some(true)));
    let failed =
        state.replaced(&of, ["a", "c"], (CandidateId::from("c3".to_owned()), Hash::of(b"")), Err(Outcome::Crashed));
    let plan_failed = Event::PlanFailed { reason: "no".into(), asked: vec![replaced, failed], work: vec![] };
    apply(&mut state, &[plan_failed]);
    assert_eq!((state.evaluations_left(), state.candidates.len()), (Some(3), 0));
    assert_eq!(state.iterations[0].asked.len(), 2);
}
