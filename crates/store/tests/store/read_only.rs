//! Reading where nothing can be written: all of it, or an error that says what cannot be read.

use crate::made_up::{append, inputs, play, started};
use crate::open::older;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use store::Store;

/// Set for the process that may only read: the database.
const READER: &str = "ELENCHUS_TEST_READER";

/// Says what there is to be read, in a process that may not write.
#[tokio::test]
#[expect(clippy::print_stdout, reason = "its parent reads what it says")]
async fn reader() {
    let Some(path) = std::env::var_os(READER) else { return };
    let said = match Store::open_existing(Path::new(&path)).await {
        Ok(store) => {
            let id = store.find(None).await.unwrap();
            let events = store.load(&id).await.map(|loaded| loaded.head.next_seq());
            let written = store.create(&started(2), Path::new("/"), &inputs()).await.map(drop);
            let written = written.map_or_else(|error| error.to_string(), |()| "it wrote".into());
            format!("{events:?}, read-only {}; {written}", store.is_read_only())
        }
        Err(error) => error.to_string(),
    };
    println!("read: {said}");
}

/// What somebody reads who has the rights to do so, and none to write.
fn read(dir: &Path) -> String {
    let mode = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    for entry in std::fs::read_dir(dir).unwrap() {
        mode(&entry.unwrap().path(), 0o444);
    }
    mode(dir, 0o555);
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "read_only::reader", "--nocapture"]).env(READER, dir.join("lineage.db"));
    // The superuser may write everywhere.
    if std::fs::metadata("/proc/self").unwrap().uid() == 0 {
        command.uid(65_534).gid(65_534);
    }
    let output = command.output().unwrap();
    mode(dir, 0o755);
    for entry in std::fs::read_dir(dir).unwrap() {
        mode(&entry.unwrap().path(), 0o644);
    }
    let said = String::from_utf8(output.stdout).unwrap();
    said.split_once("read: ").unwrap_or_else(|| panic!("{said}")).1.lines().next().unwrap().to_owned()
}

#[tokio::test]
async fn what_cannot_be_written_is_read_to_its_last_step_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lineage.db");
    let store = Store::open(&path).await.unwrap();
    let id = store.create(&started(1), dir.path(), &inputs()).await.unwrap();
    store.close().await;
    let read_alone = read(dir.path());
    assert!(read_alone.starts_with("Ok(1), read-only true; cannot write to"), "{read_alone}");

    // While somebody else has it open, and writes.
    let store = Store::open(&path).await.unwrap();
    append(&store, &id, &play(&started(1))[0]).await.unwrap();
    assert!(std::fs::metadata(dir.path().join("lineage.db-wal")).unwrap().len() > 0);
    let read_beside = read(dir.path());
    assert!(read_beside.starts_with("Ok(2), read-only true"), "{read_beside}");

    // As a killed process leaves it.
    let left = tempfile::tempdir().unwrap();
    for file in ["lineage.db", "lineage.db-wal", "lineage.db-shm"] {
        std::fs::copy(dir.path().join(file), left.path().join(file)).unwrap();
    }
    let read_after = read(left.path());
    assert!(read_after.starts_with("Ok(2), read-only true"), "{read_after}");

    // Its last steps cannot be read without an index, and none can be made.
    std::fs::remove_file(left.path().join("lineage.db-shm")).unwrap();
    let unread = read(left.path());
    assert!(unread.contains("last steps") && unread.contains("`-wal` file"), "{unread}");
    // The control: as a file that does not change it would be read without them, and without a word.
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(left.path().join("lineage.db")).immutable(true);
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM events").fetch_one(&pool).await.unwrap();
    assert_eq!(count, 1);
    drop(store);
}

#[tokio::test]
async fn an_older_database_that_cannot_be_written_says_which_version_reads_its_campaigns() {
    let dir = tempfile::tempdir().unwrap();
    older(&dir.path().join("lineage.db"), 1).await;
    let with_campaigns = read(dir.path());
    assert!(with_campaigns.contains("use elenchus 0.1.0"), "{with_campaigns}");
    older(&dir.path().join("lineage.db"), 0).await;
    let without = read(dir.path());
    assert!(without.contains("cannot be brought up to date where it cannot be written"), "{without}");
}

#[tokio::test]
async fn who_watches_sees_what_is_added_and_holds_nobody_up() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lineage.db");
    let writer = Store::open(&path).await.unwrap();
    let id = writer.create(&started(1), dir.path(), &inputs()).await.unwrap();
    writer.close().await;
    let watching = Store::open_to_watch(&path).await.unwrap();
    assert!(watching.is_read_only());
    let before = watching.pulse(&id).await.unwrap();
    let writer = Store::open(&path).await.unwrap();
    append(&writer, &id, &play(&started(1))[0]).await.unwrap();
    let after = watching.pulse(&id).await.unwrap();
    assert_eq!((before.to_string(), after.to_string()), ("1.0".into(), "2.0".into()));
    assert_eq!(watching.load(&id).await.unwrap().head.next_seq(), 2);
    // Nobody keeps the log open that has read it: all of it goes into the database.
    let folded: (i64, i64, i64) =
        sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&crate::lineage::raw(&path).await).await.unwrap();
    assert_eq!(folded.0, 0, "a checkpoint waits for somebody");
    let written = watching.create(&started(2), dir.path(), &inputs()).await;
    assert!(written.is_err());
}
