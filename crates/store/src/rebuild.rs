//! Derived tables, made once more from a campaign's log and compared with those that are there.

use crate::batch::Batch;
use crate::campaigns::CampaignRow;
use crate::error::StoreError;
use crate::events::{Extra, Stored};
use crate::head::{LogHead, Staged};
use crate::log::damaged;
use crate::open::Store;
use crate::sizes::ROWS;
use science::event::Event;
use science::state::State;
use sqlx::{AssertSqlSafe, SqliteConnection};
use std::collections::BTreeSet;

/// What is derived of a campaign, but for trials, which events hash. With the columns that other runs have otherwise.
const TABLES: [&str; 10] =
    ["inputs", "scenarios", "metrics", "iterations", "arms", "candidates", "scores", "principles", "evidence", "work"];

/// What of the campaign's own row does not follow from the log; `words_digest` hangs on times.
const OWN: [&str; 5] = ["directory", "created_at_ms", "words_digest", "observed_length", "observed_digest"];

/// Bytes of a cell that are compared.
const CELL: usize = 1 << 20;

/// Says which table does not say what follows from the log.
pub(crate) async fn compare(store: &Store, row: &CampaignRow, events: &[Stored]) -> Result<(), StoreError> {
    let made = Store::in_memory().await?;
    made.replay(row, events).await?;
    let tables = TABLES.map(|table| (table, "campaign", [].as_slice()));
    for (table, key, but) in tables.into_iter().chain([("campaigns", "id", OWN.as_slice())]) {
        let query = query(&mut *made.connection().await?, table, key, but).await?;
        let here = rows(&mut *store.connection().await?, &query, row).await?;
        let there = rows(&mut *made.connection().await?, &query, row).await?;
        if let Some(other) = here.symmetric_difference(&there).next() {
            let whose = if here.contains(other) {
                "this row does not follow from"
            } else {
                "this row is missing, which follows from"
            };
            let shown: String = other.chars().take(200).collect();
            return Err(StoreError::Derived { table: table.into(), problem: format!("{whose} the log: {shown}") });
        }
    }
    Ok(())
}

impl Store {
    /// Writes a campaign's log once more, with everything that follows from it.
    async fn replay(&self, row: &CampaignRow, events: &[Stored]) -> Result<(), StoreError> {
        let (mut state, mut head) = (State::default(), LogHead::of_new(row.id.clone()));
        for stored in events {
            let mut batch = Batch::default();
            if let Event::Started(started) = &stored.event {
                crate::campaigns::put(&mut batch, &row.id, started, &row.directory);
            }
            let message = stored.message.as_deref();
            state.apply(&stored.event).map_err(|error| damaged(&row.id, stored.seq, &error.to_string()))?;
            let mut staged = Staged::after(head, batch);
            staged.push(&stored.event, &state, Extra { message, ..Extra::default() })?;
            head = self.commit(staged).await?;
        }
        Ok(())
    }
}

/// What gives every row of a campaign as one text.
async fn query(connection: &mut SqliteConnection, table: &str, key: &str, but: &[&str]) -> Result<String, StoreError> {
    let columns: Vec<String> =
        sqlx::query_scalar("SELECT name FROM pragma_table_info(?)").bind(table).fetch_all(connection).await?;
    let cell =
        |column: &String| format!("'{column} ' || quote(iif(octet_length({column}) > {CELL}, 'long', {column}))");
    let cells: Vec<String> = columns.iter().filter(|column| !but.contains(&column.as_str())).map(cell).collect();
    Ok(format!("SELECT {} FROM {table} WHERE {key} = ? LIMIT {ROWS}", cells.join(" || ', ' || ")))
}

async fn rows(
    connection: &mut SqliteConnection,
    query: &str,
    row: &CampaignRow,
) -> Result<BTreeSet<String>, StoreError> {
    // Made of our own schema's names.
    let query = sqlx::query_scalar(AssertSqlSafe(query.to_owned())).bind(row.id.as_str());
    let rows: Vec<String> = query.fetch_all(connection).await?;
    Ok(rows.into_iter().collect())
}
