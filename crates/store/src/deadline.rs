//! An end for every query: whoever wrote the database may have made one that takes for ever.

use sqlx::SqliteConnection;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What a read or a step may take: it takes milliseconds, a large campaign's log a second.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// What a check of everything may take, once for each part.
pub(crate) const LONG_PATIENCE: Duration = Duration::from_secs(600);

/// Instructions of SQLite's machine between two looks at the clock: a millisecond or two.
const INSTRUCTIONS: i32 = 100_000;

/// The moment at which a connection stops whatever it runs. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Deadline {
    base: Instant,
    /// ms after `base`.
    until: Arc<AtomicU64>,
}

impl Deadline {
    /// So much from now.
    pub(crate) fn new(patience: Duration) -> Self {
        let deadline = Deadline { base: Instant::now(), until: Arc::default() };
        deadline.renew(patience);
        deadline
    }

    /// Moves it to so much from now.
    pub(crate) fn renew(&self, patience: Duration) {
        let until = (self.base.elapsed() + patience).as_millis();
        self.until.store(u64::try_from(until).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn passed(&self) -> bool {
        self.base.elapsed().as_millis() > u128::from(self.until.load(Ordering::Relaxed))
    }

    /// Makes a connection keep to it: what runs when it passes fails as interrupted.
    pub(crate) async fn bind(&self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let deadline = self.clone();
        connection.lock_handle().await?.set_progress_handler(INSTRUCTIONS, move || !deadline.passed());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::StoreError;
    use sqlx::Connection;
    use std::path::Path;

    /// Counts to so many.
    const SLOW: &str =
        "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < ?) SELECT max(n) FROM r";

    async fn count(deadline: &Deadline, to: i64) -> Result<i64, sqlx::Error> {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        deadline.bind(&mut connection).await.unwrap();
        sqlx::query_scalar(SLOW).bind(to).fetch_one(&mut connection).await
    }

    #[tokio::test]
    async fn a_query_that_passes_its_deadline_is_stopped_and_one_that_does_not_is_not() {
        let never = Deadline::new(Duration::from_millis(1));
        let error = count(&never, 1_000_000_000_000).await.unwrap_err();
        let error = StoreError::from(error).at(Path::new("lineage.db"));
        assert!(matches!(error, StoreError::Slow { .. }), "{error}");
        // The control: with time enough the same query comes to its end.
        assert_eq!(count(&Deadline::new(PATIENCE), 1_000_000).await.unwrap(), 1_000_000);
    }
}
