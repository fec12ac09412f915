//! Which instance serves an admitted request.

use admitter::Instance;

use crate::cluster::{Routing, Scorer};
use crate::draws::scattered;
use crate::tie::TieRng;

/// The router's policy and its memory.
#[derive(Debug)]
pub(crate) struct Router {
    routing: Routing,
    routed: u64,
    seed: u64,
    ties: TieRng,
    /// The scores of the request at hand, and the places that tie; kept for their memory.
    scores: Vec<f64>,
    tied: Vec<usize>,
}

impl Router {
    pub(crate) fn new(routing: Routing, seed: u64) -> Self {
        Router { routing, routed: 0, seed, ties: TieRng::new(seed), scores: Vec::new(), tied: Vec::new() }
    }

    /// The index of the instance for the next request.
    pub(crate) fn choose(&mut self, instances: &[Instance]) -> usize {
        let routed = self.routed;
        self.routed += 1;
        let n = instances.len();
        match &self.routing {
            Routing::RoundRobin => (routed % n as u64) as usize,
            // Keyed by the count alone: BLIS does not say how it draws, so there is nothing to reproduce.
            Routing::Random => (scattered(self.seed, routed).uniform() * n as f64) as usize % n,
            Routing::LeastLoaded => {
                self.scores.clear();
                self.scores.extend(instances.iter().map(|instance| -load(instance)));
                self.best()
            }
            Routing::Weighted(scorers) => {
                self.scores.clear();
                self.scores.resize(n, 0.0);
                for &(scorer, weight) in scorers {
                    add_scores(&mut self.scores, scorer, weight, instances);
                }
                self.best()
            }
        }
    }

    /// The place of the highest score; equal ones draw.
    fn best(&mut self) -> usize {
        let highest = self.scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        self.tied.clear();
        self.tied.extend((0..self.scores.len()).filter(|&place| self.scores[place] == highest));
        if self.tied.len() == 1 { self.tied[0] } else { self.tied[self.ties.below(self.tied.len())] }
    }
}

/// Requests in queue and batch count twice: they are in flight, too. So does BLIS.
fn load(instance: &Instance) -> f64 {
    f64::from(instance.waiting) + f64::from(instance.running) + f64::from(instance.in_flight)
}

fn add_scores(totals: &mut [f64], scorer: Scorer, weight: f64, instances: &[Instance]) {
    let depths = || instances.iter().map(|instance| instance.waiting);
    let (least, most) = (depths().min().unwrap_or(0), depths().max().unwrap_or(0));
    for (total, instance) in totals.iter_mut().zip(instances) {
        let score = match scorer {
            Scorer::KvUtilization => 1.0 - instance.kv_utilization,
            Scorer::LoadBalance => 1.0 / (1.0 + load(instance)),
            Scorer::QueueDepth if least == most => 1.0,
            Scorer::QueueDepth => f64::from(most - instance.waiting) / f64::from(most - least),
        };
        *total += score.clamp(0.0, 1.0) * weight;
    }
}
