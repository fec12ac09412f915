//! The events of the simulation, and their order.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Everything that can happen. The number of a request is its row in the workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Event {
    /// Cluster: a request arrives at the router.
    ClusterArrival(u32),
    /// Cluster: it is decided whether it gets in.
    Admission(u32),
    /// Cluster: an instance is chosen for it.
    Routing(u32),
    /// Instance: a request arrives there.
    Arrival(u32),
    /// Instance: a request is ready for the wait queue.
    Queued(u32),
    /// Instance: the next step starts.
    Step,
    /// Instance: a completed request is out of the door; only moves the clock.
    RequestLeft,
    /// Instance: a request's deadline is there.
    Timeout(u32),
}

impl Event {
    /// Which of several events at one time comes first: the smaller one. Cluster events and instance events never share
    /// a queue.
    fn rank(self) -> u8 {
        match self {
            Event::ClusterArrival(_) | Event::Arrival(_) => 0,
            Event::Admission(_) | Event::Queued(_) => 1,
            Event::Routing(_) => 2,
            Event::Step => 3,
            Event::RequestLeft => 5,
            Event::Timeout(_) => 6,
        }
    }
}

/// Events in the order of time, then rank, then insertion: a total order, so that a run has no choices.
#[derive(Debug, Default)]
pub(crate) struct EventQueue {
    heap: BinaryHeap<Reverse<(u64, u8, u64, Event)>>,
    inserted: u64,
}

impl EventQueue {
    pub(crate) fn push(&mut self, time_us: u64, event: Event) {
        self.heap.push(Reverse((time_us, event.rank(), self.inserted, event)));
        self.inserted += 1;
    }

    pub(crate) fn next_time(&self) -> Option<u64> {
        self.heap.peek().map(|Reverse((time_us, ..))| *time_us)
    }

    pub(crate) fn pop(&mut self) -> Option<(u64, Event)> {
        self.heap.pop().map(|Reverse((time_us, _, _, event))| (time_us, event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_at_one_time_go_by_rank_then_by_insertion() {
        let mut queue = EventQueue::default();
        for (time, event) in [
            (7, Event::Timeout(1)),
            (7, Event::Step),
            (7, Event::Queued(9)),
            (7, Event::Queued(2)),
            (7, Event::RequestLeft),
            (6, Event::Timeout(3)),
        ] {
            queue.push(time, event);
        }
        let order: Vec<Event> = std::iter::from_fn(|| queue.pop().map(|(_, event)| event)).collect();
        let expected =
            [Event::Timeout(3), Event::Queued(9), Event::Queued(2), Event::Step, Event::RequestLeft, Event::Timeout(1)];
        assert_eq!(order, expected);
    }
}
