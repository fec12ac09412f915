//! Which instance serves an admitted request.

use admitter::{Draw, Instance};

use crate::cluster::{Routing, Scorer};
use crate::tie::TieRng;

/// The router's policy and its memory.
#[derive(Debug)]
pub(crate) struct Router {
    routing: Routing,
    routed: u64,
    seed: u64,
    ties: TieRng,
}

impl Router {
    pub(crate) fn new(routing: Routing, seed: u64) -> Self {
        Router { routing, routed: 0, seed, ties: TieRng::new(seed) }
    }

    /// The index of the instance for the next request.
    pub(crate) fn choose(&mut self, instances: &[Instance]) -> usize {
        let routed = self.routed;
        self.routed += 1;
        let n = instances.len();
        match &self.routing {
            Routing::RoundRobin => (routed % n as u64) as usize,
            // Keyed by the count alone: BLIS does not say how it draws, so there is nothing to reproduce.
            Routing::Random => (Draw::for_request(self.seed, routed).uniform() * n as f64) as usize % n,
            Routing::LeastLoaded => {
                let loads: Vec<f64> = instances.iter().map(|instance| -load(instance)).collect();
                self.best(&loads)
            }
            Routing::Weighted(scorers) => {
                let mut totals = vec![0.0; n];
                for &(scorer, weight) in scorers {
                    for (total, score) in totals.iter_mut().zip(scores(scorer, instances)) {
                        *total += score.clamp(0.0, 1.0) * weight;
                    }
                }
                self.best(&totals)
            }
        }
    }

    /// The place of the highest score; equal ones draw.
    fn best(&mut self, scores: &[f64]) -> usize {
        let highest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let tied: Vec<usize> = (0..scores.len()).filter(|&place| scores[place] == highest).collect();
        if tied.len() == 1 { tied[0] } else { tied[self.ties.below(tied.len())] }
    }
}

/// Requests in queue and batch count twice: they are in flight, too. So does BLIS.
fn load(instance: &Instance) -> f64 {
    f64::from(instance.waiting) + f64::from(instance.running) + f64::from(instance.in_flight)
}

fn scores(scorer: Scorer, instances: &[Instance]) -> Vec<f64> {
    match scorer {
        Scorer::KvUtilization => instances.iter().map(|instance| 1.0 - instance.kv_utilization).collect(),
        Scorer::LoadBalance => instances.iter().map(|instance| 1.0 / (1.0 + load(instance))).collect(),
        Scorer::QueueDepth => {
            let depths = || instances.iter().map(|instance| instance.waiting);
            let (least, most) = (depths().min().unwrap_or(0), depths().max().unwrap_or(0));
            if least == most {
                return vec![1.0; instances.len()];
            }
            depths().map(|depth| f64::from(most - depth) / f64::from(most - least)).collect()
        }
    }
}
