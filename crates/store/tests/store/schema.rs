//! The schema as a whole, so that a migration is looked at where its result can be read.

use science::bundle::ArmKind;
use science::judge::{ErrorKind, Verdict};
use science::outcome::Outcome;
use science::principle::{Confidence, Status};
use science::work::Role;
use std::path::Path;
use store::Store;

async fn schema() -> String {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lineage.db");
    Store::open(&path).await.unwrap().close().await;
    let statements: Vec<String> = sqlx::query_scalar(
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> '_sqlx_migrations' ORDER BY rowid",
    )
    .fetch_all(&crate::lineage::raw(&path).await)
    .await
    .unwrap();
    statements.into_iter().map(|statement| statement + ";\n\n").collect()
}

#[tokio::test]
async fn the_schema_is_the_one_that_was_looked_at() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/schema.sql");
    let made = Path::new(env!("CARGO_TARGET_TMPDIR")).join("schema.sql");
    let schema = schema().await;
    std::fs::write(&made, &schema).unwrap();
    let same = std::fs::read_to_string(&fixture).unwrap_or_default() == schema;
    assert!(same, "look at `diff {0} {1}`; if it is meant, copy {1} to {0}", fixture.display(), made.display());
}

#[tokio::test]
async fn the_schema_admits_every_word_of_the_closed_sets() {
    use ErrorKind::{Direction, Magnitude, Regime};
    use Outcome::{
        Crashed, Denied, DoesNotCompile, Inconsistent, NoScale, OutOfMemory, Refused, Scored, Stopped, Timeout,
    };
    use Verdict::{Confirmed, Inconclusive, Invalid, PartiallyConfirmed, Refuted};
    let mut words: Vec<&str> = Vec::new();
    words.extend([Direction, Magnitude, Regime].map(ErrorKind::as_str));
    words.extend([Confirmed, PartiallyConfirmed, Verdict::Refuted, Inconclusive, Invalid].map(Verdict::as_str));
    words.extend([Refuted].map(Verdict::as_str));
    words.extend(
        [Scored, Refused, DoesNotCompile, Denied, Timeout, Crashed, OutOfMemory, Inconsistent, NoScale, Stopped]
            .map(Outcome::as_str),
    );
    words.extend([Confidence::Provisional, Confidence::Established].map(Confidence::as_str));
    words.extend([Status::Active, Status::Retired].map(Status::as_str));
    let kinds =
        [ArmKind::Main, ArmKind::Ablation, ArmKind::SuperAdditivity, ArmKind::ControlNegative, ArmKind::Robustness];
    words.extend(kinds.map(ArmKind::as_str));
    words.extend(Role::ALL.map(Role::as_str));
    let schema = schema().await;
    for word in words {
        assert!(schema.contains(&format!("'{word}'")), "`{word}` is not in the schema");
    }
}
