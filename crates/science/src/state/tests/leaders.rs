//! What is kept of who leads is what all scores together say.

use super::*;
use crate::champion::Contender;
use crate::experiment::Guard;
use proptest::prelude::*;

/// A candidate: improvement and cost from a few levels, so that many tie; description length, if anybody could count it;
/// what became of it; and whether it is evaluated only after the next one.
type Made = (usize, usize, Option<u32>, usize, bool);

const IMPROVEMENTS: [f64; 5] = [0.22, 0.245, 0.25, 0.251, 0.26];
const COSTS: [f64; 7] = [-0.01, 0.3, 0.36, 0.361, 0.3625, 0.4, 0.44];

fn guarded() -> Event {
    let Event::Started(mut opened) = started(None) else { unreachable!("it is that") };
    let guard = |metric, most| Guard { metric, at_most: Some(most), at_least: None };
    opened.experiment.objective.constraints =
        vec![guard(GuardMetric::Regret, 2.0), guard(GuardMetric::DescriptionLength, 4.0)];
    Event::Started(opened)
}

/// Attempt after attempt at one arm: nothing else has to happen between two candidates.
fn events(made: &[Made]) -> Vec<Event> {
    let mut events = vec![guarded(), calibrated(), bundle()];
    let mut late = None;
    for (at, (improvement, cost, description_length, outcome, waits)) in made.iter().enumerate() {
        let id = format!("c{at}");
        let Event::CandidateWritten { arm, mut candidate, work } = written("main", &id) else { unreachable!() };
        candidate.description_length = *description_length;
        candidate.repairs = at.checked_sub(1).map(|before| CandidateId::from(format!("c{before}")));
        events.push(Event::CandidateWritten { arm, candidate, work });
        let mut measured = measurement(IMPROVEMENTS[*improvement], COSTS[*cost]);
        measured.cells[0][0].protected = u64::from(*outcome == 1);
        let event = evaluated(&id, (*outcome > 0).then_some(measured));
        let earlier = late.take();
        if *waits {
            late = Some(event);
        } else {
            events.push(event);
        }
        events.extend(earlier);
    }
    events.extend(late);
    events
}

/// The front by its definition.
fn front<'a>(contenders: &[Contender<'a>]) -> Vec<&'a CandidateId> {
    let dominated = |c: &Contender<'_>| {
        let axes = champion::axes(c);
        contenders.iter().any(|other| champion::dominates(champion::axes(other), axes))
    };
    contenders.iter().filter(|c| !dominated(c)).map(|c| c.id).collect()
}

fn check(state: &State) -> Result<(), TestCaseError> {
    let contenders: Vec<Contender<'_>> = state.contenders().collect();
    let reference = state.yardsticks().reference.improvement();
    prop_assert_eq!(state.champion(), champion::champion(&contenders, reference));
    prop_assert_eq!(state.front().collect::<Vec<_>>(), front(&contenders));

    let mut ranked: Vec<&Contender<'_>> = contenders.iter().collect();
    let saving = |c: &Contender<'_>| c.score.net_saving.unwrap_or(f64::NEG_INFINITY);
    ranked.sort_by(|a, b| (b.admissible, saving(b)).partial_cmp(&(a.admissible, saving(a))).unwrap());
    prop_assert!(state.ranked().map(|c| c.id).eq(ranked.iter().map(|c| c.id)));

    let mut worthiest: Vec<&CandidateRecord> = state.order.iter().map(|id| &state.candidates[id]).collect();
    worthiest.retain(|record| record.worth.is_some());
    worthiest.sort_by(|a, b| b.worth.unwrap().value().total_cmp(&a.worth.unwrap().value()));
    let id = |record: &CandidateRecord| record.candidate.id.clone();
    prop_assert!(state.worthiest().map(id).eq(worthiest.into_iter().map(id)));
    Ok(())
}

fn made() -> impl Strategy<Value = Made> {
    let description_length = prop_oneof![1 => Just(None), 9 => (1..6u32).prop_map(Some)];
    (0..IMPROVEMENTS.len(), 0..COSTS.len(), description_length, 0..6usize, any::<bool>())
}

proptest! {
    #[test]
    fn who_leads_is_at_every_step_who_leads_among_all(made in prop::collection::vec(made(), 1..40)) {
        let mut state = State::default();
        for event in &events(&made) {
            state.apply(event).unwrap();
            if state.yardsticks.is_some() {
                check(&state)?;
            }
        }
    }

    #[test]
    fn the_champion_before_an_iteration_is_that_of_its_beginning_and_of_what_is_counted_in(
        made in prop::collection::vec(made(), 1..40), later in 0..40usize, counted in 1..4usize,
    ) {
        // Everything from some candidate on belongs to a second iteration.
        let mut state = fold(&events(&made));
        let later = later.min(made.len());
        let now = state.iterations.len() as u32 + 1;
        let order = state.order.clone();
        order[later..].iter().for_each(|id| state.candidates.get_mut(id).unwrap().iteration = now);
        state.iterations.push(Iteration::default());
        state.leaders = crate::state::leaders::Leaders::default();
        for (position, id) in order.iter().enumerate() {
            if position == later {
                state.remember_leaders();
            }
            state.take_for_leader(id);
        }
        if later == order.len() {
            state.remember_leaders();
        }
        let also = |record: &CandidateRecord| record.position.is_multiple_of(counted);
        let seen = |c: &Contender<'_>| state.candidates[c.id].iteration < now || also(&state.candidates[c.id]);
        let seen: Vec<Contender<'_>> = state.contenders().filter(seen).collect();
        let reference = state.yardsticks().reference.improvement();
        prop_assert_eq!(state.champion_before(also), champion::champion(&seen, reference));
    }
}

#[test]
fn among_random_campaigns_champions_of_both_kinds_are_seen() {
    let matching = [(3, 3, Some(3), 5, false), (4, 2, Some(4), 5, true), (2, 4, Some(2), 5, false)];
    assert!(fold(&events(&matching)).champion().unwrap().matches_reference);
    let falling_short = [(1, 3, Some(3), 5, false), (1, 2, Some(4), 5, false)];
    let champion = fold(&events(&falling_short)).champion().unwrap();
    assert!(!champion.matches_reference && champion.id.as_str() == "c1");
}
