//! The looks at sealed seeds and sealed workloads: the first is taken when a campaign ends and repeated by `verify`, further
//! ones are counted, and nothing that is not measured draws them anew.

use crate::environment::Environment;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

/// Small clusters under short bursts: 64 of these for each candidate, and 216 under the seal, take no longer than the rest.
const POPULATION: &str = r#"
seconds = 10
requests = [60, 120]
critical_share = [0.2, 0.6]
load = [0.6, 1.3]
critical_load = 0.9
prompt_tokens = [512, 2048]
output_tokens = [64, 128]
instances = [1, 2]
models = ["qwen3-14b"]
arrivals = [{ process = { process = "poisson" } }]

[cluster]
hardware = "h100"
latency = "trained-physics"
routing = "round-robin"
scheduler = "fcfs"
preemption = "fcfs"
"#;

/// Runs of two iterations, so that there is somebody to look at.
const RUN: [&str; 4] = ["run", "tiny", "--iterations", "4"];

/// The tiny experiment with drawn workloads beside its own.
pub(crate) fn drawn() -> Environment {
    let environment = Environment::new();
    environment.copy("experiments/tiny");
    environment.write("tiny/population.toml", POPULATION);
    let campaign = environment.read("tiny/campaign.toml");
    // Short bursts of few requests scatter: what is under test here is the look, not who stands up to it.
    let campaign = campaign.replace("at_most = 20.0", "at_most = 60.0");
    environment.write("tiny/campaign.toml", &format!("population = \"population.toml\"\n{campaign}"));
    environment
}

fn report(environment: &Environment) -> Value {
    environment.json(&["report", "--format", "json"])
}

#[test]
fn a_campaign_with_a_population_ends_with_a_look_that_verify_repeats_to_the_digit() {
    let environment = drawn();
    let said = environment.ok(&RUN);
    let report = report(&environment);
    let (sealed, champion) = (&report["sealed"], &report["champion"]);
    assert!(champion.is_object(), "{report:#}");
    assert_eq!(champion["score"]["panels"]["drawn"]["regrets"].as_array().map(Vec::len), Some(64), "{champion:#}");
    assert_eq!(sealed["drawn"], 216, "{sealed:#}");

    std::fs::remove_dir_all(environment.path("tiny")).unwrap();
    let verified = environment.run(&["verify", "--format", "json"]);
    let repeated: Value = serde_json::from_str(&verified.stdout).expect("JSON");
    for key in ["worth", "study", "itself", "drawn", "fairness", "score", "reference", "tests"] {
        assert!(!sealed[key].is_null(), "{key}: {sealed:#}");
        assert_eq!(repeated[key], sealed[key], "{key}");
    }
    let tests = |part: &Value| part["tests"].as_array().expect("tests").clone();
    assert_eq!(repeated["champion"], champion["candidate"]);
    assert_eq!((&repeated["look"], &repeated["looks"]), (&Value::from(1), &Value::from(1)));

    let holds = tests(&repeated).iter().all(|test| test["holds"] == true);
    assert_eq!((&repeated["beats_reference"], verified.code), (&Value::Bool(holds), i32::from(!holds)));
    assert_eq!(sealed["beats_reference"], repeated["beats_reference"]);
    let words = if holds { "beats the reference" } else { "does NOT beat the reference" };
    let text = environment.ok(&["report"]).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains(words) && text.contains("216 fresh workloads"), "{text}");
    let written = environment.ok(&["report", "--format", "markdown"]);
    is_printed(&written, sealed);
    assert!(said.contains("report"), "{said}");
}

/// That a report prints the headline of a look, and every requirement with its margin.
fn is_printed(report: &str, sealed: &Value) {
    let tests = sealed["tests"].as_array().expect("tests");
    let asked: Vec<&str> = tests.iter().map(|test| test["requirement"].as_str().expect("in words")).collect();
    let guards = [
        "saving above what the reference is off by against itself",
        "regret (points) at most 60",
        "more than 60 points lost against the reference in at most 22 of 216 drawn workloads",
        "a client served less than half of what the reference serves it in at most 21 of 216 workloads",
        "it refused no protected requests",
    ];
    assert_eq!(asked, guards, "{sealed:#}");
    let headline = "On 216 sealed workloads, fresh ones from the population that the search drew from: saving ";
    let line = report.lines().find(|line| line.starts_with(headline)).unwrap_or_else(|| panic!("{report}"));
    let percent = |value: &Value| value.as_f64().map_or("-".to_owned(), |value| format!("{:.1}", 100.0 * value));
    assert!(line[headline.len()..].starts_with(&percent(&sealed["worth"]["value"])), "{line}: {sealed:#}");
    for test in tests {
        let row = format!("| {} |", test["requirement"].as_str().expect("in words"));
        let row = report.lines().find(|line| line.starts_with(&row)).unwrap_or_else(|| panic!("no {row} in {report}"));
        let margin = test["margin"].as_f64().map_or("-".to_owned(), |margin| {
            if margin.abs() < 5e-5 { "0.0000".to_owned() } else { format!("{margin:+.4}") }
        });
        let holds = if test["holds"] == true { "holds" } else { "FAILS" };
        assert!(row.contains(&format!("| {margin} |")) && row.contains(holds), "{row}: {test}");
    }
}

