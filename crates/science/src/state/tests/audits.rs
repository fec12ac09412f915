//! Constraints are in force once they are audited, and as long as what they exclude holds nothing better.

use super::*;
use crate::audit::{AuditedPoint, POINTS};
use crate::principle::Confidence;
use crate::space::{Dimension, Measure, Value, Within};

/// A calibrated campaign over one dimension from 0 to 1.
fn opened(space_source: Option<&str>) -> State {
    let Event::Started(mut opened) = started(None) else { unreachable!("it opens a campaign") };
    opened.experiment.iterations = 12;
    opened.experiment.space_source = space_source.map(Into::into);
    opened.experiment.dimensions = vec![Dimension {
        name: "half".into(),
        meaning: String::new(),
        range: Some([0.0, 1.0]),
        values: vec![],
        measure: Measure::Uniform,
        parent: BTreeMap::new(),
    }];
    fold(&[Event::Started(opened), calibrated()])
}

/// One iteration whose main claim is refuted by a candidate of this name, up to where lessons are due.
fn refuted(state: &mut State, id: &str) {
    for event in [bundle(), written("main", id), evaluated(id, Some(measurement(0.25, 0.48)))] {
        state.apply(&event).unwrap();
    }
    assert_eq!(settle(state), Action::Extract);
}

fn forbidding(id: &str, range: [f64; 2]) -> Principle {
    Principle {
        id: id.into(),
        statement: "s".into(),
        mechanism: "m".into(),
        regime: "r".into(),
        evidence: vec!["F1.main".into()],
        confidence: Confidence::Provisional,
        status: Status::Active,
        constraint: Some(Constraint { excludes: [("half".to_owned(), Within::Range(range))].into() }),
    }
}

fn learn(state: &mut State, changes: Vec<Change>) -> Result<(), IllegalEvent> {
    state.apply(&Event::PrinciplesRevised { changes, failure: None, notes: None, work: vec![] })
}

/// The points that are to be measured, of which the first one saves this much.
fn measured(state: &State, saving: f64) -> Event {
    let Action::Audit { principle, points } = state.next_action() else { panic!("an audit is due") };
    let first = points[0].clone();
    let point = |point: Point| AuditedPoint {
        saving: if point == first { Some(saving) } else { None },
        worth: Some(0.0),
        scale: None,
        runs: 1,
        admissible: true,
        point,
    };
    Event::Audited { principle, points: points.into_iter().map(point).collect(), trials: Hash::of(b"") }
}

fn close(state: &mut State) {
    while let Action::Record(event) = state.next_action() {
        state.apply(&event).unwrap();
    }
}

#[test]
fn a_constraint_is_in_force_only_once_its_audit_found_nothing_better() {
    let mut state = opened(Some("space.rs"));
    refuted(&mut state, "c1");
    learn(&mut state, vec![Change::Insert(forbidding("P1", [0.0, 0.25]))]).unwrap();
    assert_eq!(state.volume(), 1.0, "it is proposed, not in force");
    let Action::Audit { principle, points } = state.next_action() else { panic!("an audit is due") };
    assert_eq!((principle.as_str(), points.len()), ("P1", POINTS));
    assert!(points.iter().all(|point| point["half"] <= Value::Number(0.25)));
    state.apply(&measured(&state, -0.1)).unwrap();
    assert!((state.volume() - 0.75).abs() < 0.01);
    assert_eq!(state.false_exclusion().map(|bound| (bound * 100.0).round()), Some(26.0));
    assert_eq!((state.audited, state.audit_trials()), (10, 30), "three cells each");
    assert_eq!(state.evaluations, 1, "it is not the candidates' budget");
    close(&mut state);
    assert_eq!(state.current().false_exclusion, state.false_exclusion());
}

#[test]
fn a_constraint_over_something_better_is_refused_and_its_lesson_stays() {
    let mut state = opened(Some("space.rs"));
    refuted(&mut state, "c1");
    learn(&mut state, vec![Change::Insert(forbidding("P1", [0.0, 0.25]))]).unwrap();
    state.apply(&measured(&state, 0.02)).unwrap();
    assert_eq!((state.volume(), state.false_exclusion()), (1.0, None));
    assert_eq!((state.principles[0].status, &state.principles[0].constraint), (Status::Active, &None));
    let refused = state.current().audits[0].refused.as_ref().unwrap();
    assert!(refused.starts_with("half 0.") && refused.contains("saves 2.0 %"), "{refused}");
}

#[test]
fn what_cannot_be_audited_is_not_in_force() {
    let mut state = opened(None);
    refuted(&mut state, "c1");
    learn(&mut state, vec![Change::Insert(forbidding("P1", [0.0, 0.25]))]).unwrap();
    assert_eq!(state.constraints().count(), 0);
    assert!(state.current().audits[0].refused.as_ref().unwrap().contains("`space`"));
    assert!(matches!(state.next_action(), Action::Record(_)), "the iteration closes");
}

