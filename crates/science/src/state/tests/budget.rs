//! What verdicts may cost.

use super::*;
use crate::yardsticks::SCALES;

/// Trials of a claim on each verdict seed of one scenario: the baseline's, the candidate's and those of the yardsticks, which
/// are the reference, its twin, what bounds it and its other scales.
const EACH: u32 = 2 + 3 + SCALES.len() as u32;
/// A budget that reaches for 12 seeds, and not for 16.
const TWELVE: u32 = 12 * EACH + 14;

/// A campaign whose main candidate saves `more` than it claims, too little for a look to decide.
fn close_call(more: f64, verdict_trials: Option<u32>, iterations: u32) -> State {
    let Event::Started(mut opened) = started(None) else { unreachable!("it is that") };
    opened.experiment.budget.verdict_trials = verdict_trials;
    opened.experiment.iterations = iterations;
    let mut noisy = measurement(0.25, 0.392 - 0.4 * more);
    noisy.cells[0].iter_mut().zip([-0.01, 0.0, 0.01]).for_each(|(cell, noise)| cell.cost += noise);
    let written = written("main", "c1");
    let mut state = fold(&[Event::Started(opened), calibrated(), bundle(), written, evaluated("c1", Some(noisy))]);
    settle(&mut state);
    state
}

fn finding(state: &State) -> (Verdict, usize) {
    let finding = state.iterations[0].arms[0].finding.as_ref().unwrap();
    (finding.verdict, finding.seeds)
}

#[test]
fn a_claim_that_the_budget_of_verdict_trials_breaks_off_stays_open_with_what_the_look_before_said() {
    let state = close_call(0.0235, Some(TWELVE), 1);
    // The next look would take four seeds more.
    assert_eq!((finding(&state), state.verdict_trials()), ((Verdict::Inconclusive, 12), 12 * EACH));
    let finding = state.iterations[0].arms[0].finding.clone().unwrap();
    assert!(finding.effect.is_some_and(|effect| effect.low < 0.02 && effect.high > 0.02), "{finding:?}");
    assert!(finding.reason.contains(&format!("({TWELVE} of {TWELVE})")), "{}", finding.reason);
}

#[test]
fn an_iteration_takes_no_more_than_twice_its_even_share() {
    let state = close_call(0.029, Some(18 * EACH), 4);
    assert_eq!((finding(&state), state.verdict_trials()), ((Verdict::Inconclusive, 8), 8 * EACH));
}

#[test]
fn a_claim_that_no_affordable_look_is_likely_to_decide_leaves_its_trials_to_others() {
    let state = close_call(0.0, Some(TWELVE), 1);
    assert_eq!((finding(&state), state.verdict_trials()), ((Verdict::Inconclusive, 3), 3 * EACH));
    let reason = &state.iterations[0].arms[0].finding.as_ref().unwrap().reason;
    assert!(reason.contains("12 seeds") && reason.contains("would hardly decide"), "{reason}");
}

#[test]
fn an_iteration_may_take_twice_its_even_share_but_not_the_first_looks_of_later_ones() {
    let Event::Started(mut opened) = started(None) else { unreachable!("it is that") };
    opened.experiment.iterations = 4;
    assert_eq!(fold(&[Event::Started(opened.clone()), calibrated()]).verdict_share(), None);
    opened.experiment.budget.verdict_trials = Some(40);
    assert_eq!(
        fold(&[Event::Started(opened), calibrated()]).verdict_share(),
        Some(10),
        "what is left reaches for no first look"
    );
    // Of what is left for three, one may take two thirds, but three first looks for each of the two others stay.
    assert_eq!(close_call(0.0, Some(15 * EACH), 4).verdict_share(), Some(12 * EACH - 2 * 3 * EACH));
}

#[test]
fn a_budget_without_room_for_the_first_look_leaves_a_claim_open_without_an_effect() {
    let state = close_call(0.0, Some(3 * EACH - 1), 1);
    assert_eq!((finding(&state), state.verdict_trials()), ((Verdict::Inconclusive, 0), 0));
    assert_eq!(state.iterations[0].arms[0].finding.as_ref().unwrap().effect, None);
}

#[test]
fn without_a_budget_the_last_look_decides() {
    let state = close_call(0.0, None, 1);
    assert_eq!(finding(&state).1, crate::sequence::Sequence::Scenarios.last());
    assert_eq!(state.verdict_trials(), EACH * crate::sequence::Sequence::Scenarios.last() as u32);
}

#[test]
fn a_claim_whose_sides_never_differ_is_not_exercised_unless_it_is_a_control() {
    for (kind, verdict) in [(ArmKind::Robustness, Verdict::Invalid), (ArmKind::ControlNegative, Verdict::Confirmed)] {
        let Event::BundleRegistered { mut bundle, work, .. } = bundle() else { unreachable!("it is that") };
        bundle.arms[1].kind = kind;
        bundle.arms[1].prediction.relation = Relation::Within(0.01);
        let registered = Event::BundleRegistered { bundle, asked: vec![], work };
        let better = evaluated("c1", Some(measurement(0.25, 0.36)));
        let mut state = fold(&[started(None), calibrated(), registered, written("main", "c1"), better]);
        settle(&mut state);
        state.apply(&written("ablation", "c1")).unwrap();
        settle(&mut state);
        let finding = state.current().arms[1].finding.as_ref().unwrap();
        assert_eq!(finding.verdict, verdict, "{}", finding.reason);
        assert_eq!(finding.reason.contains("not exercised"), verdict == Verdict::Invalid, "{}", finding.reason);
    }
}

