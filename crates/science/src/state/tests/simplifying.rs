//! When the champion is simplified, and what becomes of what that made.

use super::*;
use crate::event::Simpler;

/// A campaign whose only iteration is done, with a champion that saves a tenth or, if `x` is 0.4, nothing.
fn through(evaluations: Option<u32>, x: f64) -> (State, Action) {
    let scored = evaluated("c1", Some(measurement(0.25, x)));
    let mut state = fold(&[started(evaluations), calibrated(), bundle(), written("main", "c1"), scored]);
    let mut action = settle(&mut state);
    if action == (Action::Implement { arm: 1 }) {
        let reason = "nobody could".to_owned();
        state.apply(&Event::ExecutorFailed { arm: "ablation".into(), reason, work: vec![] }).unwrap();
        action = settle(&mut state);
    }
    assert_eq!(action, Action::Extract);
    state.apply(&Event::PrinciplesRevised { changes: vec![], failure: None, notes: None, work: vec![] }).unwrap();
    let action = settle(&mut state);
    (state, action)
}

fn id(id: &str) -> CandidateId {
    CandidateId::from(id.to_owned())
}

fn simplified(of: &str, made: Option<(&str, &str)>) -> Event {
    let made = made.map(|(made, parent)| {
        let Event::CandidateWritten { mut candidate, .. } = written("main", made) else { unreachable!("it is that") };
        (candidate.parent, candidate.description_length) = (Some(id(parent)), Some(2));
        candidate
    });
    let tried = Simpler {
        change: "without `b` in `a * b`".into(),
        outcome: Outcome::Scored,
        gain: Some(0.0),
        description_length: Some(2),
        admissible: true,
        kept: true,
    };
    Event::Simplified { of: id(of), tried: vec![tried; 2], trials: Hash::of(b""), candidate: made }
}

#[test]
fn the_champion_is_simplified_once_before_the_campaign_ends() {
    let (mut state, action) = through(None, 0.36);
    assert_eq!(action, Action::Simplify { candidate: id("c1") });
    assert_eq!(state.iteration_number(), 1, "no further iteration comes");
    state.apply(&simplified("c1", None)).unwrap();
    assert_eq!(state.evaluations, 3, "each change counts");
    assert_eq!(settle(&mut state), Action::Rest);
    assert_eq!(state.ended, Some(EndReason::Completed));
}

#[test]
fn without_a_champion_or_a_budget_for_a_change_and_its_candidate_the_campaign_just_ends() {
    assert_eq!(through(Some(3), 0.36).1, Action::Simplify { candidate: id("c1") });
    assert_eq!(through(Some(2), 0.36).1, Action::Rest);
    let mut refusing = measurement(0.25, 0.36);
    refusing.cells[0][0].violations = 1;
    let events = [started(None), calibrated(), bundle(), written("main", "c1"), evaluated("c1", Some(refusing))];
    let state = fold(&events);
    assert_eq!(state.next_for_simplifying(), None);
}

#[test]
fn what_simplifying_made_is_evaluated_and_wins_with_the_shorter_description() {
    let (mut state, _) = through(None, 0.36);
    state.apply(&simplified("c1", Some(("c2", "c1")))).unwrap();
    assert_eq!(state.next_action(), Action::Evaluate { candidate: id("c2") });
    state.apply(&evaluated("c2", Some(measurement(0.25, 0.361)))).unwrap();
    assert_eq!(state.champion().unwrap().id, id("c2"));
    assert_eq!((settle(&mut state), state.candidates[&id("c2")].iteration), (Action::Rest, 1));
}

#[test]
fn a_simplification_of_another_candidate_or_of_none_that_it_made_is_illegal() {
    let (mut state, _) = through(None, 0.36);
    for (illegal, problem) in [
        (simplified("c9", None), "not to be simplified"),
        (simplified("c1", Some(("c2", "c9"))), "not what simplifying made"),
        (simplified("c1", Some(("c1", "c1"))), "not what simplifying made"),
        (evaluated("c1", None), "not what simplifying made"),
    ] {
        assert!(state.apply(&illegal).unwrap_err().problem.contains(problem));
    }
    assert_eq!((state.evaluations, &state.simplification), (1, &None), "an illegal event changes nothing");
    state.apply(&simplified("c1", None)).unwrap();
    assert!(state.apply(&simplified("c1", None)).unwrap_err().problem.contains("not to be simplified"));
}

#[test]
fn a_change_may_stay_if_it_loses_next_to_nothing_and_could_be_champion() {
    let (state, _) = through(None, 0.36);
    let worth = |y: f64, x: f64| state.simpler(&id("c1"), "?".into(), Some(2), Ok(&measurement(y, x)));
    assert!(worth(0.25, 0.3618).may_stay());
    let worse = worth(0.25, 0.3622);
    assert!(worse.admissible && !worse.may_stay(), "{worse:?}");
    let short = worth(0.2499, 0.35);
    assert!(!short.admissible && short.gain.is_some_and(|gain| gain > 0.0), "{short:?}");
    let broken = state.simpler(&id("c1"), "?".into(), None, Err(Outcome::DoesNotCompile));
    assert_eq!((broken.outcome, broken.may_stay()), (Outcome::DoesNotCompile, false));
}
