//! Campaigns: opening one, listing them, finding one by the beginning of its id.

use crate::batch::Batch;
use crate::error::StoreError;
use crate::events::Extra;
use crate::head::{LogHead, Staged};
use crate::lock::is_held;
use crate::open::{Store, now_ms};
use crate::pulse::Pulse;
use crate::sizes::{CAMPAIGNS, NAME};
use crate::texts;
use science::event::{Event, RULES, Started};
use science::id::Hash;
use science::state::{IllegalEvent, State};
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// A campaign: 32 hexadecimal digits drawn at random. It lies outside of the digest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CampaignId(String);

impl CampaignId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Enough of the id for a person to tell campaigns apart.
    pub fn short(&self) -> &str {
        self.0.get(..8).unwrap_or(&self.0)
    }
}

impl From<String> for CampaignId {
    fn from(text: String) -> Self {
        CampaignId(text)
    }
}

impl fmt::Display for CampaignId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A campaign in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignRow {
    /// Its id.
    pub id: CampaignId,
    /// The experiment's name.
    pub name: String,
    /// The experiment's directory when the campaign was opened; for people only.
    pub directory: PathBuf,
    /// Its nonce.
    pub nonce: String,
    /// Who plans and writes.
    pub agents: String,
    /// When it was opened, ms since 1970.
    pub created_at_ms: i64,
    /// How many events it has.
    pub events: u64,
    /// How much of it is on record by its own row.
    pub pulse: Pulse,
    /// When its last event was appended, ms since 1970.
    pub last_at_ms: i64,
}

impl Store {
    /// Opens a campaign: its row, its input files and its `started` event in one transaction. `inputs` are the texts of
    /// exactly the files that `started` names.
    pub async fn create(
        &self,
        started: &Started,
        directory: &Path,
        inputs: &BTreeMap<String, String>,
    ) -> Result<CampaignId, StoreError> {
        self.insert(started, directory, inputs).await.map_err(|error| error.at(&self.path))
    }

    async fn insert(
        &self,
        started: &Started,
        directory: &Path,
        inputs: &BTreeMap<String, String>,
    ) -> Result<CampaignId, StoreError> {
        let hashes: BTreeMap<String, Hash> =
            inputs.iter().map(|(path, text)| (path.clone(), Hash::of(text.as_bytes()))).collect();
        if hashes != started.inputs {
            let problem = "its input files are not those that it names".to_owned();
            return Err(StoreError::Unstorable { what: "the campaign".into(), problem });
        }
        let id = CampaignId(uuid::Uuid::new_v4().simple().to_string());
        let mut batch = Batch::default();
        put(&mut batch, &id, started, directory);
        inputs.values().for_each(|text| texts::put(&mut batch, text));
        let (mut staged, mut state) = (Staged::after(LogHead::of_new(id.clone()), batch), State::default());
        let event = Event::Started(Box::new(started.clone()));
        let wrong =
            |illegal: IllegalEvent| StoreError::Unstorable { what: "the campaign".into(), problem: illegal.problem };
        state.apply(&event).map_err(wrong)?;
        staged.push(&event, &state, Extra::default())?;
        self.commit(staged).await?;
        Ok(id)
    }

    /// Every campaign, newest last, as the database shows it without reading its log.
    pub async fn campaigns(&self) -> Result<Vec<CampaignRow>, StoreError> {
        // In the order of creation, which a clock that was set back does not change.
        let rows = async {
            let query = sqlx::query_as(
                "SELECT id, iif(octet_length(name) > ?1, '?', name) AS name,
                        iif(octet_length(directory) > ?1, '?', directory) AS directory,
                        coalesce(iif(octet_length(nonce) > ?1, '?', nonce), '?') AS nonce,
                        iif(octet_length(agents) > ?1, '?', agents) AS agents, created_at_ms,
                        (SELECT count(*) FROM events WHERE campaign = id) AS events,
                        coalesce(log_length, 0) AS log_length, coalesce(observed_length, 0) AS observed_length,
                        coalesce((SELECT max(at_ms) FROM events WHERE campaign = id), created_at_ms) AS last_at_ms
                 FROM campaigns WHERE octet_length(id) <= ?1 ORDER BY campaigns.rowid LIMIT ?2",
            );
            Ok(query.bind(NAME).bind(CAMPAIGNS).fetch_all(&mut *self.connection().await?).await?)
        };
        let rows: Vec<Row> = rows.await.map_err(|error: StoreError| error.at(&self.path))?;
        Ok(rows.into_iter().map(CampaignRow::from).collect())
    }

