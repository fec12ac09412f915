//! One workload out of a population.

use super::{Kind, Population};
use crate::drawing::{Arrivals, Before, Luck, Saturated, Window, log_uniform, pick, saturated, tokens, uniform};
use admitter::Maths;
use files::FileError;
use simulator::sampler::Length;
use simulator::workload::Client;
use simulator::{ClusterConfig, Scenario};
use std::path::Path;

/// What is drawn so that each part of its range is met equally often, by the purposes of their seeds.
pub(super) const DIMENSIONS: [&str; 21] = [
    "kind",
    "prompt tokens",
    "growth",
    "spread",
    "sigma",
    "bands",
    "critical share",
    "critical share after half",
    "load",
    "staleness",
    "fresh",
    "request ttl",
    "instances",
    "model",
    "max num seqs",
    "kv blocks",
    "routing",
    "arrivals",
    "seconds",
    "after",
    "past",
];

/// The same by name.
#[derive(Clone, Copy, Debug)]
pub(super) enum Dimension {
    Kind,
    Prompt,
    Growth,
    Spread,
    Sigma,
    Bands,
    CriticalShare,
    ShareAfterHalf,
    Load,
    Staleness,
    Fresh,
    Ttl,
    Instances,
    Model,
    MaxNumSeqs,
    KvBlocks,
    Routing,
    Arrivals,
    Seconds,
    After,
    Past,
}

/// Where in each range or list of choices a workload lies, 0 to 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unit {
    pub(super) at: [f64; DIMENSIONS.len()],
    pub(super) luck: Luck,
}

impl Unit {
    fn of(&self, dimension: Dimension) -> f64 {
        self.at[dimension as usize]
    }
}

/// The classes of the bands, by how many there are.
const CLASSES: [&[&str]; 3] = [
    &["critical", "sheddable"],
    &["critical", "standard", "sheddable"],
    &["critical", "standard", "batch", "sheddable"],
];
/// Mean outputs, tokens.
const OUTPUTS: [f64; 2] = [4.0, 8192.0];

/// A workload as it was drawn.
#[derive(Clone, Debug)]
pub(super) struct Drawn<'a> {
    pub(super) population: &'a Population,
    pub(super) name: String,
    pub(super) machines: Chosen<'a>,
    pub(super) arrivals: Arrivals,
    /// One for each band, the highest first.
    pub(super) clients: Vec<Client>,
    /// What the rates of critical and of other requests are multiplied by from half of the window on.
    pub(super) mix: Option<[f64; 2]>,
    /// Share of the requests that are critical, where it is highest.
    highest_share: f64,
    pub(super) ttl_us: u64,
    pub(super) past: Option<Before>,
    pub(super) window: Window,
}

/// The cluster, as far as it was chosen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chosen<'a> {
    pub(super) instances: u16,
    pub(super) model: &'a str,
    pub(super) max_num_seqs: u32,
    pub(super) kv_blocks: Option<u32>,
    pub(super) routing: &'a str,
    pub(super) snapshot_interval_us: u64,
}

impl Population {
    /// The workload at a point.
    pub(super) fn at(&self, name: &str, unit: &Unit) -> Drawn<'_> {
        let mut drawn = self.anytime(name, unit);
        drawn.window = drawn.measured(unit);
        drawn
    }

    /// The same with any window.
    pub(super) fn anytime(&self, name: &str, unit: &Unit) -> Drawn<'_> {
        let mut luck = unit.luck;
        let kind = pick(&self.kind, unit.of(Dimension::Kind));
        let arrivals = *pick(&self.arrivals, unit.of(Dimension::Arrivals));
        let critical_share = uniform(self.critical_share, unit.of(Dimension::CriticalShare));
        let later_share = uniform(self.critical_share, unit.of(Dimension::ShareAfterHalf));
        let bands = Bands::draw(self, unit, &mut luck);
        let prompt = tokens(kind.prompt_tokens, unit.of(Dimension::Prompt));
        let growth = log_uniform(kind.growth, unit.of(Dimension::Growth));
        let clients = bands.clients(&arrivals, critical_share, (f64::from(prompt), growth));
        let past = self.past.as_ref().filter(|past| unit.of(Dimension::Past) < past.share).map(|past| {
            let seconds = log_uniform(past.seconds, luck.uniform());
            let requests = log_uniform(past.requests.map(|count| count as f64), luck.uniform());
            let share = uniform(self.critical_share, luck.uniform());
            let prompt = f64::from(tokens(kind.prompt_tokens, luck.uniform()));
            let growth = log_uniform(kind.growth, luck.uniform());
            let clients = bands.clients(&arrivals, share, (prompt, growth));
            Before { seconds, requests: past.requests[1], rate: requests / seconds, clients }
        });
        Drawn {
            population: self,
            name: name.to_owned(),
            machines: self.machines(kind, unit),
            mix: arrivals.mixes.then(|| [later_share / critical_share, (1.0 - later_share) / (1.0 - critical_share)]),
            highest_share: if arrivals.mixes { critical_share.max(later_share) } else { critical_share },
            arrivals,
            clients,
            ttl_us: (pick(&self.request_ttl_s, unit.of(Dimension::Ttl)) * 1e6) as u64,
            past,
            window: Window::ANY,
        }
    }

    fn machines<'a>(&'a self, kind: &'a Kind, unit: &Unit) -> Chosen<'a> {
        let is_fresh = unit.of(Dimension::Fresh) < self.fresh_share;
        let staleness_ms =
            if is_fresh { 0.0 } else { uniform(self.staleness_ms, unit.of(Dimension::Staleness)).round() };
        let routing = match self.routings.is_empty() {
            true => &self.cluster.routing,
            false => pick::<String>(&self.routings, unit.of(Dimension::Routing)),
        };
        let kv_blocks = (!kind.kv_blocks.is_empty()).then(|| *pick(&kind.kv_blocks, unit.of(Dimension::KvBlocks)));
        Chosen {
            instances: *pick(&self.instances, unit.of(Dimension::Instances)),
            model: pick::<String>(&self.models, unit.of(Dimension::Model)),
            max_num_seqs: *pick(&kind.max_num_seqs, unit.of(Dimension::MaxNumSeqs)),
            kv_blocks,
            routing,
            snapshot_interval_us: (staleness_ms * 1000.0) as u64,
        }
    }
}

