//! Workloads: a scenario of the simulator with what arrives in it, and what of it is kept for the look under the seal.

use super::case::AdmissionCase;
use crate::arriving::{Arriving, Read};
use admitter::wire::MAX_INSTANCES;
use engine::problem::{Case, Source, Workload};
use files::FileError;
use simulator::{ClusterConfig, Scenario};
use std::sync::Arc;

/// A scenario with what arrives in it.
#[derive(Debug)]
pub struct AdmissionWorkload {
    name: String,
    key: String,
    cluster: Arc<ClusterConfig>,
    arrives: Arriving,
}

impl AdmissionWorkload {
    /// Reads a scenario of an experiment, with its trace if it has one.
    pub(super) fn read(source: Source<'_>) -> Result<Self, FileError> {
        let (text, file) = (source.text, source.file);
        let Read { scenario, arrives, key } = Arriving::read(source)?;
        if scenario.flow_control.is_some() {
            let problem =
                "flow control takes the place of the admission policy that is looked for; leave the table out";
            return Err(FileError::at_key(file, text, "flow_control", problem));
        }
        if usize::from(scenario.cluster.instances) > MAX_INSTANCES {
            return Err(FileError::new(file, format!("a candidate can be shown at most {MAX_INSTANCES} instances")));
        }
        let key = key.of(&scenario.cluster);
        Ok(AdmissionWorkload { name: scenario.name, key, cluster: Arc::new(scenario.cluster), arrives })
    }

    /// One that was drawn, whose seeds derive from its name.
    pub(super) fn drawn(scenario: Scenario) -> Self {
        let (name, key, cluster) = (scenario.name.clone(), scenario.name.clone(), Arc::new(scenario.cluster.clone()));
        AdmissionWorkload { name, key, cluster, arrives: Arriving::Generated(Box::new(scenario)) }
    }
}

impl Workload for AdmissionWorkload {
    fn name(&self) -> &str {
        &self.name
    }

    fn key(&self) -> &str {
        &self.key
    }

    fn is_recorded(&self) -> bool {
        self.arrives.is_recorded()
    }

    fn has_past(&self) -> bool {
        self.arrives.has_past()
    }

    fn questions(&self) -> u64 {
        self.arrives.requests()
    }

