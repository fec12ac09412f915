//! Cassettes: everything that the world said to a campaign, in a file. A campaign that is replayed from one asks nobody
//! and ends with the same digest.

use crate::error::EngineError;
use crate::observed::Kind;
use crate::recorder::Call;
use agents::llm::{Request, Settings};
use science::event::Started;
use science::experiment::Experiment;
use science::id::Hash;
use science::nonce::Nonce;
use science::text::escaped_json;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::Write;
use store::{CampaignId, Observation, Store};

/// Version of the format: the first line says it.
const FORMAT: u32 = 2;

/// A campaign's observations, and what it was opened with.
#[derive(Clone, Debug, PartialEq)]
pub struct Cassette {
    /// What the campaign was opened with.
    pub header: Header,
    observations: Vec<Observation>,
}

/// The first line of a cassette.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The format's version.
    cassette: u32,
    /// The experiment's name.
    pub name: String,
    /// The experiment as it was run: its file, and what the command line changed in it.
    pub experiment: Experiment,
    /// What was measured: [`LoadedExperiment::meaning`](crate::LoadedExperiment::meaning).
    pub meaning: Hash,
    /// The experiment's files with their hashes.
    pub inputs: BTreeMap<String, Hash>,
    /// The campaign's nonce.
    pub nonce: Nonce,
    /// Who planned and wrote.
    pub agents: String,
    /// The digest that the campaign ended with, or stood at.
    pub digest: Hash,
}

/// Every other line.
#[derive(Serialize, Deserialize)]
struct Line {
    kind: String,
    key: Hash,
    ordinal: u32,
    payload: serde_json::Value,
}

impl Cassette {
    /// The cassette of a campaign.
    pub async fn export(store: &Store, id: &CampaignId) -> Result<Self, EngineError> {
        let record = store.load(id).await?;
        let Started { name, experiment, meaning, inputs, nonce, agents, .. } = record.state.opened().clone();
        let mut observations = Vec::new();
        for kind in Kind::COURSE {
            observations.extend(kind.all(store, id).await?);
        }
        let digest = record.head.digest();
        let header = Header { cassette: FORMAT, name, experiment, meaning, inputs, nonce, agents, digest };
        Ok(Cassette { header, observations })
    }

    /// Calls of language models on it.
    pub fn calls(&self) -> usize {
        self.observations.iter().filter(|observation| observation.kind == Kind::Call.as_str()).count()
    }

    /// How a model was asked, as far as its requests show; none if it was not asked. A replay asks in the same way, whatever
    /// the user's configuration says by then: how a model is asked is a part of every request's key.
    pub fn settings(&self, model: &str) -> Option<Settings> {
        let calls = self.observations.iter().filter(|observation| observation.kind == Kind::Call.as_str());
        let requests = calls.filter_map(|call| Some(serde_json::from_str::<Call>(&call.payload).ok()?.request));
        let mut requests = requests.filter(|request| request.model == model);
        let Request { temperature, max_completion_tokens, schema, .. } = requests.next()?;
        let structured = schema.is_some() || requests.any(|request| request.schema.is_some());
        Some(Settings { model: model.into(), temperature, max_completion_tokens, structured })
    }

    /// Writes it as JSON, a line for each observation.
    pub fn write(&self, mut out: impl Write) -> std::io::Result<()> {
        writeln!(out, "{}", escaped_json(&serde_json::to_string(&self.header)?))?;
        for Observation { kind, key, ordinal, payload } in &self.observations {
            let payload = serde_json::from_str(payload)?;
            let line = Line { kind: kind.clone(), key: key.clone(), ordinal: *ordinal, payload };
            writeln!(out, "{}", escaped_json(&serde_json::to_string(&line)?))?;
        }
        Ok(())
    }

    /// Reads what [`Cassette::write`] wrote. The error names the line.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
        let (first, _) = lines.next().ok_or("the cassette is empty")?;
        let header: Header =
            serde_json::from_str(first).map_err(|error| format!("line 1: no head of a cassette: {error}"))?;
        if header.cassette != FORMAT {
            return Err(format!("line 1: format {}, and this program reads {FORMAT}", header.cassette));
        }
        let observations = lines.map(|(line, number)| observation(line).map_err(|e| format!("line {number}: {e}")));
        Ok(Cassette { observations: observations.collect::<Result<_, _>>()?, header })
    }

    /// Puts everything on the record of a campaign that was just opened, so that it finds all answers there.
    pub(crate) async fn play(&self, store: &Store, id: &CampaignId) -> Result<(), EngineError> {
        for observation in &self.observations {
            store.observe(id, observation).await?;
        }
        let mark = Kind::Replay.observation(0, self.header.digest.as_str().to_owned());
        Ok(store.observe(id, &mark).await?)
    }
}

/// The digest that a replay should end with; none for a campaign that asks the world.
pub async fn replays(store: &Store, id: &CampaignId) -> Result<Option<Hash>, EngineError> {
    let marks = Kind::Replay.all(store, id).await?;
    Ok(marks.into_iter().next().map(|mark| Hash::from(mark.payload)))
}

fn observation(line: &str) -> Result<Observation, String> {
    let Line { kind, key, ordinal, payload } = serde_json::from_str(line).map_err(|error| error.to_string())?;
    if Kind::COURSE.iter().all(|course| course.as_str() != kind) {
        return Err(format!("`{kind}` is no kind of observation that a cassette holds"));
    }
    if kind == Kind::Call.as_str() {
        let call: Call = serde_json::from_value(payload.clone()).map_err(|error| error.to_string())?;
        if call.request.key() != key {
            return Err("its request is not the one that its key was made from: it was edited".into());
        }
    }
    Ok(Observation { kind, key, ordinal, payload: payload.to_string() })
}
