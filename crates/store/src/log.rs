//! A campaign's log as it is stored: how an event becomes a row, and how rows are held against their chains, their end and
//! the rules before anything is made of them.

use crate::campaigns::CampaignId;
use crate::error::StoreError;
use crate::events::Stored;
use crate::sizes::{ENTRY, LOG, Weight};
use science::event::{Event, RULES};
use science::id::Hash;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::SqliteConnection;
use std::path::Path;

/// The whole log of a campaign, held against its chains and its end; none if there is no such campaign.
pub(crate) async fn read(
    connection: &mut SqliteConnection,
    id: &CampaignId,
    path: &Path,
) -> Result<Option<Vec<Stored>>, StoreError> {
    let Some(ends) = ends(connection, id).await? else { return Ok(None) };
    let weight: Weight = sqlx::query_as(
        "SELECT count(*) AS rows,
                coalesce(max(max(octet_length(payload), coalesce(octet_length(words), 0))), 0) AS largest,
                coalesce(sum(octet_length(payload) + coalesce(octet_length(words), 0)), 0) AS total
         FROM events WHERE campaign = ?",
    )
    .bind(id.as_str())
    .fetch_one(&mut *connection)
    .await?;
    weight.check(path, "events of a campaign", ENTRY, LOG)?;
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT seq, CAST(kind AS BLOB) AS kind, CAST(payload AS BLOB) AS payload, CAST(digest AS BLOB) AS digest, at_ms,
                CAST(coalesce(words, '') AS BLOB) AS words, CAST(coalesce(words_digest, '') AS BLOB) AS words_digest
         FROM events WHERE campaign = ? ORDER BY seq",
    )
    .bind(id.as_str())
    .fetch_all(connection)
    .await?;
    ends.check_rules(id, rows.first())?;
    checked(id, rows, &ends).map(Some)
}

async fn ends(connection: &mut SqliteConnection, id: &CampaignId) -> Result<Option<Ends>, StoreError> {
    let ends = sqlx::query_as(
        "SELECT rules, iif(octet_length(version) > 100, '?', version) AS version, coalesce(log_length, 0) AS length,
                coalesce(log_digest, '') AS digest, coalesce(words_digest, '') AS words_digest
         FROM campaigns WHERE id = ?",
    );
    Ok(ends.bind(id.as_str()).fetch_optional(connection).await?)
}

/// How many events a campaign has by its own row; 0 if there is no such campaign.
pub(crate) async fn length(connection: &mut SqliteConnection, id: &CampaignId) -> Result<u64, StoreError> {
    Ok(ends(connection, id).await?.map_or(0, |ends| ends.length.cast_unsigned()))
}

impl Ends {
    /// Refuses a log of other rules before anything of it is read as an event of these.
    fn check_rules(&self, id: &CampaignId, first: Option<&Row>) -> Result<(), StoreError> {
        #[derive(Deserialize)]
        struct Rules {
            rules: u32,
        }
        let said = first.and_then(|row| serde_json::from_slice::<Rules>(&row.payload).ok());
        match said {
            Some(Rules { rules }) if rules != RULES && i64::from(rules) == self.rules => {
                Err(StoreError::OtherRules { campaign: id.clone(), rules, version: self.version.clone() })
            }
            Some(Rules { rules }) if i64::from(rules) != self.rules => {
                Err(damaged(id, 0, "the campaign says that it was recorded under other rules"))
            }
            _ => Ok(()),
        }
    }
}