#[test]
fn what_is_forbidden_already_takes_no_audit_and_what_replaces_a_constraint_is_audited_where_it_is_new() {
    let mut state = opened(Some("space.rs"));
    refuted(&mut state, "c1");
    let twice = vec![Change::Insert(forbidding("P1", [0.0, 0.25])), Change::Insert(forbidding("P2", [0.1, 0.2]))];
    learn(&mut state, twice).unwrap();
    state.apply(&measured(&state, 0.0)).unwrap();
    close(&mut state);
    assert_eq!((state.constraints().count(), state.audited), (2, 10));
    refuted(&mut state, "c2");
    learn(&mut state, vec![Change::Refine(forbidding("P1", [0.0, 0.5]))]).unwrap();
    assert!((state.volume() - 0.75).abs() < 0.01, "until then the audited one is in force");
    let Action::Audit { points, .. } = state.next_action() else { panic!("an audit is due") };
    assert!(points.iter().all(|point| point["half"] > Value::Number(0.25)));
    state.apply(&measured(&state, 0.0)).unwrap();
    assert!((state.volume() - 0.5).abs() < 0.01);
}

#[test]
fn a_point_that_did_not_run_backs_nothing_and_where_none_ran_nothing_is_forbidden() {
    let audit = |ran: usize| {
        let mut state = opened(Some("space.rs"));
        refuted(&mut state, "c1");
        learn(&mut state, vec![Change::Insert(forbidding("P1", [0.0, 0.25]))]).unwrap();
        let Event::Audited { principle, mut points, trials } = measured(&state, 0.0) else {
            unreachable!("it is that")
        };
        points.iter_mut().skip(ran).for_each(|point| (point.worth, point.saving) = (None, None));
        state.apply(&Event::Audited { principle, points, trials }).unwrap();
        (state.audited_points(), state.volume() < 0.8)
    };
    assert_eq!((audit(10), audit(4), audit(0)), ((10, true), (4, true), (0, false)));
}

#[test]
fn what_holds_the_best_policy_known_is_not_forbidden_and_takes_no_run() {
    let mut state = opened(Some("space.rs"));
    refuted(&mut state, "c1");
    let own = Point::from([("half".to_owned(), Value::Number(0.1))]);
    state.candidates.get_mut(&CandidateId::from("c1".to_owned())).unwrap().candidate.point = Some(own);
    learn(&mut state, vec![Change::Insert(forbidding("P1", [0.0, 0.25]))]).unwrap();
    close(&mut state);
    let audit = &state.iterations[0].audits[0];
    assert!(audit.refused.as_ref().unwrap().contains("holds the best policy known (half 0.100)"), "{audit:?}");
    assert_eq!((audit.points.len(), state.audited, state.volume()), (0, 0, 1.0));
}

#[test]
fn a_principle_is_again_what_it_was_when_what_it_was_to_forbid_as_well_is_refused() {
    let mut state = opened(Some("space.rs"));
    refuted(&mut state, "c1");
    learn(&mut state, vec![Change::Insert(forbidding("P1", [0.0, 0.25]))]).unwrap();
    state.apply(&measured(&state, 0.0)).unwrap();
    close(&mut state);
    let before = state.principles.clone();
    refuted(&mut state, "c2");
    let wider = Principle { statement: "all of it".into(), ..forbidding("P1", [0.0, 0.5]) };
    learn(&mut state, vec![Change::Refine(wider)]).unwrap();
    state.apply(&measured(&state, 0.5)).unwrap();
    assert_eq!(state.principles, before);
    assert_eq!(state.audited_points(), 10);
}

#[test]
fn an_audit_of_another_principle_or_of_points_elsewhere_cannot_follow() {
    let mut state = opened(Some("space.rs"));
    refuted(&mut state, "c1");
    learn(&mut state, vec![Change::Insert(forbidding("P1", [0.0, 0.25]))]).unwrap();
    let Event::Audited { points, trials, .. } = measured(&state, 0.0) else { unreachable!("it is an audit") };
    let other = Event::Audited { principle: "P2".into(), points: points.clone(), trials: trials.clone() };
    assert!(state.apply(&other).unwrap_err().problem.contains("the turn is P1's"));
    let mut elsewhere = points;
    elsewhere[0].point.insert("half".into(), Value::Number(0.9));
    let elsewhere = Event::Audited { principle: "P1".into(), points: elsewhere, trials };
    assert!(state.apply(&elsewhere).unwrap_err().problem.contains("lies outside"));
    assert_eq!((state.audited, state.constraints().count()), (0, 0));
}

#[test]
fn a_lesson_is_established_by_two_iterations_and_by_nobodys_word() {
    let mut state = opened(Some("space.rs"));
    refuted(&mut state, "c1");
    let named = Principle { confidence: Confidence::Established, ..forbidding("P1", [0.0, 0.25]) };
    let problem = learn(&mut state, vec![Change::Insert(named.clone())]).unwrap_err().problem;
    assert!(problem.contains("its evidence does not carry"), "{problem}");
    learn(&mut state, vec![]).unwrap();
    close(&mut state);
    refuted(&mut state, "c2");
    let evidence = vec!["F1.main".into(), "F2.main".into()];
    assert_eq!(state.confidence(&evidence), Confidence::Established);
    assert_eq!(state.confidence(&evidence[1..]), Confidence::Provisional);
    learn(&mut state, vec![Change::Insert(Principle { evidence, ..named })]).unwrap();
}
