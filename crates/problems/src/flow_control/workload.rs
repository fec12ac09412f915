//! Workloads: a scenario of the simulator with a queue at the router.

use super::case::{FlowCase, priorities};
use crate::arriving::{Arriving, Read};
use engine::problem::{Case, Source, Workload};
use files::FileError;
use limiter::wire::MAX_BANDS;
use simulator::flow::FlowControl;
use simulator::{ClusterConfig, Scenario};
use std::sync::Arc;

/// A scenario with a queue, and what arrives in it.
#[derive(Debug)]
pub struct FlowWorkload {
    name: String,
    key: String,
    cluster: Arc<ClusterConfig>,
    flow: Arc<FlowControl>,
    arrives: Arriving,
}

impl FlowWorkload {
    /// Reads a scenario of an experiment, with its trace if it has one.
    pub(super) fn read(source: Source<'_>) -> Result<Self, FileError> {
        let (text, file) = (source.text, source.file);
        let Read { scenario, arrives, key } = Arriving::read(source)?;
        let wrong = |key: &str, problem: String| Err(FileError::at_key(file, text, key, problem));
        let Some(flow) = scenario.flow_control else {
            let problem = "there is no queue whose ceilings could be set; add a table [flow_control] with detector = \"utilization\"";
            return wrong("flow_control", problem.into());
        };
        if flow.usage_limit_threshold != 1.0 {
            let problem = "the limiter sets the ceilings here; leave the threshold out";
            return wrong("flow_control.usage_limit_threshold", problem.into());
        }
        let example = arrives.traffic(false, 0);
        let mut bands = priorities(&scenario.cluster, &example.arrivals);
        bands.extend(&flow.bands);
        bands.sort_unstable();
        bands.dedup();
        if !(2..=MAX_BANDS).contains(&bands.len()) {
            let problem = format!(
                "its requests have {} priorities: with fewer than 2 there is nothing to limit, and a candidate can be shown {MAX_BANDS} at most",
                bands.len()
            );
            return wrong("workload", problem);
        }
        let key = key.of(&(&scenario.cluster, &flow));
        Ok(FlowWorkload {
            name: scenario.name,
            key,
            cluster: Arc::new(scenario.cluster),
            flow: Arc::new(flow),
            arrives,
        })
    }

    /// One that was drawn, whose seeds derive from its name.
    pub(super) fn drawn(scenario: Scenario, flow: FlowControl) -> Self {
        let (name, key) = (scenario.name.clone(), scenario.name.clone());
        let (cluster, flow) = (Arc::new(scenario.cluster.clone()), Arc::new(flow));
        FlowWorkload { name, key, cluster, flow, arrives: Arriving::Generated(Box::new(scenario)) }
    }
}

impl Workload for FlowWorkload {
    fn name(&self) -> &str {
        &self.name
    }

    fn key(&self) -> &str {
        &self.key
    }

    fn is_recorded(&self) -> bool {
        self.arrives.is_recorded()
    }

    fn has_past(&self) -> bool {
        self.arrives.has_past()
    }

    /// What is kept is kept for each request.
    fn questions(&self) -> u64 {
        self.arrives.requests()
    }

    fn case(&self, held_out: bool, seed: u64) -> Result<Arc<dyn Case>, FileError> {
        let traffic = self.arrives.traffic(held_out, seed);
        Ok(Arc::new(FlowCase::new(Arc::clone(&self.cluster), Arc::clone(&self.flow), traffic)))
    }
}
