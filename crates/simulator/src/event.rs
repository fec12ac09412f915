//! The events of the simulation, and their order: time, then rank, then insertion.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// Everything that can happen. The number of a request is its row in the workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Event {
    /// Cluster: a request arrives at the router.
    ClusterArrival(u32),
    /// Cluster: it is decided whether it gets in.
    Admission(u32),
    /// Cluster: an instance is chosen for it.
    Routing(u32),
    /// Cluster: it is taken back from its instance.
    Eviction(u32),
    /// Cluster: it has waited too long at the gateway.
    Expiry(u32),
    /// Cluster: the gateway tries to dispatch a request.
    Tick,
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
            Event::RequestLeft | Event::Eviction(_) => 5,
            Event::Timeout(_) | Event::Expiry(_) => 6,
            Event::Tick => 7,
        }
    }
}

/// An event and its time in µs.
pub(crate) type Due = (u64, Event);

/// The first of two events of different rank: the one comparator, where each kind of event has a lane of its own.
pub(crate) fn first(one: Option<Due>, other: Option<Due>) -> Option<Due> {
    let key = |due: Option<Due>| due.map_or((u64::MAX, u8::MAX), |(time_us, event)| (time_us, event.rank()));
    if key(other) < key(one) { other } else { one }
}

/// Events of one kind that come in the order of time by themselves, since each lies equally far in the future when it is
/// foreseen.
#[derive(Debug, Default)]
pub(crate) struct Lane(VecDeque<(u64, u32)>);

impl Lane {
    pub(crate) fn push(&mut self, time_us: u64, id: u32) {
        debug_assert!(self.0.back().is_none_or(|&(last_us, _)| last_us <= time_us), "a lane is in the order of time");
        self.0.push_back((time_us, id));
    }

    pub(crate) fn first(&self, event: fn(u32) -> Event) -> Option<Due> {
        self.0.front().map(|&(time_us, id)| (time_us, event(id)))
    }

    pub(crate) fn pop(&mut self) {
        self.0.pop_front();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Events of any kind. The order is total, so that a run has no choices.
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

    pub(crate) fn first(&self) -> Option<Due> {
        self.heap.peek().map(|Reverse((time_us, _, _, event))| (*time_us, *event))
    }

    pub(crate) fn pop(&mut self) -> Option<Due> {
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

    #[test]
    fn of_two_lanes_the_earlier_comes_first_and_at_one_time_the_smaller_rank() {
        let (mut queued, mut admissions) = (Lane::default(), Lane::default());
        queued.push(5, 1);
        admissions.push(5, 2);
        let step = Some((5, Event::Step));
        assert_eq!(first(queued.first(Event::Queued), step), Some((5, Event::Queued(1))));
        assert_eq!(first(step, queued.first(Event::Queued)), Some((5, Event::Queued(1))));
        assert_eq!(first(Some((4, Event::Step)), queued.first(Event::Queued)), Some((4, Event::Step)));
        assert_eq!(first(None, step), step);
        assert_eq!(first(step, None), step);
    }
}