/// The bands of a workload, and how far apart they are.
struct Bands {
    classes: &'static [&'static str],
    /// How much each lower band sends next to the others, and how long its requests are.
    weights: Vec<f64>,
    factors: Vec<f64>,
    sigma: f64,
    longest: [u32; 2],
}

impl Bands {
    fn draw(population: &Population, unit: &Unit, luck: &mut Luck) -> Self {
        let count = usize::from(*pick(&population.bands, unit.of(Dimension::Bands)));
        let spread = log_uniform(population.spread, unit.of(Dimension::Spread));
        let places = luck.order(count);
        let factor = |place: &usize| Maths::powf(spread, *place as f64 / (count - 1) as f64 - 0.5);
        Bands {
            classes: CLASSES[count - 2],
            weights: (1..count).map(|_| 0.5 + luck.uniform()).collect(),
            factors: places.iter().map(factor).collect(),
            sigma: uniform(population.sigma, unit.of(Dimension::Sigma)),
            longest: population.longest,
        }
    }

    /// One client for each band, where prompts have this mean length in tokens and outputs so many times that.
    fn clients(&self, arrivals: &Arrivals, critical_share: f64, (prompt, growth): (f64, f64)) -> Vec<Client> {
        let all: f64 = self.weights.iter().sum();
        let share = |band: usize| match band.checked_sub(1) {
            None => critical_share,
            Some(lower) => (1.0 - critical_share) * self.weights[lower] / all,
        };
        let client = |(band, class): (usize, &&str)| {
            let prompt = prompt * self.factors[band];
            let output = (prompt * growth).clamp(OUTPUTS[0], OUTPUTS[1]);
            Client {
                slo_class: (*class).to_owned(),
                fraction: share(band),
                arrival: arrivals.process,
                input: self.length(prompt, self.longest[0]),
                output: self.length(output, self.longest[1]),
                max_output_tokens: None,
                prefix_share: None,
                rate_steps: Vec::new(),
            }
        };
        self.classes.iter().enumerate().map(client).collect()
    }

    /// Log-normal lengths with about this mean, in tokens, and at most that long.
    fn length(&self, mean: f64, longest: u32) -> Length {
        let sigma = self.sigma;
        // Lengths that were mostly cut off would have no distribution.
        let mean = mean.clamp(2.0, f64::from(longest) / 2.0);
        Length::LogNormal { mu: Maths::ln(mean) - sigma * sigma / 2.0, sigma, min: Some(1), max: Some(longest) }
    }
}

impl Drawn<'_> {
    /// The window of a cluster that serves so much: with how many requests, at which rate.
    fn measured(&self, unit: &Unit) -> Window {
        let population = self.population;
        let cluster = self.scenario().cluster;
        let (all, critical) = (self.capacity(&cluster, usize::MAX), self.capacity(&cluster, 1));
        let [low, high] = population.load;
        let most = high
            .min(population.critical_load * (critical.rate / all.rate) / (self.highest_share * self.arrivals.peak()));
        let load = (low + unit.of(Dimension::Load) * (most - low)).min(most);
        let seconds = log_uniform(population.seconds, unit.of(Dimension::Seconds));
        let after_s = uniform(population.after, unit.of(Dimension::After)) * all.stay_s.max(critical.stay_s);
        let past = self.past.as_ref().map_or(0, |past| past.requests);
        Window::of((load * all.rate, seconds), (population.requests, past), after_s, &self.arrivals)
    }

    /// The scenario.
    pub(super) fn scenario(&self) -> Scenario {
        self.read().expect("every choice and the ends of every range were checked when the file was read")
    }

    /// What this cluster can serve of the requests of the first so many bands.
    pub(super) fn capacity(&self, cluster: &ClusterConfig, bands: usize) -> Saturated {
        saturated(cluster, &self.clients[..bands.min(self.clients.len())])
    }

    pub(super) fn read(&self) -> Result<Scenario, FileError> {
        Scenario::parse(&self.text(), Path::new(&format!("{}.toml", self.name)))
    }
}
