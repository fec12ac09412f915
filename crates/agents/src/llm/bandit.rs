//! Which of several models does a piece of work: the one that has moved the front most for its money, and now and then
//! another, since it may be better than it seems.
//!
//! The rule is fractional KUBE (Tran-Thanh, Chapman, Rogers and Jennings, "Knapsack based optimal policies for
//! budget-limited multi-armed bandits", AAAI 2012): the largest UCB1 index divided by mean cost, each model once first. It is
//! a function of the iterations that are done, so that a campaign that is resumed between two arms chooses as before.

use super::{Role, Settings};
use science::champion;
use science::id::CandidateId;
use science::state::State;
use std::collections::BTreeMap;

/// What a step on each axis of the front must be to earn the full reward: improvement and extra shed work (fractions),
/// description length (tokens).
const FULL: [f64; 3] = [0.05, 0.05, 40.0];
/// The least that a model is taken to cost, as a share of the dearest: one that costs next to nothing would not be left
/// again within a campaign, however little it earns.
const LEAST_COST: f64 = 0.1;

/// The position in `models` of the one to ask for the piece of work at `position` of its bundle (0 where there is one
/// piece of work in an iteration).
pub(super) fn choose(models: &[Settings], role: Role, state: &State, position: usize) -> usize {
    if models.len() < 2 {
        return 0;
    }
    let mut records = records(models, role, state);
    // Arms are written side by side: what the earlier ones of this bundle earn is not known, only who writes them.
    for _ in 0..position {
        let at = best(&records);
        records[at].pulls += 1;
    }
    best(&records)
}

/// How a model has fared in a role.
#[derive(Clone, Copy, Debug, Default)]
struct Record {
    pulls: u32,
    /// Sum over its pulls, each in 0..1.
    reward: f64,
    /// US dollars for a piece of work; none if unknown.
    cost: Option<f64>,
}

fn best(records: &[Record]) -> usize {
    if let Some(untried) = records.iter().position(|record| record.pulls == 0) {
        return untried;
    }
    let total: u32 = records.iter().map(|record| record.pulls).sum();
    let costs: Option<Vec<f64>> = records.iter().map(|record| record.cost).collect();
    let costs = costs.unwrap_or_else(|| vec![1.0; records.len()]);
    let dearest = costs.iter().copied().fold(0.0, f64::max);
    let index = |(record, cost): (&Record, f64)| {
        let pulls = f64::from(record.pulls);
        let bound = record.reward / pulls + (2.0 * f64::from(total).ln() / pulls).sqrt();
        if dearest > 0.0 { bound / cost.max(LEAST_COST * dearest) } else { bound }
    };
    let indices: Vec<f64> = records.iter().zip(costs).map(index).collect();
    (1..indices.len()).fold(0, |best, at| if indices[at] > indices[best] { at } else { best })
}

fn records(models: &[Settings], role: Role, state: &State) -> Vec<Record> {
    let now = state.iteration_number();
    let rewards = rewards(state, now);
    let earned = |by: &str| -> f64 {
        match role {
            Role::Plan => {
                let planned =
                    state.iterations.iter().zip(1..now).filter(|(done, _)| done.planner.as_deref() == Some(by));
                planned.map(|(_, number)| best_of(state, &rewards, number)).sum()
            }
            Role::Implement | Role::Repair => {
                let written = rewards.iter().filter(|(id, _)| {
                    let record = &state.candidates[**id];
                    let mended = record.candidate.repairs.is_some();
                    record.author.as_deref() == Some(by) && mended == (role == Role::Repair)
                });
                written.map(|(_, reward)| reward).sum()
            }
            // No candidate can be traced to a lesson: the cheapest is asked most.
            Role::Extract | Role::Summarise => 0.0,
        }
    };
    let record = |settings: &Settings| {
        let done =
            state.work.iter().filter(|(number, work)| *number < now && work.role == role && work.by == settings.model);
        let costs: Vec<Option<f64>> = done.map(|(_, work)| work.usd).collect();
        let known: Vec<f64> = costs.iter().copied().flatten().collect();
        let cost = (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64);
        Record { pulls: costs.len() as u32, reward: earned(&settings.model), cost }
    };
    models.iter().map(record).collect()
}

fn best_of(state: &State, rewards: &BTreeMap<&CandidateId, f64>, iteration: u32) -> f64 {
    let written = rewards.iter().filter(|(id, _)| state.candidates[**id].iteration == iteration);
    written.map(|(_, reward)| *reward).fold(0.0, f64::max)
}

