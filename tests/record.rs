//! The record of a campaign: what somebody changed in it is found before it is used, it can be read where nothing can be
//! written, and its digest does not depend on where and how the campaign ran.

use crate::environment::Environment;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Stdio;

pub(crate) const DATABASE: &str = ".elenchus/lineage.db";

/// Runs SQL on a database, as somebody with a tool for it would.
pub(crate) fn change(file: &Path, sql: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file).foreign_keys(false);
        let mut connection = sqlx::ConnectOptions::connect(&options).await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
        sqlx::Connection::close(connection).await.unwrap();
    });
}

/// The same, with the guards taken away before and put back after.
fn change_behind_the_guards(file: &Path, table: &str, sql: &str) {
    let (never, drop) = (["changed", "deleted"], |verb: &str| format!("DROP TRIGGER {table}_are_never_{verb};"));
    let made = |verb: &str| {
        let event = if verb == "changed" { "UPDATE" } else { "DELETE" };
        format!(
            "CREATE TRIGGER {table}_are_never_{verb} BEFORE {event} ON {table}\nBEGIN SELECT RAISE(ABORT, '{table} are never {verb}'); END;"
        )
    };
    let (away, back) = (never.map(drop).concat(), never.map(made).concat());
    change(file, &format!("{away}{sql};{back}"));
}

const PLANTED: &str = "use admitter::prelude::*; pub struct Policy; // planted";

#[test]
fn a_planted_or_changed_database_is_refused_by_what_would_use_it_and_by_nothing_else() {
    let whole = Environment::ended(2);
    let hash = engine::science::id::Hash::of(PLANTED.as_bytes());
    let source = format!("INSERT INTO files VALUES ('{hash}', '{PLANTED}'); UPDATE candidates SET source = '{hash}'");
    let slow = "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r";
    let view =
        format!("ALTER TABLE files RENAME TO f0; CREATE VIEW files AS SELECT hash, text FROM f0 WHERE ({slow}) > 0");
    let trigger = format!("CREATE TRIGGER evil BEFORE INSERT ON events BEGIN SELECT ({slow}); END");
    let cases: [(&str, &str, &[&[&str]], &str); 9] = [
        ("", &view, &[&["list"], &["report"], &["status"], &["run", "tiny"]], "the view `files`"),
        ("", &trigger, &[&["run", "tiny"], &["report"]], "the trigger `evil`"),
        (
            "",
            "CREATE TRIGGER evil BEFORE INSERT ON observations BEGIN SELECT RAISE(IGNORE); END",
            &[&["run", "tiny"]],
            "the trigger `evil`",
        ),
        (
            "observations",
            "UPDATE observations SET payload = '{}'",
            &[&["status"], &["report"], &["resume"]],
            "observation 0",
        ),
        ("observations", "DELETE FROM observations", &[&["status"], &["verify"]], "observation 0"),
        (
            "events",
            "DELETE FROM events WHERE seq = (SELECT max(seq) FROM events)",
            &[&["list"], &["status"], &["resume"]],
            "the end of the log is missing",
        ),
        ("", &source, &[&["champion"], &["verify"]], "is not the one that the log"),
        (
            "",
            "UPDATE measured SET trial = json_set(trial, '$[0]', 1.5) WHERE policy = 'baseline'",
            &[&["resume"]],
            "the trials of the yardsticks",
        ),
        ("", "UPDATE files SET text = text || ' '", &[&["champion"], &["resume"]], ""),
    ];
    for (guarded, sql, commands, said) in cases {
        let environment = Environment::new();
        environment.copy("experiments/tiny");
        std::fs::create_dir(environment.path(".elenchus")).unwrap();
        std::fs::copy(whole.path(DATABASE), environment.path(DATABASE)).unwrap();
        match guarded {
            "" => change(&environment.path(DATABASE), sql),
            table => change_behind_the_guards(&environment.path(DATABASE), table, sql),
        }
        for command in commands {
            let outcome = environment.run(command);
            let text = format!("{}{}", outcome.stdout, outcome.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(outcome.code == 1 || outcome.code == 2, "{sql}: {command:?} ended with {}", outcome.code);
            assert!(text.contains(said) && !text.contains("planted"), "{sql}: {command:?}: {text}");
        }
        let checked = environment.run(&["doctor", "--state"]);
        assert_eq!(checked.code, 1, "{sql}: {}", checked.stdout);
        assert!(
            checked.stdout.lines().any(|line| line.starts_with("WRONG") && line.contains(said)),
            "{}",
            checked.stdout
        );
    }
    // The control: the same commands on what nobody changed.
    for command in [&["list"][..], &["report"], &["status"], &["champion"], &["resume"], &["doctor", "--state"]] {
        whole.ok(command);
    }
}

#[test]
fn forged_figures_in_derived_tables_show_nowhere_and_doctor_names_them() {
    let environment = Environment::ended(2);
    let commands = [&["list"][..], &["status"], &["report"], &["champion"]];
    let before = commands.map(|command| environment.ok(command));
    change(
        &environment.path(DATABASE),
        "UPDATE candidates SET admissible = 1, regret = 0; UPDATE scores SET value = 0.99;
         UPDATE campaigns SET name = char(27) || ']0;title' || char(7) || name;",
    );
    let after = commands.map(|command| environment.ok(command));
    assert_eq!(after, before);
    let checked = environment.run(&["doctor", "--state"]);
    assert_eq!(checked.code, 1);
    assert!(
        checked.stdout.contains("the table `candidates` does not say what follows from the log"),
        "{}",
        checked.stdout
    );
}

/// Runs a command as somebody who may only read.
fn as_a_reader(environment: &Environment, arguments: &[&str]) -> crate::environment::Outcome {
    let mut command = environment.command(arguments);
    // The superuser may write everywhere.
    if std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0) {
        command.uid(65_534).gid(65_534);
    }
    command.output().expect("the command starts").into()
}

