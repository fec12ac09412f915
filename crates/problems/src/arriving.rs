//! What arrives in a workload: a scenario of the simulator, read once for every problem that it is a workload of.
//!
//! A generated workload has fresh arrivals for every seed. A trace has none: it is what was recorded, once. So its last part
//! is held out, and what candidates were chosen by is not what the champion is looked at on.

use engine::problem::Source;
use files::FileError;
use science::id::Hash;
use simulator::workload::Workload;
use simulator::{Arrival, Scenario, Traffic};

/// The seed by whose arrivals a generated workload is known.
const EXAMPLE: u64 = 0;

/// What arrives.
#[derive(Debug)]
pub(crate) enum Arriving {
    /// Anew for each seed.
    Generated(Box<Scenario>),
    /// The two parts of a trace; both begin at time 0.
    Recorded { measured: Traffic, held_out: Traffic },
}

/// A scenario as it was read.
pub(crate) struct Read {
    pub(crate) scenario: Scenario,
    pub(crate) arrives: Arriving,
    pub(crate) key: Key,
}

/// What arrives says what is meant, however it is written down: two that send the same for one seed are one.
pub(crate) struct Key {
    kind: String,
    example: Traffic,
}

impl Key {
    /// The key of a workload, where this is all that its runs depend on besides.
    pub(crate) fn of(&self, settings: &impl std::fmt::Debug) -> String {
        let example = &self.example;
        let around =
            (example.measured != (0..example.arrivals.len()) || example.epoch_us > 0 || example.memory.is_some())
                .then(|| format!("{:?} {} {:?}", example.measured, example.epoch_us, example.memory));
        let arrivals = example.arrivals.iter().map(|arrival| format!("{arrival:?}"));
        let settings = [format!("{settings:?}"), self.kind.clone()];
        Hash::of_all(settings.into_iter().chain(around).chain(arrivals)).to_string()
    }
}

impl Arriving {
    /// Reads a scenario of an experiment, with its trace if it has one.
    pub(crate) fn read(source: Source<'_>) -> Result<Read, FileError> {
        let Source { text, file, beside, room } = source;
        let scenario = Scenario::parse(text, file)?;
        let wrong = |key: &str, problem: String| FileError::at_key(file, text, key, problem);
        let (arrives, kind, example) = match &scenario.workload {
            Workload::Trace { file: name, held_out } => {
                let trace = beside(name)?;
                room(trace.bytes().filter(|byte| *byte == b'\n').count() as u64, "workload.trace")?;
                let traffic = scenario.traffic(EXAMPLE, |_| Ok(trace))?;
                let parts = part(&traffic, *held_out).map_err(|problem| wrong("workload.trace", problem))?;
                (parts, held_out.to_string(), traffic)
            }
            Workload::Generated(_) => {
                room(scenario.requests().unwrap_or_default(), "workload.requests")?;
                (Arriving::Generated(Box::new(scenario.clone())), "generated".into(), scenario.generated(EXAMPLE))
            }
        };
        if scenario.cluster.horizon_us.is_some() {
            // A cut-off would leave out the slowest requests, and with them what holding others back did for them.
            let problem = "the runs of an experiment drain; leave the horizon out";
            return Err(wrong("cluster.horizon_us", problem.into()));
        }
        Ok(Read { scenario, arrives, key: Key { kind, example } })
    }

    /// What arrives for a seed; of a trace one of its two parts.
    pub(crate) fn traffic(&self, held_out: bool, seed: u64) -> Traffic {
        match self {
            Arriving::Generated(scenario) => scenario.generated(seed),
            Arriving::Recorded { held_out: part, .. } if held_out => part.clone(),
            Arriving::Recorded { measured, .. } => measured.clone(),
        }
    }

    pub(crate) fn is_recorded(&self) -> bool {
        matches!(self, Arriving::Recorded { .. })
    }

    pub(crate) fn has_past(&self) -> bool {
        matches!(self, Arriving::Generated(scenario) if scenario.past.is_some())
    }

    /// The most requests that arrive in a run.
    pub(crate) fn requests(&self) -> u64 {
        match self {
            Arriving::Generated(scenario) => scenario.requests().unwrap_or_default(),
            Arriving::Recorded { measured, held_out } => measured.arrivals.len().max(held_out.arrivals.len()) as u64,
        }
    }
}

/// Parts a trace: its last requests, as many as this share of them, are held out.
fn part(traffic: &Traffic, share: f64) -> Result<Arriving, String> {
    let trace = &traffic.arrivals;
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
    let like = |part: Traffic| Traffic {
        epoch_us: traffic.epoch_us,
        memory: traffic.memory,
        ranks: traffic.ranks.clone(),
        ..part
    };
    Ok(Arriving::Recorded { measured: like(measured.into()), held_out: like(shifted.collect::<Vec<_>>().into()) })
}
