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
fn an_experiment_whose_runs_would_be_cut_off_is_refused() {
    let environment = tiny();
    replaced(&environment, "tiny/scenarios/busy.toml", "instances = 2", "instances = 2\nhorizon_us = 1000000");
    let message = environment.fails(2, &["run", "tiny"]);
    assert!(message.contains("busy.toml:6") && message.contains("horizon_us"), "{message}");
}

#[test]
fn an_experiment_about_admission_whose_scenario_has_a_queue_instead_is_refused() {
    let environment = tiny();
    let scenario = environment.read("tiny/scenarios/busy.toml");
    environment.write("tiny/scenarios/busy.toml", &format!("{scenario}\n[flow_control]\ndetector = \"utilization\"\n"));
    let message = environment.fails(2, &["run", "tiny"]);
    assert!(message.contains("flow_control: flow control takes the place of the admission policy"), "{message}");
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
    let environment = Environment::ended(1);
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
    let environment = Environment::ended(1);
    let message = environment.fails(2, &["show", "zzzz"]);
    let known = environment.json(&["list", "--format", "json"])[0]["id"].as_str().unwrap()[..8].to_owned();
    assert!(message.contains(&known), "{message}");
}

#[test]
fn a_bad_scenario_names_file_line_and_key() {
    let environment = tiny();
    let original = environment.read("tiny/scenarios/busy.toml");
    for (from, to, key, problem) in [
        ("instances = 2", "instances = 0", "cluster.instances", "between 1 and 128"),
        ("instances = 2", "instances = \"two\"", "cluster.instances", "invalid type"),
        ("\"qwen3-14b\"", "\"llama-3.1-70b-instruct\"", "cluster.model", "no room"),
        ("rate = 48.0", "rate = nan", "workload.rate", "between"),
        ("rate = 48.0", "rate = 0", "workload.rate", "between"),
        ("requests = 720", "requests = 1000000000", "workload.requests", "10000000"),
        ("requests = 720", "requests = -1", "workload.requests", "invalid value"),
        ("fraction = 0.3", "fraction = inf", "workload.clients.0.fraction", "between"),
        ("fraction = 0.3", "fraction = 0.4", "workload.clients", "add up to 1"),
        ("sd = 256", "sd = nan", "workload.clients.0.input.sd", "between"),
        ("min = 64, max = 4096", "min = 64, max = 32", "workload.clients.0.input.max", "between min"),
        ("\"poisson\"", "\"gamma\", cv = 0", "workload.clients.0.arrival.cv", "between"),
        ("\"poisson\"", "\"poisson\", cv = 2", "workload.clients.0", "cv"),
        ("\"sheddable\"", "\"shedable\"", "workload.clients.1.slo_class", "no priority"),
        ("max_num_seqs = 32", "max_num_seqs = 0", "cluster.max_num_seqs", "between"),
        ("max_num_seqs = 32", "horizon_us = 0", "cluster.horizon_us", "between"),
    ] {
        let text = original.replacen(from, to, 1);
        assert_ne!(text, original, "{from}");
        environment.write("tiny/scenarios/busy.toml", &text);
        let message = environment.fails(2, &["simulate", "tiny/scenarios/busy.toml"]);
        let line = 1 + original.lines().position(|line| line.contains(from)).unwrap();
        // What is wrong with the sum of the fractions is shown where the list begins.
        let line = if to == "fraction = 0.4" { line - 2 } else { line };
        let place = format!("busy.toml:{line}: {key}");
        assert!(message.contains(&place) && message.contains(problem), "{to}: {place}: {message}");
    }
}

#[test]
fn a_file_that_is_no_text_or_has_no_end_is_refused() {
    let environment = tiny();
    let simulate = |file: &str| environment.fails(2, &["simulate", file]);
    std::fs::write(environment.path("binary.toml"), b"name = 1\n\xff\xfe").unwrap();
    assert!(simulate("binary.toml").contains("binary.toml: cannot be read: line 2 is not UTF-8"));
    assert!(simulate("/dev/zero").contains("/dev/zero: cannot be read: it is a device"));
    assert!(simulate("tiny").contains("cannot be read"));
    assert!(simulate("nowhere.toml").contains("nowhere.toml: cannot be read"));
    environment.write("deep.toml", &format!("name = {}", "[".repeat(100_000)));
    assert!(simulate("deep.toml").contains("deep.toml:1"));
    let cluster = environment.read("tiny/scenarios/busy.toml").split("[workload]").next().unwrap().to_owned();
    environment.write("traced.toml", &format!("{cluster}[workload]\ntrace = \"nowhere.csv\"\n"));
    let line = 2 + cluster.lines().count();
    let message = simulate("traced.toml");
    assert!(message.contains(&format!("traced.toml:{line}: workload.trace: nowhere.csv cannot be read")), "{message}");
    let message = environment.fails(2, &["simulate", "tiny/scenarios/busy.toml", "--trace", "binary.toml"]);
    assert!(message.contains("binary.toml") && message.contains("UTF-8"), "{message}");
}

#[test]
fn a_bad_trace_names_file_line_and_column() {
    let environment = tiny();
    for (rows, place, problem) in [
        ("10,critical,100,10\n5,critical,100,10\n", ":3: arrival_us", "sorted"),
        ("10,critical,100,1e9\n", ":2: output_tokens", "whole number"),
        ("10,critical,-1,10\n", ":2: input_tokens", "whole number"),
        ("10,vip,100,10\n", ":2: slo_class", "no priority"),
        ("10,critical,100\n", ":2:", "3 cells"),
        ("10,critical,0,10\n", ":2: input_tokens", "at least 1"),
        ("", ":", "no requests"),
    ] {
        environment.write("t.csv", &format!("arrival_us,slo_class,input_tokens,output_tokens\n{rows}"));
        let message = environment.fails(2, &["simulate", "tiny/scenarios/busy.toml", "--trace", "t.csv"]);
        assert!(message.contains(&format!("t.csv{place}")) && message.contains(problem), "{rows}: {message}");
    }
}

#[test]
fn a_trace_that_is_a_link_out_of_the_directory_is_not_read() {
    let environment = tiny();
    environment.write("secret.csv", "a line that must not be shown\n");
    std::os::unix::fs::symlink(environment.path("secret.csv"), environment.path("tiny/scenarios/link.csv")).unwrap();
    let scenario = environment.read("tiny/scenarios/busy.toml");
    let cluster = scenario.split("[workload]").next().unwrap();
    environment.write("tiny/scenarios/busy.toml", &format!("{cluster}[workload]\ntrace = \"link.csv\"\n"));
    for command in [["simulate", "tiny/scenarios/busy.toml"], ["run", "tiny"]] {
        let message = environment.fails(2, &command);
        assert!(message.contains("link.csv") && message.contains("leads out of the directory"), "{message}");
        assert!(!message.contains("must not be shown"), "{message}");
    }
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
