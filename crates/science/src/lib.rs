//! The words of the loop as types, its rules, and the state machine that drives a campaign.
//!
//! Nothing here reads a file, a clock or the environment, so nothing here can fail for the world's sake: what comes in
//! is data, what goes out is data. Start with these files: [`state`] (what may happen, and what happens next),
//! [`spec`] and [`objective`] (what is measured, and what counts), [`judge`] (how a claim is held against what was measured).

pub mod asked;
pub mod audit;
pub mod bundle;
pub mod champion;
pub mod comparison;
pub mod contrast;
pub mod controls;
pub mod defect;
pub mod descriptor;
pub mod effect;
pub mod event;
pub mod experiment;
pub mod fairness;
pub mod fastfail;
#[cfg(test)]
mod fixture;
pub mod frontier;
pub mod gaussian;
pub mod id;
pub mod judge;
pub mod keyed;
pub mod measurement;
pub mod nonce;
pub mod objective;
pub mod origins;
pub mod outcome;
pub mod principle;
pub mod retune;
pub mod scale;
pub mod seal;
pub mod sequence;
#[cfg(test)]
#[path = "../../../tests/fixtures/shapes.rs"]
mod shapes;
pub mod short;
pub mod simplify;
pub mod source;
pub mod space;
pub mod spec;
pub mod specialise;
pub mod state;
pub mod stats;
pub mod stopping;
pub mod text;
pub mod trial;
pub mod tuner;
pub mod volume;
pub mod words;
pub mod work;
pub mod yardsticks;
