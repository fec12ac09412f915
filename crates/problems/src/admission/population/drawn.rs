//! One workload out of a population.

use super::Population;
use super::clients::{Clients, Limited, Tiers};
use super::luck::{Dimension, Unit};
use crate::drawing::{Arrivals, Before, Luck, Saturated, Window, log_uniform, pick, saturated, tokens, uniform};
use files::FileError;
use simulator::predictor::Predictor;
use simulator::workload::Client;
use simulator::{ClusterConfig, Scenario};
use std::path::Path;

/// A workload as it was drawn.
#[derive(Clone, Debug)]
pub(super) struct Drawn<'a> {
    pub(super) population: &'a Population,
    pub(super) name: String,
    pub(super) machines: Chosen<'a>,
    pub(super) arrivals: Arrivals,
    pub(super) clients: Vec<Client>,
    /// What the rates of the two tiers are multiplied by from half of the window on.
    pub(super) mix: Option<[f64; 2]>,
    /// Share of the requests that are critical, where it is highest.
    highest_share: f64,
    pub(super) tiers: Tiers,
    pub(super) hints: Option<(Limited, Predictor)>,
    pub(super) past: Option<Before>,
    pub(super) epoch_us: u64,
    pub(super) window: Window,
}

/// The cluster, as far as it was chosen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chosen<'a> {
    pub(super) instances: u16,
    pub(super) model: &'a str,
    pub(super) tensor_parallel: u32,
    pub(super) max_num_seqs: u32,
    pub(super) routing: &'a str,
}

impl Population {
    /// The workload at a point.
    pub(super) fn at(&self, name: &str, unit: &Unit) -> Drawn<'_> {
        let mut drawn = self.on(self.machines(unit), name, unit);
        drawn.window = drawn.measured(unit);
        drawn
    }

    /// The same on this cluster, with any window.
    pub(super) fn on<'a>(&'a self, machines: Chosen<'a>, name: &str, unit: &Unit) -> Drawn<'a> {
        let mut luck = unit.luck;
        let critical_share = uniform(self.critical_share, unit.of(Dimension::CriticalShare));
        let arrivals = *pick(&self.arrivals, unit.of(Dimension::Arrivals));
        let tiers = Tiers::draw(self, unit, &mut luck);
        let means = [
            tokens(self.prompt_tokens, unit.of(Dimension::Prompt)),
            tokens(self.output_tokens, unit.of(Dimension::Output)),
        ];
        let mut clients = tiers.clients(self, &arrivals, critical_share, means, &mut luck);
        let hints = self.clients.as_ref().map(|own| {
            let limited = *pick(&own.limits, unit.of(Dimension::Limits));
            (limited, *pick(&own.predictors, unit.of(Dimension::Predictor)))
        });
        if let Some((limited, _)) = hints {
            for client in &mut clients {
                client.max_output_tokens = Clients::limit(limited, &client.output, &mut luck);
            }
        }
        let later_share = uniform(self.critical_share, unit.of(Dimension::ShareAfterHalf));
        let mix = arrivals.mixes.then(|| [later_share / critical_share, (1.0 - later_share) / (1.0 - critical_share)]);
        Drawn {
            population: self,
            name: name.to_owned(),
            machines,
            past: self.before(unit, &tiers, &clients, &arrivals, &mut luck),
            arrivals,
            clients,
            mix,
            highest_share: if arrivals.mixes { critical_share.max(later_share) } else { critical_share },
            tiers,
            hints,
            epoch_us: (uniform(self.epoch_s, unit.of(Dimension::Epoch)) * 1e6) as u64,
            window: Window::ANY,
        }
    }

    fn machines(&self, unit: &Unit) -> Chosen<'_> {
        let models: Vec<usize> = (0..self.models.len()).collect();
        self.chosen(
            *pick(&self.instances, unit.of(Dimension::Instances)),
            *pick(&models, unit.of(Dimension::Model)),
            *pick(&self.max_num_seqs, unit.of(Dimension::MaxNumSeqs)),
            unit.of(Dimension::Routing),
        )
    }

    /// A cluster of these choices.
    pub(super) fn chosen(&self, instances: u16, model: usize, max_num_seqs: u32, routing: f64) -> Chosen<'_> {
        let tensor_parallel = self.tensor_parallel.get(model).copied().unwrap_or(self.cluster.tensor_parallel);
        let routing =
            if self.routings.is_empty() { &self.cluster.routing } else { pick::<String>(&self.routings, routing) };
        Chosen { instances, model: &self.models[model], tensor_parallel, max_num_seqs, routing }
    }

    /// The past, where this workload has one: the same clients in another mix, with other lengths.
    fn before(
        &self,
        unit: &Unit,
        tiers: &Tiers,
        clients: &[Client],
        arrivals: &Arrivals,
        luck: &mut Luck,
    ) -> Option<Before> {
        let past = self.past.as_ref().filter(|past| unit.of(Dimension::Past) < past.share)?;
        let seconds = log_uniform(past.seconds, luck.uniform());
        let requests = log_uniform(past.requests.map(|count| count as f64), luck.uniform());
        let share = uniform(self.critical_share, luck.uniform());
        let means = [tokens(self.prompt_tokens, luck.uniform()), tokens(self.output_tokens, luck.uniform())];
        let mut own = tiers.clients(self, arrivals, share, means, luck);
        for (own, now) in own.iter_mut().zip(clients) {
            own.max_output_tokens = now.max_output_tokens;
        }
        Some(Before { seconds, requests: past.requests[1], rate: requests / seconds, clients: own })
    }
}

impl Drawn<'_> {
    /// The window of a cluster that serves so much: with how many requests, at which rate.
    fn measured(&self, unit: &Unit) -> Window {
        let population = self.population;
        let cluster = self.scenario().cluster;
        let all = self.capacity(&cluster, |_| true);
        // Where all clients are alike, so are the tiers.
        let critical = match &population.clients {
            Some(_) => self.capacity(&cluster, |place| self.tiers.is_critical(place)),
            None => all,
        };
        let [low, high] = population.load;
        let most = high
            .min(population.critical_load * (critical.rate / all.rate) / (self.highest_share * self.arrivals.peak()));
        let load = (low + unit.of(Dimension::Load) * (most - low)).min(most);
        let rate = load * all.rate;
        let seconds = match population.seconds_to {
            Some(longest) => log_uniform([population.seconds, longest], unit.of(Dimension::Seconds)),
            None => population.seconds,
        };
        let past = self.past.as_ref().map_or(0, |past| past.requests);
        let after_s = uniform(population.after, unit.of(Dimension::After)) * all.stay_s.max(critical.stay_s);
        Window::of((rate, seconds), (population.requests, past), after_s, &self.arrivals)
    }

    /// The scenario.
    pub(super) fn scenario(&self) -> Scenario {
        self.read().expect("every choice and the ends of every range were checked when the file was read")
    }

    /// What this cluster can serve of the requests of the clients at these places.
    pub(super) fn capacity(&self, cluster: &ClusterConfig, is_one: impl Fn(usize) -> bool) -> Saturated {
        let some =
            self.clients.iter().enumerate().filter(|(place, _)| is_one(*place)).map(|(_, client)| client.clone());
        let alike = self.population.clients.is_none();
        let clients: Vec<Client> = if alike { some.take(1).collect() } else { some.collect() };
        saturated(cluster, &clients)
    }

    pub(super) fn read(&self) -> Result<Scenario, FileError> {
        Scenario::parse(&self.text(), Path::new(&format!("{}.toml", self.name)))
    }
}
