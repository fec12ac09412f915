//! Workloads: a trace, or a generator with one independent random stream for each client.

pub(crate) mod raw;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use admitter::Draw;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::draws::Draws;
use crate::gaps::Gaps;
use crate::hints::Hints;
use crate::sampler::{ArrivalProcess, Length};
use crate::slo::Class;
use crate::trace::{Arrival, MAX_TIME_US, Prefix};

/// Where the requests come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Workload {
    /// A recorded trace.
    Trace {
        /// Its file, named relative to the scenario's directory, inside of which it lies.
        file: String,
        /// The share of its requests, the last ones, that an experiment keeps for the look under its seal; 0.1 to 0.9.
        held_out: f64,
    },
    /// Requests made from a seed.
    Generated(GeneratedWorkload),
}

/// A mix of clients.
#[derive(Clone, Debug, PartialEq)]
pub struct GeneratedWorkload {
    /// Arrivals per second, all clients together, where no rate step says otherwise.
    pub rate: f64,
    /// How many requests there are in all.
    pub requests: u64,
    /// Who sends them.
    pub clients: Vec<Client>,
    /// Changes of the rate, in the order of time.
    pub rate_steps: Vec<RateStep>,
}

/// Requests of one kind.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// Their service class: one that is built in or stands in `[priorities]`.
    pub slo_class: String,
    /// Their share of the rate; a fraction, 0 to 1, and the shares add up to 1.
    pub fraction: f64,
    /// How they are spread over time.
    pub arrival: ArrivalProcess,
    /// Prompt lengths, tokens.
    pub input: Length,
    /// Output lengths, tokens.
    pub output: Length,
    /// The limit of the output that it sends with each request, where the answer ends; tokens, 1 to 10000000, and none by default. It
    /// needs a `[hints]` table, which says whether the router is told.
    #[serde(default)]
    pub max_output_tokens: Option<u32>,
    /// The share of each prompt, its beginning, that it has in common with the other prompts of this client, uniform: a system
    /// prompt, say, whose blocks an instance may still hold. Fractions, 0 to 1; nothing in common by default.
    #[serde(default)]
    pub prefix_share: Option<[f64; 2]>,
    /// Changes of its own rate, in the order of time, besides those of all; at most 100.
    #[serde(default)]
    pub rate_steps: Vec<RateStep>,
}

/// From a time on, `rate` is multiplied by a factor.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RateStep {
    /// When; seconds since the start of the workload, 0 to 1e9, after the step above.
    pub from_s: f64,
    /// The factor; 0.000001 to 1000000, or 0 for a pause, which is not the last step.
    pub factor: f64,
}

/// Makes the requests: a pure function of the workload and the seed, with the same bits on every host.
pub fn generate(workload: &GeneratedWorkload, seed: u64) -> Vec<Arrival> {
    Stream::new(workload, seed).take(workload.requests as usize).collect()
}

/// All that the clients of a workload ever send, in the order of arrival: without end.
pub(crate) struct Stream<'a> {
    sources: Vec<Source<'a>>,
    /// The earliest on top; clients that send at the same time do so in their order.
    next: BinaryHeap<Reverse<(u64, usize)>>,
}

impl<'a> Stream<'a> {
    pub(crate) fn new(workload: &'a GeneratedWorkload, seed: u64) -> Self {
        Stream::of(workload, seed, Draws::of_arrivals)
    }

    /// The same clients at another time, which nothing of this one foretells.
    pub(crate) fn past(workload: &'a GeneratedWorkload, seed: u64) -> Self {
        Stream::of(workload, seed, Draws::of_past)
    }

    fn of(workload: &'a GeneratedWorkload, seed: u64, draws: fn(u64, u64) -> Draws) -> Self {
        let total: f64 = workload.clients.iter().map(|client| client.fraction).sum();
        let sources: Vec<Source<'_>> = (0u32..)
            .zip(&workload.clients)
            .filter(|(_, client)| client.fraction > 0.0)
            .map(|(place, client)| {
                let group = client.prefix_share.map(|share| (place, share));
                let hints = Hints {
                    client: Draws::client_number(seed, place),
                    max_output_tokens: client.max_output_tokens,
                    predicted_output_tokens: None,
                };
                let draws = draws(seed, place.into());
                Source { prefix: group, ..Source::start(workload, client, client.fraction / total, hints, draws) }
            })
            .collect();
        let next = sources.iter().enumerate().map(|(index, source)| Reverse((source.next_us, index))).collect();
        Stream { sources, next }
    }
}

impl Iterator for Stream<'_> {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        let mut top = self.next.peek_mut()?;
        let source = &mut self.sources[top.0.1];
        let arrival = source.send();
        top.0.0 = source.next_us;
        Some(arrival)
    }
}

impl GeneratedWorkload {
    /// When the last request is expected, in seconds since the start of the workload.
    pub fn expected_end_s(&self) -> f64 {
        let (mut left, mut now_s, mut rate) = (self.requests as f64, 0.0, self.rate);
        for (from_s, next_rate) in rates(self) {
            let until_step = (from_s - now_s) * rate;
            if left <= until_step {
                break;
            }
            left -= until_step;
            (now_s, rate) = (from_s, next_rate);
        }
        now_s + left / rate
    }

