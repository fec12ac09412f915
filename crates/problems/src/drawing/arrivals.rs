//! How arrivals are spread over time.

use super::check::{Checked, within};
use schemars::JsonSchema;
use serde::Deserialize;
use simulator::sampler::ArrivalProcess;

/// The shortest surge, as a share of the time.
const SHORTEST: f64 = 0.001;

/// A way in which arrivals are spread over time.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arrivals {
    /// The process of each kind of client, as `arrival` in a scenario.
    pub process: ArrivalProcess,
    /// A time of another rate; without, the rate is the same throughout.
    #[serde(default)]
    pub surge: Option<Surge>,
    /// Whether the share of critical requests becomes another one, drawn as the first, at half of the window.
    #[serde(default)]
    pub mixes: bool,
}

/// A time in which the rate is another. The mean over the whole workload is what `load` says, with and without a surge.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Surge {
    /// When it begins, as a share of the time in which requests arrive; a fraction, 0 to 1.
    pub from: f64,
    /// When it ends, likewise; a fraction, above `from` and at most 1.
    pub to: f64,
    /// Its rate over the rate before and after; a ratio, 0.1 to 10.
    pub factor: f64,
}

impl Arrivals {
    /// The mean rate over the rate outside of the surge.
    pub(crate) fn mean(&self) -> f64 {
        self.surge.map_or(1.0, |surge| 1.0 + (surge.factor - 1.0) * (surge.to - surge.from))
    }

    /// The highest rate over the mean rate.
    pub(crate) fn peak(&self) -> f64 {
        self.surge.map_or(1.0, |surge| surge.factor.max(1.0)) / self.mean()
    }

    pub(crate) fn check(&self, key: &str) -> Checked {
        let Some(Surge { from, to, factor }) = self.surge else { return Ok(()) };
        within(&format!("{key}.surge.from"), from, 0.0, 1.0)?;
        within(&format!("{key}.surge.to"), to, 0.0, 1.0)?;
        within(&format!("{key}.surge.factor"), factor, 0.1, 10.0)?;
        // Less would round to no time at all.
        match to - from >= SHORTEST {
            true => Ok(()),
            false => {
                Err((format!("{key}.surge.to"), format!("must lie after {from} by {SHORTEST} at least, not at {to}")))
            }
        }
    }
}
