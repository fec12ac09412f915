//! The simulation as a resumable machine that stops at each admission decision.

use std::sync::Arc;

use admitter::{Admitter, Cluster, Decision, Draw};

use crate::cluster::ClusterConfig;
use crate::run::Run;
use crate::trace::Arrival;

/// A run in progress. Call [`next`](Simulation::next) and [`decide`](Simulation::decide) in turn until `next` returns
/// `None`, then [`finish`](Simulation::finish).
pub struct Simulation {
    arrivals: Arc<[Arrival]>,
}

/// A request that waits for its admission decision, and what the router knows at this moment.
#[derive(Clone, Copy, Debug)]
pub struct Pending<'a> {
    /// The row of the request in the workload.
    pub index: usize,
    /// What the policy may see of it.
    pub request: admitter::Request,
    /// What the router knows of each instance.
    pub instances: &'a [admitter::Instance],
}

impl Simulation {
    /// A run of this cluster on these requests, at time 0.
    pub fn new(_cluster: &ClusterConfig, arrivals: Arc<[Arrival]>) -> Self {
        Simulation { arrivals }
    }

    /// Runs until the next admission decision; `None` when all is done or the horizon is reached. Until the decision is
    /// made, the same request is returned again.
    #[expect(clippy::should_implement_trait, reason = "what it returns borrows from the simulation")]
    pub fn next(&mut self) -> Option<Pending<'_>> {
        None
    }

    /// Decides about the request that [`next`](Simulation::next) returned last; without one, nothing happens.
    pub fn decide(&mut self, _decision: Decision) {}

    /// What has happened.
    pub fn finish(self) -> Run {
        let _ = self.arrivals;
        Run { requests: Vec::new(), totals: Default::default() }
    }
}

/// Runs a policy on a workload to the end. The draws of request n (its row) are `Draw::for_request(draw_seed, n)`.
pub fn simulate(
    cluster: &ClusterConfig,
    arrivals: Arc<[Arrival]>,
    admitter: &mut impl Admitter,
    draw_seed: u64,
) -> Run {
    crate::maths::install();
    let mut simulation = Simulation::new(cluster, arrivals);
    while let Some(pending) = simulation.next() {
        let mut draw = Draw::for_request(draw_seed, pending.index as u64);
        let decision = admitter.admit(&pending.request, &Cluster { instances: pending.instances }, &mut draw);
        simulation.decide(decision);
    }
    simulation.finish()
}