    /// The campaign whose id begins with `prefix`, or the newest.
    pub async fn find(&self, prefix: Option<&str>) -> Result<CampaignId, StoreError> {
        let ids = self.ids("SELECT id FROM campaigns WHERE octet_length(id) <= ? ORDER BY rowid LIMIT ?", None).await?;
        let Some(newest) = ids.last() else { return Err(StoreError::NoCampaign { path: self.path.clone() }) };
        let Some(prefix) = prefix else { return Ok(CampaignId(newest.clone())) };
        let wanted = prefix.to_ascii_lowercase();
        let mut matches: Vec<String> = ids.iter().filter(|id| id.starts_with(&wanted)).cloned().collect();
        match matches.len() {
            0 => {
                let newest = &ids[ids.len().saturating_sub(8)..];
                let known = newest.iter().map(|id| CampaignId(id.clone()).short().to_owned()).collect();
                Err(StoreError::UnknownCampaign { prefix: prefix.into(), known })
            }
            1 => Ok(CampaignId(matches.remove(0))),
            _ => Err(StoreError::AmbiguousCampaign { prefix: prefix.into(), matches }),
        }
    }

    /// Whether a process is at work on a campaign now.
    pub fn is_running(&self, id: &CampaignId) -> bool {
        self.path.parent().is_some_and(|dir| is_held(dir, id))
    }

    /// The newest campaign that can be gone on with: it has not ended, and this program reads its rules.
    pub async fn find_open(&self) -> Result<Option<CampaignId>, StoreError> {
        let open = "SELECT id FROM campaigns WHERE octet_length(id) <= ? AND ended IS NULL AND rules = ? ORDER BY rowid LIMIT ?";
        Ok(self.ids(open, Some(RULES)).await?.pop().map(CampaignId))
    }

    async fn ids(&self, query: &'static str, rules: Option<u32>) -> Result<Vec<String>, StoreError> {
        let ids = async {
            let ids = sqlx::query_scalar(query).bind(NAME);
            let ids = if rules.is_some() { ids.bind(rules) } else { ids };
            Ok(ids.bind(CAMPAIGNS).fetch_all(&mut *self.connection().await?).await?)
        };
        ids.await.map_err(|error: StoreError| error.at(&self.path))
    }

    /// Says that there is no such campaign.
    pub(crate) async fn unknown(&self, id: &CampaignId) -> StoreError {
        match self.find(Some(id.as_str())).await {
            Err(error) => error,
            Ok(other) => StoreError::UnknownCampaign { prefix: id.as_str().into(), known: vec![other.short().into()] },
        }
    }
}

/// Writes a campaign's own row.
pub(crate) fn put(batch: &mut Batch, id: &CampaignId, started: &Started, directory: &Path) {
    batch
        .add(
            "INSERT INTO campaigns (id, name, directory, nonce, agents, toolchain, version, sandboxed, created_at_ms, rules)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(id.as_str())
        .bind(&started.name)
        .bind(directory.to_string_lossy())
        .bind(started.nonce.to_string())
        .bind(&started.agents)
        .bind(&started.toolchain)
        .bind(&started.version)
        .bind(started.sandboxed)
        .bind(now_ms())
        .bind(started.rules);
}

/// A campaign as stored.
#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    name: String,
    directory: String,
    nonce: String,
    agents: String,
    created_at_ms: i64,
    events: i64,
    log_length: i64,
    observed_length: i64,
    last_at_ms: i64,
}

impl From<Row> for CampaignRow {
    fn from(row: Row) -> Self {
        CampaignRow {
            id: CampaignId(row.id),
            name: row.name,
            directory: row.directory.into(),
            nonce: row.nonce,
            agents: row.agents,
            created_at_ms: row.created_at_ms,
            events: row.events.cast_unsigned(),
            pulse: Pulse::of(row.log_length, row.observed_length),
            last_at_ms: row.last_at_ms,
        }
    }
}
