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

/// The seed by whose arrivals a generated workload is known.
const EXAMPLE: u64 = 0;

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
        let (recorded, kind, arrivals) = match (&scenario.workload, trace) {
            (Workload::Trace { held_out, .. }, Some(trace)) => {
                (Some(Recorded::part(&trace, *held_out)?), held_out.to_string(), trace)
            }
            // What arrives says what is meant, however the workload is written down: two that send the same for one seed are one.
            _ => (None, "generated".into(), generated(scenario, EXAMPLE).map_err(|error| error.to_string())?),
        };
        let arrivals = arrivals.iter().map(|arrival| format!("{arrival:?}"));
        let key = Hash::of_all([format!("{:?}", scenario.cluster), kind].into_iter().chain(arrivals)).to_string();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panel::Sealing;
    use std::path::Path;

    const TRACE: &str = "arrival_us,slo_class,input_tokens,output_tokens,deadline_us\n\
                         100,critical,10,1,\n200,sheddable,10,2,\n300,critical,10,3,\n700,critical,10,4,900\n800,critical,10,5,\n";

    fn scenario(name: &str, workload: &str) -> Scenario {
        let cluster = "[cluster]\ninstances = 1\nmodel = \"qwen3-14b\"\nhardware = \"h100\"\nlatency = \"roofline\"\nrouting = \"round-robin\"\n";
        Scenario::parse(&format!("name = \"{name}\"\n{cluster}\n[workload]\n{workload}"), Path::new("s.toml")).unwrap()
    }

    fn recorded(name: &str, workload: &str, trace: &str) -> (Scenario, Traffic) {
        let scenario = scenario(name, workload);
        let arrivals = scenario.arrivals(0, |_| Ok(trace.to_owned())).unwrap();
        let traffic = Traffic::of(&scenario, Some(arrivals)).unwrap();
        (scenario, traffic)
    }

    fn tokens((scenario, traffic): &(Scenario, Traffic), role: Role<'_>, seed: u64) -> Vec<(u64, u32, Option<u64>)> {
        let arrivals = traffic.arrivals(scenario, role, seed).unwrap();
        arrivals.iter().map(|arrival| (arrival.arrival_us, arrival.output_tokens, arrival.deadline_us)).collect()
    }

    #[test]
    fn the_last_part_of_a_trace_is_held_out_for_the_seal_and_no_seed_changes_either() {
        let sealing = Sealing { champion: None, meaning: Hash::of(b""), look: 1 };
        let trace = recorded("a", "trace = \"t.csv\"", TRACE);
        let searched = tokens(&trace, Role::Search, 1);
        assert_eq!(searched, [(100, 1, None), (200, 2, None), (300, 3, None)]);
        assert_eq!(tokens(&trace, Role::Search, 2), searched);
        assert_eq!(tokens(&trace, Role::Sealed(&sealing), 3), [(0, 4, Some(200)), (100, 5, None)]);
        let less = recorded("a", "trace = \"t.csv\"\nheld_out = 0.2", TRACE);
        assert_eq!(tokens(&less, Role::Search, 1).len(), 4);
    }

    #[test]
    fn a_trace_that_is_too_short_to_part_is_refused() {
        let scenario = scenario("a", "trace = \"t.csv\"");
        let one = "arrival_us,slo_class,input_tokens,output_tokens\n1,critical,1,1\n";
        let arrivals = scenario.arrivals(0, |_| Ok(one.into())).unwrap();
        assert!(Traffic::of(&scenario, Some(arrivals)).unwrap_err().contains("cannot be parted"));
    }

    #[test]
    fn a_scenarios_key_says_what_it_means_and_not_what_it_is_called() {
        let key = |name: &str, workload: &str, trace: &str| recorded(name, workload, trace).1.key;
        let own = key("a", "trace = \"t.csv\"", TRACE);
        assert_eq!(own, key("b", "trace = \"u.csv\" # another file", &TRACE.replace(",10,", ", 10 ,")));
        assert_ne!(own, key("a", "trace = \"t.csv\"", &TRACE.replace("800,", "801,")));
        assert_ne!(own, key("a", "trace = \"t.csv\"\nheld_out = 0.5", TRACE));
        let client = |input: &str, more: &str| {
            let workload = format!(
                "rate = 5.0\nrequests = 50\n[[workload.clients]]\nslo_class = \"batch\"\nfraction = 1\n\
                 arrival = {{ process = \"poisson\" }}\ninput = {{ distribution = \"normal\", mean = 900, sd = 90{input} }}\n\
                 output = {{ distribution = \"normal\", mean = 90, sd = 9, min = 1, max = 4096 }}\n{more}"
            );
            Traffic::of(&scenario("a", &workload), None).unwrap().key
        };
        let own = client(", min = 1", "");
        assert_eq!(own, client(", min = 1, max = 10000000", "[[workload.rate_steps]]\nfrom_s = 90000\nfactor = 2.0\n"));
        assert_ne!(own, client(", min = 1, max = 1000", ""));
    }
}
