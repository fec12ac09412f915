//! Traffic: what arrives in one run, and which of it is measured. Before the measured window there may be a *past*, after it more of
//! the same: both are decided and simulated like all else, so that a policy meets no cold start and no end that it knows.

use std::ops::Range;
use std::sync::Arc;

use crate::hints::{HintTable, Hints};
use crate::trace::Arrival;
use crate::workload::{GeneratedWorkload, Stream};

/// What arrives in one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Traffic {
    /// The requests, in the order of arrival if a scenario made them. µs count from the start of the run.
    pub arrivals: Arc<[Arrival]>,
    /// The rows of those that are measured.
    pub measured: Range<usize>,
    /// What the clock that policies read shows when the run starts, in µs.
    pub epoch_us: u64,
    /// How many completed outputs of each client the router remembers, if it learns from them what to predict.
    pub memory: Option<f64>,
    /// For each number of a client the place of its name among all names, in the order of their bytes. Without, the order of
    /// clients is that of their numbers.
    pub ranks: Option<Arc<[u32]>>,
}

impl From<Arc<[Arrival]>> for Traffic {
    /// All of it is measured, and the clock starts at 0.
    fn from(arrivals: Arc<[Arrival]>) -> Self {
        Traffic { measured: 0..arrivals.len(), arrivals, epoch_us: 0, memory: None, ranks: None }
    }
}

impl From<Vec<Arrival>> for Traffic {
    fn from(arrivals: Vec<Arrival>) -> Self {
        Traffic::from(Arc::<[Arrival]>::from(arrivals))
    }
}

impl From<&[Arrival]> for Traffic {
    fn from(arrivals: &[Arrival]) -> Self {
        Traffic::from(Arc::<[Arrival]>::from(arrivals))
    }
}

/// Traffic before the measured window.
#[derive(Clone, Debug, PartialEq)]
pub struct Past {
    /// How long it is: the measured window begins then, in seconds since the start of the run.
    pub seconds: f64,
    /// Who sends what; its requests are those that come in time, and at most as many as it says.
    pub workload: GeneratedWorkload,
}

impl Traffic {
    /// The requests that are measured.
    pub fn window(&self) -> &[Arrival] {
        &self.arrivals[self.measured.clone()]
    }

    /// The place of a client among all, in the order of their names.
    pub(crate) fn rank(&self, client: u32) -> u32 {
        self.ranks.as_ref().and_then(|ranks| ranks.get(client as usize)).copied().unwrap_or(client)
    }

    /// Makes the requests of a past, a measured window, and so many seconds after it.
    pub(crate) fn generate(past: Option<&Past>, window: &GeneratedWorkload, after_s: f64, seed: u64) -> Traffic {
        let mut arrivals: Vec<Arrival> = past.map_or_else(Vec::new, |past| {
            let end_us = past.seconds * 1e6;
            let before = Stream::past(&past.workload, seed).take_while(|arrival| (arrival.arrival_us as f64) < end_us);
            before.take(past.workload.requests as usize).collect()
        });
        let start = arrivals.len();
        let start_us = past.map_or(0, |past| (past.seconds * 1e6) as u64);
        let mut stream = Stream::new(window, seed)
            .map(|arrival| Arrival { arrival_us: arrival.arrival_us.saturating_add(start_us), ..arrival });
        arrivals.extend(stream.by_ref().take(window.requests as usize));
        let end = arrivals.len();
        if after_s > 0.0 {
            let end_us =
                arrivals.last().map_or(start_us, |last| last.arrival_us).saturating_add((after_s * 1e6) as u64);
            let after = stream.take_while(|arrival| arrival.arrival_us <= end_us);
            arrivals.extend(after.take(most_after(window, after_s) as usize));
        }
        Traffic { measured: start..end, ..arrivals.into() }
    }

    /// Tells the router what the table says it is told; `seed` is what errors are drawn from. Nothing but the hints changes.
    pub(crate) fn told(self, hints: Option<&HintTable>, seed: u64) -> Traffic {
        let window = self.window();
        let half_us = match (window.first(), window.last()) {
            (Some(first), Some(last)) => first.arrival_us.midpoint(last.arrival_us),
            _ => 0,
        };
        let mut arrivals = self.arrivals.to_vec();
        match hints {
            Some(table) => table.give(&mut arrivals, half_us, seed),
            None => arrivals.iter_mut().for_each(|arrival| arrival.hints = Hints::default()),
        }
        let memory = hints.and_then(|table| table.predictor.memory());
        Traffic { arrivals: arrivals.into(), memory, ..self }
    }
}

/// At most so many times the requests that are expected in a time come then, and so many more.
pub const SLACK: (f64, u64) = (1.25, 100);

/// More than come in a time, but for the most irregular processes.
pub(crate) fn most(expected: f64) -> u64 {
    (SLACK.0 * expected) as u64 + SLACK.1
}

/// The most requests after the measured window, for as long as that is.
pub(crate) fn most_after(window: &GeneratedWorkload, after_s: f64) -> u64 {
    if after_s == 0.0 {
        return 0;
    }
    let end_s = window.expected_end_s();
    most(window.expected_requests(end_s + after_s) - window.expected_requests(end_s))
}
