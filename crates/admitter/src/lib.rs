//! The contract between Elenchus and an admission policy: everything a candidate may see, and all it may answer.
//!
//! A *candidate* is one Rust file that defines `pub struct Policy` and implements [`Admitter`] for it:
//!
//! ```
//! use admitter::prelude::*;
//!
//! /// Sheds low-priority requests with a probability that rises with the saturation of the cluster.
//! pub struct Policy;
//!
//! impl Admitter for Policy {
//!     fn new(_parameters: &[f64]) -> Self {
//!         Policy
//!     }
//!
//!     fn admit(&mut self, request: &Request, cluster: &Cluster, draw: &mut Draw) -> Decision {
//!         if request.priority >= 0 {
//!             return Decision::Admit; // critical and standard traffic is never refused
//!         }
//!         let saturation = cluster.saturation(5.0, 0.8);
//!         Decision::reject_if(draw.uniform() < saturation.powi(5) * 300.0)
//!     }
//! }
//! ```
//!
//! `admit` is called once for every request that arrives at the router, in the order of arrival, before an instance is
//! chosen for it. A rejected request is gone: nothing queues at the router. One `Policy` value serves one simulated run,
//! so whatever it keeps in its fields is its memory of that run; there is no other place to keep anything.
//!
//! **What is seen.** The priority and prompt length of the request, whose it is, the limit that its client set, an estimate of its
//! length, the time, and for each instance the signals that an llm-d router has: queue, batch and KV-cache figures scraped
//! from the instances about every 50 ms (so they are stale by up to `metrics_age_us`, and read as an empty cluster until the
//! first scrape), and the router's own exact count of what is in flight. Client, limit and estimate are *hints*: many clusters
//! have none of them, or the same for all. A policy must do well without them, and no worse where they say nothing.
//! **What is never shown:** the number of output tokens, any latency, future arrivals, any seed, and where or in
//! which of many runs a policy is: its state, its stack and all that it is given lie at the same addresses in each of them.
//! The order of the instances carries no meaning; a decision must not depend on it.
//!
//! **What may be used.** `core` and this crate; neither an allocator nor the standard library. No `unsafe`, no `static`
//! items, no macros of one's own. A `Policy` has at most 64 KiB, and is moved between calls. The functions of [`Maths`] read as usual (`x.sqrt()`, `x.powf(y)`) and give the same
//! bits on every host. A panic ends the run: the candidate's outcome is then `crashed`, not an error of the framework.
#![no_std]
#![deny(missing_docs)]

use core::sync::atomic::{AtomicPtr, Ordering};

pub mod wire;

/// Everything a candidate needs: `use admitter::prelude::*;`.
pub mod prelude {
    pub use crate::{Admitter, Cluster, Decision, Draw, Instance, Maths, Request, Tunable};
}

/// This file's own text: what a prompt shows and what a candidate is compiled against.
pub const SOURCE: &str = include_str!("lib.rs");

/// An admission policy.
pub trait Admitter: Sized {
    /// The constants that may be tuned without compiling again, in the order in which `new` receives their values.
    const TUNABLES: &'static [Tunable] = &[];

    /// Starts one run. `parameters` has one value for each entry of `TUNABLES`.
    fn new(parameters: &[f64]) -> Self;

    /// Decides about one request.
    fn admit(&mut self, request: &Request, cluster: &Cluster, draw: &mut Draw) -> Decision;
}

/// A constant of a policy that the framework may vary between `low` and `high`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tunable {
    /// Its name, as in `k`.
    pub name: &'static str,
    /// The value that the author chose.
    pub default: f64,
    /// The smallest value that makes sense.
    pub low: f64,
    /// The largest value that makes sense.
    pub high: f64,
}

/// The request at the door.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Request {
    /// By default critical 4, standard 3, batch −1, sheddable −2, background −3. At or above zero the request is
    /// *protected*: a policy that refuses one is not admissible. Below zero it is *droppable*.
    pub priority: i32,
    /// Length of the prompt in tokens, exact, at least 1.
    pub prompt_tokens: u32,
    /// Whose it is (production: the fairness id). Opaque: it only says which requests have one sender; neither order nor
    /// size means anything. The same for all requests where nobody tells.
    pub client: u32,
    /// The limit that the client set, in tokens of output (production: `max_tokens` of the body). Often a default that says
    /// little; none is not 0.
    pub max_output_tokens: Option<u32>,
    /// An estimate of the output in tokens, finite and above 0; it may be wrong, biased or worthless. None where nobody
    /// predicts, or the predictor does not know.
    pub predicted_output_tokens: Option<f64>,
    /// Time of the decision in µs on a clock that starts anywhere: only differences mean something. Never falls from one call
    /// to the next.
    pub now_us: u64,
}

/// What the router knows about one serving instance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Instance {
    /// Requests in the instance's wait queue. Stale, see `metrics_age_us`.
    pub waiting: u32,
    /// Requests in its running batch. Stale, see `metrics_age_us`.
    pub running: u32,
    /// Requests routed to it and not yet finished, counted by the router itself: exact and immediate.
    pub in_flight: u32,
    /// Share of its KV-cache blocks in use, a fraction 0..=1. Stale, see `metrics_age_us`.
    pub kv_utilization: f64,
    /// Age in µs of the stale fields, usually below 50,000. Until the first scrape they are zero.
    pub metrics_age_us: u64,
    /// Tokens that its KV cache holds when full; constant. In production 0 until the first scrape, which no simulation shows.
    pub kv_capacity_tokens: u64,
}

