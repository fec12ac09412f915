//! Scenarios: a cluster and a workload, read from TOML and checked.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use crate::cluster::ClusterConfig;
use crate::flow::FlowControl;
use crate::hints::HintTable;
use crate::raw::RawScenario;
use crate::slo::{Class, Slo};
use crate::trace;
use crate::traffic::{self, Past, Traffic};
use crate::workload::Workload;
use files::{FileError, MAX_TEXT_BYTES, clip, parse_toml, read_text};

/// A cluster and what is asked of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// The cluster, with the priorities of the classes.
    pub cluster: ClusterConfig,
    /// What came before the measured window, of a generated workload.
    pub past: Option<Past>,
    /// What arrives in the measured window.
    pub workload: Workload,
    /// For how long a generated workload goes on after the measured window, in seconds.
    pub after_s: f64,
    /// What the clock that policies read shows when a run starts, in µs.
    pub epoch_us: u64,
    /// What the router is told of requests, if the scenario says so.
    pub hints: Option<HintTable>,
    /// The queue at the gateway, if there is one: it takes the place of an admission policy.
    pub flow_control: Option<FlowControl>,
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
        let (after_s, epoch_us) = raw.workload.around(&place)?;
        let workload = raw.workload.check(&place)?;
        let past = raw.past.map(|past| past.check(&place)).transpose()?;
        if let Some(hints) = &raw.hints {
            let wrong = |(key, problem)| place.wrong(&format!("hints.predictor.{key}"), problem);
            hints.predictor.check().map_err(wrong)?;
        }
        let scenario = Scenario {
            name: raw.name,
            cluster,
            past,
            workload,
            after_s,
            epoch_us,
            hints: raw.hints,
            flow_control: raw.flow_control.map(|flow| flow.check(&place)).transpose()?,
            slo: slo(raw.slo, &place)?,
        };
        scenario.check(&place)?;
        Ok(scenario)
    }

    /// What must hold between its tables.
    fn check(&self, place: &Place<'_>) -> Result<(), FileError> {
        let generated = match &self.workload {
            Workload::Generated(generated) => Some(generated),
            Workload::Trace { .. } => None,
        };
        if generated.is_none() && self.past.is_some() {
            return Err(place.wrong("past", "only a generated workload has a past; a trace begins with its own"));
        }
        let past = self.past.as_ref().map(|past| &past.workload);
        for (table, workload) in [("past", past), ("workload", generated)] {
            for (index, client) in workload.into_iter().flat_map(|workload| workload.clients.iter().enumerate()) {
                let key = format!("{table}.clients.{index}");
                known_class(&self.cluster, &client.slo_class)
                    .map_err(|problem| place.wrong(&format!("{key}.slo_class"), problem))?;
                if client.max_output_tokens.is_some() && self.hints.is_none() {
                    let problem = "needs a [hints] table, which says whether the router is told";
                    return Err(place.wrong(&format!("{key}.max_output_tokens"), problem));
                }
            }
        }
        let targets = self.flow_control.iter().flat_map(|flow| flow.slo_targets.keys());
        let targets = targets.map(|class| ("flow_control.slo_targets", class));
        for (table, class) in self.slo.keys().map(|class| ("slo", class)).chain(targets) {
            known_class(&self.cluster, class.name())
                .map_err(|problem| place.wrong(&format!("{table}.{class}"), problem))?;
        }
        if self.requests().is_some_and(|requests| requests > trace::MAX_REQUESTS) {
            let problem =
                format!("past, measured window and what comes after may have {} requests", trace::MAX_REQUESTS);
            return Err(place.wrong("workload", problem));
        }
        Ok(())
    }

    /// The most requests that a seed may make, all in all; none of a trace, which says itself how many there are.
    pub fn requests(&self) -> Option<u64> {
        let Workload::Generated(window) = &self.workload else { return None };
        let past = self.past.as_ref().map_or(0, |past| past.workload.requests);
        Some(past.saturating_add(window.requests).saturating_add(traffic::most_after(window, self.after_s)))
    }

    /// Reads a scenario file. Its trace, if it has one, is not read yet.
    pub fn load(path: &Path) -> Result<Scenario, FileError> {
        let text = read_text(path, MAX_TEXT_BYTES)
            .map_err(|error| FileError::new(path, format!("cannot be read: {error}")))?;
        Scenario::parse(&text, path)
    }

    /// What arrives, in the order of arrival. `read_file` is given the name of the trace, if the workload is one; a
    /// generated workload asks for no file and cannot fail. In a trace each class must have a priority: a slip of the pen
    /// in its name would otherwise protect the request.
    pub fn traffic(&self, seed: u64, read_file: impl FnOnce(&str) -> io::Result<String>) -> Result<Traffic, FileError> {
        let Workload::Trace { file: name, .. } = &self.workload else { return Ok(self.generated(seed)) };
        let file = Path::new(name);
        let text = read_file(name).map_err(|error| FileError::new(file, format!("cannot be read: {error}")))?;
        let traffic = trace::read_traffic(&text, file, &|class| known_class(&self.cluster, class))?;
        let traffic = Traffic { epoch_us: self.epoch_us, ..traffic };
        Ok(if self.hints.is_some() { traffic.told(self.hints.as_ref(), seed) } else { traffic })
    }

    /// What arrives, if the workload is generated; nothing of a trace.
    pub fn generated(&self, seed: u64) -> Traffic {
        let Workload::Generated(window) = &self.workload else { return Vec::new().into() };
        let traffic = Traffic::generate(self.past.as_ref(), window, self.after_s, seed);
        Traffic { epoch_us: self.epoch_us, ..traffic }.told(self.hints.as_ref(), seed)
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

/// The latency targets of classes, of which it is not yet known whether there are such.
fn slo(targets: BTreeMap<String, Slo>, place: &Place<'_>) -> Result<BTreeMap<Class, Slo>, FileError> {
    for (class, targets) in &targets {
        for (name, target) in [("ttft_ms", targets.ttft_ms), ("itl_ms", targets.itl_ms), ("e2e_ms", targets.e2e_ms)] {
            if !target.is_none_or(|ms| ms > 0.0 && ms.is_finite()) {
                return Err(place.wrong(&format!("slo.{class}.{name}"), "must be a positive number"));
            }
        }
    }
    Ok(targets.into_iter().map(|(class, targets)| (Class::new(&class), targets)).collect())
}
