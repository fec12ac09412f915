//! Observations: what the world did once, stored on arrival. They lie outside of a campaign's digest, and in a chain of their
//! own, in order of arrival: one that was changed, emptied or taken away is missed.

use crate::batch::Batch;
use crate::campaigns::CampaignId;
use crate::error::StoreError;
use crate::log::chain;
use crate::open::{Store, now_ms};
use crate::sizes::{ENTRY, LOG, Weight};
use science::id::Hash;
use sqlx::SqliteConnection;

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
        let _turn = self.observing.lock().await;
        loop {
            match self.try_observe(id, observation).await {
                // Another process was faster, or there are more than the campaign says.
                Err(error) if error.is_taken() => self.check_observations(id).await?,
                written => return written.map_err(|error| error.at(&self.path)),
            }
        }
    }

    async fn try_observe(&self, id: &CampaignId, observation: &Observation) -> Result<(), StoreError> {
        let Observation { key, ordinal, kind, payload } = observation;
        if payload.len() as i64 > ENTRY {
            let problem = format!("it has {} bytes, and {ENTRY} are read back", payload.len());
            return Err(StoreError::Unstorable { what: format!("an observation ({kind})"), problem });
        }
        let known: Option<(String, String)> =
            sqlx::query_as("SELECT kind, payload FROM observations WHERE campaign = ? AND key = ? AND ordinal = ?")
                .bind(id.as_str())
                .bind(key.as_str())
                .bind(ordinal)
                .fetch_optional(&mut *self.connection().await?)
                .await?;
        match known {
            Some((before, said)) if before == *kind && said == *payload => return Ok(()),
            Some(_) => return Err(StoreError::Contradiction { key: key.clone(), ordinal: *ordinal }),
            None => {}
        }
        let Some(End { length, digest }) = end(&mut *self.connection().await?, id).await? else {
            return Err(StoreError::Dangling { what: format!("an observation ({kind})") });
        };
        let at_ms = now_ms();
        let digest = link(&digest, observation, at_ms);
        let mut batch = Batch::default();
        batch
            .add(
                "INSERT INTO observations (campaign, key, ordinal, kind, payload, at_ms, position, digest)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(id.as_str())
            .bind(key.as_str())
            .bind(ordinal)
            .bind(kind)
            .bind(payload)
            .bind(at_ms)
            .bind(length)
            .bind(&digest);
        batch
            .add("UPDATE campaigns SET observed_length = ?, observed_digest = ? WHERE id = ?")
            .bind(length + 1)
            .bind(&digest)
            .bind(id.as_str());
        self.run(batch).await
    }

    /// What was observed under a key.
    pub async fn observation(&self, id: &CampaignId, key: &Hash, ordinal: u32) -> Result<Option<String>, StoreError> {
        let read = async {
            let payload: Option<String> = sqlx::query_scalar(
                "SELECT payload FROM observations
                 WHERE campaign = ? AND key = ? AND ordinal = ? AND octet_length(payload) <= ?",
            )
            .bind(id.as_str())
            .bind(key.as_str())
            .bind(ordinal)
            .bind(ENTRY)
            .fetch_optional(&mut *self.connection().await?)
            .await?;
            Ok(payload)
        };
        read.await.map_err(|error: StoreError| error.at(&self.path))
    }

    /// Every observation of a kind, in order of arrival.
    pub async fn observations(&self, id: &CampaignId, kind: &str) -> Result<Vec<Observation>, StoreError> {
        let read = async {
            let mut snapshot = self.snapshot().await?;
            self.weigh(&mut snapshot, id).await?;
            let rows: Vec<Row> = sqlx::query_as(
                "SELECT CAST(key AS BLOB) AS key, ordinal, CAST(kind AS BLOB) AS kind, CAST(payload AS BLOB) AS payload,
                        at_ms, position, '' AS digest
                 FROM observations WHERE campaign = ? AND kind = ? ORDER BY position",
            )
            .bind(id.as_str())
            .bind(kind)
            .fetch_all(&mut *snapshot)
            .await?;
            let read = |row: Row| match row.read() {
                Ok((observation, _)) => Ok(observation),
                Err(row) => Err(row.damaged(id, "it is no text")),
            };
            rows.into_iter().map(read).collect::<Result<Vec<Observation>, StoreError>>()
        };
        read.await.map_err(|error: StoreError| error.at(&self.path))
    }

    /// Holds all of a campaign's observations against their chain and its end.
    pub(crate) async fn check_observations(&self, id: &CampaignId) -> Result<(), StoreError> {
        let check = async {
            let mut snapshot = self.snapshot().await?;
            self.weigh(&mut snapshot, id).await?;
            let end = end(&mut snapshot, id).await?.unwrap_or_default();
            let rows: Vec<Row> = sqlx::query_as(
                "SELECT CAST(key AS BLOB) AS key, ordinal, CAST(kind AS BLOB) AS kind, CAST(payload AS BLOB) AS payload,
                        at_ms, position, coalesce(digest, '') AS digest
                 FROM observations WHERE campaign = ? ORDER BY position",
            )
            .bind(id.as_str())
            .fetch_all(&mut *snapshot)
            .await?;
            checked(id, rows, &end)
        };
        check.await.map_err(|error: StoreError| error.at(&self.path))
    }

    async fn weigh(&self, connection: &mut SqliteConnection, id: &CampaignId) -> Result<(), StoreError> {
        let weight: Weight = sqlx::query_as(
            "SELECT count(*) AS rows, coalesce(max(octet_length(payload) + octet_length(kind) + octet_length(key)), 0) AS largest,
                    coalesce(sum(octet_length(payload) + octet_length(kind) + octet_length(key)), 0) AS total
             FROM observations WHERE campaign = ?",
        )
        .bind(id.as_str())
        .fetch_one(connection)
        .await?;
        // Kind and key beside a payload of the largest size.
        weight.check(&self.path, "observations of a campaign", ENTRY + 4096, LOG)
    }
}