/// The instances behind the router.
#[derive(Clone, Copy, Debug)]
pub struct Cluster<'a> {
    /// One entry for each instance, at least one in practice.
    pub instances: &'a [Instance],
}

impl Cluster<'_> {
    /// The saturation signal of the llm-d router: the mean over instances of
    /// `max(waiting / queue_threshold, kv_utilization / kv_threshold)`. Zero when idle, 1 where the legacy gate closes, and
    /// more beyond that. Production uses the thresholds 5 requests and 0.8. An empty cluster counts as saturated (1).
    pub fn saturation(&self, queue_threshold: f64, kv_threshold: f64) -> f64 {
        if self.instances.is_empty() {
            return 1.0;
        }
        let mut sum = 0.0;
        for instance in self.instances {
            let queue = f64::from(instance.waiting) / queue_threshold;
            let kv = instance.kv_utilization / kv_threshold;
            sum += if queue > kv { queue } else { kv };
        }
        sum / self.instances.len() as f64
    }
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Let the request in.
    Admit,
    /// Refuse it (HTTP 429 in production).
    Reject,
}

impl Decision {
    /// `Reject` where `condition` holds, else `Admit`.
    pub fn reject_if(condition: bool) -> Self {
        if condition { Decision::Reject } else { Decision::Admit }
    }
}

/// The source of randomness for one request.
///
/// The k-th draw for the n-th request of a run is a pure function of (the run's secret, n, k): two policies that meet the same
/// arrivals also meet the same draws, however many each of them takes. Each request has a key of its own, a one-way keyed hash
/// of the secret and n. So whoever works out the key from the draws has these draws, which are its own anyway: nothing about
/// the secret, other requests or arrivals follows from it.
#[derive(Clone, Debug)]
pub struct Draw {
    key: u64,
    taken: u64,
}

impl Draw {
    /// The next number, uniform in 0..1 (1 excluded), a multiple of 2⁻⁵³.
    pub fn uniform(&mut self) -> f64 {
        self.taken += 1;
        let bits = mix(self.key.wrapping_add(self.taken.wrapping_mul(GOLDEN)));
        (bits >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }
}

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// The finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): a bijection that scatters its input.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The elementary functions that `core` lacks, for `f64`.
pub trait Maths {
    /// Square root; NaN below zero.
    fn sqrt(self) -> f64;
    /// e to the power of self.
    fn exp(self) -> f64;
    /// Natural logarithm.
    fn ln(self) -> f64;
    /// Hyperbolic tangent.
    fn tanh(self) -> f64;
    /// The largest integer not above self.
    fn floor(self) -> f64;
    /// The smallest integer not below self.
    fn ceil(self) -> f64;
    /// Self to a real power.
    fn powf(self, exponent: f64) -> f64;
    /// Self to an integer power, by repeated squaring.
    fn powi(self, exponent: i32) -> f64;
}

// The runner's side.

impl Maths for f64 {
    fn sqrt(self) -> f64 {
        call(0, self, 0.0)
    }
    fn exp(self) -> f64 {
        call(1, self, 0.0)
    }
    fn ln(self) -> f64 {
        call(2, self, 0.0)
    }
    fn tanh(self) -> f64 {
        call(3, self, 0.0)
    }
    fn floor(self) -> f64 {
        call(4, self, 0.0)
    }
    fn ceil(self) -> f64 {
        call(5, self, 0.0)
    }
    fn powf(self, exponent: f64) -> f64 {
        call(6, self, exponent)
    }
    fn powi(self, exponent: i32) -> f64 {
        let (mut result, mut base, mut left) = (1.0, self, exponent.unsigned_abs());
        while left > 0 {
            if left & 1 == 1 {
                result *= base;
            }
            base *= base;
            left >>= 1;
        }
        if exponent < 0 { 1.0 / result } else { result }
    }
}

/// A function of the maths table; those of one argument ignore the second.
pub type MathsFn = extern "C" fn(f64, f64) -> f64;
/// `sqrt, exp, ln, tanh, floor, ceil, powf`, in this order.
pub type MathsTable = [MathsFn; 7];

static TABLE: AtomicPtr<MathsTable> = AtomicPtr::new(core::ptr::null_mut());

/// Gives [`Maths`] its functions. Whoever runs a policy calls this once before; policies never do.
pub fn install_maths(table: &'static MathsTable) {
    TABLE.store(core::ptr::from_ref(table).cast_mut(), Ordering::Release);
}

#[allow(unsafe_code)]
fn call(function: usize, x: f64, y: f64) -> f64 {
    let table = TABLE.load(Ordering::Acquire);
    assert!(!table.is_null(), "no maths table is installed");
    // SAFETY: the pointer is not null, and only `install_maths` stores here, only ever a `&'static MathsTable`.
    unsafe { (*table)[function](x, y) }
}
