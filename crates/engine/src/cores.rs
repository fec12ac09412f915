//! Work that is spread over all cores.

use crate::error::EngineError;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Does something with each of these, on as many threads as there are cores; the results are in the order of the items.
/// The first error in that order is the answer, if there is one.
pub(crate) fn on_all_cores<I: Sync, T: Send>(
    items: &[I],
    work: impl Fn(&I) -> Result<T, EngineError> + Sync,
) -> Result<Vec<T>, EngineError> {
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut done = Vec::new();
        while let Some((at, item)) = take(&next, items) {
            done.push((at, work(item)));
        }
        done
    };
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(items.len());
    let mut results = Vec::with_capacity(items.len());
    std::thread::scope(|scope| {
        let handles: Vec<_> = (0..workers).map(|_| scope.spawn(worker)).collect();
        for handle in handles {
            let done = handle.join().map_err(|_| EngineError::Panicked("a simulation thread panicked".into()))?;
            results.extend(done);
        }
        Ok::<(), EngineError>(())
    })?;
    results.sort_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}

fn take<'a, T>(next: &AtomicUsize, items: &'a [T]) -> Option<(usize, &'a T)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    items.get(at).map(|item| (at, item))
}