#[test]
fn an_interval_must_have_its_low_end_below_its_high_end() {
    for (interval, good) in [([-0.01, 0.02], true), ([0.02, 0.02], false), ([0.0, f64::INFINITY], false)] {
        let Event::BundleRegistered { mut bundle, .. } = bundle() else { unreachable!("it is that") };
        bundle.arms[0].prediction.interval = Some(interval);
        let checked = bundle.check(&["s".to_owned()], &fixture::spec());
        assert_eq!(checked.is_ok(), good, "{checked:?}");
    }
}

#[test]
fn arms_that_no_evaluation_is_left_for_are_skipped_and_the_iteration_is_learned_from() {
    let Event::Started(mut opened) = started(Some(1)) else { unreachable!("it is that") };
    opened.experiment.iterations = 2;
    let saves = evaluated("c1", Some(measurement(0.25, 0.3)));
    let mut state = fold(&[Event::Started(opened), calibrated(), bundle(), written("main", "c1"), saves]);
    assert_eq!(settle(&mut state), Action::Extract);
    assert_eq!(state.current().arms[1].skipped.as_deref(), Some("the budget of evaluations is spent"));
    assert!(!state.current().arms[1].is_spared(), "nobody found it pointless");
    state.apply(&Event::PrinciplesRevised { changes: vec![], failure: None, notes: None, work: vec![] }).unwrap();
    assert_eq!(settle(&mut state), Action::Rest, "nobody plans what cannot be evaluated");
    assert_eq!(state.ended, Some(EndReason::BudgetSpent("evaluations (1)".into())));
}

#[test]
fn arms_that_are_looked_at_after_other_numbers_of_seeds_take_the_steps_of_the_reference_and_no_further_ones() {
    // One scenario and one drawn workload, of which every verdict seed brings four.
    let rows = |measured: Measurement| fixture::measured([&measured.cells[..], &measured.cells[..]].concat());
    let yardsticks = Yardsticks { drawn: 1, ..fixture::yardsticks(rows(measurement(0.25, 0.4))) };
    let calibrated = Event::Calibrated { yardsticks: Box::new(yardsticks), trials: Hash::of(b"") };
    let mut about_one = arm("main", ArmKind::Main, Side::Reference);
    about_one.prediction.metric = "improvement".into();
    about_one.prediction.relation = Relation::Within(0.01);
    about_one.prediction.each = true;
    let mut about_all = arm("other", ArmKind::Robustness, Side::Reference);
    about_all.prediction.relation = Relation::Within(0.01);
    let bundle =
        Bundle { question: "q".into(), parent: Side::Reference, components: vec![], arms: vec![about_one, about_all] };
    let bundle = Event::BundleRegistered { bundle: Box::new(bundle), asked: vec![], work: vec![] };
    let better = |id: &str, cost: f64| evaluated(id, Some(rows(measurement(0.2505, cost))));
    let mut state = fold(&[started(None), calibrated, bundle, written("main", "c1"), better("c1", 0.399)]);
    let mut ran: Vec<(Side, std::ops::Range<usize>)> = Vec::new();
    let mut events = [written("other", "c2"), better("c2", 0.398)].into_iter();
    while !matches!(state.next_action(), Action::Extract) {
        let event = match state.next_action() {
            Action::Record(event) => *event,
            Action::Test { mut tests } => {
                let Test { policy, from, to } = tests.swap_remove(0);
                ran.push((policy.clone(), from..to));
                tested(&state, policy, from..to)
            }
            _ => events.next().expect("nobody else is asked"),
        };
        state.apply(&event).unwrap();
    }
    let of = |side: &Side| {
        ran.iter().filter(|(policy, _)| policy == side).map(|(_, seeds)| seeds.clone()).collect::<Vec<_>>()
    };
    let [reference, other] =
        [Side::Reference, Side::Candidate(CandidateId::from("c2".to_owned()))].map(|side| of(&side));
    assert_eq!((reference[0].clone(), reference[1].clone()), (0..3, 3..9), "{ran:?}");
    assert_eq!(other, reference, "{ran:?}");
    // A saving is a share of what the reference paid on the search panel, whatever it pays there.
    assert!(state.paid_there(0).is_some_and(|paid| (paid - 1.0).abs() < 1e-12));
    let against = state.iterations[0].against.as_mut().unwrap();
    against.reference.cells.iter_mut().flatten().for_each(|cell| cell.cost *= 1.5);
    assert!(state.paid_there(0).is_some_and(|paid| (paid - 1.5).abs() < 1e-12));
    assert_eq!(state.paid_there(1), None);
    // Each of five rows: the baseline and all that comes with the reference once, the candidates each.
    let seeds = |ranges: &[std::ops::Range<usize>]| ranges.iter().map(|range| range.len() as u32).sum::<u32>();
    let candidates = ran.iter().filter(|(policy, _)| *policy != Side::Reference).map(|(_, seeds)| seeds.clone());
    let expected = 5 * ((EACH - 1) * seeds(&reference) + seeds(&candidates.collect::<Vec<_>>()));
    assert_eq!(state.verdict_trials(), expected);
}
