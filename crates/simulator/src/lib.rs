//! A discrete-event simulator of an LLM serving cluster: a router with an admission gate in front of instances that
//! batch requests as vLLM does. It reproduces BLIS to the microsecond, and it stops at each admission decision, so that
//! the policy may live anywhere: in a test, in the driver [`simulate`], or in a jailed process. With a queue at the router
//! ([`flow`]) it stops at each attempt to dispatch a request instead.
//!
//! **Start with these three files:** `gateway.rs` (the cluster's loop: arrival, admission, routing), `plain/instance.rs`
//! (the life of a request on an instance, one step after the other), `plain/batch.rs` (which requests a step computes).
//! Those are the plain instances; `fast.rs` says how the fast ones, which [`Simulation`] uses, come to the same results.
//!
//! Then, by subject: `scenario.rs`, `raw.rs`, `cluster.rs`, `cards.rs`, `capacity.rs`, `slo.rs` (the input and
//! its errors) · `trace.rs`, `clients.rs`, `workload.rs`, `sampler.rs`, `gaps.rs`, `traffic.rs` (what arrives, and what of it is
//! measured), `hints.rs`, `predictor.rs`, `learned.rs` (what the router is told of it),
//! `draws.rs` (what chance is made of) · `flow.rs` (a queue at the gateway, in place of the admission decision) ·
//! `run.rs`, `metrics.rs`, `timeline.rs`, `gpu.rs` (what comes out) · `admitters.rs`, `maths.rs` (the built-in policies).
//!
//! Nothing here prints, reads the environment or a clock, or depends on the host: one seed gives one run, everywhere.

pub mod admitters;
#[cfg(test)]
mod agreement;
pub mod capacity;
pub mod cards;
mod clients;
pub mod cluster;
mod draws;
mod event;
mod fast;
pub mod flow;
mod gaps;
mod gateway;
pub mod gpu;
pub mod hints;
mod latency;
pub mod learned;
pub mod maths;
pub mod metrics;
pub mod plain;
pub mod predictor;
mod raw;
mod request;
mod routing;
pub mod run;
pub mod sampler;
pub mod scenario;
mod serving;
pub mod simulation;
pub mod slo;
mod tie;
pub mod timeline;
pub mod trace;
pub mod traffic;
mod waiting;
pub mod workload;

pub use cluster::ClusterConfig;
pub use draws::Draws;
pub use run::{Outcome, Record, Run, Totals};
pub use scenario::Scenario;
pub use simulation::{Pending, Simulation, simulate};
pub use trace::Arrival;
pub use traffic::Traffic;
pub use workload::Workload;
