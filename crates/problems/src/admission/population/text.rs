//! A drawn workload as the text of a scenario file.

use super::clients::Limited;
use super::drawn::Drawn;
use simulator::predictor::Predictor;
use simulator::sampler::{ArrivalProcess, Length};
use simulator::workload::Client;

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
            self.rates(),
            clients.collect::<String>(),
            self.hints(),
            self.before(),
        )
    }

    fn rates(&self) -> String {
        let window = &self.window;
        let quiet = window.rate / self.arrivals.mean();
        let steps = self.arrivals.surge.map_or_else(String::new, |surge| {
            let seconds = window.requests as f64 / window.rate;
            let (from, to) = (surge.from * seconds, surge.to * seconds);
            format!(
                "rate_steps = [{{ from_s = {from}, factor = {} }}, {{ from_s = {to}, factor = 1 }}]\n",
                surge.factor
            )
        });
        let (after_s, epoch_us) = (window.after_s, self.epoch_us);
        format!("rate = {quiet}\nrequests = {}\nafter_s = {after_s}\nepoch_us = {epoch_us}\n{steps}", window.requests)
    }

    fn hints(&self) -> String {
        self.hints.map_or_else(String::new, |(limited, source)| {
            let limits = if limited == Limited::Request { "request" } else { "client" };
            format!("\n[hints]\nlimits = \"{limits}\"\npredictor = {}\n", predictor(source))
        })
    }

    fn before(&self) -> String {
        self.past.as_ref().map_or_else(String::new, |past| {
            let clients: String = past.clients.iter().map(|one| client("past", one)).collect();
            let (seconds, rate, requests) = (past.seconds, past.rate, past.requests);
            format!("\n[past]\nseconds = {seconds}\nrate = {rate}\nrequests = {requests}\n{clients}")
        })
    }
}

fn client(table: &str, client: &Client) -> String {
    let prefix = client.prefix_share.map(|[low, high]| format!("prefix_share = [{low}, {high}]\n"));
    let limit = client.max_output_tokens.map(|limit| format!("max_output_tokens = {limit}\n"));
    format!(
        "\n[[{table}.clients]]\nslo_class = \"{}\"\nfraction = {}\narrival = {}\ninput = {}\noutput = {}\n{}{}",
        client.slo_class,
        client.fraction,
        process(client.arrival),
        length(&client.input),
        length(&client.output),
        limit.unwrap_or_default(),
        prefix.unwrap_or_default(),
    )
}

fn length(length: &Length) -> String {
    let cut = |min: Option<u32>, max: Option<u32>| {
        let bound = |name: &str, bound: Option<u32>| bound.map_or_else(String::new, |b| format!(", {name} = {b}"));
        format!("{}{}", bound("min", min), bound("max", max))
    };
    match *length {
        Length::Normal { mean, sd, min, max } => {
            format!("{{ distribution = \"normal\", mean = {mean}, sd = {sd}{} }}", cut(min, max))
        }
        Length::LogNormal { mu, sigma, min, max } => {
            format!("{{ distribution = \"log-normal\", mu = {mu}, sigma = {sigma}{} }}", cut(min, max))
        }
        Length::Pareto { alpha, xm, min, max } => {
            format!("{{ distribution = \"pareto\", alpha = {alpha}, xm = {xm}{} }}", cut(min, max))
        }
        Length::Constant { .. }
        | Length::Exponential { .. }
        | Length::ParetoLogNormal { .. }
        | Length::Empirical { .. } => {
            unreachable!("no population draws these")
        }
    }
}

fn process(process: ArrivalProcess) -> String {
    match process {
        ArrivalProcess::Poisson {} => "{ process = \"poisson\" }".into(),
        ArrivalProcess::Constant {} => "{ process = \"constant\" }".into(),
        ArrivalProcess::Gamma { cv } => format!("{{ process = \"gamma\", cv = {cv} }}"),
        ArrivalProcess::Weibull { cv } => format!("{{ process = \"weibull\", cv = {cv} }}"),
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
