//! The derived tables after a whole campaign.

use crate::made_up::{SCENARIOS, SEEDS, inputs, play, put, record, spec, started, trial};
use science::event::Event;
use science::trial::Trial;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use std::path::Path;
use store::{Extra, Loaded, Store, TrialRow};

/// The database without the store around it.
pub(crate) async fn raw(path: &Path) -> SqlitePool {
    SqlitePool::connect_with(SqliteConnectOptions::new().filename(path).foreign_keys(false)).await.unwrap()
}

/// Changes a database as somebody with a tool for it would, who takes the guards away and puts them back.
pub(crate) async fn tamper(path: &Path, statements: &[&str]) {
    let pool = raw(path).await;
    let guards: Vec<(String, String)> =
        sqlx::query_as("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetch_all(&pool).await.unwrap();
    let away = guards.iter().map(|(name, _)| format!("DROP TRIGGER {name}"));
    let back = guards.iter().map(|(_, sql)| sql.clone());
    let between = statements.iter().map(|statement| (*statement).to_owned());
    for statement in away.chain(between).chain(back).collect::<Vec<String>>() {
        sqlx::query(sqlx::AssertSqlSafe(statement.clone())).execute(&pool).await.expect(&statement);
    }
    pool.close().await;
}

/// Everything that a look at the whole database finds wrong.
pub(crate) async fn wrong(store: &Store) -> Vec<String> {
    store.check().await.unwrap().into_iter().filter_map(|finding| finding.problem).collect()
}

/// The cells of a query's rows, joined.
async fn table(path: &Path, query: &'static str) -> Vec<String> {
    sqlx::query_scalar(query).fetch_all(&raw(path).await).await.unwrap()
}

#[tokio::test]
async fn every_reference_of_a_whole_campaign_resolves() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lineage.db");
    let store = Store::open(&path).await.unwrap();
    record(&store, 1, dir.path()).await;
    record(&store, 2, dir.path()).await;
    assert_eq!(table(&path, "SELECT \"table\" FROM pragma_foreign_key_check").await, Vec::<String>::new());
    assert!(wrong(&store).await.is_empty());
    // Whatever became of a candidate, of an arm or of a principle leads back to an event of that kind.
    let edges = table(
        &path,
        "SELECT kind || ' ' || count(*) FROM (
            SELECT campaign, seq FROM candidates UNION ALL SELECT campaign, evaluated_seq FROM candidates
            UNION ALL SELECT campaign, judged_seq FROM arms UNION ALL SELECT campaign, seq FROM iterations
            UNION ALL SELECT campaign, seq FROM principles UNION ALL SELECT campaign, seq FROM measured
         ) JOIN events USING (campaign, seq) GROUP BY kind ORDER BY kind",
    );
    let expected = [
        "arm-judged 8",
        "arm-skipped 8",
        "bundle-registered 6",
        "calibrated 168",
        "candidate-evaluated 58",
        "candidate-written 6",
        "executor-failed 2",
        "plan-failed 2",
        "principles-revised 4",
        "simplified 2",
        "tested 372",
        "tuned 2",
    ];
    assert_eq!(edges.await, expected);
}

#[tokio::test]
async fn arms_and_candidates_say_what_became_of_them() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lineage.db");
    record(&Store::open(&path).await.unwrap(), 1, dir.path()).await;
    let arms = table(
        &path,
        "SELECT concat_ws(' | ', iteration, name, kind, claim, candidate, verdict, error, round(effect, 2), skipped)
         FROM arms ORDER BY iteration, position",
    );
    let expected = [
        "1 | main | main | at least 0.02 more than the reference | c1 | confirmed | 0.1",
        "1 | ablation | ablation | at least 0.02 more than arm `main` | c2 | invalid",
        "1 | control | control-negative | within 0.01 of the reference + arm `main` in far | c1 | confirmed | 0.0",
        "3 | main | main | at least 0.02 more than candidate c1 | c3 | refuted | direction | -0.3",
        "3 | ablation | ablation | at least 0.02 more than arm `main` | the main claim is refuted",
        "3 | control | control-negative | within 0.01 of the reference + arm `main` in far | the main claim is refuted",
        "4 | main | main | at least 0.02 more than the reference | invalid",
        "4 | ablation | ablation | at least 0.02 more than arm `main` | the main claim could not be tested",
        "4 | control | control-negative | within 0.01 of the reference + arm `main` in far | the main claim could not be tested",
    ];
    assert_eq!(arms.await, expected);
    let candidates = table(
        &path,
        "SELECT concat_ws(' | ', id, parent, iteration, arm, point, description_length, outcome, scale, message,
         round(regret, 2), admissible) FROM candidates ORDER BY id",
    );
    let expected = [
        r#"c1 | 1 | main | {"half":0.5} | 3 | scored | 0.7 | what rustc said of c1 | 0.0 | 1"#,
        r#"c2 | c1 | 1 | ablation | {"half":0.5} | 3 | timeout | what rustc said of c2"#,
        r#"c3 | c1 | 3 | main | {"half":0.5} | 3 | scored | 0.7 | what rustc said of c3 | 0.0 | 1"#,
        r#"c4 | c1 | 1 | main | {"half":0.6} | 3 | scored | 0.7 | what rustc said of c4 | 0.0 | 1"#,
        "c5 | c1 | 1 | main | 2 | scored | 0.7 | what rustc said of c5 | 0.0 | 1",
    ];
    assert_eq!(candidates.await, expected);
}

