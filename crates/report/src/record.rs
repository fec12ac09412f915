//! What a report is made from.

use science::comparison::{Beside, Comparison};
use science::event::Candidate;
use science::id::{CandidateId, Hash};
use science::origins::Origins;
use science::seal::{Look, Taken};
use science::state::State;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A campaign as it lies in the database, folded.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// The campaign's id.
    pub id: &'a str,
    /// The experiment's directory, as the user would name it.
    pub directory: &'a str,
    /// Where campaigns are kept, if that has to be said: what is to be typed says so.
    pub state_dir: Option<&'a str>,
    /// The folded events.
    pub state: &'a State,
    /// The digest of the event log.
    pub digest: &'a str,
    /// Sources of candidates, as far as they are to be quoted: those of [`quoted`].
    pub sources: &'a BTreeMap<CandidateId, String>,
    /// Where the wall time went; empty where that is not known.
    pub stages: &'a [Stage],
    /// When it ran.
    pub times: Times,
    /// Whether a process is at work on it.
    pub running: bool,
    /// Requests to models that brought no reply.
    pub losses: Losses,
    /// What the sealed looks at the champion showed, in order; empty until one was taken.
    pub looks: &'a [Look],
    /// How often the seal of what it measures was opened, by this and other campaigns.
    pub taken: Taken,
    /// Whether `elenchus translate` makes production code of its champion.
    pub translates: bool,
    /// What searches of as many evaluations found, if that was asked.
    pub comparison: Option<&'a Comparison>,
    /// This campaign and those of the same agents beside it, where models propose: loops beside independent drafts.
    pub beside: &'a [Beside],
    /// Which events each figure follows from.
    pub origins: &'a Origins,
}

impl<'a> Record<'a> {
    /// The source of a candidate, if it is quoted.
    pub(crate) fn source(&self, id: &CandidateId) -> Option<&'a str> {
        self.sources.get(id).map(String::as_str)
    }
}

/// A campaign's record by itself, as it was read: what a [`Record`] looks at.
#[derive(Clone, Debug, Default)]
pub struct Held {
    /// The campaign's id.
    pub id: String,
    /// The experiment's directory.
    pub directory: String,
    /// Where campaigns are kept, if it is another directory than usual.
    pub state_dir: Option<String>,
    /// The folded events.
    pub state: State,
    /// The digest of the event log.
    pub digest: Hash,
    /// Sources of candidates.
    pub sources: BTreeMap<CandidateId, String>,
    /// Where the wall time went.
    pub stages: Vec<Stage>,
    /// When it ran.
    pub times: Times,
    /// Whether a process is at work on it.
    pub running: bool,
    /// Requests to models that brought no reply.
    pub losses: Losses,
    /// Sealed looks, in order.
    pub looks: Vec<Look>,
    /// How often the seal was opened.
    pub taken: Taken,
    /// Whether `elenchus translate` makes production code of its champion.
    pub translates: bool,
    /// What other searches found.
    pub comparison: Option<Comparison>,
    /// Loops beside independent drafts, this campaign first.
    pub beside: Vec<Beside>,
    /// Which events each figure follows from.
    pub origins: Origins,
}

impl Held {
    /// What a report is made from.
    pub fn record(&self) -> Record<'_> {
        Record {
            id: &self.id,
            directory: &self.directory,
            state_dir: self.state_dir.as_deref(),
            state: &self.state,
            digest: self.digest.as_str(),
            sources: &self.sources,
            stages: &self.stages,
            times: self.times,
            running: self.running,
            losses: self.losses,
            looks: &self.looks,
            taken: self.taken,
            translates: self.translates,
            comparison: self.comparison.as_ref(),
            beside: &self.beside,
            origins: &self.origins,
        }
    }

    /// The champion's source.
    pub fn champion(&self) -> Option<&str> {
        self.sources.get(&self.state.champion()?.id).map(String::as_str)
    }
}

/// What a candidate comes of: what it tunes, else what it departs from; none if that is the reference.
pub(crate) fn parent(candidate: &Candidate) -> Option<&CandidateId> {
    candidate.tunes.as_ref().or(candidate.parent.as_ref())
}

/// The candidates whose sources a report quotes: the champion, the front, the finalists, what each of them comes of, and the first of the
/// champion's line, which is the nearest to the reference.
pub fn quoted(state: &State) -> BTreeSet<CandidateId> {
    let finalists = state.finals.iter().flat_map(|finals| &finals.finalists).map(|finalist| finalist.candidate.clone());
    let champion = state.champion().map(|champion| champion.id);
    let chosen: BTreeSet<CandidateId> = state.front().cloned().chain(finalists).chain(champion).collect();
    let of = |id: &CandidateId| {
        parent(&state.candidates.get(id)?.candidate).filter(|id| state.candidates.contains_key(id)).cloned()
    };
    let parents: Vec<CandidateId> = chosen.iter().filter_map(of).collect();
    let champion = state.champion().map(|champion| champion.id);
    let first = std::iter::successors(champion, of).take(state.order.len() + 1).last();
    chosen.into_iter().chain(parents).chain(first).collect()
}

/// How long a campaign took until events of a kind, since the event before each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stage {
    /// The kind of event.
    pub event: String,
    /// How many.
    pub times: u32,
    /// Wall time, ms.
    pub ms: u64,
}

/// Requests to models that failed after they were sent: whoever serves the model may have billed them. They are no
/// observations that the campaign builds on, so they lie outside of the digest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Losses {
    /// How many.
    pub attempts: u32,
    /// The most tokens that they can have taken.
    pub tokens: u64,
    /// The most US dollars; none if a price is not known.
    pub usd: Option<f64>,
}

/// When a campaign was opened and when its last event was written, in milliseconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// When it was opened.
    pub created_ms: i64,
    /// When its last event was written.
    pub last_ms: i64,
}
