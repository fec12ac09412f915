//! Observations: what the world did once, stored on arrival.

use crate::campaigns::CampaignId;
use crate::error::StoreError;
use crate::open::{Store, now_ms};
use crate::script::Script;
use science::id::Hash;

/// Something that the world did once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// The hash of everything that was asked.
    pub key: Hash,
    /// How often the same was asked before.
    pub ordinal: u32,
    /// What kind of thing it is, for example `reply` or `outcome`.
    pub kind: String,
    /// What the world said.
    pub payload: String,
}

impl Store {
    /// Records an observation, in its own transaction. Recording the same again changes nothing; something else under
    /// the same key and ordinal is an error.
    pub async fn observe(&self, id: &CampaignId, observation: &Observation) -> Result<(), StoreError> {
        let mut script = Script::default();
        put(&mut script, id, observation);
        let written = self.run(script).await;
        written.map_err(|error| error.contradicting(observation).at(&self.path))
    }

    /// What was observed under a key.
    pub async fn observation(&self, id: &CampaignId, key: &Hash, ordinal: u32) -> Result<Option<String>, StoreError> {
        let payload: Result<Option<String>, sqlx::Error> =
            sqlx::query_scalar("SELECT payload FROM observations WHERE campaign = ? AND key = ? AND ordinal = ?")
                .bind(id.as_str())
                .bind(key.as_str())
                .bind(ordinal)
                .fetch_optional(&self.pool)
                .await;
        payload.map_err(|error| StoreError::from(error).at(&self.path))
    }

    /// Every observation of a kind, in order of arrival.
    pub async fn observations(&self, id: &CampaignId, kind: &str) -> Result<Vec<Observation>, StoreError> {
        let rows: Result<Vec<Row>, sqlx::Error> = sqlx::query_as(
            "SELECT key, ordinal, kind, payload FROM observations WHERE campaign = ? AND kind = ? ORDER BY rowid",
        )
        .bind(id.as_str())
        .bind(kind)
        .fetch_all(&self.pool)
        .await;
        let rows = rows.map_err(|error| StoreError::from(error).at(&self.path))?;
        Ok(rows.into_iter().map(Observation::from).collect())
    }
}

/// Writes an observation, or finds it written. One with another content is not changed: a trigger sees to that.
pub(crate) fn put(script: &mut Script, id: &CampaignId, observation: &Observation) {
    let Observation { key, ordinal, kind, payload } = observation;
    script
        .add(
            "INSERT INTO observations (campaign, key, ordinal, kind, payload, at_ms) VALUES (?, ?, ?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET payload = excluded.payload
             WHERE payload <> excluded.payload OR kind <> excluded.kind",
        )
        .bind(id.as_str())
        .bind(key.as_str())
        .bind(ordinal)
        .bind(kind)
        .bind(payload)
        .bind(now_ms());
}

/// An observation as stored.
#[derive(sqlx::FromRow)]
struct Row {
    key: String,
    ordinal: u32,
    kind: String,
    payload: String,
}

impl From<Row> for Observation {
    fn from(row: Row) -> Self {
        Observation { key: Hash::from(row.key), ordinal: row.ordinal, kind: row.kind, payload: row.payload }
    }
}
