//! Who sends requests: the clients of a tier, with their lengths and limits.

use super::Population;
use super::luck::{Dimension, Unit};
use crate::drawing::{Arrivals, Checked, Luck, choices, log_uniform, pick, range, uniform};
use admitter::Maths;
use schemars::JsonSchema;
use serde::Deserialize;
use simulator::hints::round_up;
use simulator::predictor::Predictor;
use simulator::sampler::Length;
use simulator::workload::Client;

/// The clients of the two tiers. With this table each tier has several clients, with lengths of their own, and the router is told
/// whose a request is.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Clients {
    /// The fewest and the most clients of a tier, each number as often; 1 to 16.
    pub count: [u32; 2],
    /// Mean lengths of the client with the longest over those of the one with the shortest, log-uniform; ratios, 1 to 100. Those
    /// between them are spread evenly by ratio, prompts and outputs each in an order of their own, around the workload's mean.
    pub spread: [f64; 2],
    /// How the lengths of a client may be distributed, each way as often; 1 to 16 of them.
    pub lengths: Vec<Shape>,
    /// Standard deviation of the natural logarithm of log-normal prompt lengths, uniform; 0 to 3.
    pub prompt_sigma: [f64; 2],
    /// The same of output lengths; 0 to 3.
    pub output_sigma: [f64; 2],
    /// Exponent of the tail of Pareto lengths, uniform; 1.05 to 100, and the smaller it is the heavier the tail.
    pub tail: [f64; 2],
    /// Where prompts and outputs are cut off; tokens, 16 to 32768 each.
    pub longest: [u32; 2],
    /// The share of each prompt that it has in common with the others of its client, uniform; fractions, 0 to 1, nothing by default.
    #[serde(default)]
    pub prefix_share: Option<[f64; 2]>,
    /// Which limits of the output clients may set, each way as often; 1 to 16 of them, by default `none` alone.
    #[serde(default = "no_limits")]
    pub limits: Vec<Limited>,
    /// Where estimates of the output may come from, each source as often; 1 to 16 of them, as `predictor` in a scenario, by
    /// default `none` alone.
    #[serde(default = "no_predictors")]
    pub predictors: Vec<Predictor>,
}

fn no_limits() -> Vec<Limited> {
    vec![Limited::None]
}

fn no_predictors() -> Vec<Predictor> {
    vec![Predictor::None]
}

/// How lengths are distributed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// Log-normal.
    LogNormal,
    /// Pareto: a heavy tail and nothing else.
    Pareto,
}

/// Which limits of the output the clients of a workload set. A limit is the same for all requests of a client, and no request is
/// looked at to make it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Limited {
    /// None.
    None,
    /// All the same one: the default of a library, 4096 tokens.
    Default,
    /// Each a round number at or above the 95th percentile of its outputs, times 1 to 2.
    Round,
    /// Each one of these three.
    Mixed,
    /// A stress case: limits made of each request's own output.
    Request,
}

/// What libraries set where nobody says otherwise, in tokens.
const DEFAULT: u32 = 4096;

impl Clients {
    /// What is wrong with the numbers, as (key, problem).
    pub(super) fn check(&self) -> Checked {
        range("clients.count", self.count.map(f64::from), 1.0, 16.0)?;
        range("clients.spread", self.spread, 1.0, 100.0)?;
        choices("clients.lengths", self.lengths.len())?;
        range("clients.prompt_sigma", self.prompt_sigma, 0.0, 3.0)?;
        range("clients.output_sigma", self.output_sigma, 0.0, 3.0)?;
        range("clients.tail", self.tail, 1.05, 100.0)?;
        for longest in self.longest {
            range("clients.longest", [f64::from(longest); 2], 16.0, 32_768.0)?;
        }
        if let Some(share) = self.prefix_share {
            range("clients.prefix_share", share, 0.0, 1.0)?;
        }
        choices("clients.limits", self.limits.len())?;
        choices("clients.predictors", self.predictors.len())?;
        for (n, predictor) in self.predictors.iter().enumerate() {
            predictor.check().map_err(|(key, problem)| (format!("clients.predictors.{n}.{key}"), problem))?;
        }
        Ok(())
    }
}

/// The classes of the two tiers.
const TIERS: [&str; 2] = ["critical", "sheddable"];

/// How many clients the two tiers of a workload have, and how far apart they are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tiers {
    counts: [usize; 2],
    spread: f64,
}

