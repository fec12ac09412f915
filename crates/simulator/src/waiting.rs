//! The wait queue of an instance, in the order of its scheduler.

use std::cmp::Ordering;
use std::collections::VecDeque;

use crate::cluster::Scheduler;
use crate::request::Request;

/// Requests that wait for a place in the batch. BLIS sorts the queue before each step; the two orders that sort are total,
/// so keeping the queue sorted comes to the same.
#[derive(Debug)]
pub(crate) struct WaitQueue {
    scheduler: Scheduler,
    ids: VecDeque<u32>,
}

impl WaitQueue {
    pub(crate) fn new(scheduler: Scheduler) -> Self {
        WaitQueue { scheduler, ids: VecDeque::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    pub(crate) fn first(&self) -> Option<u32> {
        self.ids.front().copied()
    }

    pub(crate) fn pop(&mut self) {
        self.ids.pop_front();
    }

    pub(crate) fn remove(&mut self, id: u32) {
        self.ids.retain(|&other| other != id);
    }

    /// A request that has just come.
    pub(crate) fn push(&mut self, id: u32, requests: &[Request]) {
        match self.scheduler {
            Scheduler::Fcfs => self.ids.push_back(id),
            Scheduler::PriorityFcfs | Scheduler::Sjf => self.insert(id, requests),
        }
    }

    /// A request that lost its place in the batch.
    pub(crate) fn push_preempted(&mut self, id: u32, requests: &[Request]) {
        match self.scheduler {
            Scheduler::Fcfs => self.ids.push_front(id),
            Scheduler::PriorityFcfs | Scheduler::Sjf => self.insert(id, requests),
        }
    }

    fn insert(&mut self, id: u32, requests: &[Request]) {
        let place = self.ids.partition_point(|&other| self.order(other, id, requests) == Ordering::Less);
        self.ids.insert(place, id);
    }

    fn order(&self, a: u32, b: u32, requests: &[Request]) -> Ordering {
        let key = |id: u32| {
            let request = &requests[id as usize];
            let rank = match self.scheduler {
                Scheduler::Fcfs => 0,
                Scheduler::PriorityFcfs => i64::from(request.urgency),
                Scheduler::Sjf => i64::from(request.input),
            };
            (rank, request.arrival_us)
        };
        // BLIS compares names as text: request_10 comes before request_2.
        key(a).cmp(&key(b)).then_with(|| a.to_string().cmp(&b.to_string()))
    }
}
