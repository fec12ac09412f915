//! The measured window of a drawn workload, and what comes before and after it.

use super::Arrivals;
use super::check::{Checked, range, within};
use schemars::JsonSchema;
use serde::Deserialize;
use simulator::traffic::SLACK;
use simulator::workload::Client;

/// The traffic before the measured window, of the same clients in another mix and with other lengths, drawn from the same ranges.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PastRange {
    /// Share of the workloads that have a past; a fraction, 0 to 1.
    pub share: f64,
    /// How long it is, log-uniform; seconds, 1 to 86400.
    pub seconds: [f64; 2],
    /// How many requests are expected then, log-uniform; 1 to 10000. There are never more than the second number.
    pub requests: [u64; 2],
}

impl PastRange {
    pub(crate) fn check(&self) -> Checked {
        within("past.share", self.share, 0.0, 1.0)?;
        range("past.seconds", self.seconds, 1.0, 86_400.0)?;
        range("past.requests", self.requests.map(|count| count as f64), 1.0, 10_000.0)
    }
}

/// The traffic before the measured window, as it was drawn.
#[derive(Clone, Debug)]
pub(crate) struct Before {
    pub(crate) seconds: f64,
    /// At most.
    pub(crate) requests: u64,
    /// Requests per second.
    pub(crate) rate: f64,
    pub(crate) clients: Vec<Client>,
}

/// The measured window.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    /// Requests per second, mean over the window.
    pub(crate) rate: f64,
    pub(crate) requests: u64,
    /// For how long the traffic goes on.
    pub(crate) after_s: f64,
}

/// Requests per second between which a scenario may have any surge.
const SLOWEST: f64 = 1e-3;
const FASTEST: f64 = 1e5;
/// The longest that a scenario may go on.
const LONGEST_S: f64 = 1e6;

impl Window {
    /// The traffic after it has at most this share of the most requests.
    pub(crate) const AFTER: f64 = 0.4;

    /// Any, as long as the cluster is not known.
    pub(crate) const ANY: Window = Window { rate: 1.0, requests: 50, after_s: 0.0 };

    /// So many requests per second for so many seconds, as far as the fewest and the most requests allow it, of which a past may
    /// take so many; and the traffic after it, as far as there is room.
    pub(crate) fn of(
        (rate, seconds): (f64, f64),
        ([fewest, most], past): ([u64; 2], u64),
        after_s: f64,
        arrivals: &Arrivals,
    ) -> Self {
        let rate = rate.clamp(SLOWEST, FASTEST);
        // The rate outside of a surge, where that is higher.
        let fastest = rate * (1.0 / arrivals.mean()).max(1.0);
        let (times, more) = SLACK;
        // One more, since what comes afterwards is rounded up below.
        let room_s = (most as f64 * Window::AFTER - (more + 1) as f64).max(0.0) / (times * fastest);
        let after_s = after_s.min(room_s).min(LONGEST_S);
        let after = if after_s > 0.0 { (times * fastest * after_s).ceil() as u64 + more } else { 0 };
        let left = most.saturating_sub(past + after).max(fewest);
        Window { rate, requests: ((rate * seconds) as u64).clamp(fewest, left), after_s }
    }

    /// Past, window and what comes after must fit into the most requests.
    pub(crate) fn check([fewest, most]: [u64; 2], past: Option<&PastRange>, after: [f64; 2]) -> Checked {
        let past = past.map_or(0, |past| past.requests[1]);
        let after = if after[1] > 0.0 { (most as f64 * Window::AFTER).ceil() as u64 } else { 0 };
        match fewest + past + after <= most {
            true => Ok(()),
            false => Err((
                "requests".into(),
                format!("{fewest} in the window, {past} before and {after} after it are more than {most}"),
            )),
        }
    }
}
