//! Points of audits run on a third of the panel first, where workloads were drawn.

use super::*;
use crate::audit;
use crate::placing::SLACK_ON_A_THIRD;

/// A campaign on three seeds of one scenario and three drawn workloads, up to where what P1 forbids is to be audited: six cells,
/// two of which are the third. Its best candidate has the reference's improvement at this cost on the third and elsewhere.
fn auditing(scale: bool, third: f64, elsewhere: f64) -> State {
    let mut state = opened(Some("space.rs"));
    state.started.as_mut().unwrap().experiment.objective.scale = scale.then(|| "half".into());
    let mut drawn = State { started: state.started.take(), phase: Phase::Calibrating, ..State::default() };
    let Event::Calibrated { mut yardsticks, trials } = calibrated() else { unreachable!("it calibrates") };
    let Yardsticks { reference, reference_again, refuse_everything, louder, softer, .. } = &mut *yardsticks;
    for measured in [reference, reference_again, refuse_everything, louder, softer] {
        let cell = measured.cells[0][0];
        measured.cells.extend(vec![vec![cell]; 3]);
    }
    yardsticks.drawn = 3;
    let best = costing(&yardsticks, third, elsewhere);
    drawn.apply(&Event::Calibrated { yardsticks, trials }).unwrap();
    for event in [bundle(), written("main", "c1"), evaluated("c1", Some(best))] {
        drawn.apply(&event).unwrap();
    }
    // Whatever becomes of its claim, a lesson is to forbid something.
    let mut principle = forbidding("P1", [0.0, 0.25]);
    let constraint = principle.constraint.take().unwrap();
    drawn.principles.push(principle);
    drawn.propose("P1", constraint, None);
    drawn.phase = Phase::Auditing;
    drawn
}

/// As the reference, at these shares of its cost on the third and elsewhere.
fn costing(yardsticks: &Yardsticks, third: f64, elsewhere: f64) -> Measurement {
    let mut measured = yardsticks.reference.clone();
    for (workload, row) in measured.cells.iter_mut().enumerate() {
        for (seed, cell) in row.iter_mut().enumerate() {
            cell.x *= if [(0, 0), (1, 0)].contains(&(workload, seed)) { third } else { elsewhere };
        }
    }
    measured
}

fn drawn(state: &State) -> Vec<Point> {
    let Action::Audit { points, .. } = state.next_action() else { panic!("an audit is due") };
    points
}

/// A run in this place that improves so much more than it has to.
fn ran(place: Place, worth: f64, room: f64) -> AuditedPoint {
    let (runs, thirds) = (u32::from(!place.third), u32::from(place.third));
    let (worth, room) = (Some(worth), Some(room));
    AuditedPoint { point: place.point, saving: None, admissible: false, worth, room, runs, thirds }
}

/// Everything that a point takes, if it is worth this much on the third and on the whole panel wherever it lies.
fn placed(state: &State, point: &Point, third: f64, whole: f64) -> Vec<AuditedPoint> {
    let mut runs = Vec::new();
    while let Some(place) = state.next_place(point, &runs) {
        let worth = if place.third { third } else { whole };
        runs.push(ran(place, worth, 0.001));
    }
    runs
}

/// An audit whose points took these runs.
fn audited(runs: &[Vec<AuditedPoint>]) -> Event {
    let points = runs.iter().map(|runs| audit::best(runs).unwrap()).collect();
    Event::Audited { principle: "P1".into(), points, trials: Hash::of(b"") }
}

#[test]
fn a_point_that_a_third_of_the_panel_shows_to_be_hopeless_is_not_run_on_the_rest() {
    for scale in [true, false] {
        let state = auditing(scale, 0.9, 0.9);
        let point = &drawn(&state)[0];
        assert_eq!(state.next_place(point, &[]), Some(Place { point: point.clone(), third: true }));
        let runs = placed(&state, point, -0.5, 0.5);
        assert!(runs.len() == 1 && runs[0].on_a_third(), "{runs:?}");
        let failed = AuditedPoint { worth: None, room: None, ..runs[0].clone() };
        assert_eq!(state.next_place(point, &[failed]), None);
    }
}

#[test]
fn a_point_that_may_be_better_is_run_on_the_whole_panel_before_it_refutes() {
    for (whole, refuses) in [(0.05, false), (0.2, true)] {
        let mut state = auditing(true, 0.9, 0.9);
        let runs: Vec<Vec<AuditedPoint>> =
            drawn(&state).iter().map(|point| placed(&state, point, 0.4, whole)).collect();
        for runs in &runs {
            assert_eq!(runs.iter().map(AuditedPoint::on_a_third).collect::<Vec<_>>(), [true, false]);
        }
        assert!(!runs[0][0].beats(state.bar()), "what a third shows is no proof");
        state.apply(&audited(&runs)).unwrap();
        assert_eq!(state.current().audits[0].refused.is_some(), refuses);
    }
}

