//! Databases that somebody changed: nothing that was put there is run, and nothing that was changed is used without a word.
//! Each control shows what the change does where nobody looks.

use crate::lineage::{raw, tamper, wrong};
use crate::made_up::{inputs, record, source, spec, started};
use science::event::RULES;
use science::id::{CandidateId, Hash};
use std::path::{Path, PathBuf};
use store::{CampaignId, Observation, Store, StoreError};

/// A closed database that holds a finished campaign with a few observations.
async fn database(dir: &Path) -> (PathBuf, CampaignId) {
    let path = dir.join("lineage.db");
    let store = Store::open(&path).await.unwrap();
    let (id, _) = record(&store, 1, dir).await;
    for ordinal in 0..4 {
        store.observe(&id, &reply(ordinal)).await.unwrap();
    }
    store.close().await;
    (path, id)
}

fn reply(ordinal: u32) -> Observation {
    let key = Hash::of(b"what was asked");
    Observation { key, ordinal, kind: "reply".into(), payload: format!("{{\"said\":{ordinal}}}") }
}

async fn change(path: &Path, statements: &[&str]) {
    let pool = raw(path).await;
    for statement in statements {
        sqlx::query(sqlx::AssertSqlSafe((*statement).to_owned())).execute(&pool).await.expect(statement);
    }
    pool.close().await;
}

async fn count(path: &Path, query: &'static str) -> i64 {
    let pool = raw(path).await;
    let count = sqlx::query_scalar(query).fetch_one(&pool).await.unwrap();
    pool.close().await;
    count
}

/// What an opening says is wrong.
async fn refused(path: &Path) -> Vec<String> {
    match Store::open_existing(path).await.map(drop) {
        Err(StoreError::Foreign { problems, .. }) => problems,
        other => panic!("{other:?}"),
    }
}

/// Never comes to its end.
const FOR_EVER: &str = "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r";

