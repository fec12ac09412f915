//! What verdict seeds take back of what the search seeds showed.

use super::*;

/// A campaign whose only candidate was tested on six verdict seeds, where it saves less than on the three search seeds.
fn tested_on(fresh: f64) -> State {
    let scored = evaluated("c1", Some(measurement(0.25, 0.36)));
    let mut state = fold(&[started(None), calibrated(), bundle(), written("main", "c1"), scored]);
    let row = |x: f64| Measurement { cells: vec![vec![fixture::cell(0.25, x); 6]] };
    let reference = Some(Box::new(row(0.4)));
    for (policy, measurement) in [
        (Side::Reference, reference),
        (Side::Candidate(CandidateId::from("c1".to_owned())), Some(Box::new(row(fresh)))),
    ] {
        let trials = Hash::of(b"");
        state.apply(&Event::Tested { policy, from: 0, outcome: Outcome::Scored, measurement, trials }).unwrap();
    }
    state
}

#[test]
fn the_search_seeds_flatter_by_what_fresh_seeds_take_back_drawn_towards_nothing() {
    // 4 % of the work less on the search seeds, 1 % on six others; three search seeds speak for nothing.
    let luck = tested_on(0.39).search_luck();
    assert_eq!((luck.seeds, luck.scenarios.len()), (6, 1));
    let [improvement, work] = luck.scenarios[0];
    assert!(improvement.abs() < 1e-12 && (work + 0.03 * 6.0 / 9.0).abs() < 1e-12, "{luck:?}");
    assert!(tested_on(0.36).search_luck().scenarios[0][1].abs() < 1e-12);
}

#[test]
fn without_verdict_seeds_nothing_is_known_of_it() {
    let luck = fold(&[started(None), calibrated()]).search_luck();
    assert_eq!((luck.scenarios, luck.seeds), (vec![[0.0; 2]], 0));
}
