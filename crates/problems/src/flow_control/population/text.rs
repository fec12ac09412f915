//! A drawn workload as the text of a scenario file.

use super::drawn::Drawn;
use crate::drawing::text::{before, client, window};

/// Those of llm-d's router.
const SCORERS: &str = "routing_scorers = [[\"queue-depth\", 2], [\"kv-utilization\", 2], [\"load-balance\", 1]]\n";

impl Drawn<'_> {
    /// The text of a scenario file.
    pub(super) fn text(&self) -> String {
        let (machines, chosen) = (&self.population.cluster, &self.machines);
        let half_s = self.window.requests as f64 / self.window.rate / 2.0;
        let clients = self.clients.iter().enumerate().map(|(band, one)| {
            let factor = self.mix.map(|mix| mix[usize::from(band > 0)]);
            let step = factor.map(|factor| format!("rate_steps = [{{ from_s = {half_s}, factor = {factor} }}]\n"));
            format!("{}{}", client("workload", one), step.unwrap_or_default())
        });
        let cluster = format!(
            "instances = {}\nmodel = \"{}\"\nhardware = \"{}\"\ntensor_parallel = {}\nlatency = \"{}\"\nrouting = \"{}\"\n\
             scheduler = \"{}\"\npreemption = \"{}\"\nmax_num_seqs = {}\nsnapshot_interval_us = {}\n{}{}",
            chosen.instances,
            chosen.model,
            machines.hardware,
            machines.tensor_parallel,
            machines.latency,
            chosen.routing,
            machines.scheduler,
            machines.preemption,
            chosen.max_num_seqs,
            chosen.snapshot_interval_us,
            if chosen.routing == "weighted" { SCORERS } else { "" },
            chosen.kv_blocks.map_or_else(String::new, |blocks| format!("kv_blocks = {blocks}\n")),
        );
        format!(
            "name = \"{}\"\n\n[cluster]\n{cluster}\n[flow_control]\n{}\n[workload]\n{}{}{}",
            self.name,
            self.queue(),
            window(&self.window, &self.arrivals, 0),
            clients.collect::<String>(),
            before(self.past.as_ref()),
        )
    }

    fn queue(&self) -> String {
        let common = toml::to_string(&self.population.flow_control).unwrap_or_default();
        format!("detector = \"utilization\"\nrequest_ttl_us = {}\n{common}", self.ttl_us)
    }
}
