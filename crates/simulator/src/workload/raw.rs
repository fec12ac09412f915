//! A `[workload]` and a `[past]` as they are written, and the check that makes workloads of them.

use std::path::{Component, Path};

use files::FileError;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Client, GeneratedWorkload, RateStep, Workload};
use crate::sampler::Length;
use crate::scenario::Place;
use crate::trace::{MAX_REQUESTS, MAX_TIME_US, MAX_TOKENS};
use crate::traffic::{Past, most};

/// What arrives: either a trace, or `rate`, `requests` and `clients`, from which a seed makes the requests.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Workload")]
pub(crate) struct RawWorkload {
    /// A CSV file in the scenario's directory, as `elenchus schema trace` describes it.
    trace: Option<String>,
    /// The share of a trace's requests, the last ones, that is kept for the sealed look; a fraction, 0.1 to 0.9.
    #[schemars(extend("default" = HELD_OUT))]
    held_out: Option<f64>,
    /// Arrivals of all clients together where no rate step says otherwise; requests/s, 0.000001 to 1000000.
    rate: Option<f64>,
    /// How many requests are measured; 1 to 10000000.
    requests: Option<u64>,
    /// Who sends them; 1 to 10000 kinds.
    clients: Option<Vec<Client>>,
    /// Changes of the rate, in the order of time.
    rate_steps: Option<Vec<RateStep>>,
    /// For how long the clients go on after the last measured request, decided and simulated, not measured: at most a quarter more
    /// than is expected then, and 100. Seconds, 0 to 1e6; only
    /// a generated workload does.
    #[schemars(extend("default" = 0.0))]
    after_s: Option<f64>,
    /// What the clock that policies read shows when the run starts; µs, 0 to 2^53.
    #[schemars(extend("default" = 0))]
    epoch_us: Option<u64>,
}

/// What came before the measured window, which begins when it is over. Clients are those of the workload, by their place, and may
/// send other requests and at other rates.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Past")]
pub(crate) struct RawPast {
    /// How long it is; seconds, 0.001 to 1e6.
    seconds: f64,
    /// Arrivals of all clients together where no rate step says otherwise; requests/s, 0.000001 to 1000000.
    rate: f64,
    /// The most requests; 1 to 10000000, by default a quarter more than is expected, and 100.
    requests: Option<u64>,
    /// Who sends them; 1 to 10000 kinds.
    clients: Vec<Client>,
    /// Changes of the rate, in the order of time.
    #[serde(default)]
    rate_steps: Vec<RateStep>,
}

impl RawWorkload {
    /// For how long it goes on after the measured window, in seconds, and what clocks show at its start, in µs.
    pub(crate) fn around(&self, place: &Place<'_>) -> Result<(f64, u64), FileError> {
        let (after_s, epoch_us) = (self.after_s.unwrap_or(0.0), self.epoch_us.unwrap_or(0));
        if !(0.0..=LONGEST_S).contains(&after_s) {
            return Err(place.wrong("workload.after_s", format!("must lie between 0 and {LONGEST_S} seconds")));
        }
        if after_s > 0.0 && self.trace.is_some() {
            return Err(
                place.wrong("workload.after_s", "only a generated workload goes on; a trace ends where it ends")
            );
        }
        if epoch_us > MAX_TIME_US {
            return Err(place.wrong("workload.epoch_us", format!("must lie between 0 and {MAX_TIME_US}")));
        }
        Ok((after_s, epoch_us))
    }

    pub(crate) fn check(self, place: &Place<'_>) -> Result<Workload, FileError> {
        let Some(trace) = &self.trace else {
            if self.held_out.is_some() {
                return Err(place.wrong("workload.held_out", "only a trace has a part that can be held out"));
            }
            return self.generated(place).map(Workload::Generated);
        };
        let generator_keys = [
            ("rate", self.rate.is_some()),
            ("requests", self.requests.is_some()),
            ("clients", self.clients.is_some()),
            ("rate_steps", self.rate_steps.is_some()),
        ];
        if let Some((key, _)) = generator_keys.into_iter().find(|(_, given)| *given) {
            return Err(place.wrong(&format!("workload.{key}"), "a workload is either a trace or generated, not both"));
        }
        let stays_inside =
            Path::new(trace).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if trace.is_empty() || !stays_inside {
            let problem =
                "must be a file inside the scenario's directory, named without `..` and without a leading `/`";
            return Err(place.wrong("workload.trace", problem));
        }
        let held_out = self.held_out.unwrap_or(HELD_OUT);
        if !(0.1..=0.9).contains(&held_out) {
            return Err(place.wrong("workload.held_out", "must lie between 0.1 and 0.9 of the trace's requests"));
        }
        Ok(Workload::Trace { file: trace.clone(), held_out })
    }

    fn generated(self, place: &Place<'_>) -> Result<GeneratedWorkload, FileError> {
        let missing = |key: &str| place.wrong("workload", format!("needs either `trace` or `{key}`"));
        let workload = GeneratedWorkload {
            rate: self.rate.ok_or_else(|| missing("rate"))?,
            requests: self.requests.ok_or_else(|| missing("requests"))?,
            clients: self.clients.ok_or_else(|| missing("clients"))?,
            rate_steps: self.rate_steps.unwrap_or_default(),
        };
        checked("workload", workload, place)
    }
}

