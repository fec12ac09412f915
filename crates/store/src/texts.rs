//! Texts by their hash: the sources of candidates and the files of experiments.

use crate::batch::Batch;
use crate::campaigns::CampaignId;
use crate::error::StoreError;
use crate::log::message;
use crate::open::Store;
use crate::sizes::{ENTRY, FILE, FILES, NAME};
use science::event::Candidate;
use science::id::{CandidateId, Hash};
use std::collections::BTreeMap;

impl Store {
    /// The files that an experiment consists of, by path, as they were when its campaign was opened: those that its `started`
    /// event names.
    pub async fn inputs(&self, named: &BTreeMap<String, Hash>) -> Result<BTreeMap<String, String>, StoreError> {
        let (mut inputs, mut bytes) = (BTreeMap::new(), 0);
        for (path, hash) in named {
            let text = self.text(hash).await?.ok_or_else(|| StoreError::DamagedText { hash: hash.clone() })?;
            bytes += text.len() as i64;
            if bytes > FILES {
                return Err(self.too_large(format!("{bytes} bytes of files of a campaign"), FILES));
            }
            inputs.insert(path.clone(), text);
        }
        Ok(inputs)
    }

    /// The source of a candidate as it was first written; none if it is not there, an error if it is not the one that the log
    /// names. Whether it has the candidate's id is for those to say who can normalise it.
    pub async fn source(&self, id: &CampaignId, candidate: &Candidate) -> Result<Option<String>, StoreError> {
        let damaged = |problem: &str| StoreError::DamagedSource {
            campaign: id.clone(),
            candidate: candidate.id.clone(),
            problem: problem.into(),
        };
        // The table is for people, and the log decides; but who changed the one may have meant the other.
        let shown = async {
            let shown =
                sqlx::query_scalar("SELECT substr(source, 1, 64) FROM candidates WHERE campaign = ? AND id = ?");
            let shown = shown.bind(id.as_str()).bind(candidate.id.as_str());
            Ok(shown.fetch_optional(&mut *self.connection().await?).await?)
        };
        let shown: Option<String> = shown.await.map_err(|error: StoreError| error.at(&self.path))?;
        if shown.is_some_and(|shown| shown != candidate.source.as_str()) {
            return Err(damaged("the table of candidates names another text"));
        }
        match self.text(&candidate.source).await {
            Err(StoreError::DamagedText { .. }) => Err(damaged("its text was changed")),
            text => text,
        }
    }

    /// The candidate whose id begins so, and a campaign that has it: this one if it does, else the first. None if there is none, or
    /// more than one.
    pub async fn holder(
        &self,
        prefix: &str,
        near: Option<&CampaignId>,
    ) -> Result<Option<(CampaignId, CandidateId)>, StoreError> {
        let read = async {
            let found = sqlx::query_as(
                "SELECT id, coalesce(max(iif(campaign = ?3, campaign, NULL)), min(campaign)) FROM candidates
                 WHERE substr(id, 1, length(?1)) = ?1 AND octet_length(id) <= ?2 GROUP BY id LIMIT 2",
            );
            let found = found.bind(prefix.to_ascii_lowercase()).bind(NAME).bind(near.map(CampaignId::as_str));
            Ok(found.fetch_all(&mut *self.connection().await?).await?)
        };
        let mut found: Vec<(String, String)> = read.await.map_err(|error: StoreError| error.at(&self.path))?;
        Ok(match found.len() {
            1 => found.pop().map(|(id, campaign)| (CampaignId::from(campaign), CandidateId::from(id))),
            _ => None,
        })
    }

    /// The diagnostics of a candidate's outcome.
    pub async fn message(&self, id: &CampaignId, candidate: &CandidateId) -> Result<Option<String>, StoreError> {
        let read = async {
            let words: Option<String> = sqlx::query_scalar(
                "SELECT words FROM events WHERE campaign = ? AND kind = 'candidate-evaluated'
                 AND json_extract(payload, '$.candidate') = ? AND octet_length(words) <= ?",
            )
            .bind(id.as_str())
            .bind(candidate.as_str())
            .bind(ENTRY)
            .fetch_optional(&mut *self.connection().await?)
            .await?;
            Ok(words.as_deref().and_then(message))
        };
        read.await.map_err(|error: StoreError| error.at(&self.path))
    }

    /// The text with this hash.
    async fn text(&self, hash: &Hash) -> Result<Option<String>, StoreError> {
        let read = async {
            let mut connection = self.connection().await?;
            let bytes: Option<i64> = sqlx::query_scalar("SELECT octet_length(text) FROM files WHERE hash = ?")
                .bind(hash.as_str())
                .fetch_optional(&mut *connection)
                .await?;
            let Some(bytes) = bytes else { return Ok(None) };
            if bytes > FILE {
                return Err(self.too_large(format!("a file of {bytes} bytes"), FILE));
            }
            let text: Vec<u8> = sqlx::query_scalar("SELECT CAST(text AS BLOB) FROM files WHERE hash = ?")
                .bind(hash.as_str())
                .fetch_one(&mut *connection)
                .await?;
            let damaged = || StoreError::DamagedText { hash: hash.clone() };
            let text = Some(text).filter(|text| Hash::of(text) == *hash).ok_or_else(damaged)?;
            String::from_utf8(text).map(Some).map_err(|_| damaged())
        };
        read.await.map_err(|error: StoreError| error.at(&self.path))
    }

    fn too_large(&self, what: String, most: i64) -> StoreError {
        StoreError::TooLarge { path: self.path.clone(), what, most: format!("{most} bytes") }
    }
}

/// Stores a text, or finds it stored.
pub(crate) fn put(batch: &mut Batch, text: &str) {
    let hash = Hash::of(text.as_bytes());
    batch.add("INSERT INTO files (hash, text) VALUES (?, ?) ON CONFLICT DO NOTHING").bind(hash.as_str()).bind(text);
}
