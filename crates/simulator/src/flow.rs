//! Flow control: a queue at the gateway that holds requests back while the instances are saturated.
//!
//! It reproduces that of BLIS, and a second schedule after llm-d's router. Requests wait in *bands*, one for each priority; an
//! *attempt* dispatches at most one of them, of the highest band that holds any. Attempts are made at arrivals and at *ticks*.
//! Each compares the *saturation* of the instances with a *ceiling* for each band, which a [`Limiter`] sets. With flow control
//! there is no admission policy.
//!
//! **Start with** `gate.rs` (the life of a request from its arrival to its dispatch), then `queue.rs` (who is next) and
//! `limiters.rs` (the built-in ceilings). Then, by subject: `config.rs`, `raw.rs` (the input) · `limiter.rs`, `simulation.rs`
//! (how a limiter is asked) · `saturation.rs` · `ticks.rs` (and how those that cannot change anything cost nothing) ·
//! `tracker.rs` (who is taken back) · `passage.rs` (what comes out).

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod cases;
mod config;
mod control;
mod gate;
mod limiter;
pub mod limiters;
mod passage;
#[cfg(test)]
mod properties;
mod queue;
mod raw;
mod saturation;
mod simulation;
mod ticks;
mod tracker;

pub use config::{Capacity, Credit, Detector, DispatchOrder, Fairness, FlowControl, Input, Ticks};
pub(crate) use control::Control;
pub use limiter::{Attempt, InvalidCeilings, Limiter, check};
pub use passage::{BandSummary, Passage, Passages, Waiting, by_band, shed_by_class};
pub(crate) use raw::RawFlowControl;
pub use simulation::{Simulation, simulate};