impl RawPast {
    pub(crate) fn check(self, place: &Place<'_>) -> Result<Past, FileError> {
        let RawPast { seconds, rate, requests, clients, rate_steps } = self;
        if !(1e-3..=LONGEST_S).contains(&seconds) {
            return Err(place.wrong("past.seconds", format!("must lie between 0.001 and {LONGEST_S} seconds")));
        }
        // One request, until it is known whether the rates make sense.
        let any = GeneratedWorkload { rate, requests: requests.unwrap_or(1), clients, rate_steps };
        let mut workload = checked("past", any, place)?;
        if requests.is_none() {
            workload.requests = most(workload.expected_requests(seconds));
        }
        Ok(Past { seconds, workload })
    }
}

/// The longest past, and the longest time after the measured window.
const LONGEST_S: f64 = 1e6;

fn checked(table: &str, workload: GeneratedWorkload, place: &Place<'_>) -> Result<GeneratedWorkload, FileError> {
    if !(1e-6..=1e6).contains(&workload.rate) {
        let problem = "must lie between 0.000001 and 1000000 requests per second";
        return Err(place.wrong(&format!("{table}.rate"), problem));
    }
    if !(1..=MAX_REQUESTS).contains(&workload.requests) {
        return Err(place.wrong(&format!("{table}.requests"), format!("must lie between 1 and {MAX_REQUESTS}")));
    }
    clients(table, &workload.clients, place)?;
    rate_steps(table, &workload.rate_steps, place)?;
    // Half of the time that the clock can show, for arrivals later than expected.
    if workload.expected_end_s() > MAX_TIME_US as f64 / 2e6 {
        let problem = "so many requests at this rate would take more than 100 years";
        return Err(place.wrong(&format!("{table}.rate"), problem));
    }
    Ok(workload)
}

/// The share of a trace that is held out unless the scenario says otherwise.
const HELD_OUT: f64 = 0.4;

/// Each client costs memory and time of its own.
const MAX_CLIENTS: usize = 10_000;
const MAX_OWN_STEPS: usize = 100;

fn clients(table: &str, clients: &[Client], place: &Place<'_>) -> Result<(), FileError> {
    if !(1..=MAX_CLIENTS).contains(&clients.len()) {
        return Err(place.wrong(&format!("{table}.clients"), format!("there must be 1 to {MAX_CLIENTS} of them")));
    }
    for (index, client) in clients.iter().enumerate() {
        let key = format!("{table}.clients.{index}");
        if client.fraction != 0.0 && !(1e-9..=1.0).contains(&client.fraction) {
            return Err(place.wrong(&format!("{key}.fraction"), "must be 0 or lie between 1e-9 and 1"));
        }
        client.arrival.check().map_err(|(part, problem)| place.wrong(&format!("{key}.arrival.{part}"), problem))?;
        length(&client.input, &format!("{key}.input"), place)?;
        length(&client.output, &format!("{key}.output"), place)?;
        if client.max_output_tokens.is_some_and(|limit| !(1..=MAX_TOKENS).contains(&limit)) {
            let problem = format!("must lie between 1 and {MAX_TOKENS} tokens");
            return Err(place.wrong(&format!("{key}.max_output_tokens"), problem));
        }
        if client.prefix_share.is_some_and(|[low, high]| !(0.0 <= low && low <= high && high <= 1.0)) {
            let problem = "must be two fractions from 0 to 1, the second not below the first";
            return Err(place.wrong(&format!("{key}.prefix_share"), problem));
        }
        if client.rate_steps.len() > MAX_OWN_STEPS {
            return Err(place.wrong(&format!("{key}.rate_steps"), format!("there may be {MAX_OWN_STEPS} of them")));
        }
        rate_steps(&key, &client.rate_steps, place)?;
    }
    let sum: f64 = clients.iter().map(|client| client.fraction).sum();
    if (sum - 1.0).abs() > 1e-6 {
        return Err(place.wrong(&format!("{table}.clients"), format!("the fractions must add up to 1, not {sum}")));
    }
    Ok(())
}

fn length(length: &Length, key: &str, place: &Place<'_>) -> Result<(), FileError> {
    length.check().map_err(|(part, problem)| place.wrong(&format!("{key}.{part}"), problem))
}

fn rate_steps(table: &str, steps: &[RateStep], place: &Place<'_>) -> Result<(), FileError> {
    let mut before = f64::NEG_INFINITY;
    for (index, step) in steps.iter().enumerate() {
        let key = format!("{table}.rate_steps.{index}");
        if !(0.0..=1e9).contains(&step.from_s) || step.from_s <= before {
            let problem = "must lie between 0 and 1e9 seconds, and after the step above";
            return Err(place.wrong(&format!("{key}.from_s"), problem));
        }
        before = step.from_s;
        let is_pause = step.factor == 0.0 && index + 1 < steps.len();
        if !is_pause && !(1e-6..=1e6).contains(&step.factor) {
            let problem =
                "must be 0 or lie between 0.000001 and 1000000, and the last one not 0, or the workload never ends";
            return Err(place.wrong(&format!("{key}.factor"), problem));
        }
    }
    Ok(())
}