/// What every scored candidate of the iterations before `now` earned, 0..1: how far it moved the front of those before it.
fn rewards(state: &State, now: u32) -> BTreeMap<&CandidateId, f64> {
    let reference = state.yardsticks.as_ref().map(|yardsticks| &yardsticks.reference);
    let reference = reference.map(|measured| [(-measured.y()).exp() - 1.0, measured.x()]);
    let mut front: Vec<[f64; 3]> = Vec::new();
    let mut rewards = BTreeMap::new();
    for contender in state.contenders().filter(|c| state.candidates[c.id].iteration < now) {
        let place = champion::axes(&contender);
        // Nobody counted the parameters of the reference: there it is level with everyone.
        let published = reference.map(|[improvement, shed]| [improvement, shed, place[2]]);
        let reward = if contender.admissible { moved(front.iter().chain(&published), place) } else { 0.0 };
        rewards.insert(contender.id, reward);
        if contender.admissible {
            front.push(place);
        }
    }
    rewards
}

/// By how much a place lies outside of what the others dominate (the additive ε of Zitzler and others, 2003), as a share
/// of a full step; 0 for one that is dominated or equal.
fn moved<'a>(others: impl Iterator<Item = &'a [f64; 3]>, place: [f64; 3]) -> f64 {
    let ahead = |other: &[f64; 3]| (0..3).map(|i| (other[i] - place[i]) / FULL[i]).fold(f64::NEG_INFINITY, f64::max);
    others.map(ahead).fold(1.0, f64::min).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Pulls of each model after so many rounds in which model i always earns `rewards[i]` and costs `costs[i]`.
    fn play(rewards: &[f64], costs: &[Option<f64>], rounds: u32) -> Vec<u32> {
        let mut records: Vec<Record> = costs.iter().map(|cost| Record { cost: *cost, ..Record::default() }).collect();
        for _ in 0..rounds {
            let at = best(&records);
            records[at].pulls += 1;
            records[at].reward += rewards[at];
        }
        records.iter().map(|record| record.pulls).collect()
    }

    proptest! {
        #[test]
        fn every_model_is_tried_and_the_same_history_gives_the_same_choice(
            rewards in prop::collection::vec(0.0..1.0, 2..6), cost in 0.001..10.0,
        ) {
            let costs: Vec<Option<f64>> = (0..rewards.len()).map(|at| Some(cost * (at + 1) as f64)).collect();
            prop_assert!(play(&rewards, &costs, rewards.len() as u32).iter().all(|pulls| *pulls == 1));
            prop_assert_eq!(play(&rewards, &costs, 100), play(&rewards, &costs, 100));
        }

        #[test]
        fn a_better_model_is_chosen_more_often(worse in 0.0..0.7, gap in 0.2..0.3, first in any::<bool>()) {
            let rewards = if first { [worse + gap, worse] } else { [worse, worse + gap] };
            for costs in [[None, None], [Some(0.0), Some(0.0)], [Some(2.0), None]] {
                let pulls = play(&rewards, &costs, 300);
                prop_assert!((pulls[0] > pulls[1]) == first && pulls[0] != pulls[1], "{:?}", pulls);
            }
        }

        #[test]
        fn a_model_twice_as_dear_is_chosen_less_often(reward in 0.0..1.0, cost in 0.001..10.0, first in any::<bool>()) {
            let costs = if first { [Some(2.0 * cost), Some(cost)] } else { [Some(cost), Some(2.0 * cost)] };
            let pulls = play(&[reward; 2], &costs, 300);
            prop_assert!((pulls[0] < pulls[1]) == first && pulls[0] != pulls[1], "{:?}", pulls);
        }

        #[test]
        fn what_others_dominate_earns_nothing_and_what_dominates_them_does(
            place in prop::array::uniform3(-1.0..1.0), by in prop::array::uniform3(0.01..1.0),
        ) {
            let better = [0, 1, 2].map(|i| place[i] - by[i]);
            prop_assert_eq!(moved([better].iter(), place), 0.0);
            prop_assert_eq!(moved([place].iter(), place), 0.0);
            prop_assert!(moved([place].iter(), better) > 0.0);
            prop_assert_eq!(moved([place, better].iter(), better), 0.0);
        }
    }

    #[test]
    fn a_free_model_is_left_again_when_it_earns_nothing() {
        assert!(play(&[0.0, 1.0], &[Some(0.0), Some(1.0)], 5000)[1] > 5);
    }
}
