//! Once a run is under way, it takes no more memory.
#![expect(unsafe_code, reason = "to count allocations is to be the allocator")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use admitter::{Admitter, Cluster};
use simulator::admitters::Builtin;
use simulator::trace::Arrival;
use simulator::{ClusterConfig, Simulation};

mod common;

/// The system's allocator, with a count of how often it was asked for memory.
struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call is passed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(pointer, layout, new_size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const WARM_UP: usize = 5_000;

/// How often memory is allocated in a run after the first decisions, up to the last one.
fn allocations_after_warm_up(cluster: &ClusterConfig, arrivals: Arc<[Arrival]>) -> u64 {
    let (mut simulation, mut policy) = (Simulation::new(cluster, arrivals), Builtin::parse("gaie-legacy").unwrap());
    let (mut decisions, mut before, mut draws) = (0, 0, simulator::Draws::new(1));
    while let Some(pending) = simulation.next() {
        let mut draw = draws.of(pending.index as u64);
        let decision = policy.admit(&pending.request, &Cluster { instances: pending.instances }, &mut draw);
        decisions += 1;
        if decisions == WARM_UP {
            before = ALLOCATIONS.load(Ordering::Relaxed);
        }
        simulation.decide(decision);
    }
    let after = ALLOCATIONS.load(Ordering::Relaxed);
    let run = simulation.finish();
    assert!(decisions > 2 * WARM_UP && run.totals.steps > 10_000, "{:?}", run.totals);
    assert!(run.requests.iter().all(|record| record.admitted != Some(true) || record.e2e_us.is_some()));
    after - before
}

fn settings() -> [&'static str; 6] {
    [
        "",
        "scheduler = \"sjf\"",
        "scheduler = \"priority-fcfs\"\nrouting = \"least-loaded\"",
        "routing = \"weighted\"\nrouting_scorers = [[\"queue-depth\", 2], [\"kv-utilization\", 1]]",
        "routing = \"random\"\nlatency = \"roofline\"",
        "long_prefill_threshold = 100\nsnapshot_interval_us = 0",
    ]
}

/// One test in this file: tests run side by side, and all allocations are counted.
#[test]
fn a_run_in_its_steady_state_allocates_nothing() {
    let class = |n: u64| ["critical", "standard", "batch", "sheddable"][n as usize % 4];
    // 80 requests per second in waves that repeat, and that fill every queue once before the count begins.
    let arrival =
        |n: u64| common::request(n * 12_500, class(n), 100 + (n * 37 % 800) as u32, 20 + (n * 53 % 200) as u32);
    let arrivals: Arc<[Arrival]> = (0..16_000).map(arrival).collect();
    for lines in settings() {
        let allocations = allocations_after_warm_up(&common::cluster(4, lines), Arc::clone(&arrivals));
        assert_eq!(allocations, 0, "with {lines:?}");
    }
}
