//! One workload out of a population.

use super::{Arrivals, Population, saturated_rate};
use admitter::Maths;
use files::FileError;
use simulator::sampler::{ArrivalProcess, Length};
use simulator::{ClusterConfig, Scenario};
use std::path::Path;

/// A point of the unit cube: where in each range or list of choices a workload lies, 0 to 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unit {
    pub(super) share: f64,
    pub(super) load: f64,
    pub(super) prompt: f64,
    pub(super) output: f64,
    pub(super) instances: f64,
    pub(super) model: f64,
    pub(super) arrivals: f64,
}

/// A workload as it was drawn.
#[derive(Clone, Debug)]
pub(super) struct Drawn<'a> {
    population: &'a Population,
    name: String,
    /// Share of the requests that are critical.
    critical_share: f64,
    /// Requests that arrive over those that the cluster can serve.
    load: f64,
    /// Requests per second, mean over the workload.
    rate: f64,
    prompt: u32,
    output: u32,
    instances: u16,
    pub(super) model: &'a str,
    arrivals: Arrivals,
}

/// Requests per second between which a scenario may have any surge.
const SLOWEST: f64 = 1e-3;
const FASTEST: f64 = 1e5;

impl Population {
    /// The workload at a point.
    pub(super) fn at(&self, name: &str, unit: &Unit) -> Drawn<'_> {
        let [low, high] = self.critical_share;
        let critical_share = low + unit.share * (high - low);
        let arrivals = *pick(&self.arrivals, unit.arrivals);
        let [low, high] = self.load;
        let most = high.min(self.critical_load / (critical_share * arrivals.peak()));
        let mut drawn = Drawn {
            population: self,
            name: name.to_owned(),
            critical_share,
            load: low + unit.load * (most - low),
            // Any rate, until the cluster is known.
            rate: 1.0,
            prompt: log_uniform(self.prompt_tokens, unit.prompt),
            output: log_uniform(self.output_tokens, unit.output),
            instances: *pick(&self.instances, unit.instances),
            model: pick::<String>(&self.models, unit.model),
            arrivals,
        };
        let cluster = drawn.scenario().cluster;
        drawn.rate = (drawn.load * drawn.capacity(&cluster)).clamp(SLOWEST, FASTEST);
        drawn
    }

    /// The workload of the longest requests and the lightest load, of these choices; its rate is any.
    pub(super) fn longest(&self, instances: usize, model: usize, arrivals: usize) -> Drawn<'_> {
        Drawn {
            population: self,
            name: "drawn".into(),
            critical_share: self.critical_share[1],
            load: self.load[0],
            rate: 1.0,
            prompt: self.prompt_tokens[1],
            output: self.output_tokens[1],
            instances: self.instances[instances],
            model: &self.models[model],
            arrivals: self.arrivals[arrivals],
        }
    }
}

impl Drawn<'_> {
    /// The scenario.
    pub(super) fn scenario(&self) -> Scenario {
        self.read().expect("every choice and the ends of every range were checked when the file was read")
    }

    /// Requests of its lengths that this cluster can serve in a second.
    pub(super) fn capacity(&self, cluster: &ClusterConfig) -> f64 {
        saturated_rate(cluster, &length(self.prompt), &length(self.output))
    }

    pub(super) fn read(&self) -> Result<Scenario, FileError> {
        Scenario::parse(&self.text(), Path::new(&format!("{}.toml", self.name)))
    }

    /// The text of a scenario file.
    fn text(&self) -> String {
        let Drawn { name, critical_share, instances, model, .. } = self;
        let machines = &self.population.cluster;
        let client = |class: &str, share: f64| {
            format!(
                "\n[[workload.clients]]\nslo_class = \"{class}\"\nfraction = {share}\narrival = {}\ninput = {}\noutput = {}\n",
                process(self.arrivals.process),
                length_text(self.prompt),
                length_text(self.output),
            )
        };
        format!(
            "name = \"{name}\"\n\n[cluster]\ninstances = {instances}\nmodel = \"{model}\"\nhardware = \"{}\"\ntensor_parallel = {}\n\
             latency = \"{}\"\nrouting = \"{}\"\nscheduler = \"{}\"\npreemption = \"{}\"\n\n[workload]\n{}{}{}",
            machines.hardware,
            machines.tensor_parallel,
            machines.latency,
            machines.routing,
            machines.scheduler,
            machines.preemption,
            self.rates(),
            client("critical", *critical_share),
            client("sheddable", 1.0 - critical_share),
        )
    }

    fn rates(&self) -> String {
        let [fewest, most] = self.population.requests;
        let requests = ((self.rate * self.population.seconds) as u64).clamp(fewest, most);
        let quiet = self.rate / self.arrivals.mean();
        let steps = self.arrivals.surge.map_or_else(String::new, |surge| {
            let seconds = requests as f64 / self.rate;
            let (from, to) = (surge.from * seconds, surge.to * seconds);
            format!(
                "rate_steps = [{{ from_s = {from}, factor = {} }}, {{ from_s = {to}, factor = 1 }}]\n",
                surge.factor
            )
        });
        format!("rate = {quiet}\nrequests = {requests}\n{steps}")
    }
}

impl Arrivals {
    /// The mean rate over the rate outside of the surge.
    fn mean(&self) -> f64 {
        self.surge.map_or(1.0, |surge| 1.0 + (surge.factor - 1.0) * (surge.to - surge.from))
    }

    /// The highest rate over the mean rate.
    pub(super) fn peak(&self) -> f64 {
        self.surge.map_or(1.0, |surge| surge.factor.max(1.0)) / self.mean()
    }
}

fn pick<T>(choices: &[T], unit: f64) -> &T {
    &choices[((unit * choices.len() as f64) as usize).min(choices.len() - 1)]
}

fn log_uniform([low, high]: [u32; 2], unit: f64) -> u32 {
    simulator::maths::install();
    let (from, to) = (Maths::ln(f64::from(low)), Maths::ln(f64::from(high)));
    (Maths::exp(from + unit * (to - from)).round() as u32).clamp(low, high)
}

/// Lengths with this mean.
fn length(mean: u32) -> Length {
    let [min, max] = cut(mean);
    Length::Normal { mean: f64::from(mean), sd: f64::from(mean) / 4.0, min: Some(min), max: Some(max) }
}

fn length_text(mean: u32) -> String {
    let [min, max] = cut(mean);
    format!("{{ distribution = \"normal\", mean = {mean}, sd = {}, min = {min}, max = {max} }}", f64::from(mean) / 4.0)
}

fn cut(mean: u32) -> [u32; 2] {
    [mean / 8, 2 * mean]
}

fn process(process: ArrivalProcess) -> String {
    match process {
        ArrivalProcess::Poisson {} => "{ process = \"poisson\" }".into(),
        ArrivalProcess::Constant {} => "{ process = \"constant\" }".into(),
        ArrivalProcess::Gamma { cv } => format!("{{ process = \"gamma\", cv = {cv} }}"),
        ArrivalProcess::Weibull { cv } => format!("{{ process = \"weibull\", cv = {cv} }}"),
    }
}
