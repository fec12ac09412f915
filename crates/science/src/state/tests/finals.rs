//! Who runs for champion, and who wins.

use super::*;
use crate::event::Finalist;
use crate::objective::Yardsticks;
use crate::yardsticks::SCALES;

/// A scenario's seeds with this extra shed work, at the reference's improvement.
fn working(works: [f64; 3]) -> Measurement {
    fixture::measured(vec![works.map(|x| fixture::cell(0.2502, x)).to_vec()])
}

/// A campaign whose search is over, with one candidate that sheds little by chance and one that surely sheds enough less. Costs are
/// about the reference's 0.4.
fn searched(finalists: Option<u32>) -> (State, Action) {
    let Event::Started(mut opened) = started(Some(2)) else { unreachable!("it is that") };
    opened.experiment.budget.finalists = finalists;
    let events = [
        Event::Started(opened),
        calibrated(),
        bundle(),
        written("main", "c2"),
        evaluated("c2", Some(working([0.35, 0.351, 0.352]))),
    ];
    let mut state = fold(&events);
    settle(&mut state);
    state.apply(&written("ablation", "c1")).unwrap();
    state.apply(&evaluated("c1", Some(working([0.20, 0.30, 0.50])))).unwrap();
    assert_eq!(settle(&mut state), Action::Extract);
    state.apply(&Event::PrinciplesRevised { changes: vec![], failure: None, notes: None, work: vec![] }).unwrap();
    let action = settle(&mut state);
    (state, action)
}

fn id(id: &str) -> CandidateId {
    CandidateId::from(id.to_owned())
}

fn ran(candidate: &str, measurement: Option<Measurement>) -> Finalist {
    let outcome = if measurement.is_some() { Outcome::Scored } else { Outcome::Timeout };
    Finalist { candidate: id(candidate), outcome, measurement, fairness: None }
}

fn finals(finalists: Vec<Finalist>) -> Event {
    held_against(fixture::yardsticks(measurement(0.25, 0.4)), finalists)
}

fn held_against(yardsticks: Yardsticks, finalists: Vec<Finalist>) -> Event {
    Event::Finals { yardsticks: Box::new(yardsticks), finalists, trials: Hash::of(b"") }
}

#[test]
fn whoever_would_be_champion_by_the_search_runs_first_and_then_who_would_be_without_that_one() {
    let (state, action) = searched(Some(3));
    assert_eq!(action, Action::Finals { finalists: vec![id("c1"), id("c2")] });
    assert_eq!(state.finalists_now(), [id("c1"), id("c2")], "as planners are told");
    assert_eq!(state.champion().unwrap().id, id("c1"), "before the finals the search decides");
}

#[test]
fn without_a_choice_the_search_panel_decides() {
    for finalists in [None, Some(1)] {
        let (state, action) = searched(finalists);
        assert_eq!((action, state.champion().unwrap().id), (Action::Rest, id("c1")));
        assert_eq!(state.finalists_now(), []);
    }
}

#[test]
fn whoever_surely_saves_more_on_the_panel_of_the_finals_is_champion_whatever_the_search_showed() {
    let (mut state, _) = searched(Some(2));
    // The first one saves more in the mean, and nobody knows how much.
    let fresh = vec![ran("c1", Some(working([0.10, 0.30, 0.50]))), ran("c2", Some(working([0.33, 0.34, 0.33])))];
    state.apply(&finals(fresh)).unwrap();
    let held = state.finals.as_ref().unwrap();
    // The baseline, the reference with its twin, what bounds it and its other scales, and both finalists, on three seeds.
    assert_eq!((held.finalists.len(), held.trials), (2, (1 + 3 + SCALES.len() + 2) * 3));
    assert!(held.finalists[0].low < Some(0.0) && held.finalists[1].low > Some(0.1), "{held:?}");
    let champion = state.champion().unwrap();
    assert_eq!((champion.id, champion.matches_reference), (id("c2"), true));
    assert_eq!(settle(&mut state), Action::Rest, "they are held once");
}

