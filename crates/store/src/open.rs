//! Opening a database without ever harming one that is not ours to touch.
//!
//! An existing file is looked at first, through a connection that writes nothing. Only when it is known to be ours, whole
//! and not newer than this program are its settings and its schema touched.

use crate::error::StoreError;
use crate::events::Tail;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, SqliteConnection};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations");

/// How long to wait for another process that writes: a step takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);

const PAUSE: Duration = Duration::from_millis(5);

/// The first bytes of every SQLite file.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// The campaign database.
#[derive(Debug)]
pub struct Store {
    pub(crate) pool: SqlitePool,
    pub(crate) path: PathBuf,
    /// Where the campaign that was appended to last stands: spares folding its log again at each step. Held against the
    /// database before it is used.
    pub(crate) tail: Mutex<Option<Tail>>,
}

impl Store {
    /// Opens the database at `path`, creating it and its directory where they are missing.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        if let Some(directory) = path.parent() {
            std::fs::create_dir_all(directory).map_err(|error| unwritable(directory, &error))?;
        }
        // SQLite's busy handler does not cover the switch to WAL mode, where processes that create the same database meet.
        let deadline = Instant::now() + PATIENCE;
        loop {
            match Self::try_open(path).await {
                Err(StoreError::Busy { .. }) if Instant::now() < deadline => tokio::time::sleep(PAUSE).await,
                opened => return opened,
            }
        }
    }

    /// Opens the database at `path`; it is an error if there is none.
    pub async fn open_existing(path: &Path) -> Result<Self, StoreError> {
        match path.try_exists() {
            Ok(true) => Self::open(path).await,
            Ok(false) => Err(StoreError::NoDatabase { path: path.to_owned() }),
            Err(error) => Err(unwritable(path, &error)),
        }
    }

    /// Closes the database and folds its write-ahead log into the file. Not closing loses nothing.
    pub async fn close(self) {
        self.pool.close().await;
    }

    async fn try_open(path: &Path) -> Result<Self, StoreError> {
        let current = match look(path) {
            Found::Nothing => false,
            Found::Database => check_version(path).await.map_err(|error| match error.at(path) {
                // It begins as one, so it was one.
                StoreError::NotADatabase { path } => {
                    StoreError::DamagedFile { path, problem: "its header is broken".into() }
                }
                other => other,
            })?,
            Found::Problem(error) => return Err(error),
        };
        Self::connect(path, current).await.map_err(|error| error.at(path))
    }

    async fn connect(path: &Path, current: bool) -> Result<Self, StoreError> {
        // NORMAL, not FULL: in WAL mode a commit is a write to the log file, which outlives a killed process. A power
        // loss may take the last steps (the log is synced at checkpoints) and never tears one; resuming does them again.
        // FULL would cost a disk sync at every step to save seconds of work in a rare case.
        let options = plain(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal);
        // One connection: SQLite has one writer anyway, and so our own tasks queue here and not at the busy handler.
        let pool = SqlitePoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
        let pool = pool.test_before_acquire(false).connect_with(options).await?;
        if !current {
            migrate(&pool, path).await?;
        }
        Ok(Store { pool, path: path.to_owned(), tail: Mutex::new(None) })
    }
}

/// Milliseconds since 1970, for people.
pub(crate) fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}

enum Found {
    Nothing,
    Database,
    Problem(StoreError),
}

/// What lies at `path`, judged without SQLite.
fn look(path: &Path) -> Found {
    // Asked first, since who creates a database makes the file before its log.
    let orphan = has_log(path);
    let nothing = |problem: &str| match orphan {
        // SQLite would delete the log.
        true => Found::Problem(StoreError::DamagedFile { path: path.to_owned(), problem: problem.into() }),
        false => Found::Nothing,
    };
    let mut file = match std::fs::OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return nothing("only its `-wal` file is left"),
        Err(error) => return Found::Problem(unwritable(path, &error)),
    };
    let mut head = Vec::new();
    match file.by_ref().take(MAGIC.len() as u64).read_to_end(&mut head) {
        Err(error) => Found::Problem(unwritable(path, &error)),
        // A process that was killed between creating the file and writing to it leaves it empty.
        Ok(0) => nothing("it is empty, its `-wal` file is not"),
        Ok(_) if head == MAGIC => Found::Database,
        Ok(_) => Found::Problem(StoreError::NotADatabase { path: path.to_owned() }),
    }
}

/// Whether a write-ahead log lies beside the file.
fn has_log(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).is_ok_and(|log| log.len() > 0)
}

/// Whether a database has all migrations that this program has; an error if it has others.
async fn check_version(path: &Path) -> Result<bool, StoreError> {
    let mut connection = SqliteConnection::connect_with(&plain(path)).await?;
    let applied = applied_migrations(&mut connection).await;
    connection.close().await?;
    let Some(applied) = applied? else { return Err(StoreError::OtherSchema { path: path.to_owned() }) };
    let known = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
    if let Some((found, _)) = applied.iter().find(|(version, _)| *version > known) {
        return Err(StoreError::Newer { path: path.to_owned(), found: *found, known });
    }
    let same = |(version, checksum): &(i64, Vec<u8>)| {
        MIGRATIONS.iter().any(|ours| ours.version == *version && *ours.checksum == **checksum)
    };
    if !applied.iter().all(same) {
        return Err(StoreError::OtherSchema { path: path.to_owned() });
    }
    Ok(applied.len() == MIGRATIONS.iter().count())
}

/// The version and checksum of each applied migration; none if the database is another program's.
async fn applied_migrations(connection: &mut SqliteConnection) -> Result<Option<Vec<(i64, Vec<u8>)>>, sqlx::Error> {
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'table'").fetch_all(&mut *connection).await?;
    if tables.is_empty() {
        return Ok(Some(Vec::new()));
    }
    if !tables.iter().any(|name| name == "_sqlx_migrations") {
        return Ok(None);
    }
    let rows = sqlx::query_as("SELECT version, checksum FROM _sqlx_migrations ORDER BY version");
    rows.fetch_all(connection).await.map(Some)
}

/// Applies what is missing in one transaction, so that of two processes that open a new database one waits.
async fn migrate(pool: &SqlitePool, path: &Path) -> Result<(), StoreError> {
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    MIGRATIONS.run(&mut *transaction).await.map_err(|error| match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => StoreError::Database(error),
        // Another process was faster, and is another build.
        MigrateError::VersionMissing(_) | MigrateError::VersionMismatch(_) => {
            StoreError::OtherSchema { path: path.to_owned() }
        }
        other => StoreError::Database(other.into()),
    })?;
    Ok(transaction.commit().await?)
}

fn plain(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(path).foreign_keys(true).busy_timeout(PATIENCE)
}

fn unwritable(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Unwritable { path: path.to_owned(), problem: error.to_string() }
}
