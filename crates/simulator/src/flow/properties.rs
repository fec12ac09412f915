//! What holds of every run with a queue, in random scenarios. A failing seed is printed.

use std::collections::BTreeMap;

use super::Simulation;
use super::cases::{Attempted, Case, Seen, watch};
use super::config::{Detector, DispatchOrder, Fairness, Ticks};
use super::limiter::Limiter;
use super::limiters::Builtin;
use crate::admitters;
use crate::fast::FastInstance;
use crate::latency::Latency;
use crate::plain::PlainInstance;
use crate::run::Outcome;
use crate::{Run, Traffic};

const CASES: u64 = 1_500;

fn for_each_case(check: impl Fn(u64, &Case, &Seen)) {
    for seed in 0..CASES {
        let case = Case::new(1_000_000 + seed);
        let has_prefixes = case.traffic.arrivals.iter().any(|arrival| arrival.prefix.is_some());
        let seen = if has_prefixes { watch::<PlainInstance>(&case) } else { watch::<FastInstance>(&case) };
        check(seed, &case, &seen);
    }
}

fn priority(case: &Case, row: usize) -> i32 {
    case.cluster.priorities.of(&case.traffic.arrivals[row].class)
}

fn count(run: &Run, outcome: Outcome) -> u64 {
    run.requests.iter().filter(|record| record.outcome == outcome).count() as u64
}

#[test]
fn every_request_is_in_one_place_and_the_counters_say_in_which() {
    for_each_case(|seed, case, seen| {
        let (run, totals) = (&seen.run, &seen.run.totals);
        let by_outcome = [
            (Outcome::Completed, totals.completed),
            (Outcome::Queued, totals.still_queued),
            (Outcome::Running, totals.still_running),
            (Outcome::Dropped, totals.dropped),
            (Outcome::TimedOut, totals.timed_out),
            (Outcome::Rejected, totals.rejected),
            (Outcome::Waiting, seen.waiting),
        ];
        for (outcome, total) in by_outcome {
            assert_eq!(count(run, outcome), total, "{outcome:?}, seed {seed}");
        }
        let gone = [Outcome::Shed, Outcome::Expired, Outcome::Evicted].map(|outcome| count(run, outcome));
        let unrouted = run.requests.iter().filter(|record| record.outcome == Outcome::Unrouted);
        let undecided = unrouted.filter(|record| record.admitted.is_none()).count();
        let placed = by_outcome.iter().map(|(_, total)| total).sum::<u64>()
            + gone.iter().sum::<u64>()
            + count(run, Outcome::InTransit)
            + (seen.on_the_way + undecided) as u64;
        assert_eq!(placed, case.traffic.arrivals.len() as u64, "seed {seed}");
    });
}

#[test]
fn a_request_is_dispatched_after_it_was_queued_and_its_first_token_comes_after_that() {
    for_each_case(|seed, case, seen| {
        let latency = Latency::new(&case.cluster);
        let least_us = case.cluster.routing_latency_us + latency.queue_delay_us + 1 + latency.per_token_us;
        let passages = &seen.run.passages.as_ref().unwrap().requests;
        for (row, (passage, record)) in passages.iter().zip(&seen.run.requests).enumerate() {
            let arrival_us = case.traffic.arrivals[row].arrival_us;
            assert_eq!(record.admitted == Some(true), passage.dispatch_us.is_some(), "row {row}, seed {seed}");
            let Some(dispatch_us) = passage.dispatch_us else { continue };
            let enqueue_us = passage.enqueue_us.unwrap();
            assert_eq!(enqueue_us, arrival_us + case.cluster.admission_latency_us, "row {row}, seed {seed}");
            assert!(dispatch_us >= enqueue_us, "row {row}, seed {seed}");
            let earliest_us = dispatch_us - arrival_us + least_us;
            assert!(record.ttft_us.is_none_or(|ttft_us| ttft_us >= earliest_us), "row {row}, seed {seed}");
        }
    });
}

#[test]
fn an_event_dispatches_at_most_one_request_at_the_time_of_an_admission_or_a_tick() {
    for_each_case(|seed, case, seen| {
        let passages = seen.run.passages.as_ref().unwrap();
        let (mut admissions, mut dispatches) = (BTreeMap::new(), BTreeMap::new());
        for arrival in case.traffic.arrivals.iter() {
            *admissions.entry(arrival.arrival_us + case.cluster.admission_latency_us).or_insert(0) += 1;
        }
        let times = passages.dispatched.iter().filter_map(|&row| passages.requests[row as usize].dispatch_us);
        times.for_each(|time_us| *dispatches.entry(time_us).or_insert(0) += 1);
        let starts: Vec<u64> = passages.requests.iter().filter_map(|passage| passage.enqueue_us).collect();
        for (&time_us, &dispatched) in &dispatches {
            let is_tick = match case.flow.ticks {
                Ticks::Router => time_us.is_multiple_of(case.flow.tick_us),
                Ticks::Blis => starts
                    .iter()
                    .any(|&start_us| start_us < time_us && (time_us - start_us).is_multiple_of(case.flow.tick_us)),
            };
            let events = admissions.get(&time_us).unwrap_or(&0) + i32::from(is_tick);
            assert!(dispatched <= events, "{dispatched} at {time_us}, seed {seed}");
        }
    });
}

