//! The plain engine: one loop over the requests of the batch for each step, and every KV block by its number. It is there
//! to be read and to be compared with: tests hold the fast engine to its results, bit by bit, and the benchmark to its
//! speed.

mod batch;
mod instance;
#[cfg(test)]
mod invariants;
mod kv;

use admitter::{Admitter, Decision};

use crate::cluster::ClusterConfig;
use crate::flow::{FlowControl, InvalidCeilings, Limiter};
use crate::gateway::Gateway;
use crate::run::Run;
use crate::simulation::Pending;
use crate::traffic::Traffic;

pub(crate) use instance::PlainInstance;

/// The plain counterpart of [`crate::Simulation`].
pub struct Simulation(Gateway<PlainInstance>);

impl Simulation {
    /// A run of this cluster on this traffic, at time 0.
    pub fn new(cluster: &ClusterConfig, traffic: impl Into<Traffic>) -> Self {
        Simulation(Gateway::new(cluster, None, traffic.into()))
    }

    /// Runs until the next admission decision, see [`crate::Simulation::next`].
    #[expect(clippy::should_implement_trait, reason = "what it returns borrows from the simulation")]
    pub fn next(&mut self) -> Option<Pending<'_>> {
        self.0.next()
    }

    /// Decides about the request that `next` returned last.
    pub fn decide(&mut self, decision: Decision) {
        self.0.decide(decision);
    }

    /// What has happened.
    pub fn finish(self) -> Run {
        self.0.finish()
    }
}

/// The plain counterpart of [`crate::simulate`].
pub fn simulate(
    cluster: &ClusterConfig,
    traffic: impl Into<Traffic>,
    admitter: &mut impl Admitter,
    draw_seed: u64,
) -> Run {
    Simulation::new(cluster, traffic).0.drive(admitter, draw_seed)
}

/// The plain counterpart of [`crate::flow::simulate`].
pub fn simulate_flow(
    cluster: &ClusterConfig,
    flow: &FlowControl,
    traffic: impl Into<Traffic>,
    limiter: &mut impl Limiter,
) -> Result<Run, InvalidCeilings> {
    Gateway::<PlainInstance>::new(cluster, Some(flow), traffic.into()).drive_limiter(limiter)
}
