//! Flow control: examples worked by hand, answers that set no ceilings, and limiters that never let go.

mod common;

use std::path::Path;

use common::{cluster, flow, request, run_flow};
use simulator::flow::limiters::Threshold;
use simulator::flow::{Attempt, InvalidCeilings, Limiter, Simulation, by_band, simulate};
use simulator::{Arrival, Outcome, Run, Traffic, trace};

const ONE_AT_A_TIME: &str = "detector = \"concurrency\"\nmax_concurrency = 1\ndispatch_order = \"priority\"\n";

fn times<T>(run: &Run, of: impl Fn(usize) -> T) -> Vec<T> {
    (0..run.requests.len()).map(of).collect()
}

fn dispatches(run: &Run) -> Vec<Option<u64>> {
    let passages = &run.passages.as_ref().unwrap().requests;
    times(run, |row| passages[row].dispatch_us)
}

fn run(arrivals: Vec<Arrival>, lines: &str) -> Run {
    run_flow(&cluster(1, ""), &flow(lines), &arrivals.into(), "constant")
}

#[test]
fn a_completion_is_noticed_at_the_next_tick_and_the_critical_request_goes_first() {
    let arrivals = vec![
        request(1_000, "critical", 512, 4),
        request(2_000, "sheddable", 512, 2),
        request(3_500, "critical", 300, 3),
    ];
    let run = run(arrivals, ONE_AT_A_TIME);
    assert_eq!(times(&run, |row| run.requests[row].ttft_us), [29_899, 125_899, 81_505].map(Some));
    assert_eq!(times(&run, |row| run.requests[row].e2e_us), [67_441, 138_931, 106_752].map(Some));
    let passages = &run.passages.as_ref().unwrap().requests;
    assert_eq!(times(&run, |row| passages[row].wait_us()), [0, 96_000, 52_500].map(Some));
    assert_eq!(run.totals.duration_us, 140_064);
}

#[test]
fn a_request_that_waited_too_long_is_gone_before_the_tick_at_its_time_and_the_ticks_begin_anew() {
    let arrivals = vec![
        request(1_000, "critical", 512, 4),
        request(2_000, "sheddable", 512, 2),
        request(52_000, "critical", 300, 3),
        request(52_500, "critical", 300, 3),
    ];
    let run = run(arrivals, &format!("{ONE_AT_A_TIME}request_ttl_us = 5000\n"));
    assert_eq!(dispatches(&run), [Some(1_000), None, Some(56_000), None]);
    assert_eq!(run.requests[2].ttft_us, Some(33_005));
    let passages = &run.passages.as_ref().unwrap().requests;
    assert_eq!([1, 3].map(|row| passages[row].removed_us), [7_000, 57_500].map(Some));
    assert_eq!([1, 3].map(|row| run.requests[row].outcome), [Outcome::Expired; 2]);
}

#[test]
fn requests_that_arrive_together_pass_the_gate_together() {
    let classes = ["sheddable", "sheddable", "sheddable", "sheddable", "critical"];
    let arrivals = classes.map(|class| request(1_000, class, 100, 2)).to_vec();
    let run = run(arrivals, "detector = \"concurrency\"\nmax_concurrency = 2\n");
    assert_eq!(dispatches(&run), [Some(1_000); 5]);
    assert_eq!(times(&run, |row| run.requests[row].ttft_us), [Some(29_827); 5]);
}

#[test]
fn a_flow_that_becomes_empty_takes_the_turn_with_it() {
    let rows = "arrival_us,slo_class,input_tokens,output_tokens,client\n1000,critical,100,2,c\n2000,critical,100,2,b\n\
                2000,critical,100,2,a\n2000,critical,100,2,b\n2000,critical,100,2,c\n2000,critical,100,2,a\n";
    let traffic: Traffic = trace::read_traffic(rows, Path::new("t.csv"), &|_| Ok(())).unwrap();
    let flow = flow(&format!("{ONE_AT_A_TIME}fairness = \"round-robin\"\n"));
    let run = run_flow(&cluster(1, ""), &flow, &traffic, "constant");
    assert_eq!(run.passages.as_ref().unwrap().dispatched, [0, 2, 1, 4, 5, 3]);
    let mut found = dispatches(&run);
    found.sort_unstable();
    assert_eq!(found, [1_000, 30_000, 59_000, 88_000, 117_000, 146_000].map(Some));
}

/// Answers the same each time, right or wrong.
struct Fixed(Vec<f64>);

impl Limiter for Fixed {
    fn limit(&mut self, _: &Attempt<'_>, ceilings: &mut [f64]) {
        ceilings.iter_mut().zip(&self.0).for_each(|(ceiling, &answer)| *ceiling = answer);
    }
}

fn two_bands() -> Vec<Arrival> {
    vec![request(1_000, "critical", 100, 2), request(1_500, "sheddable", 100, 2)]
}

#[test]
fn an_answer_that_sets_no_ceilings_ends_the_run_and_says_why() {
    let ends = |answer: &[f64]| {
        simulate(&cluster(1, ""), &flow("detector = \"utilization\""), two_bands(), &mut Fixed(answer.to_vec()))
    };
    assert_eq!(ends(&[1.0, 1.5]), Err(InvalidCeilings::Range { band: 1, ceiling: 1.5 }));
    assert_eq!(ends(&[-0.1]), Err(InvalidCeilings::Range { band: 0, ceiling: -0.1 }));
    assert_eq!(ends(&[0.5, 0.75]), Err(InvalidCeilings::Rising { band: 1, ceiling: 0.75, before: 0.5 }));
    assert!(matches!(ends(&[f64::NAN]), Err(InvalidCeilings::Range { band: 0, .. })));
    assert_eq!(ends(&[]).unwrap().totals.completed, 2, "what is not written is open");
}