#[test]
fn the_highest_band_goes_first_and_none_goes_where_the_saturation_reaches_its_ceiling() {
    for_each_case(|seed, case, seen| {
        for attempt in &seen.attempts {
            let Attempted { saturation, priorities, waiting, ceilings, dispatched, now_us, .. } = attempt;
            let first = waiting.iter().position(|&waiting| waiting > 0);
            let is_open = |band: usize| ceilings[..=band].iter().all(|ceiling| saturation < ceiling);
            let expected = first.filter(|&band| is_open(band)).map(|band| priorities[band]);
            let found = dispatched.map(|row| priority(case, row as usize));
            assert_eq!(found, expected, "at {now_us}, seed {seed}");
            assert!(*saturation < 1.0 || dispatched.is_none(), "at {now_us}, seed {seed}");
            assert!(priorities.windows(2).all(|two| two[0] > two[1]), "at {now_us}, seed {seed}");
        }
    });
}

#[test]
fn a_band_of_one_flow_or_strictly_by_age_goes_in_the_order_of_arrival() {
    for_each_case(|seed, case, seen| {
        let is_by_age = case.flow.fairness == Fairness::GlobalStrict && case.flow.order != DispatchOrder::SloDeadline;
        if !is_by_age {
            return;
        }
        let mut last: BTreeMap<i32, u32> = BTreeMap::new();
        for &row in &seen.run.passages.as_ref().unwrap().dispatched {
            let before = last.insert(priority(case, row as usize), row);
            assert!(before.is_none_or(|before| before < row), "row {row}, seed {seed}");
        }
    });
}

#[test]
fn with_one_request_at_a_time_concurrency_is_never_exceeded() {
    for_each_case(|seed, case, seen| {
        let Detector::Concurrency { max } = case.flow.detector else { return };
        let at_once = case.traffic.arrivals.windows(2).any(|two| two[0].arrival_us == two[1].arrival_us);
        if at_once || case.cluster.routing_latency_us > 0 {
            return;
        }
        let most = max * u64::from(case.cluster.instances);
        assert!(seen.attempts.iter().all(|attempt| u64::from(attempt.in_flight) <= most), "seed {seed}");
    });
}

#[test]
fn capacities_hold_and_only_a_less_important_droppable_request_is_displaced() {
    for_each_case(|seed, case, seen| {
        let capacity = case.flow.capacity;
        let within = |held: u32, limit: Option<u64>| limit.is_none_or(|limit| u64::from(held) <= limit);
        for Attempted { waiting, now_us, .. } in &seen.attempts {
            assert!(waiting.iter().all(|&held| within(held, capacity.band)), "at {now_us}, seed {seed}");
            assert!(within(waiting.iter().sum(), capacity.all), "at {now_us}, seed {seed}");
        }
        let passages = &seen.run.passages.as_ref().unwrap().requests;
        for (row, record) in seen.run.requests.iter().enumerate().filter(|(_, record)| record.outcome == Outcome::Shed)
        {
            assert!(capacity.shedding && priority(case, row) < 0 && record.admitted == Some(false), "seed {seed}");
            let at = passages[row].removed_us;
            let newcomers = (0..passages.len()).filter(|&other| passages[other].enqueue_us == at);
            assert!(
                newcomers.map(|other| priority(case, other)).any(|other| other > priority(case, row)),
                "seed {seed}"
            );
        }
    });
}

#[test]
fn nobody_waits_longer_than_the_time_to_live() {
    for_each_case(|seed, case, seen| {
        let Some(ttl_us) = case.flow.ttl_us else {
            return assert_eq!(count(&seen.run, Outcome::Expired), 0, "seed {seed}");
        };
        let passages = seen.run.passages.as_ref().unwrap().requests.iter();
        for (passage, record) in passages.zip(&seen.run.requests) {
            let Some(enqueue_us) = passage.enqueue_us else { continue };
            assert!(passage.wait_us().is_none_or(|wait_us| wait_us <= ttl_us), "seed {seed}");
            if record.outcome == Outcome::Expired {
                assert_eq!(passage.removed_us, Some(enqueue_us + ttl_us), "seed {seed}");
            }
            if record.outcome == Outcome::Waiting {
                assert!(enqueue_us + ttl_us > case.cluster.horizon_us.unwrap(), "seed {seed}");
            }
        }
    });
}