    fn case(&self, held_out: bool, seed: u64) -> Result<Arc<dyn Case>, FileError> {
        Ok(Arc::new(AdmissionCase::new(Arc::clone(&self.cluster), self.arrives.traffic(held_out, seed))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use simulator::Arrival;
    use std::path::Path;

    const TRACE: &str = "arrival_us,slo_class,input_tokens,output_tokens,deadline_us\n\
                         100,critical,10,1,\n200,sheddable,10,2,\n300,critical,10,3,\n700,critical,10,4,900\n800,critical,10,5,\n";

    fn read(name: &str, workload: &str, trace: &str) -> Result<AdmissionWorkload, FileError> {
        let cluster = "[cluster]\ninstances = 1\nmodel = \"qwen3-14b\"\nhardware = \"h100\"\nlatency = \"roofline\"\nrouting = \"round-robin\"\n";
        let text = format!("name = \"{name}\"\n{cluster}\n[workload]\n{workload}");
        let mut beside = |_: &str| Ok(trace.to_owned());
        let mut room = |_: u64, _: &str| Ok(());
        AdmissionWorkload::read(Source { text: &text, file: Path::new("s.toml"), beside: &mut beside, room: &mut room })
    }

    fn tokens(workload: &AdmissionWorkload, held_out: bool, seed: u64) -> Vec<(u64, u32, Option<u64>)> {
        let traffic = workload.arrives.traffic(held_out, seed);
        traffic
            .arrivals
            .iter()
            .map(|arrival| (arrival.arrival_us, arrival.output_tokens, arrival.deadline_us))
            .collect()
    }

    #[test]
    fn the_last_part_of_a_trace_is_held_out_for_the_seal_and_no_seed_changes_either() {
        let trace = read("a", "trace = \"t.csv\"", TRACE).unwrap();
        let searched = tokens(&trace, false, 1);
        assert_eq!(searched, [(100, 1, None), (200, 2, None), (300, 3, None)]);
        assert_eq!(tokens(&trace, false, 2), searched);
        assert_eq!(tokens(&trace, true, 3), [(0, 4, Some(200)), (100, 5, None)]);
        let less = read("a", "trace = \"t.csv\"\nheld_out = 0.2", TRACE).unwrap();
        assert_eq!(tokens(&less, false, 1).len(), 4);
    }

    #[test]
    fn a_trace_that_is_too_short_to_part_is_refused() {
        let one = "arrival_us,slo_class,input_tokens,output_tokens\n1,critical,1,1\n";
        let error = read("a", "trace = \"t.csv\"", one).unwrap_err().to_string();
        assert!(error.contains("cannot be parted"), "{error}");
    }

    #[test]
    fn a_scenarios_key_says_what_it_means_and_not_what_it_is_called() {
        let key = |name: &str, workload: &str, trace: &str| read(name, workload, trace).unwrap().key;
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
            read("a", &workload, "").unwrap().key
        };
        let own = client(", min = 1", "");
        assert_eq!(own, client(", min = 1, max = 10000000", "[[workload.rate_steps]]\nfrom_s = 90000\nfactor = 2.0\n"));
        assert_ne!(own, client(", min = 1, max = 1000", ""));
    }

    const CLIENTS: &str = "[[TABLE.clients]]\nslo_class = \"critical\"\nfraction = 0.4\narrival = { process = \"poisson\" }\n\
                           input = { distribution = \"constant\", value = 900 }\noutput = { distribution = \"exponential\", mean = 90 }\n\
                           [[TABLE.clients]]\nslo_class = \"sheddable\"\nfraction = 0.6\narrival = { process = \"poisson\" }\n\
                           input = { distribution = \"constant\", value = 500 }\noutput = { distribution = \"exponential\", mean = 50 }\n";

    fn around(keys: &str, past: &str) -> AdmissionWorkload {
        let own = CLIENTS.replace("TABLE", "workload");
        let past = past.replace("CLIENTS", &CLIENTS.replace("TABLE", "past"));
        read("a", &format!("rate = 20.0\nrequests = 200\n{keys}\n{own}{past}"), "").unwrap()
    }

    const PAST: &str = "[past]\nseconds = 30\nrate = 5.0\nrequests = 100\nCLIENTS";

    #[test]
    fn a_workload_says_whether_it_has_a_past_and_how_much_is_asked_at_most() {
        let (plain, wide) = (around("", ""), around("after_s = 10", PAST));
        assert!(!plain.has_past() && wide.has_past() && !around("after_s = 10", "").has_past());
        assert_eq!((plain.questions(), wide.questions()), (200, 100 + 200 + 350));
        let asked = wide.case(false, 3).unwrap().questions() as u64;
        assert!((400..=650).contains(&asked), "{asked}");
    }

    #[test]
    fn past_after_epoch_and_predictor_are_part_of_what_a_scenario_means() {
        let hints = "[hints]\npredictor = { source = \"learned\" }\n";
        let all = [
            around("", ""),
            around("after_s = 10", ""),
            around("epoch_us = 5", ""),
            around("", PAST),
            around("", hints),
        ];
        let keys: std::collections::BTreeSet<&str> = all.iter().map(|workload| workload.key()).collect();
        assert_eq!(keys.len(), all.len());
    }

    #[test]
    fn a_trial_counts_what_arrives_in_the_window_and_nothing_else() {
        use super::super::{Metric, trial};
        let wide = around("after_s = 10", PAST);
        let traffic = wide.arrives.traffic(false, 3);
        let mut refuse = simulator::admitters::Builtin::parse("refuse-droppable").unwrap();
        let run = simulator::simulate(&wide.cluster, traffic.clone(), &mut refuse, 1);
        let trial = trial(&wide.cluster, &traffic, &run);
        let of = |metric: Metric| trial.values[metric as usize];
        let droppable: Vec<&Arrival> =
            traffic.window().iter().filter(|arrival| arrival.class.name() == "sheddable").collect();
        assert_eq!(of(Metric::CriticalRequests) as usize, 200 - droppable.len());
        let sum = |tokens: fn(&Arrival) -> u32| droppable.iter().map(|arrival| f64::from(tokens(arrival))).sum::<f64>();
        let (prompt, output) = (sum(|arrival| arrival.input_tokens), sum(|arrival| arrival.output_tokens));
        for metrics in [Metric::DROPPABLE, Metric::REFUSED] {
            let [requests, work, prompts, outputs, gpu_us] = metrics.map(of);
            assert_eq!((requests as usize, prompts, outputs, work), (droppable.len(), prompt, output, prompt + output));
            assert!(gpu_us > 1000.0 * requests, "{gpu_us}");
        }
        let finished: u32 =
            traffic.window().iter().filter(|a| a.class.name() == "critical").map(|a| a.output_tokens).sum();
        assert_eq!(of(Metric::OutputTokens), f64::from(finished));
        assert!(run.totals.rejected as usize > droppable.len(), "others were refused as well");
    }
}