#[tokio::test]
async fn what_somebody_put_into_the_schema_is_named_and_not_run() {
    for (statements, named) in [
        (
            vec![
                "ALTER TABLE files RENAME TO f0".into(),
                format!("CREATE VIEW files AS SELECT hash, text FROM f0 WHERE ({FOR_EVER}) > 0"),
            ],
            vec!["the view `files`", "the table `f0`"],
        ),
        (
            vec![format!("CREATE TRIGGER evil BEFORE INSERT ON events BEGIN SELECT ({FOR_EVER}); END")],
            vec!["the trigger `evil` on `events`"],
        ),
        (
            vec!["CREATE TRIGGER evil BEFORE INSERT ON observations BEGIN SELECT RAISE(IGNORE); END".into()],
            vec!["the trigger `evil` on `observations`"],
        ),
        (
            vec!["CREATE TRIGGER evil AFTER INSERT ON measured BEGIN UPDATE measured SET trial = '[1]'; END".into()],
            vec!["the trigger `evil` on `measured`"],
        ),
        (vec!["CREATE TABLE mine (a)".into()], vec!["the table `mine`"]),
        (vec!["CREATE VIRTUAL TABLE mine USING fts5 (a)".into()], vec!["the table `mine`"]),
        (vec!["CREATE INDEX mine ON events (at_ms)".into()], vec!["the index `mine` on `events`"]),
        (vec!["ANALYZE".into()], vec!["the table `sqlite_stat1`"]),
        (vec!["ALTER TABLE work ADD COLUMN mine TEXT".into()], vec!["the table `work`"]),
        (
            vec![
                "DROP TRIGGER events_are_never_changed".into(),
                "CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events BEGIN SELECT 1; END".into(),
            ],
            vec!["the trigger `events_are_never_changed` is not as"],
        ),
        (vec!["DROP TABLE evidence".into()], vec!["the table `evidence` is missing"]),
        (
            vec!["DROP VIEW trial_values".into(), format!("CREATE VIEW trial_values AS {FOR_EVER}")],
            vec!["the view `trial_values` is not as"],
        ),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let (path, _) = database(dir.path()).await;
        change(&path, &statements.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let before = std::fs::read(&path).unwrap();
        let problems = refused(&path).await.join("; ");
        for name in named {
            assert!(problems.contains(name), "{name}: {problems}");
        }
        assert_eq!(std::fs::read(&path).unwrap(), before, "it was written to");
    }
}

#[tokio::test]
async fn a_trigger_that_swallows_rows_swallows_them_without_a_word_where_nobody_looks() {
    let dir = tempfile::tempdir().unwrap();
    let (path, id) = database(dir.path()).await;
    change(&path, &["CREATE TRIGGER evil BEFORE INSERT ON observations BEGIN SELECT RAISE(IGNORE); END"]).await;
    let insert = format!("INSERT INTO observations VALUES ('{id}', 'k', 0, 'reply', 'paid for', 0, 4, 'd')");
    change(&path, &[&insert]).await;
    assert_eq!(count(&path, "SELECT count(*) FROM observations").await, 4, "the control: SQLite takes it and loses it");
    assert_eq!(refused(&path).await, ["the trigger `evil` on `observations` is not this program's"]);
}

#[tokio::test]
async fn a_guard_that_was_taken_away_is_missed_with_what_it_guarded() {
    let dir = tempfile::tempdir().unwrap();
    let (path, _) = database(dir.path()).await;
    change(&path, &["DROP TRIGGER observations_are_never_changed", "UPDATE observations SET payload = '{}'"]).await;
    let problems = refused(&path).await;
    assert_eq!(problems[0], "the trigger `observations_are_never_changed` is missing");
    assert!(problems[1].contains("observation 0") && problems[1].contains("`reply`"), "{problems:?}");

    let dir = tempfile::tempdir().unwrap();
    let (path, _) = database(dir.path()).await;
    let last = "DELETE FROM events WHERE seq = (SELECT max(seq) FROM events)";
    change(&path, &["DROP TRIGGER events_are_never_deleted", last]).await;
    let problems = refused(&path).await;
    assert!(problems[1].contains("the end of the log is missing"), "{problems:?}");
    assert_eq!(problems.len(), 2);
}

#[tokio::test]
async fn an_observation_that_was_changed_taken_away_or_added_is_found() {
    for (statement, found) in [
        ("UPDATE observations SET payload = '{}' WHERE ordinal = 2", "observation 2"),
        ("UPDATE observations SET payload = '' WHERE ordinal = 0", "observation 0"),
        ("UPDATE observations SET payload = CAST(x'ff' AS TEXT) WHERE ordinal = 3", "observation 3"),
        ("UPDATE observations SET kind = 'session' WHERE ordinal = 1", "observation 1"),
        ("UPDATE observations SET at_ms = 7 WHERE ordinal = 1", "observation 1"),
        ("UPDATE observations SET ordinal = 9 WHERE ordinal = 1", "observation 1"),
        ("DELETE FROM observations WHERE ordinal = 1", "observation 1"),
        ("DELETE FROM observations WHERE ordinal = 3", "observation 3"),
        ("DELETE FROM observations", "observation 0"),
        (
            "INSERT INTO observations SELECT campaign, 'k', 0, kind, payload, at_ms, NULL, NULL FROM observations LIMIT 1",
            "observation 0",
        ),
        (
            "INSERT INTO observations SELECT campaign, 'k', 0, kind, payload, at_ms, 4, digest FROM observations LIMIT 1",
            "observation 4",
        ),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let (path, id) = database(dir.path()).await;
        tamper(&path, &[statement]).await;
        let store = Store::open_existing(&path).await.unwrap();
        let error = store.load(&id).await.unwrap_err();
        assert!(error.to_string().starts_with(found), "{statement}: {error}");
        assert_eq!(wrong(&store).await, [error.to_string()], "{statement}");
    }
}

#[tokio::test]
async fn an_observation_is_not_put_after_a_damaged_end() {
    let dir = tempfile::tempdir().unwrap();
    let (path, id) = database(dir.path()).await;
    change(&path, &["UPDATE campaigns SET observed_length = 2"]).await;
    let store = Store::open_existing(&path).await.unwrap();
    let error = store.observe(&id, &reply(4)).await.unwrap_err();
    assert!(matches!(error, StoreError::DamagedObservation { .. }), "{error}");
}

#[tokio::test]
async fn several_processes_put_their_observations_into_one_chain() {
    let dir = tempfile::tempdir().unwrap();
    let (path, id) = database(dir.path()).await;
    let (first, second) = (Store::open(&path).await.unwrap(), Store::open(&path).await.unwrap());
    for ordinal in (4..40).step_by(2) {
        let (mine, theirs) = (reply(ordinal), reply(ordinal + 1));
        let (mine, theirs) = tokio::join!(first.observe(&id, &mine), second.observe(&id, &theirs));
        mine.and(theirs).unwrap();
    }
    assert_eq!(first.observations(&id, "reply").await.unwrap().len(), 40);
    assert_eq!(wrong(&second).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_source_that_was_planted_is_refused() {
    let planted = "UPDATE candidates SET source = (SELECT hash FROM files WHERE text LIKE '%// c2')";
    for (statement, said) in [
        (planted, "the table of candidates names another text"),
        ("UPDATE files SET text = 'fn evil() {}' WHERE text LIKE '%// c1'", "its text was changed"),
        ("UPDATE files SET text = CAST(x'ff' AS TEXT) WHERE text LIKE '%// c1'", "its text was changed"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let (path, id) = database(dir.path()).await;
        let store = Store::open_existing(&path).await.unwrap();
        let candidate =
            store.load(&id).await.unwrap().state.candidates[&CandidateId::from("c1".to_owned())].candidate.clone();
        assert_eq!(store.source(&id, &candidate).await.unwrap(), Some(source("c1")));
        change(&path, &[statement]).await;
        let error = store.source(&id, &candidate).await.unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
        assert!(!wrong(&store).await.is_empty());
    }
    // The control: the table's own text is another candidate's.
    let dir = tempfile::tempdir().unwrap();
    let (path, _) = database(dir.path()).await;
    change(&path, &[planted]).await;
    let query = "SELECT count(*) FROM candidates JOIN files ON hash = source WHERE id = 'c1' AND text LIKE '%// c2'";
    assert_eq!(count(&path, query).await, 1);
}

/// The baseline's first trial gives its last value to the second: all values are there, in their order.
const ONE_VALUE_FURTHER: &str = "UPDATE measured
     SET trial = iif(seed = 0, json_remove(trial, '$[#-1]'), '[' || last || ',' || substr(trial, 2))
     FROM (SELECT trial -> '$[#-1]' AS last FROM measured
           WHERE policy = 'baseline' AND scenario = 'near' AND seed = 0 AND iteration IS NULL)
     WHERE policy = 'baseline' AND scenario = 'near' AND seed < 2 AND iteration IS NULL";

#[tokio::test]
async fn trials_that_were_changed_are_found_before_anything_is_paired_with_them() {
    let calibrated = store_hash().await;
    for statement in [
        "UPDATE measured SET trial = json_set(trial, '$[0]', 1.5) WHERE policy = 'baseline'",
        "UPDATE measured SET trial = json_set(trial, '$[1]', NULL) WHERE policy = 'reference-4^-1' AND seed = 2 AND scenario = 'far'",
        "UPDATE measured SET trial = '{}' WHERE policy = 'baseline' AND seed = 0",
        "UPDATE measured SET seed = 1000 WHERE policy = 'baseline' AND seed = 0",
        "UPDATE measured SET policy = CASE policy WHEN 'baseline' THEN 'x' ELSE 'baseline' END
         WHERE policy IN ('baseline', 'reference')",
        "UPDATE scenarios SET position = 1 - position",
        "DELETE FROM measured WHERE policy = 'reference-again-2'",
        ONE_VALUE_FURTHER,
    ] {
        let dir = tempfile::tempdir().unwrap();
        let (path, id) = database(dir.path()).await;
        let store = Store::open_existing(&path).await.unwrap();
        let honest = store.baseline(&id, &calibrated, (&spec(), 2)).await.unwrap();
        change(&path, &[statement]).await;
        let error = store.baseline(&id, &calibrated, (&spec(), 2)).await.unwrap_err();
        assert!(matches!(error, StoreError::DamagedTrials { seq: 1, .. }), "{statement}: {error}");
        assert!(wrong(&store).await.contains(&error.to_string()), "{statement}");
        if statement.contains("1.5") {
            assert_ne!(
                store.trials(&id, "baseline").await.unwrap(),
                honest,
                "the control: the rows are read as they are"
            );
        }
    }
    for statement in [
        "UPDATE measured SET trial = json_set(trial, '$[5]', 3) WHERE policy = 'c1' AND seed = 1 AND iteration IS NULL",
        "UPDATE measured SET trial = json_set(trial, '$[5]', 3) WHERE policy = 'c1' AND seed = 1 AND iteration = 1",
        "UPDATE measured SET trial = json_set(trial, '$[3]', 3) WHERE policy = 'baseline' AND iteration = 1",
    ] {
        let dir = tempfile::tempdir().unwrap();
        let (path, _) = database(dir.path()).await;
        change(&path, &[statement]).await;
        let store = Store::open_existing(&path).await.unwrap();
        let found = wrong(&store).await;
        assert!(found.iter().any(|found| found.starts_with("the trials of ")), "{statement}: {found:?}");
    }
}

#[tokio::test]
async fn trials_that_no_event_brought_are_found() {
    let copy = |policy: &str, seed: &str, iteration: &str, seq: &str| {
        format!(
            "INSERT INTO measured (campaign, policy, scenario, seed, iteration, seq, trial)
             SELECT campaign, {policy}, scenario, {seed}, {iteration}, {seq}, trial FROM measured
             WHERE policy = 'c1' AND seed = 1 AND iteration IS NULL"
        )
    };
    for (statement, brought_all) in [
        (copy("policy", "9", "1", "seq"), true),
        (copy("'c9'", "seed", "NULL", "seq"), true),
        (copy("'baseline'", "99", "1", "0"), true),
        ("UPDATE measured SET seq = 1 WHERE policy = 'c1' AND iteration IS NULL".into(), true),
        ("SELECT 1".into(), false),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let (path, _) = database(dir.path()).await;
        change(&path, &[statement.as_str()]).await;
        let found = wrong(&Store::open_existing(&path).await.unwrap()).await;
        let is_told = found.iter().any(|found| found.contains("are said to have come with event"));
        assert_eq!(is_told, brought_all, "{statement}: {found:?}");
    }
}

/// The hash over the yardsticks' trials of the made-up campaign.
async fn store_hash() -> Hash {
    let dir = tempfile::tempdir().unwrap();
    let (path, id) = database(dir.path()).await;
    Store::open_existing(&path).await.unwrap().load(&id).await.unwrap().calibrated.unwrap()
}

#[tokio::test]
async fn forged_figures_in_derived_tables_change_nothing_and_are_found() {
    for (statement, table) in [
        ("UPDATE candidates SET admissible = 1, regret = -1", "candidates"),
        ("UPDATE scores SET value = 0.99 WHERE figure = 'saving'", "scores"),
        ("UPDATE metrics SET unit = 'plain'", "metrics"),
        ("UPDATE arms SET verdict = 'confirmed', reason = 'forged' WHERE verdict IS NOT NULL", "arms"),
        ("UPDATE campaigns SET ended = NULL", "campaigns"),
        ("UPDATE campaigns SET name = char(27) || ']0;title' || char(7) || name", "campaigns"),
        ("UPDATE work SET prompt_tokens = 0", "work"),
        ("DELETE FROM evidence", "evidence"),
        ("UPDATE inputs SET hash = (SELECT min(hash) FROM files)", "inputs"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let (path, id) = database(dir.path()).await;
        let store = Store::open_existing(&path).await.unwrap();
        let before = store.load(&id).await.unwrap();
        assert_eq!(wrong(&store).await, Vec::<String>::new());
        change(&path, &[statement]).await;
        let after = store.load(&id).await.unwrap();
        assert_eq!(format!("{:?}", after.state), format!("{:?}", before.state));
        let found = wrong(&store).await;
        assert!(found[0].starts_with(&format!("the table `{table}` does not say")), "{found:?}");
    }
}

#[tokio::test]
async fn more_than_this_program_writes_is_not_read_into_memory() {
    let (much, more) = ("printf('%.*c', 70000000, 'x')", "70000000 bytes");
    for (statement, what) in [
        (format!("UPDATE observations SET payload = {much} WHERE ordinal = 2"), "observations"),
        (format!("UPDATE events SET words = {much} WHERE seq = 2"), "events"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let (path, id) = database(dir.path()).await;
        tamper(&path, &[&statement]).await;
        let error = Store::open_existing(&path).await.unwrap().load(&id).await.unwrap_err();
        assert!(matches!(error, StoreError::TooLarge { .. }), "{error}");
        assert!(error.to_string().contains(what), "{error}");
        let long = count(
            &path,
            "SELECT max(octet_length(payload), octet_length(coalesce(words, ''))) FROM events WHERE seq = 2",
        );
        assert!(what == "observations" || long.await == 70_000_000, "the control: {more} are there");
    }
}

#[tokio::test]
async fn what_is_no_file_is_named_and_not_opened() {
    let dir = tempfile::tempdir().unwrap();
    for (companion, at) in [("", 0), ("-wal", 1), ("-shm", 2), ("-journal", 3)] {
        let home = dir.path().join(at.to_string());
        std::fs::create_dir(&home).unwrap();
        let path = home.join("lineage.db");
        let thing = home.join(format!("lineage.db{companion}"));
        let pipe = || assert!(std::process::Command::new("mkfifo").arg(&thing).status().unwrap().success());
        let device = || std::os::unix::fs::symlink("/dev/zero", &thing).unwrap();
        let socket = || drop(std::os::unix::net::UnixListener::bind(&thing).unwrap());
        let directory = || std::fs::create_dir(&thing).unwrap();
        let things: [(&str, &dyn Fn()); 4] =
            [("a pipe", &pipe), ("a device", &device), ("a socket", &socket), ("a directory", &directory)];
        for (kind, make) in things {
            make();
            let error = Store::open(&path).await.unwrap_err();
            assert!(matches!(error, StoreError::NotAFile { kind: found, .. } if found == kind), "{kind}: {error}");
            assert!(error.to_string().contains(thing.to_str().unwrap()), "{error}");
            if companion.is_empty() {
                let error = Store::open_existing(&path).await.unwrap_err();
                assert!(matches!(error, StoreError::NotAFile { .. }), "{error}");
            }
            std::fs::remove_file(&thing).or_else(|_| std::fs::remove_dir(&thing)).unwrap();
        }
    }
}

/// A rollback journal that says it belongs to a transaction over several files, whose list lies at `list`.
fn journal(list: &Path) -> Vec<u8> {
    let magic = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
    let name = list.to_str().unwrap().as_bytes();
    let sum = name.iter().fold(0_u32, |sum, byte| sum.wrapping_add(u32::from(*byte)));
    let mut bytes = magic.to_vec();
    for number in [0_u32, 1, 1, 512, 4096] {
        bytes.extend(number.to_be_bytes());
    }
    bytes.resize(512, 0);
    bytes.extend([0, 0, 0, 1]);
    bytes.extend(name);
    bytes.extend((name.len() as u32).to_be_bytes());
    bytes.extend(sum.to_be_bytes());
    bytes.extend(magic);
    bytes
}

#[tokio::test]
async fn a_planted_journal_deletes_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let (path, _) = database(dir.path()).await;
    let precious = dir.path().join("precious");
    std::fs::write(&precious, "my thesis").unwrap();
    std::fs::write(dir.path().join("lineage.db-journal"), journal(&precious)).unwrap();
    let error = Store::open_existing(&path).await.unwrap_err();
    assert!(matches!(error, StoreError::Journal { .. }), "{error}");
    assert_eq!(std::fs::read_to_string(&precious).unwrap(), "my thesis");
    // The control: SQLite by itself rolls it back, and deletes what it names.
    drop(sqlx::query("SELECT count(*) FROM campaigns").execute(&raw(&path).await).await);
    assert!(!precious.exists(), "SQLite left it");
}

#[tokio::test]
async fn a_campaign_of_other_rules_is_never_called_damaged() {
    let dir = tempfile::tempdir().unwrap();
    let (path, id) = database(dir.path()).await;
    tamper(&path, &["UPDATE campaigns SET rules = 2, version = '0.1.9'"]).await;
    let store = Store::open_existing(&path).await.unwrap();
    let error = store.load(&id).await.unwrap_err();
    assert!(error.to_string().contains("says that it was recorded under other rules"), "the control: {error}");

    let other =
        format!("UPDATE events SET payload = replace(payload, '\"rules\":{RULES}', '\"rules\":2') WHERE seq = 0");
    tamper(&path, &[&other]).await;
    let error = store.load(&id).await.unwrap_err();
    assert!(matches!(error, StoreError::OtherRules { rules: 2, .. }), "{error}");
    assert!(error.to_string().contains("was recorded under rules 2 (elenchus 0.1.9)"), "{error}");
    assert_eq!(wrong(&store).await, Vec::<String>::new());

    // New campaigns run beside it.
    let (id, _) = record(&store, 1, dir.path()).await;
    store.load(&id).await.unwrap();
    assert_eq!(wrong(&store).await, Vec::<String>::new());
    assert_eq!(store.find_open().await.unwrap(), None);
    let open = store.create(&started(2), dir.path(), &inputs()).await.unwrap();
    assert_eq!(store.find_open().await.unwrap(), Some(open));
}