#[test]
fn a_third_turns_a_point_away_by_more_than_its_own_luck() {
    let state = auditing(true, 0.9, 0.9);
    let (point, bar) = (&drawn(&state)[0], state.bar().worth);
    assert!((bar - 0.1).abs() < 1e-9, "{bar}");
    // As the whole panel would, but for what a third cannot tell. A place that is a little off leaves some hope.
    let near = bar - SLACK_ON_A_THIRD - 0.001 * crate::placing::MENDS;
    assert_eq!(placed(&state, point, near - 0.01, 0.0).len(), 1);
    assert_eq!(placed(&state, point, near + 0.01, 0.0).len(), 2);
}

#[test]
fn a_point_on_a_third_is_held_against_what_the_best_policy_did_there() {
    // It was lucky on the third.
    let state = auditing(true, 0.7, 1.0);
    let (point, bar) = (&drawn(&state)[0], state.bar().worth);
    assert!(bar < 0.15, "{bar}");
    assert_eq!(placed(&state, point, 0.3 - 0.2, 0.5).len(), 1);
    assert_eq!(placed(&state, point, 0.3 - 0.1, 0.5).len(), 2);
    let measured = costing(state.yardsticks(), 0.7, 1.0);
    let place = |third| Place { point: point.clone(), third };
    let (cells, yardsticks) = state.yardsticks().third().unwrap();
    let third = state.audited_point(place(true), Some(&measured.on(&cells)));
    assert!((third.worth.unwrap() - 0.3).abs() < 1e-9 && third.room.unwrap().abs() < 1e-9, "{third:?}");
    assert_eq!(third.saving, yardsticks.net_saving(&measured.on(&cells)));
    let whole = state.audited_point(place(false), Some(&measured));
    assert!((whole.worth.unwrap() - bar).abs() < 1e-9 && !whole.on_a_third(), "{whole:?}");
}

#[test]
fn a_point_goes_on_on_the_whole_panel_from_where_a_third_of_it_placed_it() {
    let state = auditing(true, 0.9, 0.9);
    let point = &drawn(&state)[0];
    let mut runs = vec![ran(state.next_place(point, &[]).unwrap(), 0.1, -0.01)];
    let second = state.next_place(point, &runs).unwrap();
    assert!(second.third && half(&second.point) < half(point), "it has to refuse more: {second:?}");
    runs.push(ran(second.clone(), 0.1, 0.001));
    let whole = state.next_place(point, &runs).unwrap();
    assert!(!whole.third && (half(&whole.point) - half(&second.point)).abs() < 1e-9, "{whole:?}");
    // There it is placed by what it does there.
    runs.push(ran(whole.clone(), 0.1, 0.01));
    let further = state.next_place(point, &runs).unwrap();
    assert!(!further.third && half(&further.point) > half(&whole.point), "{further:?}");
    runs.push(ran(further, 0.1, 0.001));
    assert_eq!(state.next_place(point, &runs), None);
}

#[test]
fn a_point_that_fails_in_one_place_is_looked_into_where_it_did_not() {
    let state = auditing(true, 0.9, 0.9);
    let point = &drawn(&state)[0];
    let first = ran(state.next_place(point, &[]).unwrap(), 0.4, -0.01);
    let second = state.next_place(point, std::slice::from_ref(&first)).unwrap();
    let failed = AuditedPoint { worth: None, room: None, ..ran(second, 0.0, 0.0) };
    let runs = [first, failed];
    assert_eq!(state.next_place(point, &runs), Some(Place { point: point.clone(), third: false }));
}

#[test]
fn trials_on_a_third_of_the_panel_are_counted_as_the_few_that_they_are() {
    let mut state = auditing(true, 0.9, 0.9);
    let (first, others) = drawn(&state).split_first().map(|(first, others)| (first.clone(), others.to_vec())).unwrap();
    let mut runs = vec![placed(&state, &first, 0.1, 0.05)];
    runs.extend(others.iter().map(|point| placed(&state, point, -0.5, 0.0)));
    state.apply(&audited(&runs)).unwrap();
    assert_eq!(state.audited, 1);
    assert_eq!(state.audit_trials(), 6 + 10 * 2, "six cells, and two for each point before");
    assert_eq!(state.audited_points(), 10);
}

#[test]
fn a_panel_without_drawn_workloads_has_no_third() {
    let mut state = opened(Some("space.rs"));
    refuted(&mut state, "c1");
    learn(&mut state, vec![Change::Insert(forbidding("P1", [0.0, 0.25]))]).unwrap();
    assert_eq!(state.yardsticks().third(), None);
    assert_eq!(state.next_place(&drawn(&state)[0], &[]).map(|place| place.third), Some(false));
}
