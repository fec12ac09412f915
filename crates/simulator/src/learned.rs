//! What a router learns of its clients while it runs: how long their outputs are. It sees the usage in a response, so it learns of an
//! output when the response is complete, and not before.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// A forgetting mean of the completed outputs of each client.
#[derive(Debug)]
pub struct Learned {
    /// What is left of a weight after one more output.
    keep: f64,
    clients: BTreeMap<u32, Mean>,
    /// Responses that will be complete, by when: the cluster knows the end of a step at its start, the router does not.
    due: BinaryHeap<Reverse<(u64, u32)>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Mean {
    weight: f64,
    sum: f64,
}

impl Learned {
    /// One that remembers about so many outputs of each client.
    pub fn new(memory: f64) -> Self {
        Learned { keep: 1.0 - 1.0 / memory, clients: BTreeMap::new(), due: BinaryHeap::new() }
    }

    /// The response to this request will be complete at that time.
    pub fn foresee(&mut self, end_us: u64, id: u32) {
        self.due.push(Reverse((end_us, id)));
    }

    /// Learns from all responses that are complete by now; `request` says whose one is, and how many tokens long.
    pub fn learn(&mut self, now_us: u64, request: impl Fn(u32) -> (u32, u32)) {
        while let Some(&Reverse((end_us, id))) = self.due.peek()
            && end_us <= now_us
        {
            self.due.pop();
            let (client, output) = request(id);
            let mean = self.clients.entry(client).or_default();
            mean.weight = self.keep * mean.weight + 1.0;
            mean.sum = self.keep * mean.sum + f64::from(output);
        }
    }

    /// What to expect of a client, in tokens; none before its first response was complete.
    pub fn estimate(&self, client: u32) -> Option<f64> {
        admitter::wire::sound(self.clients.get(&client).map(|mean| mean.sum / mean.weight))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_long_ago_is_forgotten() {
        let mut learned = Learned::new(4.0);
        let output = |id: u32| if id < 100 { 1000 } else { 10 };
        (0..130).for_each(|id| learned.foresee(u64::from(id), id));
        learned.learn(99, |id| (1, output(id)));
        assert_eq!((learned.estimate(1), learned.estimate(2)), (Some(1000.0), None));
        learned.learn(129, |id| (1, output(id)));
        assert!(learned.estimate(1).is_some_and(|tokens| (10.0..11.0).contains(&tokens)));
    }
}
