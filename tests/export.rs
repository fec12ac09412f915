//! The record as tables: CSV, and the views of the database.

use crate::environment::{Environment, root};
use crate::record::DATABASE;
use std::collections::BTreeMap;

/// The rows of a file, each by the names of its columns.
fn rows(environment: &Environment, file: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(environment.path(file)).expect(file);
    reader.deserialize().collect::<Result<_, _>>().expect("rows")
}

#[test]
fn every_table_of_a_campaign_is_written_as_csv() {
    let environment = Environment::ended(2);
    let said = environment.ok(&["export", "--to", "csv", "tables"]);
    let show = environment.json(&["show", "--format", "json"]);
    let of = |key: &str| show[key].as_array().expect(key).clone();
    let arms: usize = of("iterations").iter().map(|turn| turn["arms"].as_array().map_or(0, Vec::len)).sum();
    let claims = rows(&environment, "tables/claims.csv");
    assert!(arms > 0 && claims.len() == arms && said.contains(&format!("claims.csv: {arms} rows")), "{said}");
    assert!(claims.iter().all(|row| row["finding"].starts_with('F') && !row["claim"].is_empty()), "{claims:?}");
    let (candidates, lineage) = (rows(&environment, "tables/candidates.csv"), of("lineage"));
    assert_eq!(candidates.len(), lineage.len());
    for node in lineage {
        let row = candidates.iter().find(|row| node["candidate"] == row["candidate"]).expect("its row");
        let worth = node[&row["worth_is"]].as_f64();
        assert_eq!(row["worth"].parse::<f64>().ok(), worth, "to the bit: {row:?}");
    }
    let workloads = rows(&environment, "tables/workloads.csv");
    let scenarios = rows(&environment, "tables/scenarios.csv");
    let ranked_on = scenarios.iter().filter(|row| row["part"] != "verdicts").count();
    let scored = candidates.iter().filter(|row| row["outcome"] == "scored").count();
    assert!(scored > 0 && workloads.len() == scored * ranked_on, "{} of {scored}", workloads.len());
    assert_eq!(
        rows(&environment, "tables/events.csv").len() as u64,
        rows(&environment, "tables/campaign.csv")[0]["events"].parse::<u64>().unwrap()
    );
    let sealed = environment.json(&["report", "--format", "json"])["sealed"].clone();
    assert_eq!(rows(&environment, "tables/sealed.csv").len(), usize::from(!sealed.is_null()));
    environment.write("file", "");
    for there in ["file", "tables"] {
        let said = environment.fails(2, &["export", there]);
        assert!(said.contains("is no empty directory"), "{said}");
    }
}

#[tokio::test]
async fn the_questions_of_the_readme_are_answered_by_the_database() {
    let environment = Environment::ended(2);
    let page = std::fs::read_to_string(root().join("README.md")).expect("the page");
    let asked = page.lines().filter_map(|line| line.strip_prefix("    sqlite3 -readonly .elenchus/lineage.db \""));
    let questions: Vec<&str> = asked.filter_map(|rest| rest.strip_suffix('"')).collect();
    assert!(questions.len() >= 5, "{questions:?}");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(environment.path(DATABASE)).read_only(true);
    let mut connection = sqlx::ConnectOptions::connect(&options).await.expect("a database");
    for question in questions {
        let asked = sqlx::query(sqlx::AssertSqlSafe(question.to_owned())).fetch_all(&mut connection).await;
        let rows = asked.unwrap_or_else(|error| panic!("{question}: {error}"));
        // The experiment here has other scenarios than the one that the page speaks of.
        assert!(
            !rows.is_empty()
                || question.contains("chatbot_near")
                || question.contains("v_sealed")
                || question.contains("v_principles"),
            "{question}"
        );
    }
}
