//! A drawn workload as the text of a scenario file.

use super::clients::Limited;
use super::drawn::Drawn;
use crate::drawing::text::{before, client, window};
use simulator::predictor::Predictor;

impl Drawn<'_> {
    /// The text of a scenario file.
    pub(super) fn text(&self) -> String {
        let (machines, chosen) = (&self.population.cluster, &self.machines);
        let half_s = self.window.requests as f64 / self.window.rate / 2.0;
        let clients = self.clients.iter().enumerate().map(|(place, one)| {
            let factor = self.mix.map(|mix| mix[usize::from(!self.tiers.is_critical(place))]);
            let step = factor.map(|factor| format!("rate_steps = [{{ from_s = {half_s}, factor = {factor} }}]\n"));
            format!("{}{}", client("workload", one), step.unwrap_or_default())
        });
        let cluster = format!(
            "instances = {}\nmodel = \"{}\"\nhardware = \"{}\"\ntensor_parallel = {}\nlatency = \"{}\"\nrouting = \"{}\"\n\
             scheduler = \"{}\"\npreemption = \"{}\"\nmax_num_seqs = {}\n",
            chosen.instances,
            chosen.model,
            machines.hardware,
            chosen.tensor_parallel,
            machines.latency,
            chosen.routing,
            machines.scheduler,
            machines.preemption,
            chosen.max_num_seqs,
        );
        format!(
            "name = \"{}\"\n\n[cluster]\n{cluster}\n[workload]\n{}{}{}{}",
            self.name,
            window(&self.window, &self.arrivals, self.epoch_us),
            clients.collect::<String>(),
            self.hints(),
            before(self.past.as_ref()),
        )
    }

    fn hints(&self) -> String {
        self.hints.map_or_else(String::new, |(limited, source)| {
            let limits = if limited == Limited::Request { "request" } else { "client" };
            format!("\n[hints]\nlimits = \"{limits}\"\npredictor = {}\n", predictor(source))
        })
    }
}

fn predictor(predictor: Predictor) -> String {
    match predictor {
        Predictor::None => "{ source = \"none\" }".into(),
        Predictor::True {} => "{ source = \"true\" }".into(),
        Predictor::Learned { memory } => format!("{{ source = \"learned\", memory = {memory} }}"),
        Predictor::Bucket { unknown, wrong } => {
            format!("{{ source = \"bucket\", unknown = {unknown}, wrong = {wrong} }}")
        }
        Predictor::Model { rho, bias, slope, drift } => {
            format!("{{ source = \"model\", rho = {rho}, bias = {bias}, slope = {slope}, drift = {drift} }}")
        }
    }
}
