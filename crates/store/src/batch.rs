//! Statements that are run together.
//!
//! Each command of its own is two switches of threads, which cost more than what SQLite does in between; the dozens of rows
//! that follow from one event are therefore one command.

use crate::error::StoreError;
use crate::open::Store;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, AssertSqlSafe, Encode, Sqlite};

/// Statements, in order, with their values.
#[derive(Default)]
pub(crate) struct Batch {
    text: String,
    values: SqliteArguments,
}

impl Batch {
    /// Adds a statement. Its values follow, in the order of its question marks.
    pub(crate) fn add(&mut self, statement: &str) -> &mut Self {
        self.text.push_str(statement);
        self.text.push(';');
        self
    }

    /// Adds one statement for several rows of so many values each; nothing for none.
    pub(crate) fn add_rows(&mut self, insert: &str, values: usize, rows: usize) -> &mut Self {
        if rows == 0 {
            return self;
        }
        let row = format!("({})", vec!["?"; values].join(", "));
        self.add(&format!("{insert} VALUES {}", vec![row; rows].join(", ")))
    }

    /// Adds a value of the statement that was added last.
    pub(crate) fn bind<'v>(&mut self, value: impl Encode<'v, Sqlite> + sqlx::Type<Sqlite>) -> &mut Self {
        self.values.add(value).expect("numbers and texts are values");
        self
    }
}

impl Store {
    /// Runs all of a batch, or nothing of it.
    pub(crate) async fn run(&self, batch: Batch) -> Result<(), StoreError> {
        let Batch { text, values } = batch;
        // The write lock from the start: a transaction that began with a read could fail at its first write, however patient.
        let whole = AssertSqlSafe(format!("BEGIN IMMEDIATE;{text}COMMIT"));
        let mut under_way = UnderWay { connection: self.connection().await?, committed: false };
        sqlx::query_with(whole, values).execute(&mut *under_way.connection).await?;
        under_way.committed = true;
        Ok(())
    }
}

/// A connection in a transaction. It is closed, which rolls back, where a statement fails or nobody waits for the last one.
struct UnderWay {
    connection: PoolConnection<Sqlite>,
    committed: bool,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if !self.committed {
            self.connection.close_on_drop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::future::FutureExt;

    async fn count(store: &Store) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM files").fetch_one(&store.pool).await.unwrap()
    }

    fn files(names: &[&str]) -> Batch {
        let mut batch = Batch::default();
        for name in names {
            batch.add("INSERT INTO files (hash, text) VALUES (?, '')").bind(name.repeat(64));
        }
        batch
    }

    #[tokio::test]
    async fn a_batch_that_fails_halfway_leaves_nothing_and_the_next_one_runs() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("lineage.db")).await.unwrap();
        store.run(files(&["a", "b", "a"])).await.unwrap_err();
        assert_eq!(count(&store).await, 0);
        store.run(files(&["a", "b"])).await.unwrap();
        assert_eq!(count(&store).await, 2);
    }

    #[tokio::test]
    async fn a_batch_that_nobody_waits_for_is_all_there_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("lineage.db")).await.unwrap();
        let names: Vec<String> = ('a'..='z').map(String::from).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert!(store.run(files(&names)).now_or_never().is_none(), "it takes another thread");
        let written = count(&store).await;
        assert!(written == 0 || written == 26, "{written} of 26");
        store.run(files(&["0"])).await.unwrap();
        assert_eq!(count(&store).await, written + 1);
    }
}
