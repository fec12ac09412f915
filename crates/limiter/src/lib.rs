//! The contract between Elenchus and a limiter of flow control: everything a candidate may see, and all it may answer.
//!
//! A *candidate* is one Rust file that defines `pub struct Policy` and implements [`Limiter`] for it:
//!
//! ```
//! use limiter::prelude::*;
//!
//! /// Closes every band but the highest from a saturation on.
//! pub struct Policy;
//!
//! impl Limiter for Policy {
//!     fn new(_parameters: &[f64]) -> Self {
//!         Policy
//!     }
//!
//!     fn limit(&mut self, _reading: &Reading, _priorities: &[i32], ceilings: &mut [f64]) {
//!         for ceiling in ceilings.iter_mut().skip(1) {
//!             *ceiling = 0.9;
//!         }
//!     }
//! }
//! ```
//!
//! **When it is asked.** Requests wait in a queue at the router, in *bands*, one for each priority. Attempts to dispatch a request are made
//! when one arrives and at every tick, by default every millisecond, while something waits. An attempt goes through the bands from
//! the highest priority on. It ends at the first band whose ceiling is not above the saturation, or else dispatches the
//! oldest request of the first band that holds any: one request at most. `limit` is called once for each attempt, before any
//! band is looked at, so calls are a policy's clock: no time is passed. **It is not called while the saturation is 1 or more:** no ceiling
//! opens a band then, and nothing is dispatched. One `Policy` value serves one simulated run, so whatever it keeps in its fields is
//! its memory of that run; there is no other place to keep anything.
//!
//! **What is seen.** What llm-d's router passes to such a policy: the saturation of the instances and the priorities of the bands. It
//! is made of figures that are scraped from the instances about every 50 ms, so it stands still in between, and reads as an empty
//! cluster until the first scrape. The other fields of [`Reading`] are not passed in production today. They are none unless
//! the experiment names them, and a policy must do well without them.
//! **What is never shown:** lengths, output tokens, any latency, the time, future arrivals, any seed, and where or in
//! which of many runs a policy is: its state, its stack and all that it is given lie at the same addresses in each of them.
//!
//! **What is answered.** A ceiling for each band, in the order of the priorities: a saturation at which, and above which, nothing
//! of the band is dispatched. 1 is open, 0 is closed. They arrive as 1; what is not written stays open. **A ceiling that is no number,
//! lies outside of 0..=1 or above that of the band before it is no answer:** it ends the run, and the candidate's outcome is then
//! `inconsistent`. Nothing is repaired. Whoever holds requests back for ever has left them, which makes it inadmissible.
//!
//! **What may be used.** `core` and this crate; neither an allocator nor the standard library. No `unsafe`, no `static`
//! items, no macros of one's own. A `Policy` has at most 64 KiB, and is moved between calls. The functions of [`Maths`] read as usual
//! (`x.sqrt()`, `x.powf(y)`) and give the same bits on every host. A panic ends the run: the outcome is then `crashed`.
#![no_std]
#![deny(missing_docs)]

use core::sync::atomic::{AtomicPtr, Ordering};

pub mod wire;

/// Everything a candidate needs: `use limiter::prelude::*;`.
pub mod prelude {
    pub use crate::{Limiter, Maths, Reading, Tunable};
}

/// This file's own text: what a prompt shows and what a candidate is compiled against.
pub const SOURCE: &str = include_str!("lib.rs");

/// A policy that sets the ceilings of the bands.
pub trait Limiter: Sized {
    /// The constants that may be tuned without compiling again, in the order in which `new` receives their values.
    const TUNABLES: &'static [Tunable] = &[];

    /// Starts one run. `parameters` has one value for each entry of `TUNABLES`.
    fn new(parameters: &[f64]) -> Self;

    /// Sets the ceilings for one attempt. `priorities` and `ceilings` have an entry for each band, the highest priority first, 1 to 8
    /// of them; a band comes into being with its first request. Ceilings come as 1.
    fn limit(&mut self, reading: &Reading<'_>, priorities: &[i32], ceilings: &mut [f64]);
}

/// A constant of a policy that the framework may vary between `low` and `high`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tunable {
    /// Its name, as in `period`.
    pub name: &'static str,
    /// The value that the author chose.
    pub default: f64,
    /// The smallest value that makes sense.
    pub low: f64,
    /// The largest value that makes sense.
    pub high: f64,
}

/// What the router knows of the instances when it tries to dispatch a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading<'a> {
    /// The mean over instances of max(waiting / 5, KV utilisation / 0.8), unless the router is set otherwise: 0 is idle, and 1,
    /// where the queue is held as a whole, is never seen. Stale.
    pub saturation: f64,
    /// Not in production: how old the figures are that it is made of, in µs.
    pub age_us: Option<u64>,
    /// Not in production: requests that wait in each of the bands, this attempt's included. Exact.
    pub waiting: Option<&'a [u32]>,
    /// Not in production: requests on all instances together, as the router counts them. Exact.
    pub in_flight: Option<u64>,
    /// Not in production: requests dispatched that the figures cannot show yet.
    pub unseen: Option<u64>,
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
