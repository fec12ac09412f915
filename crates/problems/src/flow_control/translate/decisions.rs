//! A call of a sequence, and the inputs along which what is dispatched may turn.

use super::super::FlowControl;
use crate::shipping::vectors::{Decisions, Random};
use engine::problem::Problem;
use limiter::wire::{self, MAX_BANDS, OPEN, Question, WIDE_BANDS};
use serde_json::{Value, json};
use simulator::flow::check;
use std::collections::BTreeSet;

/// What a limiter is shown in production, and the ceilings that it sets.
pub(super) struct Limited;

/// What the policy is shown at once: below 1, since it is not asked where the queue is held as a whole.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    pub(super) saturation: f64,
    /// The highest first.
    pub(super) priorities: Vec<i32>,
}

/// The greatest saturation at which a policy is asked.
const MOST: f64 = 1.0 - f64::EPSILON / 2.0;
/// Saturations at which published ceilings turn, and the ends.
const EDGES: [f64; 12] = [0.0, 1e-9, 0.1, 0.25, 1.0 / 3.0, 0.5, 0.6, 2.0 / 3.0, 0.75, 0.9, 0.99, MOST];
/// Priorities that bands have; those beyond what the contract promises are the lowest.
const PRIORITIES: [i32; WIDE_BANDS] = [100, 4, 3, 0, -1, -2, -3, -50, -51, -60, -61, -70, -80, -90, -99, -100];

impl Step {
    fn bands(&self) -> usize {
        self.priorities.len().min(WIDE_BANDS)
    }

    /// The ceilings of an answer; none if it sets none, as in the simulator.
    pub(super) fn ceilings(&self, answer: &[u8]) -> Option<Vec<f64>> {
        let all = wire::wide_ceilings(answer)?;
        let (own, others) = all.split_at(self.bands());
        let sound = check(own, self.bands()).is_ok() && others.iter().all(|ceiling| *ceiling == OPEN);
        sound.then(|| own.to_vec())
    }
}

/// A sequence in which a reading stands for a while, the load drifts, and now and then a band joins.
fn steps(random: &mut Random, length: usize) -> Vec<Step> {
    let mut priorities: Vec<i32> = PRIORITIES[..MAX_BANDS].iter().copied().filter(|_| random.below(2) == 0).collect();
    if priorities.is_empty() {
        priorities.push(4);
    }
    let (mut load, mut saturation, mut left) = (random.unit(), 0.0, 0);
    (0..length)
        .map(|_| {
            if left == 0 {
                left = 1 + random.below(60);
                load = (load + 0.5 * (random.unit() - 0.5)).clamp(0.0, 1.1);
                saturation = match random.below(12) {
                    0 => EDGES[random.below(EDGES.len() as u64) as usize],
                    _ => load.min(MOST),
                };
                let joining = PRIORITIES[random.below(MAX_BANDS as u64) as usize];
                if random.below(8) == 0 && !priorities.contains(&joining) {
                    priorities.push(joining);
                    priorities.sort_unstable_by(|one, other| other.cmp(one));
                }
            }
            left -= 1;
            Step { saturation, priorities: priorities.clone() }
        })
        .collect()
}

/// An input along which a decision may turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    Saturation,
    /// The priority of the lowest band.
    Lowest,
}

impl Decisions for Limited {
    type Step = Step;
    type Axis = Axis;
    const AXES: &'static [Axis] = &[Axis::Saturation, Axis::Lowest];
    // Calls are what time is: four thousand last four seconds.
    const RECORDED: usize = 4000;
    const UNSHOWN: &'static str = "More than 16 bands.";