/// Where a campaign's observations end.
#[derive(Default, sqlx::FromRow)]
struct End {
    length: i64,
    digest: String,
}

async fn end(connection: &mut SqliteConnection, id: &CampaignId) -> Result<Option<End>, StoreError> {
    let end = sqlx::query_as(
        "SELECT coalesce(observed_length, 0) AS length, coalesce(observed_digest, '') AS digest FROM campaigns WHERE id = ?",
    );
    Ok(end.bind(id.as_str()).fetch_optional(connection).await?)
}

fn checked(id: &CampaignId, rows: Vec<Row>, end: &End) -> Result<(), StoreError> {
    let (mut digest, there) = (String::new(), rows.len() as i64);
    for (expected, row) in (0..).zip(rows) {
        match row.position {
            None => return Err(row.damaged(id, "it was put there by another program")),
            Some(position) if position != expected => return Err(missing(id, expected)),
            Some(_) => {}
        }
        let claimed = row.digest.clone();
        let (observation, at_ms) = row.read().map_err(|row| row.damaged(id, "it is no text"))?;
        digest = link(&digest, &observation, at_ms);
        if digest != claimed {
            let Observation { key, ordinal, kind, .. } = observation;
            return Err(StoreError::DamagedObservation {
                campaign: id.clone(),
                position: expected.cast_unsigned(),
                what: format!(
                    "(`{kind}`, key {}, ordinal {ordinal})",
                    key.as_str().chars().take(12).collect::<String>()
                ),
                problem: "it is not what was recorded, or one before it is missing".into(),
            });
        }
    }
    if there < end.length {
        return Err(missing(id, there));
    }
    if there > end.length || digest != end.digest {
        let problem = format!("observations do not end where the campaign says that they do, after {}", end.length);
        let (campaign, position) = (id.clone(), (there - 1).max(0).cast_unsigned());
        return Err(StoreError::DamagedObservation { campaign, position, what: "is not the last one".into(), problem });
    }
    Ok(())
}

fn missing(id: &CampaignId, position: i64) -> StoreError {
    let (what, problem) = ("is missing".into(), "it was taken away after it was recorded".into());
    StoreError::DamagedObservation { campaign: id.clone(), position: position.cast_unsigned(), what, problem }
}

/// The chain's next link. JSON keeps the parts apart.
fn link(before: &str, observation: &Observation, at_ms: i64) -> String {
    let Observation { key, ordinal, kind, payload } = observation;
    let text = serde_json::json!([key.as_str(), ordinal, kind, payload, at_ms]).to_string();
    chain(before, &[text.as_bytes()])
}

/// An observation as stored, in bytes: a damaged one need not be text any more.
#[derive(sqlx::FromRow)]
struct Row {
    key: Vec<u8>,
    ordinal: u32,
    kind: Vec<u8>,
    payload: Vec<u8>,
    at_ms: i64,
    position: Option<i64>,
    digest: String,
}

impl Row {
    /// The observation and its time; itself if it is no text.
    fn read(self) -> Result<(Observation, i64), Box<Row>> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec());
        match (text(&self.key), text(&self.kind), text(&self.payload)) {
            (Ok(key), Ok(kind), Ok(payload)) => {
                let (key, ordinal) = (Hash::from(key), self.ordinal);
                Ok((Observation { key, ordinal, kind, payload }, self.at_ms))
            }
            _ => Err(Box::new(self)),
        }
    }

    fn damaged(&self, id: &CampaignId, problem: &str) -> StoreError {
        StoreError::DamagedObservation {
            campaign: id.clone(),
            position: self.position.unwrap_or_default().cast_unsigned(),
            what: format!("(`{}`)", String::from_utf8_lossy(&self.kind).chars().take(40).collect::<String>()),
            problem: problem.into(),
        }
    }
}
