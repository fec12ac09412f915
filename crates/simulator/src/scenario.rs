//! Scenarios: a cluster and a workload, read from TOML and checked.

use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path};
use std::sync::Arc;

use crate::cluster::ClusterConfig;
use crate::raw::{RawScenario, RawWorkload};
use crate::sampler::Length;
use crate::slo::{Class, Slo};
use crate::trace::{self, Arrival, MAX_REQUESTS, MAX_TIME_US};
use crate::workload::{self, Client, GeneratedWorkload, RateStep, Workload};
use files::{FileError, MAX_TEXT_BYTES, clip, parse_toml, read_text};

/// A cluster and what is asked of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// The cluster, with the priorities of the classes.
    pub cluster: ClusterConfig,
    /// What arrives.
    pub workload: Workload,
    /// The latency targets of classes that have some.
    pub slo: BTreeMap<Class, Slo>,
}

impl Scenario {
    /// Reads a scenario from its text; `file` only serves to name it. Reads no other file.
    pub fn parse(text: &str, file: &Path) -> Result<Scenario, FileError> {
        let raw: RawScenario = parse_toml(text, file)?;
        let place = Place { text, file };
        if raw.name.trim().is_empty() {
            return Err(place.wrong("name", "must not be empty"));
        }
        let cluster = raw.cluster.check(&place, &raw.priorities)?;
        let workload = workload(raw.workload, &place)?;
        if let Workload::Generated(generated) = &workload {
            for (index, client) in generated.clients.iter().enumerate() {
                let key = format!("workload.clients.{index}.slo_class");
                known_class(&cluster, &client.slo_class).map_err(|problem| place.wrong(&key, problem))?;
            }
        }
        let mut slo = BTreeMap::new();
        for (class, targets) in raw.slo {
            let key = format!("slo.{class}");
            known_class(&cluster, &class).map_err(|problem| place.wrong(&key, problem))?;
            for (name, target) in [("ttft_ms", targets.ttft_ms), ("itl_ms", targets.itl_ms), ("e2e_ms", targets.e2e_ms)]
            {
                if !target.is_none_or(|ms| ms > 0.0 && ms.is_finite()) {
                    return Err(place.wrong(&format!("{key}.{name}"), "must be a positive number"));
                }
            }
            slo.insert(Class::new(&class), targets);
        }
        Ok(Scenario { name: raw.name, cluster, workload, slo })
    }

    /// Reads a scenario file. Its trace, if it has one, is not read yet.
    pub fn load(path: &Path) -> Result<Scenario, FileError> {
        let text = read_text(path, MAX_TEXT_BYTES)
            .map_err(|error| FileError::new(path, format!("cannot be read: {error}")))?;
        Scenario::parse(&text, path)
    }

    /// The requests in the order of arrival. `read_file` is given the name of the trace, if the workload is one; a
    /// generated workload asks for no file and cannot fail. In a trace each class must have a priority: a slip of the pen
    /// in its name would otherwise protect the request.
    pub fn arrivals(
        &self,
        seed: u64,
        read_file: impl FnOnce(&str) -> io::Result<String>,
    ) -> Result<Arc<[Arrival]>, FileError> {
        match &self.workload {
            Workload::Generated(generated) => Ok(workload::generate(generated, seed).into()),
            Workload::Trace { file: name, .. } => {
                let file = Path::new(name);
                let text = read_file(name).map_err(|error| FileError::new(file, format!("cannot be read: {error}")))?;
                Ok(trace::read_with(&text, file, &|class| known_class(&self.cluster, class))?.into())
            }
        }
    }
}

/// The text in which a problem is to be located.
pub(crate) struct Place<'a> {
    text: &'a str,
    file: &'a Path,
}

impl Place<'_> {
    pub(crate) fn wrong(&self, key: &str, problem: impl Into<String>) -> FileError {
        FileError::at_key(self.file, self.text, key, problem)
    }
}

fn known_class(cluster: &ClusterConfig, class: &str) -> Result<(), String> {
    if cluster.priorities.knows(&Class::new(class)) {
        return Ok(());
    }
    let names: Vec<&str> = cluster.priorities.names().collect();
    let class = clip(class, 60);
    Err(format!("class `{class}` has no priority; there are {}, and [priorities] may add some", names.join(", ")))
}

