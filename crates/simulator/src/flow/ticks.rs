//! The ticks at which attempts are made, of which those that cannot change anything are passed over.

use super::config::Ticks;

/// When the next tick is.
#[derive(Debug)]
pub(crate) struct Ticker {
    interval_us: u64,
    /// The next tick, if there is one: the others follow at the interval.
    due_us: Option<u64>,
    /// Ticks before this time change nothing but the number of calls.
    quiet_until_us: u64,
}

impl Ticker {
    pub(crate) fn new(ticks: Ticks, interval_us: u64) -> Self {
        let due_us = match ticks {
            Ticks::Blis => None,
            Ticks::Router => Some(interval_us),
        };
        Ticker { interval_us, due_us, quiet_until_us: 0 }
    }

    /// The next tick that may change something.
    pub(crate) fn next_us(&self) -> Option<u64> {
        let due_us = self.due_us?;
        let passed_over = self.quiet_until_us.saturating_sub(due_us).div_ceil(self.interval_us);
        due_us.checked_add(passed_over.checked_mul(self.interval_us)?)
    }

    pub(crate) fn is_due_before(&self, now: u64) -> bool {
        self.due_us.is_some_and(|due_us| due_us < now)
    }

    /// Ticks from this time on may change something.
    pub(crate) fn end_quiet(&mut self, from_us: u64) {
        self.quiet_until_us = self.quiet_until_us.min(from_us);
    }

    /// Something happens: moves on to the first tick that is not before it, and says how many were passed over.
    pub(crate) fn wake(&mut self, now: u64) -> u64 {
        self.quiet_until_us = 0;
        let Some(due_us) = self.due_us.filter(|&due_us| due_us < now) else { return 0 };
        let passed_over = (now - due_us).div_ceil(self.interval_us);
        self.due_us = Some(due_us + passed_over * self.interval_us);
        passed_over
    }

    /// An attempt is made: if there are no ticks, they begin.
    pub(crate) fn start(&mut self, now: u64) {
        self.due_us.get_or_insert(now + self.interval_us);
    }

    /// A tick is over, and this is the time of it.
    pub(crate) fn advance(&mut self, now: u64) {
        self.due_us = Some(now + self.interval_us);
    }

    pub(crate) fn stop(&mut self) {
        self.due_us = None;
    }

    /// Ticks change nothing before this time, and nor do the next so many ones.
    pub(crate) fn be_quiet(&mut self, until_us: u64, ticks: u64) {
        if let Some(due_us) = self.due_us {
            let after_us = due_us.saturating_add(ticks.saturating_mul(self.interval_us));
            self.quiet_until_us = until_us.min(after_us);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quiet_time_ends_at_the_first_tick_not_before_its_end() {
        let mut ticker = Ticker::new(Ticks::Router, 10);
        ticker.be_quiet(35, u64::MAX);
        assert_eq!(ticker.next_us(), Some(40));
        ticker.be_quiet(40, u64::MAX);
        assert_eq!(ticker.next_us(), Some(40));
        ticker.be_quiet(u64::MAX, 2);
        assert_eq!(ticker.next_us(), Some(30));
        ticker.be_quiet(u64::MAX, u64::MAX);
        assert_eq!(ticker.next_us(), None);
    }

    #[test]
    fn what_happens_ends_a_quiet_time_and_a_tick_at_its_time_comes_after_it() {
        let mut ticker = Ticker::new(Ticks::Blis, 10);
        assert_eq!((ticker.next_us(), ticker.wake(7)), (None, 0));
        ticker.start(7);
        ticker.start(9);
        ticker.be_quiet(1_000, u64::MAX);
        assert_eq!((ticker.wake(37), ticker.next_us()), (2, Some(37)));
        ticker.be_quiet(1_000, u64::MAX);
        assert_eq!((ticker.wake(38), ticker.next_us()), (1, Some(47)));
        ticker.advance(47);
        assert_eq!(ticker.next_us(), Some(57));
        ticker.stop();
        assert_eq!(ticker.next_us(), None);
    }
}
