//! A run with flow control as a machine that stops at each attempt that comes to the ceilings.

use super::config::FlowControl;
use super::control::Control;
use super::limiter::{Attempt, InvalidCeilings, Limiter};
use crate::cluster::ClusterConfig;
use crate::run::Run;
use crate::simulation::Engine;
use crate::traffic::Traffic;

/// A run in progress. Call [`next`](Simulation::next) and [`limit`](Simulation::limit) in turn until `next` returns `None`,
/// then [`finish`](Simulation::finish).
pub struct Simulation(Engine);

impl Simulation {
    /// A run of this cluster with this queue on this traffic, at time 0.
    pub fn new(cluster: &ClusterConfig, flow: &FlowControl, traffic: impl Into<Traffic>) -> Self {
        Simulation(Engine::new(cluster, Some(flow), traffic.into()))
    }

    /// About how many bytes a run takes from its beginning.
    pub fn bytes(cluster: &ClusterConfig, requests: usize) -> usize {
        crate::Simulation::bytes(cluster, requests) + requests * Control::REQUEST_BYTES
    }

    /// Runs until the next attempt that needs ceilings; `None` when all is done or the horizon is reached. Until they are set,
    /// the same attempt is returned again. Every attempt is asked about: at each tick, also if nothing has changed.
    #[expect(clippy::should_implement_trait, reason = "what it returns borrows from the simulation")]
    pub fn next(&mut self) -> Option<Attempt<'_>> {
        match &mut self.0 {
            Engine::Fast(gateway) => gateway.next_attempt(),
            Engine::Plain(gateway) => gateway.next_attempt(),
        }
    }

    /// The same, but not for attempts at a saturation of 1 or more: these dispatch nothing whatever the ceilings are.
    pub fn next_open(&mut self) -> Option<Attempt<'_>> {
        match &mut self.0 {
            Engine::Fast(gateway) => gateway.next_open_attempt(),
            Engine::Plain(gateway) => gateway.next_open_attempt(),
        }
    }

    /// Sets the ceilings for the attempt that was returned last, one for each of its bands; without
    /// one, nothing happens. An invalid answer changes nothing either: the attempt still waits.
    pub fn limit(&mut self, ceilings: &[f64]) -> Result<(), InvalidCeilings> {
        match &mut self.0 {
            Engine::Fast(gateway) => gateway.limit(ceilings, None),
            Engine::Plain(gateway) => gateway.limit(ceilings, None),
        }
    }

    /// What has happened. Before the end of the run, steps under way count as if they were over.
    pub fn finish(self) -> Run {
        self.0.finish()
    }
}

/// Runs a limiter on a workload to the end, or to its first answer that sets no ceilings.
pub fn simulate(
    cluster: &ClusterConfig,
    flow: &FlowControl,
    traffic: impl Into<Traffic>,
    limiter: &mut impl Limiter,
) -> Result<Run, InvalidCeilings> {
    match Engine::new(cluster, Some(flow), traffic.into()) {
        Engine::Fast(gateway) => gateway.drive_limiter(limiter),
        Engine::Plain(gateway) => gateway.drive_limiter(limiter),
    }
}
