//! What arrives in an experiment's scenarios, and what of it is kept for the look under the seal.
//!
//! A generated workload has fresh arrivals for every seed. A trace has none: it is what was recorded, once. So its last part
//! is held out, and what candidates were chosen by is not what the champion is looked at on.

use crate::error::EngineError;
use crate::panel::Role;
use science::id::Hash;
use simulator::workload::Workload;
use simulator::{Arrival, Scenario};
use std::sync::Arc;

/// What arrives in a scenario.
#[derive(Clone, Debug)]
pub struct Traffic {
    /// What its seeds derive from: the meaning of the scenario, not its name or its place.
    pub key: String,
    recorded: Option<Recorded>,
}

/// The two parts of a trace; both begin at time 0.
#[derive(Clone, Debug)]
struct Recorded {
    measured: Arc<[Arrival]>,
    held_out: Arc<[Arrival]>,
}

impl Traffic {
    /// Of this scenario, whose trace, if it has one, is this.
    pub(super) fn of(scenario: &Scenario, trace: Option<Arc<[Arrival]>>) -> Result<Self, String> {
        let recorded = match (&scenario.workload, &trace) {
            (Workload::Trace { held_out, .. }, Some(trace)) => Some(Recorded::part(trace, *held_out)?),
            _ => None,
        };
        let workload = match &scenario.workload {
            Workload::Trace { held_out, .. } => held_out.to_string(),
            generated => format!("{generated:?}"),
        };
        let arrivals = trace.iter().flat_map(|trace| trace.iter()).map(|arrival| format!("{arrival:?}"));
        let key = Hash::of_all([format!("{:?}", scenario.cluster), workload].into_iter().chain(arrivals)).to_string();
        Ok(Traffic { key, recorded })
    }

    /// Whether it is a trace, which no seed changes.
    pub fn is_recorded(&self) -> bool {
        self.recorded.is_some()
    }

    /// What arrives for a seed of a role.
    pub(crate) fn arrivals(
        &self,
        scenario: &Scenario,
        role: Role<'_>,
        seed: u64,
    ) -> Result<Arc<[Arrival]>, EngineError> {
        match (&self.recorded, role) {
            (Some(recorded), Role::Sealed(_)) => Ok(Arc::clone(&recorded.held_out)),
            (Some(recorded), _) => Ok(Arc::clone(&recorded.measured)),
            (None, _) => generated(scenario, seed),
        }
    }
}

impl Recorded {
    /// Parts a trace: its last requests, as many as this share of them, are held out.
    fn part(trace: &[Arrival], share: f64) -> Result<Self, String> {
        let held_out = (trace.len() as f64 * share).round() as usize;
        if held_out == 0 || held_out >= trace.len() {
            return Err(format!("a trace of {} cannot be parted: some of it is held out for the seal", trace.len()));
        }
        let (measured, rest) = trace.split_at(trace.len() - held_out);
        let start = rest[0].arrival_us;
        let shifted = rest.iter().map(|arrival| Arrival {
            arrival_us: arrival.arrival_us - start,
            deadline_us: arrival.deadline_us.map(|deadline| deadline.saturating_sub(start)),
            ..arrival.clone()
        });
        Ok(Recorded { measured: measured.into(), held_out: shifted.collect() })
    }
}

/// What arrives in a generated workload.
pub(crate) fn generated(scenario: &Scenario, seed: u64) -> Result<Arc<[Arrival]>, EngineError> {
    let no_file = |_: &str| Err(std::io::Error::new(std::io::ErrorKind::NotFound, "a generated workload has no trace"));
    Ok(scenario.arrivals(seed, no_file)?)
}
