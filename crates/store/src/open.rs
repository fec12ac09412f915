//! Opening a database without ever harming one that is not ours to touch, and without obeying one that somebody planted.
//!
//! An existing file is looked at first, through a connection that writes nothing. Only when it is known to be ours, whole,
//! with our schema and not newer than this program are its settings and its schema touched, and its rows read.

use crate::deadline::{Deadline, LONG_PATIENCE, PATIENCE};
use crate::error::StoreError;
use crate::place::{Found, Reading, look, reading, unwritable};
use crate::schema::{self, Standing};
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Sqlite, Transaction};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long to wait for another process that writes: a step takes milliseconds.
const WAIT: Duration = Duration::from_secs(10);

const PAUSE: Duration = Duration::from_millis(5);

/// The campaign database.
#[derive(Debug)]
pub struct Store {
    pub(crate) pool: SqlitePool,
    pub(crate) path: PathBuf,
    read_only: bool,
    deadline: Deadline,
    /// Held while an observation is put after the last one.
    pub(crate) observing: tokio::sync::Mutex<()>,
}

/// How a database is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Write,
    Read(Reading),
}

impl Store {
    /// Opens the database at `path` to read and write, creating it and its directory where they are missing.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        if let Some(directory) = path.parent() {
            std::fs::create_dir_all(directory).map_err(|error| unwritable(directory, &error))?;
        }
        // SQLite's busy handler does not cover the switch to WAL mode, where processes that create the same database meet; the
        // first of them has a rollback journal for a moment.
        let deadline = Instant::now() + WAIT;
        loop {
            match Self::try_open(path, Mode::Write).await {
                Err(StoreError::Busy { .. } | StoreError::Journal { .. }) if Instant::now() < deadline => {
                    tokio::time::sleep(PAUSE).await
                }
                opened => return opened,
            }
        }
    }

    /// Opens the database at `path`, to read alone where it or its directory cannot be written; it is an error if there is
    /// none.
    pub async fn open_existing(path: &Path) -> Result<Self, StoreError> {
        match path.try_exists() {
            Ok(true) => {}
            Ok(false) => return Err(StoreError::NoDatabase { path: path.to_owned() }),
            Err(error) => return Err(unwritable(path, &error)),
        }
        match Self::open(path).await {
            // An unreadable file is neither; then this says so once more.
            Err(StoreError::Unwritable { .. }) => Self::try_open(path, Mode::Read(reading(path)?)).await,
            opened => opened,
        }
    }

    /// Opens the database at `path` to look at it for long while others write: brought up to date where it must be, then read
    /// alone. In WAL mode a reader holds nobody up.
    pub async fn open_to_watch(path: &Path) -> Result<Self, StoreError> {
        let first = Self::open_existing(path).await?;
        if first.is_read_only() {
            return Ok(first);
        }
        // Opened while the first one is: the companions of the file are there then.
        let watching = Self::try_open(path, Mode::Read(Reading::Shared)).await;
        first.close().await;
        watching
    }

    /// The database's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it can only be read.
    pub fn is_read_only(&self) -> bool {
        self.read_only
    }

    /// Closes the database and folds its write-ahead log into the file. Not closing loses nothing.
    pub async fn close(self) {
        self.pool.close().await;
    }

    /// The connection, with a deadline for what is done with it next.
    pub(crate) async fn connection(&self) -> Result<PoolConnection<Sqlite>, sqlx::Error> {
        let connection = self.pool.acquire().await?;
        self.deadline.renew(PATIENCE);
        Ok(connection)
    }

    /// The same for a look at everything.
    pub(crate) async fn patient_connection(&self) -> Result<PoolConnection<Sqlite>, sqlx::Error> {
        let connection = self.pool.acquire().await?;
        self.deadline.renew(LONG_PATIENCE);
        Ok(connection)
    }

    /// A view of the database in which nobody else's steps happen, to read from.
    pub(crate) async fn snapshot(&self) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
        let snapshot = self.pool.begin().await?;
        self.deadline.renew(PATIENCE);
        Ok(snapshot)
    }

    /// The same for whoever reads much.
    pub(crate) async fn patient_snapshot(&self) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
        let snapshot = self.pool.begin().await?;
        self.deadline.renew(LONG_PATIENCE);
        Ok(snapshot)
    }

    async fn try_open(path: &Path, mode: Mode) -> Result<Self, StoreError> {
        let Standing { current, foreign, missing } = match look(path, mode == Mode::Write)? {
            Found::Nothing => Standing { current: false, foreign: vec![], missing: vec![] },
            Found::Database => standing(path, mode).await.map_err(|error| match error.at(path) {
                // It begins as one, so it was one.
                StoreError::NotADatabase { path } => {
                    StoreError::DamagedFile { path, problem: "its header is broken".into() }
                }
                other => other,
            })?,
        };
        let refused = |problems: Vec<String>| Err(StoreError::Foreign { path: path.to_owned(), problems });
        if !foreign.is_empty() {
            return refused([foreign, missing].concat());
        }
        if !missing.is_empty() && !current {
            return refused(missing);
        }
        let store = Self::connect(path, current, mode).await.map_err(|error| error.at(path))?;
        if missing.is_empty() {
            return Ok(store);
        }
        // Whoever took a guard away did so to change what it guards; nothing that is left can run.
        let wrong = store.check().await?.into_iter().filter_map(|finding| finding.problem);
        refused(missing.into_iter().chain(wrong).collect())
    }

    async fn connect(path: &Path, current: bool, mode: Mode) -> Result<Self, StoreError> {
        if mode != Mode::Write && !current {
            return Err(StoreError::OldReadOnly { path: path.to_owned() });
        }
        let options = match mode {
            // NORMAL, not FULL: in WAL mode a commit is a write to the log file, which outlives a killed process. A power
            // loss may take the last steps (the log is synced at checkpoints) and never tears one; resuming does them again.
            // FULL would cost a disk sync at every step to save seconds of work in a rare case.
            Mode::Write => options(path, mode)
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Normal),
            Mode::Read(_) => options(path, mode),
        };
        let store = Self::of(options, path, mode != Mode::Write).await?;
        if !current {
            schema::migrate(&store.pool, path).await?;
        }
        Ok(store)
    }

    /// An empty database that nobody keeps, without the references that a part of a campaign would lack.
    pub(crate) async fn in_memory() -> Result<Self, StoreError> {
        let path = Path::new(":memory:");
        let store =
            Self::of(SqliteConnectOptions::from_str("sqlite::memory:")?.foreign_keys(false), path, false).await?;
        schema::migrate(&store.pool, path).await?;
        Ok(store)
    }

    async fn of(options: SqliteConnectOptions, path: &Path, read_only: bool) -> Result<Self, StoreError> {
        let deadline = Deadline::new(PATIENCE);
        let bound = deadline.clone();
        // One connection: SQLite has one writer anyway, and so our own tasks queue here and not at the busy handler.
        let pool = SqlitePoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
        let pool = pool.after_connect(move |connection, _| {
            let bound = bound.clone();
            Box::pin(async move { bound.bind(connection).await })
        });
        let pool = pool.test_before_acquire(false).connect_with(options).await?;
        Ok(Store { pool, path: path.to_owned(), read_only, deadline, observing: tokio::sync::Mutex::new(()) })
    }
}

/// Milliseconds since 1970, for people.
pub(crate) fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}

/// How the schema of an existing database stands to this program's.
async fn standing(path: &Path, mode: Mode) -> Result<Standing, StoreError> {
    let mut connection = options(path, mode).connect().await?;
    Deadline::new(PATIENCE).bind(&mut connection).await?;
    let standing = schema::compare(&mut connection, path).await;
    connection.close().await?;
    standing
}

/// Nothing in the schema may call what is not harmless, and pages are checked before they are believed.
fn options(path: &Path, mode: Mode) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .read_only(mode != Mode::Write)
        .immutable(mode == Mode::Read(Reading::Alone))
        .foreign_keys(true)
        .busy_timeout(WAIT)
        .pragma("trusted_schema", "OFF")
        .pragma("cell_size_check", "ON")
}