    /// How many requests are expected until a time, in seconds since the start of the workload, were there no end to them.
    pub(crate) fn expected_requests(&self, until_s: f64) -> f64 {
        let (mut sum, mut now_s, mut rate) = (0.0, 0.0, self.rate);
        for (from_s, next_rate) in rates(self).into_iter().filter(|(from_s, _)| *from_s < until_s) {
            sum += (from_s - now_s) * rate;
            (now_s, rate) = (from_s, next_rate);
        }
        sum + (until_s - now_s) * rate
    }
}

/// From which times on, in seconds, how many requests arrive per second, all clients together.
fn rates(workload: &GeneratedWorkload) -> Vec<(f64, f64)> {
    let own =
        workload.clients.iter().enumerate().flat_map(|(place, client)| {
            client.rate_steps.iter().map(move |step| (step.from_s, Some(place), step.factor))
        });
    let all = workload.rate_steps.iter().map(|step| (step.from_s, None, step.factor));
    let mut steps: Vec<(f64, Option<usize>, f64)> = all.chain(own).collect();
    steps.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut common, mut share, mut factors) = (1.0, 1.0, vec![1.0; workload.clients.len()]);
    let mut changed = |(from_s, place, factor): (f64, Option<usize>, f64)| {
        match place {
            None => common = factor,
            Some(place) => {
                share += workload.clients[place].fraction * (factor - std::mem::replace(&mut factors[place], factor))
            }
        }
        (from_s, workload.rate * common * f64::max(share, 0.0))
    };
    steps.into_iter().map(&mut changed).collect()
}

/// One client at work.
struct Source<'a> {
    client: &'a Client,
    class: Class,
    /// Changes of the rate that lie ahead: of all clients, and its own.
    steps: [&'a [RateStep]; 2],
    /// This client's arrivals per µs where no rate step applies.
    base_rate: f64,
    factors: [f64; 2],
    hints: Hints,
    /// The group of its prompts, and the share that they have in common.
    prefix: Option<(u32, [f64; 2])>,
    gaps: Gaps,
    draws: Draws,
    sent: u64,
    now_us: f64,
    /// What the next request is drawn from.
    draw: Draw,
    next_us: u64,
}

impl<'a> Source<'a> {
    fn start(workload: &'a GeneratedWorkload, client: &'a Client, share: f64, hints: Hints, mut draws: Draws) -> Self {
        let mut source = Source {
            client,
            class: Class::new(&client.slo_class),
            steps: [&workload.rate_steps, &client.rate_steps],
            base_rate: workload.rate * share / 1e6,
            factors: [1.0; 2],
            hints,
            prefix: None,
            gaps: client.arrival.gaps(),
            draw: draws.of(0),
            draws,
            sent: 0,
            now_us: 0.0,
            next_us: 0,
        };
        source.plan();
        source
    }

    fn send(&mut self) -> Arrival {
        let input_tokens = self.client.input.sample(&mut self.draw);
        let mut arrival = Arrival {
            arrival_us: self.next_us,
            class: self.class.clone(),
            input_tokens,
            // An answer ends where its limit is reached.
            output_tokens: self
                .client
                .output
                .sample(&mut self.draw)
                .min(self.client.max_output_tokens.unwrap_or(u32::MAX)),
            deadline_us: None,
            prefix: None,
            hints: self.hints,
        };
        arrival.prefix = self.prefix.map(|(group, [low, high])| {
            let share = low + self.draw.uniform() * (high - low);
            Prefix { group, tokens: (share * f64::from(input_tokens)) as u32 }
        });
        self.sent += 1;
        self.plan();
        arrival
    }

    /// Finds the time of the next arrival. The process runs in units of expected arrivals; each stretch of constant rate
    /// turns these into time.
    fn plan(&mut self) {
        self.draw = self.draws.of(self.sent);
        let mut left = self.gaps.next(&mut self.draw);
        while let Some((whose, step)) = self.next_step() {
            let start_us = step.from_s * 1e6;
            let until_step = (start_us - self.now_us) * self.rate();
            if left < until_step {
                break;
            }
            left -= until_step;
            self.now_us = start_us;
            self.factors[whose] = step.factor;
            self.steps[whose] = &self.steps[whose][1..];
        }
        self.now_us += left / self.rate();
        self.next_us = (self.now_us as u64).min(MAX_TIME_US);
    }

    /// Arrivals per µs.
    fn rate(&self) -> f64 {
        self.base_rate * (self.factors[0] * self.factors[1])
    }

    /// The next change of the rate, and whose it is; of two at one time the one of all clients.
    fn next_step(&self) -> Option<(usize, RateStep)> {
        let [all, own] = self.steps.map(|steps| steps.first().copied());
        match (all, own) {
            (Some(all), Some(own)) if own.from_s < all.from_s => Some((1, own)),
            (Some(all), _) => Some((0, all)),
            (None, own) => own.map(|own| (1, own)),
        }
    }
}