#[tokio::test]
async fn a_score_is_kept_by_the_names_of_the_spec() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lineage.db");
    record(&Store::open(&path).await.unwrap(), 1, dir.path()).await;
    let scores = table(
        &path,
        "SELECT concat_ws(' | ', figure, round(value, 2)) FROM scores WHERE candidate = 'c1' ORDER BY rowid",
    );
    let expected = [
        "improvement | 0.22",
        "saving | 0.1",
        "extra_shed_value | 0.36",
        "value_ratio | 0.9",
        "allocation | 0.0",
        "extra_shed_rate | 0.33",
        "extra_sheds | 2.0",
        "ms_saved_per_shed | 1.0",
        "net_saving | 0.1",
        "rate_ratio | 1.0",
        "saving_gpu | 0.0",
        "saving_requests | 0.0",
        "saving_tokens | 0.0",
        "throughput_loss | 0.67",
    ];
    assert_eq!(scores.await, expected);
    let without = table(&path, "SELECT id FROM candidates WHERE id NOT IN (SELECT candidate FROM scores)");
    assert_eq!(without.await, ["c2"], "only what ran has a score");
}

#[tokio::test]
async fn iterations_and_principles_say_what_was_learned() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lineage.db");
    record(&Store::open(&path).await.unwrap(), 1, dir.path()).await;
    let iterations = table(
        &path,
        "SELECT concat_ws(' | ', number, question, departs_from, parent, failure, round(volume, 2), champion,
         matches_reference) FROM iterations ORDER BY number",
    );
    let expected = [
        "1 | q | reference | 0.75 | c1 | 1",
        "2 | it answered with a poem | 0.75 | c1 | 1",
        "3 | q | candidate | c1 | 0.75 | c1 | 1",
        "4 | q | reference | 0.75 | c1 | 1",
    ];
    assert_eq!(iterations.await, expected);
    let principles =
        table(&path, "SELECT concat_ws(' | ', id, confidence, status, retired_for, excludes) FROM principles");
    let expected = [
        r#"P1 | provisional | active | {"half":[0.0,0.25]}"#,
        r#"P2 | provisional | retired | contradicted | {"half":[0.0,0.25]}"#,
    ];
    assert_eq!(principles.await, expected);
    let evidence = table(
        &path,
        "SELECT concat_ws(' | ', principle, finding, verdict) FROM evidence
         LEFT JOIN arms USING (campaign, iteration) WHERE arms.name = evidence.arm OR evidence.arm IS NULL
         ORDER BY principle, evidence.position",
    );
    // What an extractor cites and nobody found stays visible as such.
    assert_eq!(
        evidence.await,
        ["P1 | F1.main | confirmed", "P1 | F3.main | refuted", "P2 | F3.main | refuted", "P2 | F7.hearsay"]
    );
    assert_eq!(table(&path, "SELECT ended FROM campaigns").await, ["completed"]);
}

#[tokio::test]
async fn trials_come_back_in_the_order_of_the_experiment_and_to_the_bit() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("lineage.db")).await.unwrap();
    let (id, _) = record(&store, 1, dir.path()).await;
    let bits = |trials: Vec<Trial>| -> Vec<u64> {
        trials.iter().flat_map(|trial| trial.values.iter().map(|value| value.to_bits())).collect()
    };
    for policy in ["baseline", "reference", "c1", "c3"] {
        let expected: Vec<_> =
            SCENARIOS.iter().flat_map(|scenario| (0..SEEDS).map(|seed| trial(policy, scenario, seed))).collect();
        assert_eq!(bits(store.trials(&id, policy).await.unwrap()), bits(expected));
    }
    assert_eq!(store.trials(&id, "c2").await.unwrap(), vec![]);
}