#[test]
fn an_attempt_waits_for_its_ceilings_until_they_are_valid() {
    let mut simulation = Simulation::new(&cluster(1, ""), &flow("detector = \"utilization\""), two_bands());
    let attempt = simulation.next().unwrap();
    assert_eq!((attempt.now_us, attempt.priorities, attempt.waiting), (1_000, &[4][..], &[1][..]));
    assert_eq!(simulation.limit(&[]), Err(InvalidCeilings::Number { found: 0, bands: 1 }));
    assert_eq!(simulation.next().unwrap().now_us, 1_000);
    simulation.limit(&[0.0]).unwrap();
    let attempt = simulation.next().unwrap();
    assert_eq!((attempt.now_us, attempt.priorities, attempt.waiting), (1_500, &[4, -2][..], &[1, 1][..]));
    simulation.limit(&[1.0, 0.5]).unwrap();
    let attempt = simulation.next().unwrap();
    assert_eq!((attempt.now_us, attempt.waiting), (2_000, &[0, 1][..]));
    assert_eq!((attempt.dispatched_since_reading, attempt.dispatched_unseen, attempt.reading_age_us), (1, 1, 2_000));
    assert_eq!(attempt.instances[0].in_flight, 1);
    simulation.limit(&[1.0, 1.0]).unwrap();
    assert_eq!(simulation.next(), None);
    assert_eq!(simulation.finish().totals.completed, 2);
}

#[test]
fn a_limiter_that_never_opens_a_band_ends_the_run_with_what_waits_there() {
    for ticks in ["blis", "router"] {
        let flow = flow(&format!("detector = \"utilization\"\nticks = \"{ticks}\""));
        let run = simulate(&cluster(1, ""), &flow, two_bands(), &mut Fixed(vec![1.0, 0.0])).unwrap();
        assert_eq!(
            run.requests.iter().map(|record| record.outcome).collect::<Vec<_>>(),
            [Outcome::Completed, Outcome::Waiting]
        );
        assert_eq!(run.requests[1].admitted, None);
        let bands = by_band(&cluster(1, ""), &two_bands().into(), &run);
        let found: Vec<_> = bands.iter().map(|band| (band.priority, band.queued, band.dispatched, band.left)).collect();
        assert_eq!(found, [(4, 1, 1, 0), (-2, 1, 0, 1)]);
        assert_eq!(bands[1].peak_waiting, 1);
    }
}

#[test]
fn a_router_ticks_from_the_start_and_asks_with_an_empty_queue_too() {
    let flow = flow("detector = \"utilization\"\nticks = \"router\"\nbands = [4, 0]");
    let mut simulation = Simulation::new(&cluster(1, ""), &flow, vec![request(2_500, "sheddable", 100, 2)]);
    let mut seen = Vec::new();
    while let Some(attempt) = simulation.next() {
        seen.push((attempt.now_us, attempt.priorities.to_vec(), attempt.waiting.iter().sum::<u32>()));
        let ceilings = vec![1.0; attempt.priorities.len()];
        simulation.limit(&ceilings).unwrap();
    }
    let (before, after) = (vec![4, 0], vec![4, 0, -2]);
    // The last tick finds that nothing is to come any more.
    let expected = [(1_000, before.clone(), 0), (2_000, before, 0), (2_500, after.clone(), 1), (3_000, after, 0)];
    assert_eq!(seen, expected);
}

#[test]
fn a_lower_ceiling_holds_back_the_lower_band_only() {
    // One request in flight of two is a saturation of 0.5.
    let arrivals = || {
        vec![
            request(1_000, "critical", 100, 20),
            request(2_000, "sheddable", 100, 2),
            request(3_000, "critical", 100, 2),
        ]
    };
    let flow = flow("detector = \"concurrency\"\nmax_concurrency = 2");
    let held = simulate(&cluster(1, ""), &flow, arrivals(), &mut Threshold::new(0.5)).unwrap();
    let free = simulate(&cluster(1, ""), &flow, arrivals(), &mut Threshold::new(0.6)).unwrap();
    let passages = |run: &Run| dispatches(run);
    assert_eq!(passages(&free)[1], Some(2_000));
    assert!(passages(&held)[1].is_some_and(|time_us| time_us > 200_000), "{:?}", passages(&held));
    assert_eq!(passages(&held)[2], Some(3_000));
}

#[test]
fn an_arrival_that_is_refused_is_an_attempt_for_a_router_only() {
    for (ticks, expected) in [("blis", vec![1_100, 2_100]), ("router", vec![1_000, 1_100, 1_500, 2_000])] {
        let lines = format!("detector = \"utilization\"\nper_band_capacity = 1\nticks = \"{ticks}\"");
        let arrivals = vec![request(1_100, "critical", 100, 2), request(1_500, "critical", 100, 2)];
        let mut simulation = Simulation::new(&cluster(1, ""), &flow(&lines), arrivals);
        let mut times = Vec::new();
        while let Some(Attempt { now_us, priorities, .. }) = simulation.next() {
            let bands = priorities.len();
            times.push(now_us);
            // Nothing is let through before 2 ms.
            simulation.limit(&vec![if now_us < 2_000 { 0.0 } else { 1.0 }; bands]).unwrap();
        }
        assert_eq!(times, expected, "{ticks}");
        let run = simulation.finish();
        assert_eq!(
            run.requests.iter().map(|record| record.outcome).collect::<Vec<_>>(),
            [Outcome::Completed, Outcome::Rejected]
        );
    }
}
