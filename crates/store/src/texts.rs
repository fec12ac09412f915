//! Texts by their hash: the sources of candidates and the files of experiments.

use crate::campaigns::CampaignId;
use crate::error::StoreError;
use crate::open::Store;
use crate::script::Script;
use science::id::{CandidateId, Hash};
use std::collections::BTreeMap;

impl Store {
    /// The text with this hash.
    pub async fn text(&self, hash: &Hash) -> Result<Option<String>, StoreError> {
        let row: Result<Option<Text>, sqlx::Error> =
            sqlx::query_as("SELECT '' AS path, hash, text FROM files WHERE hash = ?")
                .bind(hash.as_str())
                .fetch_optional(&self.pool)
                .await;
        row.map_err(|error| StoreError::from(error).at(&self.path))?.map(Text::checked).transpose()
    }

    /// The files that the campaign's experiment consists of, by path, as they were when it was opened.
    pub async fn inputs(&self, id: &CampaignId) -> Result<BTreeMap<String, String>, StoreError> {
        let rows: Result<Vec<Text>, sqlx::Error> =
            sqlx::query_as("SELECT path, hash, text FROM inputs JOIN files USING (hash) WHERE campaign = ?")
                .bind(id.as_str())
                .fetch_all(&self.pool)
                .await;
        let rows = rows.map_err(|error| StoreError::from(error).at(&self.path))?;
        rows.into_iter().map(|row| Ok((row.path.clone(), row.checked()?))).collect()
    }

    /// The source of a candidate, as it was first written.
    pub async fn source(&self, id: &CampaignId, candidate: &CandidateId) -> Result<Option<String>, StoreError> {
        let row: Result<Option<Text>, sqlx::Error> = sqlx::query_as(
            "SELECT '' AS path, hash, text FROM candidates JOIN files ON hash = source WHERE campaign = ? AND id = ?",
        )
        .bind(id.as_str())
        .bind(candidate.as_str())
        .fetch_optional(&self.pool)
        .await;
        row.map_err(|error| StoreError::from(error).at(&self.path))?.map(Text::checked).transpose()
    }

    /// The diagnostics of a candidate's outcome.
    pub async fn message(&self, id: &CampaignId, candidate: &CandidateId) -> Result<Option<String>, StoreError> {
        let message: Result<Option<Option<String>>, sqlx::Error> =
            sqlx::query_scalar("SELECT message FROM candidates WHERE campaign = ? AND id = ?")
                .bind(id.as_str())
                .bind(candidate.as_str())
                .fetch_optional(&self.pool)
                .await;
        Ok(message.map_err(|error| StoreError::from(error).at(&self.path))?.flatten())
    }
}

/// Stores a text, or finds it stored.
pub(crate) fn put(script: &mut Script, text: &str) {
    let hash = Hash::of(text.as_bytes());
    script.add("INSERT INTO files (hash, text) VALUES (?, ?) ON CONFLICT DO NOTHING").bind(hash.as_str()).bind(text);
}

/// A text as stored.
#[derive(sqlx::FromRow)]
struct Text {
    path: String,
    hash: String,
    text: String,
}

impl Text {
    /// The text, if it still is what its hash says.
    fn checked(self) -> Result<String, StoreError> {
        let hash = Hash::from(self.hash);
        if Hash::of(self.text.as_bytes()) == hash { Ok(self.text) } else { Err(StoreError::DamagedText { hash }) }
    }
}
