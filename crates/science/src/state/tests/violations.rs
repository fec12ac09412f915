use super::*;

/// The verdict seeds' trials of a candidate, in one of which it does what it must never do.
fn violating(state: &State, id: &str) -> Event {
    let Event::Tested { policy, from, outcome, measurement, trials, .. } =
        tested(state, Side::Candidate(CandidateId::from(id.to_owned())), 0..3)
    else {
        unreachable!("it is that")
    };
    let mut measurement = measurement.unwrap();
    measurement.cells[0][1].violations = 7;
    Event::Tested { policy, from, outcome, measurement: Some(measurement), yardsticks: None, trials }
}

/// A candidate that saves much, with the reference's trials on the verdict seeds.
fn promising() -> State {
    let better = evaluated("c1", Some(measurement(0.25, 0.36)));
    let mut state = fold(&[started(None), calibrated(), bundle(), written("main", "c1"), better]);
    let reference = tested(&state, Side::Reference, 0..3);
    state.apply(&reference).unwrap();
    state
}

#[test]
fn who_does_what_must_never_be_done_on_verdict_seeds_confirms_nothing_and_is_not_admissible_ever_after() {
    let mut control = promising();
    settle(&mut control);
    assert_eq!(control.current().arms[0].finding.as_ref().unwrap().verdict, Verdict::Confirmed, "the control");
    assert_eq!(control.champion().map(|champion| champion.id), Some(CandidateId::from("c1".to_owned())));

    let mut state = promising();
    let event = violating(&state, "c1");
    state.apply(&event).unwrap();
    settle(&mut state);
    let finding = state.current().arms[0].finding.as_ref().unwrap();
    assert_eq!(finding.verdict, Verdict::Invalid);
    assert!(finding.reason.contains("dropped 7 sealed letters"), "{}", finding.reason);
    let id = CandidateId::from("c1".to_owned());
    assert!(!state.candidates[&id].admissible && state.champion().is_none());
    assert!(state.objections(&id)[0].contains("dropped 7 sealed letters"), "{:?}", state.objections(&id));
    assert_eq!(state.ranked().map(|contender| contender.admissible).collect::<Vec<_>>(), [false]);
}

#[test]
fn who_led_before_leads_again_once_the_leader_is_found_to_do_what_must_never_be_done() {
    let mut state = promising();
    settle(&mut state);
    state.apply(&written("ablation", "c2")).unwrap();
    state.apply(&evaluated("c2", Some(measurement(0.25, 0.39)))).unwrap();
    let champion = |state: &State| state.champion().map(|champion| champion.id.as_str().to_owned());
    assert_eq!(champion(&state).as_deref(), Some("c1"));
    state.take_violations(&CandidateId::from("c1".to_owned()), 1);
    assert_eq!(champion(&state).as_deref(), Some("c2"));
    assert_eq!(state.worthiest().count(), 1);
    settle(&mut state);
    let finding = state.current().arms[1].finding.as_ref().unwrap();
    assert_eq!(finding.verdict, Verdict::Invalid, "a claim against it says nothing: {}", finding.reason);
}
