//! The wait queue of an instance, in the order of its scheduler.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use crate::cluster::Scheduler;
use crate::request::Ticket;
use crate::run::{Outcome, Record};

/// Requests that wait for a place in the batch. BLIS sorts the queue before each step; the two orders that sort are total,
/// so keeping the queue sorted comes to the same. A request that gave up keeps its place until it gets to the front: to
/// look for it would take as long as the queue.
#[derive(Debug)]
pub(crate) struct WaitQueue {
    scheduler: Scheduler,
    /// First come, first served.
    line: VecDeque<u32>,
    /// The other schedulers.
    sorted: BinaryHeap<Reverse<Place>>,
    /// Without those that gave up.
    waiting: usize,
}

/// The smallest goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    rank: i64,
    arrival_us: u64,
    name: u64,
    id: u32,
}

impl WaitQueue {
    pub(crate) fn new(scheduler: Scheduler) -> Self {
        WaitQueue { scheduler, line: VecDeque::new(), sorted: BinaryHeap::new(), waiting: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// The request whose turn it is.
    pub(crate) fn first(&mut self, records: &[Record]) -> Option<u32> {
        loop {
            let id = match self.scheduler {
                Scheduler::Fcfs => *self.line.front()?,
                Scheduler::PriorityFcfs | Scheduler::Sjf => self.sorted.peek()?.0.id,
            };
            if records[id as usize].outcome == Outcome::Queued {
                return Some(id);
            }
            self.drop_first();
        }
    }

    /// Takes out the request that `first` returned.
    pub(crate) fn pop(&mut self) {
        self.drop_first();
        self.waiting -= 1;
    }

    /// A waiting request gave up; its outcome says so from now on.
    pub(crate) fn give_up(&mut self) {
        self.waiting -= 1;
    }

    /// A request that has just come.
    pub(crate) fn push(&mut self, id: u32, tickets: &[Ticket]) {
        self.waiting += 1;
        match self.scheduler {
            Scheduler::Fcfs => self.line.push_back(id),
            Scheduler::PriorityFcfs | Scheduler::Sjf => self.sorted.push(Reverse(self.place(id, tickets))),
        }
    }

    /// A request that lost its place in the batch.
    pub(crate) fn push_preempted(&mut self, id: u32, tickets: &[Ticket]) {
        self.waiting += 1;
        match self.scheduler {
            Scheduler::Fcfs => self.line.push_front(id),
            Scheduler::PriorityFcfs | Scheduler::Sjf => self.sorted.push(Reverse(self.place(id, tickets))),
        }
    }

    fn drop_first(&mut self) {
        match self.scheduler {
            Scheduler::Fcfs => drop(self.line.pop_front()),
            Scheduler::PriorityFcfs | Scheduler::Sjf => drop(self.sorted.pop()),
        }
    }

    fn place(&self, id: u32, tickets: &[Ticket]) -> Place {
        let ticket = &tickets[id as usize];
        let rank = match self.scheduler {
            Scheduler::Fcfs => 0,
            Scheduler::PriorityFcfs => i64::from(ticket.urgency),
            Scheduler::Sjf => i64::from(ticket.input),
        };
        Place { rank, arrival_us: ticket.arrival_us, name: name_order(id), id }
    }
}

/// A number that orders requests as BLIS does, which compares names as text: request_10 comes before request_2. The digits
/// from the left, filled up with zeros, then how many there are, so that request_1 comes before request_10.
fn name_order(id: u32) -> u64 {
    let digits = id.checked_ilog10().unwrap_or(0) + 1;
    u64::from(id) * 10u64.pow(10 - digits) * 16 + u64::from(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ordered_as_text() {
        let mut ids: Vec<u32> = (0..2_000).chain([9_999_999, 10_000_000, u32::MAX - 1, u32::MAX]).collect();
        ids.sort_by_key(|&id| name_order(id));
        let mut expected = ids.clone();
        expected.sort_by_key(u32::to_string);
        assert_eq!(ids, expected);
    }

    #[test]
    fn each_scheduler_has_its_order_and_passes_over_those_that_gave_up() {
        let ticket = |urgency, input| Ticket { arrival_us: 0, deadline_us: 0, input, output: 1, priority: 0, urgency };
        let tickets = [ticket(5, 10), ticket(0, 30), ticket(5, 20), ticket(0, 40)];
        for (scheduler, expected) in
            [(Scheduler::Fcfs, [3, 0, 2]), (Scheduler::PriorityFcfs, [3, 0, 2]), (Scheduler::Sjf, [0, 2, 3])]
        {
            let mut records = [Record { outcome: Outcome::Queued, ..Record::default() }; 4];
            let mut queue = WaitQueue::new(scheduler);
            (0..3).for_each(|id| queue.push(id, &tickets));
            queue.push_preempted(3, &tickets);
            records[1].outcome = Outcome::TimedOut;
            queue.give_up();
            let mut order = Vec::new();
            while let Some(id) = queue.first(&records) {
                assert_eq!(queue.len(), 3 - order.len());
                order.push(id);
                queue.pop();
            }
            assert_eq!((order, queue.is_empty()), (expected.to_vec(), true), "{scheduler:?}");
        }
    }
}