fn workload(raw: RawWorkload, place: &Place<'_>) -> Result<Workload, FileError> {
    let Some(trace) = raw.trace else {
        if raw.held_out.is_some() {
            return Err(place.wrong("workload.held_out", "only a trace has a part that can be held out"));
        }
        return generated(raw, place).map(Workload::Generated);
    };
    let generator_keys = [
        ("rate", raw.rate.is_some()),
        ("requests", raw.requests.is_some()),
        ("clients", raw.clients.is_some()),
        ("rate_steps", raw.rate_steps.is_some()),
    ];
    if let Some((key, _)) = generator_keys.into_iter().find(|(_, given)| *given) {
        return Err(place.wrong(&format!("workload.{key}"), "a workload is either a trace or generated, not both"));
    }
    let stays_inside =
        Path::new(&trace).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if trace.is_empty() || !stays_inside {
        let problem = "must be a file inside the scenario's directory, named without `..` and without a leading `/`";
        return Err(place.wrong("workload.trace", problem));
    }
    let held_out = raw.held_out.unwrap_or(HELD_OUT);
    if !(0.1..=0.9).contains(&held_out) {
        return Err(place.wrong("workload.held_out", "must lie between 0.1 and 0.9 of the trace's requests"));
    }
    Ok(Workload::Trace { file: trace, held_out })
}

fn generated(raw: RawWorkload, place: &Place<'_>) -> Result<GeneratedWorkload, FileError> {
    let missing = |key: &str| place.wrong("workload", format!("needs either `trace` or `{key}`"));
    let workload = GeneratedWorkload {
        rate: raw.rate.ok_or_else(|| missing("rate"))?,
        requests: raw.requests.ok_or_else(|| missing("requests"))?,
        clients: raw.clients.ok_or_else(|| missing("clients"))?,
        rate_steps: raw.rate_steps.unwrap_or_default(),
    };
    if !(1e-6..=1e6).contains(&workload.rate) {
        return Err(place.wrong("workload.rate", "must lie between 0.000001 and 1000000 requests per second"));
    }
    if !(1..=MAX_REQUESTS).contains(&workload.requests) {
        return Err(place.wrong("workload.requests", format!("must lie between 1 and {MAX_REQUESTS}")));
    }
    clients(&workload.clients, place)?;
    rate_steps(&workload.rate_steps, place)?;
    // Half of the time that the clock can show, for arrivals later than expected.
    if workload.expected_end_s() > MAX_TIME_US as f64 / 2e6 {
        return Err(place.wrong("workload.rate", "so many requests at this rate would take more than 100 years"));
    }
    Ok(workload)
}

/// The share of a trace that is held out unless the scenario says otherwise.
pub(crate) const HELD_OUT: f64 = 0.4;

/// Each client costs memory and time of its own.
const MAX_CLIENTS: usize = 10_000;

fn clients(clients: &[Client], place: &Place<'_>) -> Result<(), FileError> {
    if !(1..=MAX_CLIENTS).contains(&clients.len()) {
        return Err(place.wrong("workload.clients", format!("there must be 1 to {MAX_CLIENTS} of them")));
    }
    for (index, client) in clients.iter().enumerate() {
        let key = format!("workload.clients.{index}");
        if client.fraction != 0.0 && !(1e-9..=1.0).contains(&client.fraction) {
            return Err(place.wrong(&format!("{key}.fraction"), "must be 0 or lie between 1e-9 and 1"));
        }
        client.arrival.check().map_err(|(part, problem)| place.wrong(&format!("{key}.arrival.{part}"), problem))?;
        length(&client.input, &format!("{key}.input"), place)?;
        length(&client.output, &format!("{key}.output"), place)?;
    }
    let sum: f64 = clients.iter().map(|client| client.fraction).sum();
    if (sum - 1.0).abs() > 1e-6 {
        return Err(place.wrong("workload.clients", format!("the fractions must add up to 1, not {sum}")));
    }
    Ok(())
}

fn length(length: &Length, key: &str, place: &Place<'_>) -> Result<(), FileError> {
    length.check().map_err(|(part, problem)| place.wrong(&format!("{key}.{part}"), problem))
}

fn rate_steps(steps: &[RateStep], place: &Place<'_>) -> Result<(), FileError> {
    let mut before = f64::NEG_INFINITY;
    for (index, step) in steps.iter().enumerate() {
        let key = format!("workload.rate_steps.{index}");
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
