//! What a watcher is told while a campaign runs, and how it is asked to stop.

use science::event::Event;
use science::id::CandidateId;
use science::state::State;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Who watches a campaign. A trait object, so that a campaign is compiled once and not in each crate that runs one.
pub type Watch<'a> = dyn FnMut(Progress<'_>) + 'a;

/// What a watcher is told while a campaign runs.
#[derive(Debug)]
pub enum Progress<'a> {
    /// Work of some length begins.
    Working(&'a State, Work<'a>),
    /// A step was taken; it is about to be put on record.
    Recorded(&'a State, &'a Event),
    /// Something that the user should know, and that does not stop the campaign.
    Warning(String),
}

/// Work of some length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Work<'a> {
    /// The yardsticks are being measured.
    Calibrating,
    /// The planner is at work.
    Planning,
    /// The executor writes this arm.
    Implementing(&'a str),
    /// The executor mends this arm's candidate.
    Repairing(&'a str),
    /// This candidate is compiled and run.
    Evaluating(&'a CandidateId),
    /// A policy runs on further verdict seeds, up to this many.
    Testing(usize),
    /// This candidate's constants are tuned.
    Tuning(&'a CandidateId),
    /// What does not matter is left out of this candidate.
    Simplifying(&'a CandidateId),
    /// So many candidates that may become champion run on seeds and workloads of their own.
    Finals(usize),
    /// The extractor is at work.
    Extracting,
    /// So many points of what this principle forbids are run.
    Auditing(&'a str, usize),
}

/// Asks a running campaign to stop after the step that is under way. Clones share the request.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks.
    pub fn request(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether somebody asked.
    pub fn requested(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