#[test]
fn finals_are_held_before_a_spent_budget_of_evaluations_ends_the_campaign() {
    let (mut state, _) = searched(Some(3));
    // As the search panel has it, in an iteration that no evaluation is left for.
    let Event::Started(mut opened) = started(Some(2)) else { unreachable!("it is that") };
    (opened.experiment.budget.finalists, opened.experiment.iterations) = (Some(3), 2);
    state.started = Some(*opened);
    (state.ended, state.phase) = (None, Phase::Planning);
    state.apply(&bundle()).unwrap();
    state.apply(&written("main", "c3")).unwrap();
    assert_eq!(settle(&mut state), Action::Finals { finalists: vec![id("c1"), id("c2")] });
    state.apply(&finals(vec![ran("c1", None), ran("c2", Some(working([0.3; 3])))])).unwrap();
    assert_eq!(settle(&mut state), Action::Rest);
    assert_eq!(state.ended, Some(EndReason::BudgetSpent("evaluations (2)".into())));
}

#[test]
fn a_finalist_that_breaks_off_or_does_what_must_never_be_done_does_not_win() {
    let (mut state, _) = searched(Some(2));
    state.apply(&finals(vec![ran("c1", Some(working([0.45, 0.45, 0.45]))), ran("c2", None)])).unwrap();
    assert_eq!(state.champion().unwrap().id, id("c1"));
    let mut refusing = working([0.3; 3]);
    refusing.cells[0][1].violations = 1;
    let (mut state, _) = searched(Some(2));
    state.apply(&finals(vec![ran("c1", Some(working([0.45; 3]))), ran("c2", Some(refusing))])).unwrap();
    assert_eq!(state.champion().unwrap().id, id("c1"), "what must never be done is worth nothing");
    assert!(!state.candidates[&id("c2")].admissible);
    let (mut state, _) = searched(Some(2));
    state.apply(&finals(vec![ran("c1", None), ran("c2", None)])).unwrap();
    assert_eq!(state.champion().unwrap().id, id("c1"), "the search panel decides after all");
}

#[test]
fn finals_of_others_on_another_panel_or_without_trials_are_illegal() {
    let good = || working([0.3; 3]);
    let wide = fixture::measured([good().cells, good().cells].concat());
    let mut unscored = ran("c1", Some(good()));
    unscored.outcome = Outcome::Timeout;
    let cases = [
        (vec![ran("c2", Some(good())), ran("c1", Some(good()))], "others than the best"),
        (vec![ran("c1", Some(good()))], "others than the best"),
        (vec![ran("c1", Some(wide)), ran("c2", None)], "not all run on one panel"),
        (vec![unscored, ran("c2", Some(good()))], "without a measurement"),
    ];
    let (mut state, _) = searched(Some(2));
    for (finalists, problem) in cases {
        let illegal = state.apply(&finals(finalists)).unwrap_err();
        assert!(illegal.problem.contains(problem), "{illegal}");
    }
    let known = || fixture::yardsticks(measurement(0.25, 0.4));
    let wide = fixture::measured([known().reference.cells, known().reference.cells].concat());
    let cases = [
        (Yardsticks { scales: vec![], ..known() }, "not those of the problem"),
        (Yardsticks { twins: vec![wide.clone()], ..known() }, "not all measured on one panel"),
        (fixture::yardsticks(wide), "does not begin with the scenarios"),
    ];
    for (yardsticks, problem) in cases {
        let finalists = vec![ran("c1", Some(good())), ran("c2", Some(good()))];
        let illegal = state.apply(&held_against(yardsticks, finalists)).unwrap_err();
        assert!(illegal.problem.contains(problem), "{illegal}");
    }
    assert_eq!(state.finals, None, "an illegal event changes nothing");
    let early = fold(&[started(None), calibrated()]).apply(&finals(vec![])).unwrap_err();
    assert!(early.problem.contains("no finals"), "{early}");
}