#[test]
fn a_run_that_ends_before_its_horizon_leaves_nothing_in_the_queue_and_no_tick_ahead() {
    let mut drained = 0;
    for seed in 0..CASES {
        let mut case = Case::new(2_000_000 + seed);
        case.cluster.horizon_us = Some(1 << 40);
        if case.cluster.preemption == crate::cluster::Preemption::Priority {
            continue; // requests of equal priority that arrive together may evict each other for ever
        }
        let seen = watch::<PlainInstance>(&case);
        assert_eq!((seen.waiting, seen.ticks_on, seen.on_the_way), (0, false, 0), "seed {seed}");
        drained += 1;
    }
    assert!(drained > 500);
}

#[test]
fn what_is_unseen_includes_what_came_since_the_reading_and_credit_never_lowers_the_saturation() {
    for_each_case(|seed, case, seen| {
        for attempt in &seen.attempts {
            assert!(attempt.unseen >= attempt.since_reading, "at {}, seed {seed}", attempt.now_us);
        }
        let instances = [admitter::Instance {
            waiting: seed as u32 % 7,
            running: 0,
            in_flight: 3,
            kv_utilization: (seed % 11) as f64 / 11.0,
            metrics_age_us: 0,
            kv_capacity_tokens: 1,
        }; 3];
        let saturations: Vec<f64> = (0..9).map(|credit| case.flow.detector.saturation(&instances, credit)).collect();
        assert!(saturations.is_sorted(), "{saturations:?}, seed {seed}");
    });
}

fn driven(case: &Case) -> Run {
    super::simulate(&case.cluster, &case.flow, case.traffic.clone(), &mut case.limiter.clone()).unwrap()
}

#[test]
fn a_detector_that_never_saturates_is_as_good_as_no_queue() {
    for seed in 0..CASES {
        let mut case = Case::new(3_000_000 + seed);
        case.flow.detector = Detector::Never;
        // The router's ticks drive the clock of the readings, so that instances are chosen by other ones.
        (case.flow.ticks, case.flow.bands) = (Ticks::Blis, Vec::new());
        let with = driven(&case);
        let admit = &mut admitters::Builtin::parse("always-admit").unwrap();
        let without = crate::simulate(&case.cluster, case.traffic.clone(), admit, 1);
        assert_eq!((with.requests, with.totals), (without.requests, without.totals), "seed {seed}");
    }
}

#[test]
fn the_order_fifo_is_that_by_priority() {
    for seed in 0..CASES {
        let mut case = Case::new(4_000_000 + seed);
        case.flow.order = DispatchOrder::Fifo;
        let fifo = driven(&case);
        case.flow.order = DispatchOrder::Priority;
        assert_eq!(fifo, driven(&case), "seed {seed}");
    }
}

#[test]
fn with_a_single_class_the_reflective_limiter_is_the_constant_one() {
    for seed in 0..CASES {
        let mut case = Case::new(5_000_000 + seed);
        let mut arrivals = case.traffic.arrivals.to_vec();
        let class = arrivals[0].class.clone();
        arrivals.iter_mut().for_each(|arrival| arrival.class = class.clone());
        case.traffic = Traffic { arrivals: arrivals.into(), ..case.traffic };
        (case.flow.ticks, case.flow.bands) = (Ticks::Blis, Vec::new());
        case.limiter = Builtin::parse("soft-reflective").unwrap();
        let reflective = driven(&case);
        case.limiter = Builtin::parse("constant").unwrap();
        assert_eq!(reflective, driven(&case), "seed {seed}");
    }
}

#[test]
fn a_run_that_stops_below_saturation_only_is_the_same_run() {
    for seed in 0..CASES {
        let case = Case::new(4_000_000 + seed);
        let (mut limiter, mut own) = (case.limiter.clone(), case.limiter.clone());
        let run = super::simulate(&case.cluster, &case.flow, case.traffic.clone(), &mut limiter).unwrap();
        let mut machine = Simulation::new(&case.cluster, &case.flow, case.traffic.clone());
        while let Some(attempt) = machine.next_open() {
            assert!(attempt.saturation < 1.0, "seed {seed}");
            let mut ceilings = vec![1.0; attempt.priorities.len()];
            own.limit(&attempt, &mut ceilings);
            machine.limit(&ceilings).unwrap();
        }
        assert!(machine.finish() == run, "seed {seed}");
    }
}
