//! Opening: ours is opened, everything else is refused in words and left as it is.

use crate::lineage::{raw, wrong};
use crate::made_up::{inputs, record, started};
use sqlx::migrate::Migrator;
use std::fs;
use std::path::Path;
use store::{Store, StoreError};

/// A closed database that holds a campaign.
async fn database(path: &Path) {
    let store = Store::open(path).await.unwrap();
    record(&store, 1, Path::new("/")).await;
    store.close().await;
}

async fn refused(path: &Path) -> StoreError {
    let before = fs::read(path).unwrap();
    let error = Store::open(path).await.unwrap_err();
    assert_eq!(fs::read(path).unwrap(), before, "the file was changed: {error}");
    assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    error
}

#[tokio::test]
async fn a_missing_database_is_created_with_its_directory_and_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a/b/lineage.db");
    assert!(matches!(Store::open_existing(&path).await, Err(StoreError::NoDatabase { .. })));
    assert!(!path.exists() && !dir.path().join("a").exists());
    database(&path).await;
    assert_eq!(Store::open_existing(&path).await.unwrap().campaigns().await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_empty_file_is_what_a_process_killed_at_its_start_leaves() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lineage.db");
    fs::write(&path, "").unwrap();
    database(&path).await;
}

#[tokio::test]
async fn many_processes_may_open_a_new_database_at_once() {
    for _ in 0..20 {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lineage.db");
        let stores = (0..8).map(|_| {
            let path = path.clone();
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async {
                    let store = Store::open(&path).await?;
                    store.create(&started(1), Path::new("/"), &inputs()).await
                })
            })
        });
        for opened in stores.collect::<Vec<_>>() {
            opened.join().unwrap().unwrap();
        }
        assert_eq!(Store::open(&path).await.unwrap().campaigns().await.unwrap().len(), 8);
    }
}

#[tokio::test]
async fn a_newer_database_is_refused_and_unchanged() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lineage.db");
    database(&path).await;
    let pool = raw(&path).await;
    sqlx::query("INSERT INTO _sqlx_migrations VALUES (9000, 'from the future', CURRENT_TIMESTAMP, TRUE, x'00', 0)")
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
    let error = refused(&path).await;
    assert!(matches!(error, StoreError::Newer { found: 9000, .. }), "{error}");
}

/// A closed database as version 0.1.0 made it, with so many campaigns.
pub(crate) async fn older(path: &Path, campaigns: usize) {
    fs::write(path, "").unwrap();
    let pool = raw(path).await;
    sqlx::query("PRAGMA journal_mode = WAL").execute(&pool).await.unwrap();
    let all = sqlx::migrate!("../../migrations");
    let old = all.iter().filter(|migration| migration.version < 7).cloned().collect();
    Migrator::with_migrations(old).run(&pool).await.unwrap();
    for id in 0..campaigns {
        let campaign = sqlx::query(
            "INSERT INTO campaigns (id, name, directory, agents, toolchain, version, sandboxed, created_at_ms)
             VALUES (?, 'tiny', '/', 'builtin', 'rustc', '0.1.0', 1, 0)",
        );
        campaign.bind(id.to_string()).execute(&pool).await.unwrap();
    }
    pool.close().await;
}

#[tokio::test]
async fn an_older_database_with_a_campaign_is_refused_unchanged_and_names_the_version_that_reads_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lineage.db");
    older(&path, 1).await;
    let error = refused(&path).await;
    assert!(matches!(error, StoreError::Older { version: "0.1.0", .. }), "{error}");
    assert!(error.to_string().contains("use elenchus 0.1.0"), "{error}");
    let error = Store::open_existing(&path).await.unwrap_err();
    assert!(matches!(error, StoreError::Older { .. }), "{error}");
}

#[tokio::test]
async fn an_older_database_without_a_campaign_is_brought_up_to_date() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lineage.db");
    older(&path, 0).await;
    database(&path).await;
    let store = Store::open(&path).await.unwrap();
    assert_eq!(store.campaigns().await.unwrap().len(), 1);
    assert_eq!(wrong(&store).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_database_of_another_build_or_another_program_is_refused_and_unchanged() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lineage.db");
    database(&path).await;
    let pool = raw(&path).await;
    sqlx::query("UPDATE _sqlx_migrations SET checksum = x'00'").execute(&pool).await.unwrap();
    pool.close().await;
    assert!(matches!(refused(&path).await, StoreError::OtherSchema { .. }));

    let path = dir.path().join("bookmarks.db");
    database(&path).await;
    let pool = raw(&path).await;
    sqlx::query("DROP TABLE _sqlx_migrations").execute(&pool).await.unwrap();
    pool.close().await;
    assert!(matches!(refused(&path).await, StoreError::OtherSchema { .. }));
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_unchanged() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lineage.db");
    for text in ["x", "Dear diary, today I wrote no database, but a text that is longer than a header."] {
        fs::write(&path, text).unwrap();
        assert!(matches!(refused(&path).await, StoreError::NotADatabase { .. }));
    }
}

#[tokio::test]
async fn a_truncated_database_is_refused_and_unchanged() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lineage.db");
    database(&path).await;
    let whole = fs::read(&path).unwrap();
    for length in [16, 60, 100, 5_000, whole.len() / 2, whole.len() - 4096] {
        fs::write(&path, &whole[..length]).unwrap();
        let error = refused(&path).await;
        assert!(matches!(error, StoreError::DamagedFile { .. }), "{length} bytes: {error}");
    }
}

#[tokio::test]
async fn a_write_ahead_log_without_its_database_is_not_thrown_away() {
    let dir = tempfile::tempdir().unwrap();
    let (path, log) = (dir.path().join("lineage.db"), dir.path().join("lineage.db-wal"));
    fs::write(&log, "the last steps").unwrap();
    assert!(matches!(Store::open(&path).await, Err(StoreError::DamagedFile { .. })));
    fs::write(&path, "").unwrap();
    assert!(matches!(refused(&path).await, StoreError::DamagedFile { .. }));
    assert_eq!(fs::read_to_string(&log).unwrap(), "the last steps");
}

#[tokio::test]
async fn a_database_with_broken_pages_says_so_when_they_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lineage.db");
    database(&path).await;
    let mut bytes = fs::read(&path).unwrap();
    bytes[8192..].fill(0x5a);
    fs::write(&path, bytes).unwrap();
    match Store::open(&path).await {
        Ok(store) => assert!(store.check().await.map_or(true, |findings| findings.iter().any(|f| f.problem.is_some()))),
        Err(error) => assert!(matches!(error, StoreError::DamagedFile { .. }), "{error}"),
    }
}

#[tokio::test]
async fn a_place_that_cannot_be_written_is_named() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    // Not by permissions: the superuser, who runs many a CI, has them all.
    for path in [dir.path().join("file/lineage.db"), "/proc/lineage.db".into()] {
        let error = Store::open(&path).await.unwrap_err();
        assert!(matches!(error, StoreError::Unwritable { .. }), "{}: {error}", path.display());
    }
}