#[tokio::test]
async fn a_value_that_is_no_number_stays_none_and_people_see_each_by_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lineage.db");
    let store = Store::open(&path).await.unwrap();
    let id = store.create(&started(1), dir.path(), &inputs()).await.unwrap();
    let calibrated: Event = play(&started(1)).remove(0).event;
    let metrics = spec().metrics;
    let mut trial = Trial::of((0..metrics.len()).map(|at| at as f64 + 0.5).collect());
    trial.values[..3].copy_from_slice(&[f64::NAN, -0.0, f64::INFINITY]);
    let rows = [TrialRow { policy: "baseline", scenario: "near", seed: 0, trial: &trial }];
    let Loaded { mut state, head, .. } = store.load(&id).await.unwrap();
    state.apply(&calibrated).unwrap();
    put(&store, &head, &state, &calibrated, Extra { trials: &rows, ..Extra::default() }).await.unwrap();
    let stored = store.trials(&id, "baseline").await.unwrap().remove(0).values;
    assert!(stored[0].is_nan() && stored[2].is_nan() && stored[1].is_sign_negative(), "{stored:?}");
    assert_eq!(stored[3..], trial.values[3..]);
    let seen = table(
        &path,
        "SELECT concat_ws(' | ', policy, scenario, seed, iteration, metric, coalesce(value, 'none')) FROM trial_values
         JOIN metrics ON name = metric ORDER BY position",
    );
    let seen_as = |at: usize, value: &str| format!("baseline | near | 0 | {} | {value}", metrics[at].name);
    let seen = seen.await;
    assert_eq!(seen[..4], [seen_as(0, "none"), seen_as(1, "0.0"), seen_as(2, "none"), seen_as(3, "3.5")]);
    assert_eq!(seen.len(), metrics.len());
}

#[tokio::test]
async fn views_say_what_each_gains_in_each_workload_and_what_became_of_claims_and_lessons() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lineage.db");
    record(&Store::open(&path).await.unwrap(), 1, dir.path()).await;
    let workloads = table(
        &path,
        "SELECT concat_ws(' | ', candidate, part, seeds, round(gain_points, 1), round(gain_over_reference_points, 1),
         round(cost_over_reference, 2), violations) FROM v_workloads WHERE workload = 'near' ORDER BY candidate",
    );
    let expected = [
        "c1 | study | 3 | 25.0 | 0.0 | -0.04 | 0",
        "c3 | study | 3 | 25.0 | 0.0 | 0.08 | 0",
        "c4 | study | 3 | 25.0 | 0.0 | 0.08 | 0",
        "c5 | study | 3 | 25.0 | 0.0 | 0.08 | 0",
    ];
    assert_eq!(workloads.await, expected);
    let candidates = table(
        &path,
        "SELECT concat_ws(' | ', candidate, finding, author, outcome, gain_is, round(gain, 2), cost_is, round(cost, 2), worth_is,
         round(worth, 2)) FROM v_candidates WHERE candidate IN ('c1', 'c2') ORDER BY candidate",
    );
    let expected = [
        "c1 | F1.main | built-in | scored | improvement | 0.22 | extra_shed_value | 0.36 | saving | 0.1",
        "c2 | F1.ablation | built-in | timeout",
    ];
    assert_eq!(candidates.await, expected);
    let claims = table(&path, "SELECT concat_ws(' | ', finding, verdict, why) FROM v_claims WHERE iteration = 3");
    let claims = claims.await;
    assert!(claims[0].starts_with("F3.main | refuted | "), "{claims:?}");
    assert_eq!(
        claims[1..],
        ["ablation", "control"].map(|arm| format!("F3.{arm} | skipped | the main claim is refuted"))
    );
    let principles = table(&path, "SELECT concat_ws(' | ', principle, status, evidence) FROM v_principles");
    let expected =
        ["P1 | active | F1.main confirmed, F3.main refuted", "P2 | retired | F3.main refuted, F7.hearsay unknown"];
    assert_eq!(principles.await, expected);
    let campaigns = table(
        &path,
        "SELECT concat_ws(' | ', experiment, state, iterations, candidates, champion_of_search) FROM v_campaigns",
    );
    assert_eq!(campaigns.await, ["admission | completed | 4 | 5 | c1"]);
}
