//! Work that is spread over all cores.

use crate::error::EngineError;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Does something with each of these, on as many threads as there are cores; the results are in the order of the items.
/// The first error in that order is the answer, if there is one.
pub(crate) fn on_all_cores<I: Sync, T: Send>(
    items: &[I],
    work: impl Fn(&I) -> Result<T, EngineError> + Sync,
) -> Result<Vec<T>, EngineError> {
    each(items.len(), |at| work(&items[at]))?.into_iter().collect()
}

/// `work` for 0..n, on as many threads as there are cores; the results are in this order. A panic of one thread is the
/// error.
pub fn each<T: Send>(n: usize, work: impl Fn(usize) -> T + Sync) -> Result<Vec<T>, EngineError> {
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= n {
                return done;
            }
            done.push((at, work(at)));
        }
    };
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(n);
    let mut results = Vec::with_capacity(n);
    std::thread::scope(|scope| {
        let handles: Vec<_> = (0..workers).map(|_| scope.spawn(worker)).collect();
        for handle in handles {
            let done = handle.join().map_err(|_| EngineError::Panicked("a simulation thread panicked".into()))?;
            results.extend(done);
        }
        Ok::<(), EngineError>(())
    })?;
    results.sort_by_key(|(at, _)| *at);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}

/// Does some work on a thread that may wait.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, EngineError> {
    Ok(tokio::task::spawn_blocking(work).await?)
}
