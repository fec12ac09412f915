//! How many requests an endpoint has to bear at a time, and how fast they follow each other.

use super::endpoint::Limits;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// Keeps requests to one endpoint apart.
pub(super) struct Pace {
    places: Semaphore,
    /// Time between two attempts; zero without a rate limit.
    gap: Duration,
    /// When the next attempt may begin; none at the start.
    next: Mutex<Option<Instant>>,
}

impl Pace {
    pub(super) fn new(limits: &Limits) -> Self {
        let places = Semaphore::new(limits.concurrent.max(1) as usize);
        let gap = limits.per_minute.map_or(Duration::ZERO, |n| Duration::from_secs(60) / n.max(1));
        Pace { places, gap, next: Mutex::default() }
    }

    /// A place for one request with all its attempts: one that has to wait after HTTP 429 lets no other try meanwhile.
    pub(super) async fn place(&self) -> SemaphorePermit<'_> {
        self.places.acquire().await.expect("nobody closes it")
    }

    /// When an attempt may begin that is ready now. Attempts are spaced evenly, without bursts.
    pub(super) fn turn(&self, now: Instant) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let at = next.map_or(now, |next| next.max(now));
        *next = Some(at + self.gap);
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_spaced_evenly_and_idle_time_is_not_saved_up() {
        let pace = Pace::new(&Limits { per_minute: Some(20), ..Limits::default() });
        let start = Instant::now();
        let turn = |ready: u64| (pace.turn(start + Duration::from_secs(ready)) - start).as_secs();
        assert_eq!([turn(0), turn(0), turn(1)], [0, 3, 6]);
        assert_eq!([turn(3600), turn(3600)], [3600, 3603], "no burst makes up for it");
    }

    #[tokio::test]
    async fn without_a_rate_nobody_waits_and_places_are_few() {
        let pace = Pace::new(&Limits { per_minute: None, concurrent: 1, ..Limits::default() });
        let now = Instant::now();
        assert_eq!([pace.turn(now), pace.turn(now)], [now, now]);
        let first = pace.place().await;
        assert!(futures::future::FutureExt::now_or_never(pace.place()).is_none(), "one at a time");
        drop(first);
        assert!(futures::future::FutureExt::now_or_never(pace.place()).is_some());
    }
}
