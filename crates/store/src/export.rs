//! A campaign's tables, row by row, for the tools of others.

use crate::campaigns::CampaignId;
use crate::error::StoreError;
use crate::open::Store;
use crate::sizes::ROWS;
use futures::TryStreamExt;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row, Sqlite, Transaction, TypeInfo, ValueRef};
use std::io;

/// What is handed out: a name, the table or view behind it, and its columns, or all of them where none is named. What an event
/// holds is in the others, each part in its place.
const TABLES: [(&str, &str, &[&str]); 16] = [
    ("campaign", "v_campaigns", &[]),
    ("inputs", "inputs", &[]),
    ("scenarios", "scenarios", &[]),
    ("metrics", "metrics", &[]),
    ("iterations", "iterations", &[]),
    ("claims", "v_claims", &[]),
    ("candidates", "v_candidates", &[]),
    ("scores", "scores", &[]),
    ("workloads", "v_workloads", &[]),
    ("trials", "trial_values", &[]),
    ("principles", "v_principles", &[]),
    ("evidence", "evidence", &[]),
    ("sealed", "v_sealed", &[]),
    ("requirements", "v_requirements", &[]),
    ("work", "work", &[]),
    ("events", "events", &["campaign", "seq", "kind", "at_ms", "digest"]),
];

/// Bytes of a cell that are handed out.
const CELL: usize = 1 << 20;

/// What stands in a row under a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing is known.
    Null,
    /// A whole number.
    Integer(i64),
    /// A number.
    Real(f64),
    /// What somebody wrote.
    Text(String),
}

/// A campaign as it was at one moment.
pub struct Export<'a> {
    store: &'a Store,
    id: CampaignId,
    snapshot: Transaction<'static, Sqlite>,
}

impl Store {
    /// The tables of a campaign, all of one moment.
    pub async fn export(&self, id: &CampaignId) -> Result<Export<'_>, StoreError> {
        let snapshot = self.patient_snapshot().await.map_err(|error| StoreError::from(error).at(&self.path))?;
        Ok(Export { store: self, id: id.clone(), snapshot })
    }
}

impl Export<'_> {
    /// The names of the tables.
    pub fn names() -> impl Iterator<Item = &'static str> {
        TABLES.iter().map(|(name, _, _)| *name)
    }

    /// Hands out a table of [`Export::names`]: first the names of its columns, then each row. Gives the number of rows.
    pub async fn table(
        &mut self,
        name: &str,
        mut row: impl FnMut(&[Cell]) -> io::Result<()>,
    ) -> Result<io::Result<u64>, StoreError> {
        let (_, table, columns) = TABLES.iter().find(|(known, _, _)| *known == name).expect("a name of the list");
        self.rows(table, columns, &mut row).await.map_err(|error| error.at(&self.store.path))
    }

    async fn rows(
        &mut self,
        table: &str,
        columns: &[&str],
        row: &mut impl FnMut(&[Cell]) -> io::Result<()>,
    ) -> Result<io::Result<u64>, StoreError> {
        let named = sqlx::query_scalar("SELECT name FROM pragma_table_info(?)").bind(table);
        let all: Vec<String> = named.fetch_all(&mut *self.snapshot).await?;
        let columns: Vec<String> =
            all.into_iter().filter(|name| columns.is_empty() || columns.contains(&name.as_str())).collect();
        let cells: Vec<String> =
            columns.iter().map(|name| format!("iif(octet_length({name}) > {CELL}, 'long', {name})")).collect();
        // Made of our own schema's names.
        let query = format!("SELECT {} FROM {table} WHERE campaign = ? LIMIT {ROWS}", cells.join(", "));
        let head: Vec<Cell> = columns.into_iter().map(Cell::Text).collect();
        if let Err(error) = row(&head) {
            return Ok(Err(error));
        }
        let mut rows = sqlx::query(AssertSqlSafe(query)).bind(self.id.as_str()).fetch(&mut *self.snapshot);
        let mut count = 0;
        while let Some(found) = rows.try_next().await? {
            let cells = (0..head.len()).map(|at| cell(&found, at)).collect::<Result<Vec<Cell>, _>>()?;
            if let Err(error) = row(&cells) {
                return Ok(Err(error));
            }
            count += 1;
        }
        Ok(Ok(count))
    }
}

fn cell(row: &SqliteRow, at: usize) -> Result<Cell, sqlx::Error> {
    let value = row.try_get_raw(at)?;
    if value.is_null() {
        return Ok(Cell::Null);
    }
    Ok(match value.type_info().name() {
        "INTEGER" => Cell::Integer(row.try_get_unchecked(at)?),
        "REAL" => Cell::Real(row.try_get_unchecked(at)?),
        // A damaged text need not be one any more.
        _ => Cell::Text(String::from_utf8_lossy(&row.try_get_unchecked::<Vec<u8>, _>(at)?).into_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_table_of_the_record_is_handed_out() {
        let store = Store::in_memory().await.unwrap();
        let all: Vec<String> = sqlx::query_scalar(
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE '\\_sqlx%' ESCAPE '\\'",
        )
        .fetch_all(&store.pool)
        .await
        .unwrap();
        let held = |name: &str| TABLES.iter().any(|(_, table, _)| *table == name);
        // These are held by views that say the same for people, or are texts and replies of their own.
        let elsewhere =
            ["arms", "campaigns", "candidates", "files", "measured", "observations", "principles", "v_panel"];
        let missing: Vec<&String> =
            all.iter().filter(|name| !held(name) && !elsewhere.contains(&name.as_str())).collect();
        assert!(missing.is_empty(), "{missing:?}");
        let mut export = store.export(&CampaignId::from("none".to_owned())).await.unwrap();
        for name in Export::names() {
            let mut head = Vec::new();
            let keep = |row: &[Cell]| {
                head.extend(row.to_vec());
                Ok(())
            };
            let rows = export.table(name, keep).await.unwrap().unwrap();
            assert!(rows == 0 && head[0] == Cell::Text("campaign".into()), "{name}: {head:?}");
        }
    }
}
