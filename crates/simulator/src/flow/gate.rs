//! Flow control in the loop of the cluster: what a request meets between its admission and its routing.
//!
//! With flow control there is no admission decision: each request is queued, and attempts are made to dispatch the next one, at
//! each arrival and at ticks. The loop stops at each attempt that comes to the ceilings, and goes on when they are set. The
//! instance is chosen after the dispatch.

use super::config::Ticks;
use super::control::Asked;
use super::limiter::{self, Attempt, InvalidCeilings, Limiter};
use super::queue::Entry;
use crate::event::{Due, Event};
use crate::gateway::Gateway;
use crate::run::{Outcome, Record, Run};
use crate::serving::ServingInstance;

impl<I: ServingInstance> Gateway<I> {
    /// Runs until the next attempt that needs ceilings; `None` when all is done or the horizon is reached.
    pub(crate) fn next_attempt(&mut self) -> Option<Attempt<'_>> {
        if self.come_to_ceilings() { self.attempt_at_hand() } else { None }
    }

    /// The same, but not for an attempt at a saturation of 1 or more, which dispatches nothing whatever the ceilings are.
    pub(crate) fn next_open_attempt(&mut self) -> Option<Attempt<'_>> {
        while self.come_to_ceilings() {
            let control = self.control.as_ref()?;
            if control.asked.is_none_or(|asked| asked.saturation < 1.0) {
                return self.attempt_at_hand();
            }
            let ceilings = vec![1.0; control.queue.priorities().len()];
            self.limit(&ceilings, Some(u64::MAX)).ok()?;
        }
        None
    }

    /// False when all is done or the horizon is reached.
    fn come_to_ceilings(&mut self) -> bool {
        while self.control.as_ref().is_some_and(|control| control.asked.is_none()) {
            if !self.advance() {
                return false;
            }
        }
        self.control.is_some()
    }

    fn attempt_at_hand(&self) -> Option<Attempt<'_>> {
        let control = self.control.as_ref()?;
        let Asked { now_us, saturation, .. } = control.asked?;
        Some(Attempt {
            saturation,
            priorities: control.queue.priorities(),
            waiting: control.queue.waiting(),
            instances: &self.view,
            reading_age_us: now_us - self.view_us,
            dispatched_since_reading: control.dispatches.since(self.view_us),
            dispatched_unseen: control.dispatches.unseen(),
            now_us: self.traffic.epoch_us + now_us,
        })
    }

    /// Sets the ceilings for the attempt at hand; without one, nothing happens. `foreseen` is what the limiter says of further
    /// calls, see [`Limiter::foreseen`].
    pub(crate) fn limit(&mut self, ceilings: &[f64], foreseen: Option<u64>) -> Result<(), InvalidCeilings> {
        let Some(control) = &mut self.control else { return Ok(()) };
        let Some(Asked { now_us, saturation, by_tick }) = control.asked else { return Ok(()) };
        limiter::check(ceilings, control.queue.priorities().len())?;
        control.asked = None;
        match control.queue.take(saturation, ceilings) {
            Some(id) => {
                self.dispatch(id, now_us);
                self.after_attempt(now_us, by_tick);
            }
            None => {
                self.count_vain();
                self.after_attempt(now_us, by_tick);
                if let Some(calls) = foreseen {
                    self.be_quiet(saturation, calls);
                }
            }
        }
        Ok(())
    }

    /// Runs a limiter to the end, unless one of its answers sets no ceilings.
    pub(crate) fn drive_limiter(mut self, limiter: &mut impl Limiter) -> Result<Run, InvalidCeilings> {
        let mut ceilings = Vec::new();
        while self.come_to_ceilings() {
            let passed_over = self.control.as_mut().map_or(0, |control| std::mem::take(&mut control.passed_over));
            if passed_over > 0 {
                limiter.repeat(passed_over);
            }
            let Some(attempt) = self.attempt_at_hand() else { break };
            ceilings.clear();
            ceilings.resize(attempt.priorities.len(), 1.0);
            limiter.limit(&attempt, &mut ceilings);
            self.limit(&ceilings, limiter.foreseen())?;
        }
        Ok(self.finish())
    }

    /// The next event of flow control, of which an expiry only counts if the request still waits.
    pub(crate) fn next_control_event(&mut self) -> Option<Due> {
        let control = self.control.as_mut()?;
        let records = &self.requests.records;
        let waits =
            |event: Event| matches!(event, Event::Expiry(id) if records[id as usize].outcome == Outcome::Waiting);
        while control.expiries.first(Event::Expiry).is_some_and(|(_, event)| !waits(event)) {
            control.expiries.pop();
        }
        let tick = control.next_tick_us().map(|time_us| (time_us, Event::Tick));
        crate::event::first(control.expiries.first(Event::Expiry), tick)
    }

    /// A request comes to the queue; what comes to it is looked at once, whatever becomes of it.
    pub(crate) fn enqueue(&mut self, id: u32, now: u64) {
        self.look(now);
        let Some(control) = &mut self.control else { return };
        let newcomer = control.newcomer(id, self.requests.tickets[id as usize].priority, now, &self.traffic);
        let entry = control.queue.enqueue(newcomer);
        let ticks = control.config.ticks;
        if entry == Entry::Rejected {
            keep_out(&mut self.requests.records[id as usize], Outcome::Rejected);
            if ticks == Ticks::Blis {
                return; // the router makes an attempt all the same
            }
        } else {
            self.requests.records[id as usize].outcome = Outcome::Waiting;
            control.passages.requests[id as usize].enqueue_us = Some(now);
            if let Some(ttl_us) = control.config.ttl_us {
                control.expiries.push(now + ttl_us, id);
            }
        }
        if let Entry::InsteadOf(victim) = entry {
            control.passages.requests[victim as usize].removed_us = Some(now);
            keep_out(&mut self.requests.records[victim as usize], Outcome::Shed);
        }
        self.attempt(now, false);
    }

    /// A request has waited too long.
    pub(crate) fn expire(&mut self, id: u32, now: u64) {
        let Some(control) = &mut self.control else { return };
        control.expiries.pop();
        let client = self.traffic.rank(self.traffic.arrivals[id as usize].hints.client);
        control.queue.remove(id, self.requests.tickets[id as usize].priority, client);
        control.passages.requests[id as usize].removed_us = Some(now);
        keep_out(&mut self.requests.records[id as usize], Outcome::Expired);
    }

    /// Tries to dispatch one request, unless it is an attempt to make room by evicting one.
    pub(crate) fn attempt(&mut self, now: u64, by_tick: bool) {
        self.look(now);
        let Some(control) = &mut self.control else { return };
        control.ticker.start(now);
        control.dispatches.forget(self.view_us);
        let credit = control.dispatches.credit(control.config.credit, self.view_us);
        let saturation = control.config.detector.saturation(&self.view, credit);
        match control.victim(saturation) {
            Some(victim) => {
                self.evictions.push(now, victim);
                self.after_attempt(now, by_tick);
            }
            None => control.asked = Some(Asked { now_us: now, saturation, by_tick }),
        }
    }

    fn dispatch(&mut self, id: u32, now: u64) {
        let Some(control) = &mut self.control else { return };
        control.vain = 0;
        control.dispatches.push(now);
        control.passages.requests[id as usize].dispatch_us = Some(now);
        control.passages.dispatched.push(id);
        let record = &mut self.requests.records[id as usize];
        record.admitted = Some(true);
        record.outcome = Outcome::Unrouted;
        self.routings.push(now + self.routing_latency_us, id);
    }

    /// After a tick, there is another one or there is none.
    fn after_attempt(&mut self, now: u64, by_tick: bool) {
        let is_outstanding = !self.arrivals.is_empty() || !self.admissions.is_empty();
        let Some(control) = &mut self.control else { return };
        if !by_tick {
            return;
        }
        if control.ticks_on(is_outstanding) {
            control.ticker.advance(now);
        } else {
            control.ticker.stop();
        }
    }

    /// Counts attempts with nothing else ahead: whoever holds requests back for ever would otherwise never end.
    fn count_vain(&mut self) {
        let lies_ahead = !self.arrivals.is_empty()
            || !self.admissions.is_empty()
            || !self.routings.is_empty()
            || self.due_us.iter().any(|&due_us| due_us <= self.rules.horizon_us);
        let Some(control) = &mut self.control else { return };
        control.vain = if lies_ahead || !control.expiries.is_empty() { 0 } else { control.vain + 1 };
    }

    /// Passes over the ticks that would find what the last attempt found, which dispatched nothing: those before the saturation
    /// may be another one, and, if the ceilings matter at all, at most as many as will be answered alike.
    fn be_quiet(&mut self, saturation: f64, calls: u64) {
        let event_us = self.due_us.iter().copied().min().unwrap_or(u64::MAX);
        let Some(control) = &mut self.control else { return };
        let ceilings_matter = saturation < 1.0 && !control.queue.is_empty();
        let changes_us = control.changes_us(self.view_us, self.snapshot_interval_us, event_us);
        control.watches = control.counts_in_flight();
        control.ticker.be_quiet(changes_us, if ceilings_matter { calls } else { u64::MAX });
    }

    /// Takes a request back from its instance, unless it is in neither its queue nor its batch.
    pub(crate) fn evict(&mut self, id: u32, now: u64) {
        let record = &self.requests.records[id as usize];
        let Some(index) = record.instance.map(usize::from) else { return };
        if !matches!(record.outcome, Outcome::Queued | Outcome::Running) {
            return;
        }
        let instance = &mut self.instances[index];
        instance.evict(id, &mut self.requests);
        self.view[index].in_flight -= 1;
        self.last_finish[index] = instance.counters().steps;
        self.requests.records[id as usize].outcome = Outcome::Evicted;
        if let Some(control) = &mut self.control {
            control.passages.requests[id as usize].removed_us = Some(now);
        }
    }
}

/// A request never gets to an instance.
fn keep_out(record: &mut Record, outcome: Outcome) {
    record.admitted = Some(false);
    record.outcome = outcome;
}
