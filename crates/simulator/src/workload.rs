//! Workloads: a trace, or a generator with one independent random stream for each client.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use admitter::Draw;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::draws::Draws;
use crate::gaps::Gaps;
use crate::sampler::{ArrivalProcess, Length};
use crate::slo::Class;
use crate::trace::{Arrival, MAX_TIME_US};

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
}

/// From a time on, `rate` is multiplied by a factor.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RateStep {
    /// When; seconds since the start of the run, 0 to 1e9, after the step above.
    pub from_s: f64,
    /// The factor; 0.000001 to 1000000, or 0 for a pause, which is not the last step.
    pub factor: f64,
}

/// Makes the requests: a pure function of the workload and the seed, with the same bits on every host.
pub fn generate(workload: &GeneratedWorkload, seed: u64) -> Vec<Arrival> {
    let total: f64 = workload.clients.iter().map(|client| client.fraction).sum();
    let mut sources: Vec<Source<'_>> = (0u64..)
        .zip(&workload.clients)
        .filter(|(_, client)| client.fraction > 0.0)
        .map(|(index, client)| {
            Source::start(workload, client, client.fraction / total, Draws::of_arrivals(seed, index))
        })
        .collect();
    // The earliest on top; clients that send at the same time do so in their order.
    let mut next: BinaryHeap<Reverse<(u64, usize)>> =
        sources.iter().enumerate().map(|(index, source)| Reverse((source.next_us, index))).collect();
    let mut arrivals = Vec::with_capacity(workload.requests as usize);
    while (arrivals.len() as u64) < workload.requests {
        let Some(mut top) = next.peek_mut() else { break };
        let index = top.0.1;
        arrivals.push(sources[index].send());
        *top = Reverse((sources[index].next_us, index));
    }
    arrivals
}

impl GeneratedWorkload {
    /// When the last request is expected, in seconds since the start of the run.
    pub fn expected_end_s(&self) -> f64 {
        let (mut left, mut now_s, mut rate) = (self.requests as f64, 0.0, self.rate);
        for step in &self.rate_steps {
            let until_step = (step.from_s - now_s) * rate;
            if left <= until_step {
                break;
            }
            left -= until_step;
            (now_s, rate) = (step.from_s, self.rate * step.factor);
        }
        now_s + left / rate
    }
}

/// One client at work.
struct Source<'a> {
    client: &'a Client,
    class: Class,
    steps: &'a [RateStep],
    /// This client's arrivals per µs where no rate step applies.
    base_rate: f64,
    factor: f64,
    gaps: Gaps,
    draws: Draws,
    sent: u64,
    now_us: f64,
    /// What the next request is drawn from.
    draw: Draw,
    next_us: u64,
}

impl<'a> Source<'a> {
    fn start(workload: &'a GeneratedWorkload, client: &'a Client, share: f64, mut draws: Draws) -> Self {
        let mut source = Source {
            client,
            class: Class::new(&client.slo_class),
            steps: &workload.rate_steps,
            base_rate: workload.rate * share / 1e6,
            factor: 1.0,
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
        let arrival = Arrival {
            arrival_us: self.next_us,
            class: self.class.clone(),
            input_tokens: self.client.input.sample(&mut self.draw),
            output_tokens: self.client.output.sample(&mut self.draw),
            deadline_us: None,
            prefix: None,
        };
        self.sent += 1;
        self.plan();
        arrival
    }

    /// Finds the time of the next arrival. The process runs in units of expected arrivals; each stretch of constant rate
    /// turns these into time.
    fn plan(&mut self) {
        self.draw = self.draws.of(self.sent);
        let mut left = self.gaps.next(&mut self.draw);
        while let Some(step) = self.steps.first() {
            let start_us = step.from_s * 1e6;
            let until_step = (start_us - self.now_us) * (self.base_rate * self.factor);
            if left < until_step {
                break;
            }
            left -= until_step;
            self.now_us = start_us;
            self.factor = step.factor;
            self.steps = &self.steps[1..];
        }
        self.now_us += left / (self.base_rate * self.factor);
        self.next_us = (self.now_us as u64).min(MAX_TIME_US);
    }
}
