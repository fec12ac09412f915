//! Both engines come to the same results with a queue, and ticks that are passed over make no difference.

use super::cases::{Case, watch};
use crate::fast::FastInstance;
use crate::plain::PlainInstance;
use crate::run::Outcome;

const CASES: u64 = 4_000;

#[test]
fn both_engines_agree_with_a_queue_and_passing_over_ticks_changes_nothing_in_thousands_of_random_scenarios() {
    let mut reached = [0; 9];
    for seed in 0..CASES {
        let case = Case::new(seed);
        let plain = watch::<PlainInstance>(&case);
        if case.traffic.arrivals.iter().all(|arrival| arrival.prefix.is_none()) {
            let fast = watch::<FastInstance>(&case);
            for (ours, theirs) in fast.attempts.iter().zip(&plain.attempts) {
                assert_eq!(ours, theirs, "an attempt, seed {seed}");
            }
            assert_eq!(fast, plain, "seed {seed}");
        }
        let driven = super::simulate(&case.cluster, &case.flow, case.traffic.clone(), &mut case.limiter.clone());
        assert_eq!(driven.as_ref(), Ok(&plain.run), "ticks passed over, seed {seed}");

        let any = |wanted: Outcome| plain.run.requests.iter().any(|record| record.outcome == wanted);
        let corners = [
            any(Outcome::Rejected),
            any(Outcome::Shed),
            any(Outcome::Expired),
            any(Outcome::Evicted),
            any(Outcome::Waiting),
            any(Outcome::TimedOut),
            plain.run.totals.preemptions > 0,
            plain.attempts.iter().any(|attempt| attempt.saturation >= 1.0),
            plain.attempts.iter().any(|attempt| attempt.ceilings.contains(&0.0) && attempt.saturation < 1.0),
        ];
        reached.iter_mut().zip(corners).for_each(|(count, corner)| *count += u32::from(corner));
    }
    assert!(reached.iter().all(|&count| count >= 50), "corners are reached in so many cases: {reached:?}");
}
