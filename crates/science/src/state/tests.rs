use super::*;
use crate::bundle::{Arm, ArmKind, Design, Prediction, Relation};
use crate::descriptor::Descriptor;
use crate::event::{Candidate, RULES};
use crate::experiment::{Budget, Experiment};
use crate::fixture;
use crate::id::Hash;
use crate::judge::Verdict;
use crate::nonce::Nonce;
use crate::objective::Measurement;
use crate::outcome::Outcome;
use crate::principle::Change;
use std::collections::BTreeSet;

mod audits;
mod budget;
mod fastfail;
mod finals;
mod simplifying;
mod tuning;
mod variants;
mod violations;

fn measurement(y: f64, x: f64) -> Measurement {
    let off = |seed: usize| seed as f64 * 1e-4;
    fixture::measured(vec![(0..3).map(|seed| fixture::cell(y + off(seed), x + off(seed))).collect()])
}

fn started(budget: Option<u32>) -> Event {
    Event::Started(Box::new(Started {
        rules: RULES,
        name: "admission".into(),
        experiment: Experiment {
            scenarios: vec!["s.toml".into()],
            budget: Budget { evaluations: budget, ..Budget::default() },
            ..fixture::experiment(vec![])
        },
        spec: fixture::spec(),
        scenarios: vec!["s".into()],
        training: vec![],
        features: vec![],
        workloads: vec![],
        inputs: BTreeMap::new(),
        nonce: Nonce::of(1),
        meaning: Hash::of(b"what is measured"),
        traces: vec![],
        agents: "scripted".into(),
        toolchain: "rustc".into(),
        version: "0".into(),
        sandboxed: true,
        repairs: 0,
    }))
}

fn calibrated() -> Event {
    Event::Calibrated { yardsticks: Box::new(fixture::yardsticks(measurement(0.25, 0.4))), trials: Hash::of(b"") }
}

fn arm(name: &str, kind: ArmKind, against: Side) -> Arm {
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
            relation: Relation::AtLeast(0.02),
            at_most: None,
            each: false,
            confidence: 0.5,
            interval: None,
        },
        design: Design {
            intent: "i".into(),
            point: None,
            uses: BTreeSet::new(),
            without: None,
            variants: vec![],
            candidate: None,
        },
    }
}

fn bundle() -> Event {
    let arms =
        vec![arm("main", ArmKind::Main, Side::Reference), arm("ablation", ArmKind::Ablation, Side::Arm("main".into()))];
    Event::BundleRegistered {
        bundle: Box::new(Bundle { question: "q".into(), parent: Side::Reference, components: vec![], arms }),
        asked: vec![],
        work: vec![],
    }
}

fn written(arm: &str, id: &str) -> Event {
    let candidate = Candidate {
        id: CandidateId::from(id.to_owned()),
        source: Hash::of(id.as_bytes()),
        parent: None,
        point: None,
        description_length: Some(3),
        repairs: None,
        tunables: 0,
        tunes: None,
    };
    Event::CandidateWritten { arm: arm.into(), candidate, work: vec![] }
}

fn evaluated(id: &str, measured: Option<Measurement>) -> Event {
    Event::CandidateEvaluated {
        candidate: CandidateId::from(id.to_owned()),
        outcome: if measured.is_some() { Outcome::Scored } else { Outcome::Timeout },
        scale: None,
        measurement: measured.map(Box::new),
        part: None,
        trials: Hash::of(b""),
        descriptor: None,
        acts_like: None,
    }
}

fn fold(events: &[Event]) -> State {
    let mut state = State::default();
    for event in events {
        state.apply(event).unwrap();
    }
    state
}

/// Applies recorded events, and runs policies on verdict seeds as they did on search seeds, until the world is needed.
fn settle(state: &mut State) -> Action {
    loop {
        let event = match state.next_action() {
            Action::Record(event) => *event,
            Action::Test { mut tests } => {
                let Test { policy, from, to } = tests.swap_remove(0);
                tested(state, policy, from..to)
            }
            action => return action,
        };
        state.apply(&event).unwrap();
    }
}

fn tested(state: &State, policy: Side, seeds: std::ops::Range<usize>) -> Event {
    let known = match &policy {
        Side::Candidate(id) => state.candidates[id].measurement.as_ref().unwrap(),
        _ => &state.yardsticks().reference,
    };
    fn rows<T: Copy>(rows: &[Vec<T>], seeds: &std::ops::Range<usize>) -> Vec<Vec<T>> {
        rows.iter().map(|row| seeds.clone().map(|seed| row[seed % row.len()]).collect()).collect()
    }
    let drawn = (state.opened().scenarios.len()..known.cells.len()).cycle().take(state.drawn_each());
    let known = known.picked(&state.tested_on().into_iter().chain(drawn).collect::<Vec<_>>());
    let series = known.series.iter().map(|(name, values)| (name.clone(), rows(values, &seeds))).collect();
    let measurement = Measurement { cells: rows(&known.cells, &seeds), series };
    let reference = policy == Side::Reference;
    let against = Yardsticks { drawn: state.drawn_each(), ..fixture::yardsticks(measurement.clone()) };
    Event::Tested {
        policy,
        from: seeds.start as u32,
        outcome: Outcome::Scored,
        yardsticks: reference.then(|| Box::new(against)),
        measurement: (!reference).then(|| Box::new(measurement)),
        trials: Hash::of(b""),
    }
}