    fn problem() -> &'static dyn Problem {
        &FlowControl
    }

    fn edges() -> Vec<Vec<Step>> {
        let bands = 1..=WIDE_BANDS;
        let of = |count: usize| EDGES.map(|saturation| Step { saturation, priorities: PRIORITIES[..count].to_vec() });
        bands.flat_map(|count| of(count).map(|step| vec![step.clone(), step.clone(), step])).collect()
    }

    fn made_up(random: &mut Random, length: usize) -> Vec<Step> {
        steps(random, length)
    }

    /// Half-way more bands join than the contract promises.
    fn beyond(random: &mut Random, length: usize) -> Option<Vec<Step>> {
        let mut steps = steps(random, length);
        let bands = MAX_BANDS + 1 + random.below((WIDE_BANDS - MAX_BANDS) as u64) as usize;
        steps[length / 2..].iter_mut().for_each(|step| step.priorities = PRIORITIES[..bands].to_vec());
        Some(steps)
    }

    fn is_promised(step: &Step) -> bool {
        step.bands() <= MAX_BANDS
    }

    fn question(step: &Step) -> Vec<u8> {
        let priorities = step.priorities[..step.bands()].iter().flat_map(|own| own.to_le_bytes());
        step.saturation.to_le_bytes().into_iter().chain(priorities).collect()
    }

    /// What production tells of it.
    fn read(question: &[u8]) -> Option<Step> {
        let Question { saturation, bands, priorities, .. } = Question::read(question)?;
        Some(Step { saturation, priorities: priorities[..bands].to_vec() })
    }

    fn json(step: &Step, answer: &[u8]) -> Option<Value> {
        // An answer that sets no ceilings is an answer too: a translation must not set any.
        let is_one = answer.is_empty() || answer.len() == wire::WIDE_BYTES;
        let ceilings = is_one.then(|| step.ceilings(answer))?;
        Some(json!({ "saturation": step.saturation, "priorities": step.priorities, "ceilings": ceilings }))
    }

    /// What the machine of a simulation wants: it has no more bands than the contract promises.
    fn taken(answer: &[u8]) -> &[u8] {
        &answer[..wire::ANSWER_BYTES]
    }

    fn of_json(step: &Value) -> Option<Step> {
        let priorities = step["priorities"].as_array()?.iter();
        let priorities = priorities.map(|own| i32::try_from(own.as_i64()?).ok()).collect::<Option<Vec<i32>>>()?;
        Some(Step { saturation: step["saturation"].as_f64()?, priorities })
    }

    /// The bands that are open, a bit each.
    fn side(step: &Step, answer: &[u8]) -> u64 {
        let ceilings = step.ceilings(answer).unwrap_or_default();
        let open = ceilings.iter().enumerate().filter(|(_, ceiling)| step.saturation < **ceiling);
        open.map(|(band, _)| 1 << band).sum()
    }

    fn matters(axis: Axis, reads: &BTreeSet<String>) -> bool {
        axis == Axis::Lowest || reads.contains("Reading.saturation")
    }

    fn range(axis: Axis, last: &Step, _: &[Step]) -> Option<(u64, u64)> {
        Some(match axis {
            Axis::Saturation => (0f64.to_bits(), MOST.to_bits()),
            // Below the band before it.
            Axis::Lowest => {
                last.priorities.get(1)?;
                (0, 200)
            }
        })
    }

    fn set(axis: Axis, last: &Step, code: u64) -> Step {
        let mut step = last.clone();
        match (axis, step.priorities.as_mut_slice()) {
            (Axis::Saturation, _) => step.saturation = f64::from_bits(code),
            (Axis::Lowest, [.., before, lowest]) => *lowest = *before - 1 - code as i32,
            (Axis::Lowest, _) => {}
        }
        step
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_up_is_what_a_router_may_ask() {
        let mut random = Random::seeded(7);
        let made_up: Vec<_> = (0..50).map(|_| Limited::made_up(&mut random, 100)).collect();
        assert!(made_up.iter().flatten().all(Limited::is_promised));
        let beyond = (0..50).filter_map(|_| Limited::beyond(&mut random, 100));
        let all = Limited::edges().into_iter().chain(made_up).chain(beyond);
        let mut counts = BTreeSet::new();
        for step in all.flatten() {
            assert!((0.0..1.0).contains(&step.saturation), "{step:?}");
            assert!(step.priorities.windows(2).all(|pair| pair[0] > pair[1]), "{step:?}");
            counts.insert(step.priorities.len());
        }
        assert!(counts.into_iter().eq(1..=WIDE_BANDS));
    }

    #[test]
    fn an_answer_that_sets_no_ceilings_is_kept_as_one() {
        let step = Step { saturation: 0.5, priorities: vec![4, -2] };
        let line = |ceilings: [f64; 2]| {
            let mut all = [OPEN; WIDE_BANDS];
            all[..2].copy_from_slice(&ceilings);
            let answer = all.map(f64::to_le_bytes).concat();
            (Limited::json(&step, &answer).expect("a line")["ceilings"].clone(), Limited::side(&step, &answer))
        };
        assert_eq!(line([1.0, 0.5]), (json!([1.0, 0.5]), 1));
        assert_eq!(line([1.0, 0.6]), (json!([1.0, 0.6]), 3));
        for ceilings in [[0.5, 0.6], [1.0, f64::NAN], [1.1, 1.0], [1.0, -0.1]] {
            assert_eq!(line(ceilings), (Value::Null, 0));
        }
        assert!(Limited::json(&step, &[0; 8]).is_none());
        // Of a policy that panicked.
        assert!(Limited::json(&step, &[]).expect("a line")["ceilings"].is_null());
    }
}
