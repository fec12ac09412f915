//! Bad input: a clear message with file, line and key, the right exit code, and nothing lost.

use crate::environment::Environment;

fn tiny() -> Environment {
    let environment = Environment::new();
    environment.copy("experiments/tiny");
    environment
}

fn replaced(environment: &Environment, file: &str, from: &str, to: &str) {
    let text = environment.read(file);
    assert!(text.contains(from), "{file} has no `{from}`");
    environment.write(file, &text.replacen(from, to, 1));
}

#[test]
fn an_unknown_key_in_campaign_toml_names_file_line_and_key() {
    let environment = tiny();
    replaced(&environment, "tiny/campaign.toml", "iterations = 3", "iteratoins = 3");
    let message = environment.fails(2, &["run", "tiny"]);
    assert!(message.contains("tiny/campaign.toml:2") && message.contains("iteratoins"), "{message}");
    assert!(!environment.path(".elenchus/lineage.db").exists(), "a campaign was begun");
}

#[test]
fn a_value_that_makes_no_sense_names_file_line_and_key() {
    let environment = tiny();
    replaced(&environment, "tiny/campaign.toml", "seeds = 3", "seeds = 1");
    let message = environment.fails(2, &["run", "tiny"]);
    assert!(message.contains("tiny/campaign.toml:3") && message.contains("seeds"), "{message}");
}

#[test]
fn a_policy_that_does_not_exist_is_found_before_a_campaign_is_begun() {
    let environment = tiny();
    replaced(&environment, "tiny/campaign.toml", "\"probabilistic\"", "\"probabilistick\"");
    let message = environment.fails(2, &["run", "tiny"]);
    assert!(message.contains("campaign.toml:5") && message.contains("probabilistick"), "{message}");
    assert!(message.contains("gaie-legacy"), "it says what there is: {message}");
}

#[test]
fn a_missing_scenario_names_the_file_that_wants_it() {
    let environment = tiny();
    std::fs::remove_file(environment.path("tiny/scenarios/busy.toml")).unwrap();
    let message = environment.fails(2, &["run", "tiny"]);
    assert!(message.contains("campaign.toml:6") && message.contains("busy.toml"), "{message}");
}

#[test]
fn a_scenario_outside_of_the_experiment_is_refused() {
    let environment = tiny();
    replaced(&environment, "tiny/campaign.toml", "scenarios/busy.toml", "../busy.toml");
    let message = environment.fails(2, &["run", "tiny"]);
    assert!(message.contains("leads out of the experiment"), "{message}");
}

#[test]
fn a_truncated_trace_names_file_and_line() {
    let environment = tiny();
    environment.write(
        "tiny/scenarios/short.csv",
        "arrival_us,slo_class,input_tokens,output_tokens\n10,critical,100,10\n20,sheddable,1",
    );
    let scenario = environment.read("tiny/scenarios/busy.toml");
    let cluster = scenario.split("[workload]").next().unwrap();
    environment.write("tiny/scenarios/busy.toml", &format!("{cluster}[workload]\ntrace = \"short.csv\"\n"));
    let message = environment.fails(2, &["run", "tiny"]);
    assert!(message.contains("short.csv:3"), "{message}");
}

#[test]
fn a_database_of_a_newer_version_is_left_as_it_is() {
    let environment = tiny();
    environment.ok(&["run", "tiny", "--iterations", "1"]);
    environment.ok(&["list"]);
    let file = environment.path(".elenchus/lineage.db");
    newer(&file);
    let before = std::fs::read(&file).unwrap();
    for command in [vec!["list"], vec!["run", "tiny"], vec!["resume"]] {
        let message = environment.fails(2, &command);
        assert!(message.contains("newer version") && message.contains("lineage.db"), "{message}");
    }
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[test]
fn a_file_that_is_no_database_is_left_as_it_is() {
    let environment = tiny();
    environment.write(".elenchus/lineage.db", "these are the notes of a person, not a database\n");
    let message = environment.fails(2, &["run", "tiny"]);
    assert!(message.contains("not a database"), "{message}");
    assert!(environment.read(".elenchus/lineage.db").starts_with("these are"));
}

#[test]
fn a_missing_compiler_is_named_before_a_campaign_is_begun() {
    let mut environment = tiny();
    environment.set("RUSTC", "/nowhere/rustc");
    let message = environment.fails(1, &["run", "tiny"]);
    assert!(message.contains("/nowhere/rustc") && message.contains("rustup.rs"), "{message}");
    assert!(environment.ok(&["list"]).contains("elenchus run"), "no campaign was begun");
}

#[test]
fn commands_without_a_campaign_say_how_to_start_one() {
    let environment = Environment::new();
    for command in ["list", "status", "show", "champion", "report", "resume"] {
        assert!(environment.fails(2, &[command]).contains("elenchus run"), "{command}");
    }
    assert!(environment.fails(2, &["run", "nowhere"]).contains("nowhere"));
}

#[test]
fn an_unknown_campaign_is_a_usage_error_that_lists_the_known_ones() {
    let environment = tiny();
    environment.ok(&["run", "tiny", "--iterations", "1"]);
    let message = environment.fails(2, &["show", "zzzz"]);
    let known = environment.json(&["list", "--format", "json"])[0]["id"].as_str().unwrap()[..8].to_owned();
    assert!(message.contains(&known), "{message}");
}

#[test]
fn a_bad_scenario_names_file_line_and_key() {
    let environment = tiny();
    replaced(&environment, "tiny/scenarios/busy.toml", "instances = 2", "instances = 0");
    let message = environment.fails(2, &["simulate", "tiny/scenarios/busy.toml"]);
    assert!(message.contains("busy.toml:5") && message.contains("instances"), "{message}");
}

/// Marks a database as migrated by a later version, with nothing but the bytes that SQLite's own shell would write.
fn newer(file: &std::path::Path) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
        let mut connection = sqlx::ConnectOptions::connect(&options).await.unwrap();
        sqlx::query(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             VALUES (9999, 'of the future', 1, x'00', 0)",
        )
        .execute(&mut connection)
        .await
        .unwrap();
        sqlx::Connection::close(connection).await.unwrap();
    });
}