fn permit(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_state_directory_that_cannot_be_written_can_be_read() {
    let mut environment = Environment::ended(2);
    // A reader's own cache; the shared one belongs to whoever runs the tests.
    std::fs::create_dir(environment.path("cache")).unwrap();
    permit(&environment.path("cache"), 0o777);
    let cache = environment.path("cache").to_str().unwrap().to_owned();
    environment.set("XDG_CACHE_HOME", &cache);
    permit(&environment.path(""), 0o755);
    let commands = [&["list"][..], &["report"], &["show"], &["status"], &["champion"]];
    let before = commands.map(|command| environment.ok(command));
    let files = |environment: &Environment| {
        let mut names: Vec<_> =
            std::fs::read_dir(environment.path(".elenchus")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let there = files(&environment);
    permit(&environment.path(DATABASE), 0o444);
    permit(&environment.path(".elenchus"), 0o555);
    for (command, before) in commands.iter().zip(&before) {
        let outcome = as_a_reader(&environment, command);
        assert_eq!((outcome.code, &outcome.stdout), (0, before), "{command:?}: {}", outcome.stderr);
    }
    let checked = as_a_reader(&environment, &["doctor", "--state"]);
    assert_eq!(checked.code, 0, "{}{}", checked.stdout, checked.stderr);
    let doctor = as_a_reader(&environment, &["doctor"]).stdout;
    let line = doctor.lines().find(|line| line.contains("database")).expect("a line");
    assert!(line.starts_with("ok") && line.contains("read-only"), "{line}");
    // The control: what would write says that it cannot.
    let outcome = as_a_reader(&environment, &["run", "tiny"]);
    assert!(outcome.code != 0 && outcome.stderr.contains("cannot write"), "{}", outcome.stderr);
    assert_eq!(files(&environment), there, "reading left something behind");
    permit(&environment.path(".elenchus"), 0o755);
}

#[test]
fn resume_takes_up_what_was_interrupted_and_list_says_what_became_of_each() {
    let environment = Environment::new();
    environment.copy("experiments/tiny");
    let mut child = environment.command(&["run", "tiny"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    assert!(BufReader::new(child.stderr.take().unwrap()).lines().nth(2).is_some());
    child.kill().unwrap();
    child.wait().unwrap();
    environment.ok(&["run", "tiny", "--iterations", "1"]);
    let states = |environment: &Environment| -> Vec<String> {
        let listed = environment.json(&["list", "--format", "json"]);
        listed.as_array().unwrap().iter().map(|row| row["state"].as_str().unwrap().to_owned()).collect()
    };
    let before = states(&environment);
    assert!(before[0].starts_with("stopped in iteration ") && before[1] == "completed", "{before:?}");
    let listed = environment.json(&["list", "--format", "json"]);
    let status = environment.ok(&["status", listed[0]["id"].as_str().unwrap()]);
    let status = status.replace('\n', " ");
    assert!(status.contains("no process has been at work on it since 20"), "{status}");
    let resumed = environment.run(&["resume"]);
    assert_eq!(resumed.code, 0, "{}", resumed.stderr);
    assert!(resumed.stderr.starts_with("resuming campaign "), "{}", resumed.stderr);
    assert_eq!(states(&environment), ["completed", "completed"]);
    let table = environment.ok(&["list"]);
    for word in ["opened", "state", "champion", "worth", "completed", "UTC"] {
        assert!(table.contains(word), "{word}: {table}");
    }
}

#[test]
fn a_campaign_on_one_core_has_the_digest_of_one_on_all_of_them() {
    let environment = Environment::new();
    environment.copy("experiments/tiny");
    environment.ok(&["run", "tiny", "--state-dir", "all"]);
    let alone = environment.command(&["run", "tiny", "--state-dir", "one"]);
    let mut pinned = std::process::Command::new("taskset");
    pinned.args(["-c", "0"]).arg(alone.get_program()).args(alone.get_args()).env_clear().stdin(Stdio::null());
    pinned.envs(alone.get_envs().filter_map(|(name, value)| Some((name, value?))));
    pinned.current_dir(environment.path("")).stdout(Stdio::null()).stderr(Stdio::null());
    assert!(pinned.status().expect("taskset, of util-linux").success());
    let digest = |state: &str| environment.json(&["show", "--format", "json", "--state-dir", state])["digest"].clone();
    assert_eq!(digest("one"), digest("all"));
}

#[test]
fn a_pipe_where_the_database_should_be_is_named_and_not_waited_for() {
    let environment = Environment::new();
    std::fs::create_dir(environment.path(".elenchus")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(environment.path(DATABASE)).status();
    assert!(made.is_ok_and(|status| status.success()));
    for command in ["report", "list", "resume"] {
        let message = environment.fails(2, &[command]);
        assert!(message.contains("lineage.db is a pipe"), "{message}");
    }
    assert_eq!(environment.run(&["doctor", "--state"]).code, 1);
}