impl Tiers {
    pub(super) fn draw(population: &Population, unit: &Unit, luck: &mut Luck) -> Self {
        let Some(clients) = &population.clients else { return Tiers { counts: [1; 2], spread: 1.0 } };
        let numbers: Vec<usize> = (clients.count[0]..=clients.count[1]).map(|count| count as usize).collect();
        let counts = [(); 2].map(|()| *pick(&numbers, luck.uniform()));
        Tiers { counts, spread: log_uniform(clients.spread, unit.of(Dimension::Spread)) }
    }

    /// Whether the client at this place is critical.
    pub(super) fn is_critical(&self, place: usize) -> bool {
        place < self.counts[0]
    }

    /// The clients of both tiers, without limits, where requests have these mean lengths in tokens.
    pub(super) fn clients(
        &self,
        population: &Population,
        arrivals: &Arrivals,
        critical_share: f64,
        means: [u32; 2],
        luck: &mut Luck,
    ) -> Vec<Client> {
        let mut clients = Vec::new();
        for (tier, share) in [critical_share, 1.0 - critical_share].into_iter().enumerate() {
            let lengths = match &population.clients {
                None => vec![(1.0, means.map(normal))],
                Some(own) => own.lengths(self.counts[tier], self.spread, means, luck),
            };
            let all: f64 = lengths.iter().map(|(weight, _)| weight).sum();
            clients.extend(lengths.into_iter().map(|(weight, [input, output])| Client {
                slo_class: TIERS[tier].to_owned(),
                fraction: share * (weight / all),
                arrival: arrivals.process,
                input,
                output,
                max_output_tokens: None,
                prefix_share: population.clients.as_ref().and_then(|own| own.prefix_share),
                rate_steps: Vec::new(),
            }));
        }
        clients
    }
}

impl Clients {
    /// The clients of a tier: how much each sends next to the others, and its prompt and output lengths.
    fn lengths(&self, count: usize, spread: f64, means: [u32; 2], luck: &mut Luck) -> Vec<(f64, [Length; 2])> {
        let orders = [luck.order(count), luck.order(count)];
        let client = |n: usize| {
            let weight = 0.5 + luck.uniform();
            let shape = *pick(&self.lengths, luck.uniform());
            let length = |side: usize| {
                let place = orders[side][n] as f64 / (count - 1).max(1) as f64;
                let off = if count > 1 { place - 0.5 } else { 0.0 };
                let longest = self.longest[side];
                // A client whose lengths were mostly cut off would have no distribution.
                let mean = f64::from(means[side]) * Maths::powf(spread, off);
                let sigma = uniform([self.prompt_sigma, self.output_sigma][side], luck.uniform());
                shape.length(
                    mean.clamp(2.0, f64::from(longest) / 2.0),
                    sigma,
                    uniform(self.tail, luck.uniform()),
                    longest,
                )
            };
            (weight, [0, 1].map(length))
        };
        (0..count).map(client).collect()
    }

    /// The limit of a client with these outputs.
    pub(super) fn limit(kind: Limited, output: &Length, luck: &mut Luck) -> Option<u32> {
        let (which, slack) = (luck.uniform(), 1.0 + luck.uniform());
        match kind {
            Limited::None | Limited::Request => None,
            Limited::Default => Some(DEFAULT),
            Limited::Round => Some(round_up(f64::from(output.quantile(0.95)) * slack)),
            Limited::Mixed => {
                let one = *pick(&[Limited::None, Limited::Default, Limited::Round], which);
                Clients::limit(one, output, luck)
            }
        }
    }
}

impl Shape {
    /// Lengths with about this mean, in tokens, and at most that long.
    fn length(self, mean: f64, sigma: f64, tail: f64, longest: u32) -> Length {
        let (min, max) = (Some(1), Some(longest));
        match self {
            Shape::LogNormal => Length::LogNormal { mu: Maths::ln(mean) - sigma * sigma / 2.0, sigma, min, max },
            Shape::Pareto => Length::Pareto { alpha: tail, xm: (mean * (tail - 1.0) / tail).max(1.0), min, max },
        }
    }
}

/// Normal lengths around a mean, of clients that are all alike.
fn normal(mean: u32) -> Length {
    Length::Normal { mean: f64::from(mean), sd: f64::from(mean) / 4.0, min: Some(mean / 8), max: Some(2 * mean) }
}
