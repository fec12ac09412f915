//! What a report is made from.

use science::comparison::Comparison;
use science::seal::{Look, Taken};
use science::state::State;
use serde::Serialize;

/// A campaign as it lies in the database, folded.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// The campaign's id.
    pub id: &'a str,
    /// The experiment's directory, as the user would name it.
    pub directory: &'a str,
    /// The folded events.
    pub state: &'a State,
    /// The digest of the event log.
    pub digest: &'a str,
    /// The champion's source, if there is a champion.
    pub source: Option<&'a str>,
    /// When it ran.
    pub times: Times,
    /// Requests to models that brought no reply.
    pub losses: Losses,
    /// What the sealed looks at the champion showed, in order; empty until one was taken.
    pub looks: &'a [Look],
    /// How often the seal of what it measures was opened, by this and other campaigns.
    pub taken: Taken,
    /// What searches of as many evaluations found, if that was asked.
    pub comparison: Option<&'a Comparison>,
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