#[test]
fn a_refuted_main_arm_skips_the_others_and_goes_on_to_lessons() {
    let worse = evaluated("c1", Some(measurement(0.25, 0.48)));
    let mut state = fold(&[started(None), calibrated(), bundle(), written("main", "c1"), worse]);
    assert_eq!(settle(&mut state), Action::Extract);
    let arms = &state.current().arms;
    assert_eq!(arms[0].finding.as_ref().unwrap().verdict, Verdict::Refuted);
    assert_eq!(arms[1].skipped.as_deref(), Some("the main claim is refuted"));
}

#[test]
fn a_confirmed_main_arm_leads_to_the_next_one() {
    let better = evaluated("c1", Some(measurement(0.25, 0.36)));
    let mut state = fold(&[started(None), calibrated(), bundle(), written("main", "c1"), better]);
    assert_eq!(settle(&mut state), Action::Implement { arm: 1 });
    assert_eq!(state.current().arms[0].finding.as_ref().unwrap().verdict, Verdict::Confirmed);
    assert_eq!(state.champion().map(|c| c.id.as_str().to_owned()), Some("c1".into()));
}

#[test]
fn a_candidate_that_timed_out_makes_its_claim_invalid_and_the_campaign_goes_on() {
    let mut state = fold(&[started(None), calibrated(), bundle(), written("main", "c1"), evaluated("c1", None)]);
    assert_eq!(settle(&mut state), Action::Extract);
    let finding = state.current().arms[0].finding.as_ref().unwrap();
    assert_eq!(finding.verdict, Verdict::Invalid);
    assert!(finding.reason.contains("timeout"));
}

#[test]
fn a_candidate_that_acts_as_its_parent_is_inert() {
    let same = evaluated("c1", Some(measurement(0.25, 0.4)));
    let mut state = fold(&[started(None), calibrated(), bundle(), written("main", "c1"), same]);
    settle(&mut state);
    assert!(state.current().arms[0].finding.as_ref().unwrap().reason.contains("inert"));
}

#[test]
fn the_evaluation_budget_is_checked_before_it_is_spent() {
    let mut state = fold(&[started(Some(0)), calibrated(), bundle(), written("main", "c1")]);
    assert_eq!(settle(&mut state), Action::Rest);
    assert_eq!(state.ended, Some(EndReason::BudgetSpent("evaluations (0)".into())));
}

#[test]
fn an_event_that_cannot_follow_is_an_error_and_changes_nothing() {
    let mut state = fold(&[started(None)]);
    let error = state.apply(&bundle()).unwrap_err();
    assert_eq!(error.event, "bundle-registered");
    assert_eq!(state.next_action(), Action::Calibrate);
}

#[test]
fn a_campaign_ends_after_its_last_iteration() {
    let worse = evaluated("c1", Some(measurement(0.25, 0.48)));
    let mut state = fold(&[started(Some(1)), calibrated(), bundle(), written("main", "c1"), worse]);
    settle(&mut state);
    state.apply(&Event::PrinciplesRevised { changes: vec![], failure: None, notes: None, work: vec![] }).unwrap();
    assert_eq!(settle(&mut state), Action::Rest);
    assert_eq!(state.ended, Some(EndReason::Completed));
    assert_eq!(state.current().volume, Some(1.0));
}

#[test]
fn an_ablation_is_confirmed_when_the_full_design_does_better() {
    let better = evaluated("c1", Some(measurement(0.25, 0.36)));
    let mut state = fold(&[started(None), calibrated(), bundle(), written("main", "c1"), better]);
    settle(&mut state);
    state.apply(&written("ablation", "c2")).unwrap();
    state.apply(&evaluated("c2", Some(measurement(0.25, 0.39)))).unwrap();
    assert_eq!(settle(&mut state), Action::Extract);
    let finding = state.current().arms[1].finding.as_ref().unwrap();
    assert_eq!(finding.verdict, Verdict::Confirmed);
    assert!(finding.effect.unwrap().estimate > 0.0);
}

fn repairing(repairs: u32) -> State {
    let Event::Started(mut opened) = started(None) else { unreachable!("it is that") };
    opened.repairs = repairs;
    fold(&[Event::Started(opened), calibrated(), bundle(), written("main", "c1")])
}

fn mended(id: &str, broken: &str) -> Event {
    let Event::CandidateWritten { arm, mut candidate, work } = written("main", id) else { unreachable!("it is that") };
    candidate.repairs = Some(CandidateId::from(broken.to_owned()));
    Event::CandidateWritten { arm, candidate, work }
}

