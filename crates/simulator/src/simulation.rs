//! A run as a machine that stops at each admission decision.

use admitter::{Admitter, Decision};

use crate::cluster::ClusterConfig;
use crate::fast::FastInstance;
use crate::flow::FlowControl;
use crate::gateway::Gateway;
use crate::plain::PlainInstance;
use crate::run::Run;
use crate::timeline::Script;
use crate::trace::Arrival;
use crate::traffic::Traffic;

/// A run in progress. Call [`next`](Simulation::next) and [`decide`](Simulation::decide) in turn until `next` returns
/// `None`, then [`finish`](Simulation::finish).
pub struct Simulation(Engine);

/// Prompts that share a prefix share KV blocks, of which the fast instances keep no books: then each instance is plain.
pub(crate) enum Engine {
    Fast(Gateway<FastInstance>),
    Plain(Gateway<PlainInstance>),
}

impl Engine {
    pub(crate) fn new(cluster: &ClusterConfig, flow: Option<&FlowControl>, traffic: Traffic) -> Self {
        if traffic.arrivals.iter().any(|arrival| arrival.prefix.is_some()) {
            Engine::Plain(Gateway::new(cluster, flow, traffic))
        } else {
            Engine::Fast(Gateway::new(cluster, flow, traffic))
        }
    }

    pub(crate) fn finish(self) -> Run {
        match self {
            Engine::Fast(gateway) => gateway.finish(),
            Engine::Plain(gateway) => gateway.finish(),
        }
    }
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
    /// A run of this cluster on this traffic, at time 0.
    pub fn new(cluster: &ClusterConfig, traffic: impl Into<Traffic>) -> Self {
        Simulation(Engine::new(cluster, None, traffic.into()))
    }

    /// A run in which happens what the script says, with these requests.
    pub(crate) fn scripted(cluster: &ClusterConfig, requests: Vec<Arrival>, script: Script) -> Self {
        let mut engine = Engine::new(cluster, None, requests.into());
        match &mut engine {
            Engine::Fast(gateway) => gateway.follow(script),
            Engine::Plain(gateway) => gateway.follow(script),
        }
        Simulation(engine)
    }

    /// About how many bytes a run takes from its beginning, whichever engine it is: so many runs at a time fit into memory.
    pub fn bytes(cluster: &ClusterConfig, requests: usize) -> usize {
        Gateway::<FastInstance>::bytes(cluster, requests).max(Gateway::<PlainInstance>::bytes(cluster, requests))
    }

    /// Runs until the next admission decision; `None` when all is done or the horizon is reached. Until the decision is
    /// made, the same request is returned again.
    #[expect(clippy::should_implement_trait, reason = "what it returns borrows from the simulation")]
    pub fn next(&mut self) -> Option<Pending<'_>> {
        match &mut self.0 {
            Engine::Fast(gateway) => gateway.next(),
            Engine::Plain(gateway) => gateway.next(),
        }
    }

    /// Decides about the request that [`next`](Simulation::next) returned last; without one, nothing happens.
    pub fn decide(&mut self, decision: Decision) {
        match &mut self.0 {
            Engine::Fast(gateway) => gateway.decide(decision),
            Engine::Plain(gateway) => gateway.decide(decision),
        }
    }

    /// What has happened. Before the end of the run, steps under way count as if they were over.
    pub fn finish(self) -> Run {
        self.0.finish()
    }
}

/// Runs a policy on a workload to the end. The draws of request n (its row) are those of
/// `Draws::new(draw_seed)` for n.
pub fn simulate(
    cluster: &ClusterConfig,
    traffic: impl Into<Traffic>,
    admitter: &mut impl Admitter,
    draw_seed: u64,
) -> Run {
    match Simulation::new(cluster, traffic).0 {
        Engine::Fast(gateway) => gateway.drive(admitter, draw_seed),
        Engine::Plain(gateway) => gateway.drive(admitter, draw_seed),
    }
}