/// The events, if they are what was written, all of them.
fn checked(id: &CampaignId, rows: Vec<Row>, ends: &Ends) -> Result<Vec<Stored>, StoreError> {
    let (mut digest, mut words_digest, mut workloads) = (String::new(), String::new(), Vec::new());
    let mut events = Vec::with_capacity(rows.len());
    for (expected, row) in (0..).zip(rows) {
        if row.seq != expected {
            return Err(damaged(id, expected.cast_unsigned(), "it is missing"));
        }
        let seq = row.seq.cast_unsigned();
        let damaged = |problem: &str| damaged(id, seq, problem);
        digest = chain(&digest, &[&row.kind, &row.payload]);
        if digest.as_bytes() != row.digest {
            return Err(damaged("it is not what was written: its digest differs"));
        }
        words_digest = chain(&words_digest, &[row.at_ms.to_string().as_bytes(), &row.words]);
        if words_digest.as_bytes() != row.words_digest {
            return Err(damaged("its words are not what was written: their digest differs"));
        }
        let unreadable = |error: String| damaged(&format!("this program cannot read it: {error}"));
        let meaning: Event = serde_json::from_slice(&row.payload).map_err(|error| unreadable(error.to_string()))?;
        let said: Said = serde_json::from_slice(&row.words).map_err(|error| unreadable(error.to_string()))?;
        let event = Event::join(meaning, said.words, &workloads).map_err(unreadable)?;
        if let Event::Started(started) = &event {
            workloads = started.workload_names();
        }
        let (digest, words_digest) = (Hash::from(digest.clone()), words_digest.clone());
        events.push(Stored { seq, event, digest, words_digest, at_ms: row.at_ms, message: said.message });
    }
    if events.is_empty() {
        return Err(damaged(id, 0, "it is missing"));
    }
    let (length, there) = (ends.length.cast_unsigned(), events.len() as u64);
    if there < length {
        return Err(damaged(id, there, &format!("the end of the log is missing: it had {length} events")));
    }
    if there > length || digest != ends.digest || words_digest != ends.words_digest {
        let problem = format!("the log does not end where the campaign says that it does, after {length} events");
        return Err(damaged(id, there.saturating_sub(1), &problem));
    }
    Ok(events)
}

/// The digest of what was before, and of this. A kind has no brace and JSON begins with one or with a bracket, a time is
/// digits: no two sequences of parts give the same bytes.
pub(crate) fn chain(before: &str, parts: &[&[u8]]) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(before.as_bytes());
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().to_hex().to_string()
}

/// The meaning of an event as JSON; an error if it would read back as another one, as a number that is not finite does.
pub(crate) fn payload(meaning: &Event) -> Result<String, StoreError> {
    let unstorable = |problem: String| unstorable(meaning, problem);
    let payload = serde_json::to_string(meaning).map_err(|error| unstorable(error.to_string()))?;
    if payload.len() as i64 > ENTRY {
        return Err(unstorable(format!("it has {} bytes, and {ENTRY} are read back", payload.len())));
    }
    // JSON writes what is not finite as null. Reading takes longer than all else that is done for an event.
    if !payload.contains("null") {
        return Ok(payload);
    }
    match serde_json::from_str::<Event>(&payload) {
        Ok(same) if same == *meaning => Ok(payload),
        Ok(_) | Err(_) => Err(unstorable("a number in it is not finite".into())),
    }
}

/// What stands beside the meaning of an event.
#[derive(Serialize, Deserialize)]
struct Said {
    words: Vec<Value>,
    /// Diagnostics of the outcome that it speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

pub(crate) fn said(event: &Event, words: Vec<Value>, message: Option<&str>) -> Result<String, StoreError> {
    let said = Said { words, message: message.map(str::to_owned) };
    let said = serde_json::to_string(&said).map_err(|error| unstorable(event, error.to_string()))?;
    if said.len() as i64 > ENTRY {
        return Err(unstorable(event, format!("its words have {} bytes, and {ENTRY} are read back", said.len())));
    }
    Ok(said)
}

fn unstorable(event: &Event, problem: String) -> StoreError {
    StoreError::Unstorable { what: format!("the event `{}`", event.kind()), problem }
}

/// The diagnostics that were stored with an event.
pub(crate) fn message(words: &str) -> Option<String> {
    serde_json::from_str::<Said>(words).ok()?.message
}

/// What a campaign's row says of its log.
#[derive(sqlx::FromRow)]
struct Ends {
    rules: i64,
    version: String,
    length: i64,
    digest: String,
    words_digest: String,
}

/// An event as stored, in bytes: a damaged one need not be text any more.
#[derive(sqlx::FromRow)]
struct Row {
    seq: i64,
    kind: Vec<u8>,
    payload: Vec<u8>,
    digest: Vec<u8>,
    at_ms: i64,
    words: Vec<u8>,
    words_digest: Vec<u8>,
}

pub(crate) fn damaged(campaign: &CampaignId, seq: u64, problem: &str) -> StoreError {
    StoreError::DamagedLog { campaign: campaign.clone(), seq, problem: problem.into() }
}
