//! What a drawn workload is made of: a point of the unit cube, and as many further numbers as its clients need.

use crate::drawing::Luck;

/// What is drawn so that each part of its range is met equally often, by the purposes of their seeds.
pub(super) const DIMENSIONS: [&str; 17] = [
    "critical share",
    "load",
    "prompt tokens",
    "output tokens",
    "instances",
    "model",
    "arrivals",
    "seconds",
    "max num seqs",
    "routing",
    "spread",
    "limits",
    "predictor",
    "after",
    "past",
    "epoch",
    "critical share after half",
];

/// The same by name.
#[derive(Clone, Copy, Debug)]
pub(super) enum Dimension {
    CriticalShare,
    Load,
    Prompt,
    Output,
    Instances,
    Model,
    Arrivals,
    Seconds,
    MaxNumSeqs,
    Routing,
    Spread,
    Limits,
    Predictor,
    After,
    Past,
    Epoch,
    ShareAfterHalf,
}

/// Where in each range or list of choices a workload lies, 0 to 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unit {
    pub(super) at: [f64; DIMENSIONS.len()],
    pub(super) luck: Luck,
}

impl Unit {
    pub(super) fn of(&self, dimension: Dimension) -> f64 {
        self.at[dimension as usize]
    }
}