#[test]
fn another_look_has_seeds_of_its_own_and_is_counted_on_the_record() {
    let environment = drawn();
    environment.ok(&RUN);
    let first = report(&environment)["sealed"].clone();
    let looked = environment.run(&["verify", "--again", "--format", "json"]);
    let second: Value = serde_json::from_str(&looked.stdout).expect("JSON");
    assert_eq!((&second["look"], &second["looks"]), (&Value::from(2), &Value::from(2)), "{second:#}");
    assert_ne!(second["worth"], first["worth"]);
    let now = report(&environment)["sealed"].clone();
    assert_eq!((&now["worth"], &now["score"]), (&first["worth"], &first["score"]), "the first one counts");
    assert_eq!((&now["looks"], &now["looks_kept"]), (&second["looks"], &second["looks_kept"]));
    let text = environment.ok(&["report", "--full"]).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("2 looks were taken") && text.contains("of 1 later looks"), "{text}");
    assert!(text.contains("All 2 looks together") && text.contains("This database holds 2 looks"), "{text}");
    let [one, other, both] =
        [&first["worth"], &second["worth"], &second["pooled"]].map(|of| of["value"].as_f64().expect("a number"));
    assert!(one.min(other) < both && both < one.max(other), "{second:#}");
    let taken = |looks: u32, nonces: u32| serde_json::json!({"looks": looks, "champions": 1, "campaigns": nonces, "nonces": nonces, "given": true});
    assert_eq!(now["taken"], taken(2, 1));
    assert_eq!(second["beats_reference"], first["beats_reference"], "the verdict is that of the first look");
    assert_eq!(looked.code, i32::from(first["beats_reference"] != true));
    let again = environment.run(&["verify", "--format", "json"]);
    let again: Value = serde_json::from_str(&again.stdout).expect("JSON");
    assert_eq!((&again["look"], &again["looks"]), (&Value::from(1), &Value::from(2)), "repeating a look takes none");
}

/// Everything about an experiment that is not measured: names, files, comments, order, the question.
fn disguise(environment: &Environment) {
    std::fs::rename(environment.path("tiny"), environment.path("another name")).unwrap();
    let file = |name: &str| format!("another name/{name}");
    let campaign = environment.read(&file("campaign.toml"));
    let campaign = campaign.replace("scenarios/busy.toml", "rush.toml").replace("Which policy", "What is best? Which");
    environment.write(&file("campaign.toml"), &format!("# copied\n{campaign}"));
    std::fs::rename(environment.path(&file("scenarios/busy.toml")), environment.path(&file("rush.toml"))).unwrap();
    let population = environment.read(&file("population.toml"));
    environment.write(&file("population.toml"), &format!("# a comment\n{population}"));
}

#[test]
fn a_renamed_copy_with_comments_and_another_question_has_the_same_digest_and_the_same_seal() {
    let (plain, disguised) = (drawn(), drawn());
    plain.ok(&RUN);
    disguise(&disguised);
    disguised.ok(&["run", "another name", "--iterations", "4"]);
    let (plain, disguised) = (report(&plain), report(&disguised));
    assert!(plain["sealed"].is_object(), "{plain:#}");
    assert_eq!((&plain["digest"], &plain["sealed"]), (&disguised["digest"], &disguised["sealed"]));
}

