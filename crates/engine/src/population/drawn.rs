//! One workload out of a population, and the check that every one of them is sound.

use super::{Arrivals, Population, Surge, saturated_rate};
use admitter::Maths;
use simulator::Scenario;
use simulator::file::FileError;
use simulator::sampler::{ArrivalProcess, Length};
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
pub struct Drawn<'a> {
    population: &'a Population,
    name: String,
    /// Share of the requests that are critical.
    pub critical_share: f64,
    /// Requests that arrive over those that the cluster can serve.
    pub load: f64,
    /// Requests per second, mean over the workload.
    pub rate: f64,
    prompt: u32,
    output: u32,
    instances: u16,
    model: &'a str,
    arrivals: Arrivals,
}

/// The most choices of a list.
const CHOICES: usize = 16;
/// Requests of the greatest length that must fit into an instance's KV cache at a time: with fewer, it would not batch.
const FIT: u64 = 4;

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
        let capacity = saturated_rate(&cluster, &length(drawn.prompt), &length(drawn.output));
        drawn.rate = (drawn.load * capacity).clamp(SLOWEST, FASTEST);
        drawn
    }

    /// What is wrong with the numbers, as (key, problem).
    pub(super) fn check(&self) -> Result<(), (String, String)> {
        within("seconds", self.seconds, 1.0, 3600.0)?;
        range("requests", self.requests.map(|count| count as f64), 50.0, 20_000.0)?;
        range("critical_share", self.critical_share, 0.01, 0.99)?;
        range("load", self.load, 0.05, 3.0)?;
        within("critical_load", self.critical_load, 0.05, 1.0)?;
        range("prompt_tokens", self.prompt_tokens.map(f64::from), 8.0, 32_768.0)?;
        range("output_tokens", self.output_tokens.map(f64::from), 8.0, 8_192.0)?;
        choices("instances", self.instances.len())?;
        choices("models", self.models.len())?;
        choices("arrivals", self.arrivals.len())?;
        for (n, arrivals) in self.arrivals.iter().enumerate() {
            arrivals.check(&format!("arrivals.{n}"))?;
            let least = self.load[0] * self.critical_share[1] * arrivals.peak();
            if least > self.critical_load {
                let problem = format!("the critical part is at least {least:.3} where their share is highest");
                return Err(("critical_load".into(), problem));
            }
        }
        let names = [
            ("hardware", &self.cluster.hardware),
            ("latency", &self.cluster.latency),
            ("routing", &self.cluster.routing),
            ("scheduler", &self.cluster.scheduler),
            ("preemption", &self.cluster.preemption),
        ];
        names.into_iter().try_for_each(|(key, name)| plain(&format!("cluster.{key}"), name))?;
        if self.cluster.routing == "weighted" {
            return Err((
                "cluster.routing".into(),
                "weighted routing needs scorers, for which there is no key here".into(),
            ));
        }
        self.models.iter().enumerate().try_for_each(|(n, name)| plain(&format!("models.{n}"), name))?;
        self.check_clusters()
    }

    /// Every choice of a list, at the ends of the ranges, must make a sound scenario whose requests can be served.
    fn check_clusters(&self) -> Result<(), (String, String)> {
        let longest = 2 * u64::from(self.prompt_tokens[1]) + 2 * u64::from(self.output_tokens[1]);
        let all = [self.instances.len(), self.models.len(), self.arrivals.len()];
        for n in 0..all.into_iter().max().unwrap_or(0) {
            let [instances, model, arrivals] = all.map(|len| n.min(len - 1));
            let drawn = Drawn {
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
            };
            let cluster = drawn.read().map_err(|error| ours(error, instances, model, arrivals))?.cluster;
            let room = u64::from(cluster.kv_blocks) * u64::from(cluster.block_size);
            if longest > u64::from(cluster.max_model_len) || FIT * longest > room {
                let problem = format!(
                    "requests of up to {longest} tokens (twice the longest means) must be served {FIT} at a time; {} takes at most {} tokens each, and {room} together",
                    drawn.model, cluster.max_model_len
                );
                return Err((format!("models.{model}"), problem));
            }
            if saturated_rate(&cluster, &length(drawn.prompt), &length(drawn.output)) <= 0.0 {
                return Err((
                    format!("models.{model}"),
                    "the cluster gets no request of the greatest length done".into(),
                ));
            }
        }
        Ok(())
    }
}

/// The key of the population for a key of a scenario drawn from it.
fn ours(error: FileError, instances: usize, model: usize, arrivals: usize) -> (String, String) {
    let key = error.key.unwrap_or_default();
    let ours = match key.as_str() {
        "cluster.instances" => format!("instances.{instances}"),
        key if key.starts_with("cluster.model") => format!("models.{model}"),
        key if key.starts_with("cluster") => key.to_owned(),
        key => match key.split_once(".arrival.") {
            Some((_, part)) => format!("arrivals.{arrivals}.process.{part}"),
            None => format!("arrivals.{arrivals}"),
        },
    };
    (ours, error.problem)
}

impl Drawn<'_> {
    /// The scenario.
    pub fn scenario(&self) -> Scenario {
        self.read().expect("every choice and the ends of every range were checked when the file was read")
    }

    fn read(&self) -> Result<Scenario, FileError> {
        Scenario::parse(&self.text(), Path::new(&format!("{}.toml", self.name)))
    }

    /// The text of a scenario file.
    pub fn text(&self) -> String {
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
    fn peak(&self) -> f64 {
        self.surge.map_or(1.0, |surge| surge.factor.max(1.0)) / self.mean()
    }

    fn check(&self, key: &str) -> Result<(), (String, String)> {
        let Some(Surge { from, to, factor }) = self.surge else { return Ok(()) };
        within(&format!("{key}.surge.from"), from, 0.0, 1.0)?;
        within(&format!("{key}.surge.to"), to, 0.0, 1.0)?;
        within(&format!("{key}.surge.factor"), factor, 0.1, 10.0)?;
        match to > from {
            true => Ok(()),
            false => Err((format!("{key}.surge.to"), format!("must lie after {from}, not at {to}"))),
        }
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
pub(super) fn length(mean: u32) -> Length {
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

fn within(key: &str, value: f64, low: f64, high: f64) -> Result<(), (String, String)> {
    match (low..=high).contains(&value) {
        true => Ok(()),
        false => Err((key.into(), format!("must lie between {low} and {high}, not {value}"))),
    }
}

fn range(key: &str, [from, to]: [f64; 2], low: f64, high: f64) -> Result<(), (String, String)> {
    within(key, from, low, high)?;
    within(key, to, low, high)?;
    match from <= to {
        true => Ok(()),
        false => Err((key.into(), format!("must not end at {to}, below its start {from}"))),
    }
}

fn choices(key: &str, count: usize) -> Result<(), (String, String)> {
    match (1..=CHOICES).contains(&count) {
        true => Ok(()),
        false => Err((key.into(), format!("must name 1 to {CHOICES} choices, not {count}"))),
    }
}

/// Names go into a text: one that could end its own quotes could say anything there.
fn plain(key: &str, name: &str) -> Result<(), (String, String)> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    match !name.is_empty() && name.len() <= 60 && name.chars().all(plain) {
        true => Ok(()),
        false => Err((key.into(), "must be a name of letters, digits, `-`, `.` and `_`".into())),
    }
}