#[test]
fn a_broken_candidate_goes_back_to_its_author_and_no_more_often_than_allowed() {
    let mut state = repairing(2);
    for (broken, next) in [("c1", "c2"), ("c2", "c3")] {
        state.apply(&evaluated(broken, None)).unwrap();
        assert_eq!(settle(&mut state), Action::Repair { arm: 0, defect: Defect::Outcome(Outcome::Timeout) });
        state.apply(&mended(next, broken)).unwrap();
    }
    state.apply(&evaluated("c3", None)).unwrap();
    assert_eq!(settle(&mut state), Action::Extract);
    assert_eq!(state.current().arms[0].repairs, 2);
    assert_eq!(state.current().arms[0].finding.as_ref().unwrap().verdict, Verdict::Invalid);
    assert_eq!(state.order.len(), 3, "every attempt stays on the record");
}

#[test]
fn a_mended_candidate_is_judged_like_any_other() {
    let mut state = repairing(2);
    state.apply(&evaluated("c1", None)).unwrap();
    state.apply(&mended("c2", "c1")).unwrap();
    state.apply(&evaluated("c2", Some(measurement(0.25, 0.36)))).unwrap();
    assert_eq!(settle(&mut state), Action::Implement { arm: 1 });
    assert_eq!(state.current().arms[0].finding.as_ref().unwrap().verdict, Verdict::Confirmed);
}

#[test]
fn an_author_who_cannot_mend_is_not_asked_again() {
    let mut state = repairing(2);
    state.apply(&evaluated("c1", None)).unwrap();
    let reason = "the same source came back".to_owned();
    state.apply(&Event::RepairFailed { arm: "main".into(), reason, work: vec![] }).unwrap();
    assert_eq!(settle(&mut state), Action::Extract);
}

#[test]
fn a_repair_must_say_what_it_mends() {
    let mut state = repairing(2);
    state.apply(&evaluated("c1", None)).unwrap();
    assert!(state.apply(&written("main", "c2")).is_err());
    assert!(state.apply(&mended("c2", "c9")).is_err());
    assert!(state.apply(&mended("c1", "c1")).is_err());
}

#[test]
fn where_no_evaluation_is_left_nothing_is_mended() {
    let Event::Started(mut opened) = started(Some(1)) else { unreachable!("it is that") };
    opened.repairs = 2;
    let events = [Event::Started(opened), calibrated(), bundle(), written("main", "c1"), evaluated("c1", None)];
    assert_eq!(settle(&mut fold(&events)), Action::Extract);
}

fn descriptor(input: &str) -> Descriptor {
    Descriptor { inputs: [input.to_owned()].into(), ..Descriptor::default() }
}

#[test]
fn a_candidate_that_ignores_what_its_design_uses_fails_the_manipulation_check() {
    for (input, verdict) in [("length", Verdict::Confirmed), ("weight", Verdict::Invalid)] {
        let Event::BundleRegistered { mut bundle, work, .. } = bundle() else { unreachable!("it is that") };
        bundle.arms[0].design.uses.insert("length".into());
        let Event::CandidateEvaluated { candidate, outcome, measurement, trials, acts_like, .. } =
            evaluated("c1", Some(measurement(0.25, 0.36)))
        else {
            unreachable!("it is that")
        };
        let descriptor = Some(Box::new(descriptor(input)));
        let probed = Event::CandidateEvaluated {
            candidate,
            outcome,
            scale: None,
            measurement,
            part: None,
            trials,
            descriptor,
            acts_like,
        };
        let registered = Event::BundleRegistered { bundle, asked: vec![], work };
        let mut state = fold(&[started(None), calibrated(), registered, written("main", "c1"), probed]);
        settle(&mut state);
        let finding = state.iterations[0].arms[0].finding.clone().unwrap();
        assert_eq!(finding.verdict, verdict, "{}", finding.reason);
        assert_eq!(finding.reason.contains("length"), verdict == Verdict::Invalid, "{}", finding.reason);
    }
}

#[test]
fn the_same_source_again_goes_back_and_is_in_the_end_no_test_of_the_claim() {
    let mut state = repairing(1);
    state.apply(&evaluated("c1", Some(measurement(0.25, 0.36)))).unwrap();
    settle(&mut state);
    state.apply(&written("ablation", "c1")).unwrap();
    let defect = Defect::ActsLike(CandidateId::from("c1".to_owned()));
    assert_eq!(settle(&mut state), Action::Repair { arm: 1, defect });
    let reason = "it is meant".to_owned();
    state.apply(&Event::RepairFailed { arm: "ablation".into(), reason, work: vec![] }).unwrap();
    assert_eq!(settle(&mut state), Action::Extract);
    assert_eq!(state.current().arms[1].finding.as_ref().unwrap().verdict, Verdict::Invalid);
}
