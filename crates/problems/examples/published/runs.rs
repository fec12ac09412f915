//! Runs of the rule and of what it is held against, on arrivals that no campaign has.

use crate::claims::{Claim, Part, Policy, directory};
use problems::flow_control::{Metric, trial};
use science::keyed;
use science::trial::Trial;
use simulator::flow::limiters::Builtin;
use simulator::flow::{Attempt, Credit, FlowControl, Limiter, Ticks, simulate};
use simulator::{Run, Scenario, Traffic};
use std::collections::HashMap;

type Error = Box<dyn std::error::Error>;

/// Calls between two readings that are 50 ms old, where nothing arrives.
const CALLS: f64 = 50.0;

/// The published share of calls at which lower bands are open, but all of them at the beginning of each reading.
#[derive(Default)]
struct Together {
    reading: f64,
    since: f64,
}

impl Limiter for Together {
    fn limit(&mut self, attempt: &Attempt<'_>, ceilings: &mut [f64]) {
        let saturation = attempt.saturation;
        if saturation != self.reading {
            (self.reading, self.since) = (saturation, 0.0);
        }
        self.since += 1.0;
        if saturation < 0.5 || saturation >= 1.0 {
            return;
        }
        let period = (saturation / (1.0 - saturation + 1e-9)).round().max(1.0);
        if self.since > (CALLS / period).ceil() {
            ceilings.iter_mut().skip(1).for_each(|ceiling| *ceiling = 0.0);
        }
    }
}

/// What was run so far.
pub(crate) struct Runs {
    pub(crate) seeds: u64,
    trials: HashMap<(String, Policy, Setting), Vec<Ran>>,
}

/// How a queue is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Setting {
    pub(crate) credit: bool,
    pub(crate) router: bool,
}

/// One seed's run.
pub(crate) struct Ran {
    pub(crate) trial: Trial,
    /// TTFT of each critical request, µs.
    pub(crate) critical_us: Vec<f64>,
    /// Requests completed for each second of the run.
    pub(crate) served_per_s: f64,
}

impl Runs {
    pub(crate) fn new(seeds: u64) -> Self {
        Runs { seeds, trials: HashMap::new() }
    }

    /// The claim's number for each seed.
    pub(crate) fn values(&mut self, claim: &Claim) -> Result<Vec<f64>, Error> {
        let mut values = vec![0.0; self.seeds as usize];
        for Part { weight, policy, scenario, credit } in &claim.part {
            let setting = Setting { credit: *credit == Credit::Unseen, router: false };
            let gains = self.gains(scenario, *policy, setting, claim.metric.metric())?;
            values.iter_mut().zip(gains).for_each(|(value, gain)| *value += weight * gain);
        }
        Ok(values)
    }

    /// ln(constant / policy) for each seed, in the same setting.
    pub(crate) fn gains(
        &mut self,
        scenario: &str,
        policy: Policy,
        setting: Setting,
        metric: Metric,
    ) -> Result<Vec<f64>, Error> {
        let mut of = |policy| -> Result<Vec<f64>, Error> {
            Ok(self.ran(scenario, policy, setting)?.iter().map(|ran| ran.trial.values[metric as usize]).collect())
        };
        let (constant, own) = (of(Policy::Constant)?, of(policy)?);
        Ok(constant.iter().zip(own).map(|(constant, own)| (constant / own).ln()).collect())
    }

    /// The runs of all seeds.
    pub(crate) fn ran(&mut self, scenario: &str, policy: Policy, setting: Setting) -> Result<&[Ran], Error> {
        let key = (scenario.to_owned(), policy, setting);
        if !self.trials.contains_key(&key) {
            let loaded = Scenario::load(&directory().join(format!("scenarios/{scenario}.toml")))?;
            let ran = (0..self.seeds).map(|number| ran(&loaded, policy, setting, number)).collect::<Result<_, _>>()?;
            self.trials.insert(key.clone(), ran);
        }
        Ok(&self.trials[&key])
    }
}

fn ran(scenario: &Scenario, policy: Policy, setting: Setting, number: u64) -> Result<Ran, Error> {
    let flow = scenario.flow_control.as_ref().ok_or("a scenario has no queue")?;
    let flow = FlowControl {
        credit: if setting.credit { Credit::Unseen } else { Credit::None },
        ticks: if setting.router { Ticks::Router } else { Ticks::Blis },
        ..flow.clone()
    };
    // Of no role of a campaign, and the same for stale and fresh readings.
    let traffic = scenario.generated(keyed::seed(&["the published rule on trial"], number));
    let run = limited(scenario, &flow, traffic.clone(), policy)?;
    let is_critical = |row: &usize| scenario.cluster.priorities.of(&traffic.arrivals[*row].class) >= 0;
    let critical = traffic.measured.clone().filter(is_critical);
    let critical_us = critical.filter_map(|row| run.requests[row].ttft_us).map(|us| us as f64).collect();
    let served_per_s = run.totals.completed as f64 / (run.totals.duration_us as f64 / 1e6);
    Ok(Ran { trial: trial(&scenario.cluster, &traffic, &run), critical_us, served_per_s })
}

fn limited(scenario: &Scenario, flow: &FlowControl, traffic: Traffic, policy: Policy) -> Result<Run, Error> {
    let builtin = |name: &str| -> Result<Run, Error> {
        Ok(simulate(&scenario.cluster, flow, traffic.clone(), &mut Builtin::parse(name)?)?)
    };
    match policy {
        Policy::Constant => builtin("constant"),
        Policy::SoftReflective => builtin("soft-reflective"),
        Policy::Together => Ok(simulate(&scenario.cluster, flow, traffic, &mut Together::default())?),
    }
}