#[test]
fn traces_have_no_interval_and_the_champion_is_looked_at_on_what_was_held_out() {
    let environment = Environment::new();
    environment.copy("experiments/tiny");
    for (name, rate) in [("calm", 24), ("busy", 12)] {
        let scenario = environment.read(&format!("tiny/scenarios/{name}.toml"));
        let cluster = scenario.split("[workload]").next().expect("a cluster");
        environment
            .write(&format!("tiny/scenarios/{name}.toml"), &format!("{cluster}[workload]\ntrace = \"{name}.csv\"\n"));
        let row = |n: u64| {
            let class = if n.is_multiple_of(3) { "critical" } else { "sheddable" };
            format!("{},{class},{},{}\n", n * 1000 * rate, 512 + (n * 7919) % 1024, 64 + (n * 104_729) % 128)
        };
        let rows: String = (0..700).map(row).collect();
        let trace = format!("arrival_us,slo_class,input_tokens,output_tokens\n{rows}");
        environment.write(&format!("tiny/scenarios/{name}.csv"), &trace);
    }
    environment.ok(&["run", "tiny", "--iterations", "2"]);
    let json = report(&environment);
    let text = environment.ok(&["report"]);
    assert!(text.contains("One trace: no interval"), "{text}");
    assert!(!json.to_string().contains("\"saving_ci\":["), "{json:#}");
    let printed = text.lines().find(|line| line.contains(" % [") || line.contains("points ["));
    assert_eq!(printed, None, "{text}");
    if let Some(tests) = json["sealed"]["tests"].as_array() {
        assert!(tests.iter().all(|test| test["interval"].is_null()), "{tests:#?}");
    }
}

#[test]
fn a_campaign_that_is_killed_before_its_look_takes_the_same_one_when_it_is_resumed() {
    let environment = drawn();
    let mut child = environment.command(&RUN).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    // Of the second iteration: nothing but the end and the look are left.
    let lines = BufReader::new(child.stderr.take().unwrap()).lines().map(|line| line.expect("UTF-8"));
    let closed = { lines }.find(|line| line.split("] ").nth(1).is_some_and(|told| told.trim_start().starts_with("2 ")));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(closed.is_some(), "the second iteration did not end");
    assert_eq!(report(&environment)["sealed"], Value::Null, "the look is not taken yet");
    environment.ok(&["resume"]);

    let whole = drawn();
    whole.ok(&RUN);
    let (resumed, whole) = (report(&environment), report(&whole));
    assert!(whole["sealed"].is_object(), "{whole:#}");
    assert_eq!((&resumed["digest"], &resumed["sealed"]), (&whole["digest"], &whole["sealed"]));
}

#[test]
fn a_recorded_look_that_was_changed_is_found_out() {
    let environment = drawn();
    environment.ok(&RUN);
    let file = environment.path(".elenchus/lineage.db");
    forge(&file, false);
    for command in ["report", "verify"] {
        let message = environment.fails(2, &[command]);
        assert!(message.contains("`sealed-look`") && message.contains("it is not what was recorded"), "{message}");
    }
    // Who owns the record can make its chain again; the look itself then says otherwise.
    forge(&file, true);
    assert_eq!(report(&environment)["sealed"]["drawn"], 217, "the forged look is what the report shows");
    let message = environment.fails(1, &["verify"]);
    assert!(message.contains("this is not what was recorded"), "{message}");
}

/// One workload more than there were, as somebody with a database tool would write it, who puts the guard back; with the
/// chain of observations as it was, or made again.
fn forge(file: &std::path::Path, chained: bool) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
        let mut connection = sqlx::ConnectOptions::connect(&options).await.unwrap();
        let guard = "SELECT sql FROM sqlite_master WHERE name = 'observations_are_never_changed'";
        let guard: String = sqlx::query_scalar(guard).fetch_one(&mut connection).await.unwrap();
        let change = "UPDATE observations SET payload = replace(payload, '\"drawn\":216', '\"drawn\":217') \
                      WHERE kind = 'sealed-look'";
        for statement in ["DROP TRIGGER observations_are_never_changed", change] {
            sqlx::query(statement).execute(&mut connection).await.unwrap();
        }
        if chained {
            let rows = "SELECT key, ordinal, kind, payload, at_ms, position FROM observations ORDER BY position";
            let rows: Vec<(String, u32, String, String, i64, i64)> =
                sqlx::query_as(rows).fetch_all(&mut connection).await.unwrap();
            let mut digest = String::new();
            for (key, ordinal, kind, payload, at_ms, position) in rows {
                let link = serde_json::json!([key, ordinal, kind, payload, at_ms]);
                digest = engine::science::id::Hash::of(format!("{digest}{link}").as_bytes()).as_str().to_owned();
                let put =
                    sqlx::query("UPDATE observations SET digest = ? WHERE position = ?").bind(&digest).bind(position);
                put.execute(&mut connection).await.unwrap();
            }
            let end = sqlx::query("UPDATE campaigns SET observed_digest = ?").bind(&digest);
            end.execute(&mut connection).await.unwrap();
        }
        sqlx::query(sqlx::AssertSqlSafe(guard)).execute(&mut connection).await.unwrap();
        sqlx::Connection::close(connection).await.unwrap();
    });
}
