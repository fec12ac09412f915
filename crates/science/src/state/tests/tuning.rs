//! When constants are tuned, and what becomes of what tuning made.

use super::*;
use crate::tuner::{Range, Tried};

/// A campaign after the verdicts of its first iteration, whose main candidate declares this many constants and costs `x`.
fn judged(tunables: u32, x: f64, evaluations: Option<u32>) -> (State, Action) {
    let Event::CandidateWritten { arm, mut candidate, work } = written("main", "c1") else {
        unreachable!("it is that")
    };
    candidate.tunables = tunables;
    let main = Event::CandidateWritten { arm, candidate, work };
    let scored = evaluated("c1", Some(measurement(0.25, x)));
    let mut state = fold(&[started(evaluations), calibrated(), bundle(), main, scored]);
    let action = settle(&mut state);
    if action != (Action::Implement { arm: 1 }) {
        return (state, action);
    }
    let reason = "nobody could".to_owned();
    state.apply(&Event::ExecutorFailed { arm: "ablation".into(), reason, work: vec![] }).unwrap();
    let action = settle(&mut state);
    (state, action)
}

fn tuned(candidate: &str, retuned: Option<&str>) -> Event {
    let tried = |half: f64, value: f64| Tried::new(vec![half], value);
    let retuned = retuned.map(|id| {
        let Event::CandidateWritten { mut candidate, .. } = written("main", id) else { unreachable!("it is that") };
        (candidate.tunables, candidate.tunes) = (1, Some(CandidateId::from("c1".to_owned())));
        candidate
    });
    Event::Tuned {
        candidate: CandidateId::from(candidate.to_owned()),
        tunables: vec![Range { name: "half".into(), default: 0.3, low: 0.1, high: 0.9 }],
        tried: vec![tried(0.3, 0.1), tried(0.4, 0.2)],
        trials: Hash::of(b""),
        best: vec![0.4],
        retuned,
    }
}

fn tune(id: &str) -> Action {
    Action::Tune { candidate: CandidateId::from(id.to_owned()) }
}

#[test]
fn a_main_candidate_that_leads_is_tuned_if_it_declares_constants() {
    assert_eq!(judged(1, 0.36, None).1, tune("c1"));
    assert_eq!(judged(0, 0.36, None).1, Action::Extract);
    assert_eq!(judged(1, 0.48, None).1, tune("c1"), "its claim is refuted, but nothing is better");
}

#[test]
fn tuning_begins_where_there_is_room_for_half_of_what_it_would_take() {
    // Ten points, three to shorten a constant, and one for the new candidate; one evaluation is spent.
    assert_eq!(judged(1, 0.36, Some(29)).1, tune("c1"), "half of what is left will do");
    assert_eq!(judged(1, 0.36, Some(14)).1, Action::Extract, "all of what is left would not");
}

#[test]
fn what_tuning_made_is_evaluated_and_waits_for_a_verdict() {
    let (mut state, _) = judged(1, 0.36, Some(100));
    state.apply(&tuned("c1", Some("c2"))).unwrap();
    assert_eq!(state.evaluations, 3, "each point counts");
    let made = CandidateId::from("c2".to_owned());
    assert_eq!((state.next_action(), state.tuned_unjudged()), (Action::Evaluate { candidate: made.clone() }, None));
    state.apply(&evaluated("c2", Some(measurement(0.25, 0.3)))).unwrap();
    assert_eq!((state.next_action(), state.tuned_unjudged()), (Action::Extract, Some(&made)));
    assert_eq!(state.current().tuning.as_ref().and_then(Tuning::gain), Some([0.1, 0.2]));
}

#[test]
fn a_candidate_is_tuned_once_and_what_tuning_made_never() {
    let (mut state, _) = judged(1, 0.36, None);
    let before = state.evaluations;
    for (illegal, problem) in [(tuned("c9", None), "never written"), (tuned("c1", Some("c1")), "not what tuning made")]
    {
        assert!(state.apply(&illegal).unwrap_err().problem.contains(problem));
    }
    assert_eq!(state.evaluations, before, "an illegal event changes nothing");
    state.apply(&tuned("c1", Some("c2"))).unwrap();
    assert!(state.apply(&tuned("c1", None)).unwrap_err().problem.contains("before"));
    state.apply(&evaluated("c2", Some(measurement(0.25, 0.3)))).unwrap();
    // The next iteration claims about what tuning made, and the claim stands.
    let iteration = state.iterations.last_mut().unwrap();
    iteration.tuning = None;
    iteration.arms[0].candidate = Some(CandidateId::from("c2".to_owned()));
    assert_eq!(state.next_action(), Action::Extract);
}

#[test]
fn an_arm_that_takes_a_known_candidate_is_judged_without_asking_anybody() {
    let Event::Started(mut opened) = started(None) else { unreachable!("it is that") };
    opened.experiment.iterations = 2;
    let (main, better) = (written("main", "c1"), evaluated("c1", Some(measurement(0.25, 0.36))));
    let mut state = fold(&[Event::Started(opened), calibrated(), bundle(), main, better]);
    settle(&mut state);
    state.apply(&Event::ExecutorFailed { arm: "ablation".into(), reason: "no".into(), work: vec![] }).unwrap();
    settle(&mut state);
    state.apply(&Event::PrinciplesRevised { changes: vec![], failure: None, notes: None, work: vec![] }).unwrap();
    assert_eq!(settle(&mut state), Action::Plan);
    let claims_about = |id: &str| {
        let Event::BundleRegistered { mut bundle, work, .. } = bundle() else { unreachable!("it is that") };
        bundle.arms[0].design.candidate = Some(CandidateId::from(id.to_owned()));
        Event::BundleRegistered { bundle, asked: vec![], work }
    };
    assert!(state.apply(&claims_about("c9")).unwrap_err().problem.contains("does not have"));
    state.apply(&claims_about("c1")).unwrap();
    assert_eq!(settle(&mut state), Action::Implement { arm: 1 }, "nobody writes the main arm");
    assert_eq!(state.current().arms[0].finding.as_ref().unwrap().verdict, Verdict::Confirmed);
    assert_eq!((state.evaluations, state.order.len()), (1, 1), "fresh seeds, and no new candidate");
}
