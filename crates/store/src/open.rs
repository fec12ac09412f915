//! Opening a database without ever harming one that is not ours to touch.

use crate::error::StoreError;
use sqlx::sqlite::SqlitePool;
use std::path::{Path, PathBuf};

/// The campaign database.
#[derive(Debug)]
pub struct Store {
    pub(crate) pool: SqlitePool,
    pub(crate) path: PathBuf,
}

impl Store {
    /// Opens the database at `path`, creating it and its directory where they are missing.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        todo!("{path:?}")
    }

    /// Opens the database at `path`; it is an error if there is none.
    pub async fn open_existing(path: &Path) -> Result<Self, StoreError> {
        todo!("{path:?}")
    }

    /// Closes the database and folds its write-ahead log into the file. Not closing loses nothing.
    pub async fn close(self) {
        self.pool.close().await;
    }
}
