//! Whether a database has the schema that this program's migrations make, and nothing else: a view, a trigger or an index
//! of somebody else's would run inside of every query.

use crate::error::StoreError;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{Connection, SqliteConnection};
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

pub(crate) static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations");

/// Migrations without which campaigns are not read, each with the last version of this program that lacks it: until the first
/// one problem only was known, until the second another question was asked.
const READ_FROM: [(i64, &str); 3] = [(7, "0.1.0"), (8, "0.2.0"), (9, "0.3.0")];

/// How a database's schema stands to this program's.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Whether it has all migrations.
    pub(crate) current: bool,
    /// What this program has not made, in words.
    pub(crate) foreign: Vec<String>,
    /// What this program has made and is not there, in words.
    pub(crate) missing: Vec<String>,
}

/// Compares a database's schema with that of the migrations that it says it has. Runs nothing of it: `sqlite_master` is read,
/// and `_sqlx_migrations` once that is known to be the table that it should be.
pub(crate) async fn compare(connection: &mut SqliteConnection, path: &Path) -> Result<Standing, StoreError> {
    let found = objects(connection).await?;
    if found.is_empty() {
        return Ok(Standing { current: false, foreign: vec![], missing: vec![] });
    }
    let versions = Name { kind: "table".into(), name: "_sqlx_migrations".into() };
    let Some(table) = found.get(&versions) else { return Err(StoreError::OtherSchema { path: path.to_owned() }) };
    let all: Vec<i64> = MIGRATIONS.iter().map(|migration| migration.version).collect();
    let mut expected = made(&all).await?;
    if expected.get(&versions) != Some(table) {
        let foreign = vec![format!("{versions} is not as this program makes it")];
        return Ok(Standing { current: false, foreign, missing: vec![] });
    }
    let applied = applied(connection, path).await?;
    let current = applied == all;
    if !current {
        expected = made(&applied).await?;
    }
    let mut standing = Standing { current, foreign: vec![], missing: vec![] };
    for (name, object) in &found {
        match expected.get(name) {
            Some(same) if same == object => {}
            Some(_) => standing.foreign.push(format!("{name} is not as this program makes it")),
            None => standing.foreign.push(format!("{name} on `{}` is not this program's", object.table)),
        }
    }
    // An index that SQLite makes by itself comes and goes with its table.
    let gone = expected.iter().filter(|(name, object)| object.sql.is_some() && !found.contains_key(*name));
    let gone = gone.map(|(name, _)| name);
    // Without a trigger or an index all can still be read, without a table it cannot.
    let (tables, others): (Vec<&Name>, Vec<&Name>) = gone.partition(|name| name.kind == "table");
    standing.foreign.extend(tables.iter().map(|name| format!("{name} is missing")));
    standing.missing.extend(others.iter().map(|name| format!("{name} is missing")));
    let last = applied.last().copied().unwrap_or(i64::MAX);
    if let Some((_, version)) = READ_FROM.iter().find(|(first, _)| last < *first)
        && standing.foreign.is_empty()
        && holds_campaigns(connection).await?
    {
        return Err(StoreError::Older { path: path.to_owned(), version });
    }
    Ok(standing)
}

/// What an entry of `sqlite_master` is called. Triggers have names of their own, beside those of tables and indexes.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    kind: String,
    name: String,
}

/// The rest of it.
#[derive(Debug, PartialEq, Eq)]
struct Object {
    table: String,
    sql: Option<String>,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} `{}`", self.kind, self.name)
    }
}

/// Entries of `sqlite_master` that are read, and bytes of each: several times what this program makes.
const ENTRIES: i64 = 1000;
const BYTES: i64 = 100_000;

async fn objects(connection: &mut SqliteConnection) -> Result<BTreeMap<Name, Object>, sqlx::Error> {
    let rows: Vec<(String, String, String, Option<String>)> = sqlx::query_as(
        "SELECT type, substr(name, 1, 200), substr(tbl_name, 1, 200), iif(octet_length(sql) > ?, '?', sql)
         FROM sqlite_master LIMIT ?",
    )
    .bind(BYTES)
    .bind(ENTRIES)
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|(kind, name, table, sql)| (Name { kind, name }, Object { table, sql })).collect())
}

/// What these migrations make.
async fn made(applied: &[i64]) -> Result<BTreeMap<Name, Object>, StoreError> {
    let mut connection = SqliteConnection::connect("sqlite::memory:").await?;
    let wanted = MIGRATIONS.iter().filter(|migration| applied.contains(&migration.version)).cloned();
    Migrator::with_migrations(wanted.collect()).run(&mut connection).await.map_err(unmigrated)?;
    let objects = objects(&mut connection).await?;
    connection.close().await?;
    Ok(objects)
}

/// Whether anything was recorded; the first migration makes the table.
async fn holds_campaigns(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM campaigns)").fetch_one(connection).await
}

/// The versions of the migrations that a database has; an error if others are among them.
async fn applied(connection: &mut SqliteConnection, path: &Path) -> Result<Vec<i64>, StoreError> {
    let rows: Vec<(i64, Vec<u8>)> = sqlx::query_as(
        "SELECT version, CAST(iif(octet_length(checksum) > 100, '', checksum) AS BLOB) FROM _sqlx_migrations
         ORDER BY version LIMIT ?",
    )
    .bind(ENTRIES)
    .fetch_all(connection)
    .await?;
    let known = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
    if let Some((found, _)) = rows.iter().find(|(version, _)| *version > known) {
        return Err(StoreError::Newer { path: path.to_owned(), found: *found, known });
    }
    let same = |(version, checksum): &(i64, Vec<u8>)| {
        MIGRATIONS.iter().any(|ours| ours.version == *version && *ours.checksum == **checksum)
    };
    if !rows.iter().all(same) {
        return Err(StoreError::OtherSchema { path: path.to_owned() });
    }
    Ok(rows.into_iter().map(|(version, _)| version).collect())
}

/// Applies what is missing in one transaction, so that of two processes that open a new database one waits.
pub(crate) async fn migrate(pool: &sqlx::SqlitePool, path: &Path) -> Result<(), StoreError> {
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    MIGRATIONS.run(&mut *transaction).await.map_err(|error| match error {
        // Another process was faster, and is another build.
        MigrateError::VersionMissing(_) | MigrateError::VersionMismatch(_) => {
            StoreError::OtherSchema { path: path.to_owned() }
        }
        other => unmigrated(other),
    })?;
    Ok(transaction.commit().await?)
}

fn unmigrated(error: MigrateError) -> StoreError {
    StoreError::Database(match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error,
        other => other.into(),
    })
}
