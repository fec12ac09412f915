//! The state of flow control at a gateway, apart from the cluster around it.

use super::config::{Detector, DispatchOrder, FlowControl, Ticks};
use super::passage::{Passage, Passages};
use super::queue::{Newcomer, Queue};
use super::saturation::Dispatches;
use super::ticks::Ticker;
use super::tracker::Tracker;
use crate::event::Lane;
use crate::traffic::Traffic;

/// Attempts in vain, with nothing else ahead that could change anything, after which no more are made: the limiter then holds
/// back for ever what still waits, or instances are stuck.
pub(crate) const VAIN_ATTEMPTS: u64 = 100_000;

/// The target of a request whose class has none: a deadline that comes last.
const NO_DEADLINE_US: u64 = i64::MAX as u64;

/// Flow control at work.
#[derive(Debug)]
pub(crate) struct Control {
    pub(crate) config: FlowControl,
    pub(crate) queue: Queue,
    pub(crate) ticker: Ticker,
    /// When requests will have waited too long; those that do not wait any more are still in it.
    pub(crate) expiries: Lane,
    pub(crate) tracker: Tracker,
    /// Requests that have left their instances since the last event of the cluster: time, instance, request.
    pub(crate) finished: Vec<(u64, usize, u32)>,
    pub(crate) dispatches: Dispatches,
    /// The attempt that waits for its ceilings.
    pub(crate) asked: Option<Asked>,
    /// Calls of the limiter like the last one that were passed over since.
    pub(crate) passed_over: u64,
    /// Whether a request that leaves an instance ends the quiet time of the ticks. Then instances run in the order of time, so
    /// that none of them is ahead of the tick that follows.
    pub(crate) watches: bool,
    /// Attempts in vain, one after the other, with nothing else ahead.
    pub(crate) vain: u64,
    pub(crate) passages: Passages,
}

/// An attempt that has come to the ceilings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) now_us: u64,
    pub(crate) saturation: f64,
    /// Whether a tick made it, or else an arrival.
    pub(crate) by_tick: bool,
}

impl Control {
    /// `blind_us` is how long after its dispatch a request waits at an instance.
    pub(crate) fn new(config: &FlowControl, requests: usize, blind_us: u64) -> Self {
        let requests = vec![Passage::default(); requests];
        Control {
            config: config.clone(),
            queue: Queue::new(config),
            ticker: Ticker::new(config.ticks, config.tick_us),
            expiries: Lane::default(),
            tracker: Tracker::default(),
            finished: Vec::new(),
            dispatches: Dispatches::new(blind_us),
            asked: None,
            passed_over: 0,
            watches: false,
            vain: 0,
            passages: Passages { requests, dispatched: Vec::new() },
        }
    }

    /// Bytes for each request.
    pub(crate) const REQUEST_BYTES: usize = size_of::<Passage>() + 2 * size_of::<u32>();

    /// What the queue needs to know of a request that comes now.
    pub(crate) fn newcomer(&self, id: u32, priority: i32, now: u64, traffic: &Traffic) -> Newcomer {
        let arrival = &traffic.arrivals[id as usize];
        let deadline_us = match self.config.order {
            DispatchOrder::Fifo | DispatchOrder::Priority => 0,
            DispatchOrder::SloDeadline => {
                self.config.slo_targets.get(&arrival.class).map_or(NO_DEADLINE_US, |target_us| now + target_us)
            }
        };
        Newcomer { id, priority, client: traffic.rank(arrival.hints.client), deadline_us }
    }

    /// The next tick that may change something. In BLIS's schedule, one that finds an empty queue only ends the ticks.
    pub(crate) fn next_tick_us(&self) -> Option<u64> {
        if self.config.ticks == Ticks::Blis && self.queue.is_empty() { None } else { self.ticker.next_us() }
    }

    /// Something happens at the gateway: catches up on what did not matter until now.
    pub(crate) fn wake(&mut self, now: u64) {
        self.watches = false;
        if self.config.ticks == Ticks::Blis && self.queue.is_empty() && self.ticker.is_due_before(now) {
            self.ticker.stop();
        }
        self.passed_over += self.ticker.wake(now);
        if !self.finished.is_empty() {
            // Instances run one after the other between two events of the cluster; what left them goes by time.
            self.finished.sort_by_key(|&(time_us, instance, _)| (time_us, instance));
            for (_, _, id) in self.finished.drain(..) {
                self.tracker.remove(id);
            }
        }
    }

    /// A request is at an instance; if it is droppable, it may be taken back.
    pub(crate) fn track(&mut self, id: u32, priority: i32) {
        if let (true, Some(dispatch_us)) = (priority < 0, self.passages.requests[id as usize].dispatch_us) {
            self.tracker.push(id, priority, dispatch_us);
        }
    }

    /// Takes the request to evict, if this saturation, and what waits, ask for one.
    pub(crate) fn victim(&mut self, saturation: f64) -> Option<u32> {
        let is_due = self.config.evicts && saturation >= 1.0 && !self.tracker.is_empty();
        if is_due && self.queue.holds_protected() { self.tracker.pop() } else { None }
    }

    /// Whether the saturation changes when a request leaves an instance.
    pub(crate) fn counts_in_flight(&self) -> bool {
        matches!(self.config.detector, Detector::Concurrency { .. })
    }

    /// From when on an attempt may find another saturation than the last one, if only ticks happen until then and, where that
    /// counts, no request leaves an instance. `read_us` is when the instances were last read, and `event_us` when one of them
    /// has its next event.
    pub(crate) fn changes_us(&self, read_us: u64, interval_us: u64, event_us: u64) -> u64 {
        let is_live = interval_us == 0;
        let reading_us = if is_live { u64::MAX } else { read_us.saturating_add(interval_us) };
        // An event at the time of a tick comes after it.
        let shown_us = if is_live { event_us.saturating_add(1) } else { u64::MAX };
        let aged_us = if is_live { self.dispatches.ages_us(self.config.credit) } else { None };
        reading_us.min(shown_us).min(aged_us.unwrap_or(u64::MAX))
    }

    /// Whether ticks go on after one.
    pub(crate) fn ticks_on(&self, is_outstanding: bool) -> bool {
        let may_change = match self.config.ticks {
            Ticks::Blis => !self.queue.is_empty(),
            Ticks::Router => !self.queue.is_empty() || is_outstanding,
        };
        may_change && self.vain <= VAIN_ATTEMPTS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::cases::Case;

    #[test]
    fn what_left_its_instance_earlier_is_forgotten_earlier_whichever_instance_ran_first() {
        let mut control = Control::new(&Case::new(0).flow, 5, 0);
        (0..5).for_each(|id| control.tracker.push(id, -1, 7));
        // Request 1 left instance 0 at 20, request 0 left instance 1 at 10: [0 1 2 3 4] → [4 1 2 3] → [4 3 2].
        control.finished = vec![(20, 0, 1), (10, 1, 0)];
        control.wake(30);
        assert_eq!(std::iter::from_fn(|| control.tracker.pop()).collect::<Vec<_>>(), [4, 2, 3]);
    }
}
